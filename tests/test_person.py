"""People at the terminal, who are asked as models are asked."""

import asyncio
import io
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from language_societies import decisions
from patience import PATIENCE

from repunet.cli import execute
from repunet.errors import Stopped
from repunet.models.person import NOBODY, PersonTransport
from repunet.models.request import Message, Request
from repunet.record.attempts import messages
from repunet.record.journal import Journal

FILE = Path("runs/h/run.sqlite")
TWO = "--agents 2 --rounds 1 --name h --quiet"
WORDS = ("system: be Ann", "user: cooperate?")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "move": {"type": "string", "enum": ["cooperate", "defect"]},
        "sure": {"type": "boolean"},
        "percent": {"type": "integer", "minimum": 0, "maximum": 100},
        "level": {"type": "integer", "enum": [1, 2, 3]},
        "of": {"type": "object", "properties": {"text": {"type": "string", "maxLength": 9}}},
        "names": {
            "type": "array",
            "minItems": 2,
            "maxItems": 2,
            "items": {"type": "string", "enum": ["Ann Lee", "Bob"]},
        },
    },
}
SHORT = ["1", "y", "7", "3", "fine", "2", "1"]
MEANT = {
    "move": "cooperate",
    "sure": True,
    "percent": 7,
    "level": 3,
    "of": {"text": "fine"},
    "names": ["Bob", "Ann Lee"],
}


class Said(NamedTuple):
    code: int
    out: str
    err: str


Ask = Callable[..., Any]
Play = Callable[..., Said]


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    return lambda: capsys.readouterr().err


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Ask a person, who types these lines; return what it answered."""

    def asking(*typed: str, schema: dict[str, Any] = SCHEMA) -> Any:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in typed)))
        request = Request("human", "human", (Message("user", "Well?"),), schema)
        return json.loads(asyncio.run(PersonTransport().send(request, "schema", "r1")).text)

    return asking


@pytest.fixture
def play(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Play:
    """Run a command in an empty folder, where a person types these lines."""
    monkeypatch.chdir(tmp_path)

    def playing(words: str, *typed: str) -> Said:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in typed)))
        code = execute(words.split())
        return Said(code, *capsys.readouterr())

    return playing


# What is typed ---------------------------------------------------------------------------------


def test_fields_are_typed_one_by_one_and_in_short(ask: Ask, shown: Any) -> None:
    assert ask(*SHORT) == MEANT
    assert [line.strip() for line in shown().split(": ")[:3]][1:] == [
        "sure (y or n)",
        "percent (0 to 100)",
    ]


def test_words_from_a_list_may_be_written_out(ask: Ask) -> None:
    assert ask("Cooperate", "YES", "7", "3", "fine", "bob", "ann lee") == MEANT


def test_the_whole_object_may_be_typed_at_once(ask: Ask) -> None:
    assert ask(json.dumps(MEANT)) == MEANT


def test_the_whole_object_may_be_pasted_in_several_lines(ask: Ask) -> None:
    assert ask(*json.dumps(MEANT, indent=2).split("\n")) == MEANT


def test_an_empty_line_ends_an_object_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"move": \n\n'))
    request = Request("human", "human", (), SCHEMA)
    assert asyncio.run(PersonTransport().send(request, "schema", "r1")).text.strip() == '{"move":'


@pytest.mark.parametrize(
    ("place", "wrong", "problem"),
    [
        (0, "3", "one of those, by its number or in full"),
        (0, "perhaps", "one of those, by its number or in full"),
        (1, "maybe", "y or n"),
        (2, "101", "a whole number (0 to 100)"),
        (2, "1.5", "a whole number (0 to 100)"),
        (3, "4", "one of those"),
        (4, "", "a text is needed"),
        (4, "0123456789", "10 characters: at most 9 fit"),
        (6, "Cid", "one of those"),
    ],
)
def test_what_can_not_be_meant_is_asked_for_again_at_once(
    place: int, wrong: str, problem: str, ask: Ask, shown: Any
) -> None:
    assert ask(*SHORT[:place], wrong, *SHORT[place:]) == MEANT
    assert f"  {problem}" in shown()


def test_at_the_end_of_the_input_there_is_nobody(ask: Ask) -> None:
    with pytest.raises(Stopped, match=NOBODY):
        ask("1", "y")


def test_half_a_character_can_be_stored(ask: Ask) -> None:
    said = ask(*SHORT[:4], "\udce9", *SHORT[5:])
    assert said["of"]["text"] == "\udce9"


def test_a_line_that_nobody_waits_for_any_more_goes_to_whoever_asks_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read, write = os.pipe()
    schema = {"type": "object", "properties": {"sure": {"type": "boolean"}}}
    request = Request("human", "human", (), schema)

    async def impatient() -> str:
        person = PersonTransport()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(person.send(request, "schema", "r1"), 0.02)
        os.write(write, b"y\n")
        return (await person.send(request, "schema", "r1")).text

    with os.fdopen(read) as stdin, os.fdopen(write):
        monkeypatch.setattr("sys.stdin", stdin)
        assert json.loads(asyncio.run(impatient())) == {"sure": True}


# What is shown ---------------------------------------------------------------------------------


def told(person: PersonTransport, *turns: tuple[str, str]) -> None:
    dialogue = tuple(Message(role, words) for role, words in turns)  # type: ignore[arg-type]
    asyncio.run(person.send(Request("human", "human", dialogue, {"properties": {}}), "schema", "x"))


def test_what_is_known_is_not_shown_again(shown: Any) -> None:
    person = PersonTransport()
    told(person, ("system", "rules"), ("user", "one?"))
    assert shown().split("\n")[1:] == ["rules", "", "one?", "", ""]
    told(person, ("system", "rules"), ("user", "two?"))
    assert shown().split("\n")[1:] == ["two?", "", ""]
    told(person, ("system", "rules"), ("user", "two?"), ("assistant", "{}"), ("user", "not that"))
    assert shown().split("\n")[1:] == ["not that", "", ""]


def test_who_one_is_is_shown_whenever_that_changes(shown: Any) -> None:
    person = PersonTransport()
    for name in ("Ann", "Bob"):
        told(person, ("system", f"# Rules\n\nRules.\n\n# Who you are\n\n{name}"), ("user", "a"))
    shown()
    told(person, ("system", "# Rules\n\nRules.\n\n# Who you are\n\nAnn"), ("user", "b"))
    assert shown().split("\n")[1:] == ["# Who you are", "", "Ann", "", "b", "", ""]


def test_a_person_sees_exactly_what_a_model_is_sent(play: Play) -> None:
    said = play(f"run pd --mind human {TWO}", "1", "Fine.")
    with Journal.open(FILE) as journal:
        for message in messages(journal, 1):
            assert f"\n{message.content}\n" in said.err
    first, second = re.findall("(r1/[^ ]*) ─+\n", said.err)
    assert first.endswith("/ChooseMove/A01")
    assert second.endswith("/ChooseMove/A02")


# In a run --------------------------------------------------------------------------------------


def test_without_anybody_a_run_stops_and_goes_on_with_nothing_asked_twice(play: Play) -> None:
    said = play(f"run pd --mind human {TWO}", "1", "Fine.", "2")
    assert said.code == 3
    assert said.err.endswith(f"repunet: {NOBODY}; nothing is lost; to go on: repunet resume h\n")
    before = decisions(FILE)
    assert [json.loads(each.answer or "") for each in before.values()] == [
        {"move": "cooperate", "reason": "Fine."}
    ]
    again = play("resume h --quiet", "2", "So.")
    assert "/ChooseMove/A01 ─" not in again.err
    assert len(decisions(FILE)) == 2


def test_an_object_that_can_not_be_used_is_shown_with_the_problem(play: Play) -> None:
    said = play(f"run pd --mind human {TWO}", '{"move": "no"}', "1", "Fine.")
    assert "That can't be used: move must be one of cooperate, defect." in said.err
    assert len(decisions(FILE)) == 1


def test_three_objects_that_can_not_be_used_are_a_decision_that_can_not_be_had(play: Play) -> None:
    useless = ['{"a": 1}'] * 3
    said = play(f"run pd --mind A02=embedded --mind human {TWO} --treatment none", *useless)
    assert (said.code, "1 of 1 decisions of round 1 could not be had" in said.err) == (3, True)
    assert "move is missing" in said.err


def test_people_are_asked_one_after_the_other(play: Play) -> None:
    said = play(f"run pd --mind human {TWO} --treatment none", "1", "One.", "2", "Two.")
    heads = re.findall("ChooseMove/(A..) ─|(move) ", said.err)
    assert heads == [("A01", ""), ("", "move"), ("A02", ""), ("", "move")]
    answers = [json.loads(each.answer or "")["reason"] for each in decisions(FILE).values()]
    assert answers == ["One.", "Two."]


ROUND = [
    *("1", "Fine."),
    *("I was kind.", "She was, too.", "y"),
    *("They like me.", "0", "0", "0", "50", "50", "I am kind."),
    *("A good one.", "0", "0", "20", "40", "40", "y", "Yes.", "n", "n", "No."),
]


def test_several_questions_at_once_are_typed_field_by_field(play: Play) -> None:
    said = play(f"run pd --mind A02=embedded --mind human {TWO} --plan compact --json", *ROUND)
    assert said.code == 0
    assert "of_alters 1.reputation.very_good (0 to 100): " in said.err
    with Journal.open(FILE) as journal:
        asked = [row[0] for row in journal.rows("SELECT operation FROM attempts")]
    assert asked == ["ChooseMove", "TakeStock"]


def test_for_a_script_there_is_nothing_but_json(play: Play) -> None:
    typed = "1", "So.", "I was kind.", "He was not.", "n", "I am kind.", "n", "No."
    said = play(f"run pd --mind A02=embedded --mind human {TWO} --treatment none --json", *typed)
    assert json.loads(said.out)["rounds"] == 1
    assert "move (1 cooperate, 2 defect): " in said.err


# At a terminal ---------------------------------------------------------------------------------


class Terminal:
    """A command at a terminal of 80 columns."""

    def __init__(self, words: str, folder: Path) -> None:
        self.main, self.other = pty.openpty()
        termios.tcsetwinsize(self.other, (40, 80))
        self.before = termios.tcgetattr(self.other)
        command = [sys.executable, "-m", "repunet.cli", *words.split()]
        self.process = subprocess.Popen(
            command, cwd=folder, stdin=self.other, stdout=self.other, stderr=self.other
        )
        self.text = ""

    def until(self, words: str) -> str:
        """Read until these words are shown."""
        end = time.monotonic() + PATIENCE
        while words not in self.text:
            assert time.monotonic() < end, self.text
            if select.select([self.main], [], [], 0.1)[0]:
                self.text += os.read(self.main, 65536).decode(errors="replace")
        before, _, self.text = self.text.partition(words)
        return before

    def type(self, words: str) -> None:
        os.write(self.main, f"{words}\n".encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.main)
        os.close(self.other)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(f"run pd --mind human {TWO}", tmp_path)
    yield opened
    opened.close()


@pytest.mark.slow
def test_ctrl_c_at_a_question_ends_the_run_at_once(terminal: Terminal) -> None:
    page = terminal.until("move (1 cooperate, 2 defect): ")
    assert max(len(line) for line in page.split("\r\n")) <= 80
    terminal.type("1")
    terminal.until("reason: ")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.process.wait(PATIENCE) == 3
    terminal.until("interrupted; nothing is lost; to go on: repunet resume h")
    assert termios.tcgetattr(terminal.other) == terminal.before


@pytest.mark.slow
def test_ctrl_d_at_a_question_ends_the_run_at_once(terminal: Terminal) -> None:
    terminal.until("move (1 cooperate, 2 defect): ")
    os.write(terminal.main, b"\x04")
    assert terminal.process.wait(PATIENCE) == 3
    terminal.until("there is nobody at the terminal")


def test_whoever_comes_back_to_a_question_is_shown_it_again() -> None:
    asked = (Message("system", "who"), Message("user", "what"))
    again = (*asked, Message("assistant", "{}"), Message("user", "not so"))
    person = PersonTransport()
    assert person._to_be_shown(again) == ["who", "what", "not so"]
    assert person._to_be_shown((*again, Message("assistant", "{}"), Message("user", "nor so"))) == [
        "nor so"
    ]
