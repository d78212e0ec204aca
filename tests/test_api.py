"""The doors of Python: what commands do, as functions, wherever Python runs."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from patience import PATIENCE

import repunet
from repunet.cli import execute
from repunet.errors import Stopped
from repunet.minds.router import make_mind
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import Operation

SMALL: dict[str, Any] = {"agents": 4, "rounds": 2, "seed": 3}
WORDS = ("run", "pd", "--agents", "4", "--rounds", "2", "--seed", "3", "--quiet")
PUBLIC = sorted(repunet.PLACES)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in an empty folder, where nothing says which mind decides."""
    monkeypatch.chdir(tmp_path)
    for name in ("REPUNET_STORAGE", "LLM_MODEL", "LLM_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


class Own:
    """Mind of a Python program: it thinks like another one, and is another one."""

    immediate = True

    def __init__(self, name: str = "own", like: str = "embedded", temper: float = 1.0) -> None:
        self.name = name
        self.temper = temper
        self.asked = 0
        self._like = make_mind(like, 1)

    def describe(self) -> dict[str, Any]:
        return {"name": self.name, "temper": self.temper}

    async def answer(self, operation: Operation[Any], at: Coordinate, /) -> Any:
        self.asked += 1
        return await self._like.answer(operation, at)


def command(*words: str) -> None:
    assert execute(list(words)) == 0


def refused(work: Callable[[], object]) -> str:
    """Return what is said of wrong input: a ValueError whose message is one line."""
    with pytest.raises(ValueError, match=r"\S") as caught:
        work()
    assert isinstance(caught.value, repunet.UsageError)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Where it runs ------------------------------------------------------------------------------------


def test_a_run_is_that_of_the_command_line() -> None:
    run = repunet.run("pd", name="by-python", **SMALL)
    command(*WORDS, "--name", "by-command")
    assert run.round == 2
    assert run.digest == repunet.open_run("by-command").digest
    command("verify", "by-python")


def test_a_run_inside_a_running_loop_is_the_same() -> None:
    async def in_a_notebook() -> list[str]:
        played = repunet.run("pd", name="a", **SMALL)
        awaited = await repunet.arun("pd", name="b", **SMALL)
        resumed = await repunet.aresume("b", rounds=1)
        return [played.digest, awaited.digest, repunet.resume("a", rounds=1).digest, resumed.digest]

    a, b, a_on, b_on = asyncio.run(in_a_notebook())
    assert a == b != a_on == b_on


def test_a_run_in_a_thread_is_the_same() -> None:
    found: list[str] = []
    thread = Thread(target=lambda: found.append(repunet.run("pd", name="a", **SMALL).digest))
    thread.start()
    thread.join(PATIENCE)
    assert found == [repunet.run("pd", name="b", **SMALL).digest]


def test_runs_are_awaited_together() -> None:
    async def together() -> list[repunet.RunView]:
        seeds = (1, 2)
        return await asyncio.gather(
            *(repunet.arun("pd", agents=4, rounds=1, seed=s, name=f"s{s}") for s in seeds)
        )

    assert [run.attrs["seed"] for run in asyncio.run(together())] == [1, 2]


@pytest.mark.slow
def test_a_script_needs_no_main_and_no_warning_is_given(tmp_path: Path) -> None:
    text = "import repunet; print(repunet.run('pd', agents=4, rounds=2, seed=3, name='a').digest)"
    ran = [sys.executable, "-W", "error", "-c", text]
    done = subprocess.run(ran, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == repunet.run("pd", name="b", **SMALL).digest
    assert done.stderr == ""


# What it does -------------------------------------------------------------------------------------


def test_settings_are_the_options_of_the_command() -> None:
    settings = {"switches": {"rewiring": False, "memory_window": 2}, "plan": "compact"}
    run = repunet.run("donor", treatment="no-gossip", mind="chance", **settings, **SMALL)
    command(
        "run", "donor", *WORDS[2:], "--treatment", "no-gossip", "--mind", "chance",
        "--set", "rewiring=false", "--set", "memory_window=2", "--plan", "compact", "--name", "b",
    )  # fmt: skip
    assert run.digest == repunet.open_run("b").digest


def test_a_spec_is_taken_as_a_file_and_as_a_value(home: Path) -> None:
    (home / "run.toml").write_text('scenario = "pd"\nagents = 4\nrounds = 9\nseed = 3\n')
    by_file = repunet.run(spec="run.toml", rounds=2, name="a")
    spec = repunet.RunSpec(scenario="pd", agents=4, rounds=2, seed=3)
    assert by_file.digest == repunet.run(spec=spec, name="b").digest


def test_minds_are_given_by_whom_or_what_they_are_for() -> None:
    run = repunet.run("pd", mind="embedded", minds={"operation:TellGossip": "chance"}, **SMALL)
    assert run.attrs["mind"] == "embedded + chance"


def test_a_fork_is_that_of_the_command_line() -> None:
    repunet.run("pd", name="a", **SMALL)
    forked = repunet.fork("a", at=1, gossip=False, name="b")
    command("fork", "a", "--at", "1", "--set", "gossip=false", "--name", "c", "--quiet")
    assert forked.digest == repunet.open_run("c").digest


def test_a_sweep_plays_every_combination_once() -> None:
    grid = {"scenario": "pd", "agents": 4, "rounds": 1, "seed": [1, 2]}
    runs = repunet.sweep(grid, storage="sweep", jobs=1)
    assert [run.attrs["seed"] for run in runs] == [1, 2]
    before = [run.path.stat().st_mtime_ns for run in runs]
    again = repunet.sweep(grid, storage="sweep", jobs=1)
    assert [run.path.stat().st_mtime_ns for run in again] == before


def test_arms_are_compared_by_name_path_and_view() -> None:
    runs = [
        repunet.run("pd", agents=4, rounds=2, seed=seed, treatment=arm, name=f"{arm}-{seed}")
        for arm in ("full", "none")
        for seed in (1, 2)
    ]
    compared = repunet.compare(runs[0], runs[1].path, "none-1", "none-2", measures=["cooperation"])
    (group,) = compared.groups
    assert (len(group.arms), compared.runs) == (2, 4)


def test_what_there_is_is_listed() -> None:
    assert {"pd", "donor", "investment", "participation"} <= set(repunet.scenarios())
    assert {"embedded", "chance", "tit-for-tat"} <= set(repunet.minds())
    assert {"full", "no-gossip", "no-reputation", "none"} <= set(repunet.treatments())
    assert isinstance(repunet.treatments()["full"], repunet.Treatment)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_door_is_shown_and_explained(name: str) -> None:
    assert name in dir(repunet)
    assert name in repunet.__all__
    assert getattr(repunet, name).__doc__


def test_help_shows_every_door() -> None:
    import pydoc

    shown = pydoc.plain(pydoc.render_doc(repunet))
    assert [name for name in PUBLIC if name not in shown] == []


# Minds that are objects ---------------------------------------------------------------------------


def test_a_mind_object_plays_and_the_run_names_it() -> None:
    mind = Own()
    run = repunet.run("pd", mind=mind, name="a", **SMALL)
    assert mind.asked == len(run.decisions())
    assert run.attrs["mind"] == "own"


def test_a_run_with_an_object_goes_on_with_it_and_not_without() -> None:
    repunet.run("pd", mind=Own(), name="a", **SMALL)
    told = refused(lambda: repunet.resume("a", rounds=1))
    assert "repunet.resume(RUN, minds={'own': OBJECT})" in told
    assert repunet.resume("a", rounds=1, minds={"own": Own()}).round == 3


def test_another_object_of_the_same_name_is_refused() -> None:
    repunet.run("pd", mind=Own(), name="a", **SMALL)
    told = refused(lambda: repunet.resume("a", rounds=1, minds={"own": Own(temper=2.0)}))
    assert "its minds are not as they were" in told
    assert repunet.resume("a", rounds=1, minds={"own": Own(temper=2.0)}, branch=True).round == 3


def test_a_fork_needs_the_object_too() -> None:
    repunet.run("pd", mind=Own(), name="a", **SMALL)
    assert "is an object of the Python program" in refused(lambda: repunet.fork("a", at=1))
    forked = repunet.fork("a", at=1, gossip=False, minds={"own": Own()}, name="b")
    assert forked.round == 2


@pytest.mark.parametrize("words", ["replay a", "verify a", "show a", "digest a", "cost a"])
def test_commands_that_read_need_no_object(words: str) -> None:
    repunet.run("pd", mind=Own(), name="a", **SMALL)
    command(*words.split())


def test_a_decision_of_an_object_is_explained() -> None:
    run = repunet.run("pd", mind=Own(), name="a", **SMALL)
    command("why", "a", run.decisions().decision.iloc[-1])


@pytest.mark.slow
def test_a_report_on_a_run_of_an_object_is_written() -> None:
    assert repunet.run("pd", mind=Own(), name="a", **SMALL).report().exists()


@pytest.mark.parametrize("words", ["resume a --rounds 1", "fork a --at 1"])
def test_commands_that_play_say_in_one_line_what_is_needed(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    repunet.run("pd", mind=Own(), name="a", **SMALL)
    assert execute(words.split()) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "object:own is an object of the Python program" in told


# Wrong input --------------------------------------------------------------------------------------

WRONG: dict[str, Callable[[], object]] = {
    "scenario": lambda: repunet.run("pdd"),
    "no scenario": lambda: repunet.run(),
    "treatment": lambda: repunet.run("pd", treatment="ful"),
    "mind": lambda: repunet.run("pd", mind="embeded"),
    "model": lambda: repunet.run("pd", model="embedded"),
    "setting": lambda: repunet.run("pd", round=3),  # type: ignore[call-arg]
    "rounds": lambda: repunet.run("pd", rounds=0),
    "agents": lambda: repunet.run("pd", agents="many"),  # type: ignore[arg-type]
    "switch": lambda: repunet.run("pd", switches={"gosip": True}),
    "limits": lambda: repunet.run("pd", limits={"budgt": 1}),
    "spec": lambda: repunet.run(spec="nothing.toml"),
    "no mind": lambda: repunet.run("pd", mind=3),  # type: ignore[arg-type]
    "minds": lambda: repunet.run("pd", minds=["chance"]),  # type: ignore[arg-type]
    "two minds": lambda: repunet.run("pd", mind=Own(), minds={"role:player": Own()}),
    "name of a mind": lambda: repunet.run("pd", mind=Own("a,b")),
    "mind and model": lambda: repunet.run("pd", mind="chance", model="openai:gpt-4o"),
    "resume": lambda: repunet.resume("nothing"),
    "fork": lambda: repunet.fork("nothing", at=1),
    "sweep": lambda: repunet.sweep({"scenario": "pd", "sed": [1]}),
    "sweep file": lambda: repunet.sweep("nothing.toml"),
    "compare": lambda: repunet.compare("nothing"),
    "compare nothing": lambda: repunet.compare(),
    "open": lambda: repunet.open_run("nothing"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_input_is_a_value_error_of_one_line(what: str, home: Path) -> None:
    assert refused(WRONG[what])
    assert not list(home.glob("runs/*/run.sqlite"))


def test_wrong_input_is_called_by_its_name_in_python() -> None:
    assert refused(WRONG["rounds"]).startswith("rounds ")
    assert "--" not in refused(WRONG["agents"])


def test_a_fork_at_a_round_that_was_not_played_is_refused() -> None:
    repunet.run("pd", name="a", **SMALL)
    assert "9" in refused(lambda: repunet.fork("a", at=9))
    assert "gosip" in refused(lambda: repunet.fork("a", at=1, gosip=False))


# Interrupts ---------------------------------------------------------------------------------------


class Interrupting(Own):
    """Mind in whose midst somebody presses Ctrl-C, once."""

    left = 30

    async def answer(self, operation: Operation[Any], at: Coordinate, /) -> Any:
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt
        return await super().answer(operation, at)


def test_an_interrupt_leaves_a_run_that_goes_on() -> None:
    with pytest.raises((KeyboardInterrupt, Stopped)):
        repunet.run("pd", mind=Interrupting(), name="a", **SMALL)
    resumed = repunet.resume("a", minds={"own": Own()})
    assert resumed.digest == repunet.run("pd", mind=Own(), name="b", **SMALL).digest


# Types --------------------------------------------------------------------------------------------

SCRIPT = """
import asyncio
from pathlib import Path
from typing import Any

import repunet
from repunet.models.request import OutputMode, Reply, Request
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import Operation


class MyMind:
    name = "mine"
    immediate = True

    def describe(self) -> dict[str, Any]:
        return {"name": self.name}

    async def answer(self, operation: Operation[Any], at: Coordinate, /) -> Any:
        raise NotImplementedError


class MyModel:
    async def send(self, request: Request, mode: OutputMode, at: str) -> Reply:
        return Reply("{}")

    async def close(self) -> None: ...


mind: repunet.Mind = MyMind()
model: repunet.Model = MyModel()
run: repunet.RunView = repunet.run("pd", treatment="full", mind="embedded", agents=4, rounds=1)
repunet.run("pd", mind=mind, minds={"role:player": MyMind()}, switches={"gossip": False})
repunet.run(spec=repunet.RunSpec(scenario="pd"), model=MyModel(), limits={"budget": 1.0})
repunet.resume(run.path, rounds=1, minds={"mine": mind, "MyModel": model}, branch=True)
repunet.fork("a", at=1, gossip=False)
runs: list[repunet.RunView] = repunet.sweep({"scenario": "pd", "seed": [1, 2]}, jobs=1)
repunet.compare(*runs, measures=["cooperation"]).groups
page: Path = run.report("first.html", force=True)
run.cooperation(), run.figure("cooperation"), run.summary.headline, run.digest
names: tuple[str, ...] = repunet.minds()
arm: repunet.Treatment = repunet.treatments()["full"]
title: str = repunet.scenarios()["pd"].title
with repunet.open_run("a") as view:
    print(view.round)


async def notebook() -> repunet.RunView:
    await repunet.aresume("a")
    return await repunet.arun("pd")


try:
    asyncio.run(notebook())
except (repunet.UsageError, repunet.Stopped, repunet.RepuNetError):
    pass
print(repunet.Layer, repunet.__version__)
"""


@pytest.mark.slow
def test_a_script_that_uses_all_of_it_is_strictly_typed(home: Path) -> None:
    (home / "script.py").write_text(SCRIPT)
    words = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "script.py"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=home)
    assert done.returncode == 0, done.stdout
    assert [name for name in PUBLIC if f"repunet.{name}" not in SCRIPT] == []


@pytest.mark.slow
def test_a_wrong_word_in_a_script_is_an_error_of_types(home: Path) -> None:
    (home / "wrong.py").write_text('import repunet\nrepunet.run("pd", rouns=3)\n')
    words = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "wrong.py"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=home)
    assert "rouns" in done.stdout
    assert json.dumps(done.returncode) == "1"
