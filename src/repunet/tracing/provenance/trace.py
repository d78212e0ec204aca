"""Traces: all that was asked in a run, as it was asked, and all that happened, in one order."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from repunet.errors import RepuNetError, UsageError
from repunet.minds.fusing import Fusing
from repunet.minds.replay import ReplayMind
from repunet.minds.wrapped import Wrapped
from repunet.questions.batched import BatchedQuestions
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import Mind, NoAnswer, Operation
from repunet.record.journal import Journal
from repunet.scenarios import scenario
from repunet.scenarios.outside import Outside
from repunet.simulation import Simulation
from repunet.tracing.replaying import RecordedAnswers
from repunet.world.event import EVENT, DecisionMissing, Event, TreatmentChanged, unfolded
from repunet.world.society import Society
from repunet.world.treatment import Treatment

A = TypeVar("A")
FROM_OUTSIDE = "kind IN ('decision_missing', 'treatment_changed')"
"""Events that don't follow from answers: they are taken from the journal."""


@dataclass(slots=True)
class TracedQuestion:
    """A question as it was put, and what became of it."""

    number: int
    """Its place among all questions; what is later may depend on what is earlier."""
    round: int
    at: Coordinate
    operation: Any
    """An `Operation`; which one, its type says."""
    treatment: Treatment
    applied: int
    """How many events had happened when it was put."""
    fused: Coordinate | None = None
    """The question that was put in its place, where that asked for several answers at once."""
    answer: Any = None
    why: str | None = None
    """Why there is no answer."""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event, where it stands in the journal, and where among all events."""

    round: int
    seq: int
    event: Event
    place: int


class Trace:
    """A run that has been derived once more from its decisions, up to one of its rounds."""

    def __init__(self, journal: Journal) -> None:
        self.manifest = journal.manifest
        self.questions: dict[str, TracedQuestion] = {}
        """By the names of their decisions, in the order in which they were put."""
        self.events: list[Happened] = []
        self._journal = journal
        self._name = journal.path.parent.name
        self.society = self.manifest.society()
        self._deriving = _Deriving(journal, self.society, self.questions)

    @classmethod
    def of(cls, journal: Journal, last: int | None = None) -> "Trace":
        """Return the trace of a run, or of its first rounds.

        Raises UsageError for a layer, whose encounters came from outside, and RepuNetError for a
        run that does not follow from its decisions.
        """
        if isinstance(scenario(journal.manifest.scenario), Outside):
            raise UsageError(
                f"{journal.path.parent.name} is a layer: its encounters came from another system, "
                "so what its agents saw does not follow from its decisions"
            )
        trace = cls(journal)
        asyncio.run(trace._play(journal.rounds if last is None else min(last, journal.rounds)))
        return trace

    async def _play(self, last: int) -> None:
        imported = {number for (number,) in self._journal.rows(_ROUNDS_OF, "imported")}
        for number in range(1, last + 1):
            if number in imported:
                self._take_over(number)
            else:
                await self._derive(number)

    def _take_over(self, number: int) -> None:
        """Let a round that was played elsewhere happen."""
        for written in self._journal.events(number, number):
            self.society.apply(written.event)
            for event in unfolded(written.event):
                self._keep(number, written.seq, event, self.society.version)

    async def _derive(self, number: int) -> None:
        stored, before = self._journal.bodies(number), self.society.version
        events = await self._deriving.round(number)
        if [EVENT.dump_json(event).decode() for event in events] != stored:
            raise RepuNetError(
                f"round {number} of {self._name} does not follow from its decisions, so what its "
                f"agents saw is not known; for the first difference: repunet replay {self._name}"
            )
        for seq, event in enumerate(events):
            self._keep(number, seq, event, before + seq + 1)

    def _keep(self, number: int, seq: int, event: Event, place: int) -> None:
        self.events.append(Happened(number, seq, event, place))

    def put(self, question: TracedQuestion) -> TracedQuestion:
        """Return the question that was put to the mind: this one, or one that includes it."""
        return question if question.fused is None else self.questions[str(question.fused)]

    def put_in(self, number: int) -> Iterator[TracedQuestion]:
        """Return the questions that were put in a round."""
        return (q for q in self.questions.values() if q.round == number and q.fused is None)


class _Deriving:
    """A simulation whose answers are looked up, and that writes down what is asked."""

    def __init__(
        self, journal: Journal, society: Society, questions: dict[str, TracedQuestion]
    ) -> None:
        compact = journal.notes.compact
        answers = ReplayMind(journal)
        self._journal = journal
        self._told = RecordedAnswers(Fusing(answers) if compact else answers)
        listening = _Listening(self._told, society, questions)
        dilemma = scenario(journal.manifest.scenario)
        self._simulation = Simulation(society, dilemma, listening, compact=compact)

    async def round(self, number: int) -> Sequence[Event]:
        """Derive a round and return its events."""
        given = [EVENT.validate_json(b) for (b,) in self._journal.rows(_GIVEN, number)]
        self._told.why = {e.decision: e.why for e in given if isinstance(e, DecisionMissing)}
        changed = (event for event in given if isinstance(event, TreatmentChanged))
        return await self._simulation.step(*changed)


class _Listening(Wrapped):
    """Wraps a mind and keeps each question with its answer."""

    def __init__(self, mind: Mind, society: Society, questions: dict[str, TracedQuestion]) -> None:
        super().__init__(mind)
        self._society = society
        self._questions = questions
        self._fused: dict[Coordinate, Coordinate] = {}

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Keep the question, and what comes of it."""
        society = self._society
        question = TracedQuestion(
            number=len(self._questions),
            round=society.round,
            at=at,
            operation=operation,
            treatment=society.treatment,
            applied=society.version,
            fused=self._fused.pop(at, None),
        )
        self._questions[str(at)] = question
        try:
            answer = await super().answer(operation, at)
            operation.check(answer)
        except NoAnswer as error:
            question.why = str(error)
            raise
        question.answer = answer
        if isinstance(operation, BatchedQuestions):
            self._fused |= dict.fromkeys(operation.parts(answer, at), at)
        return answer


_GIVEN = f"SELECT body FROM events WHERE round = ? AND {FROM_OUTSIDE} ORDER BY seq"
_ROUNDS_OF = "SELECT DISTINCT round FROM events WHERE kind = ?"
