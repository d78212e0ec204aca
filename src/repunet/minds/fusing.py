"""A mind that answers several questions in one call, and hands out the parts as they are asked."""

from typing import Any, TypeVar

from repunet.minds.wrapped import Wrapped
from repunet.questions.batched import BatchedQuestions
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import Mind, Operation

A = TypeVar("A")


class Fusing(Wrapped):
    """Wrapper of a mind: a batched answer that can't be had leaves its parts to be asked singly."""

    def __init__(self, mind: Mind) -> None:
        super().__init__(mind)
        self._parts: dict[Coordinate, Any] = {}

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Hand out a part that is there already, or let the mind answer."""
        if at in self._parts:
            part: A = self._parts.pop(at)
            return part
        answer = await super().answer(operation, at)
        if isinstance(operation, BatchedQuestions):
            operation.check(answer)
            self._parts |= operation.parts(answer, at)
        return answer
