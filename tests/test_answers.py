"""Answers as models write them: read where they mean one thing, and repaired where they don't."""

import json
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repunet.minds.language.form import Form
from repunet.questions.mind import ALL, AnswerShape, InvalidAnswer
from repunet.questions.operations import Decision, Ranking, Selection
from repunet.scenarios.investment import Promise
from repunet.scenarios.pd import Move

ZOO = Path(__file__).parent / "data/answers.jsonl"
"""Texts, each with its kind, the form it answers, and what is read from it or `repair`."""
REPAIR = "repair"
MOVE = Form(Move, ALL)


def kinds() -> dict[str, list[Any]]:
    found = defaultdict(list)
    for line in ZOO.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        found[case["kind"]].append(case)
    return found


def read(form: str, text: str, choices: tuple[str, ...]) -> Any:
    try:
        match form:
            case "move":
                return MOVE.read(text).answer.move
            case "name":
                return (
                    Form(Selection, AnswerShape(choices={"name": choices})).read(text).answer.name
                )
            case _:
                asked = AnswerShape(choices={"names": choices}, counts={"names": len(choices)})
                return list(Form(Ranking, asked).read(text).answer.names)
    except InvalidAnswer:
        return REPAIR


@pytest.mark.parametrize("kind", kinds())
def test_a_text_is_read_as_the_one_thing_it_means_or_repaired(kind: str) -> None:
    for case in kinds()[kind]:
        found = read(case["form"], case["text"], tuple(case.get("choices", ())))
        assert found == case["expect"], case["text"]


# Any answer, in any harmless disguise ------------------------------------------------------------

WORDS = st.text("abc XYZ,;:é'\"\\\n{}[]!?", min_size=1, max_size=30).filter(
    lambda text: any(map(str.isalnum, text))
)
ANSWERS = st.one_of(
    st.builds(Move, st.sampled_from(["cooperate", "defect"]), WORDS.map(str.strip)),
    st.builds(Promise, st.integers(0, 100), WORDS.map(str.strip)),
    st.builds(Decision, st.booleans(), WORDS.map(str.strip)),
)


def pythonic(written: str) -> str:
    return repr(json.loads(written))


def in_capitals(written: str) -> str:
    return json.dumps({name.upper(): value for name, value in json.loads(written).items()})


WRITTEN = (
    str,
    pythonic,
    in_capitals,
    lambda written: f"{written[:-1]},}}",
    lambda written: json.dumps(json.loads(written), indent=1),
    lambda written: json.dumps(json.loads(written), ensure_ascii=True),
    lambda written: written.replace("\\n", "\n"),
    lambda written: written.replace("{", "{\u200b // mine\n", 1),
)
WRAPPED = (
    str,
    lambda said: f"```json\n{said}\n```",
    lambda said: f"Here is my answer:\n\n{said}\n\nI hope that helps.",
    lambda said: f'{{"answer": {said}}}',
    lambda said: f"[{said}]",
    lambda said: f"<answer>{said}</answer>",
    lambda said: f"\ufeff{said}\u200b\n",
    lambda said: f"{said}\n{said}",
)
DRAFTS = (
    ("", ""),
    ("<think>Perhaps ", "</think>"),
    ("[THINK]", "[/THINK]\n"),
    ("◁think▷", "◁/think▷"),
    ("Perhaps ", "</reasoning>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ("<A_mark_nobody_knows when='now'>", "</a_mark_nobody_knows>"),
)


@pytest.mark.slow
@given(ANSWERS, st.sampled_from(WRITTEN), st.sampled_from(WRAPPED), st.sampled_from(DRAFTS))
def test_an_answer_is_read_equal_however_it_is_written_and_wrapped(
    answer: Any, write: Any, wrap: Any, marks: tuple[str, str]
) -> None:
    form = Form(type(answer), ALL)
    said = wrap(write(form.write(answer)))
    assert form.read(f"{marks[0]}{'{}' * bool(marks[0])}{marks[1]}{said}").answer == answer


@pytest.mark.slow
@given(ANSWERS, st.sampled_from(WRAPPED), st.sampled_from((*DRAFTS[1:], ("", "\nNo: "))), st.data())
def test_a_draft_that_differs_from_what_comes_last_never_wins(
    answer: Any, wrap: Any, marks: tuple[str, str], data: st.DataObject
) -> None:
    form = Form(type(answer), ALL)
    draft = data.draw(ANSWERS.filter(lambda other: type(other) is type(answer) and other != answer))
    said = wrap(form.write(answer))
    ends = data.draw(st.integers(said.index("{") + 1, len(said)))
    try:
        found = form.read(f"{marks[0]}{form.write(draft)}{marks[1]}{said[:ends]}").answer
    except InvalidAnswer:
        return
    assert found == answer


@given(st.text("{}[]\"'\\:, <>/|`thinkmovedefect\n"))
def test_a_draft_stays_one_whatever_follows_its_marks(rest: str) -> None:
    draft = MOVE.write(Move("cooperate", "draft"))
    for before in (f"<think>{draft}", f"{draft}</think>", f"<think>{draft}</think>"):
        with suppress(InvalidAnswer):
            assert MOVE.read(f"{before}{rest}").answer.reason != "draft"
