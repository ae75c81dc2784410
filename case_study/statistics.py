"""Means over seeds, and the paired comparison that answers the research question."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

# The preferred networks of the three approaches: without the expression, given it, telling it.
PAIRS = (("E", "B"), ("H", "B"), ("E", "H"))
_CONFIDENCE = 0.95
# Differences of accuracies closer than this are equal but for rounding.
_EQUAL = 1e-9


@dataclass(frozen=True)
class Comparison:
    """How much better the first configuration's accuracy is than the second's, seed by seed.

    Attributes:
        seeds: how many both were trained with.
        difference: mean of the differences.
        interval: its 95% confidence interval; None with fewer than two seeds.
        p: two-sided, of the paired t-test, or of the sign test where all differences are the same; corrected
            after Holm for all comparisons; None likewise.
    """

    first: str
    second: str
    seeds: int
    difference: float
    interval: tuple[float, float] | None
    p: float | None

    @property
    def verdict(self) -> str:
        """What it says, in words."""
        if self.p is None:
            return "undecided: at least two seeds are needed"
        if self.p >= 1 - _CONFIDENCE:
            return "no difference that the seeds could show"
        return f"{self.first} is better" if self.difference > 0 else f"{self.second} is better"


def mean_and_spread(values: list[float]) -> tuple[float, float]:
    """Mean, and standard deviation of the sample; nan for the latter of one value."""
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")


def compare(accuracies: dict[str, dict[int, float]]) -> list[Comparison]:
    """Compare B, E and H by their accuracies.

    Args:
        accuracies: for each configuration, accuracy by seed.

    Returns:
        A comparison for each of `PAIRS` that has a seed in common.
    """
    found = []
    for first, second in PAIRS:
        seeds = sorted(accuracies.get(first, {}).keys() & accuracies.get(second, {}).keys())
        if seeds:
            differences = np.array([accuracies[first][seed] - accuracies[second][seed] for seed in seeds])
            found.append((first, second, differences))
    corrected = _holm([_p(differences) for *_, differences in found])
    return [
        Comparison(first, second, len(differences), float(differences.mean()), _interval(differences), p)
        for (first, second, differences), p in zip(found, corrected, strict=True)
    ]


def _p(differences: np.ndarray) -> float | None:
    if len(differences) < 2:
        return None
    # The test divides by the spread. Without one, what remains is that all signs are alike: 2 ways out of 2^n.
    if np.ptp(differences) < _EQUAL:
        return 1.0 if abs(differences[0]) < _EQUAL else 2.0 ** (1 - len(differences))
    return float(stats.ttest_1samp(differences, 0).pvalue)


def _interval(differences: np.ndarray) -> tuple[float, float] | None:
    if len(differences) < 2:
        return None
    half = stats.sem(differences) * stats.t.ppf((1 + _CONFIDENCE) / 2, len(differences) - 1)
    return float(differences.mean() - half), float(differences.mean() + half)


def _holm(values: list[float | None]) -> list[float | None]:
    """Holm's step-down correction; what is None stays None."""
    order = sorted((p, place) for place, p in enumerate(values) if p is not None)
    corrected: list[float | None] = [None] * len(values)
    highest = 0.0
    for rank, (p, place) in enumerate(order):
        highest = max(highest, min(1.0, p * (len(order) - rank)))
        corrected[place] = highest
    return corrected
