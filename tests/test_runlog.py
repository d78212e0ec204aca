"""The log of a run: what was done with it, when and how, and never a key."""

import re
from pathlib import Path
from typing import Any

import pytest
from language_societies import served

from repunet import __version__
from repunet.cli import execute
from repunet.minds.chance import ChanceMind
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import NoAnswer, Operation
from repunet.runs.log import FILE, command, noted

SHORT = ("run", "pd", "--agents", "4", "--rounds", "2", "--quiet", "--name", "first")
KEY = "sk-of-nobody-0123456789"
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} (INFO|WARNING|ERROR) \S")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REPUNET_STORAGE", raising=False)


def log(run: str = "first") -> list[str]:
    return (Path("runs") / run / FILE).read_text("utf-8").splitlines()


def test_a_run_says_how_it_was_begun_and_how_each_round_went() -> None:
    assert execute([*SHORT]) == 0
    version, begun, one, two, ended = log()
    assert f"INFO RepuNet {__version__}: " in version
    assert "begun at round 0 of 2: pd, full, 4 agents, seed 1; minds: embedded" in begun
    assert "round 1 of 2 cooperation 0.50 ties" in one
    assert "round 2 of 2 cooperation" in two
    assert ended.endswith("ended after round 2 of 2")


def test_every_line_has_a_time_and_a_weight() -> None:
    execute([*SHORT, "--set", "rewiring=off"])
    assert [line for line in log() if not LINE.match(line)] == []
    assert "WARNING without rewiring" in "\n".join(log())


def test_what_is_resumed_and_forked_is_said_and_nothing_is_lost() -> None:
    execute([*SHORT])
    before = log()
    execute(["resume", "first", "--rounds", "1", "--quiet"])
    execute(["fork", "first", "--at", "1", "--set", "gossip=off", "--name", "other", "--quiet"])
    assert log()[: len(before)] == before
    assert "resumed at round 2 of 3" in log()[len(before) + 1]
    assert "forked from first at round 1 of 3" in log("other")[1]


def test_the_command_is_the_one_that_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/usr/bin/repunet", "run", "pd", "--name", "a b"])
    execute([*SHORT])
    assert "repunet run pd --name 'a b'" in log()[0]


@pytest.mark.parametrize(
    "said", [f"key={KEY}", f"http://me:{KEY[3:]}@host/v1", "gsk_0123456789abc", "plain-secret-word"]
)
def test_no_key_is_ever_written_down(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_API_KEY", "plain-secret-word")
    token = command.set(f"repunet run pd --model openai:gpt-4o-mini,{said}")
    try:
        execute([*SHORT])
    finally:
        command.reset(token)
    assert "[key]" in log()[0]
    assert not re.search(r"0123456789|secret-word", log()[0])


def test_a_stop_is_a_warning_and_the_last_that_is_said() -> None:
    with served():
        code = execute([*SHORT, "--model", "vllm:fake", "--max-calls", "3"])
    assert code == 3
    assert "WARNING stopped after round 0: --max-calls 3 is used up" in log()[-1]


@pytest.mark.slow
def test_a_model_s_cost_is_in_every_line() -> None:
    with served():
        assert execute([*SHORT, "--model", "vllm:fake"]) == 0
    assert re.search(r"round 2 of 2 cooperation \S+ ties \d+.* calls \d+ tokens \d+", log()[-2])


def test_a_decision_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = ChanceMind.answer

    async def silent(mind: ChanceMind, operation: Operation[Any], at: Coordinate) -> Any:
        if at.operation == "DecideTie":
            raise NoAnswer(f"nobody knows\n{KEY}")
        return await answer(mind, operation, at)

    monkeypatch.setattr(ChanceMind, "answer", silent)
    assert execute([*SHORT, "--mind", "chance"]) == 0
    missing = [line for line in log() if "WARNING missing: r1/" in line]
    assert "round 1 of 2 cooperation" in log()[2]
    assert f"missing {len(missing)}" in log()[2]
    assert "/DecideTie/A0" in missing[0]
    assert missing[0].endswith("(nobody knows [key])")


def test_a_failure_is_written_down_with_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("repunet.simulation.Simulation.step", broken)
    with pytest.raises(ZeroDivisionError):
        execute([*SHORT])
    assert log()[-1].endswith("ERROR failed after round 0: ZeroDivisionError: by nothing")


def test_a_run_goes_on_where_its_log_can_t_be_written() -> None:
    (Path("runs") / "first" / FILE).mkdir(parents=True)
    assert execute([*SHORT]) == 0


def test_the_log_is_no_part_of_the_run() -> None:
    execute([*SHORT])
    (Path("runs") / "first" / FILE).unlink()
    assert execute(["verify", "first"]) == 0


def test_what_was_done_otherwise_than_by_playing_is_noted_too(tmp_path: Path) -> None:
    noted(tmp_path / "run.sqlite", "taken over from elsewhere")
    lines = (tmp_path / "run.log").read_text().splitlines()
    assert (len(lines), lines[-1].endswith("taken over from elsewhere")) == (2, True)
