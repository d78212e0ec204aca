"""Power: how many runs an arm needs, as the tables say and as simulated studies show."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from repunet.analysis.statistics import needed, needed_from_pilots, power
from repunet.cli import execute


@pytest.mark.parametrize(("d", "runs"), [(0.2, 394), (0.5, 64), (0.8, 26)])
def test_runs_needed_are_those_of_cohens_tables(d: float, runs: int) -> None:
    assert needed((d, 0), (1, 1)).runs == runs


def test_the_power_of_unequal_arms_is_that_of_simulated_studies() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.9, 0.05, (20_000, 8)), rng.normal(0.8, 0.1, (20_000, 8))
    found = (stats.ttest_ind(a, b, axis=1, equal_var=False).pvalue < 0.05).mean()
    assert power((0.9, 0.8), (0.05, 0.1), 8) == pytest.approx(found, abs=0.015)


@given(st.floats(0.02, 1), st.floats(0.01, 0.5), st.floats(0.01, 0.5))
def test_so_many_runs_are_enough_and_one_less_is_not(d: float, one: float, other: float) -> None:
    found = needed((d, 0), (one, other))
    assert found.runs is not None
    assert power((d, 0), (one, other), found.runs) == found.reached
    assert (found.reached or 0) >= 0.8
    assert found.runs == 2 or power((d, 0), (one, other), found.runs - 1) < 0.8


def test_equal_means_need_more_runs_than_there_are() -> None:
    assert needed((0.5, 0.5), (0.1, 0.1)).runs is None
    assert needed((1, 0), (0, 0)).runs == 2


def test_few_pilots_call_for_more_runs_than_their_spread_does() -> None:
    found = needed_from_pilots([0.8, 0.9, 0.85], [0.7, 0.8, 0.7])
    assert found is not None
    assert found.n == (3, 3)
    assert (found.cautious or 0) > (found.runs or 0) > 2
    many = needed_from_pilots([0.8, 0.9, 0.85] * 20, [0.7, 0.8, 0.7] * 20)
    assert many is not None
    assert (many.cautious or 0) <= 2 * (many.runs or 0)


def test_a_single_pilot_run_says_nothing() -> None:
    assert needed_from_pilots([0.8], [0.7, 0.8]) is None


def test_the_command_tells_runs_from_means_and_spreads(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["power", "--means", ".9", ".8", "--sds", ".05", ".1"]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[-2].split() == ["A", "-", "B", ".90,", ".80", ".05,", ".10", "12"]
    assert "at least 4 runs an arm, or 6 pairs" in printed
    assert execute(["power", "--means", ".9", ".8", "--sds", ".05", ".1", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["power"]["runs"] == needed((0.9, 0.8), (0.05, 0.1)).runs


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "--means A B and --sds A B"),
        (["--means", ".9", ".8"], "--means A B and --sds A B"),
        (["--means", ".9", ".8", "--sds", "-1", "1"], "0 or more"),
        (["--means", "nan", ".8", "--sds", "1", "inf"], "take numbers"),
        (["--means", ".9", ".8", "--sds", "1", "1", "--power", "80"], "between 0 and 1"),
        (["x", "--means", ".9", ".8", "--sds", "1", "1"], "either"),
    ],
)
def test_what_can_not_be_computed_is_said_in_a_line(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["power", *words]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert says in line
