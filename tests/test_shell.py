"""The shell: what can be said in it, that it loses nothing, and that nothing in it is magic."""

import io
import json
import os
import pty
import re
import signal
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from subprocess import Popen

import pytest
from language_societies import served
from patience import PATIENCE

from repunet.cli import execute
from repunet.cli.session import COMMANDS, Session
from repunet.fake_llm import Faults
from repunet.prompts import render, variables, wordings
from repunet.record.journal import Journal
from repunet.record.storage import locked
from repunet.runs.interview import Interview, interview
from repunet.scenarios import scenarios
from repunet.world.persona import Participant

Shell = Callable[..., tuple[int, str, str]]
MODEL = ("--model", "vllm:fake")
FOUR = ("--agents", "4", "--quiet")


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    """Say these lines through a pipe; return the code, and what was printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REPUNET_STORAGE", raising=False)

    def say(text: str, *options: str) -> tuple[int, str, str]:
        lines = "\n".join(text.split("; "))
        monkeypatch.setattr("sys.stdin", io.StringIO(lines))
        code = execute(["shell", *FOUR, *options])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return say


def rounds(run: str) -> int:
    with Journal.open(Path("runs") / run / "run.sqlite") as journal:
        return journal.rounds


def digest(run: str, at: int | None = None) -> str:
    with Journal.open(Path("runs") / run / "run.sqlite") as journal:
        return journal.digest(at)


def treatment(run: str) -> str:
    with Journal.open(Path("runs") / run / "run.sqlite") as journal:
        changed = [e.event for e in journal.events() if e.event.kind == "treatment_changed"]
        return changed[-1].treatment.label if changed else journal.manifest.treatment.label


# Playing --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_rounds_played_bit_by_bit_are_rounds_played_at_once(shell: Shell) -> None:
    assert shell("run pd 2; run 1; run pd 1; save; fin")[0] == 0
    execute(["run", "pd", "--rounds", "4", "--name", "whole", *FOUR])
    assert (rounds("pd-full-s1"), digest("pd-full-s1")) == (4, digest("whole"))


@pytest.mark.parametrize(
    ("words", "run"), [("invest", "investment"), ("sign", "participation"), ("pd", "pd")]
)
def test_dilemmas_have_the_runner_s_names(shell: Shell, words: str, run: str) -> None:
    assert shell(f"run {words} 1")[0] == 0
    assert rounds(f"{run}-full-s1") == 1


def test_options_say_what_runs_are_founded_with(shell: Shell) -> None:
    shell("run pd 1", "--mind", "chance", "--seed", "7", "--gossip", "n")
    with Journal.open(Path("runs/pd-no-gossip-s7/run.sqlite")) as journal:
        assert journal.manifest.mind_names == "chance"


def test_a_seed_that_is_open_gives_a_run_its_people(shell: Shell) -> None:
    execute(["seed", "new", "investment", "--name", "two", "--agents", "2"])
    assert shell("open two; run 1")[0] == 0
    with Journal.open(Path("runs/investment-full-s1/run.sqlite")) as journal:
        assert len(journal.manifest.personas) == 2


@pytest.mark.slow
def test_an_interrupted_run_is_played_on_by_as_much_as_one_says(shell: Shell) -> None:
    execute(["run", "pd", "--rounds", "5", "--name", "long", *FOUR])
    execute(["fork", "long", "--at", "1", "--rounds", "1", "--name", "short", "--quiet"])
    shell("open short; run 2")
    assert rounds("short") == 4
    with Journal.open(Path("runs/short/run.sqlite"), write=True) as journal:
        journal.note("planned", "30")
    code, out, _ = shell("open short; run pd 2")
    assert (code, rounds("short")) == (0, 6)
    assert "short after round 6" in out


# Changing -------------------------------------------------------------------------------------


def test_a_switch_that_is_set_before_the_first_round_founds_the_run_with_it(shell: Shell) -> None:
    shell("set gossip off; run pd 1")
    assert rounds("pd-no-gossip-s1") == 1


def test_a_switch_that_is_set_later_changes_a_fork(shell: Shell) -> None:
    assert shell("run pd 2; set gossip=off rewiring=off; run pd 1")[0] == 0
    (forked,) = (path.name for path in Path("runs").iterdir() if path.name != "pd-full-s1")
    assert (rounds("pd-full-s1"), rounds(forked)) == (2, 3)
    assert digest(forked, 2) == digest("pd-full-s1")
    assert treatment(forked) == "no-gossip, rewiring=off"


def test_going_back_is_a_fork_and_loses_nothing(shell: Shell) -> None:
    code, out, _ = shell("run pd 3; undo 2; run 2")
    assert (code, rounds("pd-full-s1"), rounds("pd-full-s1-r1")) == (0, 3, 3)
    assert digest("pd-full-s1") == digest("pd-full-s1-r1")
    assert "pd-full-s1-r1 shares rounds 1 to 1 with pd-full-s1, which stays as it is" in out


def test_a_fork_is_compared_with_what_it_comes_from(shell: Shell) -> None:
    _, out, _ = shell("run pd 2; set gossip off; run 1; diff; diff pd-full-s1")
    _, once, twice = out.split("are equal in all 2 rounds that both have")
    assert once.split("pd-full-s1 and")[0] == twice
    code, _, err = shell("open pd-full-s1; diff")
    assert (code, "is no fork" in err) == (2, True)


# Looking --------------------------------------------------------------------------------------


@pytest.mark.slow
def test_all_that_can_be_looked_at_is_the_command_s_own_page(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell("run pd 2")
    for said, words in {
        "show": ["show", "pd-full-s1"],
        "show Ahmed Hassan": ["show", "pd-full-s1", "--agent", "Ahmed Hassan"],
        'show "Ahmed Hassan" --round 1': ["show", "pd-full-s1", "--agent", "A01", "--round", "1"],
        "runs": ["runs"],
        "seeds": ["seed", "list"],
    }.items():
        _, out, _ = shell(f"open pd-full-s1; {said}")
        execute(words)
        assert out.partition("\n")[2] == capsys.readouterr().out


def test_help_names_every_command(shell: Shell) -> None:
    _, out, _ = shell("help")
    assert [name for name in COMMANDS if f" {name}" not in out] == []


# Asking ---------------------------------------------------------------------------------------


def attempts(run: str) -> list[tuple[str, int, str]]:
    with sqlite3.connect(Path("runs") / run / "run.sqlite") as file:
        query = "SELECT coordinate, round, status FROM attempts WHERE coordinate LIKE 'interview/%'"
        return file.execute(query).fetchall()


@pytest.mark.slow
def test_an_agent_can_be_asked_and_nothing_changes(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    with served():
        assert shell("run pd 1", *MODEL)[0] == 0
        before = digest("pd-full-s1")
        code, out, _ = shell('open pd-full-s1; ask "Ahmed Hassan" "Whom do you trust?"', *MODEL)
        assert (code, "Ahmed Hassan, after round 1, outside the experiment: " in out) == (0, True)
        assert digest("pd-full-s1") == before
        assert attempts("pd-full-s1") == [("interview/1/Interview/A01", 1, "answered")]
        assert shell("open pd-full-s1; ask A02 Why?; run 1", *MODEL)[0] == 0
        shell("run pd 2", *MODEL)
    assert digest("pd-full-s1") == digest("pd-full-s1-2")
    assert execute(["verify", "pd-full-s1"]) == 0
    assert execute(["replay", "pd-full-s1"]) == 0


def test_what_an_interview_costs_is_counted(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    with served():
        shell("run pd 1; ask A01 Why?", *MODEL)
    capsys.readouterr()
    execute(["cost", "pd-full-s1", "--json"])
    by = json.loads(capsys.readouterr().out)["by"]["operation"]
    assert [each["calls"] for each in by if each["of"] == "Interview"] == [1]


def test_an_answer_that_is_none_is_asked_for_again_and_then_given_up(shell: Shell) -> None:
    with served():
        shell("run pd 1", *MODEL)
    with served(faults=Faults(garbage=1.0)):
        code, _, err = shell("open pd-full-s1; ask A01 Why?", *MODEL)
    assert (code, "vllm:fake: there is no JSON object in the answer" in err) == (1, True)
    assert [status for _, _, status in attempts("pd-full-s1")] == ["invalid"] * 3
    assert execute(["verify", "pd-full-s1"]) == 0


def test_an_interview_keeps_to_the_budget(shell: Shell) -> None:
    with served():
        shell("run pd 1", *MODEL)
        code, _, err = shell("open pd-full-s1; ask A01 Why?", *MODEL, "--max-calls", "3")
    assert (code, "--max-calls 3 is used up" in err) == (3, True)
    assert attempts("pd-full-s1") == []


@pytest.mark.parametrize("mind", ["embedded", "chance", "tit-for-tat"])
def test_a_mind_that_can_t_talk_says_so(shell: Shell, mind: str) -> None:
    code, _, err = shell("run pd 1; ask A01 Why?", "--mind", mind)
    assert (code, f"the {mind} mind can't talk" in err) == (2, True)


@pytest.mark.parametrize("wording", wordings())
@pytest.mark.parametrize("dilemma", scenarios())
def test_an_interview_shows_all_that_its_agent_knows_and_nothing_else(
    dilemma: str, wording: str
) -> None:
    shown = {field.name for field in fields(Interview)}
    assert variables(Interview, dilemma, wording) == shown


def test_an_interview_is_put_in_the_agent_s_place(shell: Shell) -> None:
    shell("run pd 3")
    with Journal.open(Path("runs/pd-full-s1/run.sqlite")) as journal:
        society = journal.manifest.society()
        for written in journal.events():
            society.apply(written.event)
    asked = interview(society, Participant("A01", "player"), "What do you make of Elena?")
    prompt = render(asked)
    assert "You are Ahmed Hassan" in prompt.system
    for said in ("What do you make of Elena?", "Your wealth:", "Your record of Elena Ivanova"):
        assert said in prompt.user


# Ending ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("last", ["fin", "finish", "F", "exit", ""])
def test_leaving_loses_nothing(shell: Shell, last: str) -> None:
    assert shell(f"run pd 1; {last}")[0] == 0
    assert rounds("pd-full-s1") == 1


def test_a_run_is_deleted_only_by_a_word_and_nothing_with_it(shell: Shell) -> None:
    execute(["seed", "new", "pd", "--name", "people", "--agents", "2"])
    shell("run pd 1; undo")
    Path("runs/pd-full-s1-r0/notes.txt").write_text("mine")
    assert shell("open pd-full-s1-r0; exit delete")[0] == 0
    assert [path.name for path in Path("runs/pd-full-s1-r0").iterdir()] == ["notes.txt"]
    assert rounds("pd-full-s1") == 1
    assert shell("open people; exit delete")[0] == 0
    assert Path("runs/seeds/people.json").is_file()
    assert shell("open pd-full-s1; exit delete")[0] == 0
    assert not Path("runs/pd-full-s1").exists()


def test_a_run_that_another_process_plays_is_not_deleted(shell: Shell) -> None:
    shell("run pd 1")
    with locked(Path("runs/pd-full-s1")):
        assert shell("open pd-full-s1; exit delete")[0] == 2
    assert rounds("pd-full-s1") == 1


def test_what_is_said_after_leaving_is_not_heard(shell: Shell) -> None:
    assert shell("fin; nonsense")[0] == 0


# Going wrong ----------------------------------------------------------------------------------

WRONG = {
    "rum pd 3": 'unknown command "rum" (did you mean "run"?)',
    "run pd": "pd is no whole number",
    "run": "say how many rounds",
    "run pdd 3": 'unknown scenario "pdd"',
    "run pd 0": "at least 1 round",
    "run pd -1": "at least 1 round",
    "open nowhere": 'unknown run or seed "nowhere"',
    "undo": "no run is open",
    "show": "no run is open",
    "set gosip off": 'did you mean "gossip"?',
    "set gossip maybe": "gossip=on or gossip=off",
    'ask "Liam': "a quotation mark has no partner",
    "ask A01": "say whom and what",
    "exit now": "say exit, or exit delete",
}


@pytest.mark.parametrize(("line", "says"), WRONG.items())
def test_what_can_t_be_done_is_one_line_with_its_number(shell: Shell, line: str, says: str) -> None:
    code, out, err = shell(f"# a note; {line}; run pd 1")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("repunet: line 2: ")
    assert says in err


def test_a_file_goes_on_after_an_error_if_one_says_so(shell: Shell) -> None:
    code, _, err = shell("nonsense; run pd 1; undo 5", "-k")
    assert (code, rounds("pd-full-s1")) == (1, 1)
    assert err.splitlines()[-1] == "repunet: 2 of the lines failed"


def test_what_is_no_text_is_refused(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"help\n\xff\n"), "utf-8"))
    assert execute(["shell"]) == 2


def test_another_dilemma_is_not_played_in_a_run(shell: Shell) -> None:
    code, _, err = shell("run pd 1; run invest 1")
    assert (code, "pd-full-s1 is of pd" in err, rounds("pd-full-s1")) == (2, True, 1)


def test_a_run_that_stops_leaves_with_its_own_code(shell: Shell) -> None:
    with served():
        code, _, err = shell("run pd 1; run 1", *MODEL, "--max-calls", "3")
    assert (code, "line 1: --max-calls 3 is used up" in err) == (3, True)
    assert rounds("pd-full-s1") == 0


# At a terminal --------------------------------------------------------------------------------


def test_lines_are_completed(shell: Shell) -> None:
    shell("run pd 1")
    session = Session()
    assert session.completions("o") == ["open "]
    assert session.completions("open pd") == ["open pd-full-s1 "]
    session.do("open pd-full-s1")
    assert session.completions("show ah") == ['show "Ahmed Hassan" ']
    assert session.completions('ask "El') == ['ask "Elena Ivanova" ']
    assert session.completions("set goss") == ["set gossip ", "set gossip_window "]
    assert session.completions("nonsense x") == []


def test_a_run_that_somebody_removed_is_not_there(shell: Shell) -> None:
    shell("run pd 1")
    session = Session()
    session.do("open pd-full-s1")
    Path("runs/pd-full-s1/run.sqlite").unlink()
    assert session.where == "pd-full-s1 (not there)"


class Terminal:
    """A shell at a terminal of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.output = ""
        self._ours, theirs = pty.openpty()
        environ = {**os.environ, "XDG_STATE_HOME": str(folder / "state"), "TERM": "xterm"}
        environ |= {"COLUMNS": "80"}
        self.process = Popen(
            [sys.executable, "-m", "repunet.cli", "shell", *options],
            stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=environ,
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        os.set_blocking(self._ours, False)

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def see(self, pattern: str) -> None:
        """Wait until this is to be seen; what was seen before does not count."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            with suppress(BlockingIOError, OSError):
                self.output += os.read(self._ours, 1 << 16).decode(errors="replace")
            if found := re.search(pattern, self.output):
                self.output = self.output[found.end() :]
                return
            time.sleep(0.02)
        raise AssertionError(f"{pattern!r} is not in {self.output!r}")

    def close(self) -> None:
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path, "--agents", "8")
    yield terminal
    terminal.close()


@pytest.mark.slow
def test_a_session_at_a_terminal(terminal: Terminal, tmp_path: Path) -> None:
    terminal.see("repunet> ")
    terminal.type("nonsense\n")
    terminal.see("unknown command")
    terminal.type("run pd 2\n")
    terminal.see("after round 2")
    terminal.see("pd-full-s1@2> ")
    terminal.type("run pd 100000\n")
    terminal.see(r"[1-9]\d*/100002")
    os.kill(terminal.process.pid, signal.SIGINT)
    terminal.see("stopped after round")
    terminal.see(r"pd-full-s1@\d+> ")
    terminal.type("sho\tahm\t--round 1\n")
    terminal.see(r"Ahmed Hassan \(A01\), after round 1")
    terminal.type("exit\n")
    terminal.see(r"delete the run pd-full-s1, with all its rounds\? \[y/N\] ")
    terminal.type("\n")
    terminal.see("is kept")
    assert terminal.process.wait(PATIENCE) == 0
    assert (tmp_path / "runs" / "pd-full-s1" / "run.sqlite").is_file()
    assert "run pd 2" in (tmp_path / "state" / "repunet" / "history").read_text()


@pytest.mark.slow
def test_the_end_of_the_lines_deletes_nothing(terminal: Terminal, tmp_path: Path) -> None:
    terminal.see("repunet> ")
    terminal.type("run pd 1\n")
    terminal.see("pd-full-s1@1> ")
    os.kill(terminal.process.pid, signal.SIGINT)
    terminal.see("pd-full-s1@1> ")
    terminal.type("\x04")
    assert terminal.process.wait(PATIENCE) == 0
    assert (tmp_path / "runs" / "pd-full-s1" / "run.sqlite").is_file()


def test_a_no_keeps_a_run_and_a_yes_deletes_it(shell: Shell) -> None:
    shell("run pd 1")
    for answer, kept in ((False, True), (True, False)):
        session = Session(confirm=lambda _, answer=answer: answer)  # type: ignore[misc]
        session.do("open pd-full-s1")
        session.do("exit")
        assert (session.over, Path("runs/pd-full-s1").exists()) == (True, kept)
