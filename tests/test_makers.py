"""Every output says which mind made what it shows, and that `fake-llm` makes its answers up."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from language_societies import MODEL, company, digest, played, resumed, served, terms

from repunet.analysis.makers import MADE_UP, NOTES
from repunet.cli import execute
from repunet.errors import Stopped
from repunet.fake_llm import Faults
from repunet.models.made_up import MARK

NOTE = NOTES[1].text
ONE = f"mind: {MODEL} {MADE_UP}."


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two runs, of one round, whose answers were made up."""
    folder = tmp_path_factory.mktemp("made up")
    with served():
        for seed in (1, 2):
            played(folder, company(seed=seed), name=f"s{seed}")
    return folder


def out(capsys: Any, *words: str) -> str:
    assert execute(list(words)) == 0
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
@pytest.mark.parametrize("words", ["show s1", "resume s1", "report s1", "figures s1"])
def test_commands_say_that_answers_were_made_up(
    words: str, home: Path, tmp_path: Path, capsys: Any
) -> None:
    where = {
        "figures": ["--output", str(tmp_path)],
        "report": ["--output", str(tmp_path / "a.html")],
    }
    command, run = words.split()
    said = out(capsys, command, run, "--storage", str(home), *where.get(command, []))
    assert MADE_UP in said
    assert NOTE in said


def test_compare_and_runs_say_that_answers_were_made_up(home: Path, capsys: Any) -> None:
    assert MADE_UP in out(capsys, "runs", "--storage", str(home))
    assert NOTE in out(capsys, "compare", "s1", "s2", "--storage", str(home))


def test_scripts_are_told_that_answers_were_made_up(
    home: Path, tmp_path: Path, capsys: Any
) -> None:
    runs = json.loads(out(capsys, "runs", "--json", "--storage", str(home)))
    assert {run["mind"] for run in runs} == {f"{MODEL} {MADE_UP}"}
    words = ("export", "s1", str(tmp_path), "--to", "jsonl", "--storage", str(home))
    assert NOTE in out(capsys, *words)
    assert json.loads((tmp_path / "tables.json").read_text("utf-8"))["mind"].endswith(MADE_UP)


def test_a_fork_of_a_run_that_was_made_up_says_so(home: Path, capsys: Any) -> None:
    words = ("fork", "s1", "--at", "1", "--rounds", "1", "--name", "f", "--storage", str(home))
    with served():
        assert MADE_UP in out(capsys, *words)
    assert MADE_UP in out(capsys, "show", "f", "--storage", str(home))


def test_a_sweep_says_that_answers_were_made_up(tmp_path: Path, capsys: Any) -> None:
    grid = tmp_path / "g.toml"
    grid.write_text(f"scenarios = ['pd']\nmodels = ['{MODEL}']\nagents = 4\nrounds = 1\n")
    with served():
        assert NOTE in out(capsys, "sweep", str(grid), "--storage", str(tmp_path))
    again = json.loads(out(capsys, "sweep", str(grid), "--json", "--storage", str(tmp_path)))
    assert again["runs"][0]["mind"] == f"{MODEL} {MADE_UP}"


def test_the_mark_stays_when_another_server_goes_on(tmp_path: Path, capsys: Any) -> None:
    with served(faults=Faults(server_error=1.0)), pytest.raises(Stopped):
        played(tmp_path, terms=terms(deadline=0.1))
    path = tmp_path / "a" / "run.sqlite"
    with served():
        resumed(path)
    assert ONE in out(capsys, "show", "a", "--storage", str(tmp_path))


def test_the_mark_is_in_no_digest(home: Path, tmp_path: Path) -> None:
    path = home / "s1" / "run.sqlite"
    copy = tmp_path / "run.sqlite"
    copy.write_bytes(path.read_bytes())
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT DISTINCT served FROM attempts").fetchall() == [
            (f"{MARK}:fake",)
        ]
        connection.execute("UPDATE attempts SET served = 'fake'")
    assert digest(copy) == digest(path)
