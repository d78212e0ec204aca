"""Spellings: when two words that are written differently are the same word."""

import re
import unicodedata
from collections.abc import Callable, Iterable

QUOTES = "\"'`´ʼʹʺ′″‘’‚‛“”„‟«»‹›「」『』＂＇"  # noqa: RUF001
DASHES = "\u02d7\u2043\u2212"
"""Signs that look like a dash and are not classed as one."""
UNSEEN = "Cf", "Cc"
"""Classes of signs that nobody sees: zero-width ones, marks of direction, control characters."""
UNCOMMON = re.compile(r"[^ -!#-&(-_a-~]")
"""What may be another sign in disguise: all but the usual ones."""
AROUND = " '*.…"
"""What may stand around a word without making it another: quotes, emphasis, a full stop."""


def folded(word: str) -> str:
    r"""Return a word as it is compared: without case, and with one quote, dash and blank for all.

    >>> folded("Siân\u00a0O\u2019Connor"), folded("\u200bJean\u2011Luc ")
    ("siân o'connor", 'jean-luc')
    """
    plain = unicodedata.normalize("NFKC", UNCOMMON.sub(_sign, word)).casefold()
    plain = unicodedata.normalize("NFKC", UNCOMMON.sub(_sign, plain))
    return " ".join(plain.split()).strip(AROUND)


def squeezed(word: str) -> str:
    """Return a folded word without what joins its parts: `very_bad`, `Very bad`, `veryBad`."""
    return re.sub(r"[-_\s]", "", folded(word))


def same(word: str, words: Iterable[str]) -> list[str]:
    """Return the words that are this one: by the strictest of three comparisons that finds any.

    >>> same("ANN", ["Ann", "ANN"]), same("ann", ["Ann", "ANN"]), same("very bad", ["very_bad"])
    (['ANN'], ['Ann', 'ANN'], ['very_bad'])
    """
    known = tuple(words)
    return next(filter(None, (_equal(word, known, by) for by in (str, folded, squeezed))), [])


def _equal(word: str, known: tuple[str, ...], by: Callable[[str], str]) -> list[str]:
    meant = by(word)
    return [each for each in known if meant and by(each) == meant]


def _sign(found: re.Match[str]) -> str:
    sign = found[0]
    if sign in QUOTES:
        return "'"
    kind = unicodedata.category(sign)
    if kind == "Pd" or sign in DASHES:
        return "-"
    return "" if kind in UNSEEN and not sign.isspace() else sign
