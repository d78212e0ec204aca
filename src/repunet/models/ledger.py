"""What a run spends: everything is reserved before it is spent, so that no cap is exceeded."""

import asyncio
from asyncio import Event, Future
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Literal, NamedTuple, TypeAlias

from repunet.errors import UsageError
from repunet.models.allowance import Allowance
from repunet.models.cancellation import unless

DOLLAR = 10**9
"""Costs are whole billionths of a dollar."""
Cap: TypeAlias = Literal["max_calls", "max_total_tokens", "budget"]
"""The fields of an allowance that limit what a run may spend in all."""


@dataclass(frozen=True, slots=True)
class Spending:
    """Counts of calls and tokens, and the part of their cost that is known."""

    calls: int = 0
    tokens: int = 0
    cost: int = 0
    """Billionths of a dollar."""
    unpriced: int = 0
    """The calls whose cost is not known."""

    def __add__(self, other: "Spending") -> "Spending":
        return Spending(
            self.calls + other.calls,
            self.tokens + other.tokens,
            self.cost + other.cost,
            self.unpriced + other.unpriced,
        )

    def __sub__(self, other: "Spending") -> "Spending":
        return Spending(
            self.calls - other.calls,
            self.tokens - other.tokens,
            self.cost - other.cost,
            self.unpriced - other.unpriced,
        )


@dataclass(frozen=True, eq=False, slots=True)
class Reservation:
    """Upper bound of what one call may take; settled or released once."""

    tokens: int
    cost: int | None
    """Billionths of a dollar; None where no price is known."""

    @property
    def spending(self) -> Spending:
        """Return what is spent if it is all used."""
        return _call(self.tokens, self.cost)


class Exhausted(Exception):  # noqa: N818
    """Stop because a call no longer fits under a cap."""

    def __init__(self, cap: Cap, limit: int, spent: int, needed: int) -> None:
        super().__init__(f"{cap}: {spent} of {limit} are spent, and {needed} more may be needed")
        self.cap = cap
        self.limit = limit
        """In the unit of the cap: calls, tokens, or billionths of a dollar."""
        self.spent = spent
        self.needed = needed


def unpriced(model: str) -> UsageError:
    """Return the error for a budget in dollars where it is not known what a model costs."""
    return UsageError(
        f"the price of {model} is not known, so a budget can't be kept: give --prices, "
        "or use --max-total-tokens"
    )


class _Waiter(NamedTuple):
    wanted: Reservation
    outcome: Future[Exhausted | None]


class Ledger:
    """Books what calls cost, and lets nobody call who might exceed a cap.

    What was reserved and what is booked stay under every cap together, whatever the order in
    which calls begin and end; only a call that takes more than it had reserved can exceed one.
    """

    def __init__(self, allowance: Allowance, spent: Spending = Spending()) -> None:
        self._caps = tuple(_caps(allowance))
        self._priced = allowance.budget is not None
        self._booked = spent
        self._reserved = self._overrun = Spending()
        self._open: set[Reservation] = set()
        self._waiting: deque[_Waiter] = deque()

    @property
    def booked(self) -> Spending:
        """Return what is spent, with what was spent before this process began."""
        return self._booked

    @property
    def reserved(self) -> Spending:
        """Return what calls in flight may take at most."""
        return self._reserved

    @property
    def overrun(self) -> Spending:
        """Return what calls took beyond what they had reserved, and how many did."""
        return self._overrun

    async def reserve(
        self, tokens: int, cost: int | None, halted: Event | None = None, *, model: str = "a model"
    ) -> Reservation:
        """Set aside what a call may take at most, as soon as calls in flight leave enough for it.

        Raises Exhausted if they can't, Halted once the event is set, and UsageError, with the name
        of the model, if there is a budget but no cost.
        """
        if self._priced and cost is None:
            raise unpriced(model)
        wanted = Reservation(tokens, cost)
        outcome = await self._turn(wanted, halted)
        if outcome is not None:
            raise outcome
        return wanted

    def settle(self, reservation: Reservation, tokens: int, cost: int | None) -> None:
        """Book what a call took in place of what it had reserved; without a cost, at that."""
        self._close(reservation)
        actual = _call(tokens, reservation.cost if cost is None else cost)
        self._booked += actual
        self._overrun += _excess(actual, reservation.spending)
        self._admit()

    def release(self, reservation: Reservation) -> None:
        """Give back what was reserved for a call that was not sent."""
        self._close(reservation)
        self._admit()

    def _close(self, reservation: Reservation) -> None:
        if reservation not in self._open:
            raise ValueError("this reservation was settled or released before")
        self._open.remove(reservation)
        self._reserved -= reservation.spending

    async def _turn(self, wanted: Reservation, halted: Event | None) -> Exhausted | None:
        waiter = _Waiter(wanted, asyncio.get_running_loop().create_future())
        self._waiting.append(waiter)
        self._admit()
        try:
            return await unless(halted, waiter.outcome)
        except BaseException:
            self._withdraw(waiter)
            raise

    def _withdraw(self, waiter: _Waiter) -> None:
        if waiter.wanted in self._open:
            self.release(waiter.wanted)
        else:
            waiter.outcome.cancel()
            self._admit()

    def _admit(self) -> None:
        """Tell those at the head of the line what becomes of them, up to one who has to wait."""
        while self._waiting:
            wanted, outcome = self._waiting[0]
            if not outcome.done():
                taken = self._booked + self._reserved
                if self._open and self._short(taken, wanted) and not self._hopeless(wanted):
                    return
                self._decide(wanted, outcome)
            self._waiting.popleft()

    def _decide(self, wanted: Reservation, outcome: Future[Exhausted | None]) -> None:
        short = self._hopeless(wanted)
        if short is None:
            self._open.add(wanted)
            self._reserved += wanted.spending
        outcome.set_result(short)

    def _hopeless(self, wanted: Reservation) -> Exhausted | None:
        """Return why it does not fit even if calls in flight turn out to take nothing."""
        return self._short(self._booked, wanted)

    def _short(self, taken: Spending, wanted: Reservation) -> Exhausted | None:
        there, needed = _amounts(taken), _amounts(wanted.spending)
        for cap, limit in self._caps:
            if there[cap] + needed[cap] > limit:
                return Exhausted(cap, limit, _amounts(self._booked)[cap], needed[cap])
        return None


def _caps(allowance: Allowance) -> Iterator[tuple[Cap, int]]:
    if allowance.max_calls is not None:
        yield "max_calls", allowance.max_calls
    if allowance.max_total_tokens is not None:
        yield "max_total_tokens", allowance.max_total_tokens
    if allowance.budget is not None:
        dollars = Decimal(str(allowance.budget))
        yield "budget", int((dollars * DOLLAR).to_integral_value(ROUND_FLOOR))


def _amounts(spending: Spending) -> dict[Cap, int]:
    return {
        "max_calls": spending.calls,
        "max_total_tokens": spending.tokens,
        "budget": spending.cost,
    }


def _call(tokens: int, cost: int | None) -> Spending:
    return Spending(1, tokens, cost or 0, int(cost is None))


def _excess(actual: Spending, reserved: Spending) -> Spending:
    tokens = max(0, actual.tokens - reserved.tokens)
    cost = 0 if reserved.unpriced else max(0, actual.cost - reserved.cost)
    return Spending(int(tokens > 0 or cost > 0), tokens, cost)
