"""Questions left unanswered: which of the missing decisions a measure would have counted."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from repunet.analysis.measures.measure import RoundSpan, once
from repunet.analysis.tables.frames import Frame, Frames
from repunet.questions import operations
from repunet.questions.mind import Operation
from repunet.world.reputation import Appraisal


@once
def unplayed(frames: Frames) -> Frame:
    """Return a row, with its `round`, for each decision that an encounter lacks.

    These are the missing answers to the dilemma's own questions in encounters, however it calls
    them, and the void encounters of which no such question is known (as where they were imported):
    a void encounter whose missing decisions are known is not counted on top of them.

    >>> from repunet.analysis.measures.handmade import made
    >>> two = [dict(round=1, encounter="r1/meet/A-B", agent=who, outcome="void") for who in "AB"]
    >>> lost = dict(round=1, operation="ChooseMove", decision="r1/meet/A-B/ChooseMove/A")
    >>> len(unplayed(made(encounters=two))), len(unplayed(made(encounters=two, missing=[lost])))
    (1, 1)
    """
    missing = frames["missing"]
    asked = missing[~missing.operation.isin(_named(Operation, "repunet.questions.operations"))]
    asked = asked[~asked.operation.isin(_named(operations.ChooseAlone))]
    units = asked.decision.str.rsplit("/", n=2).str[0]
    met = frames["encounters"]
    void = met[met.outcome == "void"].drop_duplicates("encounter")
    alone = void[~void.encounter.isin(units)]
    return pd.concat([asked[["round"]], alone[["round"]]], ignore_index=True)


@once
def unchosen(frames: Frames) -> Frame:
    """Return a row, with its `round`, for each missing choice outside encounters."""
    return unanswered(frames, _named(operations.ChooseAlone))


@once
def unshaped(frames: Frames) -> Frame:
    """Return a row, with its `round`, for each missing appraisal of somebody else."""
    return unanswered(frames, _appraising() - {operations.ShapeSelfReputation.label})


@once
def unshaped_self(frames: Frames) -> Frame:
    """Return a row, with its `round`, for each missing appraisal of oneself."""
    return unanswered(frames, {operations.ShapeSelfReputation.label})


def unanswered(frames: Frames, questions: set[str]) -> Frame:
    """Return a row, with its `round`, for each time one of these questions had no answer."""
    missing = frames["missing"]
    return missing.loc[missing.operation.isin(questions), ["round"]]


def lacking(span: RoundSpan, *missing: Frame) -> int:
    """Return how many of these missing decisions belong to some rounds."""
    return sum(len(span.of(each)) for each in missing)


def _appraising() -> set[str]:
    kinds = _below(Operation)
    return {kind.label for kind in kinds if getattr(kind, "answer", None) is Appraisal}


def _named(base: type[Operation[Any]], module: str = "") -> set[str]:
    return {kind.label for kind in _below(base) if kind.__module__.startswith(module)}


def _below(base: type[Operation[Any]]) -> Iterator[type[Operation[Any]]]:
    kinds: list[type] = type.__subclasses__(base)
    for kind in kinds:
        yield kind
        yield from _below(kind)
