"""Runs from specs: begun and gone on with, by commands and from Python alike."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from repunet.minds.language.terms import Terms
from repunet.models.prices import read_prices
from repunet.record.journal import Journal
from repunet.record.notes import SPEC
from repunet.runs.run import Run, begin, fork, reopen
from repunet.runs.spec import BESIDE, Limits, RunSpec


def terms_for(limits: Limits, batch: Path | None = None) -> Terms:
    """Return terms from limits; raises UsageError if there is no file of prices."""
    prices = None if limits.prices is None else read_prices(limits.prices)
    return Terms(limits, prices, batch)


@contextmanager
def begun_from(
    spec: RunSpec,
    storage: Path | None = None,
    *,
    default: str | None = None,
    batch: Path | None = None,
) -> Iterator[Run]:
    """Begin the run that a spec describes, and put the spec beside it; raises UsageError if not.

    Without a name it has the default one, or is called by what it is.
    """
    with begin(
        spec.manifest(),
        spec.rounds,
        name=spec.name,
        default=default,
        folder=storage,
        concurrency=spec.limits.concurrency,
        plan=spec.plan,
        prompts=spec.prompts,
        terms=terms_for(spec.limits, batch),
        spec=spec.to_json(),
    ) as begun:
        with (
            suppress(OSError),  # the run file holds it too, and what is there already stays
            begun.journal.path.with_name(BESIDE).open("x", encoding="utf-8") as beside,
        ):
            beside.write(spec.again(begun.manifest))
        yield begun


@contextmanager
def reopened_from(
    path: Path,
    limits: Mapping[str, Any] | None = None,
    batch: Path | None = None,
    *,
    branch: bool = False,
) -> Iterator[Run]:
    """Open a run to go on with it on its own terms; limits that are said now are noted in it."""
    spec, terms = spec_of(path, limits, batch)
    at_once = spec.limits.concurrency
    with reopen(path, branch=branch, concurrency=at_once, terms=terms) as reopened:
        if limits:
            reopened.journal.note(SPEC, spec.to_json())
        yield reopened


@contextmanager
def forked_from(
    path: Path,
    at: int,
    switches: Mapping[str, str],
    limits: Mapping[str, Any] | None = None,
    batch: Path | None = None,
    **settings: Any,
) -> Iterator[Run]:
    """Begin a fork of a run on its terms, or on limits that are said now; settings as in `fork`."""
    spec, terms = spec_of(path, limits, batch)
    at_once = spec.limits.concurrency
    with fork(path, at, switches, concurrency=at_once, terms=terms, **settings) as forked:
        forked.journal.note(SPEC, spec.to_json())
        yield forked


def spec_of(
    path: Path, limits: Mapping[str, Any] | None = None, batch: Path | None = None
) -> tuple[RunSpec, Terms]:
    """Return what a run was begun with, and the terms it goes on with: those said now, if any."""
    with Journal.open(path) as journal:
        kept = journal.notes.spec
    spec = RunSpec() if kept is None else RunSpec.model_validate_json(kept)
    spec = spec.merged(limits=limits or None)
    return spec, terms_for(spec.limits, batch)
