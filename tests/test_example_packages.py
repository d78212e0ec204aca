"""The packages in `examples/`, installed: a game of two options and a mind from elsewhere."""

from pathlib import Path
from typing import Any

import pytest
from cloning import ROOT
from installing import installed
from societies import founded, minds, play

from repunet.cli import execute
from repunet.minds.router import make_mind
from repunet.scenarios import scenario
from repunet.world.event import EncounterEnded

EXAMPLES = ROOT / "examples"


def test_a_game_of_two_options_is_a_declaration(tmp_path: Path) -> None:
    with installed(EXAMPLES / "snowdrift", tmp_path):
        game = play(minds("chance"), founded(dilemma="snowdrift", n=6), 6)
        acts = [act for event in game.all(EncounterEnded) for act in event.encounter.acts]
        assert {act.move for act in acts} == set(scenario("snowdrift").options)
        assert {act.cooperation for act in acts} == {0.0, 1.0}


@pytest.mark.parametrize("words", ["discriminator", "discriminator,threshold=0.2"])
def test_a_mind_from_elsewhere_plays_and_is_verified(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with installed(EXAMPLES / "discriminator", tmp_path / "site"):
        assert make_mind(words, 1).describe()["name"].startswith("discriminator")
        given = ["--agents", "4", "--rounds", "2", "--mind", words, "--name", "a"]
        assert execute(["run", "pd", *given]) == 0
        assert execute(["verify", "a"]) == 0
        assert execute(["resume", "a", "--rounds", "1"]) == 0
    assert execute(["resume", "a", "--rounds", "1"]) == 2


def test_a_setting_that_a_mind_from_elsewhere_does_not_know_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with installed(EXAMPLES / "discriminator", tmp_path / "site"):
        assert execute(["run", "pd", "--mind", "discriminator,threshold=2"]) == 2
    assert "threshold is a score from -1 to 1, not 2" in capsys.readouterr().err


def test_the_mind_on_the_page_plays_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "how-to" / "add-a-mind.md").read_text("utf-8")
    namespace: dict[str, Any] = {"__name__": "page"}
    exec(page.partition("```python\n")[2].partition("```")[0], namespace)
    assert namespace["run"].summary.cooperation == (1.0, 1.0, 1.0, 1.0)
