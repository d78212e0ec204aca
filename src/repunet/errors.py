"""What stops a study: one tree of exceptions, each a single line that says what to do next."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar

LISTED = 12
"""How many of the known names an error lists."""


class RepuNetError(Exception):
    """The study can't go on; the message is one line."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(" ".join(message.splitlines()))
        self.detail = detail
        """Lines that show what the message says, such as a difference."""


class UsageError(RepuNetError, ValueError):
    """Request that can't be carried out as made: correct it and repeat it."""

    exit_code: ClassVar[int] = 2


class Stopped(RepuNetError):  # noqa: N818
    """The run was stopped at a committed round, from which it can be resumed."""

    exit_code: ClassVar[int] = 3


def suggest(word: str, known: Iterable[str]) -> str:
    """Return e.g. `' (did you mean "full"?)'`, or `''` where nothing known resembles the word."""
    by_key = {name.casefold(): name for name in known}
    begun = [name for name in by_key if word and name.startswith(word.casefold())]
    close = begun if len(begun) == 1 else get_close_matches(word.casefold(), by_key, n=1)
    return f' (did you mean "{by_key[close[0]]}"?)' if close else ""


def unknown(kind: str, word: str, known: Iterable[str]) -> UsageError:
    """Return the error for a name that isn't among the known ones of its kind."""
    names = tuple(known)
    hint, more = suggest(word, names), len(names) - LISTED
    there = ", ".join(names[:LISTED]) or "none"
    there += f" and {more} more" if more > 0 else ""
    return UsageError(f'unknown {kind} "{word}"{hint}; known: {there}')
