"""Scripted strategies answer as the literature says; their scores are validated elsewhere."""

from itertools import product

import pytest
from societies import everyone, founded, play

from repunet.minds.scripted import STRATEGIES, C, D, Turn, extreme, turn
from repunet.scenarios.pd import PrisonersDilemma
from repunet.world.population import population


def moves(name: str, others: str) -> str:
    """Return what a strategy answers, C or D, to another's moves, and then once more."""
    turns: list[Turn] = []
    for other in others:
        turns.append((STRATEGIES[name](turns), C if other == "C" else D))
    turns.append((STRATEGIES[name](turns), C))
    return "".join("C" if own else "D" for own, _ in turns)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cooperator", "CCCCCCCC"),
        ("defector", "DDDDDDDD"),
        ("tit-for-tat", "CCDDCCDC"),
        ("suspicious-tit-for-tat", "DCDDCCDC"),
        ("anti-tit-for-tat", "CDCCDDCD"),
        ("bully", "DDCCDDCD"),
        ("tit-for-two-tats", "CCCDCCCC"),
        ("two-tits-for-tat", "CCDDDCDD"),
        ("grudger", "CCDDDDDD"),
        ("win-stay-lose-shift", "CCDCCCDD"),
        ("alternator", "CDCDCDCD"),
        ("cycler-ccd", "CCDCCDCC"),
        ("soft-majority", "CCCDCCCC"),
        ("hard-majority", "DCDDDCDC"),
    ],
)
def test_a_strategy_answers_as_described(name: str, expected: str) -> None:
    assert moves(name, "CDDCCDC") == expected


def test_every_strategy_is_described() -> None:
    assert all(strategy.__doc__ for strategy in STRATEGIES.values())


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_strategy_answers_any_history_by_yes_or_no(name: str) -> None:
    for length in range(5):
        for turns in product(product((C, D), repeat=2), repeat=length):
            assert STRATEGIES[name](turns) in (C, D)


def test_a_turn_is_read_from_what_is_remembered() -> None:
    people = population(2, "pd")
    game = play(everyone("A01=cooperator", "defector", people=people), founded(people=people), 1)
    first, second = (agent.memory[0] for agent in game.society.agents.values())
    assert (turn(first), turn(second)) == ((C, D), (D, C))


def test_the_extremes_are_the_most_and_the_least_cooperative_options() -> None:
    stakes = PrisonersDilemma.stakes
    assert extreme(stakes, cooperative=True).label == "cooperate"
    assert extreme(stakes, cooperative=False).label == "defect"


def test_a_scripted_agent_thinks_and_talks_like_the_embedded_mind() -> None:
    scripted = play(everyone("grudger"), founded(), 1)
    embedded = play(everyone("embedded"), founded(), 1)
    kinds = [{q.at.operation for q in game.asked} for game in (scripted, embedded)]
    assert kinds[0] == kinds[1]
