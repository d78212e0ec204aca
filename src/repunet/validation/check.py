"""A check: a result of somebody else's, and what our own societies give in its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal

Family = Literal["exact", "theory", "human"]
"""Exact results and theory with a Monte Carlo tolerance must be met; human data are reported."""

FAMILIES: tuple[Family, ...] = ("exact", "theory", "human")
SCRIPTED = "scripted strategies"

Value = float | str | tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Expected and found value, and whether the two agree."""

    name: str
    family: Family
    source: str
    """Who found what is expected: author and year."""
    expected: Value
    found: Value | None
    """None where there is nothing to be found: such a check is not passed."""
    tolerance: float | None = None
    """How far apart numbers may be; None where nothing less than equality will do."""
    passed: bool
    mind: str = SCRIPTED
    """Which mind made what was found."""
    missing: int = 0
    """Decisions that could not be had in what was found."""
    note: str = ""
    """What a reader must know besides: size, standard error, what differs from the source."""

    @property
    def gate(self) -> bool:
        """Return whether the whole fails with this check: human data never decide."""
        return self.family != "human"


def near(
    name: str,
    family: Family,
    source: str,
    expected: float | Sequence[float],
    found: float | Sequence[float] | None,
    tolerance: float,
    *,
    mind: str = SCRIPTED,
    missing: int = 0,
    note: str = "",
) -> Check:
    """Return the check that numbers are as expected, each within the tolerance.

    >>> near("share", "theory", "somebody 1998", 0.5, 0.52, 0.03).passed
    True
    """
    wanted, had = _numbers(expected), _numbers(found)
    passed = len(wanted) == len(had) and all(
        isfinite(one) and abs(one - other) <= tolerance
        for one, other in zip(had, wanted, strict=True)
    )
    return Check(
        name=name,
        family=family,
        source=source,
        expected=_value(wanted),
        found=_value(had) if had else None,
        tolerance=tolerance,
        passed=passed,
        mind=mind,
        missing=missing,
        note=note,
    )


def same(
    name: str,
    family: Family,
    source: str,
    expected: Value,
    found: Value | None,
    *,
    mind: str = SCRIPTED,
    missing: int = 0,
    note: str = "",
) -> Check:
    """Return the check that something is exactly as expected.

    >>> same("scores", "exact", "somebody 1980", "392 of 392", "391 of 392").passed
    False
    """
    return Check(
        name=name,
        family=family,
        source=source,
        expected=expected,
        found=found,
        passed=found == expected,
        mind=mind,
        missing=missing,
        note=note,
    )


def _numbers(value: float | Sequence[float] | None) -> tuple[float, ...]:
    if value is None:
        return ()
    return (float(value),) if isinstance(value, int | float) else tuple(map(float, value))


def _value(numbers: tuple[float, ...]) -> Value:
    return numbers[0] if len(numbers) == 1 else numbers
