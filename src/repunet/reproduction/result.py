"""What a reproduction finds, as plain data."""

from dataclasses import dataclass

from repunet.analysis.comparison.result import MeasureContrast
from repunet.analysis.statistics import Interval
from repunet.reproduction.claims import Claim


@dataclass(frozen=True, slots=True)
class ArmRow:
    """A quantity of an arm."""

    scenario: str
    mind: str
    treatment: str
    quantity: str
    paper: float | None
    """What the paper has there; None where it has no number, or ours is of another mind."""
    interval: Interval
    counted: int
    """Decisions, pairs, agents or pieces that it is of, in all runs."""
    missing: int


@dataclass(frozen=True, slots=True)
class Test:
    """The headline with RepuNet minus that of another arm."""

    scenario: str
    mind: str
    paper: float | None
    contrast: MeasureContrast


@dataclass(frozen=True, slots=True)
class Reproduction:
    """Result of a reproduction target."""

    target: str
    title: str
    mind: str
    agents: int
    rounds: dict[str, int]
    """By scenario."""
    seeds: int
    rows: tuple[ArmRow, ...]
    tests: tuple[Test, ...]
    claims: tuple[Claim, ...]
    verdicts: tuple[str, ...]
    figures: tuple[str, ...] = ()
    """Paths."""
    folder: str = ""
    """Of the runs."""
    tone: str = ""
    """Who judged the tone of gossip, with version; empty where nobody had to."""
