"""Sets of images that are gone through once, batch by batch, without holding them in memory."""
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np

# Numbers and images of a batch.
Batch = tuple[np.ndarray, np.ndarray]


class ImageSet:
    """What a technique needs of a set of images. They are numbered from 0 in the order of one pass.

    Attributes:
        skipped: why some could not be read, by name.
        note: a sentence about what was done to the images where nobody asked for it.
        forgets: whether it must be told which images to keep.
    """

    note = ""
    forgets = False

    def __init__(self):
        self.skipped: dict[str, str] = {}

    def __len__(self) -> int:
        """How many images, or 0 where that is not known before they are gone through."""
        return 0

    def batches(self, size: int) -> Iterator[Batch]:
        """Go through the set.

        Args:
            size: images per batch, for sets that are not in batches already.
        """
        raise NotImplementedError

    def keep(self, numbers: set[int]) -> None:
        """After a batch, for a set that forgets: the numbers of the images that may still be asked for."""

    def image(self, number: int) -> np.ndarray:
        """One image again, as the network takes it."""
        raise NotImplementedError

    def name(self, number: int) -> str:
        """What people call an image."""
        return str(number)


class ImageArray(ImageSet):
    """An array `(N, ...)` in the network's own shape and values, or what can be cut like one: a memory map, HDF5.

    Raises:
        ValueError: if it is no array of images.
    """

    def __init__(self, images: Any):
        super().__init__()
        if len(images.shape) not in (3, 4) or not len(images):
            raise ValueError("This is no set of images. Expected an array of shape (N, height, width, channels). "
                             f"Received: shape={tuple(images.shape)}")
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def batches(self, size: int) -> Iterator[Batch]:
        for start in range(0, len(self), size):
            batch = np.asarray(self.images[start : start + size], "float32")
            yield np.arange(start, start + len(batch)), batch

    def image(self, number: int) -> np.ndarray:
        return np.asarray(self.images[number], "float32")


class ImageBatches(ImageSet):
    """Batches as they come: a `tf.data.Dataset`, a `keras.utils.PyDataset`, a PyTorch `DataLoader`, a generator.

    As the batches may not come a second time, the images that are still wanted are kept.

    Args:
        batches: of images in the network's own shape and values, of tuples that begin with them, or of
            dictionaries from the names of the network's inputs.
        input_name: name of the image among these.
    """

    forgets = True

    def __init__(self, batches: Iterable[Any], input_name: str | None = None):
        super().__init__()
        self._batches = batches
        self._input_name = input_name
        self._kept: dict[int, np.ndarray] = {}
        self._newest: Batch | None = None

    def batches(self, size: int) -> Iterator[Batch]:
        self._kept, start = {}, 0
        for batch in _each(self._batches):
            images = np.asarray(keras.ops.convert_to_numpy(self._images(batch)), "float32")
            self._newest = np.arange(start, start + len(images)), images
            yield self._newest
            start += len(images)

    def keep(self, numbers: set[int]) -> None:
        kept = {number: image for number, image in self._kept.items() if number in numbers}
        # Copies: a view would keep its whole batch alive.
        kept |= {number: image.copy() for number, image in zip(*self._newest, strict=True) if number in numbers}
        self._kept = kept

    def image(self, number: int) -> np.ndarray:
        return self._kept[number]

    def _images(self, batch: Any) -> Any:
        if isinstance(batch, tuple | list):
            batch = batch[0]
        if not isinstance(batch, dict):
            return batch
        if self._input_name not in batch:
            raise ValueError("The batches do not have the network's image. Expected a dictionary with the key "
                             f"{self._input_name!r}. Received: {sorted(batch)}")
        return batch[self._input_name]


def image_set(images: Any, input_name: str | None = None) -> ImageSet:
    """A set of images of what a user has.

    Args:
        images: an `ImageSet`, an array or something like one, or batches.
        input_name: name of the network's image input, for batches that are dictionaries.

    Raises:
        ValueError: if it is none of these.
    """
    if isinstance(images, ImageSet):
        return images
    if hasattr(images, "shape") and hasattr(images, "__getitem__"):
        return ImageArray(images)
    if isinstance(images, Iterable | keras.utils.PyDataset) and not isinstance(images, str | bytes | dict | list):
        return ImageBatches(images, input_name)
    raise ValueError("This is no set of images. Expected an array of shape (N, height, width, channels), or batches "
                     f"such as a tf.data.Dataset. Received: {type(images).__name__}")


def _each(batches: Any) -> Iterator[Any]:
    if isinstance(batches, keras.utils.PyDataset):  # it has no end of its own
        return (batches[number] for number in range(batches.num_batches))
    return iter(batches)
