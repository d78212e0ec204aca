"""The documents: every page that is made is as made, every command in them works, links lead on."""

import pkgutil
import re
import runpy
import shlex
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from repunet.cli import app, execute
from repunet.fake_llm import Settings, serving
from repunet.minds.router import mind_names
from repunet.models.endpoint import COMPATIBLE, Provider

ROOT = Path(__file__).parents[1]
MAKER = runpy.run_path(str(ROOT / "docs" / "generate.py"))
PAGES, MEASURED = MAKER["PAGES"], MAKER["MEASURED"]
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
FENCE = re.compile(r"```console\n(.*?)```", re.DOTALL)
KEY = "OPENAI_API_KEY"


def commands(document: Path) -> list[str]:
    lines = "".join(FENCE.findall(document.read_text())).splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ repunet")]


@pytest.fixture
def openai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a fake server answer in the place of OpenAI, whose prices and key are asked for."""
    with serving(Settings()) as server:
        monkeypatch.setitem(COMPATIBLE, "openai", Provider(server.url, KEY))
        monkeypatch.setenv(KEY, "sk-of-a-test")
        yield


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_the_code_is_as_made(name: str) -> None:
    make: Callable[[], str] = PAGES[name]
    assert (ROOT / "docs" / name).read_text() == make(), "make docs"


@pytest.mark.parametrize("name", MEASURED)
def test_a_page_with_sizes_of_the_code_is_nearly_as_made(name: str) -> None:
    kept, made = (ROOT / "docs" / name).read_text(), MEASURED[name]()
    assert NUMBER.sub("0", kept) == NUMBER.sub("0", made), "make docs"
    pairs = zip(sizes(kept), sizes(made), strict=True)
    assert [pair for pair in pairs if abs(pair[0] - pair[1]) > 3 + 0.1 * pair[1]] == [], "make docs"


def sizes(page: str) -> list[float]:
    """Return the numbers of a page, in its order."""
    return [float(number.replace(",", "")) for number in NUMBER.findall(page)]


def test_every_word_of_the_glossary_is_told_once_with_names_that_there_are() -> None:
    terms = tomllib.loads((ROOT / "docs" / "glossary.toml").read_text())["term"]
    names = [term["name"] for term in terms]
    assert len(names) == len(set(names)) > 50
    for code in (term["code"] for term in terms if "code" in term):
        assert pkgutil.resolve_name(code), code


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in LINK.findall(document.read_text()):
        assert (document.parent / target).exists(), target


def test_every_mind_is_described() -> None:
    described = (ROOT / "docs" / "minds.md").read_text()
    assert [name for name in mind_names() if f"`{name}" not in described] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_is_one_that_there_is(document: Path) -> None:
    for line in commands(document):
        app.parse_args(shlex.split(line)[1:], exit_on_error=False, print_error=False)


@pytest.mark.slow
@pytest.mark.usefixtures("openai")
def test_the_readme_s_study_runs_as_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written = commands(ROOT / "README.md")
    assert len(written) > 8
    for line in written:
        if " validate " in line:  # long, and tried by the tests of that command
            continue
        assert execute(shlex.split(line)[1:]) == 0, line


@pytest.mark.slow
def test_the_readme_shows_what_the_demo_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert execute(["demo", "--quiet"]) == 0
    printed = [line.strip() for line in capsys.readouterr().out.splitlines() if line.strip()]
    block = (ROOT / "README.md").read_text().split("<!-- demo -->\n```\n")[1].split("```")[0]
    assert [line.strip() for line in block.splitlines() if line.strip()] == printed


@pytest.mark.slow
@pytest.mark.usefixtures("openai")
def test_a_first_run_of_a_language_model_goes_as_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = commands(ROOT / "docs" / "how-to" / "ask-a-language-model.md")
    paid = [line for line in lines if re.search(r" doctor --model openai:| paid$", line)]
    assert len(paid) == 6
    for line in paid:
        assert execute(shlex.split(line)[1:]) == 0, line
    assert re.search(r"all +\d+ +0 .+\$0\.\d+", capsys.readouterr().out)
    ask_the_file(tmp_path)


def ask_the_file(folder: Path) -> None:
    """Put the questions of the page on run files to the run that is there."""
    page = (ROOT / "docs" / "run-file.md").read_text()
    with sqlite3.connect(folder / "runs" / "paid" / "run.sqlite") as file:
        for query in re.findall(r"```sql\n(.*?)```", page, re.DOTALL):
            file.execute(query).fetchall()
        tables = {table for (table,) in file.execute("SELECT name FROM sqlite_master")}
        for table in tables & {"attempts", "decisions"}:
            columns = [row[1] for row in file.execute(f"PRAGMA table_info({table})")]
            assert [name for name in columns if f"`{name}`" not in page] == []
    (script,) = re.findall(r"`asked.py`:\n\n```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    (folder / "asked.py").write_text(script)
    (command,) = re.findall(r"^\$ python (.*)$", page, re.MULTILINE)
    asked = [sys.executable, *shlex.split(command)]
    done = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=True)
    assert "--- system\n# The situation" in done.stdout
    assert '--- answer\n{"move": ' in done.stdout
