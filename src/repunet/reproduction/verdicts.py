"""Verdicts: in plain words what a reproduction says, and what it can't say."""

from collections.abc import Iterator

from repunet.analysis.statistics import too_few
from repunet.minds.default import EMBEDDED
from repunet.minds.roster import is_language
from repunet.reproduction.paper import TABLE_2
from repunet.reproduction.result import Reproduction, Row, Test

LEVEL = 0.05


def verdicts(found: Reproduction) -> Iterator[str]:
    """Yield what there is to say, one sentence or two each."""
    yield from _of_minds(found)
    rows = [row for row in found.rows if row.paper is not None]
    for scenario, mind in dict.fromkeys((row.scenario, row.mind) for row in rows):
        own = [row for row in rows if (row.scenario, row.mind) == (scenario, mind)]
        where = f"{scenario} with {mind}" if found.target == "table2" else scenario
        if len(own) > 1:
            yield f"{where}: {_order(own)}"
        yield f"{where}: {_inside(own)}"
    for scenario, mind in dict.fromkeys((test.scenario, test.mind) for test in found.tests):
        where = f"{scenario} with {mind}" if found.target == "table2" else scenario
        tests = [test for test in found.tests if (test.scenario, test.mind) == (scenario, mind)]
        yield f"{where}: cooperation with RepuNet is {'; '.join(map(_tested, tests))}."
    yield from dict.fromkeys(_limits(found))


def _of_minds(found: Reproduction) -> Iterator[str]:
    minds = dict.fromkeys(row.mind for row in found.rows)
    if any(EMBEDDED in mind for mind in minds):
        yield (
            "The embedded mind made these runs: this is no evidence about language models, and "
            "neither confirms nor refutes the paper."
        )
    elif not all(map(is_language, minds)):
        yield "No language model made these runs: they neither confirm nor refute the paper."
    if any(row.missing for row in found.rows):
        missing = max(row.missing for row in found.rows)
        yield f"Decisions are missing, up to {missing} in an arm: see beside each number."


def _order(rows: list[Row]) -> str:
    """Return whether the arms are ordered as in the paper."""
    known = [row for row in rows if row.interval.mean is not None]
    theirs = [r.treatment for r in sorted(known, key=lambda r: r.paper or 0.0, reverse=True)]
    ours = [r.treatment for r in sorted(known, key=lambda r: r.interval.mean or 0.0, reverse=True)]
    if ours == theirs:
        return f"the means are in the paper's order, {' > '.join(ours)}."
    return f"the means are in another order: {' > '.join(ours)}; in the paper {' > '.join(theirs)}."


def _inside(rows: list[Row]) -> str:
    """Return where the paper's means lie in our intervals."""
    known = [row for row in rows if row.interval.low is not None]
    if not known:
        return "with a single run there is no interval to hold the paper's mean against."
    inside = [row.treatment for row in known if _holds(row)] or ["none of the arms"]
    return f"the paper's mean lies in our interval for {', '.join(inside)}."


def _holds(row: Row) -> bool:
    low, high = row.interval.low, row.interval.high
    return low is not None and high is not None and low <= (row.paper or 0.0) <= high


def _tested(test: Test) -> str:
    """Return whether RepuNet makes a difference from an arm, and in which direction."""
    each = test.contrast
    difference, p = each.welch.difference, each.welch_adjusted
    if difference is None or p is None:
        return f"not tested against {each.versus}"
    if p >= LEVEL:
        return f"not shown to differ from {each.versus} (p {_p(p)} after Holm)"
    direction = "higher" if difference > 0 else "lower"
    return f"{direction} than in {each.versus} (p {_p(p)} after Holm)"


def _p(p: float) -> str:
    """Return a p-value as papers print it.

    >>> _p(0.00004), _p(0.0312)
    ('< .0001', '= .0312')
    """
    return "< .0001" if p < 0.0001 else f"= {p:.4f}".rstrip("0").rstrip(".").replace("0.", ".", 1)


def _limits(found: Reproduction) -> Iterator[str]:
    if found.claims:
        yield (
            "A claim is met if all of its intervals lie where the paper expects them, failed if "
            "one lies wholly elsewhere, open otherwise; they are not adjusted for their number."
        )
    for test in found.tests:
        n, other = test.contrast.permutation.n
        if min(n, other) and (sentence := too_few(n, paired=test.contrast.paired, other=other)):
            yield sentence
    if found.target == "table2":
        yield "The paper has " + "; ".join(
            f"{model}: {', '.join(f'{arm} {rate:g}' for arm, rate in rates.items())}"
            for model, rates in TABLE_2.items()
        )
    if found.target in ("table1", "claims", "figure4"):
        yield (
            "The paper's standard deviations and its share of positive gossip are not in the text "
            "at hand: n/a."
        )
