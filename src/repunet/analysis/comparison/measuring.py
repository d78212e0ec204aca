"""Measuring runs: each read once, by itself or in several processes, into a few small numbers."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import isnan
from multiprocessing import get_context
from pathlib import Path

from repunet.analysis.comparison.factors import factors
from repunet.analysis.measures.catalogue import MEASURES, measured
from repunet.analysis.measures.cooperation import cooperation_by_round
from repunet.analysis.measures.gossip import judge_by
from repunet.analysis.measures.measure import WINDOW, Rate, RoundSpan
from repunet.analysis.sentiment import VADER
from repunet.analysis.tables.frames import Frames, frames
from repunet.analysis.tables.history import History
from repunet.errors import unknown
from repunet.record.collector import collector
from repunet.record.journal import Journal
from repunet.world.event import DecisionMissing

ALL = "all"
HEADLINE = "cooperation"
HANDFUL: dict[str, tuple[str, ...]] = {
    "": ("overall", "cooperation_and_standing", "reciprocity", "gossip_volume", "gini"),
    "pd": ("efficiency",),
    "investment": ("acceptance", "sent", "returned"),
    "participation": ("met_cooperation",),
}
"""What is measured beside the headline, in any scenario and in some, if nothing else is asked."""
CORRELATIONS = (
    "cooperation_and_standing",
    "accuracy",
    "assortativity_standing",
    "assortativity_cooperation",
    "talk_and_standing",
    "gossip_truth",
)
"""Measures whose mean over runs is Fisher's."""
POOLED = 40_000_000
"""Bytes of run files from which on several processes are worth their start."""


@dataclass(frozen=True, slots=True)
class MeasuredRun:
    """A run: what it follows from, how far it went, and what was measured of it."""

    name: str
    path: str
    digest: str
    scenario: str
    seed: int
    factors: dict[str, str]
    version: str
    """Of the RepuNet that began it."""
    rounds: int
    asked: int
    """Decisions asked for in all rounds, answered or not."""
    missing: int
    rates: dict[str, Rate]
    by_round: tuple[float | None, ...] = ()
    """The headline rate of every round."""

    @property
    def mind(self) -> str:
        """Return which mind made it."""
        return self.factors["mind"]


def selected(scenario: str, names: Sequence[str]) -> list[str]:
    """Return which measures to take: the named ones, all that fit, or the headline and a handful.

    Raises UsageError, with a suggestion, for a name that there is not.
    """
    _check(names)
    if ALL in names:
        wanted: Iterable[str] = MEASURES
    else:
        handful = (HEADLINE, *HANDFUL[""], *HANDFUL.get(scenario, ()))
        wanted = names or handful
    return [name for name in dict.fromkeys(wanted) if MEASURES[name].fits(scenario)]


def _check(names: Sequence[str]) -> None:
    for name in names:
        if name not in MEASURES and name != ALL:
            raise unknown("measure", name, [*MEASURES, ALL])


def measure_run(
    path: Path, names: Sequence[str] = (), window: int = WINDOW, tone: str = VADER
) -> MeasuredRun:
    """Return what was measured of a run over its last rounds; raises UsageError if it is none."""

    def rates(tables: Frames) -> dict[str, Rate]:
        wanted = selected(tables.scenario, names) if tables.last else []
        return measured(tables, RoundSpan.end(tables, window), wanted)

    return run_with(rates, path, tone=tone)


def run_with(
    rates: Callable[[Frames], dict[str, Rate]],
    path: Path,
    last: int | None = None,
    tone: str = VADER,
) -> MeasuredRun:
    """Return a run with what was measured of it up to a round, by default of all of it."""
    with collector.spared(), Journal.open(path) as journal:
        history = History(journal, None if last is None else min(last, journal.rounds))
        missing = len(history.of(DecisionMissing))
        tables = judge_by(frames(history), tone)
        headline = cooperation_by_round(tables)
        return MeasuredRun(
            name=history.name,
            path=str(path),
            digest=history.digest,
            scenario=history.manifest.scenario,
            seed=history.manifest.seed,
            factors=factors(journal, history),
            version=journal.notes.version,
            rounds=history.last,
            asked=sum(len(kept) for _, kept in history.answers()) + missing,
            missing=missing,
            rates=rates(tables),
            by_round=tuple(None if isnan(rate) else float(rate) for rate in headline.value),
        )


def measure_runs(
    paths: Sequence[Path],
    names: Sequence[str] = (),
    window: int = WINDOW,
    processes: int = 1,
    tone: str = VADER,
) -> list[MeasuredRun]:
    """Return the same of several runs, in their order; large ones in several processes.

    >>> measure_runs([])
    []
    """
    _check(names)
    measure = partial(measure_run, names=tuple(names), window=window, tone=tone)
    return in_processes(measure, paths, processes)


def in_processes(
    measure: Callable[[Path], MeasuredRun], paths: Sequence[Path], processes: int
) -> list[MeasuredRun]:
    """Return what was measured of each run, in several processes if there is much to read."""
    at_once = min(processes, len(paths))
    if at_once < 2 or sum(map(_size, paths)) < POOLED:
        return [measure(path) for path in paths]
    context = get_context("spawn")
    with ProcessPoolExecutor(at_once, mp_context=context) as pool:
        return list(pool.map(measure, paths))


def processors() -> int:
    """Return how many processes can work at once here."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


def distinct(paths: Iterable[Path]) -> tuple[list[Path], dict[str, list[str]]]:
    """Return one file of each run, and what else holds the same run, by the name that counts."""
    first: dict[str, Path] = {}
    copies: dict[str, list[str]] = {}
    for path, digest in _digests(paths):
        if digest in first:
            copies.setdefault(first[digest].parent.name, []).append(path.parent.name)
        else:
            first[digest] = path
    return list(first.values()), copies


def _digests(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    for path in dict.fromkeys(path.resolve() for path in paths):
        with Journal.open(path) as journal:
            yield path, journal.digest()


def _size(path: Path) -> int:
    return path.stat().st_size
