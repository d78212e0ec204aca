"""The run file: whole rounds, read by anyone at any time, and nothing made up when it is broken."""

import asyncio
import random
import resource
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from victim import MINDS, NAME, ROUNDS, begun, founded, play, played, resume, story

from repunet.errors import RepuNetError, Stopped, UsageError
from repunet.record.journal import DecisionRecord, Journal, link
from repunet.record.manifest import Manifest
from repunet.runs.run import begin, reopen
from repunet.tracing.verification import verify
from repunet.world.event import EVENT
from repunet.world.population import population
from repunet.world.treatment import TREATMENTS


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("finished"))


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """Return the file of a finished run that may be spoilt."""
    path = tmp_path / "copy" / "run.sqlite"
    path.parent.mkdir()
    path.write_bytes(finished.read_bytes())
    return path


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    """Return the connections that are opened from now on."""
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def connected(*args: Any, **options: Any) -> sqlite3.Connection:
        opened.append(connect(*args, **options))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", connected)
    return opened


def execute(path: Path, *statement: Any) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(*statement)


def read(path: Path) -> str:
    """Read all there is in a run file."""
    with Journal.open(path) as journal:
        for number in range(journal.rounds + 1):
            _ = list(journal.events(number, number)), journal.decisions(number)
        return journal.digest()


def digest(folder: Path, manifest: Manifest, rounds: int = 2, **options: Any) -> str:
    with begin(manifest, rounds, folder=folder, **options) as run:
        return play(run)


def traces(path: Path) -> dict[str, tuple[bytes, int]]:
    """Return what can be seen of the files of a run, but for what readers and writers share."""
    return {
        file.name: (file.read_bytes(), file.stat().st_mtime_ns)
        for file in path.parent.iterdir()
        if not file.name.endswith(("-shm", "-wal", ".lock"))
    }


# A round is whole or not at all --------------------------------------------------------------


def forbid(connection: sqlite3.Connection, table: str) -> None:
    def authorize(action: int, name: str | None, *_: str | None) -> int:
        denied = action == sqlite3.SQLITE_INSERT and name == table
        return sqlite3.SQLITE_DENY if denied else sqlite3.SQLITE_OK

    connection.set_authorizer(authorize)


@pytest.mark.parametrize("table", ["events", "rounds"])
def test_a_commit_that_fails_leaves_nothing_and_can_be_repeated(
    table: str, finished: Path, tmp_path: Path, connections: list[sqlite3.Connection]
) -> None:
    with Journal.open(finished) as whole, begun(tmp_path) as run:
        events = [written.event for written in whole.events(1, 1)]
        decisions = whole.decisions(1)
        writer = connections[-1]
        forbid(writer, table)
        with pytest.raises(UsageError):
            run.journal.commit(1, events, decisions)
        assert (rows(run.journal.path, "events"), run.journal.rounds) == ([], 0)
        writer.set_authorizer(None)
        run.journal.commit(1, events, decisions)
        assert run.journal.digest() == whole.digest(1)


def test_an_event_that_cannot_be_written_takes_its_round_with_it(
    finished: Path, tmp_path: Path
) -> None:
    with Journal.open(finished) as whole, begun(tmp_path) as run:
        good = [written.event for written in whole.events(1, 1)]
        bad = replace(good[0], kind=b"no text")  # type: ignore[arg-type]
        with suppress(Exception):
            run.journal.commit(1, [*good, bad], [])
        assert rows(run.journal.path, "events") == []
        assert play(run) == whole.digest()


def test_a_round_is_committed_once_and_none_is_left_out(finished: Path, tmp_path: Path) -> None:
    with Journal.open(finished) as whole, begun(tmp_path) as run:
        events = [written.event for written in whole.events(1, 1)]
        run.journal.commit(1, events, [])
        for number in (1, 3):
            with pytest.raises(UsageError):
                run.journal.commit(number, events, [])
        assert rows(run.journal.path, "rounds") == [1]


def rows(path: Path, table: str, column: str = "round") -> list[Any]:
    """Return a column of a table as anyone else sees it now."""
    with closing(sqlite3.connect(path)) as connection:
        query = f"SELECT {column} FROM {table} ORDER BY round"
        return [value for (value,) in connection.execute(query)]


def test_readers_see_whole_rounds_while_one_is_being_written(
    tmp_path: Path, connections: list[sqlite3.Connection]
) -> None:
    seen: set[tuple[int, int, int]] = set()
    committed = [0]
    with begun(tmp_path) as run, Journal.open(run.journal.path) as reader:

        def look(statement: str) -> None:
            if statement.startswith("INSERT"):
                rounds = [0, *rows(run.journal.path, "events")]
                seen.add((committed[0], reader.rounds, rounds[-1]))

        connections[-2].set_trace_callback(look)
        play(run, lambda number, _events, _society: committed.append(committed.pop() + 1))
    assert seen == {(number, number, number) for number in range(ROUNDS)}


def test_a_reader_opened_while_a_run_is_written_reads_its_committed_rounds(tmp_path: Path) -> None:
    stories = []
    with begun(tmp_path) as run:
        play(run, lambda *_: stories.append(story(run.journal.path)))
    assert [digest for digest, _ in stories] == rows(run.journal.path, "rounds", "digest")
    assert [len(rounds) for _, rounds in stories] == [1, 2, 3, 4, 5, 6]


# A full disk ---------------------------------------------------------------------------------


def test_a_full_disk_stops_a_run_resumably(
    finished: Path, tmp_path: Path, connections: list[sqlite3.Connection]
) -> None:
    def fill(number: int, _events: object, _society: object) -> None:
        if number == 2:
            connections[-1].execute("PRAGMA max_page_count = 1")

    with begun(tmp_path) as run, pytest.raises(Stopped) as stopped:
        play(run, fill)
    assert stopped.value.exit_code == 3
    assert "full" in str(stopped.value)
    assert str(stopped.value).endswith(f"make room, then: repunet resume {tmp_path / NAME}")
    path = run.journal.path
    assert story(path)[1] == story(finished)[1][:2]
    resume(path)
    assert story(path) == story(finished)


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond that size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [30_000, 60_000, 100_000])
def test_a_disk_that_takes_no_more_bytes_stops_a_run_resumably(
    size: int, finished: Path, tmp_path: Path
) -> None:
    with (
        begun(tmp_path) as run,
        room_for(size),
        pytest.raises(Stopped, match=f"make room, then: repunet resume {tmp_path / NAME}$"),
    ):
        play(run)
    path = run.journal.path
    assert 0 < len(story(path)[1]) < ROUNDS or size < 60_000
    assert story(path)[1] == story(finished)[1][: len(story(path)[1])]
    resume(path)
    assert story(path) == story(finished)


def test_a_disk_that_fails_a_reader_is_not_said_to_be_full(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object, **__: object) -> object:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_READ
        raise error

    monkeypatch.setattr(sqlite3, "connect", failing)
    with pytest.raises(RepuNetError, match=r"could not be read .disk I/O error.: try") as failed:
        read(run)
    assert failed.value.exit_code == 1


def test_a_run_that_a_full_disk_stopped_leaves_no_gap_when_played_on_at_once(
    tmp_path: Path, connections: list[sqlite3.Connection]
) -> None:
    def fill(number: int, _events: object, _society: object) -> None:
        connections[-1].execute("PRAGMA max_page_count = 1")

    with begun(tmp_path) as run:
        with pytest.raises(Stopped):
            play(run, fill)
        connections[-1].execute("PRAGMA max_page_count = 100000")
        with suppress(UsageError):
            play(run)
    numbers = rows(run.journal.path, "rounds")
    assert numbers == [*range(1, len(numbers) + 1)]


# What is no run file -------------------------------------------------------------------------


OPENINGS: list[Callable[[Path], object]] = [read, lambda path: resume(path, 1)]
opened = pytest.mark.parametrize("opening", OPENINGS, ids=["read", "resume"])


def refuses(opening: Callable[[Path], object], path: Path, why: str) -> None:
    """Check that the file is refused in one line and that nothing has changed on disk."""
    before = traces(path)
    with pytest.raises(UsageError, match=why) as refused:
        opening(path)
    assert refused.value.exit_code == 2
    assert str(path) in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert traces(path) == before


@opened
@pytest.mark.parametrize("content", [b"", b"my notes\n", b"\x00" * 5000, b"SQLite format 3\x00"])
def test_a_file_of_another_kind_is_refused(
    opening: Callable[[Path], object], content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "run.sqlite"
    path.write_bytes(content)
    refuses(opening, path, "is not a run file, or it is damaged")


@opened
def test_another_database_is_refused(opening: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    execute(path, "CREATE TABLE rounds (round INTEGER)")
    refuses(opening, path, "is not a run file, or it is damaged")


@opened
@pytest.mark.parametrize("length", [1, 15, 16, 60, 99, 100, 512, 4095, 4096, 4097, 9000, 40960])
def test_a_run_file_that_was_cut_off_is_refused(
    opening: Callable[[Path], object], length: int, run: Path
) -> None:
    run.write_bytes(run.read_bytes()[:length])
    refuses(opening, run, "is not a run file, or it is damaged")


@opened
def test_a_run_file_without_its_last_page_is_refused(
    opening: Callable[[Path], object], run: Path
) -> None:
    run.write_bytes(run.read_bytes()[:-4096])
    refuses(opening, run, "is not a run file, or it is damaged")


@opened
def test_a_run_file_of_a_newer_repunet_is_refused_and_says_to_upgrade(
    opening: Callable[[Path], object], run: Path
) -> None:
    execute(run, "PRAGMA user_version = 99")
    refuses(opening, run, "newer RepuNet .*schema 99.*upgrade RepuNet")


@opened
@pytest.mark.parametrize("manifest", ["", "{}", "no json", '{"scenario":"pd"}'])
def test_a_run_file_without_a_founding_record_is_refused(
    opening: Callable[[Path], object], manifest: str, run: Path
) -> None:
    execute(run, "UPDATE meta SET value = ? WHERE key = 'founding'", (manifest,))
    refuses(opening, run, "its manifest can't be read")


@pytest.mark.parametrize("path", ["nowhere", "nowhere/run.sqlite", "."])
@opened
def test_a_file_that_is_not_there_is_not_made(
    opening: Callable[[Path], object], path: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="there is no run file"):
        opening(tmp_path / path)
    assert list(tmp_path.iterdir()) == []


# What is damaged -----------------------------------------------------------------------------


def test_a_run_file_with_a_damaged_page_is_refused_wherever_the_page_is(run: Path) -> None:
    whole, chance = run.read_bytes(), random.Random(1)
    assert len(whole) > 20 * 4096
    for page in range(0, len(whole), 4096):
        run.write_bytes(whole[:page] + chance.randbytes(4096) + whole[page + 4096 :])
        with suppress(UsageError):
            read(run)
            assert verify(run).wrong, "a page that this run has no use for is damaged"


@pytest.mark.parametrize("seed", range(4))
def test_damage_of_a_few_bytes_never_ends_in_a_crash(seed: int, run: Path) -> None:
    whole, chance = run.read_bytes(), random.Random(seed)
    for _ in range(40):
        spoilt = bytearray(whole)
        at = chance.randrange(100, len(whole) - 20)
        spoilt[at : at + 20] = chance.randbytes(20)
        run.write_bytes(spoilt)
        with suppress(UsageError):
            read(run)


@pytest.mark.parametrize("block", [b"", b"junk", zlib.compress(b"[1]"), zlib.compress(b"[[1]]")])
def test_decisions_that_cannot_be_read_are_reported(block: bytes, run: Path) -> None:
    execute(run, "UPDATE rounds SET decisions = ? WHERE round = 2", (block,))
    with Journal.open(run) as journal, pytest.raises(UsageError, match="round 2 can't be read"):
        journal.decisions(2)


@pytest.mark.parametrize("body", ["", "{}", "[", '{"kind":"revolution"}'])
@opened
def test_an_event_that_cannot_be_read_is_reported(
    opening: Callable[[Path], object], body: str, run: Path
) -> None:
    execute(run, "UPDATE events SET body = ? WHERE round = 2 AND seq = 3", (body,))
    refuses(opening, run, "damaged: (an event|round 2)")


def test_damaged_text_is_not_taken_for_a_full_disk(run: Path) -> None:
    spoilt = "UPDATE events SET body = CAST(? AS TEXT) WHERE round = 2 AND seq = 3"
    execute(run, spoilt, (b'{"text": "gladly and fully \xff"}',))
    with pytest.raises(UsageError):
        read(run)


# What is in it -------------------------------------------------------------------------------


def test_events_and_decisions_come_back_as_they_were(tmp_path: Path) -> None:
    played_events, taken = [], []
    with begun(tmp_path, 3) as run:
        commit = run.journal.commit

        def noticed(number: int, events: Any, decisions: Any) -> None:
            played_events.append(list(events))
            taken.append(list(decisions))
            commit(number, events, decisions)

        run.journal.commit = noticed  # type: ignore[method-assign]
        play(run)
    with Journal.open(run.journal.path) as journal:
        for number in (1, 2, 3):
            written = list(journal.events(number, number))
            assert [each.event for each in written] == played_events[number - 1]
            assert [each.seq for each in written] == [*range(len(written))]
            assert journal.decisions(number) == taken[number - 1]
        assert journal.decisions(4) == []


def test_decisions_keep_every_character(finished: Path, tmp_path: Path) -> None:
    kept = [
        DecisionRecord("r1/meet/A01-A02/ChooseMove/A01", "ChooseMove", "A01", "A02", '"né 名 🎲"'),
        DecisionRecord("r1/respond/A01/Reflect/A01", "Reflect", "A01", None, '"a\\n\\u0000b"'),
    ]
    with Journal.open(finished) as whole, begun(tmp_path) as run:
        run.journal.commit(1, [written.event for written in whole.events(1, 1)], kept)
        assert run.journal.decisions(1) == kept


def test_every_decision_has_a_name_of_its_own_in_the_order_of_the_names(finished: Path) -> None:
    with Journal.open(finished) as journal:
        for number in range(1, ROUNDS + 1):
            names = [decision.coordinate for decision in journal.decisions(number)]
            assert len(names) == len(set(names)) > 0
            assert all(name.startswith(f"r{number}/") for name in names)


def test_a_round_is_read_alone_as_it_is_read_with_the_others(finished: Path) -> None:
    with Journal.open(finished) as journal:
        everything = list(journal.events())
        alone = [w for number in range(1, ROUNDS + 1) for w in journal.events(number, number)]
        assert alone == everything
        assert list(journal.events(3)) == [w for w in everything if w.round >= 3]
        assert [EVENT.dump_json(w.event).decode() for w in everything if w.round == 2] == (
            journal.bodies(2)
        )


def test_a_founding_comes_back_as_it_was(finished: Path) -> None:
    with Journal.open(finished) as journal:
        assert journal.manifest == founded()
        assert journal.manifest.to_json() == founded().to_json()


@pytest.mark.parametrize("folder", ["a b", "100% #1?x=y&mode=rw", "ünï 名", "it's"])
def test_a_run_may_live_in_a_folder_of_any_name(folder: str, tmp_path: Path) -> None:
    path = played(tmp_path / folder, 1)
    resume(path, 1)
    assert len(story(path)[1]) == 2


# The digest ----------------------------------------------------------------------------------


def test_the_digest_is_a_chain_over_the_founding_and_every_event(finished: Path) -> None:
    with Journal.open(finished) as journal:
        expected = journal.manifest.digest()
        assert journal.digest(0) == expected
        for number in range(1, ROUNDS + 1):
            expected = link(expected, journal.bodies(number))
            assert journal.digest(number) == expected
        assert journal.digest() == expected


def test_there_is_no_digest_of_a_round_that_is_not_there(finished: Path) -> None:
    with Journal.open(finished) as journal, pytest.raises(UsageError, match="has 6 rounds, not 7"):
        journal.digest(7)


def test_the_digest_of_the_first_rounds_is_that_of_the_shorter_run(
    finished: Path, tmp_path: Path
) -> None:
    with Journal.open(finished) as journal:
        assert digest(tmp_path, founded(), 4) == journal.digest(4)


def test_a_digest_ignores_name_plan_concurrency_and_notes(tmp_path: Path) -> None:
    plain = digest(tmp_path, founded())
    assert digest(tmp_path, founded(), name="another") == plain
    assert digest(tmp_path, founded(), concurrency=1) == plain
    with begun(tmp_path, 50, name="planned") as run, suppress(Stopped):
        asyncio.run(run.play(stop=lambda: run.society.round == 2))
    with reopen(tmp_path / "planned/run.sqlite") as run:
        run.journal.note("version", "7.0")
        run.journal.note("anything", "else")
        assert run.journal.digest() == plain


def others() -> Iterator[Manifest]:
    people = list(population(8, "pd"))
    first = people[0]
    text = {"pd": first.descriptions["pd"] + "!"} if "pd" in first.descriptions else {"*": "New."}
    yield founded(seed=2)
    yield founded(treatment=TREATMENTS["no-gossip"])
    yield founded(treatment=replace(TREATMENTS["full"], memory_window=4))
    yield founded(personas=[replace(first, name="Somebody Else"), *people[1:]])
    yield founded(personas=[replace(first, descriptions=text), *people[1:]])
    yield founded(personas=[*people[1:], first])
    yield founded(personas=population(10, "pd"))
    yield founded(minds={"*": "embedded:sharp"})
    yield founded(minds={"*": "chance"})
    yield founded(minds={**MINDS, "A03": "chance"})


def test_a_digest_differs_where_a_founding_does(tmp_path: Path) -> None:
    foundings = [founded(), *others()]
    digests = {digest(tmp_path, manifest) for manifest in foundings}
    assert len({manifest.digest() for manifest in foundings}) == len(foundings) == len(digests)


def test_a_digest_differs_where_any_event_does(finished: Path) -> None:
    with Journal.open(finished) as journal:
        before, bodies = journal.digest(1), journal.bodies(2)
    whole = link(before, bodies)
    for number, body in enumerate(bodies):
        changed = [*bodies[:number], body.replace("A0", "A1", 1) + " ", *bodies[number + 1 :]]
        assert link(before, changed) != whole
        assert link(before, bodies[:number] + bodies[number + 1 :]) != whole
    assert link(before, bodies[::-1]) != whole


# Readers never write -------------------------------------------------------------------------


def test_reading_a_finished_run_changes_no_byte_and_leaves_nothing_beside_it(run: Path) -> None:
    before = traces(run)
    read(run)
    assert traces(run) == before
    assert [file.name for file in run.parent.iterdir()] == ["run.sqlite"]


def test_a_run_that_is_closed_is_a_single_file(finished: Path, tmp_path: Path) -> None:
    assert {file.name for file in finished.parent.iterdir()} == {"run.sqlite", "run.lock"}
    path = played(tmp_path, 2)
    resume(path, 1)
    assert {file.name for file in path.parent.iterdir()} == {"run.sqlite", "run.lock"}


def test_a_reader_that_takes_its_time_does_not_hold_up_a_writer(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect
    hasty = {"timeout": 0.05}
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **options: connect(*args, **options | hasty)
    )
    with Journal.open(run) as reader:
        events = reader.events()
        first = next(events)
        resume(run, 1)
        assert len([first, *events]) == sum(map(len, story(run)[1][:ROUNDS]))


def test_a_run_is_written_and_closed_while_others_look_at_it(run: Path) -> None:
    with Journal.open(run) as reader:
        resume(run, 1)
        assert reader.rounds == ROUNDS + 1
        resume(run, 1)
        assert reader.rounds == ROUNDS + 2


def test_reading_a_killed_run_changes_neither_the_file_nor_its_log(tmp_path: Path) -> None:
    with begun(tmp_path) as run:
        play(run)
        path = copytree(tmp_path / NAME, tmp_path / "killed") / "run.sqlite"
        whole = run.journal.digest()
    log = path.with_name("run.sqlite-wal")
    before = path.read_bytes(), log.read_bytes()
    assert len(before[1]) > 0
    assert read(path) == whole
    assert (path.read_bytes(), log.read_bytes()) == before


def test_a_reader_cannot_write(finished: Path) -> None:
    with Journal.open(finished) as journal:
        with pytest.raises(UsageError, match="readonly"):
            journal.note("planned", "7")
        with pytest.raises(UsageError, match="readonly"):
            journal.commit(ROUNDS + 1, [], [])
    assert len(story(finished)[1]) == ROUNDS


def test_a_new_run_has_nothing_of_a_deleted_one(tmp_path: Path) -> None:
    with begun(tmp_path) as run:
        play(run)
        log = run.journal.path.with_name("run.sqlite-wal")
        left_over = log.read_bytes()
    run.journal.path.unlink()
    log.write_bytes(left_over)
    with begun(tmp_path, 2) as run:
        assert (run.journal.rounds, run.planned) == (0, 2)


def test_a_run_whose_past_was_altered_does_not_go_on(run: Path) -> None:
    kinder = "UPDATE events SET body = replace(body, 'defect', 'cooperate') WHERE round = 2"
    execute(run, kinder, ())
    with pytest.raises(UsageError, match="round 2 is not as it was committed"):
        resume(run, 1)


def test_a_full_disk_while_founding_says_to_begin_again_and_leaves_the_name_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect

    def full(*words: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*words, **options)
        connection.execute("PRAGMA max_page_count = 2")
        return connection

    with monkeypatch.context() as small:
        small.setattr(sqlite3, "connect", full)
        with (
            pytest.raises(Stopped, match=r"full.*make room, then begin it again$"),
            begun(tmp_path),
        ):
            pass
    with begun(tmp_path) as run:
        assert run.name == NAME
