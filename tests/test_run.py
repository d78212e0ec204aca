"""Runs: where they live, what they are called, who may write them, and what they are founded on."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
import victim
from filelock import FileLock
from patience import PATIENCE
from victim import MINDS, NAME, begun, founded, play, played, resume, story

from repunet.errors import UsageError
from repunet.record.journal import Journal
from repunet.record.storage import VARIABLE as STORAGE
from repunet.record.storage import called, locate, run_files
from repunet.record.storage import home as storage
from repunet.runs.run import begin, found, reopen
from repunet.world.encounter import Encounter
from repunet.world.event import Event
from repunet.world.population import population
from repunet.world.society import Society
from repunet.world.treatment import TREATMENTS

AUTOMATIC = "pd-full-s1"


@contextmanager
def process(action: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Let another process have a run, until it is told to go on or this block ends."""
    command = [sys.executable, victim.__file__, action, str(folder), NAME]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as other:
        try:
            yield other
        finally:
            with suppress(BrokenPipeError):
                other.communicate("\n\n", timeout=PATIENCE)


def said(other: subprocess.Popen[str]) -> str:
    assert other.stdout is not None
    return other.stdout.readline().strip()


def tell(other: subprocess.Popen[str]) -> None:
    assert other.stdin is not None
    other.stdin.write("\n")
    other.stdin.flush()


def everything_in(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# A place of its own --------------------------------------------------------------------------


def test_a_run_is_not_begun_where_there_is_one_already(tmp_path: Path) -> None:
    played(tmp_path, 1)
    before = everything_in(tmp_path)
    with pytest.raises(UsageError, match=f"a run {NAME} in .* repunet resume {tmp_path / NAME}$"):
        played(tmp_path, 2)
    assert everything_in(tmp_path) == before


@pytest.mark.parametrize(
    "name",
    ["../x", "", "a/b", "a\\b", ".hidden", "..", "-x", "a b", "a\n", "/tmp/x", "é", "a" * 300, "~"],
)
def test_a_name_that_could_not_be_a_folder_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't name a run"):
        played(tmp_path / "home", name=name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a", "A-1_b.c", "7", "x" * 100])
def test_a_plain_name_names_a_run(name: str, tmp_path: Path) -> None:
    assert played(tmp_path, 1, name=name) == tmp_path / name / "run.sqlite"


def test_automatic_names_say_what_is_run_and_are_numbered(tmp_path: Path) -> None:
    names = [played(tmp_path, 1, name=None).parent.name for _ in range(3)]
    assert names == [AUTOMATIC, f"{AUTOMATIC}-2", f"{AUTOMATIC}-3"]


def test_a_treatment_with_many_switches_still_names_a_run(tmp_path: Path) -> None:
    odd = replace(TREATMENTS["full"], witnesses=0.3, error=0.123456789, rewiring=False)
    odd = replace(odd, order_by_standing=True, choice_probability=0.987654321, gossip_window=10**9)
    odd = replace(odd, memory_window=123456, alter_memory=10**8, show_knew_before=False)
    with begin(founded(treatment=odd), 1, folder=tmp_path) as run:
        assert run.name.startswith("pd-full-")


def test_a_folder_without_a_run_in_it_is_free(tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "notes.txt").write_text("mine")
    played(tmp_path, 1)
    assert (tmp_path / NAME / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_place_that_cannot_be_written_is_refused(below: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match=f"can't write in .*--storage or {STORAGE}") as refused:
        played(tmp_path / "file" / below)
    assert refused.value.exit_code == 2
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.parametrize("rounds", [0, -3])
def test_a_run_has_at_least_one_round(rounds: int, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"at least 1 round, not {rounds}"):
        played(tmp_path / "home", rounds)
    assert list(tmp_path.iterdir()) == []


def test_a_concurrency_below_one_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        played(tmp_path / "home", concurrency=-1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [0, 1])
def test_a_society_has_at_least_two_agents(size: int) -> None:
    people = population(8, "pd")[:size]
    with pytest.raises(UsageError, match=f"at least 2 agents, who meet at once, not {size}"):
        found("pd", TREATMENTS["full"], people, 1, MINDS)


@pytest.mark.parametrize("size", [2, 3])
def test_the_smallest_societies_play(size: int, tmp_path: Path) -> None:
    manifest = founded(personas=population(8, "pd")[:size])
    with begin(manifest, 3, folder=tmp_path) as run:
        play(run)
        assert run.society.round == 3


def test_personas_must_suit_the_scenario() -> None:
    people = [replace(person, descriptions={"donor": "x"}) for person in population(8, "pd")]
    with pytest.raises(UsageError, match='no description for "pd'):
        founded(personas=people)


@pytest.mark.parametrize(
    ("changed", "hint"),
    [
        ({"scenario_name": "ppd"}, 'did you mean "pd"'),
        ({"minds": {"*": "embeded"}}, 'did you mean "embedded"'),
        ({"minds": {**MINDS, "A01": "chanse"}}, 'did you mean "chance"'),
    ],
)
def test_unknown_names_are_refused_with_a_suggestion(changed: dict[str, object], hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        founded(**changed)


def test_a_founding_describes_the_mind_of_each_agent() -> None:
    minds = {**MINDS, "A02": "chance", "A05": "embedded:sharp"}
    manifest = founded(minds=minds)
    assert {agent: mind["name"] for agent, mind in manifest.minds.items()} == minds
    assert manifest.minds["A05"]["parameters"] != manifest.minds["*"]["parameters"]
    assert [manifest.mind_of(agent) for agent in ("A01", "A02")] == ["embedded", "chance"]
    assert manifest.mind_names == "embedded + chance + embedded:sharp"


# Played --------------------------------------------------------------------------------------


def test_concurrency_changes_nothing_in_the_run_file(tmp_path: Path) -> None:
    stories = [
        story(played(tmp_path, name=f"c{concurrency}", concurrency=concurrency))
        for concurrency in (1, 3, 64, None)
    ]
    assert all(each == stories[0] for each in stories)


def test_the_watcher_is_told_of_each_round_once_it_is_committed(tmp_path: Path) -> None:
    told = []

    def watch(number: int, events: object, society: Society) -> None:
        with Journal.open(tmp_path / NAME / "run.sqlite") as journal:
            assert [written.event for written in journal.events(number)] == events
        told.append((number, society.round))

    with begun(tmp_path, 3) as run:
        play(run, watch)
    assert told == [(1, 1), (2, 2), (3, 3)]


def test_a_run_knows_its_name_its_plan_and_its_place(tmp_path: Path) -> None:
    with begun(tmp_path, 5) as run:
        assert (run.name, run.planned, run.society.round) == (NAME, 5, 0)
        assert run.journal.path == tmp_path / NAME / "run.sqlite"
        assert run.journal.path.is_file()


def test_wealth_is_what_was_earned_in_the_encounters_of_the_file(tmp_path: Path) -> None:
    def met(event: Event) -> list[Encounter]:
        return [event.encounter] if event.kind == "encounter_ended" else []

    with begun(tmp_path) as run:
        before = {agent.persona.id: agent.wealth for agent in run.society.agents.values()}
        play(run)
        for written in run.journal.events():
            for act in (act for encounter in met(written.event) for act in encounter.acts):
                before[act.agent] += act.payoff
        assert before == {a.persona.id: a.wealth for a in run.society.agents.values()}


# Written by one process ----------------------------------------------------------------------


@pytest.mark.slow
def test_a_run_in_use_is_refused_and_says_by_whom(tmp_path: Path) -> None:
    with process("hold", tmp_path) as other:
        pid, path = said(other), tmp_path / NAME / "run.sqlite"
        assert pid == str(other.pid)
        before = everything_in(tmp_path)
        with pytest.raises(UsageError, match=f"written by process {pid}: wait for it"):
            resume(path)
        assert everything_in(tmp_path) == before
        assert story(path)[1] == []
    assert len(resume(path)) == 64


def test_a_run_in_use_by_this_process_is_refused_too(tmp_path: Path) -> None:
    with begun(tmp_path) as run, pytest.raises(UsageError, match=f"process {os.getpid()}"):
        resume(run.journal.path)


def test_a_run_is_free_once_it_is_closed_even_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), begun(tmp_path) as run:
        raise ZeroDivisionError
    assert len(resume(run.journal.path)) == 64


@pytest.mark.slow
def test_the_lock_of_a_killed_process_holds_nobody_up(tmp_path: Path) -> None:
    with process("hold", tmp_path) as other:
        assert said(other)
        other.send_signal(signal.SIGKILL)
        other.wait(30)
    lock = tmp_path / NAME / "run.lock"
    assert lock.read_text() == f"{other.pid}\n"
    assert len(resume(tmp_path / NAME / "run.sqlite")) == 64


@pytest.mark.parametrize("left", ["999999\n", "", "not a number", "1\n"])
def test_a_lock_file_that_nobody_holds_holds_nobody_up(left: str, tmp_path: Path) -> None:
    path = played(tmp_path, 1)
    path.with_name("run.lock").write_text(left)
    assert len(resume(path, 1)) == 64


def test_an_automatic_name_that_another_run_is_just_taking_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / AUTOMATIC).mkdir()
    with FileLock(tmp_path / AUTOMATIC / "run.lock"):
        assert played(tmp_path, 1, name=None).parent.name == f"{AUTOMATIC}-2"


@pytest.mark.slow
def test_runs_begun_at_the_same_time_get_places_of_their_own(tmp_path: Path) -> None:
    with process("automatic", tmp_path) as one, process("automatic", tmp_path) as two:
        assert (said(one), said(two)) == ("ready", "ready")
        tell(one)
        tell(two)
        names = {said(one), said(two)}
    assert names == {AUTOMATIC, f"{AUTOMATIC}-2"}


def test_only_one_of_many_that_want_the_same_name_gets_it(tmp_path: Path) -> None:
    def attempt(_: int) -> str:
        try:
            return str(played(tmp_path, 1))
        except UsageError:
            return "refused"

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(attempt, range(8)))
    assert outcomes == [str(tmp_path / NAME / "run.sqlite")] + ["refused"] * 7
    assert len(story(tmp_path / NAME / "run.sqlite")[1]) == 1


# Found again ---------------------------------------------------------------------------------


def test_runs_live_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STORAGE, str(tmp_path / "there"))
    with begin(founded(), 1, name=NAME) as run:
        assert run.journal.path == tmp_path / "there" / NAME / "run.sqlite"
    assert locate(NAME) == run.journal.path
    assert storage(tmp_path / "here") == tmp_path / "here"


@pytest.mark.parametrize("value", [None, ""])
def test_runs_live_in_the_folder_runs_otherwise(
    value: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(STORAGE, raising=False)
    if value is not None:
        monkeypatch.setenv(STORAGE, value)
    with begin(founded(), 1, name=NAME):
        pass
    assert (tmp_path / "runs" / NAME / "run.sqlite").is_file()


def test_a_run_is_found_by_name_folder_or_file(tmp_path: Path) -> None:
    path = played(tmp_path / "home", 1)
    for run in (NAME, str(path.parent), str(path)):
        assert locate(run, tmp_path / "home") == path


def test_a_name_is_looked_for_in_the_storage_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    inside, beside = played(tmp_path / "home", 1), played(tmp_path, 1)
    assert locate(NAME, tmp_path / "home") == inside
    assert locate(f"./{NAME}", tmp_path / "elsewhere").samefile(beside)


def test_an_unknown_run_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    played(tmp_path, 1, name="first-study")
    with pytest.raises(UsageError, match=r'no run "frist-study".*did you mean "first-study"'):
        locate("frist-study", tmp_path)


@pytest.mark.parametrize("run", ["x", "", ".", "..", "\0", "no/such", "a*"])
def test_where_there_are_no_runs_none_is_found(run: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no run"):
        locate(run, tmp_path / "home")
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_no_file_could_have_names_no_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no run"):
        locate("a" * 300, tmp_path)


def test_a_run_is_called_by_a_word_that_finds_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(STORAGE, raising=False)
    monkeypatch.chdir(tmp_path)
    assert called(played(Path("runs"), 1)) == NAME
    assert called(played(Path("other"), 1)) == f"other/{NAME}"
    assert called(played(Path("with blanks"), 1)) == f"'with blanks/{NAME}'"
    monkeypatch.setenv(STORAGE, "other")
    for path in (Path("runs", NAME, "run.sqlite"), tmp_path / "other" / NAME / "run.sqlite"):
        assert locate(called(path)).samefile(path)


def test_all_run_files_are_listed_by_name(tmp_path: Path) -> None:
    for name in ("b", "c", "a"):
        played(tmp_path, 1, name=name)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    assert run_files(tmp_path) == [tmp_path / name / "run.sqlite" for name in "abc"]
    assert run_files(tmp_path / "nowhere") == []


def test_a_run_that_was_moved_goes_on_under_its_new_name(tmp_path: Path) -> None:
    path = played(tmp_path, 2)
    played(tmp_path, 4, name="whole")
    moved = path.parent.rename(tmp_path / "moved") / "run.sqlite"
    with reopen(moved) as run:
        assert run.name == "moved"
    resume(moved, 2)
    assert story(moved) == story(tmp_path / "whole/run.sqlite")
