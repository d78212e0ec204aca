"""The ledger: what a run may spend is reserved before it is spent."""

import asyncio
from asyncio import CancelledError, Event, Semaphore
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from virtual import run

from repunet.errors import UsageError
from repunet.models.allowance import Allowance
from repunet.models.cancellation import Halted
from repunet.models.ledger import DOLLAR, Exhausted, Ledger, Reservation, Spending

Check = Callable[[Ledger], None]


class Call(NamedTuple):
    tokens: int
    cost: int
    used: float
    """The share of its reservation that it takes; if it is 0, it is not sent."""
    steps: int
    patience: int
    """After so many steps, whoever wants it goes away."""

    async def make(self, ledger: Ledger, check: Check) -> None:
        reservation = await ledger.reserve(self.tokens, self.cost)
        check(ledger)
        try:
            await steps(self.steps)
        except CancelledError:
            ledger.release(reservation)
            raise
        if self.used:
            ledger.settle(reservation, int(self.used * self.tokens), int(self.used * self.cost))
        else:
            ledger.release(reservation)
        check(ledger)

    async def attempt(self, ledger: Ledger, slots: Semaphore, check: Check) -> None:
        async with slots:
            making = asyncio.create_task(self.make(ledger, check))
            await steps(self.patience)
            making.cancel()
            with suppress(Exhausted, CancelledError):
                await making


async def steps(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def every(*shares: float) -> st.SearchStrategy[list[Call]]:
    amounts, few = st.integers(0, 40), st.integers(0, 6)
    patience = st.integers(0, 12) | st.just(200)
    call = st.builds(Call, amounts, amounts, st.sampled_from(shares), few, patience)
    return st.lists(call, max_size=60)


def allowing(calls: int | None, tokens: int | None, cost: int | None) -> Allowance:
    budget = None if cost is None else cost / DOLLAR
    return Allowance(max_calls=calls, max_total_tokens=tokens, budget=budget)


CAPS = ((1, 40), (1, 800), (0, 800))
"""The least and the most calls, tokens and cost of a run."""
caps = st.tuples(*[st.none() | st.integers(least, most) for least, most in CAPS])


def excess(ledger: Ledger, limits: tuple[int | None, ...]) -> list[int]:
    """Return by how much booked and reserved exceed each cap."""
    taken = ledger.booked + ledger.reserved
    pairs = zip((taken.calls, taken.tokens, taken.cost), limits, strict=True)
    return [0 if limit is None else max(0, there - limit) for there, limit in pairs]


def played(ledger: Ledger, calls: list[Call], concurrency: int, check: Check) -> None:
    async def main() -> None:
        slots = Semaphore(concurrency)
        await asyncio.gather(*(call.attempt(ledger, slots, check) for call in calls))

    run(main())
    assert ledger.reserved == Spending()


@given(caps, every(0.0, 0.1, 0.5, 1.0), st.integers(1, 50))
def test_what_is_booked_and_reserved_never_exceeds_a_cap(
    limits: tuple[int | None, ...], calls: list[Call], concurrency: int
) -> None:
    def check(ledger: Ledger) -> None:
        assert excess(ledger, limits) == [0, 0, 0]

    ledger = Ledger(allowing(*limits))
    played(ledger, calls, concurrency, check)
    check(ledger)
    assert ledger.overrun == Spending()


@given(caps, every(0.5, 1.5), st.integers(1, 50))
def test_a_cap_is_exceeded_by_no_more_than_calls_took_beyond_their_reservations(
    limits: tuple[int | None, ...], calls: list[Call], concurrency: int
) -> None:
    def check(ledger: Ledger) -> None:
        calls, tokens, cost = excess(ledger, limits)
        assert calls == 0
        assert tokens <= ledger.overrun.tokens
        assert cost <= ledger.overrun.cost

    played(Ledger(allowing(*limits)), calls, concurrency, check)


@given(every(0.1, 0.5, 1.0), st.integers(1, 50))
def test_without_caps_everything_is_booked(calls: list[Call], concurrency: int) -> None:
    ledger = Ledger(Allowance(), Spending(1, 2, 3))
    patient = [call._replace(patience=200) for call in calls]
    played(ledger, patient, concurrency, lambda _: None)
    tokens = sum(int(call.used * call.tokens) for call in calls)
    assert (ledger.booked.calls, ledger.booked.tokens) == (1 + len(calls), 2 + tokens)


def test_who_does_not_fit_waits_for_what_others_leave() -> None:
    async def main() -> None:
        ledger = Ledger(Allowance(max_total_tokens=100))
        first = await ledger.reserve(80, None)
        waiting = asyncio.create_task(ledger.reserve(60, None))
        await asyncio.sleep(0)
        assert not waiting.done()
        ledger.settle(first, 40, None)
        assert (await waiting).tokens == 60
        assert ledger.booked + ledger.reserved == Spending(2, 100, 0, unpriced=2)

    run(main())


def test_what_was_not_sent_leaves_room_for_who_waits() -> None:
    async def main() -> None:
        ledger = Ledger(Allowance(max_calls=1))
        first = await ledger.reserve(1, None)
        waiting = asyncio.create_task(ledger.reserve(2, None))
        await asyncio.sleep(0)
        ledger.release(first)
        assert (await waiting).tokens == 2

    run(main())


def test_who_can_never_fit_is_told_what_is_spent() -> None:
    async def main() -> None:
        ledger = Ledger(Allowance(max_total_tokens=100, max_calls=9), Spending(3, 70))
        await ledger.reserve(1, None)
        with pytest.raises(Exhausted, match="70 of 100 are spent, and 31 more") as told:
            await ledger.reserve(31, None)
        assert vars(told.value) == {
            "cap": "max_total_tokens",
            "limit": 100,
            "spent": 70,
            "needed": 31,
        }

    run(main())


@pytest.mark.parametrize(
    ("allowance", "cap"),
    [
        (Allowance(max_calls=1), "max_calls"),
        (Allowance(max_total_tokens=15), "max_total_tokens"),
        (Allowance(budget=0.000_000_015), "budget"),
    ],
)
def test_who_waits_in_vain_is_told_which_cap_it_was(allowance: Allowance, cap: str) -> None:
    async def main() -> None:
        ledger = Ledger(allowance)
        first = await ledger.reserve(10, 10)
        waiting = [asyncio.create_task(ledger.reserve(10, 10)) for _ in range(3)]
        await asyncio.sleep(0)
        ledger.settle(first, 10, 10)
        told = await asyncio.gather(*waiting, return_exceptions=True)
        assert [getattr(each, "cap", None) for each in told] == [cap] * 3

    run(main())


def test_who_comes_later_does_not_overtake_who_waits() -> None:
    async def main() -> None:
        ledger = Ledger(Allowance(max_total_tokens=100))
        first = await ledger.reserve(50, None)
        large = asyncio.create_task(ledger.reserve(60, None))
        small = asyncio.create_task(ledger.reserve(10, None))
        await steps(3)
        assert not small.done()
        large.cancel()
        assert (await small).tokens == 10
        ledger.release(first)

    run(main())


def test_a_run_that_is_halted_waits_for_no_money() -> None:
    async def main() -> None:
        ledger, halted = Ledger(Allowance(max_calls=1)), Event()
        first = await ledger.reserve(1, None)
        waiting = [asyncio.create_task(ledger.reserve(1, None, halted)) for _ in range(5)]
        await asyncio.sleep(0)
        halted.set()
        told = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(each) for each in told] == [Halted] * 5
        ledger.release(first)
        with pytest.raises(Halted):
            await ledger.reserve(1, None, halted)
        assert ledger.reserved == Spending()

    run(main())


def test_a_budget_needs_a_price() -> None:
    async def main() -> None:
        ledger = Ledger(Allowance(budget=5))
        with pytest.raises(UsageError, match=r"price of openai:new is not known.*give --prices"):
            await ledger.reserve(1, None, model="openai:new")

    run(main())


def test_a_call_without_a_price_is_counted() -> None:
    async def main() -> None:
        ledger = Ledger(Allowance())
        ledger.settle(await ledger.reserve(5, None), 4, None)
        assert ledger.booked == Spending(1, 4, 0, unpriced=1)
        ledger.settle(await ledger.reserve(5, None), 4, 7)
        assert ledger.overrun == Spending()

    run(main())


def test_a_call_of_which_nobody_says_what_it_cost_cost_all_that_was_reserved() -> None:
    async def main() -> None:
        ledger = Ledger(Allowance(budget=1))
        ledger.settle(await ledger.reserve(5, 50), 5, None)
        assert ledger.booked == Spending(1, 5, 50)

    run(main())


def test_what_a_call_took_too_much_is_booked_and_remembered() -> None:
    async def main() -> None:
        ledger = Ledger(Allowance(budget=1))
        ledger.settle(await ledger.reserve(5, 50), 8, 60)
        assert ledger.booked == Spending(1, 8, 60)
        assert ledger.overrun == Spending(1, 3, 10)

    run(main())


def test_a_reservation_ends_once() -> None:
    async def main() -> None:
        ledger = Ledger(Allowance())
        reservation = await ledger.reserve(1, 1)
        ledger.settle(reservation, 1, 1)
        for ended in (reservation, Reservation(1, 1)):
            with pytest.raises(ValueError, match="settled or released before"):
                ledger.release(ended)

    run(main())
