"""Run files of strangers: nothing in them is run, believed unchecked, or read without bounds."""

import random
import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from victim import played

from repunet.cli import execute
from repunet.errors import RepuNetError
from repunet.record.journal import Journal
from repunet.record.safe_opening import unpacked
from repunet.runs.forking import Fork
from repunet.tracing.verification import verify

RECORDED = Path(__file__).parent / "data" / "recorded"
ENDLESS = """
    ALTER TABLE meta RENAME TO facts;
    CREATE VIEW meta AS WITH RECURSIVE n(key, value) AS
        (SELECT 'founding', value FROM facts UNION ALL SELECT key, value || 'x' FROM n)
        SELECT key, value FROM n WHERE key <> 'founding' OR length(value) < 0;
"""
HARMFUL = {
    "a view without end in place of a table": ENDLESS,
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON meta BEGIN DELETE FROM events; END",
    "a table of somebody else": "CREATE TABLE more (x)",
    "a virtual table": "CREATE VIRTUAL TABLE words USING fts5(x)",
    "a table of other columns": "DROP TABLE rounds; CREATE TABLE rounds (round, digest, decisions)",
    "a column that is computed": (
        "ALTER TABLE meta ADD COLUMN more TEXT AS (hex(zeroblob(400000000)))"
    ),
    "a block larger than any": "INSERT INTO blobs VALUES ('x', zeroblob(70000000))",
    "a round at the end of all numbers": (
        "INSERT INTO rounds VALUES (9223372036854775807, 'x', x'00')"
    ),
    "events before the first round": (
        "INSERT INTO events SELECT -1, seq, kind, body FROM events WHERE round = 1"
    ),
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("finished"), 3)


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    path = tmp_path / "copy" / "run.sqlite"
    path.parent.mkdir()
    shutil.copy(finished, path)
    return path


def altered(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def told(path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[tuple[int, str]]:
    """Yield what each command that reads says of a file, and its code."""
    for words in (["verify"], ["show"], ["replay"], ["digest"], ["show", "--json"]):
        code = execute([words[0], str(path), *words[1:]])
        yield code, capsys.readouterr().err


@pytest.mark.parametrize("case", HARMFUL, ids=lambda case: case.replace(" ", "-"))
def test_a_harmful_file_is_told_in_one_line_by_verify(
    case: str, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    altered(run, HARMFUL[case])
    (code, said), *others = told(run, capsys)
    assert code == 1
    assert "is not sound" in said
    assert all(
        text.count("\n") <= 1 and "Traceback" not in text for _, text in [(0, said), *others]
    )


def test_a_bomb_is_not_unpacked(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repunet.record.safe_opening.LARGEST", 2**20)
    bomb = zlib.compress(bytes(2**20 + 1))
    with pytest.raises(ValueError, match="larger than anything"):
        unpacked(bomb)
    with closing(sqlite3.connect(run)) as connection, connection:
        connection.execute("UPDATE rounds SET decisions = ? WHERE round = 2", (bomb,))
    assert "round 2: its decisions can't be read" in verify(run).wrong


def test_a_question_that_never_ends_is_ended(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repunet.record.safe_opening.STEPS", 1_000_000)
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT count(*) FROM n"
    with Journal.open(run) as journal, pytest.raises(RepuNetError, match="interrupted"):
        journal.rows(endless)


def test_an_altered_fact_is_told(run: Path) -> None:
    altered(run, "UPDATE meta SET value = 'compact' WHERE key = 'plan'")
    assert verify(run).wrong == ("facts: are not as they were written",)


def test_an_altered_decision_is_told_though_no_event_shows_it(run: Path) -> None:
    with Journal.open(run) as journal:
        kept = [list(each) for each in journal.decisions(2)]
    kept[0][4] = kept[0][4].replace(":", ": ", 1)
    block = zlib.compress(str(kept).encode())
    with closing(sqlite3.connect(run)) as connection, connection:
        connection.execute("UPDATE rounds SET decisions = ? WHERE round = 2", (block,))
    assert any("asked and decided" in line or "can't be read" in line for line in verify(run).wrong)


def test_a_fork_has_checksums_of_the_rounds_it_shares_and_no_others(
    finished: Path, tmp_path: Path
) -> None:
    with Journal.open(finished) as journal:
        Fork.of(journal, 2, {"gossip": "off"}).write(tmp_path / "run.sqlite")
    found = {finding.what: finding for finding in verify(tmp_path / "run.sqlite").findings}
    assert found["records"].count == 2
    assert not any(finding.wrong or finding.unchecked for finding in found.values())


def test_a_file_without_checksums_is_sound_and_says_what_was_not_checked(run: Path) -> None:
    altered(run, "DELETE FROM meta WHERE key GLOB 'checksum*'")
    found = {finding.what: finding for finding in verify(run).findings}
    assert not any(finding.wrong for finding in found.values())
    assert "kept no checksum" in found["facts"].unchecked
    assert "3 rounds" in found["records"].unchecked


def contents(path: Path) -> list[str]:
    """Return all that is kept in a file, line by line; what can't be read is nothing."""
    with closing(sqlite3.connect(path)) as connection, suppress(sqlite3.Error, ValueError):
        return list(connection.iterdump())
    return []


def flipped(run: Path, finished: Path, seed: int) -> None:
    chance, content = random.Random(seed), bytearray(finished.read_bytes())
    for _ in range(chance.choice((1, 1, 3))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    run.write_bytes(content)


@pytest.mark.parametrize("part", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2, 3))])
def test_whatever_is_flipped_verify_tells_or_nothing_that_is_kept_has_changed(
    part: int, run: Path, finished: Path
) -> None:
    whole = contents(finished)
    for seed in range(40 * part, 40 * (part + 1)):
        flipped(run, finished, seed)
        try:
            wrong = verify(run).wrong
        except RepuNetError as error:
            wrong = (str(error),)
        assert wrong or contents(run) == whole, f"seed {seed}"


@pytest.mark.parametrize("name", ["run.log", "run.lock"])
def test_no_link_is_followed_where_something_is_written(
    name: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.write_text("mine")
    run.with_name(name).symlink_to(other)
    execute(["resume", str(run.parent), "--rounds", "1", "--quiet"])
    assert other.read_text() == "mine"
    assert "Traceback" not in capsys.readouterr().err


def test_a_run_file_that_is_a_link_is_read_and_not_written(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "run.sqlite").symlink_to(finished)
    before = finished.read_bytes()
    assert execute(["show", str(tmp_path / "linked")]) == 0
    assert execute(["resume", str(tmp_path / "linked"), "--rounds", "1"]) == 2
    assert "is a link" in capsys.readouterr().err
    assert finished.read_bytes() == before
