"""What must be said beside the numbers of a comparison, in plain sentences."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from repunet.analysis.comparison.arms import Field
from repunet.analysis.comparison.factors import reached, telling
from repunet.analysis.comparison.measuring import CORRELATIONS, MeasuredRun
from repunet.analysis.comparison.result import Compared, Contrast
from repunet.analysis.statistics import too_few

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


def of_group(group: Field, measures: Sequence[Compared], tested: int) -> tuple[str, ...]:
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


def _of_tests(contrasts: Sequence[Contrast], tested: int) -> Iterator[str]:
    if pairs := sorted({each.permutation.n[0] for each in contrasts if each.paired} - {0, 1}):
        yield (
            f"Runs are paired by seed, {_range(pairs)} pairs: the permutation test flips the signs "
            "of the differences of pairs, and g is that of pairs; Welch's test takes no notice of "
            "them."
        )
    for each in contrasts:
        n, other = each.permutation.n
        if min(n, other) and (sentence := too_few(n, paired=each.paired, other=other)):
            yield sentence
    if tested > 1:
        yield (
            f"In brackets, p after Holm over the tests of a measure, {tested} at most; measures "
            "are not adjusted for one another."
        )


def _of_measures(measures: Sequence[Compared]) -> Iterator[str]:
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
        each.welch.p is None and min(each.welch.n) > 1 for m in measures for each in m.contrasts
    ):
        yield "Where neither arm varies, Welch's test and g are not defined."


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
