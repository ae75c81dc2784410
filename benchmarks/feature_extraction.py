"""How fast `python -m case_study features` is, beside `model.predict` on the same images in memory.

    python benchmarks/feature_extraction.py [--images 32] [--rounds 9] [--batch-size 16] [--small]

Both compute the features of the same drawn faces with VGG-Face (random weights: its speed does not depend on them), in
turns within one process, so that a busy machine troubles both alike; of the processor time, which is given too, other
programs take nothing. `extract` also reads each image from the disk,
scales and preprocesses it, and writes the features and how far it is after each batch. `--small` takes the small
network for drawn faces instead, for which reading weighs the most.
"""

import argparse
import contextlib
import io
import tempfile
import time
from pathlib import Path

import keras
import numpy as np

from case_study.backbone import FEATURE_LAYER, build_backbone
from case_study.extractor import Extractor
from case_study.features import extract
from case_study.pictures import read_pixels
from case_study.prepare import prepare
from case_study.synthesize import synthesize
from case_study.table import read_table
from case_study.vggface import build_vggface, preprocess


def small() -> Extractor:
    model = build_backbone(people=40)
    return Extractor(keras.Model(model.input, model.get_layer(FEATURE_LAYER).output), lambda pixels: pixels)


def images(data: Path, extractor: Extractor) -> np.ndarray:
    """All images of a folder of prepared data, as the network takes them."""
    rows = read_table(data).rows
    return np.stack([extractor.preprocess(read_pixels(data / row.path, extractor.size)) for row in rows])


def measure(data: Path, extractor: Extractor, rounds: int, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Seconds of `model.predict` and of `extract`, which the rounds try in turns; the first one compiles.

    Returns:
        Two arrays (rounds, 2): the time that passed, and the processor time that the process used.
    """
    x = images(data, extractor)
    predicting, extracting = [], []
    for number in range(rounds + 1):
        began = clocks()
        expected = extractor.model.predict(x, batch_size=batch_size, verbose=0)
        predicting.append(clocks() - began)
        began = clocks()
        # Another origin each time, so that all is computed anew.
        found = extract(data, extractor, {"round": number}, batch_size=batch_size)
        extracting.append(clocks() - began)
        np.testing.assert_allclose(found[0], expected, rtol=1e-3, atol=1e-3)
    return np.array(predicting[1:]), np.array(extracting[1:])


def clocks() -> np.ndarray:
    return np.array([time.perf_counter(), time.process_time()])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--small", action="store_true")
    arguments = parser.parse_args()
    extractor = small() if arguments.small else Extractor(build_vggface(classifier=False), preprocess)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        synthesize(Path(folder, "faces"), 1, 1, arguments.images, clean_only=True)
        prepare(Path(folder, "faces"), Path(folder, "data"))
        predicting, extracting = measure(Path(folder, "data"), extractor, arguments.rounds, arguments.batch_size)
    print(
        f"{extractor.model.name}, {arguments.images} images in batches of {arguments.batch_size}, "
        f"{keras.backend.backend()}, median of {arguments.rounds} rounds:"
    )
    for kind, unit in enumerate(("time", "processor time")):
        predict, extracted = predicting[:, kind], extracting[:, kind]
        ratios = predict / extracted
        print(
            f"  {unit}: model.predict {arguments.images / np.median(predict):.2f} images/s, "
            f"features {arguments.images / np.median(extracted):.2f} images/s; "
            f"ratio {np.median(ratios):.3f} ({ratios.min():.3f} to {ratios.max():.3f}; goal: at least 0.95)"
        )


if __name__ == "__main__":
    main()
