"""Claims: the paper's four findings as expectations that a measure over runs may meet or fail."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from repunet.analysis.comparison.arms import ArmRuns
from repunet.analysis.comparison.comparing import estimate
from repunet.analysis.statistics import Interval, complete_pairs, interval, runs_to_reach
from repunet.reproduction.arms import Key, values

FULL, NONE = "full", "none"
DRIFT = 0.1
"""By how much cooperation may fall and yet be called sustained; the paper gives no number."""
ALIKE = runs_to_reach(paired=True)
"""Runs that a sign test needs if all of them say the same."""

Verdict: TypeAlias = Literal["met", "failed", "open"]
"""The whole interval is where it is expected, or where it is not; or no interval tells."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A quantity, where the claim expects it, and where it was found."""

    quantity: str
    above: float
    """What it is expected to exceed."""
    found: Interval
    missing: int

    @property
    def verdict(self) -> Verdict:
        """Return whether the interval over runs lies above the bound, below it, or around it.

        Runs that are all alike have no interval; they tell if they are enough for a sign test.

        >>> Evidence("r", 0.0, Interval(0.5, 0.2, 0.8, 5, 0.1), 0).verdict
        'met'
        >>> Evidence("r", 0.0, Interval(0.5, 0.5, 0.5, 5, 0.0), 0).verdict
        'open'
        """
        low, high = self.found.low, self.found.high
        alike = not self.found.sd
        if low is None or high is None or (alike and self.found.n < ALIKE):
            return "open"
        return "met" if low > self.above else "failed" if high < self.above else "open"


@dataclass(frozen=True, slots=True)
class Claim:
    """A finding of the paper, tried in one scenario."""

    name: str
    statement: str
    scenario: str
    evidence: tuple[Evidence, ...]

    @property
    def verdict(self) -> Verdict:
        """Return `met` if all of the evidence meets it, `failed` if any of it fails."""
        verdicts = {each.verdict for each in self.evidence}
        if "failed" in verdicts:
            return "failed"
        return "met" if verdicts == {"met"} else "open"


Maker: TypeAlias = Callable[[ArmRuns, ArmRuns], Iterator[Evidence]]
"""Yields the evidence for a claim from the arms with RepuNet and without."""


def _sustained(full: ArmRuns, none: ArmRuns) -> Iterator[Evidence]:
    yield _difference("cooperation", "full minus none, by seed", full, none)
    yield _level("change", "change, start to end, full", full, -DRIFT)
    yield _level("decline", "decline, start to end, none", none)
    yield _level("depth", ".2 minus cooperation in the end, none", none)


def _correlated(full: ArmRuns, none: ArmRuns) -> Iterator[Evidence]:
    yield _level("cooperation_and_standing", "correlation", full)


def _clustered(full: ArmRuns, none: ArmRuns) -> Iterator[Evidence]:
    ties = "assortativity_cooperation"
    yield _level(ties, "assortativity, full", full)
    yield _difference(ties, "assortativity, full minus none, by seed", full, none)
    yield _level("isolation", "mutual ties, the rest minus the bottom quarter", full)


def _talked_about(full: ArmRuns, none: ArmRuns) -> Iterator[Evidence]:
    yield _level("talk_and_standing", "correlation of talk and standing", full)
    yield _level("gossip_positive", "positive share (vader)", full, 0.5)
    yield _level("gossip_bias", "P(gossip | C) minus P(gossip | D)", full)


CLAIMS: dict[str, tuple[str, Maker]] = {
    "sustained": (
        "cooperation is sustained with RepuNet and collapses without",
        _sustained,
    ),
    "correlated": ("cooperation and reputation correlate", _correlated),
    "clustered": ("cooperators cluster and defectors are isolated", _clustered),
    "talked-about": (
        "gossip about well-reputed agents is more frequent and mostly positive",
        _talked_about,
    ),
}
"""What the paper says, and how it is tried."""


def claims(found: Mapping[Key, ArmRuns]) -> tuple[Claim, ...]:
    """Return every claim in every scenario, tried on the arms with RepuNet and without."""
    scenarios = dict.fromkeys((key.scenario, key.mind) for key in found)
    return tuple(
        Claim(name, statement, scenario, tuple(maker(*_both(found, scenario, mind))))
        for name, (statement, maker) in CLAIMS.items()
        for scenario, mind in scenarios
    )


def _both(found: Mapping[Key, ArmRuns], scenario: str, mind: str) -> tuple[ArmRuns, ArmRuns]:
    return found[Key(scenario, mind, FULL)], found[Key(scenario, mind, NONE)]


def _level(measure: str, quantity: str, arm: ArmRuns, above: float = 0.0) -> Evidence:
    found = estimate(measure, arm)
    return Evidence(quantity, above, found.interval, found.missing)


def _difference(measure: str, quantity: str, full: ArmRuns, none: ArmRuns) -> Evidence:
    """Return the mean difference of runs that have the same seed."""
    one, other = complete_pairs(values(full, measure), values(none, measure))
    found = interval([a - b for a, b in zip(one, other, strict=True)])
    missing = estimate(measure, full).missing + estimate(measure, none).missing
    return Evidence(quantity, 0.0, found, missing)
