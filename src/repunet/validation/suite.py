"""The suite: all checks there are, by part, played in several processes."""

import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context

from repunet.errors import RepuNetError, unknown
from repunet.validation.check import FAMILIES, Check, Family

Clock = Callable[[], float]
"""Tells the seconds since some moment."""


@dataclass(frozen=True, slots=True)
class SuitePart:
    """A part of the suite: where its checks come from, and of which families they are."""

    source: str
    """A function `checks(full, seed)` that yields them, as `module:function`."""
    families: tuple[Family, ...]


SUITE = {
    "private-norms": SuitePart("repunet.validation.checks.norms:private", ("exact", "theory")),
    "norms": SuitePart("repunet.validation.checks.norms:checks", ("theory",)),
    "reciprocity": SuitePart("repunet.validation.checks.reciprocity:checks", ("theory",)),
    "memory-one": SuitePart("repunet.validation.checks.memory_one:checks", ("theory",)),
    "humans": SuitePart("repunet.validation.checks.humans:checks", ("human",)),
    "matches": SuitePart("repunet.validation.checks.matches:checks", ("exact",)),
}
"""All parts, those that take longest first."""


@dataclass(frozen=True, slots=True)
class SuiteJob:
    """A part to be checked."""

    part: str
    source: str
    families: tuple[Family, ...]
    full: bool
    seed: int


@dataclass(frozen=True, slots=True)
class Result:
    """Result of a part of the suite, and the seconds it took."""

    part: str
    checks: tuple[Check, ...]
    seconds: float


def jobs(only: Sequence[str], *, full: bool, seed: int) -> list[SuiteJob]:
    """Return what is to be checked: all, or only these families and parts.

    Raises UsageError for a name that is none of theirs.
    """
    for name in only:
        if name not in (*FAMILIES, *SUITE):
            raise unknown("family or part", name, (*FAMILIES, *SUITE))
    wanted = {name: _wanted(name, only) for name in SUITE}
    return [
        SuiteJob(name, SUITE[name].source, families, full, seed)
        for name, families in wanted.items()
        if families
    ]


def _wanted(part: str, only: Sequence[str]) -> tuple[Family, ...]:
    families = SUITE[part].families
    if not only or part in only:
        return families
    return tuple(family for family in families if family in only)


def check(job: SuiteJob, clock: Clock) -> Result:
    """Return what a part comes to."""
    began = clock()
    module, _, function = job.source.partition(":")
    every: Iterator[Check] = getattr(import_module(module), function)(job.full, job.seed)
    checks = tuple(each for each in every if each.family in job.families)
    return Result(job.part, checks, clock() - began)


def results(todo: Sequence[SuiteJob], clock: Clock, workers: int) -> Iterator[Result]:
    """Yield what each part comes to, as soon as it is known."""
    if min(workers, len(todo)) < 2:
        yield from (check(job, clock) for job in todo)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _die_quietly) as pool:
        waiting: list[Future[Result]] = [pool.submit(check, job, clock) for job in todo]
        try:
            for done in as_completed(waiting):
                yield done.result()
        except BrokenProcessPool:
            raise RepuNetError("a process died in the middle of a check; try --workers 1") from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _die_quietly() -> None:
    """Let Ctrl-C, which reaches every process, end this one without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
