"""How a player of the Axelrod library is led through a match, without the library."""

import re
import sys
from enum import Enum
from itertools import product

import pytest

from repunet.errors import UsageError
from repunet.minds.axelrod import Match
from repunet.minds.router import make_mind, mind_names
from repunet.minds.scripted import C, D, Turn
from repunet.system.extras import installation


class Action(Enum):
    C = "C"
    D = "D"


class Counting:
    """Defects at every third thought, so that a thought too many or too few is found out."""

    def __init__(self) -> None:
        self.thoughts = 0
        self.history: list[tuple[Action, Action]] = []

    def strategy(self, opponent: "Counting") -> Action:
        assert opponent.history == [(theirs, mine) for mine, theirs in self.history]
        self.thoughts += 1
        return Action.C if self.thoughts % 3 else Action.D

    def update_history(self, play: Action, coplay: Action) -> None:
        self.history.append((play, coplay))


def begun(turns: list[Turn]) -> Match:
    return Match(Counting(), Counting(), turns, Action)


def test_a_player_thinks_once_a_turn() -> None:
    turns: list[Turn] = []
    match, moves = begun(turns), []
    for _ in range(6):
        moves.append(match.move())
        turns.append((moves[-1], C))
    assert moves == [C, C, D, C, C, D]


def test_a_question_that_is_repeated_gets_the_same_answer() -> None:
    match = begun([(C, C), (C, D)])
    assert [match.move() for _ in range(3)] == [D, D, D]


@pytest.mark.parametrize("length", range(7))
def test_a_match_that_is_taken_up_again_goes_on_as_it_would_have(length: int) -> None:
    turns: list[Turn] = []
    kept = begun(turns)
    for own, other in list(product((C, D), repeat=2)) * 2:
        kept.move()
        if len(turns) < length:
            turns.append((own, other))
    assert begun(list(turns)).move() == kept.move()


def test_the_library_is_named_among_the_minds_and_asked_for_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "axelrod" in mind_names()
    monkeypatch.setitem(sys.modules, "axelrod", None)
    with pytest.raises(UsageError, match=re.escape(installation("axelrod"))):
        make_mind("axelrod:Grudger", 1)
