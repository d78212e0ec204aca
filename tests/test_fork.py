"""A fork shares its past with another run, to the byte, and goes on under a changed treatment."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from patience import PATIENCE
from societies import Stub, dilemmas, meeting, player, society, state, tie
from victim import MINDS, NAME, ROUNDS, play, played, resume, story

from repunet.analysis.summary import summarise
from repunet.cli import execute
from repunet.errors import Stopped, UsageError
from repunet.minds.embedded.model.parameters import PROFILES, Parameters
from repunet.models.request import Message, Reply, Request, Usage
from repunet.record.attempts import (
    ANSWERED,
    AttemptLog,
    AttemptOutcome,
    Name,
    Sending,
    messages,
    spent,
)
from repunet.record.changes import changes, origin, switched
from repunet.record.journal import MIGRATIONS, EventRecord, Journal
from repunet.runs.forking import BY_ROUND, NAMED
from repunet.runs.run import Run, begin, fork, found, reopen
from repunet.scenarios import scenario
from repunet.simulation import Simulation
from repunet.tracing.replaying import replay
from repunet.tracing.verification import verify
from repunet.world.event import EncounterEnded, Event, GossipHeard, RoundBegan, TreatmentChanged
from repunet.world.population import population
from repunet.world.treatment import TREATMENTS, Treatment

SILENT = {"gossip": "off"}
AT = 3


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("first"))


@pytest.fixture
def silenced(first: Path, tmp_path: Path) -> Path:
    return forked(first, tmp_path, AT, SILENT, name="silenced")


def forked(
    path: Path,
    folder: Path,
    at: int = AT,
    switches: Mapping[str, str] | None = None,
    **options: Any,
) -> Path:
    """Return the file of a fork that has been played to its end."""
    with fork(path, at, switches, folder=folder, **options) as run:
        play(run)
    return run.journal.path


def rows(path: Path, table: str, last: int) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT * FROM {table} WHERE round <= {last}").fetchall()


def all_of(path: Path, kind: type[Event]) -> list[EventRecord]:
    with Journal.open(path) as journal:
        return [written for written in journal.events() if isinstance(written.event, kind)]


def label(path: Path) -> str:
    with Journal.open(path) as journal:
        return summarise(journal).treatment


# The shared past -----------------------------------------------------------------------------


@pytest.mark.parametrize("at", range(ROUNDS + 1))
def test_a_fork_without_changes_becomes_the_run_it_was_forked_from(
    at: int, first: Path, tmp_path: Path
) -> None:
    assert story(forked(first, tmp_path, at)) == story(first)


def test_a_fork_shares_every_row_of_its_past_and_differs_after(first: Path, silenced: Path) -> None:
    for table in ("rounds", "events"):
        assert rows(silenced, table, AT) == rows(first, table, AT) != []
    (_, was), (_, now) = story(first), story(silenced)
    assert now[:AT] == was[:AT]
    assert all(now[number] != was[number] for number in range(AT, ROUNDS))


def test_a_fork_leaves_the_run_it_was_forked_from_as_it_is(first: Path, tmp_path: Path) -> None:
    before = first.read_bytes()
    forked(first, tmp_path, AT, SILENT)
    assert first.read_bytes() == before
    assert {file.name for file in first.parent.iterdir()} == {"run.sqlite", "run.lock"}


def test_a_run_may_be_forked_while_it_is_played(first: Path, tmp_path: Path) -> None:
    with reopen(first) as run:
        run.journal.note("anything", "else")
        assert story(forked(first, tmp_path)) == story(first)


def test_a_fork_says_where_it_comes_from(first: Path, silenced: Path) -> None:
    with Journal.open(silenced) as journal, Journal.open(first) as source:
        came = origin(journal)
        assert came
        assert (came.name, came.round, came.digest) == (NAME, AT, source.digest(AT))
        assert (journal.meta("plan"), journal.meta("planned")) == ("faithful", str(ROUNDS))
        assert origin(source) is None


def test_a_fork_has_the_rest_of_the_run_ahead_or_as_many_rounds_as_it_is_told(
    first: Path, tmp_path: Path
) -> None:
    assert len(story(forked(first, tmp_path, 2, SILENT))[1]) == ROUNDS
    assert len(story(forked(first, tmp_path, 2, SILENT, rounds=1))[1]) == 3
    assert len(story(forked(first, tmp_path, ROUNDS, SILENT, rounds=2))[1]) == ROUNDS + 2


def asked(run: Run, number: int, words: str) -> None:
    """Write down that a language model was asked something in a round, and answered."""
    request = Request("openai", "m", (Message("user", words),), {"title": words})
    sending = Sending(Name("r/x/Op/A01", "Op", "A01"), "first", "m", "text", request)
    log = AttemptLog(run.journal)

    async def ask() -> None:
        attempt = await log.began(sending, number)
        reply = Reply(f"{words}!", "stop", Usage(1, 1))
        await log.ended(attempt, AttemptOutcome(ANSWERED, reply=reply), round_=number)

    asyncio.run(ask())


def test_a_fork_inherits_what_was_asked_of_models_and_spent_nothing(
    first: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy" / "run.sqlite"
    copy.parent.mkdir()
    copy.write_bytes(first.read_bytes())
    with reopen(copy) as run:
        asked(run, 2, "early")
        asked(run, AT + 1, "late")
    with Journal.open(forked(copy, tmp_path)) as journal:
        assert journal.rows("SELECT round, inherited FROM attempts") == [(2, 1)]
        assert [message.content for message in messages(journal, 1)] == ["early"]
        assert len(journal.rows("SELECT * FROM blobs")) == 3
        assert spent(journal).calls == 0


def test_a_run_of_an_older_repunet_can_be_forked(first: Path, tmp_path: Path) -> None:
    old = tmp_path / "old" / "run.sqlite"
    old.parent.mkdir()
    old.write_bytes(first.read_bytes())
    with closing(sqlite3.connect(old)) as connection, connection:
        for table in set(tables()) - {"meta", "rounds", "events"}:
            connection.execute(f"DROP TABLE {table}")
        connection.execute("PRAGMA user_version = 1")
    assert story(forked(old, tmp_path)) == story(first)
    with Journal.open(old) as journal:
        assert journal.schema == 1


def test_every_table_has_a_part_in_forks() -> None:
    assert set(tables()) == {*BY_ROUND, *NAMED, "meta"}


def tables() -> list[str]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript("".join(MIGRATIONS))
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
        return [name for (name,) in connection.execute(query)]


# The change ----------------------------------------------------------------------------------


def test_the_change_is_an_event_right_after_its_round_began(silenced: Path) -> None:
    (changed,) = all_of(silenced, TreatmentChanged)
    assert (changed.round, changed.seq) == (AT + 1, 1)
    assert changed.event == TreatmentChanged(treatment=TREATMENTS["no-gossip"])


def test_gossip_that_is_switched_off_is_never_heard_again(first: Path, silenced: Path) -> None:
    heard = {written.round for written in all_of(first, GossipHeard)}
    assert max(heard) > AT
    assert {written.round for written in all_of(silenced, GossipHeard)} == {
        number for number in heard if number <= AT
    }
    with Journal.open(silenced) as journal:
        after = [d for n in range(AT + 1, ROUNDS + 1) for d in journal.decisions(n)]
    assert not [decided for decided in after if "Gossip" in decided.operation]


def test_two_forks_with_one_change_are_the_same_run(
    first: Path, silenced: Path, tmp_path: Path
) -> None:
    again = forked(first, tmp_path, AT, SILENT, name="again", concurrency=2)
    assert story(again) == story(silenced)


def test_a_switch_that_is_set_as_it_was_changes_nothing(first: Path, tmp_path: Path) -> None:
    assert story(forked(first, tmp_path, AT, {"gossip": "on"})) == story(first)


def test_several_switches_change_at_once(first: Path, tmp_path: Path) -> None:
    path = forked(first, tmp_path, AT, {"gossip": "off", "witnesses": "0.12345678"})
    (changed,) = all_of(path, TreatmentChanged)
    assert changed.event.treatment == replace(TREATMENTS["no-gossip"], witnesses=0.123457)


def test_a_fork_at_the_start_shares_the_founding_alone(first: Path, tmp_path: Path) -> None:
    path = forked(first, tmp_path, 0, SILENT)
    (changed,) = all_of(path, TreatmentChanged)
    assert (changed.round, label(path)) == (1, "full, from round 1 no-gossip")
    assert not all_of(path, GossipHeard)


def one_after_another() -> dict[int, dict[str, str]]:
    """Return changes in which every switch is turned for a round, from the second one on."""
    other = {"True": "off", "False": "on", "0.0": "0.25", "0.5": "1", "5": "1", "1": "3"}
    full = asdict(TREATMENTS["full"])
    planned, before = {}, {}
    for number, (switch, value) in enumerate(full.items(), start=2):
        planned[number] = {**before, switch: other[str(value)]}
        as_it_was = ("off", "on")[value] if isinstance(value, bool) else str(value)
        before = {switch: as_it_was}
    return planned


@pytest.mark.parametrize("dilemma", [name for name in dilemmas() if name != "investment"])
def test_every_switch_can_be_turned_in_the_middle_of_a_run(dilemma: str, tmp_path: Path) -> None:
    planned = one_after_another()
    manifest = found(dilemma, TREATMENTS["full"], population(6, dilemma), 1, MINDS)
    with begin(manifest, max(planned), name=NAME, folder=tmp_path) as run:
        run.journal.note("changes", json.dumps(planned))
    resume(run.journal.path)
    assert [each.round for each in all_of(run.journal.path, TreatmentChanged)] == [*planned]
    with Journal.open(run.journal.path) as journal:
        assert replay(journal).difference is None
    assert verify(run.journal.path).wrong == ()


def test_what_agents_are_shown_follows_the_change() -> None:
    people, watched = society(), Stub()
    simulation = Simulation(people, scenario(people.scenario), watched)
    for treatment, shown in ((people.treatment, True), (TREATMENTS["no-gossip"], False)):
        watched.asked.clear()
        asyncio.run(simulation.step(TreatmentChanged(treatment=treatment)))
        assert {asked.operation.setting.gossip for asked in watched.asked} == {shown}


def test_a_shorter_memory_lets_go_of_the_oldest_and_a_longer_one_finds_nothing_again() -> None:
    people = society()
    for number in range(1, 5):
        people.apply(RoundBegan(round=number))
        people.apply(EncounterEnded(encounter=meeting("cooperate", "defect", round_=number)))
    for window, left in (("2", [3, 4]), ("unlimited", [3, 4])):
        changed = switched(people.treatment, {"memory_window": window})
        people.apply(TreatmentChanged(treatment=changed))
        assert [past.round for past in people.agents["A01"].memory] == left
    assert len(people.agents["A01"].history("A02")) == 4


def test_a_change_to_what_is_there_already_leaves_everything_else_alone() -> None:
    people = society()
    tie(people, 1, 2)
    before = state(people)
    people.apply(TreatmentChanged(treatment=people.treatment))
    assert state(people) == before
    assert people.network.tied("A01", player(2))


# Stopped, killed, forked again ---------------------------------------------------------------


def test_the_intention_outlives_a_fork_that_was_never_played(
    first: Path, silenced: Path, tmp_path: Path
) -> None:
    with fork(first, AT, SILENT, folder=tmp_path, name="later") as run:
        assert (run.society.round, run.treatment) == (AT, "full, from round 4 no-gossip")
    assert label(run.journal.path) == "full, from round 4 no-gossip"
    resume(run.journal.path)
    assert story(run.journal.path) == story(silenced)


def test_a_fork_stopped_after_every_round_is_the_fork_that_was_not(
    first: Path, silenced: Path, tmp_path: Path
) -> None:
    def one_round(run: Run) -> None:
        before = run.society.round
        with pytest.raises(Stopped):
            play(run, None, lambda: run.society.round > before)

    with fork(first, AT, SILENT, folder=tmp_path, name="halting") as run:
        one_round(run)
    with reopen(run.journal.path) as run:
        one_round(run)
    resume(run.journal.path)
    assert story(run.journal.path) == story(silenced)


VICTIM = """
import sys
from pathlib import Path
from victim import Killer, play
from repunet.runs.run import fork
source, folder, at, what, times = sys.argv[1:]
killer = Killer(what, int(times))
killer.watch()
with fork(Path(source), int(at), {"gossip": "off"}, name="dead", folder=Path(folder)) as run:
    play(run, lambda *_: killer("committed"))
"""


def killed(first: Path, folder: Path, what: str, times: int) -> Path:
    """Kill a fork at that moment and return where its file is, if there is one."""
    command = [sys.executable, "-c", VICTIM, str(first), str(folder), str(AT), what, str(times)]
    here = Path(__file__).parent
    done = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == -signal.SIGKILL, done.stderr
    return folder / "dead" / "run.sqlite"


@pytest.mark.parametrize(
    ("what", "times"),
    [("rename", 1), ("ATTACH", 1), ("INSERT INTO main.events", 1), ("COMMIT", 2), ("rename", 2)],
)
def test_a_fork_killed_before_it_is_there_leaves_its_name_free(
    what: str, times: int, first: Path, silenced: Path, tmp_path: Path
) -> None:
    path = killed(first, tmp_path, what, times)
    assert not path.exists()
    assert story(forked(first, tmp_path, AT, SILENT, name="dead")) == story(silenced)
    assert {file.name for file in path.parent.iterdir()} == {"run.sqlite", "run.lock"}


@pytest.mark.parametrize(
    ("what", "times"),
    [("INSERT INTO events", 1), ("INSERT INTO rounds", 1), ("committed", 1), ("committed", 2)],
)
def test_a_fork_killed_while_it_plays_is_resumed(
    what: str, times: int, first: Path, silenced: Path, tmp_path: Path
) -> None:
    path = killed(first, tmp_path, what, times)
    resume(path)
    assert story(path) == story(silenced)


def test_a_fork_can_be_forked_and_what_was_to_change_still_changes(
    silenced: Path, tmp_path: Path
) -> None:
    assert story(forked(silenced, tmp_path, AT + 1, name="after")) == story(silenced)
    assert story(forked(silenced, tmp_path, AT - 1, name="before")) == story(silenced)
    again = forked(silenced, tmp_path, AT + 2, {"gossip": "on", "rewiring": "off"})
    assert [each.round for each in all_of(again, TreatmentChanged)] == [4, 6]
    assert label(again) == "full, from round 4 no-gossip, from round 6 full, rewiring=off"
    with Journal.open(again) as journal:
        assert changes(journal)[4] == SILENT


def test_a_change_can_be_added_to_one_that_is_still_to_come(silenced: Path, tmp_path: Path) -> None:
    both = forked(silenced, tmp_path, AT, {"self_image": "off"}, name="both")
    (changed,) = all_of(both, TreatmentChanged)
    assert changed.event.treatment == Treatment(gossip=False, self_image=False)
    undone = forked(silenced, tmp_path, AT, {"gossip": "on"}, name="undone")
    assert not all_of(undone, TreatmentChanged)


# What can't be forked ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "switches", "options", "why"),
    [
        (7, SILENT, {}, "a has rounds 0 to 6, not 7"),
        (-1, SILENT, {}, "a has rounds 0 to 6, not -1"),
        (3, {"gosip": "off"}, {}, 'did you mean "gossip"'),
        (3, {"gossip": "perhaps"}, {}, "gossip=on or gossip=off"),
        (3, {"witnesses": "2"}, {}, "between 0 and 1"),
        (3, SILENT, {"rounds": 0}, "at least 1 round, not 0"),
        (3, SILENT, {"concurrency": 0}, "at least 1 answer"),
        (6, SILENT, {}, "say how many more: --rounds"),
        (3, SILENT, {"name": "a/b"}, "can't name a run"),
    ],
)
def test_what_cannot_be_forked_is_one_line_and_writes_nothing(
    at: int, switches: dict[str, str], options: Any, why: str, first: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=why) as refused:
        forked(first, tmp_path / "home", at, switches, **options)
    assert refused.value.exit_code == 2
    assert len(str(refused.value).splitlines()) == 1
    assert not (tmp_path / "home").exists()


def test_a_change_that_has_no_meaning_in_a_dilemma_is_refused(tmp_path: Path) -> None:
    manifest = found("investment", TREATMENTS["full"], population(4, "investment"), 1, MINDS)
    with begin(manifest, 2, name=NAME, folder=tmp_path) as run:
        play(run)
    with pytest.raises(UsageError, match="error has no meaning in investment"):
        forked(run.journal.path, tmp_path, 1, {"error": "0.1"})


def test_a_fork_needs_the_minds_of_the_run_as_they_were(
    first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PROFILES, "embedded", Parameters(precision=9.0))
    with pytest.raises(UsageError, match=r"its minds are not as they were; .* --branch"):
        forked(first, tmp_path, AT)
    path = forked(first, tmp_path, AT, branch=True)
    assert story(path)[1][:AT] == story(first)[1][:AT]
    with Journal.open(path) as journal:
        assert "its minds" in (journal.meta(f"branched after round {AT}") or "")


def test_a_fork_of_a_branch_says_from_which_of_its_rounds_it_is_one(
    first: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy" / "run.sqlite"
    copy.parent.mkdir()
    copy.write_bytes(first.read_bytes())
    with Journal.open(copy, write=True) as journal:
        journal.note("branched after round 2", "early")
        journal.note("branched after round 5", "late")
    with Journal.open(forked(copy, tmp_path, 3)) as journal:
        notes = [journal.meta(f"branched after round {number}") for number in (2, 3, 5)]
    assert notes == ["early", "late", None]


def test_a_run_whose_past_was_altered_is_not_forked(first: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt" / "run.sqlite"
    spoilt.parent.mkdir()
    spoilt.write_bytes(first.read_bytes())
    with closing(sqlite3.connect(spoilt)) as connection, connection:
        connection.execute("UPDATE events SET body = replace(body, 'defect', 'cooperate')")
    with pytest.raises(UsageError, match="round 1 is not as it was committed"):
        forked(spoilt, tmp_path)


def test_a_full_disk_says_to_begin_again_and_leaves_the_name_free(
    first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect

    def full(*words: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*words, **options)
        connection.execute("PRAGMA max_page_count = 14")
        return connection

    with monkeypatch.context() as small:
        small.setattr(sqlite3, "connect", full)
        with pytest.raises(Stopped, match=r"full.*make room, then begin it again$"):
            forked(first, tmp_path, name="b")
    assert story(forked(first, tmp_path, name="b")) == story(first)


# The command ---------------------------------------------------------------------------------


def test_the_command_forks_plays_and_says_under_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REPUNET_STORAGE", raising=False)
    assert execute(["run", "pd", "--agents", "4", "--rounds", "5", "--name", "a", "--quiet"]) == 0
    capsys.readouterr()
    assert execute(["fork", "a", "--at", "2", "--set", "gossip=off", "--set", "error=0.1"]) == 0
    said = capsys.readouterr().out
    name, treatment = "a-r2-gossip-off-error-0.1", "full, from round 3 no-gossip, error=0.1"
    assert f"{name} shares rounds 1 to 2 with a" in said
    assert f"runs/{name}/run.sqlite" in said
    assert said.count(treatment) == 2
    for words in (["show", name], ["runs"]):
        execute(words)
        assert treatment in capsys.readouterr().out
    execute(["fork", "a", "--at", "2", "--rounds", "1", "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert (printed["name"], printed["rounds"], printed["treatment"]) == ("a-r2", 3, "full")


@pytest.mark.parametrize(
    "words",
    [
        ("--at", "7"),
        ("--at", "2", "--set", "gossip"),
        ("--at", "2", "--set", "gossip=off", "--set", "gossip=on"),
        ("--at", "two"),
        (),
    ],
)
def test_bad_use_of_the_command_is_one_line(
    words: tuple[str, ...],
    first: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert execute(["fork", str(first), *words]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert list(tmp_path.iterdir()) == []
