"""Arms: which runs repeat one another, and which may be compared."""

from collections.abc import Sequence
from dataclasses import dataclass

from repunet.analysis.comparison.factors import WORDS, is_cut_off, rank, said, telling
from repunet.analysis.comparison.measuring import MeasuredRun
from repunet.analysis.comparison.result import Arm, Member
from repunet.analysis.statistics import Slope, slope
from repunet.errors import UsageError, unknown

BY = tuple(WORDS)
"""Factors that arms may be told apart by."""
TITLE = ("treatment", "mind", "agents", "rounds")
"""What is said of all runs of a group, where they have it in common."""


@dataclass(frozen=True, slots=True)
class ComparisonSettings:
    """Settings of a comparison of runs."""

    paired: bool | None = None
    """Whether runs of the same seed are paired; None: if all seeds are shared."""
    by: str | None = None
    """The factor that arms differ in; what else differs makes groups. None: all of them."""
    baseline: str | None = None
    """The arm that all others are compared with; None: all pairs."""

    def __post_init__(self) -> None:
        if self.by is not None and self.by not in BY:
            raise unknown("factor", self.by, BY)


@dataclass(frozen=True, slots=True)
class ArmRuns:
    """An arm, and what was measured of its runs."""

    arm: Arm
    runs: tuple[MeasuredRun, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """Arms of one scenario that may be compared."""

    scenario: str
    shared: str
    arms: tuple[ArmRuns, ...]


def fields(runs: Sequence[MeasuredRun], by: str | None = None) -> list[Field]:
    """Return the arms that may be compared with each other, for each scenario.

    Runs belong to the same arm only if they differ in nothing but their seeds.
    """
    found = []
    for scenario in dict.fromkeys(run.scenario for run in runs):
        own = [run for run in runs if run.scenario == scenario]
        aside = [] if by is None else [name for name in _factors(own) if name != by]
        strata: dict[str, list[MeasuredRun]] = {}
        for run in sorted(own, key=lambda run: rank(run.factors)):
            strata.setdefault(said(run.factors, aside), []).append(run)
        found += [_field(scenario, stratum) for stratum in strata.values()]
    return found


def baseline(groups: Sequence[Field], name: str | None) -> None:
    """Raise UsageError, with a suggestion, if no group has an arm of that name."""
    names = [each.arm.name for group in groups for each in group.arms]
    if name is not None and name not in names:
        raise unknown("arm", name, dict.fromkeys(names))


def pairs(group: Field, name: str | None) -> list[tuple[ArmRuns, ArmRuns]]:
    """Return which arms are compared: all others with the baseline if it is there, else all."""
    base = next((each for each in group.arms if each.arm.name == name), None)
    if base is not None:
        return [(each, base) for each in group.arms if each is not base]
    return [(one, other) for at, one in enumerate(group.arms) for other in group.arms[at + 1 :]]


def by_seed(one: ArmRuns, other: ArmRuns, paired: bool | None) -> list[int]:
    """Return the seeds that pair the runs of two arms; nothing if they are not to be paired.

    Raises UsageError if they must be paired and can't be.
    """
    seeds = [[run.seed for run in each.runs] for each in (one, other)]
    shared = [seed for seed in seeds[0] if seed in seeds[1]]
    unique = all(len(set(each)) == len(each) for each in seeds)
    if paired is None:
        return shared if unique and len(shared) == len(seeds[0]) == len(seeds[1]) else []
    if paired and not (unique and shared):
        why = "share no seed" if unique else "have several runs of a seed"
        raise UsageError(
            f"{one.arm.name} and {other.arm.name} can't be paired: they {why}; use --unpaired"
        )
    return shared if paired else []


def _factors(runs: Sequence[MeasuredRun]) -> list[str]:
    return telling([run.factors for run in runs])


def _field(scenario: str, runs: Sequence[MeasuredRun]) -> Field:
    names = _factors(runs)
    groups: dict[str, list[MeasuredRun]] = {}
    for run in runs:
        groups.setdefault(said(run.factors, names or ["treatment"]), []).append(run)
    arms = tuple(arm_of(name, held) for name, held in groups.items())
    common = [name for name in TITLE if name not in names]
    return Field(scenario, said(runs[0].factors, common), arms)


def arm_of(name: str, runs: Sequence[MeasuredRun]) -> ArmRuns:
    """Return runs that repeat one another as an arm, in the order of their seeds."""
    held = tuple(sorted(runs, key=lambda run: (run.seed, run.name)))
    return ArmRuns(
        Arm(
            name=name,
            factors=held[0].factors,
            runs=tuple(Member(r.name, r.path, r.seed, r.rounds, r.digest) for r in held),
            cut_off=is_cut_off(held[0].factors),
            asked=sum(run.asked for run in held),
            missing=sum(run.missing for run in held),
            trend=_trend(held),
        ),
        held,
    )


def _trend(runs: Sequence[MeasuredRun]) -> Slope:
    points = [(at, rate, run.path) for run in runs for at, rate in enumerate(run.by_round, 1)]
    rounds, rates = [at for at, _, _ in points], [rate for _, rate, _ in points]
    return slope(rounds, rates, [run for _, _, run in points], within=(-1.0, 1.0))
