"""Outcomes: our numbers beside the paper's, with what they do and do not say."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from repunet.analysis.comparison.arms import ArmRuns, by_seed
from repunet.analysis.comparison.comparing import adjusted, contrast, estimate
from repunet.analysis.measures.gossip import judged
from repunet.analysis.sentiment import VADER
from repunet.reproduction.arms import Key, arms
from repunet.reproduction.claims import claims
from repunet.reproduction.evidence import QUANTITIES, limits, measure
from repunet.reproduction.paper import TABLE_1, TABLE_2
from repunet.reproduction.result import ArmRow, Reproduction, Test
from repunet.reproduction.runs import Replication
from repunet.reproduction.targets import ReproductionRequest
from repunet.reproduction.verdicts import verdicts

TONES = {"gossip_positive", "gossip_tone"}
"""What depends on who judges the tone of gossip."""
BASELINE = "full"
HEADLINE = "cooperation"
STATE = re.compile(r"(latest|preview|exp|\d)*")
"""What follows the name of a model where one of its states is meant."""
WANTED: Mapping[str, tuple[str, ...]] = {
    "table1": (HEADLINE,),
    "table2": (HEADLINE,),
    "figure2": (HEADLINE, "change", "cooperation_and_standing"),
    "figure3": (HEADLINE, "assortativity_cooperation", "isolation"),
    "figure4": (
        HEADLINE,
        "talk_and_standing",
        "gossip_positive",
        "gossip_tone",
        "good_acts",
        "gossip_bias",
    ),
    "claims": tuple(QUANTITIES),
}
"""What is measured for each target."""


def reproduction(
    request: ReproductionRequest, runs: Sequence[Replication], processes: int = 1, tone: str = VADER
) -> Reproduction:
    """Return what the runs of a target say, beside the paper."""
    target = request.target.name
    wanted = WANTED[target]
    measured = measure(runs, wanted, processes, tone)
    found = arms(zip(runs, measured, strict=True))
    tests = tuple(_tests(target, found)) if len(request.target.treatments) > 1 else ()
    made = Reproduction(
        target=target,
        title=request.target.title,
        mind=" + ".join(dict.fromkeys(run.mind for run in measured)),
        agents=request.agents,
        rounds={run.scenario: run.rounds for run in runs},
        seeds=request.seeds,
        rows=tuple(_row(target, key, arm, name) for key, arm in found.items() for name in wanted),
        tests=tests,
        claims=claims(found) if target == "claims" else (),
        verdicts=(),
        folder=str(runs[0].path.parents[1]),
        tone=judged(tone) if TONES & set(wanted) else "",
    )
    return replace(made, verdicts=tuple(verdicts(made)))


def _row(target: str, key: Key, arm: ArmRuns, quantity: str) -> ArmRow:
    found = estimate(quantity, arm, limits(quantity))
    paper = _paper(target, key) if quantity == HEADLINE else None
    return ArmRow(*key, quantity, paper, found.interval, found.counted, found.missing)


def _paper(target: str, key: Key) -> float | None:
    """Return what the paper has: Table 2 by model, Table 1 otherwise."""
    if target == "table2":
        return TABLE_2.get(_model(key.mind), {}).get(key.treatment)
    return TABLE_1.get(key.scenario, {}).get(key.treatment)


def _model(mind: str) -> str:
    """Return the paper's name of a model, if it is one of the paper's.

    Its own name is what follows the last `#`, `:` or `/`, but for a word such as `:free`.

    >>> _model("openai:gpt-4o-mini"), _model("http://127.0.0.1:8000/v1#qwen3-plus")
    ('GPT-4o mini', 'Qwen3 plus')
    >>> _model("openrouter:qwen/qwen3-plus:free"), _model("google:gemini-2.5-flash-lite")
    ('Qwen3 plus', '')
    """
    *_, path = mind.split("#", 1) if "#" in mind else mind.partition(":")
    names = {_letters(name): name for name in TABLE_2}
    parts = [_letters(part) for part in re.split("[:/]", path)]
    return next(
        (name for part in reversed(parts) for key, name in names.items() if _is_of(part, key)), ""
    )


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


def _is_of(part: str, model: str) -> bool:
    """Tell whether this names a model, or a dated state of it."""
    return part.startswith(model) and bool(STATE.fullmatch(part.removeprefix(model)))


def _tests(target: str, found: Mapping[Key, ArmRuns]) -> Iterator[Test]:
    """Yield the differences from the arm with RepuNet; p is adjusted over all of them."""
    pairs = [
        (key, found[key._replace(treatment=BASELINE)], arm)
        for key, arm in found.items()
        if key.treatment != BASELINE
    ]
    made = [contrast(HEADLINE, full, arm, by_seed(full, arm, None)) for _, full, arm in pairs]
    for (key, *_), each in zip(pairs, adjusted(made), strict=True):
        ours = _paper(target, key._replace(treatment=BASELINE)), _paper(target, key)
        paper = None if None in ours else ours[0] - ours[1]  # type: ignore[operator]
        yield Test(key.scenario, key.mind, paper, each)
