"""Sweeps: what is done is not done again, whatever was killed, stopped, damaged or done at once."""

import asyncio
import json
import os
import re
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pytest
from language_societies import Command as Errand
from language_societies import Nursery, attempts, received, served
from patience import PATIENCE

from repunet.cli import execute
from repunet.errors import UsageError
from repunet.experiment import executors
from repunet.experiment.ending import shared_reason
from repunet.experiment.grid import read_grid
from repunet.experiment.outcome import JobOutcome
from repunet.experiment.progress import Board
from repunet.experiment.stopping import Stopping
from repunet.experiment.sweep import Sweep, play, prepare
from repunet.minds import router
from repunet.minds.router import MindSpec
from repunet.record.attempts import SENT
from repunet.record.journal import Journal
from repunet.record.storage import locked

GRID = """
scenario = "pd"
treatments = ["full", "none"]
seeds = [1, 2]
mind = "embedded"
agents = 4
rounds = 3
"""
LARGE = GRID.replace("rounds = 3", "rounds = 25").replace("agents = 4", "agents = 8")
LARGE = LARGE.replace("[1, 2]", "[1, 2, 3, 4]")
ASKING = GRID.replace('mind = "embedded"', 'model = "vllm:fake"').replace(
    "rounds = 3", "rounds = 1"
)

linux = pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds processes in /proc")

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REPUNET_STORAGE", raising=False)
    return tmp_path


@pytest.fixture
def repunet(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command; return its code and what it printed."""

    def command(*words: str) -> tuple[int, str, str]:
        code = execute(list(words))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


@pytest.fixture
def sweep(repunet: Command) -> Callable[..., dict[str, Any]]:
    """Sweep a grid in this process; return what it says for scripts, by the name of the run."""

    def swept(text: str = GRID, *words: str, code: int = 0) -> dict[str, Any]:
        Path("grid.toml").write_text(text)
        got, out, err = repunet("sweep", "grid.toml", "--on", "local", "--json", *words)
        assert got == code, err
        return {run["name"]: run for run in json.loads(out)["runs"]}

    return swept


Swept = Callable[..., dict[str, Any]]


def run_file(name: str, storage: str = "runs") -> Path:
    return Path(storage, "grid", name, "run.sqlite")


def digests(storage: str = "runs") -> dict[str, tuple[int, str]]:
    """Return the rounds and the digest of every run of the sweep."""
    found = {}
    for path in Path(storage, "grid").glob("*/run.sqlite"):
        with Journal.open(path) as journal:
            journal.verify()
            found[path.parent.name] = journal.rounds, journal.digest()
    return found


def written() -> dict[Path, int]:
    """Return when each run file was changed."""
    return {path: path.stat().st_mtime_ns for path in Path("runs").rglob("run.sqlite")}


def values(runs: dict[str, Any], key: str) -> set[Any]:
    return {run[key] for run in runs.values()}


def test_a_run_of_a_sweep_is_the_run_of_the_same_spec(sweep: Swept, repunet: Command) -> None:
    runs = sweep()
    assert len(runs) == 4
    assert values(runs, "status") == {"done"}
    words = ("--agents", "4", "--rounds", "3", "--treatment", "none", "--seed", "2")
    assert repunet("run", "pd", *words, "--quiet", "--name", "one")[0] == 0
    (same,) = (run for run in runs.values() if (run["treatment"], run["seed"]) == ("none", 2))
    assert repunet("digest", "one")[1].strip() == same["digest"]
    assert repunet("show", same["path"])[0] == 0


def test_what_is_done_is_not_touched_again(sweep: Swept) -> None:
    first, times = sweep(), written()
    again = sweep()
    assert again == first
    assert written() == times


def test_what_is_new_in_a_grid_is_added(sweep: Swept) -> None:
    sweep()
    times = written()
    more = sweep(GRID.replace("[1, 2]", "[1, 2, 3]"))
    assert len(more) == 6
    assert values(more, "status") == {"done"}
    assert {path: written()[path] for path in times} == times


def test_more_rounds_are_played_on_top_of_what_is_there(sweep: Swept) -> None:
    short = sweep()
    long = sweep(GRID.replace("rounds = 3", "rounds = 5"))
    assert (short.keys(), values(long, "rounds")) == (long.keys(), {5})
    assert (
        sweep(GRID.replace("rounds = 3", "rounds = 5"), "--storage", "other").keys() == long.keys()
    )
    assert digests() == digests("other")


def test_a_dry_run_only_lists(sweep: Swept, repunet: Command) -> None:
    runs = sweep(GRID, "--dry-run")
    assert values(runs, "status") == {"new"}
    assert not Path("runs").exists()
    sweep(GRID.replace("[1, 2]", "[1]"))
    code, out, _ = repunet("sweep", "grid.toml", "--dry-run")
    assert (code, "2 runs in runs/grid: 2 done" in out) == (0, True)


def test_a_damaged_and_a_foreign_file_are_reported_and_the_rest_is_played(
    sweep: Swept, repunet: Command
) -> None:
    full, none, *rest = sweep(GRID, "--dry-run")
    repunet("run", "donor", "--agents", "4", "--rounds", "1", "--quiet", "--name", "foreign")
    for name in (full, none):
        run_file(name).parent.mkdir(parents=True)
    run_file(full).write_bytes(b"no run file at all")
    run_file(none).write_bytes(Path("runs", "foreign", "run.sqlite").read_bytes())
    before = written()
    runs = sweep(code=1)
    assert [runs[name]["status"] for name in (full, none)] == ["failed", "failed"]
    assert "is not a run file, or it is damaged" in runs[full]["reason"]
    assert "holds another run" in runs[none]["reason"]
    assert {runs[name]["status"] for name in rest} == {"done"}
    assert {path: written()[path] for path in before} == before


class Broken:
    """A mind with an error in it."""

    name = "broken"
    immediate = True

    def describe(self) -> dict[str, Any]:
        return {"name": self.name}

    async def answer(self, operation: Any, at: Any) -> Any:
        raise ZeroDivisionError("an error in a mind")


def broken(spec: MindSpec, seed: int) -> Broken:
    return Broken()


def test_a_run_that_fails_stops_no_other_and_is_in_the_code(
    repunet: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(router.BUILT_IN, "broken", f"{__name__}:broken")
    text = GRID.replace('mind = "embedded"', 'minds = ["broken", "embedded"]')
    Path("grid.toml").write_text(text)
    code, out, err = repunet("sweep", "grid.toml", "--on", "local")
    assert code == 1
    assert "4/8 runs done, 4 failed" in out
    assert "ZeroDivisionError: an error in a mind" in " ".join(out.split())
    assert err.splitlines()[-1].startswith("repunet: 4 of 8 runs failed; pd-full-broken-n4-s1-")


def test_other_runs_in_the_folder_are_left_alone_and_named(sweep: Swept, repunet: Command) -> None:
    sweep()
    Path("grid.toml").write_text(GRID.replace('["full", "none"]', '["none"]'))
    code, out, _ = repunet("sweep", "grid.toml")
    assert code == 0
    assert "2 other runs there are not part of it: pd-full-n4-s1-" in out


def test_one_and_the_same_run_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="runs 1 and 3 of 4 are one and the same"):
        prepared(GRID.replace("[1, 2]", "[1, 1]"))


def test_a_run_that_can_not_be_founded_is_named_before_any_is_begun(folder: Path) -> None:
    text = GRID.replace('mind = "embedded"', 'minds = ["chance", "embeded"]')
    with pytest.raises(UsageError, match='run 3 of 8: unknown mind "embeded"'):
        prepared(text)
    assert not Path("runs").exists()


# What is said -----------------------------------------------------------------------------------


def test_a_sweep_does_not_share_the_folder_of_a_run(repunet: Command) -> None:
    repunet("run", "pd", "--agents", "4", "--rounds", "1", "--quiet", "--name", "grid")
    Path("grid.toml").write_text(GRID)
    code, out, err = repunet("sweep", "grid.toml", "--dry-run")
    assert (code, out) == (2, "")
    assert err == "repunet: there is a run grid in runs: name the sweep otherwise\n"


def test_runs_with_more_rounds_than_asked_are_counted(sweep: Swept, repunet: Command) -> None:
    sweep()
    Path("grid.toml").write_text(GRID.replace("rounds = 3", "rounds = 2"))
    assert "4 runs have more rounds than asked" in repunet("sweep", "grid.toml")[1]


def test_where_nothing_was_sent_no_cost_is_known(sweep: Swept) -> None:
    assert values(sweep(), "dollars") == {None}


@pytest.mark.slow
def test_one_run_is_said_in_the_singular(repunet: Command) -> None:
    text = 'scenario = "pd"\nmind = "embedded"\nagents = 4\nrounds = 1\nseeds = [1]\n'
    Path("grid.toml").write_text(text)
    assert repunet("sweep", "grid.toml", "--dry-run")[1].startswith("1 run in runs/grid: 1 new")
    code, out, err = repunet("sweep", "grid.toml", "--on", "local")
    assert (code, "1/1 runs done; 1 round\n" in out) == (0, True), err
    Path("grid.toml").write_text(text.replace("[1]", "[2]"))
    assert "1 other run there is not part of it" in repunet("sweep", "grid.toml")[1]


def test_a_reason_is_quoted_only_if_it_is_that_of_all_runs(folder: Path) -> None:
    ready = prepared()
    board = Board(ready.jobs, ready.before)
    assert shared_reason(board) == " (interrupted)"
    board.ended(ready.jobs[0], JobOutcome("stopped", "stopped after round 0 of 3"))
    assert shared_reason(board) == ""


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_no_run_at_once_is_refused_before_anything_is_said(
    repunet: Command, words: tuple[str, ...]
) -> None:
    Path("grid.toml").write_text(GRID)
    code, out, err = repunet("sweep", "grid.toml", "--jobs", "0", *words)
    assert (code, out) == (2, "")
    assert err == "repunet: at least 1 run must be played at once, not 0\n"


def test_the_next_commands_can_be_pasted(repunet: Command) -> None:
    Path("grid.toml").write_text(GRID)
    out = repunet("sweep", "grid.toml", "--on", "local", "--storage", "my runs")[1]
    commands = re.findall(r"repunet (runs|show) (.*)$", out, re.MULTILINE)
    assert [first for first, _ in commands] == ["runs", "show"]
    for first, rest in commands:
        assert repunet(first, *shlex.split(rest))[0] == 0


@pytest.mark.slow
@pytest.mark.parametrize("place", ["local", "processes"])
def test_the_log_of_every_run_names_the_command_but_no_key(
    repunet: Command, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setenv("MY_API_KEY", "a-secret-word")
    monkeypatch.setattr(sys, "argv", ["x/repunet", "sweep", "grid.toml", "a-secret-word"])
    Path("grid.toml").write_text(GRID)
    assert repunet("sweep", "grid.toml", "--on", place)[0] == 0
    logs = [path.read_text() for path in Path("runs", "grid").glob("*/run.log")]
    assert len(logs) == 4
    assert all(": repunet sweep grid.toml" in log for log in logs)
    assert not any("a-secret-word" in log for log in logs)


def test_the_spec_beside_a_run_founds_it_once_more(repunet: Command, sweep: Swept) -> None:
    Path("people.json").write_text(
        '[{"name": "Ann Ash", "description": "a"}, {"name": "Bo Bly", "description": "b"}]'
    )
    runs = sweep(GRID.replace("agents = 4", 'personas = "people.json"'))
    name, run = next(iter(runs.items()))
    beside = run_file(name).with_name("spec.json")
    assert repunet("run", "--spec", str(beside), "--name", "again", "--quiet")[0] == 0
    assert repunet("digest", "again")[1].strip() == run["digest"]
    beside.write_text("mine")
    run_file(name).unlink()
    sweep(GRID.replace("agents = 4", 'personas = "people.json"'))
    assert (run_file(name).exists(), beside.read_text()) == (True, "mine")


# One process ------------------------------------------------------------------------------------


def prepared(text: str = GRID) -> Sweep:
    Path("grid.toml").write_text(text)
    return prepare(read_grid(Path("grid.toml")), None, {})


def test_treatments_take_turns_in_time(folder: Path) -> None:
    ready, began = prepared(), []
    board = Board(ready.jobs, ready.before)
    board.listener = lambda job, outcome: began.append(job.name) if job.name not in began else None
    asyncio.run(play(ready, board, Stopping(), place="local", at_once=1))
    assert [name.split("-n4-")[0] for name in began] == ["pd-full", "pd-none"] * 2
    assert [name.split("-")[3] for name in began] == ["s1", "s1", "s2", "s2"]


@pytest.mark.slow
def test_a_run_that_another_process_writes_is_passed_over_and_looked_at_again(
    folder: Path,
) -> None:
    ready, told = prepared(), []
    board = Board(ready.jobs, ready.before)
    board.listener = lambda job, outcome: told.append(outcome) if outcome else None

    async def held() -> None:
        with locked(Path(ready.jobs[0].path).parent):
            sweeping = asyncio.create_task(play(ready, board, Stopping(), place="local"))
            await asyncio.sleep(1)
        await sweeping

    asyncio.run(held())
    assert [outcome.status for outcome in told][:4] == ["elsewhere", "done", "done", "done"]
    assert board.counts["done"] == 4


def test_a_stop_leaves_every_run_at_a_committed_round(folder: Path) -> None:
    ready, stopping = prepared(), Stopping()
    board = Board(ready.jobs, ready.before)

    def stop(job: Any, outcome: JobOutcome | None) -> None:
        if board.rounds[0] == 4:
            stopping.ask()

    board.listener = stop
    asyncio.run(play(ready, board, stopping, place="local", at_once=1))
    assert sorted(rounds for rounds, _ in digests().values()) == [1, 3]
    assert board.counts["stopped"] == 3


# Other processes --------------------------------------------------------------------------------


def begin(text: str = LARGE, *words: str) -> Popen[str]:
    """Begin a sweep as a user does."""
    Path("grid.toml").write_text(text)
    command = [sys.executable, "-m", "repunet.cli", "sweep", "grid.toml", *words]
    return Popen(command, stdout=PIPE, stderr=PIPE, text=True)


def ended(process: Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


def children(process: Popen[str]) -> list[int]:
    """Return the processes that one has begun."""
    return [
        int(n) for n in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    ]


def alive(process: int) -> bool:
    """Tell whether a process still does something."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(met: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < end
        time.sleep(0.01)


def begun() -> int:
    return len(list(Path("runs").rglob("run.sqlite")))


@pytest.fixture(scope="module")
def in_peace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, tuple[int, str]]]:
    """Return what the large grid comes to in one process that nobody disturbs."""
    home, before = tmp_path_factory.mktemp("in peace"), Path.cwd()
    os.chdir(home)
    Path("grid.toml").write_text(LARGE)
    assert execute(["sweep", "grid.toml", "--on", "local", "--quiet"]) == 0
    yield digests()
    os.chdir(before)


@pytest.mark.slow
@linux
def test_a_sweep_that_is_killed_and_begun_again_is_the_one_left_in_peace(
    in_peace: dict[str, Any],
) -> None:
    process = begin()
    until(lambda: begun() >= 3)
    workers = children(process)
    process.kill()
    process.communicate()
    until(lambda: not any(map(alive, workers)))
    assert workers
    assert digests() != in_peace
    code, _, err = ended(begin())
    assert (code, "Traceback" in err) == (0, False)
    assert digests() == in_peace


@linux
@pytest.mark.slow
def test_a_process_that_is_killed_costs_no_run(in_peace: dict[str, Any]) -> None:
    process = begin(LARGE, "--jobs", "2")
    until(lambda: begun() >= 2)
    os.kill(children(process)[0], signal.SIGKILL)
    code, out, _ = ended(process)
    assert (code, "8/8 runs done" in out) == (0, True)
    assert digests() == in_peace


@pytest.mark.slow
def test_two_sweeps_at_once_neither_corrupt_nor_repeat_a_run(in_peace: dict[str, Any]) -> None:
    both = begin(), begin()
    said = [ended(process) for process in both]
    assert [code for code, *_ in said] == [0, 0]
    assert all("8/8 runs done" in out for _, out, _ in said)
    assert digests() == in_peace


def test_an_interrupt_stops_all_runs_resumably(in_peace: dict[str, Any]) -> None:
    process = begin()
    until(lambda: begun() >= 2)
    process.send_signal(signal.SIGINT)
    code, _, err = ended(process)
    assert code == 3
    assert err.splitlines()[-1].endswith("nothing is lost; to go on, repeat the command")
    assert len(digests()) < 8
    assert ended(begin(LARGE, "--on", "local"))[0] == 0
    assert digests() == in_peace


# Language models --------------------------------------------------------------------------------


def files() -> list[Path]:
    return sorted(Path("runs").rglob("run.sqlite"))


@pytest.mark.slow
def test_all_runs_ask_at_once_and_share_one_limit(sweep: Swept) -> None:
    with served(latency=0.02) as server:
        sweep(ASKING)
        most = server.stats.most_in_flight
    with served(latency=0.02) as server:
        sweep(ASKING, "--storage", "other", "--concurrency", "3")
        assert server.stats.most_in_flight == 3
    assert most > 6
    assert digests() == digests("other")


@pytest.mark.slow
def test_a_budget_that_is_shared_is_never_exceeded_and_nothing_is_paid_twice(sweep: Swept) -> None:
    with served() as server:
        runs = sweep(ASKING, "--max-calls", "60", "--jobs", "2", code=3)
        assert server.stats.received <= 60
        assert {run["status"] for run in runs.values()} <= {"done", "stopped"}
        assert sum(run["calls"] for run in runs.values()) == server.stats.received
        assert all(
            "--max-calls" in run["reason"] for run in runs.values() if run["status"] != "done"
        )
        runs = sweep(ASKING, "--max-calls", "600")
        assert values(runs, "status") == {"done"}
        assert sum(run["calls"] for run in runs.values()) == server.stats.received <= 600
    assert all(len(attempts(path)) == len(received(path)) for path in files())


@pytest.mark.slow
def test_what_was_spent_before_counts(sweep: Swept) -> None:
    with served() as server:
        sweep(ASKING)
        spent = server.stats.received
        more = ASKING.replace("[1, 2]", "[1, 2, 3]")
        runs = sweep(more, "--max-calls", str(spent + 10), code=3)
        assert spent < server.stats.received <= spent + 10
    assert sorted(run["status"] for run in runs.values()) == ["done"] * 4 + ["stopped"] * 2


def test_a_purse_is_one_process_s(sweep: Swept, repunet: Command) -> None:
    Path("grid.toml").write_text(ASKING)
    code, _, err = repunet("sweep", "grid.toml", "--on", "processes", "--max-calls", "5")
    assert (code, "can share max_calls: use --on local" in err) == (2, True)
    with locked(Path("runs", "grid")):
        code, _, err = repunet("sweep", "grid.toml", "--max-calls", "5", "--quiet")
    assert (code, "is being written by process" in err) == (2, True)


def test_a_budget_needs_a_price_before_anything_is_sent(
    repunet: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "no-key-at-all")
    Path("grid.toml").write_text(ASKING.replace("vllm:fake", "openai:unheard-of"))
    code, out, err = repunet("sweep", "grid.toml", "--budget", "1", "--json")
    assert (code, out, files()) == (2, "", [])
    assert "the price of openai:unheard-of is not known" in err


@pytest.mark.slow
def test_a_sweep_of_language_models_that_is_killed_pays_for_nothing_twice(folder: Path) -> None:
    Path("grid.toml").write_text(ASKING)
    nursery = Nursery()
    with served(latency=0.01) as server:
        words = ["sweep", "grid.toml", "--quiet"]
        child = nursery.begin(Errand(str(folder), server.url, words))
        until(lambda: server.stats.answered > 60)
        os.kill(child, signal.SIGKILL)
        assert nursery.end() == -signal.SIGKILL
        in_flight = sum(attempt.status == SENT for path in files() for attempt in attempts(path))
        assert execute(words) == 0
        answered = server.stats.answered
        assert execute([*words, "--storage", "other"]) == 0
    nursery.close()
    assert digests() == digests("other")
    assert answered - sum(len(received(path)) for path in files()) <= in_flight


@pytest.mark.slow
def test_a_server_that_does_not_answer_stops_resumably(sweep: Swept) -> None:
    with served(key="another") as server:
        runs = sweep(ASKING, code=3)
    assert "does not answer" in next(iter(runs.values()))["reason"]
    assert server.stats.answered == 0
    with served():
        assert values(sweep(ASKING), "status") == {"done"}


# Lists of jobs ----------------------------------------------------------------------------------


def test_a_list_of_jobs_is_played_like_a_grid(repunet: Command) -> None:
    Path("jobs.sh").write_text(
        'JOBS=(\n  "scenario=pd reputation=y gossip=n steps=2"\n'
        '  "scenario=pd reputation=n gossip=n steps=3"\n)\n'
    )
    code, out, _ = repunet("batch", "jobs.sh", "--json", "--on", "local")
    runs = json.loads(out)["runs"]
    assert code == 0
    assert [(run["treatment"], run["rounds"]) for run in runs] == [("no-gossip", 2), ("none", 3)]
    assert Path(runs[0]["path"]).parts[-4:-2] == ("runs", "jobs")


# The page ---------------------------------------------------------------------------------------

PAGE = (Path(__file__).parents[1] / "docs" / "how-to" / "run-a-sweep.md").read_text("utf-8")


@pytest.mark.slow
def test_the_page_on_sweeps_works_as_it_is_written(repunet: Command) -> None:
    for name, text in re.findall(r"`([a-z.]+)`:\n\n```\w*\n(.*?)^```$", PAGE, re.DOTALL | re.M):
        Path(name).write_text(text)
    lines = re.findall(r"^\$ repunet (.*)$", PAGE, re.MULTILINE)
    said = {line: repunet(*shlex.split(line)) for line in lines}
    assert [line for line, (code, *_) in said.items() if code] == []
    assert "24 runs in runs/treatments: 24 new" in said["sweep treatments.toml --dry-run"][1]
    assert "8/8 runs done" in said["sweep second.toml --on local --jobs 4 --budget 5"][1]
    assert len(lines) == 6


def test_ray_is_said_to_be_missing(repunet: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "find_spec", lambda name: None)
    Path("grid.toml").write_text(GRID)
    code, _, err = repunet("sweep", "grid.toml", "--on", "ray", "--quiet")
    assert (code, err.startswith("repunet: --on ray needs Ray")) == (2, True)
