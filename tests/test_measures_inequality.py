"""Inequality of wealth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measured import fickle_frames, made

from repunet.analysis.measures.inequality import gini, top_share
from repunet.analysis.measures.measure import Rate, RoundSpan

AT = RoundSpan(1, 1)
fortunes = st.lists(st.integers(0, 1000), min_size=1, max_size=30).filter(any)


def having(wealth: list[float]):
    return made(payoffs=[{"round": 1, "agent": str(n), "wealth": w} for n, w in enumerate(wealth)])


@settings(max_examples=15)
@given(fortunes, st.floats(0.01, 100))
def test_the_gini_is_the_mean_difference_whatever_the_currency(
    wealth: list[int], rate: float
) -> None:
    held = np.array(wealth, dtype=float)
    expected = np.abs(held[:, None] - held).mean() / (2 * held.mean())
    found = gini(having(wealth), AT).value
    assert found == pytest.approx(expected)
    assert 0 <= round(found, 12) <= 1 - 1 / len(wealth) + 1e-9
    assert gini(having(list(held * rate)), AT).value == pytest.approx(expected)


@settings(max_examples=15)
@given(fortunes)
def test_the_richest_tenth_have_at_least_a_tenth(wealth: list[int]) -> None:
    assert 0.1 - 1e-12 <= top_share(having(wealth), AT).value <= 1 + 1e-12


@pytest.mark.parametrize("agents", [2, 10, 20, 25])
def test_where_all_have_the_same_a_tenth_has_a_tenth(agents: int) -> None:
    assert top_share(having([3] * agents), AT).value == pytest.approx(0.1)
    assert gini(having([3] * agents), AT).value == pytest.approx(0.0)


def test_two_of_twenty_are_the_richest_tenth() -> None:
    assert top_share(having([1] * 18 + [9, 9]), AT).value == pytest.approx(0.5)


@pytest.mark.parametrize("wealth", [[0, 0], [-1, 2], []])
def test_debts_and_nothing_at_all_have_no_inequality(wealth: list[float]) -> None:
    nothing = Rate(None, len(wealth), 0)
    assert gini(having(wealth), AT) == top_share(having(wealth), AT) == nothing


def test_having_nothing_is_no_debt() -> None:
    assert gini(having([0, 1]), AT) == Rate(0.5, 2, 0)
    assert top_share(having([0, 1]), AT) == Rate(0.2, 2, 0)


def test_wealth_is_that_at_the_end_of_the_span() -> None:
    frames = fickle_frames("pd")
    earned = frames["payoffs"]
    held = earned[earned["round"] == 4].wealth
    expected = np.abs(np.subtract.outer(held.to_numpy(), held.to_numpy())).mean() / (
        2 * held.mean()
    )
    assert gini(frames, RoundSpan(2, 4))[:2] == (pytest.approx(expected), 8)
