"""A mind of which only so many answers are awaited at the same time."""

from asyncio import Semaphore
from typing import TypeVar

from repunet.minds.wrapped import Wrapped
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import Mind, Operation

A = TypeVar("A")


class Limited(Wrapped):
    """Wrapper of a mind that limits how many answers are awaited at once."""

    def __init__(self, mind: Mind, concurrency: int) -> None:
        super().__init__(mind)
        self._slots = Semaphore(concurrency)

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Wait for a slot, then let the mind answer."""
        async with self._slots:
            return await super().answer(operation, at)
