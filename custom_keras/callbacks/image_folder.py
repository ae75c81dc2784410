"""A folder of images as a set, read ahead by several threads."""
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np

from custom_keras.callbacks.errors import ExpectedError
from custom_keras.callbacks.input_images import prepare, read_image
from custom_keras.techniques.image_sets import Batch, ImageSet
from custom_keras.techniques.network import Network

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
# Batches that are read while the network works on another one.
_AHEAD = 2


class ImageFolder(ImageSet):
    """All images in a folder and in the folders in it, in the order of their paths.

    Images that cannot be read are left out, and named in `skipped`.

    Args:
        folder: the folder.
        network: tells the shape of its input.
        custom_preprocess: from an image `(H, W, C)` in 0..255 to what the network takes. Without it the image is
            resized to the network's input and its channels are matched.

    Raises:
        ValueError: if there is no such folder, or no image in it; if `custom_preprocess` does not return what the
            network takes.
    """

    def __init__(self, folder: str | os.PathLike, network: Network, custom_preprocess: Callable | None = None):
        super().__init__()
        self.folder = Path(folder)
        self.paths = image_paths(self.folder)
        self._network, self._preprocess = network, custom_preprocess
        self._shape: tuple[int, ...] | None = None
        self._check_first()

    def __len__(self) -> int:
        return len(self.paths)

    def batches(self, size: int) -> Iterator[Batch]:
        self._shape = None
        waiting: deque[list[tuple[int, Future]]] = deque()
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1), "read_image") as pool:
            try:
                for start in range(0, len(self), size):
                    numbers = range(start, min(start + size, len(self)))
                    waiting.append([(number, pool.submit(self.image, number)) for number in numbers])
                    if len(waiting) > _AHEAD:
                        yield from self._collect(waiting.popleft())
                while waiting:
                    yield from self._collect(waiting.popleft())
            finally:
                pool.shutdown(cancel_futures=True)

    def image(self, number: int) -> np.ndarray:
        return prepare(read_image(self.paths[number]), self._network, self._preprocess)[0]

    def name(self, number: int) -> str:
        return self.paths[number].relative_to(self.folder).as_posix()

    def _collect(self, batch: list[tuple[int, Future]]) -> Iterator[Batch]:
        """The images of a batch that could be read; nothing where none could."""
        numbers, images = [], []
        for number, future in batch:
            try:
                image = self._checked(future.result())
            except (ExpectedError, ValueError) as error:
                self.skipped[self.name(number)] = str(error)
            else:
                numbers.append(number)
                images.append(image)
        if images:
            yield np.array(numbers), np.stack(images)

    def _checked(self, image: np.ndarray) -> np.ndarray:
        """Where the network takes any size, all must have that of the first."""
        self._shape = self._shape or image.shape
        if image.shape != self._shape:
            raise ExpectedError(f"It has another size than the first image. Expected {self._shape} as the network "
                                f"takes it. Received: {image.shape}. Give a custom_preprocess that makes them equal.")
        return image

    def _check_first(self) -> None:
        """Try the first readable image, as a wrong custom_preprocess would have every image left out."""
        for path in self.paths:
            try:
                image = read_image(path)
            except ExpectedError:
                continue
            try:
                _, self.note = prepare(image, self._network, self._preprocess)
            except ExpectedError as error:
                raise ValueError(str(error)) from error
            return


def image_paths(folder: str | os.PathLike) -> list[Path]:
    """All images in a folder and in the folders in it.

    Raises:
        ValueError: if there is no such folder, or no image in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"There is no such folder of images. Expected a folder. Received: {str(folder)!r}")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not paths:
        raise ValueError(f"There is no image in the folder. Expected files that end with {', '.join(SUFFIXES)}. "
                         f"Received: {str(folder)!r}")
    return paths
