"""Statistics over runs: as scipy computes them, and None where they are not defined."""

import math
from collections.abc import Callable
from itertools import combinations, product
from statistics import fmean, stdev
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from repunet.analysis.statistics import (
    complete_pairs,
    fisher_mean,
    hedges,
    holm,
    interval,
    paired_t,
    permutation,
    runs_to_reach,
    slope,
    smallest_p,
    too_few,
    welch,
)
from repunet.analysis.statistics.difference import DRAWN, EXACT
from repunet.analysis.statistics.effect import correction

rates = st.integers(0, 20).map(lambda twentieths: twentieths / 20)
arms = st.lists(rates, min_size=2, max_size=6)
FULL = [0.93, 0.91, 0.97, 0.88, 0.95]
NONE = [0.09, 0.31, 0.12, 0.2, 0.05]


def test_the_interval_is_that_of_scipy() -> None:
    found, n = interval(FULL), len(FULL)
    low, high = stats.t.interval(0.95, n - 1, fmean(FULL), stats.sem(FULL))
    assert (found.low, found.high) == pytest.approx((low, high))
    assert (found.mean, found.sd, found.n) == (fmean(FULL), pytest.approx(stdev(FULL)), n)


def test_the_interval_by_hand() -> None:
    found = interval([1, 2, 3])  # t(2) = 4.3027, s = 1
    assert found.high == pytest.approx(2 + 4.3027 / math.sqrt(3), abs=1e-4)


def test_an_interval_covers_the_truth_in_nineteen_of_twenty_studies() -> None:
    draws = np.random.default_rng(3).normal(0.5, 0.1, (2000, 5))
    found = [interval(list(study)) for study in draws]
    covered = fmean(each.low <= 0.5 <= each.high for each in found if each.low and each.high)
    assert covered == pytest.approx(0.95, abs=0.015)


def test_what_is_not_defined_in_a_run_does_not_count() -> None:
    assert interval([0.5, None, float("nan"), 0.7]) == interval([0.5, 0.7])
    assert complete_pairs([1, None, 3], [None, 5, 6]) == ([3.0], [6.0])


@pytest.mark.parametrize("test", [welch, paired_t, permutation, hedges])
def test_a_single_run_gets_no_p_value_and_no_interval(test: Callable[..., Any]) -> None:
    found = test([0.9], [0.1])
    assert (getattr(found, "p", None), found.low, found.high, found.n) == (None, None, None, (1, 1))
    one = interval([0.9])
    assert (one.mean, one.low, one.high, one.sd, one.n) == (0.9, None, None, None, 1)
    alone = slope([1, 2, 3], [1, 2, 4], [1, 1, 1])
    assert (alone.slope, alone.se, alone.p, alone.n) == (pytest.approx(1.5), None, None, 1)


def test_no_run_at_all_gives_nothing() -> None:
    assert interval([None]).mean is None
    assert (welch([], [1, 2]).difference, welch([], [1, 2]).n) == (None, (0, 2))
    assert fisher_mean([]).mean is None
    assert slope([], [], []).slope is None


def test_welch_is_that_of_scipy() -> None:
    found = welch(FULL, NONE[:3])
    theirs = stats.ttest_ind(FULL, NONE[:3], equal_var=False)
    within = theirs.confidence_interval(0.95)
    assert found.p == pytest.approx(theirs.pvalue)
    assert (found.low, found.high) == pytest.approx((within.low, within.high))
    assert (found.df, found.n) == (pytest.approx(theirs.df), (5, 3))


def test_the_paired_test_is_that_of_scipy() -> None:
    found, theirs = paired_t(FULL, NONE), stats.ttest_rel(FULL, NONE)
    within = theirs.confidence_interval(0.95)
    assert found.p == pytest.approx(theirs.pvalue)
    assert (found.low, found.high) == pytest.approx((within.low, within.high))


def test_one_arm_without_variance_is_tested_against_the_other() -> None:
    found = welch([1, 1, 1], [0.5, 0.6, 0.7])
    assert found.p == pytest.approx(stats.ttest_1samp([0.5, 0.6, 0.7], 1).pvalue)
    assert hedges([1, 1, 1], [0.5, 0.6, 0.7]).g is not None


@pytest.mark.parametrize(("a", "b"), [([1, 1], [0, 0]), ([0.1 + 0.2, 0.3], [0.3, 0.3])])
def test_two_arms_without_variance_have_a_difference_and_no_test(a: Any, b: Any) -> None:
    found = welch(a, b)
    assert found.difference == pytest.approx(a[0] - b[0])
    assert (found.p, found.low, found.high) == (None, None, None)
    assert paired_t(a, b).p is None
    assert hedges(a, b).g is None
    assert permutation(a, b).p is not None


@pytest.mark.parametrize("paired", [False, True])
def test_permutations_are_counted_by_hand(paired: bool) -> None:
    a, b = [3.0, 5.0, 1.0], [2.0, 0.0, 1.5]
    seen = fmean(a) - fmean(b)
    if paired:
        flips = product((1, -1), repeat=3)
        found = [fmean(s * (x - y) for s, x, y in zip(f, a, b, strict=True)) for f in flips]
    else:
        pool = a + b
        found = [2 * fmean(c) - 2 * fmean(pool) for c in combinations(pool, 3)]
    tail = sum(each >= seen - 1e-9 for each in found) / len(found)
    assert permutation(a, b, paired=paired).p == pytest.approx(2 * tail)


def test_drawn_permutations_are_seeded_and_never_give_zero() -> None:
    a, b = list(range(20)), [x + 30 for x in range(20)]
    assert math.comb(40, 20) > EXACT
    found = permutation(a, b)
    assert found.p == found.smallest_p == 2 / (DRAWN + 1)
    assert permutation(a, [x + 3 for x in a]) == permutation(a, [x + 3 for x in a])
    assert found.method == "permutation, drawn"


def test_drawn_and_exact_permutations_agree() -> None:
    a, b = [*FULL, 0.4, 0.5, 0.6], [*NONE, 0.5, 0.6, 0.7]
    theirs = stats.permutation_test(
        (a, b), lambda x, y, axis: x.mean(axis) - y.mean(axis), n_resamples=np.inf, vectorized=True
    )
    assert permutation(a, b).method == "permutation, drawn"
    assert permutation(a, b).p == pytest.approx(theirs.pvalue, abs=0.01)


def test_five_pairs_cannot_be_significant_and_it_says_so() -> None:
    assert permutation(FULL, NONE, paired=True).p == smallest_p(5, paired=True) == 0.0625
    assert "5 pairs of runs can't give a two-sided permutation p below .0625" in too_few(
        5, paired=True
    )
    assert too_few(6, paired=True) == too_few(5, paired=False) == ""
    assert "3 and 2 runs" in too_few(3, paired=False, other=2)
    assert "single run" in too_few(1, paired=False, other=5)


@given(st.integers(2, 6), st.integers(2, 6))
def test_no_exact_test_gives_less_than_the_smallest_p(n: int, m: int) -> None:
    a, b = list(range(100, 100 + n)), list(range(m))
    assert permutation(a, b).p == pytest.approx(smallest_p(n, paired=False, other=m))
    assert permutation(a[:m], b[:n], paired=True).p == smallest_p(min(n, m), paired=True)


@pytest.mark.parametrize("paired", [False, True])
def test_so_many_runs_are_just_enough(paired: bool) -> None:
    enough = runs_to_reach(0.01, paired=paired)
    assert (smallest_p(enough, paired=paired) or 1) <= 0.01
    assert (smallest_p(enough - 1, paired=paired) or 1) > 0.01


@given(arms, arms)
def test_which_arm_comes_first_changes_only_the_sign(a: list[float], b: list[float]) -> None:
    for test in (welch, permutation):
        one, other = test(a, b), test(b, a)
        assert one.difference == pytest.approx(-(other.difference or 0))
        assert one.p == pytest.approx(other.p)
    assert hedges(a, b).g == pytest.approx(-g if (g := hedges(b, a).g) is not None else None)


@given(arms, arms)
def test_p_is_a_probability_and_the_interval_holds_zero_where_it_is_large(
    a: list[float], b: list[float]
) -> None:
    found = welch(a, b)
    assume(found.p is not None and found.low is not None and found.high is not None)
    assert 0 <= found.p <= 1
    assert abs(found.p - 0.05) < 1e-9 or (found.low <= 0 <= found.high) == (found.p > 0.05)
    p = permutation(a, b).p
    assert p is not None
    assert 0 < p <= 1


def test_hedges_g_by_hand() -> None:
    found = hedges([1, 2, 3], [0, 1, 2])  # s = 1, d = 1
    exact = math.gamma(2) / (math.sqrt(2) * math.gamma(1.5))
    assert found.g == pytest.approx(exact)
    assert correction(4) == pytest.approx(1 - 3 / (4 * 4 - 1), abs=0.003)


def test_the_limits_of_g_are_those_for_which_the_t_that_was_seen_is_extreme() -> None:
    found, scale = hedges(FULL, NONE), math.sqrt(2 / 5)
    t = float(stats.ttest_ind(FULL, NONE).statistic)
    assert found.low is not None
    assert found.high is not None
    assert stats.nct.cdf(t, 8, found.low / scale) == pytest.approx(0.975, abs=1e-4)
    assert stats.nct.cdf(t, 8, found.high / scale) == pytest.approx(0.025, abs=1e-4)


@pytest.mark.parametrize("paired", [False, True])
def test_g_of_arms_that_hardly_vary_is_large_and_has_limits(paired: bool) -> None:
    found = hedges([0.9, 0.90001, 0.90002], [0.1, 0.10001, 0.1], paired=paired)
    assert found.low is not None
    assert found.high is not None
    assert found.g is not None
    assert 0 < found.low < found.g < found.high


def test_g_of_pairs_is_on_the_same_scale_and_surer_where_pairs_are_alike() -> None:
    a, b = [1.0, 2.0, 3.0, 4.0, 5.0], [0.6, 1.4, 2.6, 3.4, 4.5]
    alone, paired = hedges(a, b), hedges(a, b, paired=True)
    assert paired.g is not None
    assert alone.g == pytest.approx(paired.g, rel=0.2)
    assert (paired.low or -9) > 0 > (alone.low or 9)
    assert hedges([1, 2], [3, 5], paired=True).g is None


@pytest.mark.parametrize(("n", "truth"), [(5, 1), (3, 5)])
def test_an_interval_of_g_covers_the_truth(n: int, truth: float) -> None:
    rng, covered = np.random.default_rng(5), 0
    for _ in range(400):
        found = hedges(list(rng.normal(truth, 1, n)), list(rng.normal(0, 1, n)))
        covered += (found.low or 0) <= truth <= (found.high or 0)
    assert covered / 400 == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize("alike", [0.0, 0.9])
def test_an_interval_of_g_of_pairs_covers_the_truth(alike: float) -> None:
    rng, covered = np.random.default_rng(5), 0
    for _ in range(400):
        seeds = rng.normal(0, math.sqrt(alike), 5)
        one, other = (rng.normal(at, math.sqrt(1 - alike), 5) + seeds for at in (2, 0))
        found = hedges(list(one), list(other), paired=True)
        covered += (found.low or 0) <= 2 <= (found.high or 0)
    assert covered / 400 >= 0.94


def test_holm_by_hand() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.5, None, 0.9]) == [1.0, None, 1.0]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lies_between_p_and_bonferroni_and_keeps_the_order(pvalues: list[float]) -> None:
    adjusted = holm(pvalues)
    for p, after in zip(pvalues, adjusted, strict=True):
        assert after is not None
        assert p <= after <= min(1.0, len(pvalues) * p) + 1e-12
    by_p = [after for _, after in sorted(zip(pvalues, adjusted, strict=True))]
    assert by_p == sorted(by_p, key=lambda each: each or 0.0)


def test_the_slope_is_that_of_least_squares_and_its_error_by_hand() -> None:
    t, y, runs = [1, 2, 3, 1, 2, 3], [0.1, 0.2, 0.3, 0.1, 0.3, 0.4], [7, 7, 7, 8, 8, 8]
    found = slope(t, y, runs)
    assert found.slope == pytest.approx(stats.linregress(t, y).slope)
    # scores of the runs are -.05 and .05; CR1 = 2/1 * 5/4; the sum of squares is 4
    assert found.se == pytest.approx(math.sqrt(2.5 * 0.005) / 4)
    assert found.low == pytest.approx(0.125 - stats.t.ppf(0.975, 1) * (found.se or 0))
    assert (found.n, found.points) == (2, 6)


def test_the_slope_of_one_cluster_a_point_is_nearly_that_of_white() -> None:
    rng = np.random.default_rng(2)
    t = np.arange(400.0)
    y = 0.01 * t + rng.normal(0, 1, 400)
    assert slope(t, y, range(400)).se == pytest.approx(stats.linregress(t, y).stderr, rel=0.1)


def test_runs_that_drift_apart_make_a_slope_uncertain() -> None:
    t = list(range(20)) * 4
    drift = [0.03, 0.0, 0.001, 0.02]
    y = [d * at for d in drift for at in range(20)]
    found = slope(t, y, [run for run in range(4) for _ in range(20)])
    assert found.p is not None
    assert found.p > 0.05 > stats.linregress(t, y).pvalue


def test_a_slope_without_scatter_has_no_p() -> None:
    found = slope([1, 2, 3] * 2, [0.5, 0.5, 0.5] * 2, [1, 1, 1, 2, 2, 2])
    assert (found.slope, found.p, found.se) == (0.0, None, 0.0)
    assert slope([2, 2], [0.1, 0.4], [1, 2]).slope is None
    rounds = list(range(1, 8))
    line = slope(rounds * 2, [0.1 * t + 0.3 for t in rounds] * 2, [1] * 7 + [2] * 7)
    assert (line.slope, line.p, line.se) == (pytest.approx(0.1), None, 0.0)


def test_fishers_mean_by_hand() -> None:
    r = [0.5, 0.7, 0.9]
    z = [math.atanh(each) for each in r]
    low, high = stats.t.interval(0.95, 2, fmean(z), stats.sem(z))
    found = fisher_mean([*r, None])
    assert found.mean == pytest.approx(math.tanh(fmean(z)))
    assert (found.low, found.high) == pytest.approx((math.tanh(low), math.tanh(high)))
    assert (found.n, found.sd) == (3, pytest.approx(stdev(r)))


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=6))
def test_fishers_mean_stays_between_the_correlations(r: list[float]) -> None:
    found = fisher_mean(r)
    assert found.mean is not None
    assert min(r) - 1e-3 <= found.mean <= max(r) + 1e-3
    assert found.low is None or -1 <= found.low <= found.mean
