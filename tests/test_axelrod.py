"""Strategies of the Axelrod library as minds; slow, and only where the library is installed."""

import json
import sys
from pathlib import Path

import pytest
from societies import everyone, founded, play

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.axelrod_matches import STRATEGIES, measured, written
from repunet.cli import execute
from repunet.errors import UsageError
from repunet.minds.axelrod import AxelrodMind
from repunet.minds.router import make_mind
from repunet.record.journal import Journal
from repunet.scenarios.donor import DonorGame
from repunet.scenarios.pd import PrisonersDilemma
from repunet.validation.arena import Arena, arena, minds_of
from repunet.validation.checks.matches import library_scores
from repunet.world.population import population
from repunet.world.stakes import Game

axelrod = pytest.importorskip("axelrod")
pytestmark = pytest.mark.slow

STOCHASTIC = "axelrod:Random", "axelrod:FirstByJoss"
RUN = ["run", "pd", "--agents", "6", "--seed", "4", "--quiet"]


def digest(place: Path) -> str:
    with Journal.open(place / "run.sqlite") as journal:
        return journal.digest()


@pytest.mark.parametrize(("ours", "theirs"), STRATEGIES.items())
def test_a_strategy_of_ours_and_the_library_s_give_the_same_run(ours: str, theirs: str) -> None:
    people = population(6, "pd")
    runs = [
        play(everyone(f"A01={name}", f"A02={name}", "chance", people=people), founded(), 25).events
        for name in (ours, f"axelrod:{theirs}")
    ]
    assert runs[0] == runs[1]


def test_the_published_scores_are_those_of_the_library() -> None:
    assert json.loads(written(measured())) == library_scores()


@pytest.mark.parametrize("name", sorted(s.__name__ for s in axelrod.ordinary_strategies))
def test_any_strategy_can_sit_in_a_society_and_be_resumed(name: str) -> None:
    minds = (f"axelrod:{name}", "memory-one")
    whole, begun = arena("pd", minds, seed=3), arena("pd", minds, seed=3)
    expected, first = whole.play(9), begun.play(5)
    people = [agent.persona for agent in whole.society.agents.values()]
    resumed = Arena("pd", minds_of(people, minds, 3), people=people, seed=3)
    for event in first:
        resumed.society.apply(event)
    assert first + resumed.play(4) == expected


@pytest.mark.parametrize("mind", STOCHASTIC)
def test_a_resumed_run_has_the_digest_of_one_left_in_peace(mind: str, tmp_path: Path) -> None:
    words = [*RUN, "--mind", "embedded", "--mind", f"A01={mind}", "--storage", str(tmp_path)]
    assert execute([*words, "--rounds", "8", "--name", "whole"]) == 0
    assert execute([*words, "--rounds", "3", "--name", "parts"]) == 0
    assert execute(["resume", str(tmp_path / "parts"), "--rounds", "5", "--quiet"]) == 0
    assert digest(tmp_path / "whole") == digest(tmp_path / "parts")
    assert execute(["verify", str(tmp_path / "parts")]) == 0
    assert execute(["replay", str(tmp_path / "parts")]) == 0


def test_a_fork_that_changes_nothing_goes_on_as_the_run_did(tmp_path: Path) -> None:
    words = [*RUN, "--mind", "axelrod:Random", "--storage", str(tmp_path)]
    assert execute([*words, "--rounds", "8", "--name", "whole"]) == 0
    forking = ["fork", str(tmp_path / "whole"), "--at", "3", "--name", "again", "--quiet"]
    assert execute([*forking, "--storage", str(tmp_path)]) == 0
    assert digest(tmp_path / "whole") == digest(tmp_path / "again")


def test_luck_belongs_to_the_seed_and_to_who_meets_whom() -> None:
    one, again, other = (arena("pd", ("axelrod:Random",) * 2, seed=s).play(20) for s in (1, 1, 2))
    assert one == again != other
    moves = [[act.move for act in e.encounter.acts] for e in one if e.kind == "encounter_ended"]
    assert any(first != second for first, second in moves)


def test_it_knows_what_is_at_stake_but_not_for_how_long() -> None:
    mind = make_mind("axelrod:Random", 1)
    assert isinstance(mind, AxelrodMind)
    for game, stakes in (
        (PrisonersDilemma.stakes, (3, 0, 5, 1)),
        (DonorGame.stakes, (2, -1, 3, 0)),
    ):
        assert isinstance(game, Game)
        known = mind.seat(game, ("A01", "A02")).match_attributes
        r, p, s, t = known["game"].RPST()
        assert (known["length"], (r, s, t, p)) == (-1, stakes)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("axelrod", "say which strategy of the library: axelrod:Grudger"),
        ("axelrod:Gruger", 'did you mean "Grudger"'),
        ("axelrod:Darwin", 'unknown strategy of the Axelrod library "Darwin"'),
        ("axelrod:Random,q=1", 'unknown parameter of Random "q"'),
        ("axelrod:Random,p=much", "p takes a number, not 'much'"),
    ],
)
def test_what_the_library_does_not_have_is_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        make_mind(text, 1)


def test_numbers_of_a_strategy_are_set_in_its_name() -> None:
    never = arena("pd", ("axelrod:Random,p=0", "axelrod:Random,p=1")).play(6)
    acts = [act for e in never if e.kind == "encounter_ended" for act in e.encounter.acts]
    assert {(act.agent, act.move) for act in acts} == {("A01", "defect"), ("A02", "cooperate")}
    assert make_mind("axelrod:Random,p=0", 1).name == "axelrod:Random,p=0"


@pytest.mark.parametrize("scenario", ["participation", "investment"])
def test_a_dilemma_without_options_is_refused(
    scenario: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", scenario, "--agents", "4", "--rounds", "1", "--mind", "axelrod:Grudger"]
    assert execute([*words, "--quiet", "--storage", str(tmp_path)]) == 2
    assert "choose another mind or scenario" in capsys.readouterr().err


def test_the_version_of_the_library_is_part_of_what_a_run_depends_on() -> None:
    assert make_mind("axelrod:Grudger", 1).describe()["axelrod"] == axelrod.__version__
