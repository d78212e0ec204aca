"""A run: a society that plays round after round, each of them safe in the run file."""

import re
from asyncio import AbstractEventLoop, get_running_loop
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from repunet.errors import Stopped, UsageError, unknown
from repunet.minds.fusing import Fusing
from repunet.minds.language.connect import all_connected
from repunet.minds.language.terms import Terms, open_session, require_means
from repunet.minds.limited import Limited
from repunet.minds.recorded import Recorded
from repunet.minds.router import mind_router
from repunet.models.ledger import Spending
from repunet.prompts import wordings
from repunet.record.changes import changes, due, treatment_label
from repunet.record.collector import collector
from repunet.record.journal import Journal
from repunet.record.manifest import DEFAULT, SELECTORS, Manifest
from repunet.record.notes import COMPACT, FAITHFUL, PLAIN, PLANS, SPEC
from repunet.record.storage import called, locked, new_place
from repunet.runs.drift import beginnings, differences, edits, has_branched, notes
from repunet.runs.forking import Fork
from repunet.scenarios import Scenario, scenario
from repunet.scenarios.outside import Outside
from repunet.simulation import Simulation
from repunet.world.event import DecisionMissing, Event
from repunet.world.network import Tie
from repunet.world.persona import AgentId, Persona
from repunet.world.society import Society
from repunet.world.stakes import Trust
from repunet.world.treatment import Treatment

LONGEST = 1_000_000
"""Rounds of a run."""


Watcher = Callable[[int, Sequence[Event], Society], None]
"""Is told of every committed round: its number, its events, and the society after it."""


def found(
    scenario_name: str,
    treatment: Treatment,
    personas: Sequence[Persona],
    seed: int,
    minds: Mapping[AgentId, str],
    ties: Sequence[Tie] = (),
) -> Manifest:
    """Return the manifest of a run; raises UsageError for anything that is not known."""
    dilemma = scenario(scenario_name)
    least = dilemma.group_size
    if len(personas) < least:
        raise UsageError(
            f"{dilemma.name} needs at least {least} agents, who meet at once, not {len(personas)}"
        )
    for persona in personas:
        for role in dilemma.roles:
            persona.description(dilemma.name, role)
    ids = Counter(persona.id for persona in personas)
    for agent, times in ids.items():
        if times > 1:
            raise UsageError(f"{times} people have the id {agent}: every agent needs its own")
    for agent in minds:
        if agent not in ids and agent != DEFAULT and not agent.startswith(SELECTORS):
            raise unknown("agent", agent, ids)
    _check_treatment(dilemma, treatment)
    described = mind_router(minds, seed).describe()
    return Manifest(dilemma.name, treatment, tuple(personas), seed, described, tuple(ties))


def _check_treatment(dilemma: Scenario, treatment: Treatment) -> None:
    if treatment.error and isinstance(dilemma.stakes, Trust):
        raise UsageError(f"error has no meaning in {dilemma.name}: its acts have no opposite")


class Run:
    """Run whose file this process may write; no other can while it is open."""

    def __init__(
        self, journal: Journal, concurrency: int | None = None, terms: Terms = Terms()
    ) -> None:
        journal.verify()
        self.journal = journal
        self.manifest = manifest = journal.manifest
        self.minds = minds = mind_router(manifest.assigned, manifest.seed)
        self.plan = journal.notes.plan
        limited = Limited(minds, concurrency) if concurrency else minds
        self._recorded = Recorded(Fusing(limited) if self.plan == COMPACT else limited)
        self._simulation = Simulation(
            manifest.society(),
            scenario(manifest.scenario),
            self._recorded,
            compact=self.plan == COMPACT,
        )
        self._session = open_session(journal, minds, terms, branched=has_branched(journal))
        self._loop: AbstractEventLoop | None = None
        self._changes = changes(journal)
        for written in journal.events():
            self.society.apply(written.event)

    @property
    def spending(self) -> Spending | None:
        """Return what was asked of language models so far; None where there are none."""
        return None if self._session is None else self._session.spending

    @property
    def society(self) -> Society:
        """Return the society after the last committed round."""
        return self._simulation.society

    @property
    def name(self) -> str:
        """Return what the run is called."""
        return self.journal.path.parent.name

    @property
    def treatment(self) -> str:
        """Return its treatment, and what changes in it, as outputs show them."""
        return treatment_label(self.journal, self.society.changes)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return what whoever plays it should know: that nobody can gossip, for example."""
        if self.manifest.treatment.rewiring or self.manifest.ties:
            return ()
        return (
            "without rewiring and without --network nobody has ties, so nobody chooses a partner "
            "or gossips",
        )

    @property
    def planned(self) -> int:
        """Return how many rounds the run is to have."""
        return self.journal.notes.planned

    def extend(self, rounds: int) -> None:
        """Plan that many more rounds than there were to be, or are; raises UsageError for none."""
        if rounds < 1:
            raise UsageError(f"a run is extended by at least 1 round, not {rounds}")
        planned = max(self.planned, self.society.round) + rounds
        _check_length(planned)
        self.journal.note("planned", str(planned))

    async def play(
        self, watch: Watcher | None = None, stop: Callable[[], bool] = lambda: False
    ) -> None:
        """Play the rounds that are still to come; raises Stopped if asked to stop before."""
        self._loop = get_running_loop()
        try:
            with collector.spared():
                async with all_connected(self.minds.members, self._session):
                    await self._play(watch, stop)
        finally:
            self._loop = None

    def on_notice(self, listener: Callable[[str], None]) -> None:
        """Let somebody be told, in a line, of what an endpoint was found to refuse."""
        if self._session is not None:
            self._session.listeners.append(listener)

    def interrupt(self) -> None:
        """Send nothing more to language models; answers in flight are still awaited and kept."""
        if self._session is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._session.stop, "interrupted")

    async def _play(self, watch: Watcher | None, stop: Callable[[], bool]) -> None:
        while self.society.round < self.planned:
            if stop():
                raise Stopped(
                    f"stopped after round {self.society.round} of {self.planned}; to go on: "
                    f"repunet resume {called(self.journal.path)}"
                )
            events = await self._step()
            collector.settle()
            if watch:
                watch(self.society.round, events, self.society)

    async def _step(self) -> list[Event]:
        """Play one round and commit it, unless too much of it is missing."""
        session, number = self._session, self.society.round + 1
        if session is not None:
            session.begin_round(number)
        try:
            events = await self._simulation.step(*due(self._changes, self.society))
            decisions = self._recorded.take()
            if session is not None:
                missing = sum(isinstance(event, DecisionMissing) for event in events)
                session.check_round(missing, missing + len(decisions))
        except Stopped as stopped:
            raise session.ended(stopped) if session else stopped from None
        self.journal.commit(number, events, decisions)
        return events


@contextmanager
def begin(
    manifest: Manifest,
    rounds: int,
    *,
    name: str | None = None,
    default: str | None = None,
    folder: Path | None = None,
    concurrency: int | None = None,
    plan: str = FAITHFUL,
    prompts: str = PLAIN,
    terms: Terms = Terms(),
    spec: str | None = None,
) -> Iterator[Run]:
    """Begin a new run, on disk before anything happens in it; raises UsageError if it can't.

    Without a name it is called by the default, or by what it is, and numbered if need be. The
    spec it was begun with, as JSON, is kept with it.
    """
    if rounds < 1:
        raise UsageError(f"a run has at least 1 round, not {rounds}")
    _check_length(rounds)
    _check(concurrency)
    if plan not in PLANS:
        raise unknown("plan", plan, PLANS)
    if prompts not in wordings():
        raise unknown("wording", prompts, wordings())
    with new_place(name, default or _default_name(manifest), folder) as path:
        minds = mind_router(manifest.assigned, manifest.seed)
        require_means(minds, terms)
        facts = beginnings(manifest, minds, prompts) | {"planned": str(rounds), "plan": plan}
        if spec is not None:
            facts[SPEC] = spec
        with Journal.create(path, manifest, **facts) as journal:
            yield _first(journal, concurrency, terms)


@contextmanager
def reopen(
    path: Path,
    *,
    branch: bool = False,
    concurrency: int | None = None,
    terms: Terms = Terms(),
) -> Iterator[Run]:
    """Open a run to go on with it; raises UsageError if another process is writing it.

    The minds must be as they were, and so must RepuNet; with `branch` a difference is noted in the
    run file, and the run goes on.
    """
    if not path.is_file():
        raise UsageError(f"there is no run file {path}")
    _check(concurrency)
    with locked(path.parent), Journal.open(path, write=True) as journal:
        _check_unchanged(journal, branch=branch)
        yield Run(journal, concurrency, terms)


@contextmanager
def fork(
    path: Path,
    at: int,
    switches: Mapping[str, str] | None = None,
    *,
    rounds: int | None = None,
    branch: bool = False,
    name: str | None = None,
    folder: Path | None = None,
    concurrency: int | None = None,
    terms: Terms = Terms(),
) -> Iterator[Run]:
    """Begin a run that shares the first rounds of another one, and goes on with switches set.

    It is planned to end where the other one is, or so many rounds after those it shares. Raises
    UsageError if it can't be begun, and for minds or a RepuNet that are others now, as `reopen`.
    """
    _check(concurrency)
    with Journal.open(path) as journal:
        journal.verify()
        forked = Fork.of(journal, at, switches or {}, rounds)
        _check_goes_on(forked)
        changed = differences(journal, mind_router(forked.manifest.assigned, forked.manifest.seed))
        noted = notes(journal, changed, at)
    if changed and not branch:
        raise UsageError(
            f"{forked.origin.name} would not go on as it began: {' and '.join(changed)}; to fork "
            "it all the same add --branch"
        )
    with new_place(name, forked.default_name, folder) as place:
        forked.write(place, **noted)
        with Journal.open(place, write=True) as journal:
            yield _first(journal, concurrency, terms)


def _first(journal: Journal, concurrency: int | None, terms: Terms) -> Run:
    """Return a run that has just been written; nothing is left of one that can't be played."""
    try:
        return Run(journal, concurrency, terms)
    except BaseException:
        journal.close()
        journal.path.unlink(missing_ok=True)
        raise


def _check_goes_on(forked: Fork) -> None:
    _check_length(forked.planned)
    dilemma = scenario(forked.manifest.scenario)
    if isinstance(dilemma, Outside):
        raise UsageError(
            f"{forked.origin.name} is a layer: its encounters come from another system, so it "
            "can't be forked"
        )
    for treatment in forked.treatments:
        _check_treatment(dilemma, treatment)


def _check_length(rounds: int) -> None:
    if rounds > LONGEST:
        raise UsageError(f"a run has at most {LONGEST:,} rounds, not {rounds:,}; ask for fewer")


def _check(concurrency: int | None) -> None:
    if concurrency is not None and concurrency < 1:
        raise UsageError(f"at least 1 answer must be awaited at once, not {concurrency}")


def _check_unchanged(journal: Journal, *, branch: bool) -> None:
    manifest = journal.manifest
    changed = differences(journal, mind_router(manifest.assigned, manifest.seed))
    if changed and not branch:
        raise UsageError(
            f"{journal.path.parent.name} would not go on as it began: {' and '.join(changed)}; to "
            f"go on all the same: repunet resume {called(journal.path)} --branch",
            detail=edits(journal),
        )
    for key, value in notes(journal, changed, journal.rounds).items():
        journal.note(key, value)


def _default_name(manifest: Manifest) -> str:
    slug = re.sub(r"[^a-z0-9.]+", "-", manifest.treatment.label.lower())[:60].strip("-")
    return f"{manifest.scenario}-{slug}-s{manifest.seed}"
