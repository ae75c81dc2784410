"""Which steps of a network deconvolution can go back through."""
from collections.abc import Sequence

from keras import layers

from custom_keras.techniques.activation import activation_of
from custom_keras.techniques.graph import Graph, Step

# Linear in their input for given weights, in inference: they are reversed by the transposed operation.
_LINEAR = (
    layers.Conv2D, layers.Conv2DTranspose, layers.DepthwiseConv2D, layers.SeparableConv2D, layers.Dense,
    layers.BatchNormalization, layers.Rescaling, layers.Normalization,
    layers.AveragePooling2D, layers.GlobalAveragePooling2D,
    layers.ZeroPadding2D, layers.Cropping2D, layers.UpSampling2D, layers.Resizing, layers.CenterCrop,
    layers.Reshape, layers.Flatten, layers.Permute, layers.RepeatVector, layers.Identity,
    layers.Add, layers.Subtract, layers.Average, layers.Concatenate,
)
# They choose among their inputs; the choice made for this image is the switch.
_SWITCHED = (layers.MaxPooling2D, layers.GlobalMaxPooling2D, layers.Maximum, layers.Minimum)
# They do nothing outside of training.
_IDLE = (
    layers.Dropout, layers.SpatialDropout2D, layers.GaussianDropout, layers.GaussianNoise, layers.AlphaDropout,
    layers.ActivityRegularization, layers.RandomFlip, layers.RandomRotation, layers.RandomZoom,
    layers.RandomTranslation, layers.RandomContrast, layers.RandomBrightness, layers.RandomCrop,
)
_ACTIVATIONS = (layers.Activation, layers.ReLU)
_OPERATIONS = {
    "Add", "Subtract", "Negative", "Average", "Mean", "Sum", "Concatenate", "Stack", "Split",
    "Reshape", "Transpose", "Squeeze", "ExpandDims", "Moveaxis", "SwapAxes", "Flip", "Roll", "GetItem", "Pad",
    "Cast", "Identity", "Copy", "Maximum", "Minimum", "Max", "Min", "Amax", "Amin", "MaxPool", "AveragePool",
    "Relu", "Relu6", "ReLU", "StopGradient", "BroadcastTo", "Repeat", "Tile",
}  # fmt: skip
# So many of what cannot be reversed are named in the error.
_NAMED = 5
# Linear only where the other factor is a constant.
_SCALINGS = {"Multiply", "Divide", "TrueDivide"}


def check_reversible(graph: Graph, start: int, target: int, further: Sequence[type] = ()) -> None:
    """Check that everything between two slots can be reversed.

    Args:
        graph: the network.
        start: slot of the image.
        target: slot of the feature maps.
        further: layer classes to accept as well, whose gradient is their reversal.

    Raises:
        ValueError: that names what cannot, and why.
    """
    reached, reasons = {start}, []
    for step in graph.needed([target], [start]):
        if reached.intersection(step.inputs):
            reached.update(step.outputs)
            if not isinstance(step.operation, tuple(further)) and (why := _why_not(step)):
                reasons.append(f"{step.path} ({type(step.operation).__name__}: {why})")
    if target not in reached:
        raise ValueError("The layer does not depend on the image. Expected a layer behind the image input. "
                         f"Received: {graph.producer(target).path}")
    if reasons:
        raise ValueError(
            "The network cannot be reversed up to this layer. Expected convolutions, pooling, batch normalization,"
            " sums, concatenations, reshapes, and ReLU as the only activation, or custom_keras_model_info. "
            f"Received: {'; '.join(reasons[:_NAMED])}{_further(len(reasons) - _NAMED)}"
        )


def _further(count: int) -> str:
    return f"; and {count} more" if count > 0 else ""


def _why_not(step: Step) -> str | None:
    name = type(step.operation).__name__
    if not step.is_layer:
        if name in _SCALINGS:
            return None if _scales_by_a_constant(step) else "a product of what the image gave"
        return None if name in _OPERATIONS else "no reversal known"
    if not isinstance(step.operation, _LINEAR + _SWITCHED + _IDLE + _ACTIVATIONS):
        return "no reversal known"
    activation = activation_of(step)
    return None if activation in (None, "relu", "linear") else f"activation {activation}"


def _scales_by_a_constant(step: Step) -> bool:
    first = (*step.node.arguments.args, *step.node.arguments.kwargs.values())[0]
    return len(step.inputs) == 1 and len(step.node.input_tensors) == 1 and id(first) in step.slots
