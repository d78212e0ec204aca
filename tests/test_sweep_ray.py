"""Sweeps on Ray: a worker that is lost costs only the runs it was playing, and none is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from repunet.record.journal import Journal

pytest.importorskip("ray")
pytestmark = pytest.mark.slow

GRID = """
scenario = "pd"
treatments = ["full", "none"]
seeds = [1, 2, 3, 4]
mind = "embedded"
agents = 12
rounds = 120
"""


def sweep(folder: Path, *words: str) -> "subprocess.Popen[str]":
    (folder / "grid.toml").write_text(GRID)
    command = [sys.executable, "-m", "repunet.cli", "sweep", "grid.toml", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, stdout=pipe, stderr=pipe, text=True)


def ended(process: "subprocess.Popen[str]", code: int = 0) -> str:
    out, err = process.communicate(timeout=240)
    assert process.returncode == code, err
    return out


def digests(folder: Path) -> dict[str, tuple[int, str]]:
    found = {}
    for path in folder.glob("runs/grid/*/run.sqlite"):
        with Journal.open(path) as journal:
            journal.verify()
            found[path.parent.name] = journal.rounds, journal.digest()
    return found


@pytest.fixture(scope="module")
def in_peace(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    folder = tmp_path_factory.mktemp("in peace")
    ended(sweep(folder, "--on", "local", "--quiet"))
    return digests(folder)


def writers(folder: Path) -> set[int]:
    """Return the processes that are writing runs."""
    return {int(lock.read_text()) for lock in folder.glob("runs/grid/*/run.lock") if held(lock)}


def held(lock: Path) -> bool:
    text = lock.read_text().strip()
    return bool(text) and Path(f"/proc/{text}").exists() and not finished(lock)


def finished(lock: Path) -> bool:
    return lock.with_name("run.sqlite").exists() and not lock.with_name("run.sqlite-wal").exists()


def until_playing(folder: Path) -> int:
    """Wait until a run has been finished and others are being played; return who plays one."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        done = [lock for lock in folder.glob("runs/grid/*/run.lock") if finished(lock)]
        if done and (playing := writers(folder)):
            return min(playing)
        time.sleep(0.02)
    raise AssertionError("nobody plays")


def test_a_worker_that_is_killed_costs_no_run(tmp_path: Path, in_peace: dict[str, Any]) -> None:
    process = sweep(tmp_path, "--on", "ray", "--jobs", "2", "--json")
    os.kill(until_playing(tmp_path), signal.SIGKILL)
    runs = json.loads(ended(process))["runs"]
    assert {run["status"] for run in runs} == {"done"}
    assert digests(tmp_path) == in_peace


def test_a_sweep_that_is_interrupted_goes_on_elsewhere(
    tmp_path: Path, in_peace: dict[str, Any]
) -> None:
    process = sweep(tmp_path, "--on", "ray", "--jobs", "2")
    until_playing(tmp_path)
    process.send_signal(signal.SIGINT)
    assert "stopped" in ended(process, code=3)
    ended(sweep(tmp_path, "--on", "processes"))
    assert digests(tmp_path) == in_peace


def test_a_sweep_that_is_killed_goes_on_elsewhere(tmp_path: Path, in_peace: dict[str, Any]) -> None:
    process = sweep(tmp_path, "--on", "ray", "--jobs", "2")
    until_playing(tmp_path)
    process.kill()
    process.communicate()
    ended(sweep(tmp_path, "--on", "processes"))
    assert digests(tmp_path) == in_peace
