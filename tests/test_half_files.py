"""What is left of a run that was killed, torn or copied is whole, or is said to be damaged."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from shutil import copy, rmtree

import pytest
import victim
from patience import PATIENCE
from victim import NAME, begun, resume, story

from repunet.cli import execute
from repunet.errors import RepuNetError
from repunet.record.journal import Journal

MOMENTS = [("connect", 1), ("INSERT INTO events", 4), ("rename", 2)]
MORE = [("CREATE TABLE meta", 1), ("COMMIT", 2), ("INSERT INTO events", 2), ("rename", 1)]
GRID = 'scenario = "pd"\nmind = "embedded"\nagents = 4\nrounds = 2\nseeds = [1, 2]\n'


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run as the reference would have it, without our notes."""
    home = tmp_path_factory.mktemp("theirs")
    victim.played(home, rounds=3)
    assert execute(["export", str(home / NAME), str(home / "out"), "--to", "sim-storage"]) == 0
    (home / "out" / "repunet.json").unlink()
    return home / "out"


@pytest.mark.parametrize(
    ("what", "times"), [*MOMENTS, *(pytest.param(*m, marks=pytest.mark.slow) for m in MORE)]
)
def test_an_import_that_is_killed_leaves_nothing_or_all(
    what: str, times: int, theirs: Path, tmp_path: Path
) -> None:
    words = ["import", str(theirs), "--treatment", "full", "--name"]
    assert execute([*words, "whole", "--storage", str(tmp_path)]) == 0
    command = [sys.executable, victim.__file__, "do", str(tmp_path), " ".join([*words, "half"])]
    command += [what, str(times)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == -signal.SIGKILL, done.stderr
    half = tmp_path / "half" / "run.sqlite"
    assert half.exists() or execute([*words, "half", "--storage", str(tmp_path)]) == 0
    assert story(half) == story(tmp_path / "whole" / "run.sqlite")


def copies(folder: Path, when: dict[int, str]) -> tuple[str, list[list[str]]]:
    """Play a run, and copy files of it after some of its rounds; return the whole story."""
    with begun(folder) as run:
        path = run.journal.path

        def copying(round_: int, _events: object, _society: object) -> None:
            for name in when.get(round_, "").split():
                (folder / "copy").mkdir(exist_ok=True)
                copy(path.with_name(name), folder / "copy" / name)

        asyncio.run(run.play(copying))
    return story(path)


@pytest.mark.parametrize(
    "when",
    [
        {2: "run.sqlite", 4: "run.sqlite-wal"},
        {2: "run.sqlite-wal", 4: "run.sqlite"},
        {3: "run.sqlite"},
        {3: "run.sqlite run.sqlite-wal"},
        {3: "run.sqlite run.sqlite-shm"},
    ],
    ids=["log later", "log earlier", "log lost", "index lost", "log lost, index not"],
)
def test_a_run_copied_while_it_is_written_is_its_beginning_or_no_run_file(
    when: dict[int, str], tmp_path: Path
) -> None:
    digest, rounds = copies(tmp_path, when)
    torn = tmp_path / "copy" / "run.sqlite"
    kept = readable(torn)
    if kept is not None:
        assert kept == rounds[: len(kept)]
        assert resume(torn) == digest


def readable(path: Path) -> list[list[str]] | None:
    """Return the events of each round of a run that can be read, None if the file is refused."""
    try:
        with Journal.open(path) as journal:
            journal.verify()
            return [journal.bodies(n + 1) for n in range(journal.rounds)]
    except RepuNetError:
        return None


def digests(home: Path) -> dict[str, str]:
    return {path.parent.name: story(path)[0] for path in home.glob("g/*/run.sqlite")}


def together(folder: Path, count: int) -> list[tuple[int, str]]:
    """Let sweeps of the same runs begin at once; return how each of them ended."""
    command = [sys.executable, "-m", "repunet.cli", "sweep", "g.toml", "--on", "local", "--json"]
    pipe = subprocess.PIPE
    all_ = [
        subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=pipe, text=True)
        for _ in range(count)
    ]
    ended = [(each.communicate(timeout=10 * PATIENCE), each.returncode) for each in all_]
    return [(code, out if code == 0 else err) for (out, err), code in ended]


@pytest.mark.slow
@pytest.mark.parametrize("count", [20])
def test_sweeps_in_one_folder_at_once_make_what_one_makes(count: int, tmp_path: Path) -> None:
    (tmp_path / "g.toml").write_text(GRID)
    assert [code for code, _ in together(tmp_path, 1)] == [0]
    alone = digests(tmp_path / "runs")
    rmtree(tmp_path / "runs")
    for code, said in together(tmp_path, count):
        if code == 0:
            assert {run["status"] for run in json.loads(said)["runs"]} == {"done"}
        else:
            assert len(said.strip().splitlines()) == 1
    assert digests(tmp_path / "runs") == alone
