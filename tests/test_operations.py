"""The questions that agents are asked."""

from dataclasses import FrozenInstanceError, fields

import pytest
from pydantic import ValidationError
from societies import Stub, everyone, founded, minds, play, society, views

from repunet.questions import operations as ops
from repunet.questions.batched import ALONE, RespondToEncounter, WeighGossip
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import InvalidAnswer, NoAnswer, Operation, adapter
from repunet.scenarios.pd import ChooseMove, Move
from repunet.world.gossip import VALENCE
from repunet.world.persona import Participant

QUESTIONS: list[type[Operation]] = [
    kind
    for kind in vars(ops).values()
    if isinstance(kind, type) and issubclass(kind, Operation) and isinstance(
        getattr(kind, "answer", None), type
    )
]  # fmt: skip


def ranking() -> ops.RankPartners:
    look = views(society())
    known = [look.acquaintance("A01", Participant(f"A0{i}", "player")) for i in (2, 3, 4)]
    ego = look.ego(Participant("A01", "player"))
    return ops.RankPartners(setting=look.setting, ego=ego, candidates=tuple(known))


def test_the_type_of_a_question_names_the_type_of_its_answer() -> None:
    assert ops.DecideTie.answer is ops.Decision
    assert ops.ShapePeerFromGossip.answer.__name__ == "Appraisal"
    assert ChooseMove.answer is Move


def test_the_compact_plan_knows_every_question_that_scenarios_share() -> None:
    batched = [RespondToEncounter.covers, WeighGossip.covers, ALONE]
    assert frozenset().union(*batched) == set(QUESTIONS)
    assert sum(map(len, batched)) == len(QUESTIONS)


@pytest.mark.parametrize("kind", [*QUESTIONS, ChooseMove])
def test_a_question_is_described_and_can_not_be_changed(kind: type[Operation]) -> None:
    assert kind.__doc__
    assert kind.__doc__.splitlines()[0].endswith("?")
    assert kind.__dataclass_params__.frozen
    assert kind.variables() <= {field.name for field in fields(kind)}


def test_a_question_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        ranking().ego = None  # type: ignore[misc]


def test_the_whole_history_with_alter_is_for_unprompted_minds_alone() -> None:
    assert "history" not in ChooseMove.variables()
    assert {"setting", "ego", "alter", "own_records"} == ChooseMove.variables()


@pytest.mark.parametrize("names", [(0, 1), (0, 1, 1), (0, 1, 2, 2), ()])
def test_a_ranking_names_every_candidate_once(names: tuple[int, ...]) -> None:
    question = ranking()
    known = [candidate.name for candidate in question.candidates]
    question.check(ops.Ranking(tuple(reversed(known)), ""))
    with pytest.raises(InvalidAnswer, match="exactly once"):
        question.check(ops.Ranking(tuple(known[i] for i in names), ""))


def test_a_candidate_is_found_by_name() -> None:
    question = ranking()
    assert question.candidate(question.candidates[1].name).id == "A03"
    with pytest.raises(InvalidAnswer, match="'Nobody' is not one of the candidates"):
        question.candidate("Nobody")


def test_an_invalid_answer_is_one_that_could_not_be_had() -> None:
    assert issubclass(InvalidAnswer, NoAnswer)


def test_questions_say_whom_they_are_about() -> None:
    game = play(minds("chance"), founded(n=7), 6)
    for asked in game.asked:
        target, kind = asked.operation.target, type(asked.operation)
        if kind in (ops.ShapeSelfReputation, ops.ReviseSelfImage):
            assert target == asked.at.actor
        elif kind is ops.RankPartners:
            assert target is None
        else:
            assert target in set(game.society.agents) - {asked.at.actor}


def test_nobody_is_asked_for_another() -> None:
    game = play(everyone("chance"), founded(n=7), 6)
    assert all(asked.operation.ego.id == asked.at.actor for asked in game.asked)
    assert all(asked.at.operation == asked.operation.label for asked in game.asked)


def test_a_decision_has_a_name_before_it_has_a_value() -> None:
    play(mind := Stub(), founded(n=2), 1)
    names = {str(asked.at) for asked in mind.asked}
    assert any(name.startswith("r1/meet/A0") and "/ChooseMove/A01" in name for name in names)
    assert "r1/respond/A01/Reflect/A01" in names
    assert "r1/respond/A01>A02/DecideTie/A01" in names
    assert str(Coordinate("r1/x", "Reflect", "A01")) == "r1/x/Reflect/A01"


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (Move, '{"move": "cheat", "reason": ""}'),
        (ops.Judgement, '{"reason": "", "credibility": 6, "pass_on": false}'),
        (ops.Telling, '{"text": "", "sense": "angry"}'),
        (ops.Text, '{"text": "' + "x" * 901 + '"}'),
        (ops.Decision, '{"yes": true}'),
    ],
)
def test_an_answer_of_another_kind_can_not_be_read(kind: type, answer: str) -> None:
    with pytest.raises(ValidationError):
        adapter(kind).validate_json(answer)


def test_the_sense_of_gossip_is_a_number_too() -> None:
    assert {ops.Telling("", sense).valence for sense in VALENCE} == {-1.0, -0.5, 0.0, 0.5, 1.0}
