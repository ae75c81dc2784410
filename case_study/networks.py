"""The nine networks of tables 4.2 to 4.4 of the thesis: from features to identity, three ways.

A, B and C see the features alone; D, E and F also the expression; G, H and I tell both. In each group the first
is the smallest, the second the preferred one and the third an alternative to it.
"""

from collections.abc import Callable

import keras
from keras import KerasTensor, layers

FEATURES = 4096
_UNITS = 1024
_RATE = 0.5
CONFIGURATIONS = tuple("ABCDEFGHI")
EXTRA_INPUT = ("D", "E", "F")
EXTRA_OUTPUT = ("G", "H", "I")
IDENTITY_OUTPUT, EXPRESSION_OUTPUT = "id_output", "exp_output"


def build_network(configuration: str, identities: int, expressions: int, features: int = FEATURES) -> keras.Model:
    """Build one of the nine networks, with Glorot uniform weights.

    Args:
        configuration: a letter from A to I.
        identities: how many people there are to tell apart; 98 in the thesis.
        expressions: how many expressions there are; 7 in the thesis.
        features: length of a feature vector; 4,096 in the thesis.

    Returns:
        Model whose layers are named as in the tables. Its input is `input` (N, features), or for D, E and F the
        list `exp_input` (N, expressions), one-hot, and `feat_input` (N, features). Its output is `output`
        (N, identities), or for G, H and I the list `id_output` (N, identities) and `exp_output`
        (N, expressions), probabilities all.

    Raises:
        ValueError: if there is no such configuration.
    """
    if configuration not in CONFIGURATIONS:
        raise ValueError(
            f"There is no such configuration. Expected one of {', '.join(CONFIGURATIONS)}. "
            f"Received: configuration={configuration!r}"
        )
    inputs, outputs = _BUILDERS[configuration](identities, expressions, features)
    return keras.Model(inputs, outputs, name=f"configuration_{configuration}")


def _hidden(x: KerasTensor, number: int, drop: int) -> KerasTensor:
    """A dense layer `fc<number>` and the dropout `drop<drop>` after it."""
    x = layers.Dense(_UNITS, activation="relu", name=f"fc{number}")(x)
    return layers.Dropout(_RATE, name=f"drop{drop}")(x)


def _softmax(x: KerasTensor, classes: int, name: str) -> KerasTensor:
    return layers.Dense(classes, activation="softmax", name=name)(x)


def _input(features: int, drop: str, name: str = "input") -> tuple[KerasTensor, KerasTensor]:
    """The features, and the same after the dropout that every configuration begins with."""
    given = keras.Input((features,), name=name)
    return given, layers.Dropout(_RATE, name=drop)(given)


def _expression_input(expressions: int) -> KerasTensor:
    return keras.Input((expressions,), name="exp_input")


def _join(expression: KerasTensor, x: KerasTensor) -> KerasTensor:
    return layers.Concatenate(name="concat")([expression, x])


def _a(identities: int, expressions: int, features: int):
    given, x = _input(features, "drop")
    return given, _softmax(x, identities, "output")


def _deep_baseline(depth: int) -> Callable:
    """B with two dense layers, C with three."""

    def build(identities: int, expressions: int, features: int):
        given, x = _input(features, "drop1")
        for number in range(1, depth + 1):
            x = _hidden(x, number, number + 1)
        return given, _softmax(x, identities, "output")

    return build


def _d(identities: int, expressions: int, features: int):
    expression = _expression_input(expressions)
    given, x = _input(features, "drop", "feat_input")
    return [expression, given], _softmax(_join(expression, x), identities, "output")


def _e(identities: int, expressions: int, features: int):
    expression = _expression_input(expressions)
    given, x = _input(features, "drop1", "feat_input")
    x = _join(expression, _hidden(x, 1, 2))
    return [expression, given], _softmax(_hidden(x, 2, 3), identities, "output")


def _f(identities: int, expressions: int, features: int):
    expression = _expression_input(expressions)
    given, x = _input(features, "drop1", "feat_input")
    x = _hidden(_hidden(_join(expression, x), 1, 2), 2, 3)
    return [expression, given], _softmax(x, identities, "output")


def _g(identities: int, expressions: int, features: int):
    given, x = _input(features, "drop")
    return given, [
        _softmax(x, identities, IDENTITY_OUTPUT),
        _softmax(x, expressions, EXPRESSION_OUTPUT),
    ]


def _h(identities: int, expressions: int, features: int):
    given, x = _input(features, "drop1")
    shared = _hidden(_hidden(x, 1, 2), 2, 3)
    return given, [
        _softmax(shared, identities, IDENTITY_OUTPUT),
        _softmax(_hidden(shared, 3, 4), expressions, EXPRESSION_OUTPUT),
    ]


def _i(identities: int, expressions: int, features: int):
    given, x = _input(features, "drop1")
    shared = _hidden(_hidden(x, 1, 2), 2, 3)
    return given, [
        _softmax(_hidden(shared, 3, 4), identities, IDENTITY_OUTPUT),
        _softmax(shared, expressions, EXPRESSION_OUTPUT),
    ]


_BUILDERS = {
    "A": _a,
    "B": _deep_baseline(2),
    "C": _deep_baseline(3),
    "D": _d,
    "E": _e,
    "F": _f,
    "G": _g,
    "H": _h,
    "I": _i,
}
