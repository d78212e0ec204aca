"""Comparing: estimates for each arm, contrasts between arms, p-values adjusted by measure."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from repunet.analysis.comparison import notes
from repunet.analysis.comparison.arms import (
    ArmRuns,
    ComparisonSettings,
    Field,
    baseline,
    by_seed,
    fields,
    pairs,
)
from repunet.analysis.comparison.factors import reached
from repunet.analysis.comparison.measuring import CORRELATIONS, MeasuredRun, distinct, measure_runs
from repunet.analysis.comparison.result import (
    ArmComparison,
    ArmEstimate,
    Group,
    MeasureComparison,
    MeasureContrast,
    RunValue,
)
from repunet.analysis.measures.catalogue import MEASURES
from repunet.analysis.measures.gossip import judged
from repunet.analysis.measures.measure import WINDOW, Rate
from repunet.analysis.sentiment import VADER
from repunet.analysis.statistics import (
    UNLIMITED,
    Limits,
    complete_pairs,
    difference_limits,
    fisher_mean,
    hedges,
    holm,
    interval,
    minus,
    paired_t,
    permutation,
    welch,
)
from repunet.errors import UsageError

TONES = {"gossip_positive", "gossip_neutral", "gossip_negative", "gossip_tone"}
"""Measures that depend on who judges the tone of gossip."""
UNMEASURED = Rate(None, 0)


def compare(
    paths: Sequence[Path],
    names: Sequence[str] = (),
    *,
    window: int = WINDOW,
    question: ComparisonSettings | None = None,
    processes: int = 1,
    tone: str = VADER,
) -> ArmComparison:
    """Return how runs compare; a run that is there twice counts once.

    `names` are measures, `all` for all that fit; none for the headline and a handful. Raises
    UsageError for what is no run or no measure.
    """
    if window < 1:
        raise UsageError(f"--window takes a number of rounds, 1 or more, not {window}")
    files, copies = distinct(paths)
    runs = measure_runs(files, names, window, processes, tone)
    found = compared(runs, window=window, question=question)
    judged_by = judged(tone) if any(TONES & run.rates.keys() for run in runs) else ""
    return replace(found, tone=judged_by, notes=(*notes.copies(copies), *found.notes))


def compared(
    runs: Sequence[MeasuredRun], *, window: int = WINDOW, question: ComparisonSettings | None = None
) -> ArmComparison:
    """Return how runs compare that have been measured already."""
    asked = question or ComparisonSettings()
    played = [run for run in runs if run.rounds]
    if not played:
        raise UsageError("none of these runs has a committed round: play them first")
    groups = fields(played, asked.by)
    baseline(groups, asked.baseline)
    return ArmComparison(
        groups=tuple(_group(each, asked) for each in groups),
        window=window,
        runs=len(played),
        mind=" + ".join(dict.fromkeys(run.mind for run in played)),
        notes=notes.general(runs),
    )


def _group(group: Field, question: ComparisonSettings) -> Group:
    contrasted = [both for both in pairs(group, question.baseline) if _comparable(*both)]
    matched = [(*both, by_seed(*both, question.paired)) for both in contrasted]
    names = dict.fromkeys(name for each in group.arms for run in each.runs for name in run.rates)
    measures = tuple(_measure(name, group, matched) for name in names)
    arms = tuple(each.arm for each in group.arms)
    return Group(
        group.scenario, group.shared, arms, measures, notes.of_group(group, measures, len(matched))
    )


def _comparable(one: ArmRuns, other: ArmRuns) -> bool:
    """Tell whether both went equally far: what was measured is then of the same rounds."""
    return reached(one.arm.factors) == reached(other.arm.factors)


def _measure(
    name: str, group: Field, matched: Sequence[tuple[ArmRuns, ArmRuns, list[int]]]
) -> MeasureComparison:
    measure = MEASURES[name]
    contrasts = [contrast(name, *each) for each in matched]
    estimates = tuple(estimate(name, each) for each in group.arms)
    return MeasureComparison(name, measure.title, measure.unit, estimates, adjusted(contrasts))


def adjusted(contrasts: Sequence[MeasureContrast]) -> tuple[MeasureContrast, ...]:
    """Return contrasts of a family with the p-values that Holm makes of theirs."""
    families = (
        holm([each.welch.p for each in contrasts]),
        holm([each.tested.p for each in contrasts]),
        holm([each.permutation.p for each in contrasts]),
    )
    return tuple(
        replace(each, welch_adjusted=welch, adjusted=tested, permutation_adjusted=permuted)
        for each, welch, tested, permuted in zip(contrasts, *families, strict=True)
    )


def limits(name: str) -> Limits:
    """Return the least and the greatest that a measure can be, if it is one of the catalogue."""
    return MEASURES[name].limits if name in MEASURES else UNLIMITED


def estimate(name: str, arm: ArmRuns, within: Limits | None = None) -> ArmEstimate:
    """Return a measure of an arm; its limits are those of the catalogue if none are said."""
    rates = [run.rates.get(name, UNMEASURED) for run in arm.runs]
    values = [rate.value for rate in rates]
    bounds = limits(name) if within is None else within
    return ArmEstimate(
        arm=arm.arm.name,
        interval=fisher_mean(values) if name in CORRELATIONS else interval(values, within=bounds),
        runs=len(rates),
        counted=sum(rate.n for rate in rates),
        missing=sum(rate.missing for rate in rates),
        values=tuple(
            RunValue(run.name, run.seed, rate.value, rate.n, rate.missing)
            for run, rate in zip(arm.runs, rates, strict=True)
        ),
    )


def contrast(name: str, one: ArmRuns, other: ArmRuns, seeds: Sequence[int]) -> MeasureContrast:
    """Return how a measure differs between two arms, paired by seeds if there are any."""
    a, b = ([run.rates.get(name, UNMEASURED).value for run in each.runs] for each in (one, other))
    paired, span = bool(seeds), difference_limits(limits(name))
    first, second = (_by_seed(name, one, seeds), _by_seed(name, other, seeds)) if paired else (a, b)
    return MeasureContrast(
        arm=one.arm.name,
        versus=other.arm.name,
        paired=paired,
        welch=welch(a, b, within=span),
        pairs=paired_t(first, second, within=span) if paired else None,
        alike=paired and _alike(first, second),
        permutation=permutation(first, second, paired=paired),
        effect=hedges(first, second, paired=paired),
    )


def _alike(one: Sequence[float | None], other: Sequence[float | None]) -> bool:
    """Tell whether no pair differs, of those in which both are defined."""
    both = complete_pairs(one, other)
    return len(both[0]) > 1 and not any(minus(*both))


def _by_seed(name: str, arm: ArmRuns, seeds: Sequence[int]) -> list[float | None]:
    values = {run.seed: run.rates.get(name, UNMEASURED).value for run in arm.runs}
    return [values[seed] for seed in seeds]
