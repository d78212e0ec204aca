"""The documents: every page that is made is as made, every command in them works, links lead on."""

import re
import runpy
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from repunet.cli import execute
from repunet.minds.roster import mind_names

ROOT = Path(__file__).parents[1]
PAGES = runpy.run_path(str(ROOT / "docs" / "generate.py"))["PAGES"]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
FENCE = re.compile(r"```console\n(.*?)```", re.DOTALL)


def commands(document: Path) -> list[str]:
    lines = "".join(FENCE.findall(document.read_text())).splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ repunet")]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_the_code_is_as_made(name: str) -> None:
    make: Callable[[], str] = PAGES[name]
    assert (ROOT / "docs" / name).read_text() == make(), "make docs"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in LINK.findall(document.read_text()):
        assert (document.parent / target).exists(), target


def test_every_mind_is_described() -> None:
    described = (ROOT / "docs" / "minds.md").read_text()
    assert [name for name in mind_names() if f"`{name}" not in described] == []


def test_the_readme_s_study_runs_as_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written = commands(ROOT / "README.md")
    assert len(written) > 5
    for line in written:
        assert execute(shlex.split(line)[1:]) == 0, line


def test_the_readme_shows_what_the_demo_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert execute(["demo", "--quiet"]) == 0
    printed = [line.strip() for line in capsys.readouterr().out.splitlines() if line.strip()]
    block = (ROOT / "README.md").read_text().split("<!-- demo -->\n```\n")[1].split("```")[0]
    assert [line.strip() for line in block.splitlines() if line.strip()] == printed
