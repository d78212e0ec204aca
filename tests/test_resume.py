"""A run goes on where it stopped, and becomes the run that had never stopped."""

import sqlite3
from pathlib import Path

import pytest
from victim import MINDS, NAME, ROUNDS, begun, founded, play, played, resume, story

from repunet.errors import Stopped, UsageError
from repunet.minds.embedded.model.parameters import PROFILES, Parameters
from repunet.record.journal import Journal
from repunet.runs.run import Run, begin, reopen
from repunet.world.persona import Participant
from repunet.world.society import Society


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return played(tmp_path, 3)


def changed(path: Path, key: str, value: str) -> Path:
    """Write another fact into the file behind the back of the run."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = ?", (value, key))
    connection.close()
    return path


def noted(path: Path, key: str) -> str | None:
    with Journal.open(path) as journal:
        return journal.meta(key)


def longer(tmp_path: Path, rounds: int) -> tuple[str, list[list[str]]]:
    """Return the story of a run that was planned to have that many rounds from the start."""
    return story(played(tmp_path / "longer", rounds))


def test_a_run_that_is_extended_is_the_longer_run(run: Path, tmp_path: Path) -> None:
    resume(run, 3)
    assert story(run) == longer(tmp_path, 6)


def test_a_run_extended_in_two_steps_is_the_run_extended_in_one(run: Path, tmp_path: Path) -> None:
    resume(run, 1)
    resume(run, 4)
    assert story(run) == longer(tmp_path, 8)


def test_a_run_extended_before_it_was_finished_has_all_rounds(tmp_path: Path) -> None:
    with begun(tmp_path, 3):
        pass
    path = tmp_path / NAME / "run.sqlite"
    resume(path, 2)
    assert story(path) == longer(tmp_path, 5)


def test_the_society_is_the_same_whether_played_or_reopened(tmp_path: Path) -> None:
    with begun(tmp_path) as run:
        play(run)
    with reopen(run.journal.path) as again:
        assert again.society.round == ROUNDS
        assert standings(again.society) == standings(run.society)


def standings(society: Society) -> list[tuple[object, ...]]:
    return [
        (
            agent.wealth,
            agent.self_images,
            [*agent.memory],
            [*agent.reputations],
            society.network.partners(agent.persona.id),
            society.standing(Participant(agent.persona.id, "player")),
        )
        for agent in society.agents.values()
    ]


def test_resuming_a_finished_run_plays_nothing_and_changes_no_byte(run: Path) -> None:
    before, watched = run.read_bytes(), []
    with reopen(run) as again:
        play(again, lambda number, _events, _society: watched.append(number))
    assert (watched, run.read_bytes()) == ([], before)


def test_a_run_is_extended_by_at_least_one_round(run: Path) -> None:
    with reopen(run) as again, pytest.raises(UsageError, match="at least 1 round, not 0"):
        again.extend(0)
    assert noted(run, "planned") == "3"


def test_other_parameters_stop_a_resume(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROFILES, "embedded", Parameters(precision=9.0))
    before = run.read_bytes()
    with pytest.raises(UsageError, match=f"its minds .*repunet resume {run.parent} --branch$"):
        resume(run, 1)
    assert run.read_bytes() == before


def test_another_version_stops_a_resume(run: Path) -> None:
    changed(run, "version", "0.0.9")
    with pytest.raises(UsageError, match=r"begun with RepuNet 0\.0\.9, not .* --branch$"):
        resume(run, 1)
    assert len(story(run)[1]) == 3


def test_a_branch_goes_on_all_the_same_and_says_so_in_the_file(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROFILES, "embedded", Parameters(precision=9.0))
    changed(run, "version", "0.0.9")
    before = story(run)[1]
    resume(run, 2, branch=True)
    assert story(run)[1][:3] == before
    note = noted(run, "branched after round 3") or ""
    assert "minds" in note
    assert "0.0.9" in note


def test_a_change_that_changes_nothing_branches_into_the_same_run(
    run: Path, tmp_path: Path
) -> None:
    resume(changed(run, "version", "0.0.9"), 2, branch=True)
    assert story(run) == longer(tmp_path, 5)
    resume(run, 1)
    assert story(run) == longer(tmp_path / "again", 6)


def test_a_run_that_did_not_change_is_no_branch(run: Path) -> None:
    resume(run, 1, branch=True)
    assert noted(run, "branched after round 3") is None


def test_a_run_asked_to_stop_stops_resumably_after_a_whole_round(tmp_path: Path) -> None:
    with begun(tmp_path) as run, pytest.raises(Stopped) as stopped:
        play(run, None, lambda: run.society.round == 2)
    assert stopped.value.exit_code == 3
    assert str(stopped.value) == (
        f"stopped after round 2 of {ROUNDS}; to go on: repunet resume {tmp_path / NAME}"
    )
    assert len(story(run.journal.path)[1]) == 2


@pytest.mark.slow
def test_a_run_stopped_at_every_round_is_the_run_that_was_not(tmp_path: Path) -> None:
    def one_round(run: Run) -> None:
        before = run.society.round
        with pytest.raises(Stopped):
            play(run, None, lambda: run.society.round > before)

    with begun(tmp_path) as run:
        one_round(run)
    for _ in range(ROUNDS - 2):
        with reopen(run.journal.path) as run:
            one_round(run)
    resume(run.journal.path)
    assert story(run.journal.path) == longer(tmp_path, ROUNDS)


def test_a_run_may_stop_before_its_first_round(tmp_path: Path) -> None:
    with begun(tmp_path) as run, pytest.raises(Stopped, match="stopped after round 0 of 6"):
        play(run, None, lambda: True)
    resume(run.journal.path)
    assert story(run.journal.path) == longer(tmp_path, ROUNDS)


@pytest.mark.slow
def test_agents_keep_their_own_minds_when_a_run_goes_on(tmp_path: Path) -> None:
    minds = {**MINDS, "A01": "defector", "A02": "chance"}
    for name, rounds in (("short", 2), ("long", 5)):
        with begin(founded(minds=minds), rounds, name=name, folder=tmp_path) as run:
            play(run)
    resume(tmp_path / "short/run.sqlite", 3)
    assert story(tmp_path / "short/run.sqlite") == story(tmp_path / "long/run.sqlite")


def test_a_finished_run_can_be_extended_at_another_concurrency(run: Path, tmp_path: Path) -> None:
    resume(run, 2, concurrency=1)
    resume(run, 1, concurrency=5)
    assert story(run) == longer(tmp_path, 6)
