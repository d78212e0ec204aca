"""Decisions that could not be had: which, whose, and why."""

from dataclasses import dataclass

from repunet.analysis.report.rows import Cut, People, Who, rows
from repunet.analysis.tables.frames import Frames

MOST = 500
"""Missing decisions that a report lists one by one."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A decision that is missing."""

    round: int
    agent: Who
    operation: str
    decision: str
    why: str


@dataclass(frozen=True, slots=True)
class QuestionGaps:
    """Counts of one kind of question: asked, and left without an answer."""

    operation: str
    asked: int
    missing: int


@dataclass(frozen=True, slots=True)
class Gaps:
    """Counts of the missing decisions of a run, beside how many were asked for."""

    asked: int
    missing: int
    void: int
    """Encounters that did not take place for lack of an answer."""
    by_operation: tuple[QuestionGaps, ...]
    """Questions of which some are missing."""
    listed: Cut[Gap]


def gaps(frames: Frames, people: People) -> Gaps:
    """Return what is missing; decisions asked for are those answered and those missing.

    Imported rounds name no decisions: what was asked in them is not known.
    """
    missing, rounds = frames["missing"], frames["rounds"]
    answered = frames["decisions"].operation.value_counts()
    lacking = missing.operation.value_counts()
    listed = [
        Gap(row.round, people[row.agent], row.operation, row.decision, row.why)
        for row in rows(missing.head(MOST))
    ]
    return Gaps(
        asked=int(rounds.asked.sum()),
        missing=len(missing),
        void=int(rounds.void.sum()),
        by_operation=tuple(
            QuestionGaps(str(name), int(answered.get(name, 0) + count), int(count))
            for name, count in sorted(lacking.items(), key=lambda each: (-each[1], each[0]))
        ),
        listed=Cut(tuple(listed), len(missing) - len(listed)),
    )
