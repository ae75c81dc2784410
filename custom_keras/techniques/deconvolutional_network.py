"""Which pattern of an image a feature map answers to, projected back to pixels."""
import numbers
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops

from custom_keras import backend
from custom_keras.techniques import relu_rules
from custom_keras.techniques.custom_deconvolution import CustomDeconvolution
from custom_keras.techniques.network import Network
from custom_keras.techniques.pictures import range_of, reconstruction
from custom_keras.techniques.receptive_field import Box, ReceptiveField
from custom_keras.techniques.reversible import check_reversible

# So many backward passes are compiled into one function; the forward pass is repeated for each such chunk.
_CHUNK = 16


@dataclass(frozen=True)
class Reconstruction:
    """What remains of an image for one feature map.

    Attributes:
        array: float32 `(height, width, channels)` in the values that the network takes.
        layer_name: the layer's name.
        feat_map_no: number of the feature map.
        activation: its largest value, from which the reconstruction was made.
        position: row and column of that value in the feature map.
    """

    array: np.ndarray
    layer_name: str
    feat_map_no: int
    activation: float
    position: tuple[int, int]


@dataclass(frozen=True)
class DeconvolutionOfImage:
    """The reconstructions of one image, in the order of the feature maps asked for or of their activation.

    Attributes:
        reconstructions: one per feature map.
        details: `layer`, and per reconstruction in `feature_maps`: `feat_map_no`, `activation`, `position`,
            `range` and `box` (top, left, bottom and right of the part of the image that the value comes from, the
            last two exclusive); `zero_inputs` of `Network`.
    """

    reconstructions: list[Reconstruction]
    details: dict[str, Any] = field(default_factory=dict)

    def pictures(self, postprocess=None) -> list[tuple[np.ndarray, str, int]]:
        """`[(uint8 (height, width, channels), layer_name, feat_map_no), ...]`, the content of
        `deconvolutional_network.pickle`. See `pictures.reconstruction`.
        """
        return [(reconstruction(r.array, postprocess)[0], r.layer_name, r.feat_map_no)
                for r in self.reconstructions]


class DeconvolutionalNetwork:
    """Feature maps projected to pixels by the network's own layers in reverse.

    All entries of a feature map but its maximum are set to zero. From there it goes back: transposed convolution
    with the same kernels and without bias, unpooling to where this image had its maxima, and ReLU on the
    reconstruction where the network has ReLU. Technically this is the gradient of the layers up to the chosen
    one, with the gradient of ReLU replaced by ReLU of the gradient, and works wherever layers are linear: strides,
    dilation, overlapping pools, average pooling, batch normalization, sums and concatenations.

    References:
        Zeiler and Fergus 2014, Visualizing and understanding convolutional networks; sections 2.3.4 and 4.1.10 of
        the thesis.

    Notes:
        Where pools overlap and share a maximum, the parts that reach it are summed; the thesis kept the last.

    Args:
        model: the network, or a `Network` that was made of it.
        feat_map_layer_no: number or name of the layer.
        feat_map_amount: how many feature maps, those with the largest activation first; -1 for all.
        feat_map_nos: or the numbers of the feature maps. Exactly one of the two must be given.
        custom_keras_model_info: a deconvolutional model of one's own, see `CustomDeconvolution`.
        reversible_layers: layer classes of one's own to go back through by their gradient.
        **options: `image_input`, `other_inputs` and `input_shape` of `Network`.

    Raises:
        ValueError: if the layer or a feature map is not there, if both or neither of `feat_map_amount` and
            `feat_map_nos` are given, or if something up to the layer cannot be reversed, which is named.
    """

    def __init__(
        self,
        model: keras.Model | Network,
        feat_map_layer_no: int | str,
        feat_map_amount: int | None = None,
        feat_map_nos: Sequence[int] | None = None,
        custom_keras_model_info: tuple | None = None,
        *,
        reversible_layers: Sequence[type] = (),
        **options: Any,
    ):
        check_choice(feat_map_amount, feat_map_nos)
        self.network = Network.of(model, **options)
        self.layer = self.network.layer(feat_map_layer_no)
        maps = count_feature_maps(self.network, self.layer)
        self.amount, self.numbers = check_maps(feat_map_amount, feat_map_nos, maps)
        graph, start = self.network.graph, self.network.image_slot
        self._fields: dict[tuple, ReceptiveField] = {}
        self._boxes: dict[tuple, Box | None] = {}
        self._custom = None
        if custom_keras_model_info is not None:
            self._custom = CustomDeconvolution(custom_keras_model_info, self.layer)
        else:
            check_reversible(graph, start, self.layer.slot, reversible_layers)
        self._replaced = relu_rules.replaced(graph.needed([self.layer.slot]), relu_rules.deconvolution)
        self._forward = backend.compiled(self._compute_forward, self.network.model.variables)
        self._backward = backend.compiled(self._compute, self.network.model.variables)

    def draw(self, images: np.ndarray) -> list[DeconvolutionOfImage]:
        """Reconstructions for a batch.

        Args:
            images: `(N, ...)` in the network's own shape and values.

        Returns:
            One result per image.

        Raises:
            ValueError: if the images do not fit the network, or if a custom deconvolutional model gives no image.
        """
        numbers = np.array([self.numbers] * len(images), "int32").reshape(len(images), -1)
        return self.draw_maps(images, numbers)

    def draw_maps(self, images: np.ndarray, feat_map_nos: np.ndarray) -> list[DeconvolutionOfImage]:
        """As `draw`, with feature maps of its own `(N, maps)` for each image; `(N, 0)` for the largest ones."""
        images = self.network.check_images(images)
        numbers = np.asarray(feat_map_nos, "int32")
        if self._custom:
            maps, *found = self._forward(images, numbers)
            arrays = self._custom.reconstruct(maps, *found, self.network.channels_first)
        else:
            arrays, *found = self._reconstruct(images, numbers)
        pictures = [self.network.as_pictures(batch) for batch in arrays]
        return [
            self._of_image(images.shape[1:], [batch[n] for batch in pictures], *(values[:, n] for values in found))
            for n in range(len(images))
        ]

    def _reconstruct(self, images: np.ndarray, numbers: np.ndarray) -> list[np.ndarray]:
        """Reconstruct in chunks of a fixed size, for one compiled function to serve any number of maps."""
        wanted = numbers.shape[1] or self.amount
        if wanted <= _CHUNK:
            return self._backward(images, numbers)
        if not numbers.shape[1]:
            numbers = self._forward(images, numbers)[1].T
        padded = np.pad(numbers, ((0, 0), (0, -wanted % _CHUNK)), mode="edge")
        chunks = [self._backward(images, chunk) for chunk in np.split(padded, padded.shape[1] // _CHUNK, axis=1)]
        return [np.concatenate(parts)[:wanted] for parts in zip(*chunks, strict=True)]

    def _of_image(self, image_shape, arrays, chosen, values, positions) -> DeconvolutionOfImage:
        made = [
            Reconstruction(array, self.layer.name, int(number), float(value), tuple(map(int, position)))
            for array, number, value, position in zip(arrays, chosen, values, positions, strict=True)
        ]
        maps = [
            {"feat_map_no": r.feat_map_no, "activation": r.activation, "position": list(r.position),
             "range": list(range_of(r.array)), "box": self._box(image_shape, r.position)}
            for r in made
        ]
        details = {"layer": self.layer.label, "feature_maps": maps}
        if self.network.zero_inputs:
            details["zero_inputs"] = self.network.zero_inputs
        return DeconvolutionOfImage(made, details)

    def _box(self, image_shape: tuple[int, ...], position: tuple[int, int]) -> list[int] | None:
        """Which part of the image an entry of the feature maps sees; found once for each."""
        if image_shape not in self._fields:
            self._fields[image_shape] = ReceptiveField(self.network, self.layer, image_shape)
        if (image_shape, position) not in self._boxes:
            self._boxes[image_shape, position] = self._fields[image_shape].box(*position)
        box = self._boxes[image_shape, position]
        return list(box) if box else None

    def _compute(self, images, numbers):
        def features(x):
            return self.network.graph.run(self.network.feed(x), [self.layer.slot], self._replaced)[0]

        arrays, chosen = backend.pull_back(
            features, images, lambda maps: self._choose(maps, numbers), self._make_seed
        )
        return ops.cast(arrays, "float32"), *chosen

    def _compute_forward(self, images, numbers):
        maps = self.network.graph.run(self.network.feed(images), [self.layer.slot])[0]
        return maps, *self._choose(maps, numbers)[1]

    def _choose(self, maps, numbers):
        """Numbers, maxima and their positions of the feature maps to draw, each with the maps as first axis."""
        maps = maps if self.network.channels_first else ops.transpose(maps, (0, 3, 1, 2))
        count, channels, _, width = ops.shape(maps)
        flat = ops.reshape(maps, (count, channels, -1))
        maxima, places = ops.max(flat, axis=2), ops.cast(ops.argmax(flat, axis=2), "int32")
        if numbers.shape[1] == 0:
            numbers = ops.cast(ops.top_k(maxima, self.amount)[1], "int32")
        values, places = (ops.transpose(ops.take_along_axis(x, numbers, axis=1)) for x in (maxima, places))
        numbers = ops.transpose(numbers)
        positions = ops.stack([places // width, places % width], axis=-1)
        return (numbers, values, positions), (numbers, ops.cast(values, "float32"), positions)

    def _make_seed(self, maps, item):
        """All entries but one of one feature map per image zero."""
        number, value, position = item
        image = ops.arange(ops.shape(number)[0], dtype="int32")
        row, column = position[:, 0], position[:, 1]
        order = (image, number, row, column) if self.network.channels_first else (image, row, column, number)
        return ops.scatter(ops.stack(order, axis=-1), value, ops.shape(maps))


def check_choice(feat_map_amount: int | None, feat_map_nos: Sequence[int] | None) -> None:
    """Check what can be checked of the choice of feature maps without the network.

    Raises:
        ValueError: if both or neither are given, or if one is not of its kind.
    """
    both = f"feat_map_amount={feat_map_amount!r}, feat_map_nos={feat_map_nos!r}"
    if (feat_map_amount is None) == (feat_map_nos is None):
        raise ValueError(f"It is not clear which feature maps to draw. Expected one of feat_map_amount and "
                         f"feat_map_nos. Received: {both}")
    amount_fits = feat_map_amount is None or (
        _is_whole(feat_map_amount) and (feat_map_amount == -1 or feat_map_amount > 0)
    )
    if not amount_fits:
        raise ValueError(f"This is no number of feature maps. Expected 1 or more, or -1 for all. Received: {both}")
    listed = feat_map_nos is None or (np.ndim(feat_map_nos) == 1 and len(feat_map_nos) > 0)
    if not listed or not all(map(_is_whole, [] if feat_map_nos is None else feat_map_nos)):
        raise ValueError(f"These are no feature maps. Expected a list of whole numbers. Received: {both}")


def count_feature_maps(network: Network, layer) -> int:
    """How many feature maps a layer has.

    Raises:
        ValueError: if it has none.
    """
    if len(layer.shape) != 4 or len(layer.slots) > 1:
        raise ValueError(f"The layer has no feature maps. Expected a layer with an output of rank 4. "
                         f"Received: {layer.label} with an output of shape {layer.shape}")
    return layer.shape[1 if network.channels_first else 3]


def check_maps(amount: int | None, chosen: Sequence[int] | None, maps: int) -> tuple[int, list[int]]:
    """How many feature maps to draw of a layer that has so many, and their numbers, none for the largest ones.

    Raises:
        ValueError: if the layer does not have them.
    """
    if amount is not None:
        if amount > maps:
            raise ValueError(f"The layer does not have so many feature maps. Expected at most {maps}. "
                             f"Received: feat_map_amount={amount}")
        return (maps if amount == -1 else int(amount)), []
    wrong = [number for number in chosen if not 0 <= number < maps]
    if wrong:
        raise ValueError(f"The layer has no such feature maps. Expected 0 to {maps - 1}. "
                         f"Received: feat_map_nos with {wrong}")
    return len(chosen), [int(number) for number in chosen]


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)
