"""What happens when agents meet, and how each remembers it."""

import pytest
from societies import MISSING, QUIET, Stub, founded, meeting, only, play, player

from repunet.questions import operations as ops
from repunet.scenarios.pd import PAYOFFS, Move, P, PrisonersDilemma, R, S, T
from repunet.world.encounter import UNIT

MOVES = ("cooperate", "defect")


def test_the_payoffs_are_a_prisoners_dilemma() -> None:
    assert T > R > P > S
    assert 2 * R > T + S


@pytest.mark.parametrize(
    ("one", "other", "earned"),
    [
        ("cooperate", "cooperate", (3, 3)),
        ("cooperate", "defect", (0, 5)),
        ("defect", "cooperate", (5, 0)),
        ("defect", "defect", (1, 1)),
    ],
)
def test_the_prisoners_dilemma_pays(one: str, other: str, earned: tuple[int, int]) -> None:
    mind = Stub({ops.ChooseAct: only(1, Move(one, ""), Move(other, ""))})
    game = play(mind, founded(n=2), 1)
    wealth = [agent.wealth for agent in game.society.agents.values()]
    assert wealth == [(10 + each) * UNIT for each in earned]
    assert PAYOFFS[one, other] == earned[0]


def test_both_choose_before_either_knows_the_others_move() -> None:
    play(mind := Stub(), founded(n=2), 1)
    for question in mind.questions(ops.ChooseAct):
        assert not question.history
        assert not question.alter.last
        assert question.ego.wealth == 10


def test_an_act_says_how_cooperative_it_was_and_how_it_looks() -> None:
    kind, mean = meeting("cooperate", "defect").acts
    assert (kind.cooperation, kind.valence, kind.excused) == (1.0, 1.0, False)
    assert (mean.cooperation, mean.valence, mean.excused) == (0.0, -1.0, False)
    assert all(act.excused for act in meeting("defect", "defect").acts)


def test_each_remembers_its_own_side() -> None:
    met = meeting("cooperate", "defect")
    first, second = (met.remembered_by(who, 3) for who in met.participants)
    assert (first.own.move, first.others[0].move) == ("cooperate", "defect")
    assert (second.own.move, second.others[0].move) == ("defect", "cooperate")
    assert (first.payoff, second.payoff) == (0, 5)
    assert first.story.startswith("You chose to cooperate and A02 chose to defect")
    assert first.round == second.round == 3


def test_a_recollection_knows_whom_ego_knew() -> None:
    met = meeting("defect", "defect").remembered_by(player(1), 1)
    assert met.knew_before == ()


@pytest.mark.parametrize("own", MOVES)
@pytest.mark.parametrize("other", MOVES)
def test_a_story_tells_both_moves_and_what_they_earned(own: str, other: str) -> None:
    told = PrisonersDilemma.story(own, "Emma Dubois", other)
    assert {own, other} <= set(told.replace(";", "").split())
    assert str(PAYOFFS[own, other]) in told
    assert str(PAYOFFS[other, own]) in told
    assert "Emma Dubois" in told


@pytest.mark.parametrize("silent", [1, 2])
def test_an_encounter_without_an_answer_is_void_for_both(silent: int) -> None:
    move = QUIET[ops.ChooseAct]
    rule = {ops.ChooseAct: lambda o, at: MISSING if o.ego.id == f"A0{silent}" else move(o, at)}
    game = play(Stub(rule), founded(n=2), 1)
    (void,) = game.encounters.values()
    assert (void.outcome, void.acts) == ("void", ())
    assert {agent.wealth for agent in game.society.agents.values()} == {10 * UNIT}
    assert len(void.stories) == 2
