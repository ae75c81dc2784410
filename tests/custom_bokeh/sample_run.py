"""Writes what a training would write, without Keras, through the file contract."""
import numpy as np
from PIL import Image

from visualization_files.layout import ScriptFolder
from visualization_files.progress import DEFAULT_COLUMNS
from visualization_files.stages import StageWriter
from visualization_files.writer import ProgressWriter, replace_json

LAYERS = {
    "Layer 1: conv2d": (32, 26, 26),
    "Layer 2: conv2d_1": (32, 24, 24),
    "Layer 3: max_pooling2d": (32, 12, 12),
    "Layer 6: dense": (128,),
    "Layer 8: dense_1": (64,),
    "Layer 9: dense_2": (10,),
}


class SampleRun:
    """The folder of a script that trains, one call at a time."""

    def __init__(self, storage, user="annie", script="mnist_keras", batches_per_epoch=100, seed=0):
        self.folder = ScriptFolder(storage / user / script, root=storage)
        self.folder.path.mkdir(parents=True, exist_ok=True)
        self.folder.results.mkdir(exist_ok=True)
        self.user, self.script = user, script
        self.batches_per_epoch = batches_per_epoch
        self.batch = 0
        self.random = np.random.default_rng(seed)
        self._progress = None
        self._stages = {}

    def image(self, name="five.png", size=(28, 28), colour=False):
        """Add an input image: a bright disc left of the middle, so that a mirrored one would be seen."""
        self.folder.images.mkdir(exist_ok=True)
        y, x = np.mgrid[: size[0], : size[1]]
        disc = 255 * ((y - size[0] * 0.3) ** 2 + (x - size[1] * 0.3) ** 2 < (min(size) * 0.2) ** 2)
        disc = disc.astype(np.uint8)
        array = np.dstack([disc, disc // 2, 255 - disc]) if colour else disc
        Image.fromarray(array).save(self.folder.images / name)
        return array

    def train(self, batches=10, columns=DEFAULT_COLUMNS):
        """Write rows of the training progress, and of the validation at the end of an epoch."""
        if self._progress is None:
            self._progress = ProgressWriter(self.folder.results / "training_progress.txt", columns)
        for _ in range(batches):
            self.batch += 1
            progress = self.batch / self.batches_per_epoch
            accuracy = min(1.0, max(0.0, 1 - 0.9 * np.exp(-progress * 2) + self.random.normal(0, 0.04)))
            loss = abs(2.3 * np.exp(-progress * 2) + self.random.normal(0, 0.08)) + 0.02
            row = [progress, accuracy, loss, *[0.001] * (len(columns) - 3)]
            self._progress.row(row)
            if self.batch % self.batches_per_epoch == 0:
                self._validate(progress, accuracy, loss)

    def _validate(self, progress, accuracy, loss):
        path = self.folder.results / "training_progress_val.txt"
        writer = ProgressWriter(path, DEFAULT_COLUMNS, append=progress > 1)
        writer.row([progress, accuracy, loss])
        writer.close()

    def close(self):
        """Close what is open."""
        if self._progress:
            self._progress.close()

    def draw(self, technique, data, details=None, image=None, batch=None):
        """Write a drawing of a technique."""
        results = self.folder.results_of(image)
        writer = self._stages.get((technique, image))
        if writer is None:
            writer = self._stages[technique, image] = StageWriter(results, technique)
        batch = self.batch if batch is None else batch
        writer.write(data, batch, batch / self.batches_per_epoch, 0.01, details or {})

    def activations(self, layers=LAYERS, batch=None):
        """Draw layer activations: smooth random maps."""
        data, details = [], []
        for name, shape in layers.items():
            array = smooth(self.random, shape)
            if len(shape) == 3:
                array[3::11] = 0
            data.append((name, array))
            details.append({"name": name, "low": 0.0, "high": float(1 + self.batch / 100)})
        left_out = [{"name": "dropout", "why": "drops units at random while training"},
                    {"name": "flatten", "why": "has the same values as the layer before"}]  # fmt: skip
        self.draw("layer_activations", data, {"layers": details, "left_out": left_out}, batch=batch)
        return data


    def saliency(self, shape=(28, 28), batch=None):
        """Draw a saliency map."""
        data = smooth(self.random, (1, *shape))[0][..., None]
        details = {"class_index": 5, "score": 7.25, "gradient_norm": 1.5, "variants": ["absolute"],
                   "ranges": {"absolute": [0.0, 0.25]}}  # fmt: skip
        self.draw("saliency_maps", data, details, batch=batch)
        return data

    def deconvolution(self, maps=(3, 8, 16), shape=(28, 28, 1), batch=None):
        """Draw a reconstruction for each of the feature maps, a patch at a place of its own."""
        data, told = [], []
        for index, number in enumerate(maps):
            array = np.zeros(shape, np.uint8)
            top, left = 2 + 6 * (index % 4), 4 + 5 * (index % 4)
            array[top : top + 6, left : left + 6] = self.random.integers(60, 256, (6, 6, shape[2]))
            data.append((array, "max_pooling2d_1", number))
            told.append({"feat_map_no": number, "activation": 5.0 - index, "position": [index, index]})
        self.draw("deconvolutional_network", data, {"feature_maps": told}, batch=batch)
        return data

    def deep(self, units=range(10), shape=(28, 28, 1), batch=None):
        """Draw a deep visualization of each unit."""
        maps = smooth(self.random, (len(units) * shape[2], *shape[:2]))
        maps = maps.reshape(len(units), shape[2], *shape[:2]).transpose(0, 2, 3, 1)
        data = [(np.ascontiguousarray(maps[i]), "dense_3", unit, 100.0 * i) for i, unit in enumerate(units)]
        self.draw("deep_visualization", data, {}, batch=batch)
        replace_json(self.folder.results / "deep_visualization.json", {"learning_rate": 50.0, "no_of_iterations": 50})
        return data


def smooth(random, shape):
    """Random pictures that look a little like feature maps, uint8."""
    noise = random.normal(size=shape)
    for axis in range(len(shape) - 2, len(shape)):
        if len(shape) == 3:
            noise = noise + np.roll(noise, 1, axis) + np.roll(noise, 2, axis)
    noise = np.maximum(noise, 0)
    return (255 * noise / noise.max()).astype(np.uint8)
