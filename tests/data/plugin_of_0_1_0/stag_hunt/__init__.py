"""The stag hunt: a stag takes two, a hare takes one (Rousseau 1755; Skyrms 2004)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from repunet.deliberation import Deliberation
from repunet.encounter import UNIT, Act, Encounter
from repunet.event import Event
from repunet.operations import ChooseAct, Reason
from repunet.persona import Participant
from repunet.stakes import Game, Option, Stakes

from repunet.matching import Eligibility, Matching
from repunet.prompts import add_templates
from repunet.scenarios.base import Scenario, ended, void

STAG, HARE = "hunt the stag", "hunt the hare"
PAYOFFS = {(STAG, STAG): 4, (STAG, HARE): 0, (HARE, STAG): 3, (HARE, HARE): 3}

add_templates("stag-hunt", Path(__file__).parent)


@dataclass(frozen=True, slots=True)
class Prey:
    """What to hunt."""

    move: Literal["hunt the stag", "hunt the hare"]
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunt(ChooseAct[Prey]):
    """What to hunt, while alter, whom ego now meets, makes the same choice?"""


class StagHunt(Scenario):
    """Both do best if both hunt the stag; the hare is safe."""

    name = "stag-hunt"
    title = "Stag hunt"
    aliases = ("stag_hunt", "assurance")
    roles = ("hunter",)
    stakes: ClassVar[Stakes] = Game(
        options=(
            Option(STAG, cooperation=1.0, met=(4, 4), unmet=(0, 3)),
            Option(HARE, cooperation=0.0, met=(3, 0), unmet=(3, 3)),
        ),
        excusable=True,
    )
    cooperation = "hunting the stag"
    source = "Rousseau 1755; Skyrms 2004"

    async def match(self, matching: Matching) -> Sequence[Event]:
        """Pair everyone; a chooser may choose whoever is tied to it as it is to them."""
        return await matching.pairs("hunter", "hunter", Eligibility(mutual=True))

    async def meet(self, unit: Deliberation, group: tuple[Participant, ...]) -> Encounter:
        """Let both choose at once."""
        ego, alter = group
        asked = hunt(unit, ego, alter), hunt(unit, alter, ego)
        first, second = await unit.together(*(unit.ask(question) for question in asked))
        if first is None or second is None:
            return void(unit, group)
        acts = act(ego, first.move, second.move), act(alter, second.move, first.move)
        names = [unit.views.other(hunter).name for hunter in group]
        stories = [
            f"You chose to {own.move} and {name} chose to {other.move}; "
            f"you earned {own.payoff // UNIT}, {name} {other.payoff // UNIT}."
            for own, other, name in ((acts[0], acts[1], names[1]), (acts[1], acts[0], names[0]))
        ]
        return ended(unit, group, acts, stories)


def hunt(unit: Deliberation, ego: Participant, alter: Participant) -> Hunt:
    """Return the question to ego."""
    views = unit.views
    return Hunt(
        setting=views.setting,
        ego=views.ego(ego),
        alter=views.acquaintance(ego.agent, alter),
        own_records=views.own_records(ego),
        history=views.history(ego.agent, alter.agent),
    )


def act(ego: Participant, own: str, other: str) -> Act:
    """Return what ego did, what it earned and how it looks."""
    return Act(
        agent=ego.agent,
        role=ego.role,
        move=own,
        payoff=PAYOFFS[own, other] * UNIT,
        cooperation=float(own == STAG),
        valence=1.0 if own == STAG else -1.0,
        excused=own == HARE and other == HARE,
    )
