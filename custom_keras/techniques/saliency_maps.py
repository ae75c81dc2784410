"""Which pixels of an image its class score depends on."""
import numbers
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from keras import ops

from custom_keras import backend
from custom_keras.techniques import relu_rules
from custom_keras.techniques.network import Network
from custom_keras.techniques.pictures import scale_from_zero

VARIANTS = ("absolute", "positive", "negative", "guided")


@dataclass(frozen=True)
class SaliencyOfImage:
    """Saliency of one image.

    Attributes:
        maps: for each variant that was asked for a float32 array `(height, width, 1)`, zero or larger.
        class_index: the class whose score was differentiated.
        score: that score, before softmax.
        details: `class_index`, `score`, `output`, `gradient_norm` (L2 norm of the whole gradient), `ranges`
            `{variant: [smallest, largest]}`, `variants`, and `zero_inputs` of `Network`.
    """

    maps: dict[str, np.ndarray]
    class_index: int
    score: float
    details: dict[str, Any] = field(default_factory=dict)

    def pictures(self) -> dict[str, np.ndarray]:
        """uint8 `(height, width, 1)` for each variant, the largest value white."""
        return {variant: scale_from_zero(array)[0] for variant, array in self.maps.items()}

    def picture(self) -> np.ndarray:
        """The first variant's picture, the content of `saliency_maps.pickle`."""
        return self.pictures()[next(iter(self.maps))]


class SaliencyMaps:
    """Gradient of a class' score before softmax with respect to the image.

    References:
        Simonyan, Vedaldi and Zisserman 2014, Deep inside convolutional networks; section 2.3.3 of the thesis;
        for `guided` Springenberg et al. 2015, Striving for simplicity.

    Args:
        model: the network, or a `Network` that was made of it.
        variant: one or several of `absolute` (size of the gradient), `positive` and `negative` (its positive or
            negative part alone) and `guided` (size of the gradient that ReLU lets pass only where both it and
            the activation are positive). Each is the maximum over the channels.
        class_index: the class; by default the winning one of each image.
        output: name or index of the network's output; by default the first that classifies.
        **options: `image_input`, `other_inputs` and `input_shape` of `Network`.

    Raises:
        ValueError: if a variant, the output or the class is not there.
    """

    def __init__(
        self,
        model: keras.Model | Network,
        *,
        variant: str | Sequence[str] = "absolute",
        class_index: int | None = None,
        output: str | int | None = None,
        **options: Any,
    ):
        self.network = Network.of(model, **options)
        self.variants = _check_variants(variant)
        self._slot, self._replaced, self.output = self.network.scores(output)
        classes = self.network.graph.shape(self._slot)[1]
        self.class_index = _check_class(class_index, classes)
        steps = self.network.graph.needed([self._slot])
        self._guided = relu_rules.replaced(steps, relu_rules.guided) | self._replaced
        self._run = backend.compiled(self._compute, self.network.model.variables)

    def draw(self, images: np.ndarray) -> list[SaliencyOfImage]:
        """Saliency of a batch.

        Args:
            images: `(N, ...)` in the network's own shape and values.

        Returns:
            One result per image.

        Raises:
            ValueError: if the images do not fit the network.
        """
        maps, classes, scores, norms = self._run(self.network.check_images(images))
        return [
            self._of_image({variant: maps[variant][n][..., None] for variant in self.variants},
                           int(classes[n]), float(scores[n]), float(norms[n]))
            for n in range(len(images))
        ]

    def _of_image(self, maps: dict[str, np.ndarray], index: int, score: float, norm: float) -> SaliencyOfImage:
        details = {
            "class_index": index,
            "score": score,
            "output": self.output,
            "gradient_norm": norm,
            "variants": list(maps),
            "ranges": {variant: [float(array.min()), float(array.max())] for variant, array in maps.items()},
        }
        if self.network.zero_inputs:
            details["zero_inputs"] = self.network.zero_inputs
        return SaliencyOfImage(maps, index, score, details)

    def _compute(self, images):
        maps, found = {}, None
        if set(self.variants) != {"guided"}:
            gradient, found = backend.gradient(lambda x: self._score(x, self._replaced), images)
            parts = {"absolute": ops.abs, "positive": ops.relu, "negative": lambda x: ops.relu(-x)}
            maps = {v: self._over_channels(parts[v](gradient)) for v in self.variants if v in parts}
        if "guided" in self.variants:
            guided, found_guided = backend.gradient(lambda x: self._score(x, self._guided), images)
            maps["guided"] = self._over_channels(ops.abs(guided))
            gradient, found = (guided, found_guided) if found is None else (gradient, found)
        norms = ops.sqrt(ops.sum(ops.square(gradient), axis=tuple(range(1, len(gradient.shape)))))
        return maps, *found, norms

    def _score(self, images, replaced):
        scores = self.network.graph.run(self.network.feed(images), [self._slot], replaced)[0]
        scores = ops.cast(scores, "float32")
        if self.class_index is None:
            classes = ops.argmax(scores, axis=1)
        else:
            classes = ops.full((ops.shape(scores)[0],), self.class_index, dtype="int32")
        score = ops.take_along_axis(scores, ops.expand_dims(classes, 1), axis=1)[:, 0]
        return score, (classes, score)

    def _over_channels(self, gradient):
        if len(gradient.shape) == 3:
            return gradient
        return ops.max(gradient, axis=1 if self.network.channels_first else -1)


def _check_variants(variant: str | Sequence[str]) -> tuple[str, ...]:
    variants = (variant,) if isinstance(variant, str) else tuple(variant)
    if not variants or not set(variants) <= set(VARIANTS):
        raise ValueError(f"There is no such saliency map. Expected one or several of {VARIANTS}. "
                         f"Received: variant={variant!r}")
    return variants


def _check_class(index: int | None, classes: int) -> int | None:
    if index is None:
        return None
    if not isinstance(index, numbers.Integral) or isinstance(index, bool) or not 0 <= index < classes:
        raise ValueError(f"There is no such class. Expected 0 to {classes - 1}. Received: class_index={index!r}")
    return int(index)
