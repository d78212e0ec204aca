"""Makers: the minds that made a run, as outputs name them, and what must be said of them."""

import re
from collections.abc import Collection
from typing import NamedTuple

from repunet.models.made_up import MARK
from repunet.record.attempts import SINCE
from repunet.record.journal import Journal

JOINT = " + "
"""Between the names of several minds."""
MADE_UP = "(made up by fake-llm)"
"""What follows the name of a model whose answers came from the server of `fake-llm`."""


class Note(NamedTuple):
    """Remark that goes with all that certain minds made."""

    applies: re.Pattern[str]
    """Found in the names of minds that it must be said of."""
    short: str
    """What stands in brackets, where there is room for no more."""
    text: str


NOTES = (
    Note(
        re.compile(r"(?<![\w#:/.-])embedded\b"),
        "embedded mind, not a language model",
        "The embedded mind is a behavioural stand-in for a language model: "
        "what it does is no evidence about language models.",
    ),
    Note(
        re.compile(re.escape(MADE_UP)),
        "fake-llm, not a language model",
        "What fake-llm says is made up by a program that knows nothing: "
        "what follows from it is no evidence about language models.",
    ),
)
"""The only place where it stands which minds are no evidence about language models."""


def notes(minds: str) -> tuple[Note, ...]:
    """Return what must be said of what these minds made, wherever it is shown.

    >>> [note.short for note in notes("embedded:sharp + chance")]
    ['embedded mind, not a language model']
    >>> notes("vllm:embedded-4b")
    ()
    """
    return tuple(note for note in NOTES if note.applies.search(minds))


def made_up(journal: Journal, last: int | None = None) -> frozenset[str]:
    """Return the models whose answers came from `fake-llm`, in the first rounds or in all."""
    if journal.schema < SINCE:
        return frozenset()
    query = "SELECT DISTINCT model FROM attempts WHERE served LIKE ? || '%'"
    if last is None:
        return frozenset(model for (model,) in journal.rows(query, MARK))
    query += " AND round <= ?"
    return frozenset(model for (model,) in journal.rows(query, MARK, last))


def minds_of(journal: Journal) -> str:
    """Return which minds made a run, as far as it goes."""
    query = "SELECT max(round) FROM events WHERE kind = 'imported'"
    ((imported,),) = journal.rows(query)
    names = journal.manifest.mind_names
    return known_minds(names, imported or 0, journal.rounds, made_up(journal))


def known_minds(names: str, imported: int, rounds: int, fake: Collection[str] = frozenset()) -> str:
    """Return which minds made the rounds of a run, the first of which may have been imported.

    Models whose answers were made up are marked.

    >>> known_minds("chance", 0, 5), known_minds("chance", 3, 3), known_minds("chance", 3, 5)
    ('chance', 'not known (imported)', 'not known to round 3 (imported), then chance')
    >>> known_minds("chance + vllm:tiny", 0, 5, {"vllm:tiny"})
    'chance + vllm:tiny (made up by fake-llm)'
    """
    if imported and imported == rounds:
        return "not known (imported)"
    each = (f"{name} {MADE_UP}" if name in fake else name for name in names.split(JOINT))
    made = JOINT.join(each)
    return f"not known to round {imported} (imported), then {made}" if imported else made
