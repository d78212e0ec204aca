"""Coordinates: how a decision is found that somebody names in full, or only in part."""

from collections.abc import Sequence

from repunet.errors import LISTED, UsageError, suggest
from repunet.record.attempts import SINCE
from repunet.record.journal import Journal

MISSING = (
    "SELECT json_extract(body, '$.decision') FROM events "
    "WHERE round = ? AND kind = 'decision_missing'"
)


def coordinates(journal: Journal) -> list[str]:
    """Return the names of all decisions of a run, those that are missing included."""
    names: dict[str, None] = {}
    for number in range(1, journal.rounds + 1):
        names |= dict.fromkeys(decided.coordinate for decided in journal.decisions(number))
        names |= {str(name): None for (name,) in journal.rows(MISSING, number)}
    if journal.schema >= SINCE:
        query = "SELECT coordinate FROM decisions WHERE round <= ? ORDER BY round"
        names |= {str(name): None for (name,) in journal.rows(query, journal.rounds)}
    return list(names)


def find(journal: Journal, words: str) -> str:
    """Return the one decision that is meant: `r12 A07 ChooseMove`, or its whole name.

    Raises UsageError if there is none, with a suggestion, or if there are several.
    """
    known = coordinates(journal)
    if words in known:
        return words
    for fits in (_as_written, _by_parts, _by_pieces):
        found = [name for name in known if fits(name.casefold(), words.casefold())]
        if len(found) == 1:
            return found[0]
        if found:
            raise _several(words, found)
    raise _none(journal, words, known)


def _as_written(name: str, words: str) -> bool:
    return f"/{name}/".startswith(f"/{words}/") or f"/{name}/".endswith(f"/{words}/")


def _by_parts(name: str, words: str) -> bool:
    return bool(words.split()) and all(f"/{word}/" in f"/{name}/" for word in words.split())


def _by_pieces(name: str, words: str) -> bool:
    return bool(words.split()) and all(word in name for word in words.split())


def _several(words: str, found: Sequence[str]) -> UsageError:
    listed, more = found[:LISTED], len(found) - LISTED
    lines = [*listed, *([f"and {more} more"] if more > 0 else [])]
    return UsageError(
        f'"{words}" can be any of {len(found)} decisions: say more of its name, such as '
        f'"{found[0]}"',
        detail="\n".join(lines),
    )


def _none(journal: Journal, words: str, known: Sequence[str]) -> UsageError:
    head = words.replace(" ", "/").partition("/")[0]
    near = [name for name in known if name.startswith(f"{head}/")] or known[:1000]
    hint = suggest(words.replace(" ", "/"), near)
    example = f"; its decisions are called like {known[0]}" if known else "; it has none"
    name = journal.path.parent.name
    return UsageError(f'there is no decision "{words}" in {name}{hint or example}')
