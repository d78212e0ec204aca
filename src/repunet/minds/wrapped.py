"""A mind around another one: what it is called, and what it depends on, are the other's."""

from typing import Any, TypeVar

from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import Mind, Operation

A = TypeVar("A")


class Wrapped:
    """Base of minds that change when and how the mind inside is asked, never its answer."""

    def __init__(self, mind: Mind) -> None:
        self._mind = mind

    @property
    def name(self) -> str:
        """Return the name of the mind inside."""
        return self._mind.name

    @property
    def immediate(self) -> bool:
        """Return whether the mind inside answers without waiting."""
        return self._mind.immediate

    def describe(self) -> dict[str, Any]:
        """Return the description of the mind inside."""
        return self._mind.describe()

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Let the mind inside answer."""
        return await self._mind.answer(operation, at)
