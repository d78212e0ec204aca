"""The form of an answer: what a model is asked to fill in is what its prompt says, and is read."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from societies import ARMS, Watched, dilemmas, founded, minds, run, society, views

from repunet.minds.chance import ChanceMind
from repunet.minds.fusing import Fusing
from repunet.minds.language.form import LEVEL_NAMES, Form
from repunet.prompts import render, wordings
from repunet.questions.batched import (
    AlterAnswers,
    EncounterAnswers,
    GossipAnswers,
    PieceAnswers,
    RespondToEncounter,
    WeighGossip,
)
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import ALL, AnswerShape, InvalidAnswer, Mind, Operation
from repunet.questions.operations import (
    ChooseListener,
    Decision,
    GossipWish,
    Judgement,
    Ranking,
    RankPartners,
    Reflection,
    Selection,
    Telling,
    Text,
)
from repunet.scenarios import scenario
from repunet.scenarios.investment import Commitment, Promise
from repunet.scenarios.pd import ChooseMove, Move
from repunet.simulation import Simulation
from repunet.world.persona import Participant
from repunet.world.reputation import Appraisal

PRESETS = ("full", "no-gossip", "no-reputation", "none")
SINGLE = ("no-self-reputation", "no-peer-reputation", "no-second-order", "no-credibility")
FINER = (*SINGLE, "no-rewiring", "no-self-image", "witnessed")
QUOTED = re.compile(r'"([a-z_]+)"')
RATING = Appraisal("so-so", (0, 0, 0.8, 0.2, 0))


class Fusible(ChanceMind):
    """Chance, that can answer several questions at once."""

    async def answer(self, operation: Operation[Any], at: Coordinate) -> Any:
        yes, unasked = Decision(True, "why"), operation.asked.unasked
        match operation:
            case RespondToEncounter():
                of_alter = AlterAnswers(
                    None if "of_alters.reputation" in unasked else RATING,
                    None if "of_alters.tie" in unasked else yes,
                    None if "of_alters.gossip" in unasked else GossipWish(True, False, "why"),
                )
                return EncounterAnswers(
                    Reflection("mine", "theirs", True),
                    None if "own_reputation" in unasked else RATING,
                    None if "self_image" in unasked else Text("me"),
                    (of_alter,) * len(operation.alters),
                )
            case WeighGossip():
                level = 4 if operation.rates_credibility else 3
                judged = Judgement("why", level, operation.pieces[0].may_pass_on)
                return GossipAnswers(
                    (PieceAnswers(Text("said"), judged),) * len(operation.pieces),
                    None if "reputation" in unasked else RATING,
                    None if "tie" in unasked else yes,
                )
        return await super().answer(operation, at)


@dataclass
class Put:
    """A question that was put in some society, and its answer."""

    operation: Operation[Any]
    answer: Any

    @property
    def form(self) -> Form:
        return Form.of(self.operation)

    @property
    def names(self) -> list[str]:
        return list(names(self.form.schema))


def put(dilemma: str, arm: str, *, compact: bool) -> list[Put]:
    watched = Watched(Fusible(1) if compact else minds("embedded"))
    mind: Mind = Fusing(watched) if compact else watched
    manifest = founded(arm, dilemma=dilemma, n=7)
    played = Simulation(manifest.society(), scenario(dilemma), mind, compact=compact)

    async def rounds() -> None:
        for _ in range(3 if compact else 4):
            await played.step()

    run(rounds())
    return [Put(asked.operation, asked.answer) for asked in watched.asked]


@cache
def questions(dilemma: str) -> tuple[Put, ...]:
    """Return a few questions of every kind and every shape that a dilemma has."""
    kinds: dict[Any, list[Put]] = {}
    for arm in PRESETS + (FINER if dilemma == "pd" else ()):
        for compact in (False, True):
            for each in put(dilemma, arm, compact=compact):
                shape = type(each.operation), arm, str(each.operation.asked.unasked)
                kinds.setdefault(shape, []).append(each)
    return tuple(each for found in kinds.values() for each in islice(found, 0, None, 9))


def names(schema: Any) -> Iterator[str]:
    """Yield the names of all fields, those of a field after it, but not of people."""
    for name, inner in schema.get("properties", {}).items():
        yield name
        if not (name == "names" and inner["type"] == "object"):
            yield from names(inner)
    yield from names(schema["items"]) if "items" in schema else ()


def parts(schema: Any) -> Iterator[Any]:
    """Yield a schema and every schema in it."""
    yield schema
    for inner in (*schema.get("properties", {}).values(), *filter(None, [schema.get("items")])):
        yield from parts(inner)


def listed(operation: Operation[Any], wording: str) -> list[str]:
    """Return the fields that a prompt asks for; words to choose from are quoted, too."""
    prompt = render(operation, wording).user
    choices = {word for part in parts(Form.of(operation).schema) for word in part.get("enum", ())}
    return [name for name in QUOTED.findall(prompt[prompt.rindex("JSON") :]) if name not in choices]


every_dilemma = pytest.mark.parametrize("dilemma", dilemmas())


# The form and the prompt -----------------------------------------------------------------------


def test_every_kind_of_question_has_been_put() -> None:
    kinds = {type(each.operation) for dilemma in dilemmas() for each in questions(dilemma)}
    assert len(kinds) == 16 + 8  # of the mechanism, two of them fused, and of the scenarios


@pytest.mark.parametrize("wording", wordings())
@every_dilemma
def test_a_prompt_lists_the_fields_of_the_form_in_their_order(dilemma: str, wording: str) -> None:
    for each in questions(dilemma):
        if isinstance(each.operation, RespondToEncounter) and wording == "plain-b":
            continue
        assert listed(each.operation, wording) == each.names, each.operation


def test_a_prompt_of_several_questions_lists_the_fields_in_other_words_too() -> None:
    stocks = [each for each in questions("pd") if isinstance(each.operation, RespondToEncounter)]
    assert all(listed(each.operation, "plain-b") == each.names for each in stocks)


@every_dilemma
def test_a_form_is_closed_and_bounded_and_has_no_fractions(dilemma: str) -> None:
    for each in questions(dilemma):
        for part in parts(each.form.schema):
            match part["type"]:
                case "object":
                    assert part["required"] == list(part["properties"])
                    assert part["additionalProperties"] is False
                case "array":
                    assert part["minItems"] == part["maxItems"] > 0
                case "string":
                    assert part.get("maxLength", 0) > 0 or part["enum"]
                case "integer":
                    assert {"minimum", "maximum"} <= set(part) or part["enum"]
                case other:
                    assert other == "boolean"


@every_dilemma
def test_what_is_written_into_a_form_is_read_from_it(dilemma: str) -> None:
    for each in questions(dilemma):
        read = each.form.read(each.form.write(each.answer))
        assert read.parsing == "json"
        assert filled(each.form, read.answer) == near(filled(each.form, each.answer))
        each.operation.check(read.answer)


def filled(form: Form, answer: Any) -> Any:
    return json.loads(form.write(answer))


def near(value: Any) -> Any:
    """Return what equals a form but for one percent in the levels of an appraisal."""
    if isinstance(value, list):
        return [near(each) for each in value]
    if isinstance(value, dict):
        level = {name: pytest.approx(value[name], abs=1) for name in LEVEL_NAMES if name in value}
        return {name: near(each) for name, each in value.items()} | level
    return value


def test_what_a_treatment_does_not_ask_for_is_not_in_the_form() -> None:
    judged = Form(Judgement, AnswerShape(unasked=frozenset({"credibility", "pass_on"})))
    assert list(judged.schema["properties"]) == ["reason"]
    assert judged.read('{"reason": "so"}').answer == Judgement("so", 3, pass_on=False)
    said = '{"reason": "so", "credibility": 5, "pass_on": true}'
    assert judged.read(said).answer == Judgement("so", 3, pass_on=False)


@every_dilemma
def test_everything_that_is_asked_for_is_needed(dilemma: str) -> None:
    for each in questions(dilemma)[::5]:
        whole = json.loads(each.form.write(each.answer))
        for name in whole:
            less = {other: value for other, value in whole.items() if other != name}
            with pytest.raises(InvalidAnswer, match=f"^{name} is missing$"):
                each.form.read(json.dumps(less))


# Finding the object ----------------------------------------------------------------------------

MOVE, TEXT, RATE = Form(Move, ALL), Form(Text, ALL), Form(Appraisal, ALL)
SAID = '{"move": "defect", "reason": "why"}'
DEFECT = Move("defect", "why")


@pytest.mark.parametrize(
    "reply",
    [
        f"```json\n{SAID}\n```",
        f"Let me see {{what}} I do: {SAID} That {{}} is all.",
        f'{SAID} as in the example {{"move": "...", "reason": "..."}}',
        f'<think>Say {{"move": "cooperate", "reason": "no"}}?</think>{SAID}',
        f'I say {{"move": "cooperate", "reason": "no"}}? No.</think>\n\n{SAID}',
        f"[{SAID}]",
    ],
)
def test_the_object_is_found_in_what_surrounds_it(reply: str) -> None:
    assert MOVE.read(reply) == (DEFECT, "found")


@pytest.mark.parametrize(
    "reply", [SAID, f"\n {SAID}\n", f"\ufeff{SAID}", SAID.replace('"why"', '" why\\n"')]
)
def test_a_bare_object_is_read_as_it_is(reply: str) -> None:
    assert MOVE.read(reply) == (DEFECT, "json")


def test_what_else_an_object_holds_is_ignored() -> None:
    more = '{"thought": {"move": "cooperate"}, "move": "defect", "x": NaN, "x": 1, "reason": "why"}'
    assert MOVE.read(more).answer == DEFECT


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I defect.",
        "null",
        '"defect"',
        f"<think>{SAID}",
        f"<think>{SAID}</think>I defect.",
        "[" * 10**5,
    ],
)
def test_where_nothing_is_said_nothing_is_found(reply: str) -> None:
    assert complaint(MOVE, reply) == "there is no JSON object in the answer"


@pytest.mark.parametrize("reply", ['{"a":' * 10**4, SAID[:-3], f"{SAID} {{", f'{SAID}, {{"move'])
def test_an_object_that_is_cut_is_none_and_what_was_before_it_is_not_the_answer(reply: str) -> None:
    assert complaint(MOVE, reply) == "the JSON object of the answer is cut off"


def test_prose_that_was_cut_might_have_gone_on_otherwise() -> None:
    assert MOVE.read(f"{SAID} For", ended=True).answer == DEFECT
    assert MOVE.read(f"```json\n{SAID}\n``", ended=False).answer == DEFECT
    with pytest.raises(InvalidAnswer, match="cut off"):
        MOVE.read(f"{SAID} For", ended=False)


def test_a_number_without_end_is_no_text() -> None:
    assert complaint(MOVE, SAID.replace('"why"', "9" * 5000)) == "reason must be a text"


def test_a_cut_answer_is_not_the_draft_before_it() -> None:
    with pytest.raises(InvalidAnswer):
        MOVE.read(f'<think>Perhaps {SAID}</think> {{"move": "coop')


# Reading values --------------------------------------------------------------------------------


def complaint(form: Form, answer: Any) -> str:
    with pytest.raises(InvalidAnswer) as caught:
        form.read(answer if isinstance(answer, str) else json.dumps(answer))
    return str(caught.value)


@pytest.mark.parametrize("word", ["DEFECT", " Defect\n"])
def test_a_word_is_known_however_it_is_written(word: str) -> None:
    assert MOVE.read(json.dumps({"move": word, "reason": "why"})).answer == DEFECT


@pytest.mark.parametrize("word", ["defects", "d", "", None, 1, True, ["defect"], "\ud800"])
def test_a_word_that_is_no_choice_is_refused(word: Any) -> None:
    said = complaint(MOVE, {"move": word, "reason": "why"})
    assert said == "move must be one of cooperate, defect"


def named(*people: str) -> Form:
    return Form(Selection, AnswerShape(choices={"name": people}))


def test_a_name_is_known_unless_it_could_be_two() -> None:
    form = named("Ann", "ANN", "Bo")
    assert form.read('{"name": "ANN", "reason": "x"}').answer.name == "ANN"
    assert form.read('{"name": "bo", "reason": "x"}').answer.name == "Bo"
    assert complaint(form, {"name": "ann", "reason": "x"}) == "name must be one of Ann, ANN, Bo"


def test_long_lists_of_names_are_not_told_again() -> None:
    form = named(*(f"Nobody {number}" for number in range(9)))
    said = complaint(form, {"name": "Ann", "reason": "x"})
    assert said == "name must be one of those listed"


@pytest.mark.parametrize("level", [4, 4.0, "4", " 4 "])
def test_a_level_is_a_whole_number_in_any_form(level: Any) -> None:
    said = json.dumps({"reason": "so", "credibility": level, "pass_on": True})
    assert Form(Judgement, ALL).read(said).answer == Judgement("so", 4, pass_on=True)


@pytest.mark.parametrize("level", [True, 0, 6, 4.5, "80%", "credible", "NaN", None, [4], "4%"])
def test_what_is_no_level_is_refused(level: Any) -> None:
    said = complaint(Form(Judgement, ALL), {"reason": "so", "credibility": level, "pass_on": True})
    assert said == "credibility must be one of 1, 2, 3, 4, 5"


@pytest.mark.parametrize("percent", ["20", "20.0", "2e1", '"20"', '"20%"', '"20 %"', '" 20.0"'])
def test_a_percentage_is_a_whole_number_in_any_form(percent: str) -> None:
    assert Form(Promise, ALL).read(f'{{"share": {percent}, "reason": "x"}}').answer.share == 20


@pytest.mark.parametrize(
    "percent",
    [
        *("true", "0.2", "20.5", "-1", "101", "NaN", "Infinity", "1e400", "9" * 4000, '"twenty"'),
        *('"a 20"', "null", "[20]", '"2e1"', '"٢٠"', '""', '"20 of 100"', "-Infinity", '"0x14"'),
    ],
)
def test_what_is_no_percentage_is_refused(percent: str) -> None:
    said = complaint(Form(Promise, ALL), f'{{"share": {percent}, "reason": "x"}}')
    assert said == "share must be a whole number from 0 to 100"


@pytest.mark.parametrize(
    ("said", "meant"),
    [("true", True), ("false", False), ('"yes"', True), ('"No"', False), ('" TRUE"', True)],
)
def test_yes_and_no_are_understood(said: str, meant: bool) -> None:
    assert Form(Decision, ALL).read(f'{{"yes": {said}, "reason": "x"}}').answer.yes is meant


@pytest.mark.parametrize("said", ["0", "1", '"1"', '"on"', '"t"', '"maybe"', '""', "null", "[]"])
def test_what_is_neither_yes_nor_no_is_refused(said: str) -> None:
    form = Form(Decision, ALL)
    assert complaint(form, f'{{"yes": {said}, "reason": "x"}}') == "yes must be true or false"


@pytest.mark.parametrize("text", ["", "  \n", "\0", "\u200b", None, 5, ["x"], {"text": "x"}, True])
def test_what_is_no_text_is_refused(text: Any) -> None:
    assert complaint(TEXT, {"text": text}) == "text must be a text"


def test_a_text_has_a_longest_length_and_surrogates_in_pairs() -> None:
    assert TEXT.read(json.dumps({"text": "x" * 900 + " "})).answer == Text("x" * 900)
    assert complaint(TEXT, {"text": "x" * 901}) == "text has more than 900 characters"
    assert TEXT.read('{"text": "\\ud83d\\ude00"}').answer == Text("\U0001f600")
    for text in ('{"text": "a\\ud800"}', '{"text": "a\ud800"}'):
        assert complaint(TEXT, text) == "text is no valid Unicode"


def test_a_field_with_two_values_is_refused() -> None:
    two = '{"move": "cooperate", "move": "defect", "reason": "why"}'
    assert complaint(MOVE, two) == "move is there twice"
    assert MOVE.read('{"move": "defect", "move": "defect", "reason": "why"}').answer == DEFECT


# Appraisals ------------------------------------------------------------------------------------


def rated(*percents: Any, **more: Any) -> dict[str, Any]:
    return {"text": "fair", **dict(zip(LEVEL_NAMES, percents, strict=True)), **more}


@pytest.mark.parametrize(
    ("percents", "weights"),
    [
        ((0, 0, 20, 30, 50), (0, 0, 0.2, 0.3, 0.5)),
        ((0, 0, 20, 25, 50), (0, 0, 0.210526, 0.263158, 0.526316)),
        ((5, 0, 20, 30, 50), (0.047619, 0, 0.190476, 0.285714, 0.47619)),
        ((0, 0, 0, 0, 1), (0, 0, 0, 0, 1)),
        ((100, 100, 100, 100, 100), (0.2, 0.2, 0.2, 0.2, 0.2)),
        (("0", "0%", 20.0, "30", 50), (0, 0, 0.2, 0.3, 0.5)),
    ],
)
def test_percentages_are_weights_whatever_their_sum(percents: Any, weights: Any) -> None:
    answer = RATE.read(json.dumps(rated(*percents))).answer
    assert answer == Appraisal("fair", weights)


@pytest.mark.parametrize("bad", [-1, 101, 0.5, True, None, "a", float("nan"), float("inf"), 10**99])
def test_what_is_no_percentage_is_no_weight(bad: Any) -> None:
    said = complaint(RATE, rated(0, bad, 20, 30, 50))
    assert said == "bad must be a whole number from 0 to 100"


def test_five_zeros_are_no_appraisal() -> None:
    assert complaint(RATE, rated(0, 0, 0, 0, 0)).endswith("must sum to 100")


def test_a_level_that_is_not_there_is_not_zero() -> None:
    less = rated(0, 0, 20, 30, 50)
    del less["very_bad"]
    assert complaint(RATE, less) == "very_bad is missing"


def test_what_is_wrong_deep_inside_is_named_by_its_path() -> None:
    form = Form(GossipAnswers, AnswerShape(counts={"pieces": 1}))
    judged = {"reason": "x", "credibility": 9, "pass_on": True}
    said: dict[str, Any] = {"reputation": rated(0, 0, 20, 30, 50), "tie": {"yes": True}}
    said["pieces"] = [{"summary": {"text": "x"}, "judgement": judged}]
    assert complaint(form, said).startswith("pieces.judgement.credibility must be one of 1, ")
    judged["credibility"] = 4
    assert complaint(form, said) == "tie.reason is missing"
    assert complaint(form, said | {"tie": "yes"}) == "tie must be a JSON object"
    assert complaint(form, said | {"pieces": said["pieces"] * 2}) == "pieces must be a list of 1"
    assert complaint(form, said | {"reputation": {}}) == "reputation.text is missing"


# Anything --------------------------------------------------------------------------------------


def question(kind: type[Operation[Any]]) -> Operation[Any]:
    look, players = views(society()), [Participant(f"A0{i}", "player") for i in (1, 2, 3)]
    known = tuple(look.acquaintance("A01", player) for player in players[1:])
    common: dict[str, Any] = {"setting": look.setting, "ego": look.ego(players[0])}
    if kind is ChooseMove:
        return ChooseMove(**common, alter=known[0], own_records=None)
    if kind is RankPartners:
        return RankPartners(**common, candidates=known)
    return ChooseListener(**common, candidates=known, about=known[0].who, reason="why")


ASKED = [question(kind) for kind in (ChooseMove, RankPartners, ChooseListener)]
FORMS = [
    *map(Form.of, ASKED),
    RATE,
    Form(Commitment, ALL),
    Form(Telling, ALL),
    Form(Judgement, ALL),
]
FIELDS = sorted({name for form in FORMS for name in names(form.schema)})
WORDS = ["defect", "Yes", "positive", "20%", "4", *ASKED[1].asked.choices["names"]]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
likely = json_values | st.sampled_from(WORDS) | st.integers(0, 100)
likely |= st.permutations(WORDS[-2:])
objects = st.dictionaries(st.sampled_from(FIELDS), likely, max_size=12)
said = objects.map(json.dumps)
replies = st.text() | said | st.builds("{}{}{}".format, st.text(), said, st.text())


@given(replies)
@example('{"move": "defect", "reason": "why"}')
@example('{"text": "\ud800"}')
def test_any_reply_is_an_answer_or_a_short_complaint(reply: str) -> None:
    for number, form in enumerate(FORMS):
        try:
            answer, _ = form.read(reply)
            if number < len(ASKED):
                ASKED[number].check(answer)
            assert form.read(form.write(answer)).answer is not None
        except InvalidAnswer as error:
            said = str(error)
            assert 0 < len(said) < 120
            assert said.isprintable()


def test_a_ranking_is_asked_for_as_how_much_everybody_is_wanted() -> None:
    ranking = ASKED[1]
    one, two = (candidate.name for candidate in ranking.candidates)  # type: ignore[attr-defined]
    form = Form.of(ranking)
    for first, second, order in ((10, 90, (two, one)), (90, 10, (one, two)), (5, 5, (one, two))):
        said = json.dumps({"names": {one: first, two: second}, "reason": "x"})
        assert form.read(said).answer == Ranking(order, "x")
    assert complaint(form, {"names": {one: 5}, "reason": "x"}) == f"names.{two} is missing"
    assert "must be a JSON object" in complaint(form, {"names": [one, two], "reason": "x"})


def test_arms_are_those_of_other_tests() -> None:
    assert set(PRESETS + FINER) <= set(ARMS)
