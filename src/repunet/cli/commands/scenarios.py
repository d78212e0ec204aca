"""The command `scenarios`: the dilemmas there are, and what is at stake in each."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table

from repunet.cli.options import Json
from repunet.cli.printing.console import WIDTH, console, print_json
from repunet.cli.printing.tables import table
from repunet.prompts import number
from repunet.scenarios import Scenario
from repunet.scenarios import scenarios as installed
from repunet.world.persona import Role
from repunet.world.stakes import Game, Provision, Stakes, Trust


@dataclass(frozen=True, slots=True)
class ScenarioSummary:
    """A scenario, as far as it can be told in a few words."""

    name: str
    title: str
    summary: str
    aliases: tuple[str, ...]
    roles: tuple[Role, ...]
    cooperation: str
    source: str
    kind: str
    """What kind of stakes: game, provision or trust."""
    stakes: Stakes


def scenarios(*, json: Json = False) -> None:
    """List the dilemmas that are installed, with what is at stake in each."""
    found = tuple(map(described, installed().values()))
    if json:
        print_json(found)
        return
    for each in found:
        console.print(each.title, style="bold")
        below = [_payoffs(each.stakes)] if isinstance(each.stakes, Game) else [""]
        shown = Padding(Group(_facts(each), *below), (0, 0, 0, 2), expand=False)
        console.print(shown, width=min(console.width, WIDTH))


def described(scenario: Scenario) -> ScenarioSummary:
    """Return what there is to know of a scenario."""
    return ScenarioSummary(
        name=scenario.name,
        title=scenario.title,
        summary=" ".join((type(scenario).__doc__ or "").split()),
        aliases=scenario.aliases,
        roles=scenario.roles,
        cooperation=scenario.cooperation,
        source=scenario.source,
        kind=type(scenario.stakes).__name__.lower(),
        stakes=scenario.stakes,
    )


def _facts(dilemma: ScenarioSummary) -> Table:
    made = Table.grid(padding=(0, 2))
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for name, text in (
        ("name", ", ".join((dilemma.name, *dilemma.aliases))),
        ("what", dilemma.summary),
        ("roles", ", ".join(dilemma.roles)),
        ("cooperation", dilemma.cooperation),
        ("source", dilemma.source),
        ("at stake", _at_stake(dilemma.stakes)),
    ):
        if text:
            made.add_row(name, text)
    return made


def _at_stake(stakes: Stakes) -> str:
    match stakes:
        case Trust(multiplier=times):
            return f"what one entrusts becomes {times} times as much; the other divides it"
        case Provision(join=join, stay_out=stay_out):
            return f"{join} or {stay_out}; nothing is won from whom one meets"
        case _:
            return "what each option yields to you, and to each other:"


def _payoffs(game: Game) -> RenderableType:
    rows = [(o.label, f"{o.cooperation:.0%}", _pair(o.met), _pair(o.unmet)) for o in game.options]
    columns = ("option:", "cooperation", "if others cooperate", "if they do not")
    return table("", columns, rows)


def _pair(payoffs: Sequence[float]) -> str:
    return ", ".join(map(number, payoffs))
