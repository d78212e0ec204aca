"""Small lines in the text: how a score moved over rounds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, MARGIN = 120.0, 28.0, 2.0


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A line from the first round to the last, of values from -1 to 1, as SVG draws it."""

    paths: str
    """Each stretch of known values, as a path."""
    end: tuple[str, str] | None
    """Where the latest known value is."""
    zero: str
    """Where nought is."""
    says: str
    """The same in words, for those who don't see it."""


def sparkline(history: Sequence[tuple[int, float | None]], last: int) -> Sparkline:
    """Return the line of a score; rounds in which it is not known leave a gap.

    >>> sparkline([(1, -1.0), (2, None), (3, 1.0)], 3).says
    'round 1: -1.00; round 3: +1.00'
    """
    known = [(round_, score) for round_, score in history if score is not None]
    stretches = "".join(_path(stretch, last) for stretch in _stretches(history))
    if not known:
        return Sparkline("", None, _y(0.0), "never known")
    ends = dict((known[0], known[-1]))
    says = "; ".join(f"round {round_}: {score:+.2f}" for round_, score in ends.items())
    return Sparkline(stretches, (_x(known[-1][0], last), _y(known[-1][1])), _y(0.0), says)


def _stretches(history: Sequence[tuple[int, float | None]]) -> Iterator[list[tuple[int, float]]]:
    stretch: list[tuple[int, float]] = []
    for round_, score in history:
        if score is not None:
            stretch.append((round_, score))
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def _path(stretch: Sequence[tuple[int, float]], last: int) -> str:
    """Return a path; a score that does not change needs no points between its first and last."""
    turns = [
        point
        for n, point in enumerate(stretch)
        if n in (0, len(stretch) - 1) or not stretch[n - 1][1] == point[1] == stretch[n + 1][1]
    ]
    points = " ".join(f"{_x(round_, last)} {_y(score)}" for round_, score in turns)
    return f"M{points}" if len(turns) > 1 else f"M{points}h.1"


def _x(round_: int, last: int) -> str:
    share = (round_ - 1) / (last - 1) if last > 1 else 1.0
    return f"{MARGIN + share * (WIDTH - 2 * MARGIN):.1f}".removesuffix(".0")


def _y(score: float) -> str:
    return f"{HEIGHT / 2 - score * (HEIGHT / 2 - MARGIN):.1f}".removesuffix(".0")
