"""What a comparison finds, as plain data: arms, estimates, contrasts, and what must be said."""

from dataclasses import dataclass

from repunet.analysis.statistics import EffectSize, Interval, MeanDifference, Slope


@dataclass(frozen=True, slots=True)
class Member:
    """A run of an arm."""

    name: str
    path: str
    seed: int
    rounds: int
    digest: str


@dataclass(frozen=True, slots=True)
class Arm:
    """Runs that differ in nothing but their seeds."""

    name: str
    """What tells it from the other arms."""
    factors: dict[str, str]
    runs: tuple[Member, ...]
    cut_off: bool
    """Whether its runs ended before their planned rounds."""
    asked: int
    """Decisions asked for in all rounds of its runs."""
    missing: int
    """Of those, without an answer."""
    trend: Slope
    """Of the headline rate over all rounds, its error clustered by run."""

    @property
    def mind(self) -> str:
        """Return which mind made its runs."""
        return self.factors["mind"]


@dataclass(frozen=True, slots=True)
class RunValue:
    """Value of a measure for one run."""

    run: str
    seed: int
    value: float | None
    n: int
    """Decisions, pairs, agents or pieces it is of."""
    missing: int


@dataclass(frozen=True, slots=True)
class ArmEstimate:
    """A measure of an arm: the mean over its runs, with its interval."""

    arm: str
    interval: Interval
    """Of correlations the Fisher mean."""
    runs: int
    """Runs of the arm; the interval's n are those in which the measure is defined."""
    counted: int
    """Decisions, pairs, agents or pieces, of all runs together."""
    missing: int
    """Decisions that would have counted and could not be had."""
    values: tuple[RunValue, ...]


@dataclass(frozen=True, slots=True)
class MeasureContrast:
    """A measure of one arm minus that of another."""

    arm: str
    versus: str
    paired: bool
    """Whether runs of the same seed were paired."""
    welch: MeanDifference
    """Difference of the means, interval and p; it takes no notice of pairs."""
    pairs: MeanDifference | None
    """Mean difference of the pairs with its t-interval; None if unpaired."""
    permutation: MeanDifference
    effect: EffectSize
    alike: bool = False
    """Whether no pair differs at all."""
    welch_adjusted: float | None = None
    """p after Holm, over the contrasts of this measure."""
    adjusted: float | None = None
    """The same of the test that the design asks for."""
    permutation_adjusted: float | None = None

    @property
    def tested(self) -> MeanDifference:
        """Return the test that the design asks for: of the pairs if there are any, else Welch's."""
        return self.pairs or self.welch


@dataclass(frozen=True, slots=True)
class MeasureComparison:
    """A measure, in all arms of a scenario."""

    name: str
    title: str
    unit: str
    estimates: tuple[ArmEstimate, ...]
    contrasts: tuple[MeasureContrast, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Arms that may be compared: of one scenario, and alike in what they are not compared by."""

    scenario: str
    shared: str
    """What all of its runs have in common, in words."""
    arms: tuple[Arm, ...]
    measures: tuple[MeasureComparison, ...]
    notes: tuple[str, ...]
    """What must be said beside its numbers, in sentences."""


@dataclass(frozen=True, slots=True)
class ArmComparison:
    """Result of a comparison of arms."""

    groups: tuple[Group, ...]
    window: int
    """Rounds at the end of each run that measures are taken over, where they have any."""
    runs: int
    mind: str
    """All minds that made any of it."""
    notes: tuple[str, ...]
    tone: str = ""
    """Who judged the tone of gossip, with version; empty where nobody had to."""
