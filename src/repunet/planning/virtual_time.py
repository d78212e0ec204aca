"""Virtual time: an event loop in which whoever waits is served as soon as nobody has work to do.

So the time that passes is that of the longest chain of answers that wait for one another.
"""

import asyncio
from collections.abc import Coroutine
from selectors import DefaultSelector, SelectorKey
from typing import Any, TypeVar

T = TypeVar("T")


class _Hourglass(DefaultSelector):
    """Never waits; turns its clock instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits, and nothing will happen")
        self.now += timeout
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._hourglass = _Hourglass()
        super().__init__(self._hourglass)

    def time(self) -> float:
        return self._hourglass.now


def run(work: Coroutine[Any, Any, T]) -> T:
    """Return what the coroutine returns; no time passes but in its own loop."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(work)


async def tick() -> None:
    """Wait for one unit of time."""
    await asyncio.sleep(1.0)


def now() -> int:
    """Return how many units of time have passed."""
    return round(asyncio.get_running_loop().time())
