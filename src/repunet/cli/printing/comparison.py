"""Tables and sentences of a comparison."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType

from repunet.analysis.comparison.result import (
    Arm,
    ArmEstimate,
    Group,
    MeasureComparison,
    MeasureContrast,
)
from repunet.analysis.rounding import rounded
from repunet.analysis.statistics.difference import Method
from repunet.cli.printing.formats import p_value
from repunet.cli.printing.tables import fitted, sheets

DIGITS = {"per round": 4, "round": 1}
"""Digits after the point, by unit; two for others."""


WHOLE = ("overall", "slope", "collapse")
"""Measures that are always of all rounds."""


def title(group: Group) -> str:
    """Return what stands above the tables of a scenario."""
    return f"{group.scenario} ({group.shared})" if group.shared else group.scenario


def tables(group: Group) -> Iterator[RenderableType]:
    """Yield the estimates of all arms of a scenario, and the differences between them."""
    rows = [row for measure in group.measures for row in _estimates(measure)]
    names: tuple[str, ...] = ("measure, arm:", "runs", "mean [95 %]:", "SD", "counted", "missing")
    yield fitted("", columns(names, rows), ())
    if any(measure.contrasts for measure in group.measures):
        methods = {each.tested.method for measure in group.measures for each in measure.contrasts}
        names = _heads(methods, group.measures)
        tests = [row for each in group.measures for row in _contrasts(each, len(methods) > 1)]
        yield from sheets("", columns(names, tests), names[:1], names[-1:])


def _heads(methods: set[Method], measures: Sequence[MeasureComparison]) -> tuple[str, ...]:
    """Return the heads of the table of differences, which say what test and what g it is of."""
    effects = sorted({each.effect.name for measure in measures for each in measure.contrasts})
    p = f"{' or '.join(sorted(methods))} p:"
    g = f"{' or '.join(effects)} [95 %]:"
    return "measure, arms:", "difference [95 %]:", p, "permutation p:", g


def columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, Sequence[str]]:
    """Return rows as columns by name."""
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def _estimates(measure: MeasureComparison) -> Iterator[tuple[str, ...]]:
    yield (measure.name, *[""] * 5)
    for each in measure.estimates:
        found = each.interval
        yield (
            f"  {each.arm}",
            str(found.n) if found.n == each.runs else f"{found.n} of {each.runs}",
            _mean(each, measure.unit),
            number(found.sd, measure.unit),
            f"{each.counted:,}",
            f"{each.missing:,}",
        )


def _mean(each: ArmEstimate, unit: str) -> str:
    found = each.interval
    if not found.sd:
        return number(found.mean, unit)
    return within(found.mean, found.low, found.high, unit)


def _contrasts(measure: MeasureComparison, mixed: bool) -> Iterator[tuple[str, ...]]:
    """Yield the differences of a measure; where tests are mixed, each p says of which it is."""
    yield (measure.name, *[""] * 4)
    several = len(measure.contrasts) > 1
    for each in measure.contrasts:
        found, effect = each.tested, each.effect
        yield (
            f"  {each.arm} - {each.versus}",
            _difference(each, measure.unit),
            _tested(found.p, each.adjusted if several else None) + f" {found.method}" * mixed,
            _tested(each.permutation.p, each.permutation_adjusted if several else None),
            within(effect.g, effect.low, effect.high),
        )


def _difference(each: MeasureContrast, unit: str) -> str:
    if each.alike:
        return "0 (no pair differs)"
    found = each.tested
    return within(found.difference, found.low, found.high, unit, sign="+")


def _tested(p: float | None, adjusted: float | None) -> str:
    return p_value(p) if adjusted is None else f"{p_value(p)} ({p_value(adjusted)})"


def sentences(group: Group, window: int) -> Iterator[str]:
    """Yield what is to be said below the tables of a scenario."""
    whole = [each.name for each in group.measures if each.name in WHOLE]
    but = f"; {' and '.join(whole)} over all rounds" if whole else ""
    but += "; cooperation is of the latest decisions" if group.scenario == "participation" else ""
    yield f"Measured over {_stretch(group, window)} of each run{but}."
    lost = (f"{arm.name} {arm.missing:,} of {arm.asked:,}" for arm in group.arms)
    yield f"Missing decisions, of all that were asked for: {'; '.join(lost)}."
    yield f"Trend of cooperation, a round: {'; '.join(map(_trend, group.arms))}."
    yield from group.notes


def _stretch(group: Group, window: int) -> str:
    """Return over which rounds it is, of which no run has more than it has."""
    played = {min(window, run.rounds) for arm in group.arms for run in arm.runs}
    if len(played) > 1:
        return f"the last {window} rounds, or all if there are fewer,"
    (many,) = played
    return "the last round" if many == 1 else f"the last {many} rounds"


def _trend(arm: Arm) -> str:
    """Return the slope over all rounds of an arm, its error clustered by run."""
    found = arm.trend
    said = within(found.slope, found.low, found.high, "per round", sign="+")
    return f"{arm.name} {said}, {found.n} run{'s' * (found.n != 1)}"


def number(value: float | None, unit: str = "", *, sign: str = "") -> str:
    """Return a number as papers print it: `.54`, `-.03`, `1.20`; `n/a` where there is none."""
    if value is None:
        return "n/a"
    return rounded(value, DIGITS.get(unit, 2), sign)


def within(
    value: float | None, low: float | None, high: float | None, unit: str = "", *, sign: str = ""
) -> str:
    """Return a number and its interval: `.54 [.41, .67]`."""
    said = number(value, unit, sign=sign)
    if low is None or high is None:
        return said
    return f"{said} [{number(low, unit, sign=sign)}, {number(high, unit, sign=sign)}]"
