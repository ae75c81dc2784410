"""Finds each batch's own loss and metrics, although Keras 3 hands callbacks the means of the epoch so far."""
import math
from collections.abc import Callable

import keras


class BatchMetrics:
    """The batch's own value of every metric that Keras logs.

    Keras' means add up a total and a count, so the batch's own mean is what both have grown by since the batch
    before. That holds whatever weighs the samples and however many a batch has. It is read from the variables
    of the metrics, which stay as they are.

    Keras adds up in float32: an own value is exact to about one ten millionth of the epoch's total so far,
    divided by the batch's samples.

    Args:
        model: the compiled network, after its first batch.
        logs: what Keras logs for that batch.

    Attributes:
        names: a name for each value: as Keras has it, with `running_` in front where the metric cannot be
            split into batches (such as the area under a curve), so that Keras' own running value is given.
    """

    def __init__(self, model: keras.Model, logs: dict[str, float]):
        trackers = _trackers(model)
        self._rules = [_rule(trackers.get(name)) for name in logs]
        self._keys = list(logs)
        self.names = [
            f"running_{name}" if name in trackers and rule is None else name
            for name, rule in zip(logs, self._rules, strict=True)
        ]
        self._variables = [
            list(trackers[name].variables) if rule else []
            for name, rule in zip(logs, self._rules, strict=True)
        ]
        self._reader = VariableReader(
            model, "metrics_variables", [v for variables in self._variables for v in variables]
        )
        self.begin_epoch()

    def begin_epoch(self) -> None:
        """Keras has reset the metrics."""
        self._before = [0.0] * sum(map(len, self._variables))

    def values(self, logs: dict[str, float]) -> list[float]:
        """The own values of the batch that has just been trained, in the order of `names`."""
        now, before = self._reader.read(), self._before
        self._before = now
        values = []
        start = 0
        for key, rule, variables in zip(self._keys, self._rules, self._variables, strict=True):
            end = start + len(variables)
            total, old = now[start:end], before[start:end]
            start = end
            # Nothing was ever added where a training step of the user's own logs values itself.
            untouched = rule is None or not any(total)
            values.append(logs.get(key, math.nan) if untouched else rule(total, old))
        return values


class VariableReader:
    """Reads numbers out of a network's variables in the middle of an epoch.

    With JAX, the network's variables are empty while an epoch runs. Filling them, as Keras does when a
    callback asks for its model, copies all weights; looking at the trainer's state does not.

    Args:
        model: the compiled network.
        kind: which of the network's lists of variables they belong to.
        variables: scalar variables.
    """

    def __init__(self, model: keras.Model, kind: str, variables: list[keras.Variable]):
        self._model = model
        self._kind = kind
        self._variables = variables
        self._places = None
        if keras.backend.backend() == "jax":
            own = model.optimizer.variables if kind == "optimizer_variables" else getattr(model, kind)
            places = {id(variable): place for place, variable in enumerate(own)}
            self._places = [places[id(variable)] for variable in variables]

    def read(self) -> list[float]:
        """The numbers as they are now."""
        state = getattr(self._model, "_jax_state", None) if self._places is not None else None
        if state:
            values = state[self._kind]
            return [float(values[place]) for place in self._places]
        return [float(variable) for variable in self._variables]


def _trackers(model: keras.Model) -> dict[str, keras.metrics.Metric]:
    """The metric behind each name in the logs."""
    trackers = {}
    for metric in model.metrics:
        # What was given to `compile` is one metric that holds the others and names them by output.
        inner = getattr(metric, "metrics", None)
        if metric.name == "compile_metrics" and inner:
            names = metric.result()
            if len(names) == len(inner):
                trackers.update(zip(names, inner, strict=True))
        elif not inner:
            trackers[metric.name] = metric
    return trackers


def _mean(now: list[float], before: list[float]) -> float:
    count = now[1] - before[1]
    return (now[0] - before[0]) / count if count > 0 else math.nan


def _root_mean(now: list[float], before: list[float]) -> float:
    mean = _mean(now, before)
    return math.sqrt(mean) if mean >= 0 else math.nan


def _sum(now: list[float], before: list[float]) -> float:
    return now[0] - before[0]


_RULES = {
    keras.metrics.Mean.result: _mean,
    keras.metrics.RootMeanSquaredError.result: _root_mean,
    keras.metrics.Sum.result: _sum,
}


def _rule(metric: keras.metrics.Metric | None) -> Callable | None:
    """How a metric's own value comes from its variables; None where only Keras can tell its value."""
    return _RULES.get(type(metric).result) if metric is not None else None
