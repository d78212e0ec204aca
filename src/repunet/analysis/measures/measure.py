"""Measures: what is computed of a run, over some of its rounds; each says how many it is of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, Literal, NamedTuple, ParamSpec, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from repunet.analysis.tables.frames import Frame, Frames
from repunet.scenarios import scenario as named
from repunet.scenarios.headline import WINDOW as WINDOW

P = ParamSpec("P")
T = TypeVar("T")

PLACES = 12
"""Decimals of what agents are compared by: means of equal numbers are then equal."""

Family: TypeAlias = Literal["cooperation", "reputation", "network", "gossip", "inequality"]


LIMITS: Mapping[str, tuple[float | None, float | None]] = {
    "0 to 1": (0.0, 1.0),
    "0 to 2": (0.0, 2.0),
    "1 to 5": (1.0, 5.0),
    "-1 to 1": (-1.0, 1.0),
    "-2 to 2": (-2.0, 2.0),
    "-0.5 to 1": (-0.5, 1.0),
    "1 - Jaccard": (0.0, 1.0),
    "share of agents": (0.0, 1.0),
    "share of defectors": (0.0, 1.0),
    "share of pairs": (0.0, 1.0),
    "share of ties": (0.0, 1.0),
    "sd of scores": (0.0, 1.0),
    "agents": (0.0, None),
    "communities": (0.0, None),
    "components": (0.0, None),
    "pieces an agent and round": (0.0, None),
    "round": (1.0, None),
    "rounds": (0.0, None),
    "per round": (-1.0, 1.0),
}
"""The least and the greatest that a measure can be, by its unit; others have no limit."""


class Rate(NamedTuple):
    """A number, how many decisions, pairs, agents or pieces it is of, and what is missing."""

    value: float | None
    """None where it is not defined."""
    n: int
    missing: int = 0
    """Decisions that would have counted and could not be had; they count as nothing else."""


@dataclass(frozen=True, slots=True)
class RoundSpan:
    """Rounds from the first to the last, both included."""

    first: int
    last: int

    @classmethod
    def all(cls, frames: Frames) -> "RoundSpan":
        """Return all rounds of a run."""
        return cls(1, frames.last)

    @classmethod
    def end(cls, frames: Frames, rounds: int = WINDOW) -> "RoundSpan":
        """Return the last rounds of a run, or all if there are not as many."""
        return cls(max(1, frames.last - rounds + 1), frames.last)

    def of(self, table: Frame) -> Frame:
        """Return the rows of a table that belong to these rounds."""
        return table[table["round"].between(self.first, self.last)]


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure by name, as reports and comparisons list it."""

    name: str
    family: Family
    title: str
    unit: str
    of: Callable[[Frames, RoundSpan], Rate]
    """Its docstring gives the formula and its source."""
    scenarios: tuple[str, ...] = ()
    """Dilemmas it is defined in; empty for all."""
    stakes: type | None = None
    """The stakes that a dilemma must have for it; None for any."""

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """Return the least and the greatest it can be; None where there is no limit."""
        return LIMITS.get(self.unit, (None, None))

    def fits(self, scenario: str) -> bool:
        """Tell whether it is defined in a dilemma."""
        if self.scenarios and scenario not in self.scenarios:
            return False
        return self.stakes is None or isinstance(named(scenario).stakes, self.stakes)


def mean(values: Frame, missing: int = 0) -> Rate:
    """Return the mean of a column, whose empty cells don't count.

    >>> import pandas
    >>> mean(pandas.Series([1.0, 0.0, None]), missing=2)
    Rate(value=0.5, n=2, missing=2)
    """
    known = values.dropna()
    return Rate(float(known.mean()) if len(known) else None, len(known), missing)


def correlation(one: Frame, other: Frame) -> float | None:
    """Return Pearson's r; None for fewer than three, or where either does not vary.

    >>> import pandas
    >>> correlation(pandas.Series([1, 2, 3]), pandas.Series([0.1, 0.2, 0.3]))
    1.0
    """
    if len(one) < 3 or one.nunique() < 2 or other.nunique() < 2:
        return None
    return float(np.corrcoef(one.to_numpy("float64"), other.to_numpy("float64"))[0, 1])


def once(
    function: Callable[Concatenate[Frames, P], T],
) -> Callable[Concatenate[Frames, P], T]:
    """Keep what a function makes of a run's tables for as long as somebody holds them."""
    made: WeakKeyDictionary[Frames, dict[object, T]] = WeakKeyDictionary()

    @wraps(function)
    def kept(frames: Frames, /, *rest: P.args, **named: P.kwargs) -> T:
        held, asked = made.setdefault(frames, {}), (rest, *named.items())
        if asked not in held:
            held[asked] = function(frames, *rest, **named)
        return held[asked]

    return kept
