"""Scripted strategies: textbook play of repeated dilemmas (Axelrod 1984 and the library since).

A strategy sees every earlier turn with the partner at hand and answers the next move. In all else
(reflecting, reputations, ties, talk) a scripted agent is like the embedded mind.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, TypeAlias, TypeVar, cast

from repunet.minds.router import MindSpec, make_mind
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import Mind, Operation, adapter
from repunet.questions.operations import ChooseAct, ChooseActInGroup
from repunet.world.encounter import Act, Recollection
from repunet.world.persona import AgentId
from repunet.world.stakes import Game, Option

A = TypeVar("A")
Move: TypeAlias = ChooseAct[Any] | ChooseActInGroup[Any]
"""A question for a move."""
Turn = tuple[bool, bool]
"""Whether ego cooperated, and whether alter did."""

C: Final = True
D: Final = False


class Strategy(Protocol):
    """Signature of a strategy: whether to cooperate after the earlier turns, oldest first."""

    def __call__(self, turns: Sequence[Turn], /) -> bool: ...


def cooperator(turns: Sequence[Turn]) -> bool:
    """Always cooperate."""
    return C


def defector(turns: Sequence[Turn]) -> bool:
    """Always defect."""
    return D


def tit_for_tat(turns: Sequence[Turn]) -> bool:
    """Cooperate, then do what alter did last (Rapoport, in Axelrod 1980)."""
    return turns[-1][1] if turns else C


def suspicious_tit_for_tat(turns: Sequence[Turn]) -> bool:
    """Defect, then do what alter did last."""
    return turns[-1][1] if turns else D


def anti_tit_for_tat(turns: Sequence[Turn]) -> bool:
    """Cooperate, then do the opposite of what alter did last."""
    return not turns[-1][1] if turns else C


def bully(turns: Sequence[Turn]) -> bool:
    """Defect, then do the opposite of what alter did last (Nachbar 1992)."""
    return not turns[-1][1] if turns else D


def tit_for_two_tats(turns: Sequence[Turn]) -> bool:
    """Defect only after two defections in a row (Axelrod 1984)."""
    return not (len(turns) > 1 and turns[-1][1] == turns[-2][1] == D)


def two_tits_for_tat(turns: Sequence[Turn]) -> bool:
    """Answer every defection with two (Axelrod 1984)."""
    return all(alter for _, alter in turns[-2:])


def grudger(turns: Sequence[Turn]) -> bool:
    """Cooperate until alter defects once, then never again (Friedman 1971)."""
    return all(alter for _, alter in turns)


def win_stay_lose_shift(turns: Sequence[Turn]) -> bool:
    """Repeat a move that met cooperation, change one that did not (Nowak & Sigmund 1993)."""
    return turns[-1][0] == turns[-1][1] if turns else C


def alternator(turns: Sequence[Turn]) -> bool:
    """Cooperate and defect by turns, whatever happens."""
    return len(turns) % 2 == 0


def cycler_ccd(turns: Sequence[Turn]) -> bool:
    """Cooperate twice, defect once, and so on (Mittal & Deb 2009)."""
    return len(turns) % 3 != 2


def soft_majority(turns: Sequence[Turn]) -> bool:
    """Cooperate while alter has cooperated at least as often as not (Axelrod 1984)."""
    return 2 * sum(alter for _, alter in turns) >= len(turns)


def hard_majority(turns: Sequence[Turn]) -> bool:
    """Cooperate while alter has cooperated more often than not (Axelrod 1984)."""
    return 2 * sum(alter for _, alter in turns) > len(turns)


STRATEGIES: dict[str, Strategy] = {
    function.__name__.replace("_", "-"): function
    for function in (
        cooperator,
        defector,
        tit_for_tat,
        suspicious_tit_for_tat,
        anti_tit_for_tat,
        tit_for_two_tats,
        two_tits_for_tat,
        grudger,
        win_stay_lose_shift,
        alternator,
        cycler_ccd,
        soft_majority,
        hard_majority,
        bully,
    )
}


class Player(ABC):
    """Mind that plays moves by a rule, and thinks like another mind elsewhere."""

    def __init__(self, name: str, otherwise: Mind) -> None:
        self.name = name
        self._otherwise = otherwise

    @abstractmethod
    def cooperates(self, operation: Move, at: Coordinate) -> bool:
        """Tell whether the move to make now is the most cooperative one, or the least."""

    @property
    def immediate(self) -> bool:
        """Return whether the mind for all else answers without waiting."""
        return self._otherwise.immediate

    def describe(self) -> dict[str, Any]:
        """Return the name of the rule, and the mind for all else."""
        return {"name": self.name, "otherwise": self._otherwise.describe()}

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Make the move, or let the other mind answer."""
        if not isinstance(operation, ChooseAct | ChooseActInGroup):
            return await self._otherwise.answer(operation, at)
        option = extreme(operation.game, cooperative=self.cooperates(operation, at))
        return cast(A, played(operation, option, self.name))


class ScriptedMind(Player):
    """Mind that plays a named strategy."""

    def __init__(self, name: str, strategy: Strategy, otherwise: Mind) -> None:
        super().__init__(name, otherwise)
        self._strategy = strategy
        self._past = EarlierTurns()

    def cooperates(self, operation: Move, at: Coordinate) -> bool:
        """Tell what the strategy does after all earlier turns."""
        return self._strategy(self._past.turns(operation))


class EarlierTurns:
    """Earlier turns with the partners at hand, each read once from what is remembered."""

    def __init__(self) -> None:
        self._read: dict[tuple[AgentId, ...], tuple[list[Turn], Recollection | None]] = {}

    def turns(self, operation: Move) -> Sequence[Turn]:
        """Return the turns, oldest first."""
        history, who = operation.history, between(operation)
        turns, last = self._read.get(who, ([], None))
        if len(history) < len(turns) or (turns and history[len(turns) - 1] is not last):
            turns = []  # this is another society
        for recollection in history[len(turns) :]:
            turns.append(turn(recollection, *turns[-1:]))
        self._read[who] = turns, history[-1] if history else None
        return turns


def between(operation: Move) -> tuple[AgentId, ...]:
    """Return who is to make a move, and those it meets."""
    return operation.ego.id, *(alter.id for alter in operation.met)


def turn(recollection: Recollection, before: Turn = (C, C)) -> Turn:
    """Return who cooperated in an encounter: ego, and the others on the whole.

    For whoever did nothing that tells (to be helped is no act), the turn before still stands.
    """
    own, others = before
    return cooperated((recollection.own,), own), cooperated(recollection.others, others)


def cooperated(acts: Sequence[Act], otherwise: bool) -> bool:
    """Return whether these acts were cooperative on the whole, if they say anything about it."""
    degrees = [act.cooperation for act in acts if act.cooperation is not None]
    return sum(degrees) >= 0.5 * len(degrees) if degrees else otherwise


def extreme(game: Game, *, cooperative: bool) -> Option:
    """Return the most or the least cooperative option."""
    choose: Callable[..., Option] = max if cooperative else min
    return choose(game.options, key=lambda option: option.cooperation)


def played(operation: Operation[A], option: Option, reason: str) -> A:
    """Return the answer that plays an option: its label is one of the answer's literals."""
    answer = adapter(operation.answer).validate_python({"move": option.label, "reason": reason})
    return cast(A, answer)


def scripted(spec: MindSpec, seed: int) -> ScriptedMind:
    """Return the mind that plays the strategy of that name."""
    spec.plain()
    return ScriptedMind(spec.name, STRATEGIES[spec.name], make_mind("embedded", seed))
