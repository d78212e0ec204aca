"""Importing: a seed or a run of the reference as a run file of ours."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from repunet.compat.reference.dialect import INVESTMENT, NOTES, Dialect, dialect
from repunet.compat.reference.notes import ExportNotes, fingerprint, last_own, read_notes, roles_in
from repunet.compat.reference.past import RememberedSteps
from repunet.compat.reference.reading import Folder, Report
from repunet.compat.reference.steps import (
    Promises,
    Somebody,
    State,
    company_of,
    inferred,
    memory_of,
    names_in,
    personas_of,
    promises_in,
    seed_of,
    state_of,
    steps_in,
)
from repunet.errors import UsageError
from repunet.minds.router import mind_router
from repunet.record.journal import Journal
from repunet.record.manifest import Manifest
from repunet.record.storage import new_place
from repunet.runs.drift import beginnings
from repunet.world.encounter import UNIT
from repunet.world.event import (
    ChoiceMade,
    EncounterEnded,
    GossipHeard,
    Imported,
    ReputationShaped,
    RoundBegan,
)
from repunet.world.network import Tie
from repunet.world.persona import Participant, Persona
from repunet.world.society import ENDOWMENT
from repunet.world.treatment import Treatment

ORIGIN = "imported from"
"""Where a run file keeps what it was imported from."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of records that were carried over."""

    agents: int = 0
    steps: int = 0
    encounters: int = 0
    choices: int = 0
    records: int = 0
    """That stand now."""
    versions: int = 0
    """Records, with those that were replaced."""
    gossip: int = 0
    ties: int = 0


class ReferenceSource:
    """A seed or a run of the reference that has been read, and is understood as one scenario."""

    def __init__(self, path: Path, scenario: str | None = None) -> None:
        self.report = Report()
        self.step, self.number, self.run = self._of_one_export(path)
        self._folder = Folder(self.step)
        self._names = names_in(self._folder)
        memories = [memory_of(self._folder, name, self.report) for name in self._names]
        self.dialect = self._understood(scenario, inferred(self._folder, self._names, memories))
        self.company = company_of(self._folder, self._names, self.dialect)
        self._memories = dict(zip(self.company.people, memories, strict=True))
        self.notes, self.shared = self._our_notes()

    @property
    def name(self) -> str:
        """Return what the run, or the step, is called."""
        return (self.run or self.step).resolve().name

    def _of_one_export(self, path: Path) -> tuple[Path, int, Path | None]:
        """Return the last step, its number, and its run, without steps that other runs left there.

        Raises UsageError where such a step was asked for by itself.
        """
        step, number, run = steps_in(path)
        own = None if run is None else last_own(run, step, number)
        if run is None or own is None:
            return step, number, run
        if step == path:
            raise UsageError(f"{path} is not of this export: it does not continue step_{own}")
        others = f"step {number} is" if number == own + 1 else f"steps {own + 1} to {number} are"
        self.report(run.resolve().name, f"{others} not of this export")
        return run / f"step_{own}", own, run

    def _understood(self, scenario: str | None, possible: set[str]) -> Dialect:
        if scenario is None and len(possible) > 1:
            options = " or ".join(f"--scenario {each}" for each in sorted(possible))
            raise UsageError(f"{self.step}: its files do not tell which scenario it is: {options}")
        if scenario is not None and scenario not in possible:
            dialect(scenario)
            raise UsageError(f"{self.step} is of {', '.join(sorted(possible))}, not of {scenario}")
        return dialect(scenario or possible.pop())

    def _our_notes(self) -> tuple[ExportNotes | None, int]:
        """Return our notes of the run and up to which step they hold, if there are any."""
        if self.run is None:
            return None, 0
        try:
            notes = read_notes(self.run)
            if notes is None:
                return None, 0
            return notes, self._shared(notes)
        except UsageError as error:
            self.report(NOTES, error)
            return None, 0

    def _shared(self, notes: ExportNotes) -> int:
        """Return the last step that is as we wrote it; raises UsageError if there is none."""
        people = notes.founding.personas
        if [each.name for each in people] != self._names:
            raise UsageError("it is about other people")
        if [each.id for each in people] != [each.agent for each in self.company.people]:
            raise UsageError("it numbers people otherwise")
        ours = self.dialect.scenario, set(self.dialect.roles)
        if notes.founding.scenario != ours[0] or not roles_in(notes.rounds) <= ours[1]:
            raise UsageError("it is about another scenario")
        for number in sorted(notes.steps, reverse=True):
            if number <= min(self.number, len(notes.rounds)):
                folder = self._step_folder(number)
                if folder and fingerprint(folder, self._names) == notes.steps[number]:
                    return number
        raise UsageError("the steps have been changed since it was written")

    def _step_folder(self, number: int) -> Folder | None:
        if number == self.number:
            return self._folder
        path = None if self.run is None else self.run / f"step_{number}"
        return Folder(path) if path and path.is_dir() and not path.is_symlink() else None

    @property
    def treatment(self) -> Treatment | None:
        """Return the treatment, None if it is not known: the reference does not record it."""
        return self.notes.founding.treatment if self.notes else None

    @cached_property
    def personas(self) -> tuple[Persona, ...]:
        """Return the people, described as they were before the first step if that is known."""
        if self.notes:
            return self.notes.founding.personas
        seed = seed_of(self.run, self._names) if self.number else None
        return personas_of(seed or self._folder, self.dialect)

    @property
    def seed(self) -> int | None:
        """Return what all luck followed from, None if it is not known."""
        return self.notes.founding.seed if self.notes else None

    @property
    def past_minds(self) -> str | None:
        """Return which minds are said to have made all of the past, None if that is not known."""
        whole = self.notes is not None and self.shared == self.number
        return self.notes.founding.mind_names if self.notes and whole else None

    @cached_property
    def ties(self) -> tuple[Tie, ...]:
        """Return the network that there was before the first step."""
        if self.notes:
            return self.notes.founding.ties
        state = self._states(0)
        found = dict.fromkeys(_all_ties(state, self.dialect)) if state else {}
        return tuple(found)

    def _states(self, number: int) -> dict[Somebody, State] | None:
        """Return what everybody had after a step, None if the step is not there or damaged."""
        folder, report = self._step_folder(number), Report()
        if folder is None:
            self._report_gap(number)
            return None
        try:
            if number != self.number and names_in(folder) != self._names:
                raise UsageError(f"{folder.path}: other people than later")
            found = {
                who: state_of(folder, who, self.company, report) for who in self.company.people
            }
        except UsageError as error:
            if number == self.number:
                raise
            self.report(f"step_{number}", error)
            return None
        if number == self.number:
            self.report.lines += report.lines
        return found

    def _report_gap(self, number: int) -> None:
        """Report that a step is not there; of one that was taken by itself no others are due."""
        earlier = any(self._step_folder(each) for each in range(self.number))
        if number and earlier:
            lost = "ties, self-images and wealth of that round are not known"
            self.report(f"step_{number} is not there", lost)

    @property
    def promises(self) -> Promises:
        """Return which shares trustees have promised, as far as result texts tell."""
        if self.dialect != INVESTMENT:
            return {}
        found: dict[tuple[int, str, str], int] = {}
        for number in range(1, self.number + 1):
            if folder := self._step_folder(number):
                found |= promises_in(folder, number)
        return found

    def check(self, treatment: Treatment) -> None:
        """Raise UsageError for a treatment under which the files can't have come about."""
        if self.notes or not self.number:
            return
        records = sum(len(memory.records) for memory in self._memories.values())
        heard = sum(len(memory.heard) for memory in self._memories.values())
        states = (self._states_now or {}).values()
        kinds = {state.by_role for state in states} - {None}
        if treatment.reputation and kinds == {False}:
            raise UsageError(f"{self.name} has no reputation: its ties are to names alone")
        if not treatment.reputation and (records or True in kinds):
            raise UsageError(f"{self.name} has reputation: {records} records are in it")
        if not treatment.gossip and heard:
            raise UsageError(f"{self.name} has gossip: {heard} pieces are in it")

    def fits(self, treatment: Treatment) -> bool:
        """Tell whether the files can have come about under a treatment."""
        try:
            self.check(treatment)
        except UsageError:
            return False
        return True

    @cached_property
    def _states_now(self) -> dict[Somebody, State] | None:
        return self._states(self.number)

    @property
    def complaints(self) -> int:
        """Return how many complaints nobody has heard yet: they are not carried over."""
        return sum(state.complaints for state in (self._states_now or {}).values())

    def rounds(self, manifest: Manifest) -> Iterator[Imported]:
        """Yield what is known of each step, in order, so that it can be applied."""
        society = manifest.society()
        past = self._past() if self.shared < self.number else None
        for number in range(1, self.number + 1):
            society.apply(RoundBegan(round=number))
            if number <= self.shared and self.notes:
                imported = self.notes.rounds[number - 1]
            else:
                assert past is not None
                last = self._states_now if number == self.number else self._states(number)
                imported = past.round(number, society, last)
            society.apply(imported)
            yield imported

    def _past(self) -> RememberedSteps:
        last, promises = self.number, self.promises
        return RememberedSteps(self._memories, self.company, last, self.report, promises)

    def leftovers(self) -> None:
        """Report what a seed holds and a manifest has no place for."""
        for who, state in (self._states_now or {}).items():
            if state.wealth is not None and state.wealth != ENDOWMENT * UNIT:
                self.report(who.name, f"starts with {ENDOWMENT} units, not {state.wealth / UNIT:g}")
        for who, memory in self._memories.items():
            kept = (memory.nodes, memory.records, memory.archive, memory.heard)
            if count := sum(map(len, kept)):
                self.report(who.name, f"{count} entries from before the first step")


def _all_ties(states: Mapping[Somebody, State], dialect: Dialect) -> Iterator[Tie]:
    for who, state in states.items():
        for agent, role in state.ties or ():
            for each in (role,) if role else dialect.roles:
                yield who.agent, Participant(agent, each)


def take_over(
    source: ReferenceSource,
    manifest: Manifest,
    *,
    name: str | None = None,
    folder: Path | None = None,
) -> tuple[Path, Counts]:
    """Write the run file of what was imported; return its path and what it holds.

    The steps are its first rounds; what comes after them is played.
    """
    if not source.number:
        source.leftovers()
    rounds = list(source.rounds(manifest))
    minds = mind_router(manifest.assigned, manifest.seed)
    facts = beginnings(manifest, minds) | {"planned": str(source.number), ORIGIN: source.name}
    with new_place(name, _slug(source.name), folder) as path:
        draft = path.with_name(f"{path.name}.import")
        with Journal.create(draft, manifest, **facts) as journal:
            for number, imported in enumerate(rounds, start=1):
                journal.commit(number, [RoundBegan(round=number), imported], [])
        draft.replace(path)
        return path, counted(manifest, rounds)


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "-", name)[:80].strip("-.") or "imported"


def counted(manifest: Manifest, rounds: Sequence[Imported]) -> Counts:
    """Return what was carried over."""
    society = manifest.society()
    for number, imported in enumerate(rounds, start=1):
        society.apply(RoundBegan(round=number))
        society.apply(imported)
    past = [event for imported in rounds for event in imported.past]
    return Counts(
        agents=len(society.agents),
        steps=len(rounds),
        encounters=sum(isinstance(event, EncounterEnded) for event in past),
        choices=sum(isinstance(event, ChoiceMade) for event in past),
        records=sum(len(agent.reputations) for agent in society.agents.values()),
        versions=sum(isinstance(event, ReputationShaped) for event in past),
        gossip=sum(isinstance(event, GossipHeard) for event in past),
        ties=len(society.network),
    )
