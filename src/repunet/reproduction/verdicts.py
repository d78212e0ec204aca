"""Verdicts: in plain words what a reproduction says, and what it can't say."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from repunet.analysis.makers import MADE_UP
from repunet.analysis.statistics import too_few
from repunet.minds.default import EMBEDDED
from repunet.minds.router import is_language
from repunet.reproduction.claims import ALIKE, FULL, ClaimEvidence
from repunet.reproduction.paper import TABLE_2
from repunet.reproduction.result import ArmRow, Reproduction, Test

ALL_ALIKE = "no pair differs"
LEVEL = 0.05
WIDE = 0.5
"""An interval of a rate that is wider than this leaves nearly everything open."""
SHOWN = {
    "cooperation_and_standing": ("the correlation of cooperation and standing", 0.0),
    "assortativity_cooperation": ("the assortativity of ties by cooperation", 0.0),
    "isolation": ("the lack of mutual ties among those who cooperate least", 0.0),
    "talk_and_standing": ("the correlation of being talked about and standing", 0.0),
    "gossip_positive": ("the share of positive gossip", 0.5),
    "gossip_tone": ("the mean tone of gossip, label times confidence,", 0.0),
    "gossip_bias": ("P(gossip | C) minus P(gossip | D)", 0.0),
}
"""What the paper's figures show with RepuNet, and what it is taken to exceed there."""


def verdicts(found: Reproduction) -> Iterator[str]:
    """Yield what there is to say, one sentence or two each."""
    yield from _of_minds(found)
    rows = [row for row in found.rows if row.paper is not None]
    for scenario, mind in dict.fromkeys((row.scenario, row.mind) for row in rows):
        own = [row for row in rows if (row.scenario, row.mind) == (scenario, mind)]
        where = f"{scenario} with {mind}" if found.target == "table2" else scenario
        if len(own) > 1:
            yield f"{where}: {_order(own)}"
        yield from (f"{where}: {sentence}" for sentence in _inside(own))
    for scenario, mind in dict.fromkeys((test.scenario, test.mind) for test in found.tests):
        where = f"{scenario} with {mind}" if found.target == "table2" else scenario
        tests = [test for test in found.tests if (test.scenario, test.mind) == (scenario, mind)]
        yield f"{where}: cooperation with RepuNet is {'; '.join(map(_tested, tests))}."
    yield from _of_claims(found) if found.claims else map(_shown, _figures(found))
    yield from dict.fromkeys(_limits(found))


def _of_minds(found: Reproduction) -> Iterator[str]:
    minds = list(dict.fromkeys(row.mind for row in found.rows))
    stand_ins = [mind for mind in minds if EMBEDDED in mind]
    others = [mind for mind in minds if mind not in stand_ins and not is_language(mind)]
    if stand_ins == minds:
        yield (
            "The embedded mind made these runs: this is no evidence about language models, and "
            "neither confirms nor refutes the paper."
        )
    elif stand_ins:
        yield (
            f"What {', '.join(stand_ins)} made is no evidence about language models, and neither "
            "confirms nor refutes the paper."
        )
    if MADE_UP in found.mind:
        yield "fake-llm made up answers in these runs: they neither confirm nor refute the paper."
    if others:
        yield f"No language model is {', '.join(others)}: its runs neither confirm nor refute."
    if any(row.missing for row in found.rows):
        missing = max(row.missing for row in found.rows)
        yield f"Decisions are missing, up to {missing} in an arm: see beside each number."


def _order(rows: list[ArmRow]) -> str:
    """Return whether the arms are ordered as in the paper."""
    known = [row for row in rows if row.interval.mean is not None]
    theirs = _ranking(known, lambda row: row.paper or 0.0)
    ours = _ranking(known, lambda row: row.interval.mean or 0.0)
    if ours == theirs:
        return f"the means are in the paper's order, {ours}."
    return f"the means are in another order: {ours}; in the paper {theirs}."


def _ranking(rows: Sequence[ArmRow], value: Callable[[ArmRow], float]) -> str:
    """Return arms from the highest to the lowest, `=` between those that are printed alike."""
    ordered = sorted(rows, key=value, reverse=True)
    words = [row.treatment for row in ordered[:1]]
    for above, below in pairwise(ordered):
        alike = f"{value(above):.2f}" == f"{value(below):.2f}"
        words.append(f"{'=' if alike else '>'} {below.treatment}")
    return " ".join(words)


def _inside(rows: list[ArmRow]) -> Iterator[str]:
    """Yield where the paper's means lie in our intervals, and which of these say little."""
    alike = [row.treatment for row in rows if row.interval.n > 1 and not row.interval.sd]
    known = [row for row in rows if row.interval.low is not None and row.interval.sd]
    if not known and not alike:
        yield "with a single run there is no interval to hold the paper's mean against."
    if known:
        inside = [row.treatment for row in known if _holds(row)] or ["none of the arms"]
        yield f"the paper's mean lies in our interval for {', '.join(inside)}."
    if wide := [row.treatment for row in known if _width(row) > WIDE]:
        yield (
            f"wider than {_number(WIDE)}, our interval rules out little for {', '.join(wide)}: "
            "more runs are needed."
        )
    if alike:
        yield f"all runs are alike, and give no interval, for {', '.join(alike)}."


def _width(row: ArmRow) -> float:
    return (row.interval.high or 0.0) - (row.interval.low or 0.0)


def _holds(row: ArmRow) -> bool:
    low, high = row.interval.low, row.interval.high
    return low is not None and high is not None and low <= (row.paper or 0.0) <= high


def _tested(test: Test) -> str:
    """Return whether RepuNet makes a difference from an arm, and in which direction."""
    each = test.contrast
    difference, p = each.tested.difference, each.adjusted
    if difference is None or p is None:
        single = min(each.permutation.n) < 2
        why = "a single run is too few" if single else ALL_ALIKE if each.alike else "none varies"
        return f"not tested against {each.versus} ({why})"
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


def _number(value: float) -> str:
    """Return a number as papers print it.

    >>> _number(0.5), _number(0.09)
    ('.5', '.09')
    """
    return f"{value:g}".replace("0.", ".", 1)


def _of_claims(found: Reproduction) -> Iterator[str]:
    for name in dict.fromkeys(claim.name for claim in found.claims):
        tried = [claim for claim in found.claims if claim.name == name]
        verdicts = ", ".join(f"{claim.scenario} {claim.verdict}" for claim in tried)
        yield f"{tried[0].statement}: {verdicts}."


def _figures(found: Reproduction) -> list[ArmRow]:
    return [row for row in found.rows if row.treatment == FULL and row.quantity in SHOWN]


def _shown(row: ArmRow) -> str:
    """Return whether a quantity of the paper's figures is where it is taken to be."""
    what, above = SHOWN[row.quantity]
    words = {"met": "is above", "failed": "is below", "open": "is not shown to differ from"}
    verdict = ClaimEvidence(what, above, row.interval, row.missing).verdict
    if row.interval.mean is None:
        return f"{row.scenario}: {what} is not defined here."
    return f"{row.scenario}: {what} {words[verdict]} {_number(above)}."


def _limits(found: Reproduction) -> Iterator[str]:
    if found.claims:
        yield (
            "A claim is met if all of its intervals lie where the paper expects them, failed if "
            "one lies wholly elsewhere, open otherwise; they are not adjusted for their number. "
            f"Runs that are all alike have none, and tell only if they are {ALIKE} or more."
        )
    for test in found.tests:
        n, other = test.contrast.permutation.n
        if min(n, other) and (sentence := too_few(n, paired=test.contrast.paired, other=other)):
            yield sentence
    if found.target == "table2":
        yield (
            "The paper has "
            + "; ".join(
                f"{model}: {', '.join(f'{arm} {_number(rate)}' for arm, rate in rates.items())}"
                for model, rates in TABLE_2.items()
            )
            + "."
        )
    if found.target in ("table1", "claims", "figure4"):
        yield (
            "The paper's standard deviations and its share of positive gossip are not in the text "
            "at hand: n/a."
        )
