"""The command `figures`: draws runs and sweeps into a folder, and says what it did."""

import json
import re
import runpy
import shlex
from pathlib import Path
from unittest.mock import patch

import pytest
from language_societies import company, played

from repunet.analysis.figures.catalogue import FIGURES
from repunet.cli import execute
from repunet.cli.commands import figures as drawing
from repunet.system.extras import installation

DOCS = Path(__file__).parents[1] / "docs"
HOW_TO = (DOCS / "how-to" / "draw-figures.md").read_text("utf-8")


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run, and a sweep of two."""
    folder = tmp_path_factory.mktemp("runs")
    played(folder, company("embedded", seed=3), 2, name="alone")
    for seed in (1, 2):
        played(folder / "sweep", company("embedded", seed=seed), 2, name=f"s{seed}")
    return folder


def figures(storage: Path, *words: object) -> int:
    return execute(["figures", *map(str, words), "--storage", str(storage)])


def test_it_draws_what_was_asked_for_and_says_which_mind_made_it(
    storage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert figures(storage, "alone", "-o", tmp_path / "new", "--only", "wealth,costs") == 0
    names = {file.name for file in (tmp_path / "new").iterdir()}
    assert names == {"wealth.svg", "wealth.png", "costs.svg", "costs.png"}
    said = capsys.readouterr().out
    assert str(tmp_path / "new" / "wealth.svg") in said
    assert "1 run; mind: embedded. The embedded mind is a behavioural stand-in" in said


def test_a_sweep_stands_for_all_its_runs_each_once(
    storage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("sweep", storage / "sweep" / "s1", "alone", "-o", tmp_path, "--format", "svg")
    assert figures(storage, *words, "--only", "cooperation", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["runs"] == 3
    assert told["files"] == [str(tmp_path / "cooperation.svg")]
    assert "(n = 3)" in (tmp_path / "cooperation.svg").read_text()


def test_a_copy_of_a_run_is_no_repetition(
    storage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy" / "run.sqlite"
    copy.parent.mkdir()
    copy.write_bytes((storage / "alone" / "run.sqlite").read_bytes())
    words = ("alone", copy, "-o", tmp_path, "--format", "svg", "--only", "cooperation")
    assert figures(storage, *words) == 0
    said = capsys.readouterr().out
    assert "alone is there more than once, and counts once: copy." in said
    assert "1 run; mind" in said


@pytest.mark.slow
def test_all_figures_are_drawn_if_none_is_named(storage: Path, tmp_path: Path) -> None:
    assert figures(storage, "alone", "-o", tmp_path, "--format", "svg") == 0
    assert {file.stem for file in tmp_path.iterdir()} == set(FIGURES)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("alone", "--only", "netwrk"), 'unknown figure "netwrk" (did you mean "network"?)'),
        (("alone", "--only", " , "), 'unknown figure ""; known: cooperation'),
        (("alone", "--format", "pdf"), 'unknown form "pdf"; known: svg, png'),
        (("nobody",), 'there is no run "nobody"'),
        ((), "name a run, or several"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_line(
    storage: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    complaint: str,
) -> None:
    assert figures(storage, *words, "-o", tmp_path / "none") == 2
    assert complaint in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_figures_that_are_there_stay_unless_forced(
    storage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "costs.svg").write_text("mine")
    words = ("alone", "-o", tmp_path, "--only", "wealth,costs")
    assert figures(storage, *words) == 2
    assert "costs.svg is there already: add --force" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["costs.svg"]
    assert figures(storage, *words, "--force") == 0
    assert (tmp_path / "costs.svg").read_text() != "mine"


def test_without_the_libraries_it_says_what_to_install(
    storage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = {"matplotlib": None, "repunet.analysis.figures.catalogue": None}
    with patch.dict("sys.modules", absent):
        assert figures(storage, "alone", "-o", tmp_path) == 2
    assert installation("analysis") in capsys.readouterr().err


def test_its_help_names_every_figure() -> None:
    assert drawing.FIGURES.split(", ") == list(FIGURES)


@pytest.mark.slow
def test_the_how_to_works_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in re.findall(
        r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", HOW_TO, re.DOTALL | re.MULTILINE
    ):
        Path(name).write_text(text)
    for command, *words in map(shlex.split, re.findall(r"^\$ (.*)$", HOW_TO, re.MULTILINE)):
        if command == "python":
            runpy.run_path(*words)
        else:
            assert execute(words) == 0
    assert "reputation" in Path("standing.svg").read_text()
    assert {file.name for file in Path("slides").iterdir()} == {"cooperation.png", "network.png"}
    listed = re.findall(r"^\| `(\w+)` \|", HOW_TO, re.MULTILINE)
    assert listed == list(FIGURES)


def test_the_figure_of_the_front_page_says_that_no_language_model_made_it() -> None:
    assert "embedded mind, not a language model" in (DOCS / "figures/cooperation.svg").read_text()


@pytest.mark.slow
def test_the_figure_of_the_front_page_is_the_one_that_its_command_draws(tmp_path: Path) -> None:
    assert runpy.run_path(str(DOCS / "figures.py"))["draw"](tmp_path) == 0
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (DOCS / "figures" / file.name).read_bytes()
