"""The embedded mind as a whole: blind to treatments and to prose, and true to its numbers."""

import re
import sys
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import pytest
from societies import (
    FINER,
    TREATMENTS,
    WORDS,
    Asked,
    Played,
    Renaming,
    dilemmas,
    everyone,
    founded,
    mostly_slow,
    play,
    rewritten,
    run,
    wordless,
)

from repunet import chance
from repunet.errors import UsageError
from repunet.minds.embedded import reading
from repunet.minds.embedded.answers.texts import BANDS, BEST_BAND
from repunet.minds.embedded.mind import FACULTIES, EmbeddedMind
from repunet.minds.embedded.model.parameters import PROFILES, Parameters
from repunet.minds.embedded.reading import prosociality
from repunet.minds.router import make_mind
from repunet.questions import operations as ops
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import NoAnswer, Operation
from repunet.questions.perspective import Hearsay
from repunet.world.event import EVENT
from repunet.world.persona import Disposition, Persona
from repunet.world.population import population

ARMS = (*TREATMENTS, "witnessed", "no-self-reputation", "no-peer-reputation")
SWITCHES = ("reputation", "gossip", "partner_choice", "rewiring")
SEED = 3


@cache
def game(arm: str = "full", dilemma: str = "pd") -> Played:
    """Return a society of embedded minds that talks a lot, and has met often."""
    mind = make_mind("embedded,second_hand=1,gossip_propensity=1,passed_on_from=3", SEED)
    return play(mind, founded(arm, dilemma=dilemma, n=9, seed=SEED), 12)


def mind() -> EmbeddedMind:
    talkative = replace(Parameters(), second_hand=1, gossip_propensity=1, passed_on_from=3)
    return EmbeddedMind(SEED, talkative)


WORLDS = list(product(dilemmas(), ARMS))


@pytest.fixture(
    params=mostly_slow(WORLDS, [w for w in WORLDS if w[1] in ("full", "witnessed")]), ids="/".join
)
def asked(request: pytest.FixtureRequest) -> list[Asked]:
    dilemma, arm = request.param
    return game(arm, dilemma).asked[::5]


def again(question: Asked, operation: Operation[Any], who: EmbeddedMind | None = None) -> Any:
    """Return what the mind answers to an altered question, in the same place."""
    return run((who or mind()).answer(operation, question.at))


# Parity (embedded-mind.md, section 1.1) ----------------------------------------------------------


def test_the_same_question_has_the_same_answer(asked: list[Asked]) -> None:
    who = mind()
    assert all(again(each, each.operation, who) == each.answer for each in asked)


def test_an_answer_does_not_depend_on_what_was_asked_before(asked: list[Asked]) -> None:
    who = mind()
    assert all(again(each, each.operation, who) == each.answer for each in reversed(asked))


@pytest.mark.parametrize("switches", list(product((True, False), repeat=len(SWITCHES))))
def test_equal_content_has_equal_answers_in_every_arm(switches: tuple[bool, ...]) -> None:
    who, setting = mind(), dict(zip(SWITCHES, switches, strict=True))
    for each in game().asked[::7]:
        elsewhere = replace(each.operation, setting=replace(each.operation.setting, **setting))
        assert again(each, elsewhere, who) == each.answer


class Stakes:
    """A setting of which nothing can be read but what is at stake."""

    def __init__(self, question: Operation[Any]) -> None:
        self.scenario, self.stakes = question.setting.scenario, question.setting.stakes


def test_of_its_setting_it_reads_nothing_but_the_stakes(asked: list[Asked]) -> None:
    who = mind()
    for each in asked:
        bare = replace(each.operation, setting=Stakes(each.operation))
        assert again(each, bare, who) == each.answer


def garbled(question: Operation[Any]) -> Operation[Any]:
    """Return the question with every text in it replaced, but for names and the persona's own."""
    return rewritten(question, lambda name, text: "trust mutual #%" if name in WORDS else text)


def test_no_text_is_read_but_the_personas(asked: list[Asked]) -> None:
    who = mind()
    for each in asked:
        assert wordless(again(each, garbled(each.operation), who)) == wordless(each.answer)


def test_words_of_others_are_there_to_be_garbled() -> None:
    questions = game("no-reputation").asked
    changed = [each for each in questions if garbled(each.operation) != each.operation]
    assert len(changed) > 0.9 * len(questions)


def test_new_names_change_nothing_but_the_names() -> None:
    people = population(9, "pd")
    names = {person.name: f"Person No{i}" for i, person in enumerate(people)}
    renamed = [replace(p, name=names[p.name], descriptions={"*": "You."}) for p in people]
    mind = make_mind("embedded", SEED)
    one = play(mind, founded(n=9, seed=SEED), 8).events
    other = play(make_mind("embedded", SEED), founded(people=renamed, seed=SEED), 8).events
    texts = [EVENT.dump_json(event).decode() for event in one]
    assert [Renaming(names).text(text) for text in texts] == [
        EVENT.dump_json(event).decode() for event in other
    ]


def test_new_ids_change_nothing_but_the_luck(
    asked: list[Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (chance, reading, *(sys.modules[faculty.__module__] for faculty in FACULTIES)):
        monkeypatch.setattr(module, "draw", lambda *_: 0.4, raising=False)
    names = {f"A{number:02d}": f"B{9 - number:02d}" for number in range(1, 10)}
    rename, first, second = Renaming(names), mind(), mind()
    for each in asked:
        at = Coordinate(*map(rename.text, each.at))
        answer = run(first.answer(each.operation, each.at))
        assert run(second.answer(rename(each.operation), at)) == rename(answer)


def test_the_luck_of_a_decision_is_its_own() -> None:
    question = game().questions(ops.ChooseAct)[0]
    moves = [
        run(mind().answer(question, Coordinate(f"r{i}/meet", "ChooseMove", "A01"))).move
        for i in range(40)
    ]
    assert set(moves) == {"cooperate", "defect"}


# Texts are true to the numbers (section 1.10) ----------------------------------------------------

CUTS = ((-0.6, BANDS[0]), (-0.2, BANDS[1]), (0.2, BANDS[2]), (0.6, BANDS[3]), (2.0, BEST_BAND))
CREDIBLE = ("", "very uncredible", "uncredible", "neutral", "credible", "very credible")
SPEAKS = {
    -1.0: "very ill",
    -0.5: "ill",
    0.0: "neither well nor ill",
    0.5: "well",
    1.0: "very well",
}


def words(score: float) -> str:
    """Return the words for a score, and for no other."""
    return next(words for cut, words in CUTS if score < cut)


def said(kind: type) -> list[Asked]:
    """Return every question of a kind that was put, in any arm, with its answer."""
    arms = [*TREATMENTS, "witnessed"]
    found = [each for arm in arms for each in game(arm).asked if isinstance(each.operation, kind)]
    assert found
    return found


PEERS = (ops.ShapePeerReputation, ops.ShapePeerFromGossip, ops.ShapePeerFromObservation)


@pytest.mark.parametrize("kind", PEERS)
def test_a_reputation_is_in_the_words_of_its_score(kind: type) -> None:
    for each in said(kind):
        opening = each.answer.text.split(".")[0]
        assert opening.endswith(f"{each.operation.alter.name} is {words(each.answer.score)}")
        assert [b for b in (*BANDS, BEST_BAND) if b in each.answer.text] == [
            words(each.answer.score)
        ]


@pytest.mark.parametrize("kind", PEERS[::2])
def test_a_reputation_tells_what_alter_did(kind: type) -> None:
    for each in said(kind):
        alter = each.operation.alter
        (act,) = [a for a in each.operation.story.others if a.agent == alter.id]
        assert f"{alter.name} chose to {act.move}" in each.answer.text


def test_a_reputation_from_hearsay_says_who_spoke_how_and_how_credibly() -> None:
    for each in said(ops.ShapePeerFromGossip):
        for piece in each.operation.pieces:
            sense, credible = SPEAKS[piece.valence], CREDIBLE[piece.credibility]
            name = each.operation.alter.name
            told = f"{piece.gossiper.name} speaks {sense} of {name}, which I find {credible}."
            assert told in each.answer.text


def test_how_firm_an_opinion_is_said_to_be_rises_with_the_evidence() -> None:
    firmness = ("nothing firm", "rests on little", "seen enough", "well established")
    ranked = [
        (each.answer.weights[2], next(i for i, f in enumerate(firmness) if f in each.answer.text))
        for each in said(ops.ShapePeerReputation)
    ]
    levels = [level for _, level in sorted(ranked, reverse=True)]
    assert levels == sorted(levels)
    assert len(set(levels)) > 1


def test_a_self_reputation_counts_its_own_acts() -> None:
    for each in said(ops.ShapeSelfReputation):
        acts = [memory.own.cooperation >= 0.5 for memory in each.operation.ego.memory]
        counted = f"{sum(acts)} of my last {len(acts)} acts were cooperative."
        assert counted in each.answer.text
        assert words(each.answer.score) in each.answer.text


def test_a_self_image_is_in_the_words_of_the_new_self_reputation() -> None:
    for each in said(ops.ReviseSelfImage):
        records = each.operation.own_records
        seen_as = f"seen as {words(records[-1].score)}" if records else "as I am."
        assert seen_as in each.answer.text


def test_what_is_told_is_in_the_sense_that_is_meant() -> None:
    good = ("I want to mention", "is well worth meeting")
    bad = ("Be careful with", "I would think twice")
    for each in said(ops.TellGossip):
        telling, name = each.answer, each.operation.about.name
        assert name in telling.text
        if isinstance(each.operation.source, Hearsay):
            source = each.operation.source
            assert f"speaks {SPEAKS[telling.valence]} of {name}" in telling.text
            assert source.gossiper_name in telling.text
            assert telling.valence == source.valence
        else:
            assert any(words in telling.text for words in good) == (telling.valence > 0)
            assert any(words in telling.text for words in bad) == (telling.valence < 0)


def test_what_is_understood_is_what_was_said_and_by_whom() -> None:
    for each in said(ops.IdentifyGossip):
        told = each.operation
        assert each.answer.text == (
            f"{told.gossiper.name} speaks {SPEAKS[told.said.valence]} of {told.about.name}."
        )


def test_a_judgement_names_its_sources_and_the_share_of_doubt() -> None:
    for each in said(ops.JudgeGossip):
        reason, share = each.answer.reason, each.operation.distrust
        assert all(source.name in reason for source in each.operation.sources)
        doubt = "I have heard nothing" if share is None else f"{100 * share:.0f}% of what I heard"
        assert doubt in reason
        scores = [source.records[-1].score for source in each.operation.sources if source.records]
        if len(scores) == len(each.operation.sources):
            assert words(sum(scores) / len(scores)) in reason


def test_satisfaction_is_with_what_alter_did() -> None:
    for each in said(ops.Reflect):
        (act,) = each.operation.story.others
        assert each.answer.satisfied == (act.move == "cooperate")
        assert f"chose to {act.move}" in each.answer.of_alter
        assert f"chose to {each.operation.story.own.move}" in each.answer.of_self
    for each in said(ops.DecideGossip):
        (act,) = each.operation.story.others
        assert each.answer.satisfied == (act.move == "cooperate")


def test_a_reason_for_a_move_names_the_move() -> None:
    for each in said(ops.ChooseAct):
        assert each.answer.reason.startswith(f"I {each.answer.move} ")


# Who it plays ------------------------------------------------------------------------------------


def custom(description: str) -> Persona:
    return replace(
        population(2, "pd")[0],
        disposition=Disposition.CUSTOM,
        descriptions={"*": description},
    )


def test_a_custom_persona_is_read_from_its_description() -> None:
    kind = "You believe in cooperation, mutual trust and the welfare of your community."
    greedy = "You are rational and maximize your personal gain above all else."
    assert prosociality(custom(kind), kind) > 0.9
    assert prosociality(custom(greedy), greedy) < 0.1
    assert prosociality(custom("You like tea."), "You like tea.") == 0.5


@pytest.mark.parametrize("disposition", [Disposition.PROSOCIAL, Disposition.SELF_INTERESTED])
def test_a_typed_disposition_wins_over_the_text(disposition: Disposition) -> None:
    greedy = "You are rational and maximize your personal gain."
    persona = replace(custom(greedy), disposition=disposition)
    assert prosociality(persona, greedy) == float(disposition == Disposition.PROSOCIAL)


def cooperation(people: list[Persona]) -> float:
    game = play(everyone("embedded", people=people), founded(people=people, seed=5), 20)
    acts = [act.cooperation for met in game.encounters.values() for act in met.acts]
    return sum(acts) / len(acts)


def test_a_society_of_custom_prosocials_cooperates_more_than_one_of_egoists() -> None:
    def all_like(text: str) -> list[Persona]:
        return [
            replace(p, disposition=Disposition.CUSTOM, descriptions={"*": text})
            for p in population(8, "pd")
        ]

    kind = all_like("You value cooperation, mutual trust and the welfare of others.")
    greedy = all_like("You are rational; you maximize your personal gain.")
    assert cooperation(kind) > cooperation(greedy) + 0.2


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("arm", TREATMENTS)
def test_the_smallest_societies_play(arm: str, n: int) -> None:
    game = play(make_mind("embedded", 1), founded(arm, n=n), 10)
    assert len(game.encounters) == 10
    assert not any(event.kind == "decision_missing" for event in game.events)
    heard = [e for e in game.events if e.kind == "gossip_heard"]
    assert not heard or n == 3


def test_a_question_it_has_no_model_of_has_no_answer() -> None:
    class Sing(Operation[ops.Text]):
        """Sing."""

    question = game().asked[0].operation
    with pytest.raises(NoAnswer, match="no model of Sing"):
        run(mind().answer(Sing(setting=question.setting, ego=question.ego), game().asked[0].at))


def test_its_description_is_all_that_its_answers_depend_on() -> None:
    for name, parameters in PROFILES.items():
        described = make_mind(name, 1).describe()
        assert described["name"] == name
        assert Parameters(**described["parameters"]) == parameters


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("embedded:shrap", "did you mean"),
        ("embedded,precison=2", "did you mean"),
        ("embedded,precision=much", "takes a number"),
    ],
)
def test_an_unknown_profile_or_parameter_is_a_usage_error(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        make_mind(text, 1)


def test_parameters_are_set_by_name() -> None:
    def make(text: str) -> dict[str, Any]:
        return make_mind(text, 1).describe()["parameters"]

    assert make("embedded,observability=0.5")["observability"] == 0.5
    assert make("embedded:sharp")["precision"] == 20.0
    assert make("embedded,passed_on_from=3")["passed_on_from"] == 3
    assert re.match("embedded,slur=0", make_mind("embedded,slur=0", 1).name)


def test_what_a_switch_hides_is_not_in_view() -> None:
    hidden = play(mind(), founded(FINER["no-knew-before"], n=9, seed=SEED), 12)
    shown = [recollection for each in hidden.asked for recollection in each.operation.ego.memory]
    assert shown
    assert all(recollection.knew_before is None for recollection in shown)
