"""Tolerant reader of JSON, for objects as models write them.

It takes what can mean one thing only: trailing commas, comments, single or curly quotes, bare keys,
raw line breaks in a text, Python's True, False and None, full-width punctuation, signs that nobody
sees. It completes nothing and guesses nothing, as libraries that repair JSON do: what is cut is
cut, and a quote in a text that is not marked as one makes it unreadable.
"""

import re
from collections.abc import Mapping
from typing import Any

TWICE = object()
"""Stands for a field that has two values."""
DEEPEST = 32
"""No answer nests deeper."""

UNSEEN = r"\s\x00-\x1f\x7f\xad\ufeff\u200b-\u200f\u202a-\u202e\u2060-\u206f"
SKIPPED = re.compile(rf"(?:[{UNSEEN}]+|//[^\n]*|\#[^\n]*|/\*.*?(?:\*/|\Z))*", re.DOTALL)
"""What may stand between two parts: `  // a comment`."""
KEY = re.compile(r"[A-Za-z_][\w-]*")
NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?%?(?![\w.])")
"""Such as `-20`, `2e1` or `20%`."""
WORD = re.compile(r"[-A-Za-z]+(?!\w)")
WORDS: Mapping[str, Any] = {
    **{"true": True, "True": True, "false": False, "False": False, "null": None, "None": None},
    **{"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")},
}
CLOSES = {'"': '"', "'": "'", "“": "”", "‘": "’", "＂": "＂", "「": "」", "『": "』"}  # noqa: RUF001
"""Quotes, and what ends a text that begins with them."""
INSIDE = {end: re.compile(rf"[^{end}\\]*") for end in CLOSES.values()}
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(?![ux])(.))", re.DOTALL)
"""Such as `\\n`, `\\u00e9` or, as Python writes it, `\\xe9`."""
ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "\n": ""}
HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
OPEN, CLOSE, COMMA, COLON = "{｛", "}｝", ",，", ":："  # noqa: RUF001


class UnreadableJSON(ValueError):  # noqa: N818
    """Text that is no JSON, however tolerantly it is read."""

    def __init__(self, place: int, *, hopeless: bool = False) -> None:
        super().__init__(f"no JSON at {place}")
        self.place = place
        self.hopeless = hopeless
        """Whether the text ends too soon, or nests too deeply, for anything in it to be read."""


def read_object(text: str, place: int = 0) -> tuple[dict[str, Any], int]:
    """Return the object that begins there, and where it ends; raises UnreadableJSON."""
    value, end = _Reader(text).object(place, 1)
    return value, end


def read_text(text: str, place: int = 0) -> tuple[str, int]:
    """Return the quoted text that begins there, and where it ends; raises UnreadableJSON."""
    return _Reader(text).string(place)


def unescaped(text: str) -> str:
    r"""Return a text as it was before it was written into another: `{\"a\": 1}` is `{"a": 1}`."""
    return _paired(ESCAPE.sub(_escape, text))


class _Reader:
    """A text and how its parts are read; each takes a place and returns a value and its end."""

    def __init__(self, text: str) -> None:
        self.text = text

    def value(self, place: int, depth: int) -> tuple[Any, int]:
        sign = self.text[place : place + 1]
        if sign and sign in OPEN:
            return self.object(place, depth)
        if sign == "[":
            return self.array(place, depth)
        if sign in CLOSES:
            return self.string(place)
        return self.scalar(place)

    def object(self, place: int, depth: int) -> tuple[dict[str, Any], int]:
        self.require_shallow(place, depth)
        pairs: list[tuple[str, Any]] = []
        place = self.skip(place + 1)
        while not self.at(place, CLOSE):
            key, place = self.key(place)
            place = self.past(place, COLON)
            value, place = self.value(place, depth + 1)
            pairs.append((key, value))
            place = self.comma(place, CLOSE)
        return unambiguous(pairs), place + 1

    def array(self, place: int, depth: int) -> tuple[list[Any], int]:
        self.require_shallow(place, depth)
        values: list[Any] = []
        place = self.skip(place + 1)
        while not self.at(place, "]"):
            value, place = self.value(place, depth + 1)
            values.append(value)
            place = self.comma(place, "]")
        return values, place + 1

    def key(self, place: int) -> tuple[str, int]:
        if self.text[place : place + 1] in CLOSES:
            return self.string(place)
        found = KEY.match(self.text, place)
        if found is None:
            raise self.unreadable(place)
        return found[0], found.end()

    def string(self, place: int) -> tuple[str, int]:
        end = CLOSES[self.text[place]]
        parts, place = list[str](), place + 1
        while True:
            inside = INSIDE[end].match(self.text, place)
            parts.append(inside[0] if inside else "")
            place += len(parts[-1])
            if self.text[place : place + 1] == end:
                return _paired("".join(parts)), place + 1
            found = ESCAPE.match(self.text, place)
            if found is None:
                raise UnreadableJSON(place, hopeless=len(self.text) - place < len("\\u0000"))
            parts.append(_escape(found))
            place = found.end()

    def scalar(self, place: int) -> tuple[Any, int]:
        if found := NUMBER.match(self.text, place):
            return self.number(found[0], place), found.end()
        found = WORD.match(self.text, place)
        if found is None or found[0] not in WORDS:
            raise self.unreadable(found.end() if found else place)
        return WORDS[found[0]], found.end()

    def number(self, written: str, place: int) -> Any:
        if written.endswith("%"):
            return written
        try:
            return int(written)
        except ValueError:
            pass
        try:
            return float(written)
        except ValueError:
            raise self.unreadable(place) from None

    def comma(self, place: int, close: str) -> int:
        """Return where the next part begins, or where there is none."""
        place = self.skip(place)
        return place if self.at(place, close) else self.past(place, COMMA)

    def past(self, place: int, signs: str) -> int:
        place = self.skip(place)
        if not self.at(place, signs):
            raise self.unreadable(place)
        return self.skip(place + 1)

    def at(self, place: int, signs: str) -> bool:
        return place < len(self.text) and self.text[place] in signs

    def require_shallow(self, place: int, depth: int) -> None:
        if depth > DEEPEST:
            raise UnreadableJSON(place, hopeless=True)

    def skip(self, place: int) -> int:
        found = SKIPPED.match(self.text, place)
        return found.end() if found else place

    def unreadable(self, place: int) -> UnreadableJSON:
        return UnreadableJSON(place, hopeless=place >= len(self.text))


def unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; what it says twice, and not in the same way, it does not say."""
    said: dict[str, Any] = {}
    for name, value in pairs:
        same = name not in said or (type(said[name]), said[name]) == (type(value), value)
        said[name] = value if same else TWICE
    return said


def _escape(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else ESCAPED.get(found[3], found[3])


def _paired(text: str) -> str:
    """Return a text in which the two halves of a sign are one."""
    return HALVES.sub(
        lambda found: found[0].encode("utf-16", "surrogatepass").decode("utf-16"), text
    )
