"""The command `demo`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from repunet.analysis.report.writing import PAGE, write
from repunet.analysis.summary import Summary, summarise
from repunet.cli.commands.report import say_headlines
from repunet.cli.options import Json, Quiet, Rounds, Seed, Storage, Whole
from repunet.cli.playing import announce, play_out
from repunet.cli.printing.console import say
from repunet.cli.printing.summary import report
from repunet.cli.spec_options import PlayLimits
from repunet.errors import UsageError
from repunet.minds.default import EMBEDDED
from repunet.runs.beginning import begun_from
from repunet.runs.spec import AGENTS, ROUNDS, SEED, RunSpec


def demo(
    *,
    agents: Annotated[Whole, Parameter(help="Number of agents.")] = AGENTS,
    rounds: Rounds = ROUNDS,
    seed: Seed = SEED,
    mind: Annotated[str, Parameter(help="Mind for everyone.")] = EMBEDDED,
    limits: PlayLimits | None = None,
    storage: Storage = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Play the Prisoner's Dilemma with RepuNet and without, and compare the two."""
    summaries: list[Summary] = []
    both = RunSpec().merged(
        scenario="pd",
        agents=agents,
        rounds=rounds,
        seed=seed,
        limits=limits.given() if limits else None,
    )
    for condition in ("full", "none"):
        chosen = both.merged(treatment=condition).assign_minds([mind], (), {})
        with begun_from(chosen, storage, default=f"demo-{condition}") as begun:
            announce(begun, quiet=quiet or json)
            play_out(begun, quiet=quiet or json)
            summaries.append(summarise(begun.journal))
    report(summaries, json=json)
    if not json:
        _tell(Path(summaries[0].path))


def _tell(run: Path) -> None:
    """Write the report on a run, and say what it says first; or what is missing for it."""
    page = run.with_name(PAGE)
    try:
        say_headlines(write(run.parent, [run], page), page)
    except UsageError as error:
        say(f"no report: {error}")
