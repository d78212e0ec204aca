"""Waiting for something, or for the end of the run."""

import asyncio
from asyncio import Event, Future
from typing import TypeVar

T = TypeVar("T")


class Halted(Exception):  # noqa: N818
    """The run stops, so what was waited for will not be used."""

    def __init__(self) -> None:
        super().__init__("the run stops")


async def unless(halted: Event | None, future: Future[T]) -> T:
    """Return the result of a future; raises Halted if the event is set before or with it.

    Where this raises, the future may have a result all the same: whoever made it takes it back.
    """
    if halted is None:
        return await future
    if not (halted.is_set() or future.done()):
        alarm = asyncio.ensure_future(halted.wait())
        try:
            await asyncio.wait((future, alarm), return_when=asyncio.FIRST_COMPLETED)
        finally:
            alarm.cancel()
    if halted.is_set():
        raise Halted
    return future.result()
