"""Scenario 1, the Prisoner's Dilemma: both cooperate or defect at once (paper, section 4.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from repunet.deliberation import Deliberation
from repunet.encounter import UNIT, Act, Encounter
from repunet.event import Event
from repunet.matching import Eligibility, Matching
from repunet.operations import ChooseAct, Reason
from repunet.persona import Participant
from repunet.scenarios.base import Scenario, ended, void
from repunet.stakes import Game, Option, Stakes

R, S, T, P = 3, 0, 5, 1  # reward, sucker, temptation, punishment: T > R > P > S, 2R > T + S
C, D = "cooperate", "defect"
PAYOFFS = {(C, C): R, (C, D): S, (D, C): T, (D, D): P}


@dataclass(frozen=True, slots=True)
class Move:
    """Cooperate or defect."""

    move: Literal["cooperate", "defect"]
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseMove(ChooseAct[Move]):
    """Cooperate or defect with alter, whom ego now meets?"""


class PrisonersDilemma(Scenario):
    """Whatever the other does, defecting pays more; both do better when neither defects."""

    name = "pd"
    title = "Prisoner's Dilemma"
    aliases = ("pd_game", "p", "prisoners-dilemma")
    roles = ("player",)
    stakes: ClassVar[Stakes] = Game(
        options=(
            Option(C, cooperation=1.0, met=(R, R), unmet=(S, T)),
            Option(D, cooperation=0.0, met=(T, S), unmet=(P, P)),
        ),
        excusable=True,
    )
    cooperation = "choosing to cooperate"
    source = "paper, section 4.1, scenario 1; Axelrod & Hamilton 1981"

    async def match(self, matching: Matching) -> Sequence[Event]:
        """Pair everyone; a chooser may choose whoever is tied to it as it is to them."""
        return await matching.pairs("player", "player", Eligibility(mutual=True))

    async def meet(self, unit: Deliberation, group: tuple[Participant, ...]) -> Encounter:
        """Let both choose at once."""
        ego, alter = group
        first, second = await unit.together(
            unit.ask(choose_move(unit, ego, alter)), unit.ask(choose_move(unit, alter, ego))
        )
        if first is None or second is None:
            return void(unit, group)
        moves = first.move, second.move
        acts = [act(who, moves[i], moves[1 - i]) for i, who in enumerate(group)]
        names = [unit.views.other(player).name for player in group]
        stories = [story(moves[i], names[1 - i], moves[1 - i]) for i in (0, 1)]
        return ended(unit, group, acts, stories)


def choose_move(unit: Deliberation, ego: Participant, alter: Participant) -> ChooseMove:
    """Return the question to ego about its move."""
    views = unit.views
    return ChooseMove(
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
        cooperation=float(own == C),
        valence=1.0 if own == C else -1.0,
        excused=own == D and other == D,
    )


def story(own: str, name: str, other: str) -> str:
    """Return the story of one of the two."""
    if own == other:
        return f"You and {name} both chose to {own}; each earned {PAYOFFS[own, own]}."
    return (
        f"You chose to {own} and {name} chose to {other}; "
        f"you earned {PAYOFFS[own, other]}, {name} {PAYOFFS[other, own]}."
    )
