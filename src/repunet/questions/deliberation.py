"""Deliberation: one unit of a phase asks its questions and gathers what follows from the answers.

Units of a phase run at the same time. They only read and return events; the simulation applies
these in canonical order, so that the order of the answers never matters.
"""

from asyncio import gather
from collections import deque
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from typing import Any, TypeVar

from repunet.chance import shuffled
from repunet.questions.batched import BatchedQuestions
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import Mind, NoAnswer, Operation
from repunet.questions.perspective import Perspectives
from repunet.world.event import DecisionMissing, Event, ReputationShaped, writers
from repunet.world.persona import AgentId, Participant
from repunet.world.reputation import Appraisal, Cause
from repunet.world.society import Society

A = TypeVar("A")
T = TypeVar("T")


class Unit:
    """Unit of a phase: what it may read, whom it may ask, which agents' state it may write."""

    __slots__ = ("_missing", "at", "compact", "mind", "society", "views", "writes")

    def __init__(
        self,
        society: Society,
        views: Perspectives,
        mind: Mind,
        at: str,
        writes: Iterable[AgentId] = (),
        *,
        compact: bool = False,
    ) -> None:
        self.society = society
        self.views = views
        self.mind = mind
        self.at = at
        self.writes = frozenset(writes)
        self.compact = compact
        """Whether questions of one kind of occasion are put to the mind at once."""
        self._missing: list[DecisionMissing] = []

    def part(self, name: str) -> "Unit":
        """Return a part of this unit, with coordinates below its own; it is closed with it."""
        part = Unit(
            self.society,
            self.views,
            self.mind,
            self.at + name,
            self.writes,
            compact=self.compact,
        )
        part._missing = self._missing
        return part

    def toward(self, alter: AgentId) -> "Unit":
        """Return the part of this unit that is about one alter."""
        return self.part(f">{alter}")

    def shuffled(self, items: Iterable[T], purpose: str) -> list[T]:
        """Return the items in a random order of this unit's own."""
        return shuffled(items, self.society.seed, self.at, purpose)

    async def together(self, *work: Coroutine[Any, Any, T]) -> list[T]:
        """Do all of it at the same time and return the results in the order given."""
        return await together(self.mind, work)

    async def ask(self, operation: Operation[A]) -> A | None:
        """Return the answer, or None if it could not be had; that is an event of its own."""
        at = self.coordinate(operation)
        try:
            answer = await self.mind.answer(operation, at)
            operation.check(answer)
        except NoAnswer as error:
            self._missing.append(DecisionMissing(agent=at.actor, decision=str(at), why=str(error)))
            return None
        return answer

    async def prepare(self, operation: BatchedQuestions[Any]) -> None:
        """Put several questions at once, if the mind can answer so; else they are asked singly."""
        with suppress(NoAnswer):
            await self.mind.answer(operation, self.coordinate(operation))

    def coordinate(self, operation: Operation[A]) -> Coordinate:
        """Return the name of the decision that this unit asks for."""
        return Coordinate(self.at, operation.label, operation.ego.id)

    async def shape(
        self,
        operation: Operation[Appraisal],
        target: Participant,
        cause: Cause,
        because: tuple[str, ...],
    ) -> ReputationShaped | None:
        """Return the reputation that ego's appraisal gives the target, if there was an answer."""
        appraisal = await self.ask(operation)
        if appraisal is None:
            return None
        return ReputationShaped(
            observer=operation.ego.id,
            reputation=appraisal.of(target, self.society.scenario),
            cause=cause,
            because=because,
            decision=str(self.coordinate(operation)),
        )

    def close(self, events: Iterable[Event]) -> list[Event]:
        """Return the unit's events, missing decisions first; raise if one is not its to write."""
        missing = sorted(self._missing, key=lambda event: event.decision)
        closed: list[Event] = [*missing, *events]
        for event in closed:
            allowed = writers(event)
            if not allowed or not self.writes.issuperset(allowed):
                raise RuntimeError(f"{self.at} may not write {type(event).__name__}")
        return closed


async def together(mind: Mind, work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Do all of it at the same time and return the results in the order given.

    With a mind that never makes anybody wait it is done in turn, which comes to the same. What
    fails does so only when all the rest has come to its end, so that nothing is left behind.
    """
    if mind.immediate:
        return await _in_turn(work)
    done: list[T] = []
    for result in await gather(*work, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
        done.append(result)
    return done


async def _in_turn(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    left = deque(work)
    done = []
    try:
        while left:
            done.append(await left.popleft())
    finally:
        for never_begun in left:
            never_begun.close()
    return done


def present(items: Iterable[T | None]) -> list[T]:
    """Return the items without those that could not be had."""
    return [item for item in items if item is not None]
