"""The pages on how to do things: what they show works.

That on adding a scenario: its files make one, its commands work, its tests pass. That on batches:
its program answers one to the end.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from installing import install, installed
from societies import founded, minds, play

from repunet.cli import execute
from repunet.prompts import render
from repunet.scenarios import scenario, scenarios

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "how-to" / "add-a-scenario.md").read_text("utf-8")
FILES = dict(re.findall(r"^`([\w./-]+)`:\n\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
COMMANDS = [
    line.removeprefix("$ ")
    for block in re.findall(r"^```console\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    for line in block.splitlines()
]
NAME = "stag-hunt"
BATCH = (ROOT / "docs" / "how-to" / "answer-a-batch.md").read_text("utf-8")


@pytest.fixture(autouse=True, scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Write the page's files, and let Python find what they make."""
    folder = tmp_path_factory.mktemp("project")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    with installed(folder, tmp_path_factory.mktemp("site")):
        yield folder


def pytest_in(folder: Path, project: Path, site: Path, *words: str) -> None:
    """Run tests where the project is installed; fail with what they print."""
    places = os.pathsep.join(map(str, install(project, site)))
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    env["PYTHONPATH"] = places
    done = subprocess.run([*command, *words], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert re.search(r"[1-9]\d* passed", done.stdout)


def test_the_page_lists_the_files_that_it_shows() -> None:
    listed = PAGE.split("```\n")[1]
    assert set(listed.split()) == set(FILES)
    assert PAGE.count("```") == 2 * (len(FILES) + 1 + PAGE.count("```console"))


def test_its_scenario_is_short() -> None:
    assert len(FILES["stag_hunt/__init__.py"].splitlines()) < 110


@pytest.mark.parametrize("arm", ["full", "no-gossip", "no-reputation", "none"])
@pytest.mark.parametrize("mind", ["embedded", "chance"])
def test_its_scenario_is_played_and_asked_in_words(arm: str, mind: str) -> None:
    game = play(minds(mind), founded(arm, dilemma=NAME, n=6), 4)
    assert len(game.encounters) == 3 * 4
    assert {asked.at.operation for asked in game.asked} >= {"Hunt", "Reflect", "DecideTie"}
    for asked in game.asked:
        prompt = render(asked.operation)
        assert "hunt the stag, hunt the hare: you 0, the other 3\n" in prompt.system
        assert prompt.user


@pytest.mark.slow
def test_its_commands_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    ours = [line for line in COMMANDS if line.startswith("repunet ")]
    assert len(ours) == 5
    for line in ours:
        assert execute(shlex.split(line)[1:]) == 0, line
    assert "Stag hunt" in capsys.readouterr().out


def test_it_is_listed_with_what_is_at_stake(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["scenarios"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "name stag-hunt, stag_hunt, assurance" in printed
    assert f"cooperation {scenario(NAME).cooperation}" in printed
    assert "hunt the stag 100% 4, 4 0, 3" in printed


@pytest.mark.slow
def test_its_own_tests_pass(project: Path, tmp_path: Path) -> None:
    pytest_in(project, project, tmp_path, "test_stag_hunt.py")


def contract() -> list[str]:
    """Return the words of the command that holds the scenario to our tests."""
    (line,) = (line for line in COMMANDS if " -k " in line)
    return line.partition(" pytest ")[2].split()


@pytest.mark.slow
def test_it_keeps_to_the_contract_under_the_full_treatment(project: Path, tmp_path: Path) -> None:
    *files, flag, name = contract()
    assert [(ROOT / file).is_file() for file in files] == [True] * 3
    pytest_in(ROOT, project, tmp_path, files[0], flag, f"{name} and full and embedded")


@pytest.mark.slow
def test_it_keeps_to_every_contract_that_the_page_names(project: Path, tmp_path: Path) -> None:
    pytest_in(ROOT, project, tmp_path, *contract())


def test_what_is_listed_fits_a_narrow_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["scenarios"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_scripts_get_every_scenario_with_its_payoffs(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["scenarios", "--json"]) == 0
    found = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert found.keys() == scenarios().keys()
    assert all(each["roles"] and each["cooperation"] and each["source"] for each in found.values())
    stag, hare = found[NAME]["stakes"]["options"]
    assert (stag["met"], stag["unmet"], hare["met"], hare["unmet"]) == (
        [4, 4], [0, 3], [3, 0], [3, 3],
    )  # fmt: skip
    assert {each["kind"] for each in found.values()} <= {"game", "provision", "trust"}


def batch_commands() -> list[str]:
    """Return what to type, in the order of the page on batches."""
    return re.findall(r"^\$ (.*)$", BATCH, re.MULTILINE)


def written(folder: Path) -> dict[str, Any]:
    """Return the requests that wait, by id."""
    lines = (folder / "batch" / "requests.jsonl").read_text("utf-8").splitlines()
    return {request["custom_id"]: request for request in map(json.loads, lines)}


def test_a_batch_is_answered_as_its_page_says_until_the_run_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (script,) = re.findall(
        r"`answer.py`:\n\n```python\n(.*?)^```$", BATCH, re.DOTALL | re.MULTILINE
    )
    (tmp_path / "answer.py").write_text(script)
    begin, _, answer, resume = batch_commands()
    assert execute(shlex.split(begin)[1:]) == 3
    assert capsys.readouterr().err.splitlines()[-1] in BATCH
    for _ in range(20):
        subprocess.run([sys.executable, *shlex.split(answer)[1:]], check=True)
        if (code := execute(shlex.split(resume)[1:])) != 3:
            break
    assert code == 0
    assert "missing decisions, of all" in capsys.readouterr().out


def test_the_request_on_the_page_is_one_that_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert execute(shlex.split(batch_commands()[0])[1:]) == 3
    shown = json.loads(re.findall(r"```json\n(.*?)```", BATCH, re.DOTALL)[0])
    real = written(tmp_path)[shown["custom_id"]]
    messages = zip(shown["body"].pop("messages"), real["body"].pop("messages"), strict=True)
    assert shown == real
    for short, long in messages:
        assert short["role"] == long["role"]
        parts = [part.strip() for part in short["content"].split("...")]
        assert [part for part in parts if part not in long["content"]] == []


def test_each_answer_on_the_page_is_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, resume, *_ = batch_commands()
    lines = re.findall(r"```json\n(.*?)```", BATCH, re.DOTALL)[1].splitlines()
    assert [next(reversed(json.loads(line))) for line in lines] == ["answer", "text", "response"]
    for number, line in enumerate(lines):
        (tmp_path / str(number)).mkdir()
        monkeypatch.chdir(tmp_path / str(number))
        assert execute(shlex.split(begin)[1:]) == 3
        before = written(Path())
        Path("batch", "any.jsonl").write_text(line)
        assert execute(shlex.split(resume)[1:]) == 3
        assert before.keys() - written(Path()).keys() == {json.loads(line)["custom_id"]}
        assert len(written(Path())) == 3
