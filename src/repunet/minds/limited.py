"""A mind of which only so many answers are awaited at the same time."""

from asyncio import Semaphore
from typing import TypeVar

from repunet.mind import Coordinate, Mind, Operation
from repunet.minds.wrapped import Wrapped

A = TypeVar("A")


class Limited(Wrapped):
    """Wraps a mind; the limit changes how long a run takes and nothing else."""

    def __init__(self, mind: Mind, concurrency: int) -> None:
        super().__init__(mind)
        self._slots = Semaphore(concurrency)

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Wait for a slot, then let the mind answer."""
        async with self._slots:
            return await super().answer(operation, at)
