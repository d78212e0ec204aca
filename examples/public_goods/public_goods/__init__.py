"""The public goods game: what four give to a pot grows, and is shared by all four alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from repunet.matching import Matching
from repunet.prompts import add_templates
from repunet.questions.deliberation import Unit
from repunet.questions.operations import ChooseActInGroup, Reason
from repunet.scenarios.base import Scenario, ended, void
from repunet.world.encounter import UNIT, Act, Encounter
from repunet.world.event import Event
from repunet.world.persona import Participant
from repunet.world.stakes import Game, Option, Stakes

SIZE, MULTIPLIER = 4, 1.6  # 1 < MULTIPLIER < SIZE: a dilemma
GIVEN = {"give nothing": 0.0, "give half": 0.5, "give all": 1.0}  # of 1, which all get each round

add_templates("public-goods", Path(__file__).parent)


@dataclass(frozen=True, slots=True)
class Contribution:
    """How much of what one got this round to give."""

    move: Literal["give nothing", "give half", "give all"]
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribute(ChooseActInGroup[Contribution]):
    """How much to give to the pot that ego shares with the alters?"""


def earned(given: float, pot: float) -> float:
    """Return what is earned by who gives this much to a pot of that much in all."""
    return 1.0 - given + MULTIPLIER * pot / SIZE


class PublicGoods(Scenario):
    """Whoever gives nothing earns most, whatever the others do; all do best when all give all."""

    name = "public-goods"
    group_size = 4
    title = "Public goods game"
    aliases = ("public_goods", "pgg")
    roles = ("member",)
    stakes: ClassVar[Stakes] = Game(
        options=tuple(
            Option(move, g, (earned(g, g + 3), earned(1, g + 3)), (earned(g, g), earned(0, g)))
            for move, g in GIVEN.items()
        ),
        excusable=True,
    )
    cooperation = "the share of one's endowment given to the pot"
    source = "Isaac & Walker 1988; Fehr & Gächter 2000 (groups of four, .4 per head)"
    partner_choice = False

    async def match(self, matching: Matching) -> Sequence[Event]:
        """Divide the society at random into groups of four."""
        return matching.groups("member", SIZE)

    async def meet(self, unit: Unit, group: tuple[Participant, ...]) -> Encounter:
        """Let all of them choose at once."""
        asked = [unit.ask(contribute(unit, ego, group)) for ego in group]
        moves = [answer.move for answer in await unit.together(*asked) if answer]
        if len(moves) < len(group):
            return void(unit, group)
        pot = sum(GIVEN[move] for move in moves)
        acts = [act(ego, move, pot) for ego, move in zip(group, moves, strict=True)]
        deeds = [f"{unit.views.other(a.participant).name} chose to {a.move}" for a in acts]
        stories = [
            f"You chose to {own.move}; {', '.join(deeds[:seat] + deeds[seat + 1 :])}. "
            f"You earned {own.payoff / UNIT:g}."
            for seat, own in enumerate(acts)
        ]
        return ended(unit, group, acts, stories)


def contribute(unit: Unit, ego: Participant, group: Sequence[Participant]) -> Contribute:
    """Return the question to one member of a group."""
    views, alters = unit.views, [other for other in group if other != ego]
    return Contribute(
        setting=views.setting,
        ego=views.ego(ego),
        alters=tuple(views.acquaintance(ego.agent, alter) for alter in alters),
        own_records=views.own_records(ego),
        history=views.history(ego.agent, *(alter.agent for alter in alters)),
    )


def act(ego: Participant, move: str, pot: float) -> Act:
    """Return what one member did, what it earned and how it looks."""
    given = GIVEN[move]
    payoff, excused = round(UNIT * earned(given, pot)), given < 0.5 > (pot - given) / (SIZE - 1)
    return Act(*ego, move, payoff, given, valence=2.0 * given - 1.0, excused=excused)
