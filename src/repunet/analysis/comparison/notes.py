"""What must be said beside the numbers of a comparison, in plain sentences."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from repunet.analysis.comparison.arms import Field
from repunet.analysis.comparison.factors import reached, telling
from repunet.analysis.comparison.measuring import CORRELATIONS, MeasuredRun
from repunet.analysis.comparison.result import MeasureComparison, MeasureContrast
from repunet.analysis.measures.catalogue import MEASURES
from repunet.analysis.statistics import too_few

FORMS = {
    "Wilson": (
        "Intervals of means of what has two limits, such as rates, are Wilson's, with t and the "
        "effective number of trials."
    ),
    "t, cut": "Those of what has one limit are of t, cut there.",
}
"""How an interval of a mean was made, where it is not simply that of t or Fisher's."""
LISTED = 3
"""How many names a sentence lists."""


def copies(found: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return which runs are there more than once.

    >>> copies({"first": ["again"]})
    ('first is there more than once, and counts once: again.',)
    """
    return tuple(
        f"{name} is there more than once, and counts once: {_listed(others)}."
        for name, others in found.items()
    )


def general(runs: Sequence[MeasuredRun]) -> tuple[str, ...]:
    """Return what is to be said of all runs together."""
    return tuple(_general(runs))


def _general(runs: Sequence[MeasuredRun]) -> Iterator[str]:
    if empty := [run.name for run in runs if not run.rounds]:
        yield f"Left out, since they have no committed round: {_listed(empty)}."
    minds = list(dict.fromkeys(run.mind for run in runs if run.rounds))
    if len(minds) > 1:
        yield f"Runs of {len(minds)} minds are never pooled: {'; '.join(minds)}."
    versions = list(dict.fromkeys(run.version for run in runs if run.version))
    if len(versions) > 1:
        yield f"These runs were begun with different versions of RepuNet: {', '.join(versions)}."


def of_group(group: Field, measures: Sequence[MeasureComparison], tested: int) -> tuple[str, ...]:
    """Return what is to be said of the arms of a group, and of what was tested."""
    contrasts = [contrast for each in measures for contrast in each.contrasts]
    sentences = [*_of_arms(group), *_of_tests(contrasts, tested), *_of_measures(measures)]
    return tuple(dict.fromkeys(sentences))


def _of_arms(group: Field) -> Iterator[str]:
    for each in group.arms:
        arm = each.arm
        if arm.cut_off:
            yield (
                f"{arm.name}: {_runs(len(arm.runs))} cut off before the planned rounds, reported "
                "as cut off and pooled with no other."
            )
    lengths = {reached(each.arm.factors) for each in group.arms}
    if len(lengths) > 1:
        yield (
            f"Runs have {', '.join(sorted(lengths, key=int))} rounds: arms of different lengths "
            "are neither pooled nor tested against each other."
        )
    factors = telling([each.arm.factors for each in group.arms])
    if len(factors) > 1:
        yield (
            f"Arms differ in {_and(factors)}: where two differ in more than one of them, no "
            "difference tells which one made it."
        )


def _of_tests(contrasts: Sequence[MeasureContrast], tested: int) -> Iterator[str]:
    if pairs := sorted({each.permutation.n[0] for each in contrasts if each.paired} - {0, 1}):
        yield (
            f"Runs are paired by seed, {_range(pairs)} pairs: a difference is the mean of theirs, "
            "with the interval and p of the paired t-test; the permutation test flips its signs; "
            "g_av is in the root of the mean of both variances."
        )
    if any(not each.paired for each in contrasts):
        yield (
            "Runs that are not paired: the interval and p are of Welch's test; g_s is in the "
            "pooled standard deviation."
        )
    yield from _of_pairs_alike(contrasts)
    for each in contrasts:
        n, other = each.permutation.n
        if min(n, other) and (sentence := too_few(n, paired=each.paired, other=other)):
            yield sentence
    if tested > 1:
        yield (
            f"In brackets, p after Holm over the tests of a measure, {tested} at most; measures "
            "are not adjusted for one another."
        )


def _of_pairs_alike(contrasts: Sequence[MeasureContrast]) -> Iterator[str]:
    """Yield which two arms don't differ in any pair, and so say nothing of how much they could."""
    both = list(dict.fromkeys((each.arm, each.versus) for each in contrasts))
    for one, other in both:
        own = [each for each in contrasts if (each.arm, each.versus) == (one, other)]
        count, many = sum(each.alike for each in own), len(own)
        if count:
            where = "anything measured" if count == many else f"{count} of {many} measures"
            yield (
                f"{one} and {other} don't differ in {where}, in any pair of a seed: there "
                "is nothing to take an interval or a p from, which is no proof that they never do."
            )


def _of_measures(measures: Sequence[MeasureComparison]) -> Iterator[str]:
    for measure in measures:
        for each in measure.estimates:
            n = each.interval.n
            if 0 < n < each.runs:
                yield (
                    f"{measure.name} is defined in {n} of the {each.runs} runs of {each.arm}: the "
                    "mean is of those."
                )
            if n > 1 and each.interval.sd == 0:
                yield f"All runs of {each.arm} have the same {measure.name}: no interval is shown."
    if any(m.name in CORRELATIONS and m.contrasts for m in measures):
        yield "Of correlations the means are Fisher's, and the differences are of plain means."
    if any(
        each.tested.p is None and min(each.tested.n) > 1 and not each.alike
        for m in measures
        for each in m.contrasts
    ):
        yield (
            "Where all pairs differ by the same, or neither arm varies, there is no interval and "
            "no p."
        )
    forms = {e.interval.form for m in measures for e in m.estimates if e.interval.sd}
    yield from (FORMS[form] for form in FORMS if form in forms)
    if any(
        c.tested.low is not None and None not in MEASURES[m.name].limits
        for m in measures
        for c in m.contrasts
    ):
        yield "Intervals of differences are those of t, cut at what a difference can be."


def _runs(count: int) -> str:
    return f"{_number(count, 'run')} {'was' if count == 1 else 'were'}"


def _range(counts: Sequence[int]) -> str:
    return str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"


def _number(count: int, what: str) -> str:
    return f"{count} {what}" + "s" * (count != 1)


def _and(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _listed(names: Iterable[str]) -> str:
    known = list(names)
    more = len(known) - LISTED
    return ", ".join(known[:LISTED]) + (f" and {more} more" if more > 0 else "")
