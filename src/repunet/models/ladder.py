"""The ladder: how an endpoint is asked for the format of an answer, found once and kept."""

from asyncio import Lock, timeout_at
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from repunet.models.request import RUNGS, Rung

STRIKES = 2
"""Failures of a rung that was never honoured before the next one is tried."""


class Ladder:
    """The rung that an endpoint honours.

    Until it is known, one request is sent at a time: the first ones are the probe, and are paid
    for anyway.
    """

    def __init__(self, rung: Rung | None = None) -> None:
        self.rung: Rung = rung or RUNGS[0]
        self.settled = rung is not None
        self._strikes = 0
        self._gate = Lock()

    @asynccontextmanager
    async def admitted(self, until: float | None = None) -> AsyncIterator[Rung]:
        """Wait until it is known how to ask, or for the turn to find out.

        Raises TimeoutError at that time of the loop.
        """
        if self.settled:
            yield self.rung
            return
        async with timeout_at(until):
            await self._gate.acquire()
        if self.settled:
            self._gate.release()
            yield self.rung
            return
        try:
            yield self.rung
        finally:
            self._gate.release()

    def refused(self, rung: Rung) -> bool:
        """Take note that the endpoint refused this rung; return whether there is another."""
        if rung == RUNGS[-1]:
            return False
        if rung == self.rung:
            self._step()
        return True

    def failed(self, rung: Rung) -> None:
        """Take note of a failure that may, or may not, be due to a rung never honoured so far."""
        if not self.settled and rung == self.rung:
            self._strikes += 1
            if self._strikes >= STRIKES:
                self._step(around=True)

    def heard(self, rung: Rung, text: str, *, whole: bool = True) -> None:
        """Take note of a reply: a bare JSON object shows that the rung is honoured.

        A reply that may not be whole shows nothing else.
        """
        if self.settled or rung != self.rung:
            return
        if (rung == RUNGS[-1] and whole) or _is_object(text):
            self.settled = True
            return
        if not whole:
            return
        self._strikes += 1
        if self._strikes >= STRIKES:
            self.rung, self.settled = RUNGS[-1], True

    def _step(self, *, around: bool = False) -> None:
        place = RUNGS.index(self.rung) + 1
        if place < len(RUNGS) or around:
            self.rung = RUNGS[place % len(RUNGS)]
        self._strikes = 0


def _is_object(text: str) -> bool:
    """Tell whether a text is one JSON object and nothing else, be it in quotes."""
    bare = text.strip().strip('"')
    return bare[:1] == "{" and bare[-1:] == "}"
