"""Outcomes: our numbers beside the paper's, with what they do and do not say."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from repunet.analysis.comparison.arms import ArmRuns, by_seed
from repunet.analysis.comparison.comparing import contrast, estimate
from repunet.analysis.statistics import holm
from repunet.reproduction.arms import Key, arms
from repunet.reproduction.claims import claims
from repunet.reproduction.evidence import QUANTITIES, measure
from repunet.reproduction.paper import TABLE_1, TABLE_2
from repunet.reproduction.result import Reproduction, Row, Test
from repunet.reproduction.runs import Replication
from repunet.reproduction.targets import Request
from repunet.reproduction.verdicts import verdicts

BASELINE = "full"
HEADLINE = "cooperation"
WANTED: Mapping[str, tuple[str, ...]] = {
    "table1": (HEADLINE,),
    "table2": (HEADLINE,),
    "figure2": (HEADLINE, "change", "cooperation_and_standing"),
    "figure3": (HEADLINE, "assortativity_cooperation", "isolation"),
    "figure4": (HEADLINE, "talk_and_standing", "gossip_positive", "good_acts", "gossip_bias"),
    "claims": tuple(QUANTITIES),
}
"""What is measured for each target."""


def reproduction(request: Request, runs: Sequence[Replication], processes: int = 1) -> Reproduction:
    """Return what the runs of a target say, beside the paper."""
    target = request.target.name
    wanted = WANTED[target]
    found = arms(zip(runs, measure(runs, wanted, processes), strict=True))
    tests = tuple(_tests(target, found)) if len(request.target.treatments) > 1 else ()
    made = Reproduction(
        target=target,
        title=request.target.title,
        mind=" + ".join(dict.fromkeys(key.mind for key in found)),
        agents=request.agents,
        rounds={run.scenario: run.rounds for run in runs},
        seeds=request.seeds,
        rows=tuple(_row(target, key, arm, name) for key, arm in found.items() for name in wanted),
        tests=tests,
        claims=claims(found) if target == "claims" else (),
        verdicts=(),
        folder=str(runs[0].path.parents[1]),
    )
    return replace(made, verdicts=tuple(verdicts(made)))


def _row(target: str, key: Key, arm: ArmRuns, quantity: str) -> Row:
    found = estimate(quantity, arm)
    paper = _paper(target, key) if quantity == HEADLINE else None
    return Row(*key, quantity, paper, found.interval, found.counted, found.missing)


def _paper(target: str, key: Key) -> float | None:
    """Return what the paper has: Table 2 by model, Table 1 otherwise."""
    if target == "table2":
        return TABLE_2.get(_model(key.mind), {}).get(key.treatment)
    return TABLE_1.get(key.scenario, {}).get(key.treatment)


def _model(mind: str) -> str:
    """Return the paper's name of a model, if it is one of the paper's.

    >>> _model("openai:gpt-4o-mini")
    'GPT-4o mini'
    """
    plain = "".join(filter(str.isalnum, mind.partition(":")[2].lower()))
    names = {"".join(filter(str.isalnum, name.lower())): name for name in TABLE_2}
    return next((name for key, name in names.items() if plain.startswith(key)), "")


def _tests(target: str, found: Mapping[Key, ArmRuns]) -> Iterator[Test]:
    """Yield the differences from the arm with RepuNet; p is adjusted over all of them."""
    pairs = [
        (key, found[key._replace(treatment=BASELINE)], arm)
        for key, arm in found.items()
        if key.treatment != BASELINE
    ]
    made = [contrast(HEADLINE, full, arm, by_seed(full, arm, None)) for _, full, arm in pairs]
    adjusted = holm([each.welch.p for each in made])
    permuted = holm([each.permutation.p for each in made])
    for (key, *_), each, p, q in zip(pairs, made, adjusted, permuted, strict=True):
        ours = _paper(target, key._replace(treatment=BASELINE)), _paper(target, key)
        paper = None if None in ours else ours[0] - ours[1]  # type: ignore[operator]
        whole = replace(each, welch_adjusted=p, permutation_adjusted=q)
        yield Test(key.scenario, key.mind, paper, whole)
