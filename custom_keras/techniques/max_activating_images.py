"""Which images of a set activate feature maps most, and what in them does."""
import numbers
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops

from custom_keras import backend
from custom_keras.techniques.cropped import CHUNK, Crop, CroppedDeconvolution, filled
from custom_keras.techniques.deconvolutional_network import check_choice, check_maps, count_feature_maps
from custom_keras.techniques.image_sets import ImageSet, image_set
from custom_keras.techniques.network import Network
from custom_keras.techniques.pictures import Range, range_of
from custom_keras.techniques.strongest import Strongest

# So many of the images that could not be read are named in the details.
_NAMED = 20


@dataclass(frozen=True)
class MaxActivatingImage:
    """One of the images that activate a feature map most.

    Attributes:
        crop: the part of it that does, and its deconvolution.
        layer_name: the layer's name.
        feat_map_no: number of the feature map.
        name: what the set calls the image.
        activation: the feature map's largest value for it.
    """

    crop: Crop
    layer_name: str
    feat_map_no: int
    name: str
    activation: float


@dataclass(frozen=True)
class MaxActivatingResult:
    """The images of all feature maps.

    Attributes:
        images: by feature map, in the order asked for or strongest first, and then by activation.
        details: what `docs/visualization-files.md` lists: the layer, how many images were looked at and skipped,
            sizes, ranges, and of each image its name, activation, position and box.
    """

    images: list[MaxActivatingImage]
    details: dict[str, Any] = field(default_factory=dict)

    def pictures(self) -> list[tuple]:
        """`[(image, deconvolution, layer_name, feat_map_no, name, activation), ...]`, the content of
        `max_activating_images.pickle`.
        """
        return [
            (i.crop.image, i.crop.deconvolution, i.layer_name, i.feat_map_no, i.name, i.activation)
            for i in self.images
        ]


class MaxActivatingImages:
    """The images of a set that activate feature maps of a layer most, each with its deconvolution.

    The set is gone through once, with the network up to the layer, and only the largest value of each feature map
    is taken back of each image. Memory does not depend on the size of the set. Of images that activate a map
    equally the earlier ones are taken; a value that is no finite number never wins.

    References:
        Zeiler and Fergus 2014, Visualizing and understanding convolutional networks; the thesis left this out as
        too slow.

    Args:
        model: the network, or a `Network` that was made of it.
        feat_map_layer_no: number or name of the layer.
        feat_map_amount: how many feature maps, those that the set activates most first; -1 for all.
        feat_map_nos: or the numbers of the feature maps. Exactly one of the two must be given.
        k: how many images of each feature map.
        batch_size: images per forward pass, for sets that do not come in batches.
        postprocess: from an image in the network's values to 0..255, see `pictures.reconstruction`. Without it the
            images are scaled from the range of the whole set, and each reconstruction from its own.
        reversible_layers: layer classes of one's own to go back through by their gradient.
        **options: `image_input`, `other_inputs` and `input_shape` of `Network`.

    Raises:
        ValueError: if the layer or a feature map is not there, or if a number is out of its range.
    """

    def __init__(
        self,
        model: keras.Model | Network,
        feat_map_layer_no: int | str,
        feat_map_amount: int | None = None,
        feat_map_nos: Sequence[int] | None = None,
        *,
        k: int = 9,
        batch_size: int = 32,
        postprocess: Callable | None = None,
        reversible_layers: Sequence[type] = (),
        **options: Any,
    ):
        check_choice(feat_map_amount, feat_map_nos)
        check_counts(k, batch_size)
        self.k, self.batch_size = k, batch_size
        self.network = Network.of(model, **options)
        self.layer = self.network.layer(feat_map_layer_no)
        maps = count_feature_maps(self.network, self.layer)
        self.amount, self.numbers = check_maps(feat_map_amount, feat_map_nos, maps)
        self._maxima = backend.compiled(self._compute_maxima, self.network.model.variables)
        self._cropped = CroppedDeconvolution(self.network, self.layer, postprocess, reversible_layers)

    def draw(self, images: Any, progress: Callable[[int, int], None] | None = None) -> MaxActivatingResult:
        """Go through a set with the network's current weights.

        Args:
            images: an array `(N, ...)` in the network's own shape and values, batches of such arrays (see
                `ImageBatches`), or an `ImageSet`.
            progress: called after each batch with how far the set was gone through, and its length, 0 until
                that is known.

        Raises:
            ValueError: if the images do not fit the network, or if there are none.
        """
        images = image_set(images, self.network.graph.tensors[self.network.image_slot].name)
        images.skipped = {}
        strongest, count, value_range = self._go_through(images, progress)
        if strongest is None:
            raise ValueError("There is no image to look at. Expected a set with images that can be read. "
                             f"Received: {_first(images.skipped) or 'an empty set'}")
        columns = range(len(self.numbers)) if self.numbers else strongest.leading(self.amount)
        found = list(self._draw_winners(images, list(self._winners(strongest, columns)), value_range))
        maps = list(dict.fromkeys(self._feature_map(column) for column in columns))
        return MaxActivatingResult(found, self._details(images, found, maps, count, value_range))

    def _go_through(self, images: ImageSet, progress: Callable | None) -> tuple[Strongest | None, int, Range]:
        strongest, count, size = None, 0, 0
        low, high = np.inf, -np.inf
        for places, batch in images.batches(self.batch_size):
            batch = self.network.check_images(batch)
            size = max(size, len(batch))
            maxima = self._maxima(filled(batch, size))[: len(batch)]
            strongest = strongest or Strongest(self.k, maxima.shape[1])
            if strongest.add(places, maxima) and images.forgets:
                images.keep(strongest.in_use())
            least, most = range_of(batch)
            low, high, count = min(low, least), max(high, most), count + len(batch)
            if progress:
                progress(int(places[-1]) + 1, len(images))
        if progress and count and int(places[-1]) + 1 != len(images):  # of unknown length, or the last one unreadable
            progress(len(images) or count, len(images) or count)
        return strongest, count, (low, high)

    def _compute_maxima(self, images):
        """Largest value of each feature map `(N, maps)`; only of those asked for, where they are named."""
        features = self.network.graph.run(self.network.feed(images), [self.layer.slot])[0]
        maxima = ops.cast(ops.max(features, axis=(2, 3) if self.network.channels_first else (1, 2)), "float32")
        return ops.take(maxima, np.array(self.numbers, "int32"), axis=1) if self.numbers else maxima

    def _feature_map(self, column: int) -> int:
        return self.numbers[column] if self.numbers else column

    def _winners(self, strongest: Strongest, columns: Sequence[int]) -> Iterator[tuple[int, int, float]]:
        """Feature map, place in the set and activation, in the order of the result."""
        for column in columns:
            for place, value in zip(strongest.numbers[:, column], strongest.values[:, column], strict=True):
                if place >= 0:
                    yield self._feature_map(column), int(place), float(value)

    def _draw_winners(self, images: ImageSet, winners: list, value_range: Range) -> Iterator[MaxActivatingImage]:
        for chunk, batch in _chunks(winners, images):
            crops = self._cropped.draw(batch, np.array([number for number, _, _ in chunk]), value_range)
            for crop, (number, place, activation) in zip(crops, chunk, strict=True):
                yield MaxActivatingImage(crop, self.layer.name, number, images.name(place), activation)

    def _details(
        self, images: ImageSet, found: list[MaxActivatingImage], maps: list[int], count: int, value_range: Range
    ) -> dict[str, Any]:
        details = {"layer": self.layer.label, "k": self.k, "images": count, "image_range": list(value_range)}
        details["feature_maps"] = [{"feat_map_no": number, "images": _told(found, number)} for number in maps]
        details |= self._cropped.sizes
        if images.skipped:
            details |= {"skipped": len(images.skipped), "skipped_names": _first(images.skipped)}
        if images.note:
            details["preprocess"] = images.note
        if self._cropped.why_not:
            details["no_deconvolution"] = self._cropped.why_not
        if self.network.zero_inputs:
            details["zero_inputs"] = self.network.zero_inputs
        return details


def check_counts(k: int, batch_size: int) -> None:
    """Check what can be checked without the network.

    Raises:
        ValueError: if one is no number of images.
    """
    for name, value in (("k", k), ("batch_size", batch_size)):
        if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 1:
            raise ValueError(f"{name} is no number of images. Expected 1 or more. Received: {name}={value!r}")


def _chunks(winners: list, images: ImageSet) -> Iterator[tuple[list, np.ndarray]]:
    """Winners with their images, some at a time, those of one size together."""
    chunk, batch = [], []
    for winner in winners:
        image = images.image(winner[1])
        if chunk and (len(chunk) == CHUNK or batch[0].shape != image.shape):
            yield chunk, np.stack(batch)
            chunk, batch = [], []
        chunk.append(winner)
        batch.append(image)
    if chunk:
        yield chunk, np.stack(batch)


def _told(found: list[MaxActivatingImage], number: int) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "activation": one.activation, "position": list(one.crop.position),
         "box": list(one.crop.box), "range": list(one.crop.range)}
        for one in found if one.feat_map_no == number
    ]  # fmt: skip


def _first(skipped: dict[str, str]) -> dict[str, str]:
    return dict(list(skipped.items())[:_NAMED])
