"""Randomness by address."""

from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repunet.chance import draw, gumbel, normal, pick, shuffled

addresses = st.lists(st.one_of(st.text(), st.integers()), max_size=4)
seeds = st.integers()


@pytest.mark.slow
@given(seeds, addresses)
def test_a_draw_is_a_number_between_zero_and_one_that_can_be_had_again(
    seed: int, address: list[object]
) -> None:
    drawn = draw(seed, *address)
    assert 0 < drawn < 1
    assert draw(seed, *address) == drawn


def test_draws_are_the_same_on_every_machine() -> None:
    assert draw(1, "r1", "coin", "A01") == 0.29309204526724353


def test_every_part_of_an_address_counts() -> None:
    addresses = [(1,), (2,), (1, "a"), (1, "b"), (1, "a", "b"), (1, "b", "a"), (1, "ab"), (11, "a")]
    assert len({draw(*address) for address in addresses}) == len(addresses)


def test_draws_are_even() -> None:
    tenths = [0] * 10
    for number in range(5000):
        tenths[int(10 * draw(7, "even", number))] += 1
    assert 400 < min(tenths) <= max(tenths) < 600


@pytest.mark.slow
@given(st.lists(st.text(max_size=3), unique=True), seeds)
def test_a_shuffle_does_not_depend_on_the_order_things_came_in(items: list[str], seed: int) -> None:
    order = shuffled(items, seed, "shuffle")
    assert sorted(order) == sorted(items)
    assert shuffled(reversed(items), seed, "shuffle") == order


@given(st.lists(st.integers(), min_size=1), seeds)
def test_a_pick_is_one_of_those_there(items: list[int], seed: int) -> None:
    assert pick(items, seed, "pick") in items


def test_nothing_can_be_picked_where_nothing_is() -> None:
    with pytest.raises(IndexError):
        pick([], 1)


@given(seeds, addresses)
def test_no_draw_is_too_extreme_to_be_transformed(seed: int, address: list[object]) -> None:
    drawn = draw(seed, *address)
    assert isfinite(gumbel(drawn))
    assert isfinite(normal(drawn))


def test_normal_numbers_are_centred_and_gumbel_numbers_are_not() -> None:
    assert normal(0.5) == 0
    assert normal(0.975) == pytest.approx(1.96, abs=0.001)
    assert gumbel(0.5) == pytest.approx(0.3665, abs=0.0001)
