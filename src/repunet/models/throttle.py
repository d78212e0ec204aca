"""How many requests an endpoint is sent at once, and how fast: as many as it answers."""

import asyncio
from asyncio import AbstractEventLoop, Event, Future, TimerHandle, timeout_at
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple
from weakref import WeakKeyDictionary

from repunet.chance import draw
from repunet.models.allowance import Allowance
from repunet.models.cancellation import unless

START = 32
"""Requests at once before anything is known of an endpoint."""
MOST = 4096
SHRINK = 0.8
COOLDOWN = 1.0
"""Seconds after a sign of congestion in which more of them tell nothing new."""
PAUSE, LONGEST_PAUSE = 0.25, 30.0
"""Seconds for which nothing is sent if the server did not say how long; doubled each time."""
MINUTE = 60.0
BURST = 2.0
"""How many seconds' worth of what a minute allows may be sent at once."""


class MinuteRate:
    """Rate limit per minute: even, but for a small burst after every rest."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self._taken: deque[tuple[float, int]] = deque()
        self._sum = 0
        self._due = 0.0

    def ready(self, amount: int, now: float) -> float:
        """Return when so much may be taken; what a minute does not allow needs one for itself."""
        if self.limit is None:
            return now
        while self._taken and self._taken[0][0] + MINUTE <= now:
            self._sum -= self._taken.popleft()[1]
        return max(self._due - BURST, self._room(self._sum + amount - self.limit), now)

    def _room(self, excess: int) -> float:
        """Return when that much of what was taken, or all of it, is a minute ago."""
        when = 0.0
        for taken, amount in self._taken:
            if excess <= 0:
                break
            when, excess = taken + MINUTE, excess - amount
        return when

    def take(self, amount: int, now: float) -> None:
        """Note that so much was taken."""
        if self.limit is not None:
            self._taken.append((now, amount))
            self._sum += amount
            self._due = max(self._due, now) + amount * MINUTE / self.limit


class _Waiter(NamedTuple):
    tokens: int
    turn: Future[None]


class Throttle:
    """Queue of the requests to one endpoint, first come first served.

    The number of requests at once grows by one with every success until the first sign of
    congestion, and by about one per round of them afterwards; signs of congestion shrink it.
    It grows only while at least half of it is used: a limit that nobody comes near is not proven.
    """

    def __init__(self, endpoint: str, allowance: Allowance, most: int = MOST) -> None:
        self.endpoint = endpoint
        self._waiting: deque[_Waiter] = deque()
        self._timer: TimerHandle | None = None
        self._in_flight = 0
        self._learned = float(START)
        self._smooth = True
        self._calm_at = 0.0
        self._open_at = 0.0
        self._pauses = 0
        self._most = most
        self._requests, self._tokens = MinuteRate(None), MinuteRate(None)
        self.allow(allowance, most)

    @property
    def limit(self) -> int:
        """Return how many requests may be in flight."""
        return max(1, int(min(self._learned, self._most)))

    @property
    def in_flight(self) -> int:
        """Return how many requests are in flight."""
        return self._in_flight

    @property
    def waiting(self) -> int:
        """Return how many requests wait for their turn."""
        return sum(not waiter.turn.done() for waiter in self._waiting)

    def allow(self, allowance: Allowance, most: int = MOST) -> None:
        """Keep to this allowance from now on; while others use the endpoint, to theirs as well."""
        most = _least(most, allowance.concurrency) or MOST
        requests, tokens = allowance.requests_per_minute, allowance.tokens_per_minute
        if self._in_flight or self._waiting:
            most = min(most, self._most)
            requests = _least(requests, self._requests.limit)
            tokens = _least(tokens, self._tokens.limit)
        self._most, self._requests.limit, self._tokens.limit = most, requests, tokens

    @asynccontextmanager
    async def slot(
        self, tokens: int, halted: Event | None = None, until: float | None = None
    ) -> AsyncIterator[None]:
        """Wait for the turn of a request, which lasts for the block; its normal end is a success.

        Raises Halted once the event is set, and TimeoutError at that time of the loop, unless the
        turn has come.
        """
        async with timeout_at(until):
            await self._turn(tokens, halted)
        try:
            yield
            self._grow()
        finally:
            self._leave()

    def rate_limited(self, retry_after: float | None = None) -> None:
        """Take note that the server refused a request as one too many, and pause."""
        now = _now()
        pause = self._usual_pause(now) if retry_after is None else retry_after
        self._open_at = max(self._open_at, now + pause)
        if self._shrink(max(COOLDOWN, pause)):
            self._pauses += 1

    def congested(self, retry_after: float = 0.0) -> None:
        """Take note that the server did not keep up: there was no answer in time, or a 503."""
        self._open_at = max(self._open_at, _now() + retry_after)
        self._shrink(max(COOLDOWN, retry_after))

    def _usual_pause(self, now: float) -> float:
        longest = min(LONGEST_PAUSE, PAUSE * 2.0 ** min(self._pauses, 16))
        return longest * (1 + draw(0, "pause", self.endpoint, now)) / 2

    def _shrink(self, cooldown: float) -> bool:
        now = _now()
        if now < self._calm_at:
            return False
        self._smooth = False
        self._learned = max(1.0, SHRINK * min(self._learned, self._most))
        self._calm_at = now + cooldown
        return True

    def _grow(self) -> None:
        self._pauses = 0
        if 2 * self._in_flight >= self.limit and self._learned < self._most:
            self._learned += 1 if self._smooth else 1 / self._learned

    async def _turn(self, tokens: int, halted: Event | None) -> None:
        waiter = _Waiter(tokens, asyncio.get_running_loop().create_future())
        self._waiting.append(waiter)
        self._admit()
        try:
            await unless(halted, waiter.turn)
        except BaseException:
            self._withdraw(waiter)
            raise

    def _withdraw(self, waiter: _Waiter) -> None:
        if waiter.turn.done() and not waiter.turn.cancelled():
            self._leave()
        else:
            waiter.turn.cancel()
            self._admit()

    def _leave(self) -> None:
        self._in_flight -= 1
        self._admit()

    def _admit(self) -> None:
        """Let through whom it may concern, and come back when it may concern the next."""
        now = _now()
        while self._waiting and self._in_flight < self.limit:
            tokens, turn = self._waiting[0]
            if not turn.done():
                ready = self._ready(tokens, now)
                if ready > now:
                    self._wake_at(ready)
                    return
                self._let_through(tokens, turn, now)
            self._waiting.popleft()

    def _ready(self, tokens: int, now: float) -> float:
        paces = self._requests.ready(1, now), self._tokens.ready(tokens, now)
        return max(self._open_at, *paces)

    def _let_through(self, tokens: int, turn: Future[None], now: float) -> None:
        self._requests.take(1, now)
        self._tokens.take(tokens, now)
        self._in_flight += 1
        turn.set_result(None)

    def _wake_at(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(when, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._admit()


_throttles: WeakKeyDictionary[AbstractEventLoop, dict[str, Throttle]] = WeakKeyDictionary()


def throttle(endpoint: str, allowance: Allowance, *, most: int | None = None) -> Throttle:
    """Return the throttle that everything in this event loop shares that asks this endpoint.

    While it is used, it keeps to the strictest of the allowances it was asked for with; when it
    is not, the next one replaces them. What it has learned of the endpoint stays.
    """
    known = _throttles.setdefault(asyncio.get_running_loop(), {})
    if endpoint in known:
        known[endpoint].allow(allowance, most or MOST)
    else:
        known[endpoint] = Throttle(endpoint, allowance, most or MOST)
    return known[endpoint]


def _now() -> float:
    return asyncio.get_running_loop().time()


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)
