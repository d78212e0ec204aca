"""Claims: the paper's findings as expectations that a measure over runs may meet or fail."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from repunet.analysis.comparison.arms import ArmRuns
from repunet.analysis.comparison.comparing import estimate
from repunet.analysis.statistics import (
    Interval,
    complete_pairs,
    cut,
    difference_limits,
    interval,
    minus,
    runs_to_reach,
)
from repunet.reproduction.arms import Key, values
from repunet.reproduction.evidence import limits

FULL, NONE, NO_GOSSIP, NO_REPUTATION = "full", "none", "no-gossip", "no-reputation"
SLIGHT = 0.1
"""By how much cooperation may fall and yet be called sustained, and its fall slight; the paper has
no number."""
MOST = 0.5
"""The share of deals that must be broken before defection is called widespread."""
ALIKE = runs_to_reach(paired=True)
"""Runs that a sign test needs if all of them say the same."""

Verdict: TypeAlias = Literal["met", "failed", "open"]
"""The whole interval is where it is expected, or where it is not; or no interval tells."""


@dataclass(frozen=True, slots=True)
class ClaimEvidence:
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

        >>> ClaimEvidence("r", 0.0, Interval(0.5, 0.2, 0.8, 5, 0.1), 0).verdict
        'met'
        >>> ClaimEvidence("r", 0.0, Interval(0.5, 0.5, 0.5, 5, 0.0), 0).verdict
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
    evidence: tuple[ClaimEvidence, ...]

    @property
    def verdict(self) -> Verdict:
        """Return `met` if all of the evidence meets it, `failed` if any of it fails."""
        verdicts = {each.verdict for each in self.evidence}
        if "failed" in verdicts:
            return "failed"
        return "met" if verdicts == {"met"} else "open"


Arms: TypeAlias = Mapping[str, ArmRuns]
"""By treatment."""
Maker: TypeAlias = Callable[[Arms], Iterator[ClaimEvidence]]
"""Yields the evidence for a claim."""


def _sustained(arms: Arms) -> Iterator[ClaimEvidence]:
    full, none = arms[FULL], arms[NONE]
    yield _difference("cooperation", "full minus none, by seed", full, none)
    yield _level("change", "change, start to end, full", full, -SLIGHT)
    yield _level("decline", "decline, start to end, none", none)
    yield _level("depth", ".2 minus cooperation in the end, none", none)


def _correlated(arms: Arms) -> Iterator[ClaimEvidence]:
    yield _level("cooperation_and_standing", "correlation", arms[FULL])


def _clustered(arms: Arms) -> Iterator[ClaimEvidence]:
    full, none = arms[FULL], arms[NONE]
    ties = "assortativity_cooperation"
    yield _level(ties, "assortativity, full", full)
    yield _difference(ties, "assortativity, full minus none, by seed", full, none)
    yield _level("isolation", "mutual ties, the rest minus the bottom quarter", full)


def _talked_about(arms: Arms) -> Iterator[ClaimEvidence]:
    full = arms[FULL]
    yield _level("talk_and_standing", "correlation of talk and standing", full)
    yield _level("gossip_positive", "positive share", full, 0.5)
    yield _level("gossip_bias", "P(gossip | C) minus P(gossip | D)", full)


def _disintegrates(arms: Arms) -> Iterator[ClaimEvidence]:
    full, none = arms[FULL], arms[NONE]
    yield _level("ties_lost", "ties an agent, first half minus end, none", none)
    yield _level("broken", "promises broken of deals accepted, none", none, MOST)
    yield _difference("ties", "ties an agent in the end, full minus none, by seed", full, none)


def _ablated(arms: Arms) -> Iterator[ClaimEvidence]:
    full, quiet, unknown = arms[FULL], arms[NO_GOSSIP], arms[NO_REPUTATION]
    yield _difference("cooperation", "full minus no-gossip, by seed", full, quiet)
    yield _difference("cooperation", ".1 minus that: it is slight", full, quiet, at_most=SLIGHT)
    what = "full minus no-reputation, by seed"
    yield _difference("cooperation", what, full, unknown, above=SLIGHT)


SCENARIOS_OF = {"talked-about": ("participation",), "disintegrates": ("investment",)}
"""The scenario of a finding that the paper has of one alone."""
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
    "disintegrates": (
        "dishonesty leads to network collapse without RepuNet",
        _disintegrates,
    ),
    "ablated": (
        "without gossip cooperation drops slightly, without reputation much",
        _ablated,
    ),
}
"""What the paper says, and how it is tried."""


def claims(found: Mapping[Key, ArmRuns]) -> tuple[Claim, ...]:
    """Return every claim in the scenarios that it is about, tried on the arms of each."""
    by_scenario: dict[tuple[str, str], dict[str, ArmRuns]] = {}
    for key, arm in found.items():
        by_scenario.setdefault((key.scenario, key.mind), {})[key.treatment] = arm
    return tuple(
        Claim(name, statement, scenario, tuple(maker(arms)))
        for name, (statement, maker) in CLAIMS.items()
        for (scenario, _), arms in by_scenario.items()
        if scenario in SCENARIOS_OF.get(name, (scenario,))
    )


def _level(measure: str, quantity: str, arm: ArmRuns, above: float = 0.0) -> ClaimEvidence:
    found = estimate(measure, arm, limits(measure))
    return ClaimEvidence(quantity, above, found.interval, found.missing)


def _difference(
    measure: str,
    quantity: str,
    full: ArmRuns,
    other: ArmRuns,
    *,
    above: float = 0.0,
    at_most: float | None = None,
) -> ClaimEvidence:
    """Return the mean difference of runs that have the same seed, or what is left to the most.

    Its interval is that of the paired t-test, cut at what a difference can be.
    """
    pairs = complete_pairs(values(full, measure), values(other, measure))
    least, most = difference_limits(limits(measure))
    differences = minus(*pairs)
    if at_most is not None and most is not None:
        differences = [at_most - each for each in differences]
        least, most = at_most - most, at_most + most
    found = interval(differences)
    if found.low is not None and found.high is not None:
        low, high = cut(found.low, found.high, (least, most))
        found = replace(found, low=low, high=high, form="t, cut")
    missing = estimate(measure, full).missing + estimate(measure, other).missing
    return ClaimEvidence(quantity, above, found, missing)
