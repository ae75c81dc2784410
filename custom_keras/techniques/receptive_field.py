"""Which part of an image an entry of a feature map can see."""
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from custom_keras.techniques.graph import Step
from custom_keras.techniques.layer_calls import LayerCall
from custom_keras.techniques.network import Network

Box = tuple[int, int, int, int]
# What of a tensor's height and of its width is seen, or None for all of it.
Seen = tuple[np.ndarray, np.ndarray] | None

_CONVOLUTIONS = (layers.Conv2D, layers.DepthwiseConv2D, layers.SeparableConv2D)
_POOLS = (layers.MaxPooling2D, layers.AveragePooling2D)
# Each entry depends on the entries at the same place alone, of one or of several inputs.
_POINTWISE = (
    layers.BatchNormalization, layers.Rescaling, layers.Normalization, layers.Identity, layers.Activation,
    layers.ReLU, layers.LeakyReLU, layers.PReLU, layers.ELU, layers.Dropout, layers.SpatialDropout2D,
    layers.GaussianDropout, layers.GaussianNoise, layers.AlphaDropout, layers.ActivityRegularization,
    layers.RandomFlip, layers.RandomRotation, layers.RandomZoom, layers.RandomTranslation,
    layers.RandomContrast, layers.RandomBrightness,
    layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum,
)  # fmt: skip
_POINTWISE_OPERATIONS = {
    "Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Maximum", "Minimum", "Negative", "Absolute", "Square",
    "Sqrt", "Exp", "Log", "Power", "Clip", "Cast", "Identity", "Copy", "StopGradient", "Relu", "Relu6", "ReLU",
    "LeakyRelu", "Elu", "Selu", "Gelu", "Silu", "Sigmoid", "HardSigmoid", "HardSilu", "Tanh", "Softplus",
}  # fmt: skip
# What they let through can be seen by sending ones through: nothing is weighed with less than zero.
_PROBED = (
    layers.Resizing, layers.CenterCrop, layers.RandomCrop, layers.Reshape, layers.Permute, layers.UpSampling2D,
    layers.ZeroPadding2D, layers.Cropping2D,
)
_PROBED_OPERATIONS = {
    "Reshape", "Transpose", "Squeeze", "ExpandDims", "Moveaxis", "SwapAxes", "Flip", "Roll", "GetItem", "Pad",
    "Repeat", "Tile", "BroadcastTo", "MaxPool", "AveragePool", "Mean", "Sum", "Max", "Amax",
}  # fmt: skip


@dataclass(frozen=True)
class Window:
    """What one entry of the output sees along one axis: entry `o` sees `o * stride - before + n * dilation`.

    Attributes:
        size: how many entries.
        stride: from one window to the next.
        dilation: from one entry of it to the next.
        before: entries of padding in front.
    """

    size: int
    stride: int = 1
    dilation: int = 1
    before: int = 0

    def back(self, seen: np.ndarray, length: int) -> np.ndarray:
        """Which of the input's `length` entries are seen through those of the output."""
        found = np.zeros(length, bool)
        places = self._places(np.flatnonzero(seen))
        found[places[(places >= 0) & (places < length)]] = True
        return found

    def back_transposed(self, seen: np.ndarray, length: int) -> np.ndarray:
        """The same through the transposed operation, where an entry of the input is spread over a window."""
        places = self._places(np.arange(length))
        inside = (places >= 0) & (places < len(seen))
        return (inside & seen[np.clip(places, 0, len(seen) - 1)]).any(axis=1)

    def _places(self, entries: np.ndarray) -> np.ndarray:
        return entries[:, None] * self.stride - self.before + np.arange(self.size) * self.dilation


class ReceptiveField:
    """The parts of an image that the entries of a layer's feature maps can see.

    It goes back through the network's own calls, with their windows, strides, dilations and paddings, and takes
    all branches together. Seen is what can change an entry for some weights; a call of which nothing is known
    is taken to see everything.

    Args:
        network: the network.
        layer: a layer with feature maps.
        image_shape: shape of one image; by default that of the network, which must not leave a size free.
    """

    def __init__(self, network: Network, layer: LayerCall, image_shape: tuple[int, ...] | None = None):
        self._network = network
        self._layer = layer
        self._steps = network.graph.needed([layer.slot], [network.image_slot])
        self._shapes = self._find_shapes(tuple(image_shape or network.image_shape))
        self._probes: dict[tuple[Step, int], tuple[np.ndarray, np.ndarray]] = {}

    @property
    def image_size(self) -> tuple[int, int]:
        """Height and width of the image."""
        return self._size(self._network.image_slot)

    @property
    def map_size(self) -> tuple[int, int]:
        """Height and width of the feature maps."""
        return self._size(self._layer.slot)

    def box(self, row: int, column: int) -> Box | None:
        """The smallest rectangle of the image with all that an entry sees, within the image's borders.

        Returns:
            Top, left, bottom and right, the last two exclusive; None for an entry that only sees padding.
        """
        masks = self._spread(row, column).get(self._network.image_slot)
        if masks is None:
            return None
        if masks == "all":
            height, width = self._size(self._network.image_slot)
            return 0, 0, height, width
        rows, columns = (np.flatnonzero(mask) for mask in masks)
        return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1

    def _spread(self, row: int, column: int) -> dict[int, Any]:
        """What is seen of each tensor: two masks, or `all`; nothing is seen of those that are left out."""
        height, width = self._size(self._layer.slot)
        seen: dict[int, Any] = {self._layer.slot: (np.arange(height) == row, np.arange(width) == column)}
        for step in reversed(self._steps):
            for output in set(step.outputs).intersection(seen):
                for place, source in enumerate(step.inputs):
                    _join(seen, source, self._back(step, output, seen[output], place, source))
        return seen

    def _back(self, step: Step, output: int, masks: Any, place: int, source: int) -> Any:
        size, out_size = self._size(source), self._size(output)
        if masks == "all" or size is None or out_size is None:
            return "all"
        operation, name = step.operation, type(step.operation).__name__
        windows = _windows(operation, size, out_size)
        if windows:
            return tuple(window.back(mask, length) for window, mask, length in zip(windows, masks, size, strict=True))
        if isinstance(operation, layers.Conv2DTranspose):
            spread = _transposed_windows(operation, size, out_size)
            return tuple(w.back_transposed(mask, length) for w, mask, length in zip(spread, masks, size, strict=True))
        if isinstance(operation, _POINTWISE) or self._is_pointwise(step, output, source):
            return tuple(_broadcast(mask, length) for mask, length in zip(masks, size, strict=True))
        if isinstance(operation, layers.Concatenate):
            return self._back_concatenated(step, masks, place, size)
        if isinstance(operation, _PROBED) or (not step.is_layer and name in _PROBED_OPERATIONS):
            return self._back_probed(step, output, masks, place, source)
        return "all"

    def _is_pointwise(self, step: Step, output: int, source: int) -> bool:
        if isinstance(step.operation, layers.Dense | layers.LayerNormalization):
            axis = getattr(step.operation, "axis", -1)
            return axis in (-1, (-1,), [-1], 3) and not self._network.channels_first
        name = type(step.operation).__name__
        same_rank = len(self._shapes[output]) == len(self._shapes[source])
        return not step.is_layer and same_rank and name in _POINTWISE_OPERATIONS

    def _back_concatenated(self, step: Step, masks: Any, place: int, size: tuple[int, int]) -> Any:
        """Along the height or the width each input has its part of the output."""
        axis = step.operation.axis % 4
        spatial = self._axes(4)
        if axis not in spatial:
            return masks
        which = spatial.index(axis)
        if sum(self._size(source)[which] for source in step.inputs) != len(masks[which]):
            return "all"  # one tensor several times
        offset = sum(self._size(source)[which] for source in step.inputs[:place])
        mine = list(masks)
        mine[which] = masks[which][offset : offset + size[which]]
        return tuple(mine)

    def _back_probed(self, step: Step, output: int, masks: Any, place: int, source: int) -> Any:
        """Which rows, and which columns, reach what is seen, found by sending each through the call."""
        if len(step.inputs) > 1:
            return "all"
        key = (step, output)
        if key not in self._probes:
            self._probes[key] = tuple(self._probe(step, output, source, axis) for axis in (0, 1))
        wanted = np.outer(*masks)
        return tuple((reached & wanted).any(axis=(1, 2)) for reached in self._probes[key])

    def _probe(self, step: Step, output: int, source: int, which: int) -> np.ndarray:
        """For each row (or column) of a call's input, where it goes: `(length, height, width)`."""
        shape = self._shapes[source]
        axis = self._axes(len(shape))[which]
        spatial = self._axes(len(self._shapes[output]))
        others = tuple(n for n in range(len(self._shapes[output])) if n not in spatial)
        reached = []
        for entry in range(shape[axis]):
            ones = np.zeros(shape, "float32")
            ones[(slice(None),) * axis + (entry,)] = 1
            with keras.StatelessScope():
                results = step.call({source: ops.convert_to_tensor(ones)})
            result = ops.convert_to_numpy(results[step.outputs.index(output)])
            reached.append((result != 0).any(axis=others))
        return np.stack(reached)

    def _axes(self, rank: int) -> tuple[int, int]:
        return (2, 3) if rank == 4 and self._network.channels_first else (1, 2)

    def _size(self, slot: int) -> tuple[int, int] | None:
        """Height and width of a tensor; None for one without. An image without channels has them too."""
        shape = self._shapes[slot]
        if len(shape) == 4 or (len(shape) == 3 and slot == self._network.image_slot):
            return tuple(shape[axis] for axis in self._axes(len(shape)))
        return None

    def _find_shapes(self, image_shape: tuple[int, ...]) -> dict[int, tuple[int, ...]]:
        """Shapes of all tensors on the way for one image; computed where the network leaves sizes free."""
        graph = self._network.graph
        slots = [slot for step in self._steps for slot in (*step.inputs, *step.outputs)]
        shapes = {slot: (1, *graph.shape(slot)[1:]) for slot in (*slots, self._network.image_slot)}
        if not any(None in shape for shape in shapes.values()):
            return shapes
        wanted = sorted({slot for step in self._steps for slot in step.outputs})
        image = keras.KerasTensor((1, *image_shape), name="image")
        found = _Forward(lambda images: graph.run(self._network.feed(images), wanted)).compute_output_spec(image)
        shapes |= {slot: tuple(tensor.shape) for slot, tensor in zip(wanted, found, strict=True)}
        return shapes | {self._network.image_slot: (1, *image_shape)}


class _Forward(keras.Operation):
    """A function whose output shapes Keras finds out; named, as a default name would count up Keras' own names."""

    def __init__(self, function: Callable):
        super().__init__(name="forward")
        self._function = function

    def call(self, images: Any) -> Any:
        return self._function(images)


def _join(seen: dict[int, Any], slot: int, masks: Any) -> None:
    """Add to what is seen of a tensor; masks that are empty along one axis see nothing."""
    if masks != "all" and not all(mask.any() for mask in masks):
        return
    before = seen.get(slot)
    if masks == "all" or before == "all":
        seen[slot] = "all"
    else:
        seen[slot] = masks if before is None else tuple(a | b for a, b in zip(before, masks, strict=True))


def _broadcast(mask: np.ndarray, length: int) -> np.ndarray:
    return np.full(1, mask.any()) if length == 1 else mask


def _windows(operation: Any, size: tuple[int, int], out_size: tuple[int, int]) -> list[Window] | None:
    """The windows of a convolution or a pool, for height and width."""
    if isinstance(operation, layers.Conv2DTranspose) or not isinstance(operation, _CONVOLUTIONS + _POOLS):
        return None
    is_pool = isinstance(operation, _POOLS)
    kernel = _pair(operation.pool_size if is_pool else operation.kernel_size)
    strides = _pair(operation.strides)
    dilation = (1, 1) if is_pool else _pair(operation.dilation_rate)
    windows = zip(kernel, strides, dilation, size, out_size, strict=True)
    return [_padded(*window, same=operation.padding == "same") for window in windows]


def _transposed_windows(layer: Any, size: tuple[int, int], out_size: tuple[int, int]) -> list[Window]:
    """The windows of the convolution that a transposed one reverses: from its output to its input."""
    windows = zip(_pair(layer.kernel_size), _pair(layer.strides), _pair(layer.dilation_rate), out_size, size,
                  strict=True)  # fmt: skip
    return [_padded(*window, same=layer.padding == "same") for window in windows]


def _padded(kernel: int, stride: int, dilation: int, length: int, out_length: int, same: bool) -> Window:
    missing = (out_length - 1) * stride + (kernel - 1) * dilation + 1 - length
    return Window(kernel, stride, dilation, max(missing, 0) // 2 if same else 0)


def _pair(value: Any) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)
