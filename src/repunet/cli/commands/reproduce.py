"""The command `reproduce`: a table, figure or claim of the paper, tried with any mind."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from repunet.cli.options import Tone, Whole, chosen_tone
from repunet.cli.printing.console import console, print_json, progress_console, say
from repunet.cli.printing.formats import money
from repunet.cli.printing.reproduction import print_reproduction
from repunet.cli.printing.sweep import announce, show
from repunet.cli.printing.tables import fitted
from repunet.cli.spec_options import LimitOptions
from repunet.cli.sweeping import SweepOptions, complete, saying
from repunet.errors import UsageError
from repunet.experiment.cell import Cell
from repunet.experiment.sweep import Sweep
from repunet.minds.default import default_mind
from repunet.minds.language.terms import Terms
from repunet.minds.router import require_language
from repunet.models.prices import read_prices
from repunet.planning.sketch import ROUNDS, sketch
from repunet.reproduction.runs import carry_out, ready, settled
from repunet.reproduction.stability import StableRule
from repunet.reproduction.targets import TARGETS, ReproductionRequest, TargetName, lengths
from repunet.runs.spec import AGENTS
from repunet.system.extras import library

if TYPE_CHECKING:
    from repunet.reproduction.result import Reproduction

RULE = StableRule()


BAND = (
    f"Longer runs are played for {ROUNDS} rounds and taken to go on as the later half of these: "
    "for the paper's arms that came to between 5 % less and 45 % more tokens than repunet plan has."
)


MUCH = 2_000
"""Agent-rounds from which on several processes are worth their start."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class ReproduceOptions:
    """Command-line options of a reproduction: minds and sizes."""

    model: Annotated[
        list[str] | None,
        Parameter(negative="", help="Language model; several for table2."),
    ] = None
    mind: Annotated[
        list[str] | None,
        Parameter(negative="", help="Mind of another kind, such as embedded; several for table2."),
    ] = None
    scenario: Annotated[
        list[str] | None,
        Parameter(
            negative="", help="Name of a dilemma of the target, to try it alone; or several."
        ),
    ] = None
    seeds: Annotated[
        Whole, Parameter(help="Number of runs of each arm; their seeds are 1, 2, ...")
    ] = 5
    agents: Annotated[Whole, Parameter(help="Number of agents.")] = AGENTS
    rounds: Annotated[
        Whole | None,
        Parameter(
            help="Number of rounds of each run; default pd 60, participation 200, investment 100."
        ),
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
        Whole | None,
        Parameter(
            help=f"Rounds in each window that --until-stable compares; default {RULE.window}."
        ),
    ] = None
    tolerance: Annotated[
        float | None,
        Parameter(
            help="Difference between windows that --until-stable allows; default "
            f"{RULE.tolerance:g}."
        ),
    ] = None
    tone: Tone = "vader"
    to: Annotated[
        Path | None,
        Parameter(help="Folder for figures; default figures beside the runs."),
    ] = None

    def request(self, target: str, limits: LimitOptions | None) -> ReproductionRequest:
        """Return what is to be tried; raises UsageError for what can't be."""
        for model in self.model or ():
            require_language(model, f"--mind {quote(model)}")
        minds = (*(self.mind or ()), *(self.model or ())) or (default_mind(os.environ),)
        if self.to is not None and not _may_be_folder(self.to):
            raise UsageError(f"{self.to} can't be a folder: name another one for --to")
        return ReproductionRequest(
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
        """Return when runs end, if not after so many rounds; raises UsageError for half of it."""
        said = {"window": self.window, "tolerance": self.tolerance}
        given: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
        if self.until_stable:
            return replace(RULE, **given)
        if given:
            raise UsageError(f"--{next(iter(given))} is about --until-stable: add that")
        return None


def _may_be_folder(path: Path) -> bool:
    return next(each for each in (path, *path.absolute().parents) if each.exists()).is_dir()


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
        Table, figure or claims of the paper to try.
    """
    chosen, how = options or ReproduceOptions(), playing or SweepOptions()
    request, _ = chosen.request(target, limits), chosen_tone(chosen.tone)
    with saying():
        if how.dry_run:
            _foresee(request, chosen.rule, how)
            return
        player = _player(how, limits.batch if limits else None)
        runs = carry_out(request, how.storage, os.environ, chosen.rule, player)
    processes = library("repunet.analysis.comparison.measuring").processors()
    made: Any = library("repunet.reproduction.outcome").reproduction(
        request, runs, processes, chosen.tone
    )
    figures = library("repunet.reproduction.drawing").drawn(target, runs, chosen.to, chosen.tone)
    ends = () if chosen.rule is None else settled(chosen.rule, runs)
    found: Reproduction = replace(made, figures=figures, verdicts=(*made.verdicts, *ends))
    print_json(found) if how.json else print_reproduction(found)


def _player(how: SweepOptions, batch: Path | None) -> Callable[[Sweep], object]:
    """Return what plays a sweep, and says which minds do once."""
    announced: list[Sweep] = []

    def play(sweep: Sweep) -> None:
        if not (how.quiet or how.json or announced):
            announce(sweep)
        announced.append(sweep)
        complete(sweep, how, batch)

    return play


def _foresee(request: ReproductionRequest, rule: StableRule | None, how: SweepOptions) -> None:
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


def _print_forecast(request: ReproductionRequest, sweep: Sweep) -> None:
    """Print what the runs of the first seed will take, times the seeds."""
    first = [cell for cell in sweep.cells if cell.spec.seed == 1]
    each = _forecast_rows(request, first)
    _, calls, tokens, costs = zip(*each, strict=True)
    cost = None if None in costs else sum(costs)
    rows = [*each, ("all", sum(calls), sum(tokens), cost)] if len(each) > 1 else each
    columns = {
        "arm:": [name for name, *_ in rows],
        "calls": [f"{calls:,}" for _, calls, _, _ in rows],
        "tokens": [f"{tokens:,}" for _, _, tokens, _ in rows],
        "cost": [money(cost) for *_, cost in rows],
    }
    say(f"Likely, for all {request.seeds} seeds together and with no run done; see repunet plan:")
    console.print(fitted("", columns, ()))
    if any(length > ROUNDS for length in lengths(request).values()):
        say(BAND)


def _forecast_rows(request: ReproductionRequest, cells: Sequence[Cell]) -> list[tuple[Any, ...]]:
    """Return what each arm will take; where there is much to play, of several arms at once."""
    rounds = (min(ROUNDS, request.length(cell.manifest.scenario)) for cell in cells)
    played = request.agents * sum(rounds)
    at_once = min(len(cells), library("repunet.analysis.comparison.measuring").processors())
    row = partial(_forecast_row, request)
    if at_once < 2 or played < MUCH:
        return [row(cell) for cell in cells]
    with ProcessPoolExecutor(at_once, mp_context=get_context("spawn")) as pool:
        return list(pool.map(row, cells))


def _forecast_row(request: ReproductionRequest, cell: Cell) -> tuple[str, int, int, float | None]:
    """Return an arm, its calls, tokens and dollars, which are None where no price is known."""
    spec = cell.spec
    progress_console.print(f"forecasting {cell.name}")
    prices = None if spec.limits.prices is None else read_prices(spec.limits.prices)
    terms = Terms(spec.limits, prices)
    society = cell.manifest
    found = sketch(society, request.length(society.scenario), terms)
    cost = None if found.cost is None else found.dollars * request.seeds
    name = f"{society.scenario}, {society.treatment.label}, {society.mind_names}"
    return name, found.calls * request.seeds, found.tokens * request.seeds, cost
