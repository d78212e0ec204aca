"""Matrix games: two meet and choose at once between two options; a game is its payoffs."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from repunet.matching import Eligibility, Matching
from repunet.questions.deliberation import Unit
from repunet.questions.operations import ChooseAct
from repunet.scenarios.base import Scenario, ended, void
from repunet.world.encounter import UNIT, Act, Encounter
from repunet.world.event import Event
from repunet.world.persona import Participant
from repunet.world.stakes import Game, Option


class MatrixGame(Scenario):
    """Symmetric game of two players with two options, one of which is to cooperate.

    A subclass declares its name, title, source, the two options, the payoffs, and the question,
    whose answer has the option as its `move`; its words are in a folder of prompts of its name.
    """

    roles = ("player",)
    options: ClassVar[tuple[str, str]]
    """The option that cooperates, and the other."""
    payoffs: ClassVar[Mapping[tuple[str, str], int]]
    """What an option earns, by itself and the option of the other player."""
    question: ClassVar[type[ChooseAct[Any]]]
    excusable: ClassVar[bool] = True
    """Whether not to cooperate with one who does not either is partly excused."""

    def __init_subclass__(cls, **given: Any) -> None:
        super().__init_subclass__(**given)
        if "payoffs" in vars(cls):
            cls.stakes = Game(tuple(map(cls._option, cls.options, (1.0, 0.0))), cls.excusable)

    @classmethod
    def _option(cls, own: str, cooperation: float) -> Option:
        earned = [(cls.payoffs[own, other], cls.payoffs[other, own]) for other in cls.options]
        return Option(own, cooperation, met=earned[0], unmet=earned[1])

    async def match(self, matching: Matching) -> Sequence[Event]:
        """Pair everyone; a chooser may choose whoever is tied to it as it is to them."""
        return await matching.pairs("player", "player", Eligibility(mutual=True))

    async def meet(self, unit: Unit, group: tuple[Participant, ...]) -> Encounter:
        """Let both choose at once."""
        ego, alter = group
        first, second = await unit.together(
            unit.ask(self.asked(unit, ego, alter)), unit.ask(self.asked(unit, alter, ego))
        )
        if first is None or second is None:
            return void(unit, group)
        moves = first.move, second.move
        acts = [self.act(who, moves[i], moves[1 - i]) for i, who in enumerate(group)]
        names = [unit.views.other(player).name for player in group]
        stories = [self.story(moves[i], names[1 - i], moves[1 - i]) for i in (0, 1)]
        return ended(unit, group, acts, stories)

    def asked(self, unit: Unit, ego: Participant, alter: Participant) -> ChooseAct[Any]:
        """Return the question to ego about its option."""
        views = unit.views
        return self.question(
            setting=views.setting,
            ego=views.ego(ego),
            alter=views.acquaintance(ego.agent, alter),
            own_records=views.own_records(ego),
            history=views.history(ego.agent, alter.agent),
        )

    @classmethod
    def act(cls, ego: Participant, own: str, other: str) -> Act:
        """Return what ego did, what it earned and how it looks."""
        cooperates = own == cls.options[0]
        return Act(
            agent=ego.agent,
            role=ego.role,
            move=own,
            payoff=cls.payoffs[own, other] * UNIT,
            cooperation=float(cooperates),
            valence=1.0 if cooperates else -1.0,
            excused=cls.excusable and own == other == cls.options[1],
        )

    @classmethod
    def story(cls, own: str, name: str, other: str) -> str:
        """Return the story of one of the two."""
        earned, theirs = cls.payoffs[own, other], cls.payoffs[other, own]
        if own == other:
            return f"You and {name} both chose to {own}; each earned {earned}."
        return (
            f"You chose to {own} and {name} chose to {other}; you earned {earned}, {name} {theirs}."
        )
