"""Scripts of the world: a font for every character of a figure, or a word about the one to install.

Matplotlib takes each glyph from the first font in a list that has it. It does not join letters, and
sets all of them from left to right: what readers of Arabic or Hindi see is said, too.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from unicodedata import bidirectional, category, name

from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, fontManager, get_font
from matplotlib.text import Text

from repunet.system.terminal import tell

BASE = "DejaVu Sans"
"""The font that comes with matplotlib."""
PLAIN = ("normal", "400")
UNFIT = ("color emoji", "lastresort", "last resort")
"""Parts of the names of fonts of pictures, and of boxes, which can't be drawn with."""
PACKAGES = {
    ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC"): "fonts-noto-cjk",
    ("EMOJI",): "fonts-symbola",
}
"""What Debian and Ubuntu call the fonts for characters whose names begin so."""
ELSE = "fonts-noto-core"
JOINED = tuple(
    [
        "DEVANAGARI",
        "BENGALI",
        "GURMUKHI",
        "GUJARATI",
        "ORIYA",
        "TAMIL",
        "TELUGU",
        "KANNADA",
        "MALAYALAM",
        "SINHALA",
        "MYANMAR",
        "KHMER",
        "TIBETAN",
    ]
)
"""Scripts whose signs change shape or place beside others."""
SHOWN = 6
"""How many of the missing characters are named."""

_told: set[str] = set()


def written(figure: Figure) -> str:
    """Return every character that a figure shows."""
    texts = (text.get_text() for text in figure.findobj(Text) if isinstance(text, Text))
    return "".join(sorted(set("".join(texts))))


def fonts_for(characters: str) -> list[str]:
    """Return the fonts that are needed besides our own, as few as will do."""
    chosen: list[str] = []
    missing = set(lacking(characters))
    while missing:
        family, there = max(_having(missing), key=lambda each: len(each[1]), default=("", set()))
        if not there:
            break
        chosen.append(family)
        missing -= there
    return chosen


def lacking(characters: Iterable[str], families: Iterable[str] = (BASE,)) -> str:
    """Return the characters that none of the fonts has."""
    known = [_glyphs(findfont(family)) for family in families]
    seen = (each for each in characters if category(each)[0] not in "CZ" and category(each) != "Mn")
    return "".join(each for each in seen if not any(ord(each) in has for has in known))


def _having(characters: set[str]) -> Iterator[tuple[str, set[str]]]:
    """Yield the name of each font that can be drawn with, and which of the characters it has."""
    for family, path in sorted(_upright().items()):
        has = _glyphs(path)
        yield family, {each for each in characters if ord(each) in has}


def _upright() -> dict[str, str]:
    """Return where the plain style of each font is."""
    styled = sorted(
        fontManager.ttflist, key=lambda f: (f.style != "normal", str(f.weight) != "400")
    )
    found: dict[str, str] = {}
    for font in styled:
        if not any(word in font.name.lower() for word in UNFIT):
            found.setdefault(font.name, font.fname)
    return found


@cache
def _glyphs(path: str) -> frozenset[int]:
    try:
        return frozenset(get_font(path).get_charmap())
    except (OSError, RuntimeError):  # no font that can be drawn with
        return frozenset()


def warn(characters: str, families: Iterable[str]) -> None:
    """Say, once, which characters no font here has and which are not set as they should be."""
    if missing := lacking(characters, (BASE, *families)):
        packages = " and ".join(dict.fromkeys(map(_package, missing)))
        more = "..." if len(missing) > SHOWN else ""
        _tell(
            f"warning: no font on this machine has {' '.join(missing[:SHOWN])}{more}: the figures "
            f"show boxes; install a font (in Debian and Ubuntu: {packages}), or draw SVG"
        )
    if any(map(_is_joined, characters)):
        _tell(
            "warning: matplotlib sets letters one by one from left to right, which is wrong for "
            "Arabic, Hebrew and the scripts of India; in SVG they are set right by what shows it"
        )


def _tell(line: str) -> None:
    if line not in _told:
        _told.add(line)
        tell(line)


def _package(character: str) -> str:
    said = "EMOJI" if category(character) == "So" else name(character, "")
    found = (package for words, package in PACKAGES.items() if said.startswith(words))
    return next(found, ELSE)


def _is_joined(character: str) -> bool:
    return bidirectional(character) in ("R", "AL") or name(character, "").startswith(JOINED)
