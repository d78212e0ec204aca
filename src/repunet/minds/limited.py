"""A mind of which only so many answers are awaited at the same time."""

from asyncio import Semaphore
from typing import Any, TypeVar

from repunet.mind import Coordinate, Mind, Operation

A = TypeVar("A")


class Limited:
    """Wraps a mind; the limit changes how long a run takes and nothing else."""

    def __init__(self, mind: Mind, concurrency: int) -> None:
        self._mind = mind
        self._slots = Semaphore(concurrency)

    @property
    def name(self) -> str:
        """Return the name of the mind."""
        return self._mind.name

    @property
    def immediate(self) -> bool:
        """Return whether the mind answers without waiting."""
        return self._mind.immediate

    def describe(self) -> dict[str, Any]:
        """Return the description of the mind."""
        return self._mind.describe()

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Wait for a slot, then let the mind answer."""
        async with self._slots:
            return await self._mind.answer(operation, at)
