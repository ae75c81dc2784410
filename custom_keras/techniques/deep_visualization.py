"""What a unit of a network looks for: an image made for it to be as active as possible."""
import numbers
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops

from custom_keras import backend
from custom_keras.techniques.layer_calls import LayerCall
from custom_keras.techniques.network import Network
from custom_keras.techniques.pictures import range_of, reconstruction
from custom_keras.techniques.regularization import Regularization

NOISE_STD = 10.0
# The four useful combinations of table 2.1 of the thesis, named after what it says about their pictures.
DEEP_VISUALIZATION_PRESETS = {
    "sparse": {"blur_interval": 4, "blur_std": 0.5, "norm_percentile": 50},
    "high_frequency": {"l2_decay": 0.3, "norm_percentile": 20},
    "low_frequency": {"l2_decay": 0.0001, "blur_interval": 4, "blur_std": 1.0},
    "dense": {"blur_interval": 4, "blur_std": 0.5, "abs_contribution_percentile": 90},
}
UnitIndex = int | tuple[int, ...]


@dataclass(frozen=True)
class UnitImage:
    """The image found for a unit.

    Attributes:
        array: float32 `(height, width, channels)` in the values that the network takes.
        layer_name: the layer's name.
        unit_index: the unit, as it was asked for.
        loss_value: the unit's activation for that image, before softmax.
    """

    array: np.ndarray
    layer_name: str
    unit_index: UnitIndex
    loss_value: float


@dataclass(frozen=True)
class DeepVisualizationResult:
    """The images of all units, in the order they were asked for.

    Attributes:
        units: one per unit.
        details: `seed`, and per unit in `units`: `layer`, `unit_index`, `loss_value`, `range`; `zero_inputs`.
    """

    units: list[UnitImage]
    details: dict[str, Any] = field(default_factory=dict)

    def pictures(self, postprocess=None) -> list[tuple[np.ndarray, str, UnitIndex, float]]:
        """`[(uint8 (height, width, channels), layer_name, unit_index, loss_value), ...]`, the content of
        `deep_visualization.pickle`. See `pictures.reconstruction`.
        """
        return [(reconstruction(unit.array, postprocess)[0], unit.layer_name, unit.unit_index, unit.loss_value)
                for unit in self.units]


class DeepVisualization:
    """Images that activate units, by regularized gradient ascent from noise.

    Each step adds the gradient of the unit's activation times the learning rate, and regularizes (see
    `Regularization`). All steps run as one compiled loop, with all units of a layer as one batch. Where a layer ends
    with softmax, the activation is the one before it.

    References:
        Yosinski et al. 2015, Understanding neural networks through deep visualization; section 2.3.5 of the thesis.

    Args:
        model: the network, or a `Network` that was made of it.
        units_to_visualize: `[(layer, unit_index), ...]`; the layer by number or name, the index a whole number for
            layers with units, and for feature maps a tuple of three in the order of the layer's output.
        learning_rate: factor of the gradient, larger than 0.
        no_of_iterations: how many steps, 1 or more.
        l2_decay, blur_interval, blur_std, value_percentile, norm_percentile, contribution_percentile,
            abs_contribution_percentile: see `Regularization`; each is off at its default.
        seed: repeats the pictures, whatever else draws random numbers; by default each drawing begins with noise of
            its own, whose seed is in the details.
        **options: `image_input`, `other_inputs` and `input_shape` of `Network`.

    Raises:
        ValueError: if a unit is not there or a number is out of its range.
    """

    def __init__(
        self,
        model: keras.Model | Network,
        units_to_visualize: Sequence[tuple[int | str, UnitIndex]],
        learning_rate: float,
        no_of_iterations: int,
        l2_decay: float = 0,
        blur_interval: int = 0,
        blur_std: float = 0,
        value_percentile: float = 0,
        norm_percentile: float = 0,
        contribution_percentile: float = 0,
        abs_contribution_percentile: float = 0,
        *,
        seed: int | None = None,
        **options: Any,
    ):
        self.settings = {"learning_rate": learning_rate, "no_of_iterations": no_of_iterations}
        self.regularization = Regularization(
            l2_decay, blur_interval, blur_std, value_percentile, norm_percentile, contribution_percentile,
            abs_contribution_percentile,
        )
        self.settings |= asdict(self.regularization)
        check_ascent(learning_rate, no_of_iterations, seed)
        self.seed = seed
        self.network = Network.of(model, **options)
        self.units = check_units(self.network, units_to_visualize)
        self.image_shape = _fixed_shape(self.network)
        self._runs = {slot: self._compile(slot) for slot in dict.fromkeys(call.slot for call, _ in self.units)}

    def draw(self) -> DeepVisualizationResult:
        """Make the images for the network's current weights."""
        seed = int(np.random.SeedSequence().generate_state(1)[0]) if self.seed is None else self.seed
        noise = np.random.default_rng(seed).normal(0, NOISE_STD, (len(self.units), *self.image_shape))
        images, losses = noise.astype("float32"), np.zeros(len(self.units))
        for slot, run in self._runs.items():
            mine = [n for n, (call, _) in enumerate(self.units) if call.slot == slot]
            indices = np.array([np.atleast_1d(self.units[n][1]) for n in mine], "int32")
            images[mine], losses[mine] = run(images[mine], indices)
        return self._result(self.network.as_pictures(images), losses, seed)

    def _result(self, images: np.ndarray, losses: np.ndarray, seed: int) -> DeepVisualizationResult:
        units = [
            UnitImage(image, call.name, index, float(loss))
            for image, loss, (call, index) in zip(images, losses, self.units, strict=True)
        ]
        said = [
            {"layer": call.label, "unit_index": index, "loss_value": unit.loss_value,
             "range": list(range_of(unit.array))}
            for unit, (call, index) in zip(units, self.units, strict=True)
        ]
        details = {"seed": seed, "units": said}
        if self.network.zero_inputs:
            details["zero_inputs"] = self.network.zero_inputs
        return DeepVisualizationResult(units, details)

    def _compile(self, slot: int):
        """The whole ascent for units of the layer behind a slot."""
        slot, replaced = self.network.without_softmax(slot)

        def activation(images, indices):
            features = self.network.graph.run(self.network.feed(images), [slot], replaced)[0]
            values = ops.cast(_pick(features, indices), "float32")
            return values, values

        def ascend(images, indices):
            regularize = self.regularization.compiled_for(self.image_shape, self.network.channels_first)

            def step(number, images):
                gradient, _ = backend.gradient(lambda x: activation(x, indices), images)
                images = images + self.settings["learning_rate"] * gradient
                return regularize(images, gradient, number + 1)

            images = backend.loop(self.settings["no_of_iterations"], step, images)
            return images, activation(images, indices)[0]

        return backend.compiled(ascend, self.network.model.variables)


def check_ascent(learning_rate: float, no_of_iterations: int, seed: int | None = None) -> None:
    """Check what can be checked without the network.

    Raises:
        ValueError: if the learning rate is not larger than 0, if there is no iteration, or if the seed is none.
    """
    if seed is not None and not (isinstance(seed, numbers.Integral) and seed >= 0):
        raise ValueError(f"The seed is none. Expected a whole number from 0 up, or None. Received: seed={seed!r}")
    if not (isinstance(learning_rate, numbers.Real) and 0 < learning_rate < float("inf")):
        raise ValueError(f"The learning rate is out of range. Expected a number larger than 0. "
                         f"Received: learning_rate={learning_rate!r}")
    if not (isinstance(no_of_iterations, numbers.Integral) and no_of_iterations > 0):
        raise ValueError(f"There is nothing to do. Expected 1 iteration or more. "
                         f"Received: no_of_iterations={no_of_iterations!r}")


def check_units(
    network: Network, units: Sequence[tuple[int | str, UnitIndex]]
) -> list[tuple[LayerCall, UnitIndex]]:
    """Find the units.

    Raises:
        ValueError: if there is none, or if a layer or an index is not there.
    """
    check_form(units)
    return [_check_unit(network, unit) for unit in units]


def check_form(units: Sequence[tuple[int | str, UnitIndex]]) -> None:
    """Check what can be checked of the units without the network.

    Raises:
        ValueError: if there is none, or if one is not `(layer, unit_index)`.
    """
    if not isinstance(units, tuple | list) or not units:
        raise ValueError("There is no unit to visualize. Expected [(layer, unit_index), ...]. "
                         f"Received: units_to_visualize={units!r}")
    for unit in units:
        if not isinstance(unit, tuple | list) or len(unit) != 2:
            raise ValueError(f"This is no unit. Expected (layer, unit_index). Received: {unit!r}")


def _check_unit(network: Network, unit: Any) -> tuple[LayerCall, UnitIndex]:
    call, index = network.layer(unit[0]), unit[1]
    given = tuple(index) if isinstance(index, tuple | list | np.ndarray) else (index,)
    sizes = call.shape[1:]
    whole = all(isinstance(i, numbers.Integral) and not isinstance(i, bool) for i in given)
    if len(given) != len(sizes) or not whole:
        form = "a whole number" if len(sizes) == 1 else f"a tuple of {len(sizes)} whole numbers"
        raise ValueError(f"The unit index does not fit {call.label}, whose output has the shape {call.shape}. "
                         f"Expected {form}. Received: unit_index={index!r}")
    if not all(i >= 0 and (size is None or i < size) for i, size in zip(given, sizes, strict=True)):
        raise ValueError(f"{call.label} has no such unit. Expected an index within {sizes}. "
                         f"Received: unit_index={index!r}")
    given = tuple(int(i) for i in given)
    return call, given if len(sizes) > 1 else given[0]


def _fixed_shape(network: Network) -> tuple[int, ...]:
    if None in network.image_shape:
        raise ValueError("The size of the images to make is not known. Expected a network with a fixed input size. "
                         f"Received: {network.image_shape}")
    return network.image_shape


def _pick(features: Any, indices: Any) -> Any:
    """One value per image: `(N, ...)` at `(N, rank - 1)` indices."""
    image = ops.reshape(features, (ops.shape(features)[0], -1))
    flat = 0
    for axis, size in enumerate(ops.shape(features)[1:]):
        flat = flat * size + indices[:, axis]
    return ops.take_along_axis(image, ops.expand_dims(flat, 1), axis=1)[:, 0]
