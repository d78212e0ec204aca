"""Output mode: how an endpoint is asked for the format of an answer, found once and kept."""

from asyncio import Lock, timeout_at
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from repunet.models.request import OUTPUT_MODES, OutputMode

STRIKES = 2
"""Failures of a mode that was never honoured before the next one is tried."""


class NegotiatedMode:
    """Output mode that an endpoint honours.

    Until it is known, one request is sent at a time: the first ones are the probe, and are paid
    for anyway.
    """

    def __init__(self, mode: OutputMode | None = None) -> None:
        self.mode: OutputMode = mode or OUTPUT_MODES[0]
        self.settled = mode is not None
        self._strikes = 0
        self._gate = Lock()

    @asynccontextmanager
    async def admitted(self, until: float | None = None) -> AsyncIterator[OutputMode]:
        """Wait until it is known how to ask, or for the turn to find out.

        Raises TimeoutError at that time of the loop.
        """
        if self.settled:
            yield self.mode
            return
        async with timeout_at(until):
            await self._gate.acquire()
        if self.settled:
            self._gate.release()
            yield self.mode
            return
        try:
            yield self.mode
        finally:
            self._gate.release()

    def refused(self, mode: OutputMode) -> bool:
        """Take note that the endpoint refused this mode; return whether there is another."""
        if mode == OUTPUT_MODES[-1]:
            return False
        if mode == self.mode:
            self._step()
        return True

    def failed(self, mode: OutputMode) -> None:
        """Take note of a failure that may, or may not, be due to a mode never honoured so far."""
        if not self.settled and mode == self.mode:
            self._strikes += 1
            if self._strikes >= STRIKES:
                self._step(around=True)

    def heard(self, mode: OutputMode, text: str, *, whole: bool = True) -> None:
        """Take note of a reply: a bare JSON object shows that the mode is honoured.

        A reply that may not be whole shows nothing else.
        """
        if self.settled or mode != self.mode:
            return
        if (mode == OUTPUT_MODES[-1] and whole) or _is_object(text):
            self.settled = True
            return
        if not whole:
            return
        self._strikes += 1
        if self._strikes >= STRIKES:
            self.mode, self.settled = OUTPUT_MODES[-1], True

    def _step(self, *, around: bool = False) -> None:
        place = OUTPUT_MODES.index(self.mode) + 1
        if place < len(OUTPUT_MODES) or around:
            self.mode = OUTPUT_MODES[place % len(OUTPUT_MODES)]
        self._strikes = 0


def _is_object(text: str) -> bool:
    """Tell whether a text is one JSON object and nothing else, be it in quotes."""
    bare = text.strip().strip('"')
    return bare[:1] == "{" and bare[-1:] == "}"
