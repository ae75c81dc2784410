"""Finds each batch's own loss and metrics, although Keras 3 hands callbacks the means of the epoch so far."""
import math

import keras

from custom_keras.backend import scalar_reader


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
        self._rules = [_RULES.get(type(metric).result) if (metric := trackers.get(name)) else None for name in logs]
        self._keys = list(logs)
        self.names = [
            f"running_{name}" if name in trackers and rule is None else name
            for name, rule in zip(logs, self._rules, strict=True)
        ]
        self._reads = [
            [scalar_reader(model, variable) for variable in trackers[name].variables] if rule else []
            for name, rule in zip(logs, self._rules, strict=True)
        ]
        self.begin_epoch()

    def begin_epoch(self) -> None:
        """Keras has reset the metrics."""
        self._sums = [(0.0, 0.0)] * len(self._keys)

    def values(self, logs: dict[str, float]) -> list[float]:
        """The own values of the batch that has just been trained, in the order of `names`."""
        return [self._value(place, logs.get(key, math.nan)) for place, key in enumerate(self._keys)]

    def _value(self, place: int, running: float) -> float:
        rule, running = self._rules[place], float(running)
        if rule is None:
            return running
        total, count = self._reads[place][0](), 0.0
        if rule is not _sum:
            count = _whole_count(total, running) if rule is _mean else None
            count = self._reads[place][1]() if count is None else count
            if not count:
                # Nothing was ever added: a training step of the user's own logs a value itself.
                return running
        old_total, old_count = self._sums[place]
        self._sums[place] = total, count
        return rule(total - old_total, count - old_count)


def _whole_count(total: float, mean: float) -> int | None:
    """The count behind a mean, where it is a whole number beyond doubt; that saves reading a variable."""
    count = total / mean if mean else 0.0
    if not 0.5 < count < 1e6:  # neither does nan
        return None
    whole = round(count)
    return whole if abs(count - whole) < 2e-7 * whole else None


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


def _mean(total: float, count: float) -> float:
    return total / count if count > 0 else math.nan


def _root_mean(total: float, count: float) -> float:
    mean = _mean(total, count)
    return math.sqrt(mean) if mean >= 0 else math.nan


def _sum(total: float, count: float) -> float:
    return total


# How a metric's own value comes from what its variables grew by; for others, only Keras can tell their value.
_RULES = {
    keras.metrics.Mean.result: _mean,
    keras.metrics.RootMeanSquaredError.result: _root_mean,
    keras.metrics.Sum.result: _sum,
}
