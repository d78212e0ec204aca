"""A mind whose answers are written down, each under the name of its decision."""

from typing import Any, TypeVar

from repunet.minds.wrapped import Wrapped
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import Mind, Operation, adapter
from repunet.record.journal import DecisionRecord

A = TypeVar("A")


class Recorded(Wrapped):
    """Wrapper of a mind that keeps its answers until they are committed."""

    def __init__(self, mind: Mind) -> None:
        super().__init__(mind)
        self._answers: list[tuple[Coordinate, str | None, Any]] = []

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Let the mind answer, and keep the answer."""
        answer = await self._mind.answer(operation, at)
        operation.check(answer)
        self._answers.append((at, operation.target, answer))
        return answer

    def take(self) -> list[DecisionRecord]:
        """Return what was answered since the last time, in the order of the coordinates."""
        answers, self._answers = self._answers, []
        answers.sort(key=lambda kept: kept[0])
        return [
            DecisionRecord(str(at), at.operation, at.actor, target, dumped(answer))
            for at, target, answer in answers
        ]


def dumped(answer: Any) -> str:
    """Return an answer as JSON."""
    kind: type = type(answer)
    return adapter(kind).dump_json(answer).decode()
