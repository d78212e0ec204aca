"""A run that is killed, at any moment, and resumed is event for event the run left in peace."""

import signal
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest
import victim
from patience import PATIENCE
from societies import mostly_slow
from victim import NAME, ROUNDS, begun, play, played, resume, story

BEFORE_IT_IS_FOUNDED = [
    ("connect", 1),  # there is a folder, with a lock in it, and nothing else
    ("CREATE TABLE meta", 1),
    ("CREATE TABLE events", 1),
    ("PRAGMA user_version =", 1),
    ("INSERT INTO meta", 3),
    ("COMMIT", 1),
    ("rename", 1),  # there is a whole draft
]
RIGHT_AFTER = [
    ("connect", 2),
    ("PRAGMA journal_mode", 2),
    ("SELECT count(*) FROM rounds", 1),
    ("SELECT value FROM meta", 2),
    ("BEGIN", 2),
]
INSIDE_A_COMMIT = [
    *[("INSERT INTO events", n) for n in (1, 2, 30, 60, 100, 140, 180, 230)],
    *[("INSERT INTO rounds", n) for n in (1, 3, 6)],
    *[("COMMIT", n) for n in (2, 4, 7)],
]
AFTER_A_COMMIT = [
    *[("committed", n) for n in range(1, ROUNDS + 1)],
    ("PRAGMA journal_mode = DELETE", 1),  # it is being closed
]

Moment = tuple[str, int]
Story = tuple[str, list[list[str]]]


@pytest.fixture(scope="module")
def in_peace(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return story(played(tmp_path_factory.mktemp("in peace")))


def kill(action: str, folder: Path, what: str, times: int) -> Path:
    """Kill a run at that moment and return where its file is, if there is one."""
    command = [sys.executable, victim.__file__, action, str(folder), NAME, what, str(times)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == -signal.SIGKILL, done.stderr
    return folder / NAME / "run.sqlite"


def torn(folder: Path, to: Path, kept: float) -> Path:
    """Return a copy of a run whose log was written only in part."""
    path = copytree(folder, to) / "run.sqlite"
    log = path.with_name("run.sqlite-wal")
    log.write_bytes(log.read_bytes()[: int(log.stat().st_size * kept)])
    return path


@pytest.mark.parametrize(
    "moment",
    mostly_slow(BEFORE_IT_IS_FOUNDED, BEFORE_IT_IS_FOUNDED[::4]),
    ids=lambda at: f"{at[0]}-{at[1]}",
)
def test_a_run_killed_before_it_is_founded_leaves_its_name_free(
    moment: Moment, tmp_path: Path, in_peace: Story
) -> None:
    path = kill("begin", tmp_path, *moment)
    assert not path.exists()
    assert story(played(tmp_path)) == in_peace
    assert {file.name for file in path.parent.iterdir()} <= {"run.sqlite", "run.lock"} | sidecars()


MOMENTS = RIGHT_AFTER + INSIDE_A_COMMIT + AFTER_A_COMMIT


@pytest.mark.parametrize(
    "moment", mostly_slow(MOMENTS, MOMENTS[::4]), ids=lambda at: f"{at[0]}-{at[1]}"
)
def test_a_run_killed_and_resumed_is_the_run_left_in_peace(
    moment: Moment, tmp_path: Path, in_peace: Story
) -> None:
    path = kill("begin", tmp_path, *moment)
    resume(path)
    assert story(path) == in_peace


@pytest.mark.slow
@pytest.mark.parametrize("rounds", [1, 2, 5])
def test_a_kill_loses_no_round_that_was_committed_and_keeps_no_other(
    rounds: int, tmp_path: Path, in_peace: Story
) -> None:
    path = kill("begin", tmp_path, "committed", rounds)
    assert story(path)[1] == in_peace[1][:rounds]
    path = kill("resume", tmp_path, "COMMIT", 1)
    assert story(path)[1] == in_peace[1][:rounds]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(("INSERT INTO events", 100), ("connect", 1), marks=pytest.mark.slow),
        pytest.param(
            ("INSERT INTO events", 100), ("PRAGMA journal_mode", 1), marks=pytest.mark.slow
        ),
        pytest.param(("COMMIT", 3), ("INSERT INTO events", 50), marks=pytest.mark.slow),
        pytest.param(("committed", 3), ("COMMIT", 1), marks=pytest.mark.slow),
        (("committed", 3), ("committed", 2)),
    ],
)
def test_a_run_may_be_killed_again_while_it_is_resumed(
    first: Moment, second: Moment, tmp_path: Path, in_peace: Story
) -> None:
    kill("begin", tmp_path, *first)
    path = kill("resume", tmp_path, *second)
    resume(path)
    assert story(path) == in_peace


def test_rounds_that_are_only_in_the_log_survive_a_kill(tmp_path: Path, in_peace: Story) -> None:
    path = kill("begin", tmp_path, "committed", 2)
    log = path.with_name("run.sqlite-wal").read_bytes()
    assert all(body.encode() in log for body in in_peace[1][0][:3] + in_peace[1][1][:3])
    assert story(path)[1] == in_peace[1][:2]
    resume(path)
    assert story(path) == in_peace


@pytest.mark.parametrize("kept", [0, 0.001, 0.01, 0.2, 0.4, 0.5, 0.7, 0.9, 0.97, 0.999])
def test_a_log_that_was_written_in_part_loses_whole_rounds(
    kept: float, tmp_path: Path, in_peace: Story
) -> None:
    def copied(round_: int, _events: object, _society: object) -> None:
        if round_ == ROUNDS - 1:
            copytree(tmp_path / NAME, tmp_path / "whole")

    with begun(tmp_path) as run:
        play(run, copied)
    path = torn(tmp_path / "whole", tmp_path / "torn", kept)
    rounds = story(path)[1]
    assert rounds == in_peace[1][: len(rounds)]
    assert len(rounds) < ROUNDS - 1
    resume(path)
    assert story(path) == in_peace


def test_a_draft_has_no_log_that_a_full_disk_could_part_it_from(tmp_path: Path) -> None:
    path = kill("begin", tmp_path, "COMMIT", 1)
    assert path.with_name("run.sqlite.new").exists()
    assert not path.with_name("run.sqlite.new-wal").exists()


def test_a_run_killed_by_its_own_watcher_is_resumed(tmp_path: Path, in_peace: Story) -> None:
    def stumble(round_: int, _events: object, _society: object) -> None:
        if round_ == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), begun(tmp_path) as run:
        play(run, stumble)
    path = tmp_path / NAME / "run.sqlite"
    assert len(story(path)[1]) == 2
    resume(path)
    assert story(path) == in_peace


def sidecars() -> set[str]:
    """Return the files that readers share with writers."""
    return {"run.sqlite-wal", "run.sqlite-shm"}
