"""Numbers worked out by hand. With two degrees of freedom, p of a two-sided t-test is 1 - t / sqrt(2 + t * t)."""

import math

import pytest

from case_study.statistics import compare, mean_and_spread

B = {0: 0.70, 1: 0.70, 2: 0.70}
E = {0: 0.71, 1: 0.72, 2: 0.73}
H = {0: 0.70, 1: 0.71, 2: 0.72}


def test_mean_and_spread():
    assert mean_and_spread([1, 2, 3, 6]) == (3, pytest.approx(math.sqrt(14 / 3)))
    mean, spread = mean_and_spread([0.5])
    assert mean == 0.5 and math.isnan(spread)


def test_paired_test():
    (one,) = compare({"B": B, "E": E})

    # Differences 0.01, 0.02, 0.03: mean 0.02, standard error 0.01 / sqrt(3), t = 2 sqrt(3).
    assert (one.first, one.second, one.seeds) == ("E", "B", 3)
    assert one.difference == pytest.approx(0.02)
    assert one.p == pytest.approx(1 - math.sqrt(12 / 14))
    # 4.302653 is the 97.5% point of Student's distribution with two degrees of freedom.
    half = 4.302653 * 0.01 / math.sqrt(3)
    assert one.interval == pytest.approx((0.02 - half, 0.02 + half))
    assert one.verdict == "no difference that the seeds could show"


def test_three_comparisons_are_corrected_after_holm():
    found = {(one.first, one.second): one for one in compare({"B": B, "E": E, "H": H})}

    # H - B: 0, 0.01, 0.02, so t = sqrt(3). E - H: three times 0.01, so 2 of 2^3 signs.
    e_b, h_b, e_h = 1 - math.sqrt(12 / 14), 1 - math.sqrt(3 / 5), 0.25
    assert e_b < h_b < e_h
    assert found["E", "B"].p == pytest.approx(3 * e_b)
    assert found["H", "B"].p == pytest.approx(2 * h_b)
    assert found["E", "H"].p == pytest.approx(2 * h_b), "never below the one before"


def test_pairs_are_of_the_same_seed():
    (one,) = compare({"B": {0: 0.5, 1: 0.6, 7: 0.1}, "E": {1: 0.7, 0: 0.5, 8: 0.9}})

    assert (one.seeds, one.difference) == (2, pytest.approx(0.05))


@pytest.mark.parametrize(("first", "verdict"), [(0.1, "E is better"), (-0.1, "B is better")])
def test_a_clear_difference(first, verdict):
    # -> 0.1, 0.1001, 0.1002: far from 0 by the spread.
    better = {seed: 0.5 + first + seed * 0.0001 for seed in range(3)}

    (one,) = compare({"B": dict.fromkeys(range(3), 0.5), "E": better})

    assert one.p < 0.05 and one.verdict == verdict


@pytest.mark.parametrize(("seeds", "p"), [(2, 0.5), (3, 0.25), (10, 2 / 1024)])
def test_differences_without_any_spread_are_not_taken_for_certain(seeds, p):
    (one,) = compare({"B": dict.fromkeys(range(seeds), 0.7), "E": dict.fromkeys(range(seeds), 0.8)})

    assert one.p == p
    assert one.verdict == ("E is better" if seeds == 10 else "no difference that the seeds could show")


def test_no_difference_at_all():
    (one,) = compare({"B": B, "E": B})

    assert (one.difference, one.p, one.interval) == (0, 1, (0, 0))


def test_one_seed_decides_nothing():
    (one,) = compare({"B": {0: 0.5}, "E": {0: 0.9}})

    assert (one.difference, one.interval, one.p) == (pytest.approx(0.4), None, None)
    assert one.verdict == "undecided: at least two seeds are needed"


@pytest.mark.parametrize("accuracies", [{}, {"A": B, "C": E}, {"B": {0: 1.0}, "E": {1: 1.0}}])
def test_without_a_pair_there_is_no_comparison(accuracies):
    assert compare(accuracies) == []
