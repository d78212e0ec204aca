"""Tables of a reproduction: our numbers beside the paper's, tests, claims and verdicts."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from repunet.cli.printing.console import console, say
from repunet.cli.printing.formats import between, disclaimer, p_value, rate
from repunet.cli.printing.tables import fitted, sheets
from repunet.scenarios.headline import WINDOW

if TYPE_CHECKING:
    from repunet.analysis.statistics import Interval, MeanDifference
    from repunet.reproduction.claims import Claim, ClaimEvidence
    from repunet.reproduction.result import ArmRow, Reproduction, Test

HEADLINE = "cooperation"


LATEST = "participation"
"""The dilemma whose headline is of the latest decisions, not of the last rounds."""


TITLES = {
    "change": "Change of cooperation from the first {} to the last",
    "depth": "How far cooperation in the last {} is below .2",
    "decline": "Decline of cooperation from the first {} to the last",
    "cooperation_and_standing": "Correlation of cooperation so far and standing (Pearson, Fisher)",
    "assortativity_cooperation": "Assortativity of ties by cooperation so far",
    "isolation": "Mutual ties of the others minus those of the quarter that cooperates least",
    "talk_and_standing": "Correlation of being talked about and standing (Pearson, Fisher)",
    "gossip_positive": "Share of positive gossip",
    "gossip_bias": "P(gossip | C) minus P(gossip | D)",
    "gossip_tone": "Mean tone of gossip: label (+1, 0, -1) times confidence, as in the paper",
    "good_acts": "Share of good acts (cooperation in all rounds)",
}
"""What each quantity is, for people."""


KEYS = ("scenario:", "mind:", "treatment:", "full minus:")


def print_reproduction(found: "Reproduction") -> None:
    """Print all that a reproduction found."""
    say(f"{found.title}. {disclaimer(found.mind)}")
    rounds = ", ".join(f"{name} {count}" for name, count in found.rounds.items())
    seeds = f"seeds 1 to {found.seeds}" if found.seeds > 1 else "seed 1"
    say(f"{found.agents} agents, {seeds}; rounds: {rounds}")
    quantities = dict.fromkeys(row.quantity for row in found.rows)
    for quantity in [HEADLINE] if found.claims else quantities:
        title = TITLES.get(quantity, "").format(_many(found)) or _headline(found)
        _print_rows(title, [row for row in found.rows if row.quantity == quantity])
    if found.tests:
        _print_tests(found.tests)
    for name in dict.fromkeys(claim.name for claim in found.claims):
        _print_claim([claim for claim in found.claims if claim.name == name])
    say("")
    for sentence in found.verdicts:
        say(f"- {sentence}")
    if found.tone:
        say(f"tone of gossip judged by: {found.tone}")
    for path in found.figures:
        say(f"figure: {path}", unbroken=True)
    say(f"run files: {found.folder}", unbroken=True)


def _headline(found: "Reproduction") -> str:
    """Return what the headline is, in the dilemmas at hand."""
    if set(found.rounds) == {LATEST}:
        return "Cooperation, latest decisions"
    but = f" ({LATEST}: latest decisions)" if LATEST in found.rounds else ""
    return f"Cooperation, last {_many(found)}{but}"


def _many(found: "Reproduction") -> str:
    """Return how many rounds make the end of a run, of which it may have fewer."""
    many = min(WINDOW, *found.rounds.values())
    return "round" if many == 1 else f"{many} rounds"


def _print_rows(title: str, rows: Sequence["ArmRow"]) -> None:
    columns: dict[str, list[str]] = {
        "scenario:": [row.scenario for row in rows],
        "mind:": [row.mind for row in rows],
        "treatment:": [row.treatment for row in rows],
        "paper": [rate(row.paper) for row in rows],
        "here": [rate(row.interval.mean) for row in rows],
        "95 % interval": [_interval(row.interval) for row in rows],
        "SD": [rate(row.interval.sd) for row in rows],
        "runs": [str(row.interval.n) for row in rows],
        "counted": [f"{row.counted:,}" for row in rows],
        "missing": [f"{row.missing:,}" for row in rows],
    }
    _print_columns(title, columns, ("SD", "counted"))


def _interval(found: "Interval") -> str:
    """Return an interval over runs; where all are alike there is none."""
    return between(found.low, found.high) if found.sd else "n/a"


def _print_columns(title: str, columns: dict[str, list[str]], spare: Sequence[str]) -> None:
    """Print a table, without minds if there is but one, and without a paper that is silent."""
    if len(set(columns["mind:"])) == 1:
        del columns["mind:"]
    if set(columns["paper"]) == {"n/a"}:
        del columns["paper"]
    for table in sheets(title, columns, KEYS, spare):
        console.print(table)


def _print_tests(tests: Sequence["Test"]) -> None:
    each = [test.contrast for test in tests]
    columns: dict[str, list[str]] = {
        "scenario:": [test.scenario for test in tests],
        "mind:": [test.mind for test in tests],
        "full minus:": [c.versus for c in each],
        "paper": [rate(test.paper) for test in tests],
        "here": [rate(c.tested.difference) for c in each],
        "95 % interval": ["no pair differs" if c.alike else _limits(c.tested) for c in each],
        "test:": [c.tested.method for c in each],
        "p": [p_value(c.tested.p) for c in each],
        "Holm": [p_value(c.adjusted) for c in each],
        "p, permut.": [p_value(c.permutation.p) for c in each],
        " or ".join(sorted({c.effect.name for c in each})): [rate(c.effect.g) for c in each],
    }
    _print_columns("Differences in cooperation", columns, ("g_av", "g_s", "p, permut."))


def _limits(found: "MeanDifference") -> str:
    return between(found.low, found.high)


def _print_claim(tried: Sequence["Claim"]) -> None:
    """Print one claim: what is expected of each quantity, and what came in every scenario."""
    rows: list[tuple[str, ...]] = []
    for place, expected in enumerate(tried[0].evidence):
        above = f"> {rate(expected.above)}" if expected.above else "> 0"
        rows.append((expected.quantity, above, *[""] * 5))
        rows += [_tried(claim.scenario, claim.evidence[place]) for claim in tried]
    names = ("evidence, scenario:", "expected:", "here", "95 % interval", "runs", "missing", "so:")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    console.print(fitted(f"Claim: {tried[0].statement}", columns, ()))


def _tried(scenario: str, each: "ClaimEvidence") -> tuple[str, ...]:
    return (
        f"  {scenario}",
        "",
        rate(each.found.mean),
        _interval(each.found),
        str(each.found.n),
        f"{each.missing:,}",
        each.verdict,
    )
