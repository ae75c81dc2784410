"""Computes the features of all prepared images, in the order of the table; goes on where it was stopped."""

import hashlib
import json
from argparse import ArgumentParser, Namespace
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from case_study.extractor import PREPROCESSING, Extractor, saved_extractor, vggface_extractor
from case_study.pictures import read_pixels
from case_study.table import default_folder, read_table
from visualization_files.writer import replace_json

# Batches that are read ahead while the network computes.
_AHEAD = 3


def add_arguments(parser: ArgumentParser) -> None:
    """Describe the command line of `features`."""
    parser.add_argument("--data", type=Path, default=default_folder(), help="folder of prepared data")
    parser.add_argument("--weights", type=Path, help="file with the weights of VGG-Face")
    parser.add_argument("--backbone", type=Path, help="saved Keras network to use instead of VGG-Face")
    parser.add_argument("--layer", help="its layer whose output are the features")
    parser.add_argument(
        "--preprocessing", choices=PREPROCESSING, default="none",
        help="what it expects of RGB images with values 0 to 255 (default: nothing else)",
    )  # fmt: skip
    parser.add_argument("--mirrored", action="store_true", help="also of the mirrored images, for training")
    parser.add_argument("--batch-size", type=int, default=32)


def run(arguments: Namespace) -> None:
    """Run the command."""
    read_table(arguments.data)
    if arguments.backbone:
        source = arguments.backbone
        extractor = saved_extractor(source, arguments.layer, arguments.preprocessing)
    else:
        source = arguments.weights
        extractor = vggface_extractor(source)
    features = extract(arguments.data, extractor, _origin(source, arguments), arguments.mirrored, arguments.batch_size)
    print(f"Features {features.shape} are in {arguments.data / 'features.npy'}.")


def _origin(source: Path, arguments: Namespace) -> dict:
    with open(source, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "network": source.name,
        "sha256": digest,
        "layer": arguments.layer,
        "preprocessing": arguments.preprocessing,
    }


def extract(data: Path, extractor: Extractor, origin: dict, mirrored: bool = False, batch_size: int = 32) -> np.ndarray:
    """Compute the features of all images of a folder of prepared data, or those that are still missing.

    Args:
        data: folder with the table; gets `features.npy`, and `features.json` with what they were made from.
        extractor: the network.
        origin: what tells this network from others; features made from the same are not computed again.
        mirrored: also of the images with left and right swapped.
        batch_size: images at a time.

    Returns:
        float32 array (1 or 2 with the mirrored ones, images, features), mapped from the file.

    Notes:
        Killed at any moment, the next call goes on after the last batch whose features were written, with the
        same batches, so the file comes out the same as without the interruption.
    """
    data = Path(data)
    paths = [data / row.path for row in read_table(data).rows]
    work = [(path, swap) for swap in ((False, True) if mirrored else (False,)) for path in paths]
    made_from = {
        **origin,
        "table": table_digest(data),
        "mirrored": mirrored,
        "batch_size": batch_size,
    }
    shape = (len(work), extractor.length)
    file, done = _open(data, made_from, shape)
    starts = range(done, len(work), batch_size)
    with _progress_bar() as progress:
        task = progress.add_task("Features", total=len(work), completed=done)
        for start, batch in zip(starts, _batches(extractor, work, starts, batch_size), strict=True):
            file[start : start + len(batch)] = extractor.model.predict_on_batch(batch)
            file.flush()
            _save_state(data, made_from, shape, start + len(batch))
            progress.update(task, advance=len(batch))
    return file.reshape(-1, len(paths), shape[1])


def read_features(data: Path) -> np.ndarray:
    """The features of a folder of prepared data.

    Returns:
        float32 array (1 or 2 with the mirrored ones, images, features) in the order of the table.

    Raises:
        FileNotFoundError: if they were not computed.
        ValueError: if they were not computed to the end, or for another table.
    """
    data = Path(data)
    state = _read_state(data)
    if state is None or not (data / "features.npy").is_file():
        raise FileNotFoundError(
            f"There are no features. Expected what `python -m case_study features` writes. Received: {data}"
        )
    if state["made_from"]["table"] != table_digest(data):
        raise ValueError(f"The features in {data} are of other images. Compute them again.")
    rows, length = state["shape"]
    if state["done"] < rows:
        raise ValueError(f"The features in {data} are not complete: {state['done']} of {rows}. Go on with it.")
    features = np.load(data / "features.npy", mmap_mode="r")
    return features.reshape(1 + state["made_from"]["mirrored"], -1, length)


def features_digest(data: Path) -> str:
    """What tells these features from others: made of the table and the network."""
    return hashlib.sha256(json.dumps(_read_state(data)["made_from"]).encode()).hexdigest()


def table_digest(data: Path) -> str:
    """What tells this table from others."""
    return hashlib.sha256((Path(data) / "table.csv").read_bytes()).hexdigest()


def _open(data: Path, made_from: dict, shape: tuple[int, int]) -> tuple[np.memmap, int]:
    """The file to write to, and how many of its rows are there already."""
    path, state = data / "features.npy", _read_state(data)
    if path.is_file() and state and state["made_from"] == made_from and tuple(state["shape"]) == shape:
        return np.lib.format.open_memmap(path, "r+"), state["done"]
    # The state goes first, so that it never speaks of rows of another file.
    (data / "features.json").unlink(missing_ok=True)
    file = np.lib.format.open_memmap(path, "w+", np.float32, shape)
    _save_state(data, made_from, shape, 0)
    return file, 0


def _save_state(data: Path, made_from: dict, shape: tuple[int, int], done: int) -> None:
    replace_json(data / "features.json", {"made_from": made_from, "shape": shape, "done": done})


def _read_state(data: Path) -> dict | None:
    try:
        return json.loads((Path(data) / "features.json").read_text())
    except FileNotFoundError:
        return None


def _progress_bar() -> Progress:
    """A bar that counts images, those of an earlier call included."""
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())


def _batches(extractor: Extractor, work: list, starts: range, batch_size: int) -> Iterator[np.ndarray]:
    """The images of each batch, read by other threads while the network computes."""

    def read(item: tuple[Path, bool]) -> np.ndarray:
        path, swap = item
        return extractor.preprocess(read_pixels(path, extractor.size, swap, extractor.grey))

    with ThreadPoolExecutor() as pool:
        ahead = deque()
        for start in starts:
            ahead.append([pool.submit(read, item) for item in work[start : start + batch_size]])
            if len(ahead) > _AHEAD:
                yield np.stack([future.result() for future in ahead.popleft()])
        while ahead:
            yield np.stack([future.result() for future in ahead.popleft()])
