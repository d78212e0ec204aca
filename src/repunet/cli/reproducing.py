"""The command `reproduce`: a table, figure or claim of the paper, tried with any mind."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from repunet.analysis.forecast import forecast
from repunet.analysis.tables.library import library
from repunet.cli.options import LimitOptions, Whole
from repunet.cli.output import (
    between,
    console,
    disclaimer,
    fitted,
    money,
    p_value,
    print_json,
    progress_console,
    rate,
    say,
)
from repunet.cli.sweeping import SweepOptions, announce, complete, saying, show
from repunet.errors import UsageError
from repunet.experiment.cell import Cell
from repunet.experiment.sweep import Sweep
from repunet.minds.default import default_mind
from repunet.minds.language.terms import Terms
from repunet.minds.roster import require_language
from repunet.models.prices import read_prices
from repunet.reproduction.runs import carry_out, ready
from repunet.reproduction.stability import StableRule
from repunet.reproduction.targets import TARGETS, Request, TargetName, lengths
from repunet.spec import AGENTS

if TYPE_CHECKING:
    from repunet.reproduction.claims import Claim
    from repunet.reproduction.result import Reproduction, Row, Test

HEADLINE = "cooperation"
TITLES = {
    HEADLINE: "Cooperation, last 5 rounds (participation: latest decisions)",
    "change": "Change of cooperation from the first 5 rounds to the last 5",
    "decline": "Decline of cooperation from the first 5 rounds to the last 5",
    "cooperation_and_standing": "Correlation of cooperation so far and standing (Pearson, Fisher)",
    "assortativity_cooperation": "Assortativity of ties by cooperation so far",
    "isolation": "Mutual ties of the others minus those of the quarter that cooperates least",
    "talk_and_standing": "Correlation of being talked about and standing (Pearson, Fisher)",
    "gossip_positive": "Share of positive gossip (vader)",
    "gossip_bias": "P(gossip | C) minus P(gossip | D)",
    "good_acts": "Share of good acts (cooperation in all rounds)",
}
"""What each quantity is, for people."""
RULE = StableRule()


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class ReproduceOptions:
    """Which minds, and how much of the paper's experiments."""

    model: Annotated[
        list[str] | None,
        Parameter(negative="", help="A language model; several for table2."),
    ] = None
    mind: Annotated[
        list[str] | None,
        Parameter(negative="", help="Another mind, such as embedded; several for table2."),
    ] = None
    scenario: Annotated[
        list[str] | None,
        Parameter(negative="", help="Only this dilemma of the target, or several."),
    ] = None
    seeds: Annotated[Whole, Parameter(help="Runs of each arm; their seeds are 1, 2, ...")] = 5
    agents: Annotated[Whole, Parameter(help="How many people.")] = AGENTS
    rounds: Annotated[
        Whole | None,
        Parameter(help="Rounds of each run; default pd 60, participation 200, investment 100."),
    ] = None
    until_stable: Annotated[
        bool,
        Parameter(
            negative="",
            help="End a scenario when cooperation is stable in all of its runs, at the latest "
            "after --rounds.",
        ),
    ] = False
    window: Annotated[
        Whole, Parameter(help="With --until-stable: rounds of the two windows compared.")
    ] = RULE.window
    tolerance: Annotated[
        float, Parameter(help="With --until-stable: by how much their means may differ.")
    ] = RULE.tolerance
    to: Annotated[
        Path | None,
        Parameter(help="Folder for figures; default figures beside the runs."),
    ] = None

    def request(self, target: str, limits: LimitOptions | None) -> Request:
        """Return what is to be tried; raises UsageError for what can't be."""
        for model in self.model or ():
            require_language(model, f"--mind {quote(model)}")
        minds = (*(self.mind or ()), *(self.model or ())) or (default_mind(os.environ),)
        if limits is not None and limits.batch is not None:
            raise UsageError("--batch DIR is for a single run: repunet run --batch DIR")
        return Request(
            TARGETS[target],
            tuple(dict.fromkeys(minds)),
            self.seeds,
            self.agents,
            self.rounds,
            tuple(self.scenario or ()),
            limits.given() if limits else None,
        )

    @property
    def rule(self) -> StableRule | None:
        """Return when runs end, if not after so many rounds."""
        return StableRule(self.window, self.tolerance) if self.until_stable else None


def reproduce(
    target: TargetName,
    /,
    *,
    options: ReproduceOptions | None = None,
    playing: SweepOptions | None = None,
    limits: LimitOptions | None = None,
) -> None:
    """Try a table, a figure or the claims of the paper: play what lacks, and compare.

    Parameters
    ----------
    target
        Of the paper.
    """
    chosen, how = options or ReproduceOptions(), playing or SweepOptions()
    request = chosen.request(target, limits)
    with saying():
        if how.dry_run:
            _foresee(request, chosen.rule, how)
            return
        runs = carry_out(request, how.storage, os.environ, chosen.rule, _player(how))
    processes = library("repunet.analysis.comparison.measuring").processors()
    found: Any = library("repunet.reproduction.outcome").reproduction(request, runs, processes)
    figures = library("repunet.reproduction.drawing").drawn(target, runs, chosen.to)
    found = replace(found, figures=figures)
    print_json(found) if how.json else _print(found)


def _player(how: SweepOptions) -> Callable[[Sweep], object]:
    """Return what plays a sweep, and says which minds do once."""
    announced: list[Sweep] = []

    def play(sweep: Sweep) -> None:
        if not (how.quiet or how.json or announced):
            announce(sweep)
        announced.append(sweep)
        complete(sweep, how)

    return play


# Before


def _foresee(request: Request, rule: StableRule | None, how: SweepOptions) -> None:
    """Say which runs there would be, and what language models would be asked."""
    sweep, _ = ready(request, how.storage, os.environ, rule)
    show(sweep, json=how.json)
    if how.json:
        return
    if rule is not None:
        most = ", ".join(f"{name} {rounds}" for name, rounds in lengths(request).items())
        say(f"until cooperation is stable, at the latest after these rounds: {most}")
    if sweep.asks_in_words:
        _print_forecast(request, sweep)


def _print_forecast(request: Request, sweep: Sweep) -> None:
    """Print what the runs of the first seed will take, times the seeds."""
    rows = [_forecast_row(request, cell) for cell in sweep.cells if cell.spec.seed == 1]
    names = ("arm:", "calls", "tokens", "cost")
    say(f"Likely, for all {request.seeds} seeds together and with no run done; see repunet plan:")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    console.print(fitted("", columns, ()))


def _forecast_row(request: Request, cell: Cell) -> tuple[str, ...]:
    spec = cell.spec
    progress_console.print(f"forecasting {cell.name}", markup=False)
    prices = None if spec.limits.prices is None else read_prices(spec.limits.prices)
    terms = Terms(spec.limits.allowance, prices)
    found = forecast(cell.founding, request.length(cell.founding.scenario), terms=terms)
    calls, tokens = found.calls.likely, found.tokens_in.likely + found.tokens_out.likely
    cost = None if found.cost is None else found.cost.likely * request.seeds
    name = f"{found.scenario}, {found.treatment}, {cell.founding.mind_names}"
    return name, f"{calls * request.seeds:,}", f"{tokens * request.seeds:,}", money(cost)


# After


def _print(found: "Reproduction") -> None:
    say(f"{found.title}. {disclaimer(found.mind)}")
    rounds = ", ".join(f"{name} {count}" for name, count in found.rounds.items())
    say(f"{found.agents} agents, seeds 1 to {found.seeds}; rounds: {rounds}")
    quantities = dict.fromkeys(row.quantity for row in found.rows)
    for quantity in [HEADLINE] if found.claims else quantities:
        _print_rows(quantity, [row for row in found.rows if row.quantity == quantity])
    if found.tests:
        _print_tests(found.tests)
    for name in dict.fromkeys(claim.name for claim in found.claims):
        _print_claim([claim for claim in found.claims if claim.name == name])
    say("")
    for sentence in found.verdicts:
        say(f"- {sentence}")
    for path in found.figures:
        say(f"figure: {path}", unbroken=True)
    say(f"run files: {found.folder}", unbroken=True)


def _print_rows(quantity: str, rows: Sequence["Row"]) -> None:
    columns: dict[str, list[str]] = {
        "scenario:": [row.scenario for row in rows],
        "mind:": [row.mind for row in rows],
        "treatment:": [row.treatment for row in rows],
        "paper": [rate(row.paper) for row in rows],
        "here": [rate(row.interval.mean) for row in rows],
        "95 % interval": [between(row.interval.low, row.interval.high) for row in rows],
        "SD": [rate(row.interval.sd) for row in rows],
        "runs": [str(row.interval.n) for row in rows],
        "counted": [f"{row.counted:,}" for row in rows],
        "missing": [f"{row.missing:,}" for row in rows],
    }
    if len(set(columns["mind:"])) == 1:
        del columns["mind:"]
    if all(row.paper is None for row in rows):
        del columns["paper"]
    console.print(fitted(TITLES[quantity], columns, ("SD", "counted")))


def _print_tests(tests: Sequence["Test"]) -> None:
    each = [test.contrast for test in tests]
    columns: dict[str, list[str]] = {
        "scenario:": [test.scenario for test in tests],
        "mind:": [test.mind for test in tests],
        "full minus:": [c.versus for c in each],
        "paper": [rate(test.paper) for test in tests],
        "here": [rate(c.welch.difference) for c in each],
        "95 % interval": [between(c.welch.low, c.welch.high) for c in each],
        "p, Welch": [p_value(c.welch.p) for c in each],
        "Holm": [p_value(c.welch_adjusted) for c in each],
        "p, permut.": [p_value(c.permutation.p) for c in each],
        "g": [rate(c.effect.g) for c in each],
    }
    if len(set(columns["mind:"])) == 1:
        del columns["mind:"]
    console.print(fitted("Differences in cooperation", columns, ("g", "p, permut.")))


def _print_claim(tried: Sequence["Claim"]) -> None:
    """Print one claim, in all scenarios in which it was tried."""
    lines = [(claim.scenario, each) for claim in tried for each in claim.evidence]
    columns: dict[str, list[str]] = {
        "scenario:": [scenario for scenario, _ in lines],
        "evidence:": [each.quantity for _, each in lines],
        "expected:": [f"> {each.above:g}" for _, each in lines],
        "here": [rate(each.found.mean) for _, each in lines],
        "95 % interval": [between(each.found.low, each.found.high) for _, each in lines],
        "runs": [str(each.found.n) for _, each in lines],
        "missing": [str(each.missing) for _, each in lines],
        "so:": [str(each.verdict) for _, each in lines],
    }
    verdicts = ", ".join(f"{claim.scenario} {claim.verdict}" for claim in tried)
    console.print(fitted(f"Claim: {tried[0].statement} ({verdicts})", columns, ("runs",)))
