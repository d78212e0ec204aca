r"""The terminal: which characters of a text reach it as they are, and which as visible signs.

Agents, servers, files and file names may hold anything. A character that moves the cursor, turns
the direction of a line, writes the clipboard or can't be seen is printed as it is written in source
code, such as `\x1b`. Whatever writes to a terminal goes through here.
"""

import sys
from unicodedata import category

KEPT = "\n\t"
UNSEEN = frozenset(
    "\N{COMBINING GRAPHEME JOINER}\N{HANGUL CHOSEONG FILLER}\N{HANGUL JUNGSEONG FILLER}"
    "\N{HANGUL FILLER}\N{HALFWIDTH HANGUL FILLER}"
    "\N{KHMER VOWEL INHERENT AQ}\N{KHMER VOWEL INHERENT AA}"
)
"""Letters and marks that show nothing."""
SEIZING = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Categories of Unicode: controls, formats, halves of characters, ends of lines and paragraphs."""


class _Signs(dict[int, str]):
    """What is printed for each character; each is looked up once."""

    def __init__(self, json: bool) -> None:
        super().__init__()
        self._json = json

    def __missing__(self, point: int) -> str:
        character = chr(point)
        hidden = category(character) in SEIZING or character in UNSEEN
        sign = character
        if hidden and character not in KEPT:
            sign = in_json(character) if self._json else ascii(character)[1:-1]
        self[point] = sign
        return sign


_shown, _escaped = _Signs(json=False), _Signs(json=True)


def visible(text: str) -> str:
    r"""Return a text in which every character can be seen; its lines and tabs stay.

    >>> print(visible("\x1b[2J caf\xe9 \u202e"))
    \x1b[2J café \u202e
    """
    return text if text.isascii() and text.isprintable() else text.translate(_shown)


def in_one_line(text: str) -> str:
    """Return a text in which every character can be seen, in one line."""
    return visible(" ".join(text.split()))


def escaped(json: str, *, ascii_only: bool = False) -> str:
    r"""Return JSON that means the same and holds no character that can't be seen.

    >>> print(escaped('{"said": "\x9b31m caf\xe9"}'))
    {"said": "\u009b31m café"}
    """
    if ascii_only:
        return "".join(sign if sign.isascii() else in_json(sign) for sign in json)
    return json.translate(_escaped)


def in_json(character: str) -> str:
    r"""Return a character as JSON escapes it, in two halves where it needs them.

    >>> print(in_json("\x7f"), in_json("\U000e0041"))
    \u007f \udb40\udc41
    """
    halves = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{halves[at : at + 4]}" for at in range(0, len(halves), 4))


def takes_all() -> bool:
    """Return whether the output can be written in any script."""
    return (getattr(sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")


def tell(text: str, end: str = "\n") -> None:
    """Write a text on the error stream."""
    sys.stderr.write(visible(text) + end)
    sys.stderr.flush()


def prepare() -> None:
    """Let no character that the terminal's encoding lacks end a command."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")
