"""Mutual aid: the donor game in which each of the two who meet may help the other, at once."""

from typing import ClassVar

from repunet.questions.deliberation import Unit
from repunet.questions.operations import ChooseAct
from repunet.scenarios.base import ended, void
from repunet.scenarios.donor import HELP, PASS_BY, DecideHelp, DonorGame, Help
from repunet.world.encounter import UNIT, Act, Encounter
from repunet.world.persona import AgentId, Participant
from repunet.world.stakes import Game, Option, Stakes

BAD_NAME = "a bad name"
"""The reason that excuses: who gives it passes by one whom it knows to be bad."""
RECIPIENT = "recipient"
"""The fact of an act that says to whom it was done: the number of an agent."""


def terms(benefit: int, cost: int) -> Game:
    """Return the stakes of two who may help each other, each in its turn."""
    gain = benefit - cost
    return Game(
        options=(
            Option(HELP, 1.0, met=(gain, gain), unmet=(-cost, benefit)),
            Option(PASS_BY, 0.0, met=(benefit, -cost), unmet=(0, 0)),
        ),
        excusable=False,
    )


class MutualAid(DonorGame):
    """The donor game with both parts for both, so that everybody acts once in every round.

    What an act shows besides the move: to whom it was done, and whether it was excused by the
    recipient's bad name. Witnesses see both, unless they take the act for its opposite.
    """

    benefit: ClassVar[int] = 3
    cost: ClassVar[int] = 1
    stakes: ClassVar[Stakes] = terms(3, 1)

    async def meet(self, unit: Unit, group: tuple[Participant, ...]) -> Encounter:
        """Let both decide at once; each pays for the help that it gives."""
        one, other = group
        answers = await unit.together(
            unit.ask(decide_help(unit, one, other)), unit.ask(decide_help(unit, other, one))
        )
        first, second = answers
        if first is None or second is None:
            return void(unit, group)
        acts = (self._act(one, first, other, second), self._act(other, second, one, first))
        stories = (f"You chose to {first.move}.", f"You chose to {second.move}.")
        return ended(unit, group, acts, stories)

    def _act(self, ego: Participant, own: Help, alter: Participant, others: Help) -> Act:
        gives, has = own.move == HELP, others.move == HELP
        return Act(
            agent=ego.agent,
            role=ego.role,
            move=own.move,
            payoff=UNIT * (self.benefit * has - self.cost * gives),
            cooperation=float(gives),
            valence=1.0 if gives else -1.0,
            excused=not gives and own.reason == BAD_NAME,
            facts={RECIPIENT: number(alter.agent)},
        )


class CheaperAid(MutualAid):
    """Mutual aid in which helping does no more than twice the good that it costs."""

    benefit: ClassVar[int] = 2
    stakes: ClassVar[Stakes] = terms(2, 1)


def decide_help(unit: Unit, ego: Participant, alter: Participant) -> ChooseAct[Help]:
    """Return the question to ego whether it helps alter."""
    views = unit.views
    return DecideHelp(
        setting=views.setting,
        ego=views.ego(ego),
        alter=views.acquaintance(ego.agent, alter),
        own_records=views.own_records(ego),
    )


def number(agent: AgentId) -> int:
    """Return the number of an agent.

    >>> number("A07")
    7
    """
    return int(agent[1:])
