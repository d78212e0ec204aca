"""A run: a society that plays round after round, each of them safe in the run file."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from repunet import __version__
from repunet.errors import Stopped, UsageError, unknown
from repunet.event import Event
from repunet.founding import DEFAULT, Founding
from repunet.garbage import collector
from repunet.journal import Journal
from repunet.minds.fusing import Fusing
from repunet.minds.limited import Limited
from repunet.minds.recorded import Recorded
from repunet.minds.roster import roster
from repunet.network import Tie
from repunet.persona import AgentId, Persona
from repunet.prompts import PLAIN, wordings
from repunet.scenarios import scenario
from repunet.simulation import Simulation
from repunet.society import Society
from repunet.stakes import Trust
from repunet.storage import called, locked, new_place
from repunet.treatment import Treatment

FAITHFUL, COMPACT = PLANS = ("faithful", "compact")
"""One call for each question, or one for all that one occasion gives rise to."""

Watcher = Callable[[int, Sequence[Event], Society], None]
"""Is told of every committed round: its number, its events, and the society after it."""


def found(
    scenario_name: str,
    treatment: Treatment,
    personas: Sequence[Persona],
    seed: int,
    minds: Mapping[AgentId, str],
    ties: Sequence[Tie] = (),
) -> Founding:
    """Return the founding record of a run; raises UsageError for anything that is not known."""
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
        if agent not in ids and agent != DEFAULT:
            raise unknown("agent", agent, ids)
    if treatment.error and isinstance(dilemma.stakes, Trust):
        raise UsageError(f"error has no meaning in {dilemma.name}: its acts have no opposite")
    described = roster(minds, seed).describe()
    return Founding(dilemma.name, treatment, tuple(personas), seed, described, tuple(ties))


class Run:
    """A run whose file this process may write; nobody else can while it is open."""

    def __init__(self, journal: Journal, concurrency: int | None = None) -> None:
        journal.verify()
        self.journal = journal
        self.founding = founding = journal.founding
        self.minds = minds = roster(founding.assigned, founding.seed)
        self.plan = journal.meta("plan") or FAITHFUL
        limited = Limited(minds, concurrency) if concurrency else minds
        self._recorded = Recorded(Fusing(limited) if self.plan == COMPACT else limited)
        self._simulation = Simulation(
            founding.society(),
            scenario(founding.scenario),
            self._recorded,
            compact=self.plan == COMPACT,
        )
        for written in journal.events():
            self.society.apply(written.event)

    @property
    def society(self) -> Society:
        """Return the society after the last committed round."""
        return self._simulation.society

    @property
    def name(self) -> str:
        """Return what the run is called."""
        return self.journal.path.parent.name

    @property
    def planned(self) -> int:
        """Return how many rounds the run is to have."""
        return int(self.journal.meta("planned") or 0)

    def extend(self, rounds: int) -> None:
        """Plan that many more rounds than there were to be, or are; raises UsageError for none."""
        if rounds < 1:
            raise UsageError(f"a run is extended by at least 1 round, not {rounds}")
        self.journal.note("planned", str(max(self.planned, self.society.round) + rounds))

    async def play(
        self, watch: Watcher | None = None, stop: Callable[[], bool] = lambda: False
    ) -> None:
        """Play the rounds that are still to come; raises Stopped if asked to stop before."""
        with collector.spared():
            await self._play(watch, stop)

    async def _play(self, watch: Watcher | None, stop: Callable[[], bool]) -> None:
        while self.society.round < self.planned:
            if stop():
                raise Stopped(
                    f"stopped after round {self.society.round} of {self.planned}; to go on: "
                    f"repunet resume {called(self.journal.path)}"
                )
            events = await self._simulation.step()
            self.journal.commit(self.society.round, events, self._recorded.take())
            collector.settle()
            if watch:
                watch(self.society.round, events, self.society)


@contextmanager
def begin(
    founding: Founding,
    rounds: int,
    *,
    name: str | None = None,
    default: str | None = None,
    folder: Path | None = None,
    concurrency: int | None = None,
    plan: str = FAITHFUL,
    prompts: str = PLAIN,
) -> Iterator[Run]:
    """Begin a new run, on disk before anything happens in it; raises UsageError if it can't.

    Without a name it is called by the default, or by what it is, and numbered if need be.
    """
    if rounds < 1:
        raise UsageError(f"a run has at least 1 round, not {rounds}")
    _check(concurrency)
    if plan not in PLANS:
        raise unknown("plan", plan, PLANS)
    if prompts not in wordings():
        raise unknown("wording", prompts, wordings())
    with new_place(name, default or _default_name(founding), folder) as path:
        facts = {
            "planned": str(rounds),
            "version": __version__,
            "plan": plan,
            "prompts": prompts,
        }
        with Journal.create(path, founding, **facts) as journal:
            yield Run(journal, concurrency)


@contextmanager
def reopen(path: Path, *, branch: bool = False, concurrency: int | None = None) -> Iterator[Run]:
    """Open a run to go on with it; raises UsageError if another process is writing it.

    The minds must be as they were, and so must RepuNet; with `branch` a difference is noted in the
    run file, and the run goes on.
    """
    if not path.is_file():
        raise UsageError(f"there is no run file {path}")
    _check(concurrency)
    with locked(path.parent), Journal.open(path, write=True) as journal:
        run = Run(journal, concurrency)
        _check_unchanged(run, branch=branch)
        yield run


def _check(concurrency: int | None) -> None:
    if concurrency is not None and concurrency < 1:
        raise UsageError(f"at least 1 answer must be awaited at once, not {concurrency}")


def _check_unchanged(run: Run, *, branch: bool) -> None:
    journal, changed = run.journal, []
    if run.minds.describe() != run.founding.minds:
        changed.append("its minds have other parameters now")
    if journal.meta("version") != __version__:
        changed.append(f"it was begun with RepuNet {journal.meta('version')}, not {__version__}")
    if changed and not branch:
        raise UsageError(
            f"{run.name} would not go on as it began: {' and '.join(changed)}; to go on all the "
            f"same: repunet resume {called(journal.path)} --branch"
        )
    if changed:
        journal.note(f"branched after round {journal.rounds}", "; ".join(changed))
        journal.note("version", __version__)


def _default_name(founding: Founding) -> str:
    slug = re.sub(r"[^a-z0-9.]+", "-", founding.treatment.label.lower())[:60].strip("-")
    return f"{founding.scenario}-{slug}-s{founding.seed}"
