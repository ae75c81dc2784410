"""What drawing costs, as a ratio to the bare compiled passes on the same batch, and what the peers take.

    python benchmarks/techniques.py [mnist squeezenet vgg16] [--rounds 7] [--steps 50] [--peers] [--long]

All ways are timed in turns within one process, so that a busy machine troubles them alike; the ratios are those of the
smallest times, by the clock and of processor time. `ours` is a whole drawing: from the image to the uint8 pictures. Set
KERAS_BACKEND for another backend.
"""
import argparse
import gc
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import bare_passes
import keras
import networks
import numpy as np
import peers
import psutil

from custom_keras.techniques.deconvolutional_network import DeconvolutionalNetwork
from custom_keras.techniques.deep_visualization import DEEP_VISUALIZATION_PRESETS, DeepVisualization
from custom_keras.techniques.layer_activations import LayerActivations
from custom_keras.techniques.max_activating_images import MaxActivatingImages
from custom_keras.techniques.saliency_maps import SaliencyMaps
from visualization_files.stages import StageWriter

UNITS, MAPS = 10, 4
LONG_ROUNDS = 60


@dataclass
class Times:
    """Wall-clock and processor seconds of one way, a pair for each round."""

    rounds: list[tuple[float, float]] = field(default_factory=list)

    @property
    def wall(self) -> float:
        return min(wall for wall, _ in self.rounds)

    @property
    def processor(self) -> float:
        """Of all threads together: what other programs do at the same time troubles it little."""
        return min(processor for _, processor in self.rounds)

    def add(self, way: Callable) -> None:
        wall, processor = time.perf_counter(), time.process_time()
        way()
        self.rounds.append((time.perf_counter() - wall, time.process_time() - processor))


def times_of(ways: dict[str, Callable], rounds: int) -> dict[str, Times]:
    """Time all ways in turns, after one round that compiles."""
    times = {name: Times() for name in ways}
    for way in ways.values():
        way()
    for _ in range(rounds):
        for name, way in ways.items():
            times[name].add(way)
    return times


def images_for(model: keras.Model, count: int) -> np.ndarray:
    return np.random.default_rng(0).random((count, *model.input_shape[1:]), "float32")


def single_drawings(name: str, rounds: int, with_peers: bool) -> None:
    build, middle, _ = networks.NETWORKS[name]
    model = build()
    image = images_for(model, 1)
    goal = 1.5 if name == "mnist" else 1.15
    activations = LayerActivations(model)
    saliency = SaliencyMaps(model)
    deconvolution = DeconvolutionalNetwork(model, middle, feat_map_nos=list(range(MAPS)))
    one_map = DeconvolutionalNetwork(model, middle, feat_map_nos=[0])
    rivals = peers if with_peers else None
    report(name, "activations", goal, {
        "ours": lambda: [result.pictures() for result in activations.draw(image)],
        "bare": bare_passes.forward_all(model, image),
        "bare to the last layer alone": bare_passes.forward(model, image),
    }, rounds)  # fmt: skip
    report(name, "saliency", goal, {
        "ours": lambda: [result.pictures() for result in saliency.draw(image)],
        "bare": bare_passes.forward_backward(model, image),
        **(rivals.saliency(model, image) if rivals else {}),
    }, rounds)  # fmt: skip
    report(name, f"deconvolution, {MAPS} maps", goal, {
        "ours": lambda: [result.pictures() for result in deconvolution.draw(image)],
        "bare": bare_passes.forward_many_backward(model, middle, MAPS, image),
    }, rounds)  # fmt: skip
    report(name, "deconvolution, 1 map", goal, {
        "ours": lambda: [result.pictures() for result in one_map.draw(image)],
        "bare": bare_passes.forward_many_backward(model, middle, 1, image),
        **(rivals.deconvolution(model, image) if rivals else {}),
    }, rounds)  # fmt: skip


def deep_visualization(name: str, rounds: int, steps: int, with_peers: bool) -> None:
    model = networks.NETWORKS[name][0]()
    units = [(model.layers[-1].name, unit) for unit in range(UNITS)]
    technique = DeepVisualization(model, units, 1.0, steps, seed=0, **DEEP_VISUALIZATION_PRESETS["low_frequency"])
    single = bare_passes.forward_backward(model, images_for(model, UNITS))

    def bare():
        for _ in range(steps):
            single()

    ways = {"ours": lambda: technique.draw().pictures(), "bare": bare}
    if with_peers:
        ways |= peers.deep_visualization(model, UNITS, steps)
    report(name, f"deep visualization, {UNITS} units, {steps} steps", 1.0, ways, rounds)


def max_activating(name: str, rounds: int, count: int) -> None:
    """The pass over the set alone, beside `model.predict`; the deconvolutions that follow do not grow with the set."""
    build, _, last = networks.NETWORKS[name]
    model = build()
    images = images_for(model, count)
    technique = MaxActivatingImages(model, last, feat_map_nos=[0], k=1)
    times = {"ours": Times(), "predict": Times()}
    begun = ended = (0.0, 0.0)

    def note(done: int, total: int) -> None:
        nonlocal ended
        ended = time.perf_counter(), time.process_time()

    technique.draw(images)
    model.predict(images, batch_size=technique.batch_size, verbose=0)
    for _ in range(rounds):
        begun = time.perf_counter(), time.process_time()
        technique.draw(images, note)
        times["ours"].rounds.append((ended[0] - begun[0], ended[1] - begun[1]))
        times["predict"].add(lambda: model.predict(images, batch_size=technique.batch_size, verbose=0))
    ours, predict = times.values()
    print(f"{name:<11}max-activating images, {count} images: {count / ours.wall:.0f} images/s, predict "
          f"{count / predict.wall:.0f}, {ratios(predict, ours)} (goal: at least 0.95)", flush=True)


def report(name: str, technique: str, goal: float, ways: dict[str, Callable], rounds: int) -> None:
    times = times_of(ways, rounds)
    ours, bare = times["ours"], times["bare"]
    others = "".join(f"  {way} {times[way].wall * 1e3:.1f} ms" for way in ways if way not in ("ours", "bare"))
    print(f"{name:<11}{technique:<41}ours {ours.wall * 1e3:8.1f} ms  bare {bare.wall * 1e3:8.1f} ms  "
          f"{ratios(ours, bare)} (goal {goal}){others}", flush=True)


def ratios(one: Times, other: Times) -> str:
    by_processor = one.processor / other.processor
    return f"ratio {one.wall / other.wall:.2f}, of processor time {by_processor:.2f}"


def long_run(drawings: int) -> None:
    """An old technique, its writer and its files beside young ones, in turns; and the memory in between."""
    makers = {
        "layer_activations": lambda model: _drawing(LayerActivations(model)),
        "saliency_maps": lambda model: _drawing(SaliencyMaps(model)),
        "deconvolutional_network": lambda model: _drawing(DeconvolutionalNetwork(model, "pool", MAPS)),
        "deep_visualization": lambda model: _deep(DeepVisualization(model, [("output", 3)], 1.0, 5)),
    }
    model = networks.mnist_network()
    image = images_for(model, 1)
    for name, make in makers.items():
        with tempfile.TemporaryDirectory() as folder:
            old = _Series(name, make(model), Path(folder) / "old", image)
            memory = []
            before = drawings - LONG_ROUNDS
            for number in range(1, before + 1):
                old.draw()
                if number in (100, before):
                    gc.collect()
                    memory.append(psutil.Process().memory_info().rss / 2**20)
            young = _Series(name, make(model), Path(folder) / "young", image)
            for _ in range(10):
                young.draw()
            times = times_of({"old": old.draw, "young": young.draw}, LONG_ROUNDS - 1)
            print(f"{name:<24}drawing {drawings} against 10: {ratios(times['old'], times['young'])} (goal 1.1), "
                  f"memory {memory[0]:.0f} MB after 100, {memory[1]:.0f} MB after {before}", flush=True)


class _Series:
    """Drawings of one technique with their files."""

    def __init__(self, name: str, draw: Callable, folder: Path, image: np.ndarray):
        self._draw, self._image, self._batch = draw, image, 0
        self._writer = StageWriter(folder, name)

    def draw(self) -> None:
        data, details = self._draw(self._image)
        self._writer.write(data, self._batch, self._batch / 100, 0.0, details)
        self._batch += 1


def _drawing(technique) -> Callable:
    def draw(image):
        (result,) = technique.draw(image)
        data = result.picture() if hasattr(result, "picture") else result.pictures()
        return data, result.details

    return draw


def _deep(technique: DeepVisualization) -> Callable:
    def draw(_):
        result = technique.draw()
        return result.pictures(), result.details

    return draw


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", default=["mnist", "squeezenet", "vgg16"])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=50, help="steps of deep visualization")
    parser.add_argument("--images", type=int, default=256, help="images of the set for max-activating images")
    parser.add_argument("--peers", action="store_true", help="also time tf-keras-vis and Xplique")
    parser.add_argument("--long", action="store_true", help="only compare the 1,000th drawing with the 10th")
    parser.add_argument("--only", choices=["single", "deep", "set"], help="only this part")
    options = parser.parse_args()
    print(f"{keras.backend.backend()}, Keras {keras.__version__}")
    if options.long:
        long_run(1000)
        return
    for name in options.networks:
        if options.only in (None, "single"):
            single_drawings(name, options.rounds, options.peers)
        if options.only in (None, "deep"):
            deep_visualization(name, options.rounds, options.steps, options.peers)
        if options.only in (None, "set"):
            max_activating(name, options.rounds, options.images)


if __name__ == "__main__":
    main()
