"""Intervals hold nothing that can't be, cover what they promise, and say how they were made."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repunet.analysis.comparison.comparing import limits
from repunet.analysis.measures.catalogue import MEASURES
from repunet.analysis.rounding import rounded
from repunet.analysis.statistics import SHARE, interval, paired_t, welch

STUDIES, DECISIONS = 4_000, 100


@given(st.lists(st.floats(0, 1), min_size=2, max_size=12))
def test_an_interval_of_a_rate_is_a_part_of_its_range_and_holds_the_mean(
    rates: list[float],
) -> None:
    found = interval(rates, within=SHARE)
    low, mean, high = (float(each or 0.0) for each in (found.low, found.mean, found.high))
    assert 0 <= low <= mean + 1e-9
    assert mean - 1e-9 <= high <= 1


@given(st.lists(st.floats(0, 1), min_size=2, max_size=8), st.integers(0, 99))
def test_a_difference_of_rates_lies_between_minus_one_and_one(
    rates: list[float], seed: int
) -> None:
    others = [float(x) for x in np.random.default_rng(seed).random(len(rates))]
    for test in (welch, paired_t):
        found = test(rates, others, within=(-1.0, 1.0))
        for end in (found.low, found.high):
            assert end is None or -1 <= end <= 1


def test_two_runs_far_apart_rule_out_nearly_nothing_and_nothing_impossible() -> None:
    found = interval([0.2, 0.95], within=SHARE)
    assert (found.low, found.high) == pytest.approx((0.00353, 0.99807), abs=1e-5)
    assert found.form == "Wilson"


def test_a_count_has_no_interval_below_none() -> None:
    found = interval([0.1, 3.0], within=(0.0, None))
    assert (found.low, found.form) == (0.0, "t, cut")


def test_a_value_beyond_a_limit_disproves_it() -> None:
    found = interval([0.5, 1.5], within=SHARE)
    assert found.form == "t, cut"
    assert found.high is not None
    assert found.high > 1.5


def test_pairs_that_never_differ_have_no_interval_and_no_p() -> None:
    found = paired_t([0.5, 0.7, 0.9], [0.5, 0.7, 0.9])
    assert (found.difference, found.low, found.high, found.p) == (0.0, None, None, None)


def test_every_measure_with_a_range_in_its_unit_has_limits() -> None:
    ranged = [name for name, measure in MEASURES.items() if " to " in measure.unit]
    assert ranged
    assert all(None not in limits(name) for name in ranged)


@pytest.mark.parametrize(
    ("value", "shown"), [(0.9975, ".998"), (0.99996, ".9999"), (-0.999, "-.999"), (1.0, "1.00")]
)
def test_nothing_is_rounded_to_one_that_is_not_one(value: float, shown: str) -> None:
    assert rounded(value) == shown


def studies(mean: float, alike: float, runs: int) -> np.ndarray:
    """Return the rates of runs of many studies: of decisions that are alike within a run."""
    random, size = np.random.default_rng(1), 1 / alike - 1
    rates = random.beta(mean * size, (1 - mean) * size, (STUDIES, runs))
    made: np.ndarray = random.binomial(DECISIONS, rates) / DECISIONS
    return made


def covered(mean: float, found: np.ndarray, within: tuple[float | None, float | None]) -> float:
    made = [interval(each.tolist(), within=within) for each in found]
    return float(np.mean([(each.low or 0) <= mean <= (each.high or 0) for each in made]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mean", "alike", "runs", "expected"),
    [
        (0.5, 0.1, 5, 0.949),
        (0.8, 0.1, 3, 0.952),
        (0.9, 0.02, 5, 0.951),
        (0.9, 0.1, 5, 0.932),
        (0.95, 0.1, 5, 0.905),
    ],
)
def test_wilsons_interval_covers_as_its_page_says_and_more_than_that_of_t(
    mean: float, alike: float, runs: int, expected: float
) -> None:
    found = studies(mean, alike, runs)
    assert covered(mean, found, SHARE) == pytest.approx(expected, abs=0.02)
    assert covered(mean, found, SHARE) >= covered(mean, found, (0.0, None)) - 0.005
