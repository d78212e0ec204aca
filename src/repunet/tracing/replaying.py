"""Replaying: whether all that happened in a run follows from what was decided in it."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, TypeVar

from repunet.errors import UsageError
from repunet.minds.fusing import Fusing
from repunet.minds.language.form import Form
from repunet.minds.recorded import Recorded, dumped
from repunet.minds.replay import ReplayMind
from repunet.minds.wrapped import Wrapped
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import Mind, NoAnswer, Operation
from repunet.record.attempts import reply_to
from repunet.record.journal import Journal
from repunet.scenarios import scenario
from repunet.scenarios.outside import Outside
from repunet.simulation import Simulation
from repunet.tracing.verification import event_of
from repunet.world.event import EVENT, DecisionMissing, Event, Imported, TreatmentChanged

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class ReplayDifference:
    """The first place where what is in the journal doesn't follow from what was decided."""

    round: int
    seq: int | None
    """Which event; None where it is a decision."""
    stored: str | None
    """What the journal holds there, None for nothing."""
    derived: str | None
    """What follows from its decisions, None for nothing."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """Result of deriving a run again from its decisions."""

    name: str
    rounds: int
    events: int
    decisions: int
    difference: ReplayDifference | None


def replay(journal: Journal) -> Replayed:
    """Derive a run once more from its manifest and its decisions, and compare event by event.

    What came from outside is taken from the journal: the answers, why those that are missing could
    not be had, and changes of the treatment. It ends at the first difference. Raises UsageError for
    a layer, whose encounters came from outside too.
    """
    if isinstance(scenario(journal.manifest.scenario), Outside):
        raise UsageError(
            f"{journal.path.parent.name} is a layer: its encounters came from another system, so "
            "they do not follow from decisions; to check its file: repunet verify"
        )
    return asyncio.run(Replay(journal).whole())


class Replay:
    """A run that is being derived again."""

    def __init__(self, journal: Journal) -> None:
        manifest, compact = journal.manifest, journal.notes.compact
        self._journal = journal
        self._reread = Reread(ReplayMind(journal), journal)
        answers: Mind = self._reread
        self._recorded = Recorded(Fusing(answers) if compact else answers)
        self._told = RecordedAnswers(self._recorded)
        society = manifest.society()
        self._simulation = Simulation(
            society, scenario(manifest.scenario), self._told, compact=compact
        )

    async def whole(self) -> Replayed:
        """Derive round after round, until one differs."""
        name, rounds = self._journal.path.parent.name, self._journal.rounds
        count = decided = 0
        for number in range(1, rounds + 1):
            bodies = self._journal.bodies(number)
            kept = {each.coordinate: each.answer for each in self._journal.decisions(number)}
            difference = await self._round(number, bodies, kept)
            if difference:
                return Replayed(name, number - 1, count, decided, difference)
            count, decided = count + len(bodies), decided + len(kept)
        return Replayed(name, rounds, count, decided, None)

    async def _round(
        self, number: int, bodies: Sequence[str], kept: Mapping[str, str]
    ) -> ReplayDifference | None:
        stored = [event for event in map(event_of, bodies) if event is not None]
        if any(isinstance(event, Imported) for event in stored):
            for event in stored:  # it was played elsewhere, by minds that are not known
                self._simulation.society.apply(event)
            return None
        self._told.why = {e.decision: e.why for e in stored if isinstance(e, DecisionMissing)}
        changed = (event for event in stored if isinstance(event, TreatmentChanged))
        derived = await self._simulation.step(*changed)
        again = {each.coordinate: each.answer for each in self._recorded.take()}
        found = [
            *_events_differ(number, bodies, derived),
            *_decisions_differ(number, kept, again),
            *(ReplayDifference(number, None, *said) for said in self._reread.take()),
        ]
        return found[0] if found else None


class Reread(Wrapped):
    """Wrapper of a replay that reads kept replies once more, and compares."""

    def __init__(self, mind: Mind, journal: Journal) -> None:
        super().__init__(mind)
        self._journal = journal
        self._differ: list[tuple[str, str]] = []

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Look the answer up, and read what it was read from."""
        answer = await super().answer(operation, at)
        said = reply_to(self._journal, str(at))
        if said is not None and (read := _read(operation, said)) != dumped(answer):
            self._differ.append((f"{at}: {dumped(answer)}", f"{at}: {read}"))
        return answer

    def take(self) -> list[tuple[str, str]]:
        """Return the answers that differ from what was said, each with what was read now."""
        differ, self._differ = self._differ, []
        return differ


def _read(operation: Operation[Any], said: str) -> str:
    try:
        return dumped(Form.of(operation).read(said).answer)
    except NoAnswer as error:
        return str(error)


class RecordedAnswers(Wrapped):
    """Wrapper of a replay: an answer that can't be had is missing for the old reason."""

    def __init__(self, mind: Mind) -> None:
        super().__init__(mind)
        self.why: Mapping[str, str] = {}
        """Why decisions are missing, by their names."""

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Look the answer up; raise NoAnswer if there is none, or none that can be read."""
        try:
            return await super().answer(operation, at)
        except UsageError:
            raise  # the run file can't be read
        except (NoAnswer, ValueError) as error:
            raise NoAnswer(self.why.get(str(at), str(error))) from error


def _events_differ(
    number: int, bodies: Iterable[str], derived: Iterable[Event]
) -> Iterator[ReplayDifference]:
    came = (EVENT.dump_json(event).decode() for event in derived)
    for seq, (stored, again) in enumerate(zip_longest(bodies, came)):
        if stored != again:
            yield ReplayDifference(number, seq, stored, again)


def _decisions_differ(
    number: int, kept: Mapping[str, str], again: Mapping[str, str]
) -> Iterator[ReplayDifference]:
    """Yield decisions that nobody asks for, and answers that are written in another way."""
    for name in sorted(kept.keys() | again.keys()):
        if kept.get(name) != again.get(name):
            yield ReplayDifference(number, None, _named(name, kept), _named(name, again))


def _named(name: str, answers: Mapping[str, str]) -> str | None:
    return f"{name}: {answers[name]}" if name in answers else None
