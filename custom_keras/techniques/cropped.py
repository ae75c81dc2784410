"""Images and their deconvolutions, cropped to what the largest entry of a feature map sees."""
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from custom_keras import backend
from custom_keras.techniques.deconvolutional_network import DeconvolutionalNetwork
from custom_keras.techniques.layer_calls import LayerCall
from custom_keras.techniques.network import Network
from custom_keras.techniques.pictures import Range, reconstruction, scale
from custom_keras.techniques.receptive_field import Box, ReceptiveField
from custom_keras.techniques.reversible import check_reversible

# So many images are drawn at once.
CHUNK = 8


@dataclass(frozen=True)
class Crop:
    """The part of an image that the largest entry of a feature map sees.

    Attributes:
        image: uint8 `(height, width, channels)`.
        deconvolution: its reconstruction from that entry, cropped alike; None where the network cannot be reversed.
        position: row and column of the entry in the feature map.
        box: top, left, bottom and right of the crop, the last two exclusive. The whole image for an entry that
            only sees padding.
        range: smallest and largest value of the whole reconstruction; 0 and 0 where there is none.
    """

    image: np.ndarray
    deconvolution: np.ndarray | None
    position: tuple[int, int]
    box: Box
    range: Range


class CroppedDeconvolution:
    """Draws such crops for one layer.

    Args:
        network: the network.
        layer: a layer with feature maps.
        postprocess: see `pictures.reconstruction`.
        reversible_layers: layer classes of one's own to go back through by their gradient.

    Attributes:
        why_not: why the network cannot be reversed, empty where it can.
    """

    def __init__(
        self, network: Network, layer: LayerCall, postprocess: Callable | None = None,
        reversible_layers: Sequence[type] = (),
    ):  # fmt: skip
        self._network, self._layer, self._postprocess = network, layer, postprocess
        self._fields: dict[tuple[int, ...], ReceptiveField] = {}
        self._deconvolution, self.why_not = None, ""
        try:
            check_reversible(network.graph, network.image_slot, layer.slot, reversible_layers)
        except ValueError as error:
            self.why_not = str(error)
            self._places = backend.compiled(self._compute_places, network.model.variables)
        else:
            self._deconvolution = DeconvolutionalNetwork(
                network, layer.step.path, 1, reversible_layers=reversible_layers
            )

    def draw(self, images: np.ndarray, numbers: np.ndarray, value_range: Range) -> list[Crop]:
        """Draw one crop of each image.

        Args:
            images: `(N, ...)` as the network takes them, at most `CHUNK`.
            numbers: one feature map for each image.
            value_range: what becomes 0..255 in the images where there is no postprocess.
        """
        count = len(images)
        images, numbers = filled(images, CHUNK), filled(np.asarray(numbers, "int32")[:, None], CHUNK)
        arrays, places = self._project(images, numbers)
        field, pictures = self._receptive_field(images.shape[1:]), self._network.as_pictures(images)
        return [
            self._crop(pictures[n], arrays[n], tuple(map(int, places[n])), field, value_range) for n in range(count)
        ]

    @property
    def sizes(self) -> dict[str, list[int]]:
        """Height and width of the images drawn last and of their feature maps, as the details have them."""
        if not self._fields:
            return {}
        field = list(self._fields.values())[-1]
        return {"image_size": list(field.image_size), "map_size": list(field.map_size)}

    def _receptive_field(self, image_shape: tuple[int, ...]) -> ReceptiveField:
        """Found once for each size of image."""
        if image_shape not in self._fields:
            self._fields[image_shape] = ReceptiveField(self._network, self._layer, image_shape)
        return self._fields[image_shape]

    def _crop(self, image, array, position: tuple[int, int], field: ReceptiveField, value_range: Range) -> Crop:
        box = field.box(*position) or (0, 0, *image.shape[:2])
        part = slice(box[0], box[2]), slice(box[1], box[3])
        # Copies: a view would keep the whole picture alive.
        if self._postprocess:
            picture = reconstruction(image, self._postprocess)[0][part].copy()
        else:
            picture = np.ascontiguousarray(scale(image[part], *value_range))
        if array is None:
            return Crop(picture, None, position, box, (0.0, 0.0))
        deconvolution, its_range = reconstruction(array, self._postprocess)
        return Crop(picture, deconvolution[part].copy(), position, box, its_range)

    def _project(self, images: np.ndarray, numbers: np.ndarray) -> tuple[Sequence[np.ndarray | None], Any]:
        """Reconstructions, where the network can be reversed, and positions of the largest entries."""
        if self._deconvolution is None:
            return [None] * len(images), self._places(images, numbers)
        made = [result.reconstructions[0] for result in self._deconvolution.draw_maps(images, numbers)]
        return [one.array for one in made], [one.position for one in made]

    def _compute_places(self, images, numbers):
        """Row and column `(N, 2)` of the largest entry of one feature map of each image."""
        features = self._network.graph.run(self._network.feed(images), [self._layer.slot])[0]
        if self._network.channels_first:
            features = ops.transpose(features, (0, 2, 3, 1))
        count, _, width, maps = ops.shape(features)
        flat = ops.reshape(features, (count, -1, maps))
        places = ops.argmax(ops.take_along_axis(flat, ops.expand_dims(numbers, 1), axis=2)[:, :, 0], axis=1)
        return ops.stack([places // width, places % width], axis=-1)


def filled(batch: np.ndarray, size: int) -> np.ndarray:
    """A batch as long as the others, its last entry repeated, for the same compiled function to take it."""
    if len(batch) >= size:
        return batch
    return np.concatenate([batch, np.repeat(batch[-1:], size - len(batch), axis=0)])
