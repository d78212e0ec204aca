"""Strategies of the Axelrod library as minds: any of them can sit in a society (extra `axelrod`).

Each partner is a match of its own, of unknown length. A player of the library gets to know all
earlier turns with the partner, and luck that belongs to the two of them alone, so that a resumed
run, a fork and a replay go on as the run itself would have. In all else (reflecting, reputations,
ties, talk) its agent is like the embedded mind.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from repunet.chance import draw
from repunet.errors import UsageError, unknown
from repunet.minds.router import MindSpec, make_mind
from repunet.minds.scripted import EarlierTurns, Move, Player, Turn, between, extreme
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import Mind, Operation
from repunet.system.extras import library
from repunet.world.persona import AgentId
from repunet.world.stakes import Game

A = TypeVar("A")

SEEDS = 2**32
UNKNOWN = -1
"""The length of a match whose end nobody knows, in the library's words."""


class Match:
    """A player of the library and its partner, up to where they have come."""

    def __init__(self, player: Any, partner: Any, turns: Sequence[Turn], moves: Any) -> None:
        self.turns = turns
        """All turns there have been; it grows."""
        self._player = player
        self._partner = partner
        self._moves = moves
        self._told = 0
        self._next: bool | None = None

    def move(self) -> bool:
        """Return whether the player cooperates now; asked again, it says the same."""
        for own, other in self.turns[self._told :]:
            self._ponder()
            self._tell(own, other)
        return self._ponder()

    def _ponder(self) -> bool:
        """Let the player make up its mind, once a turn."""
        if self._next is None:
            self._next = self._player.strategy(self._partner) == self._moves.C
        return self._next

    def _tell(self, *turn: bool) -> None:
        """Let both know how a turn came out, whatever was meant."""
        own, other = (self._moves.C if cooperated else self._moves.D for cooperated in turn)
        self._player.update_history(own, other)
        self._partner.update_history(other, own)
        self._told, self._next = self._told + 1, None


class AxelrodMind(Player):
    """Mind that plays a strategy of the Axelrod library."""

    def __init__(
        self, name: str, seed: int, library: Any, make: Callable[[], Any], otherwise: Mind
    ) -> None:
        super().__init__(name, otherwise)
        self._seed = seed
        self._library = library
        self._make = make
        self._past = EarlierTurns()
        self._matches: dict[tuple[AgentId, ...], Match] = {}

    def describe(self) -> dict[str, Any]:
        """Return its name, which library it is from, and the mind for all else."""
        return {**super().describe(), "axelrod": str(self._library.__version__)}

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Make the move; raises UsageError in a dilemma whose stakes are no game of options."""
        if not isinstance(operation.setting.stakes, Game):
            raise UsageError(
                f"{self.name} plays games in which one cooperates or defects, and in "
                f"{operation.setting.scenario} there is none: choose another mind or scenario"
            )
        return await super().answer(operation, at)

    def cooperates(self, operation: Move, at: Coordinate) -> bool:
        """Tell what the strategy does after all earlier turns with the partners at hand."""
        turns, who = self._past.turns(operation), between(operation)
        match = self._matches.get(who)
        if match is None or match.turns is not turns:
            player, partner = self.seat(operation.game, who), self._library.MockPlayer()
            match = self._matches[who] = Match(player, partner, turns, self._library.Action)
        return match.move()

    def seat(self, game: Game, who: tuple[AgentId, ...]) -> Any:
        """Return a new player, who knows the stakes, and whose luck is for these partners alone."""
        player = self._make()
        player.set_match_attributes(length=UNKNOWN, game=self._stakes(game), noise=0)
        player.set_seed(int(draw(self._seed, self.name, *who) * SEEDS))
        return player

    def _stakes(self, game: Game) -> Any:
        """Return the stakes of the dilemma as the library has them."""
        kind, unkind = extreme(game, cooperative=True), extreme(game, cooperative=False)
        (r, _), (s, _), (t, _), (p, _) = kind.met, kind.unmet, unkind.met, unkind.unmet
        return self._library.Game(r=r, s=s, t=t, p=p)


def axelrod(spec: MindSpec, seed: int) -> AxelrodMind:
    """Return the mind: `axelrod:Grudger`, or `axelrod:Random,p=0.3` with numbers of its own.

    Raises UsageError, with a suggestion, for a strategy or a number that the library does not have.
    """
    kit = library("axelrod", "axelrod")
    if not spec.variant:
        raise UsageError(f"say which strategy of the library: {spec.name}:Grudger")
    strategies = {strategy.__name__: strategy for strategy in kit.ordinary_strategies}
    if spec.variant not in strategies:
        raise unknown("strategy of the Axelrod library", spec.variant, strategies)
    strategy, numbers = strategies[spec.variant], _numbers(spec.settings)
    known = strategy.init_params()
    for name in numbers:
        if name not in known:
            raise unknown(f"parameter of {spec.variant}", name, known)

    def make() -> Any:
        return strategy(**numbers)

    _try(make, spec)
    return AxelrodMind(str(spec), seed, kit, make, make_mind("embedded", seed))


def _numbers(settings: Mapping[str, str]) -> dict[str, float]:
    return {name: _number(name, word) for name, word in settings.items()}


def _number(name: str, word: str) -> float:
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    raise UsageError(f"{name} takes a number, not {word!r}")


def _try(make: Callable[[], Any], spec: MindSpec) -> None:
    try:
        make()
    except (TypeError, ValueError, AssertionError) as error:
        raise UsageError(f"{spec} can't be had of the Axelrod library: {error}") from None
