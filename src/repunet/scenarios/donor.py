"""The donor game: one may help another at a cost, who can't help back (Nowak & Sigmund 1998)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from repunet.matching import Eligibility, Matching
from repunet.questions.deliberation import Unit
from repunet.questions.operations import ChooseAct, Reason
from repunet.scenarios.base import Scenario, ended, void
from repunet.world.encounter import UNIT, Act, Encounter
from repunet.world.event import Event
from repunet.world.persona import Participant
from repunet.world.stakes import Game, Option, Stakes

BENEFIT, COST = 3, 1  # benefit > cost > 0
HELP, PASS_BY = "help", "pass by"


@dataclass(frozen=True, slots=True)
class Help:
    """Help or pass by."""

    move: Literal["help", "pass by"]
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideHelp(ChooseAct[Help]):
    """Pay the cost, so that alter, whom ego now meets, has the benefit?"""


class DonorGame(Scenario):
    """Passing by pays more, whatever happens; all do better when everybody helps.

    Giving and receiving are parts of one role: whoever receives is known by how it gives. The
    stakes are those of two who help each other, each in its turn.
    """

    name = "donor"
    title = "Donor game"
    aliases = ("donor-game", "donor_game", "helping")
    roles = ("player",)
    stakes: ClassVar[Stakes] = Game(
        options=(
            Option(HELP, 1.0, met=(BENEFIT - COST, BENEFIT - COST), unmet=(-COST, BENEFIT)),
            Option(PASS_BY, 0.0, met=(BENEFIT, -COST), unmet=(0, 0)),
        ),
        excusable=False,
    )
    cooperation = "helping; who is helped has nothing to decide, and is not judged"
    source = "Nowak & Sigmund 1998, with the paper's partner choice"

    async def match(self, matching: Matching) -> Sequence[Event]:
        """Make half of them donors: it pays to be chosen for one's name, as in the other games."""
        return await matching.pairs("player", "player", Eligibility(mutual=True))

    async def meet(self, unit: Unit, group: tuple[Participant, ...]) -> Encounter:
        """Let the donor decide; the recipient has what comes of it."""
        donor, recipient = group
        views = unit.views
        question = DecideHelp(
            setting=views.setting,
            ego=views.ego(donor),
            alter=views.acquaintance(donor.agent, recipient),
            own_records=views.own_records(donor),
            history=views.history(donor.agent, recipient.agent),
        )
        answer = await unit.ask(question)
        if answer is None:
            return void(unit, group)
        helped, names = answer.move == HELP, [views.other(player).name for player in group]
        acts = (
            Act(
                agent=donor.agent,
                role=donor.role,
                move=answer.move,
                payoff=-COST * UNIT * helped,
                cooperation=float(helped),
                valence=1.0 if helped else -1.0,
            ),
            Act(
                agent=recipient.agent,
                role=recipient.role,
                move="take what comes",
                payoff=BENEFIT * UNIT * helped,
            ),
        )
        paid, had = (COST, BENEFIT) if helped else (0, 0)
        stories = (
            f"You chose to {answer.move} {names[1]}; you paid {paid}, {names[1]} received {had}.",
            f"{names[0]} chose to {answer.move} you; {names[0]} paid {paid}, you received {had}.",
        )
        return ended(unit, group, acts, stories)
