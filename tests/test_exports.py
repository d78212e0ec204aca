"""Exports: the tables of a run as files that other programs read, whole or not at all."""

import csv
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx
import pyarrow.parquet
import pytest
from language_societies import company, played

from repunet.analysis.snapshot import Snapshot
from repunet.analysis.tables import TABLES, History, files
from repunet.cli import execute
from repunet.record.journal import Journal
from repunet.system.extras import installation
from repunet.world.event import ReputationShaped, RoundBegan
from repunet.world.persona import Participant
from repunet.world.reputation import Appraisal

Command = Callable[..., tuple[int, str, str]]
EVIL = (
    '=HYPERLINK("http://example.org","x")',
    '"quoted", twice ""\r\nand\non lines, with a tab\t',
    "NUL-free but \u2028 and \u0085 odd; 名前 🙂",
    "",
    "-1+1",
    "NA",
    "null",
    "',;|\\",
)
TYPES = {
    "text": "string",
    "JSON": "string",
    "whole number": "int64",
    "number": "double",
    "yes or no": "bool",
    "list of texts": "list<element: string>",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("exports"), company("embedded", n=5), 4)


@pytest.fixture(scope="module")
def history(run: Path) -> History:
    with Journal.open(run) as journal:
        return History(journal)


@pytest.fixture
def export(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Export the run, or another one, into the folder `out`."""
    monkeypatch.chdir(tmp_path)

    def command(to: str, *words: str, of: Path = run) -> tuple[int, str, str]:
        code = execute(["export", str(of), "out", "--to", to, *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


@pytest.fixture
def evil(tmp_path: Path) -> Path:
    """A run in which somebody thinks what spreadsheets and parsers stumble over."""
    path, target = tmp_path / "evil" / "run.sqlite", Participant("A02", "player")
    path.parent.mkdir()
    shaped = [
        ReputationShaped(
            observer="A01",
            reputation=Appraisal(text, (0, 0, 1, 0, 0)).of(target, "pd"),
            cause="encounter",
            because=(text, "second"),
            decision="",
        )
        for text in EVIL
    ]
    with Journal.create(path, company("embedded")) as journal:
        journal.commit(1, [RoundBegan(round=1), *shaped], [])
    return path


def written(folder: Path = Path("out")) -> set[str]:
    return {path.name for path in folder.glob("*")}


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_every_table_is_a_parquet_file_with_the_same_values(
    export: Command, history: History
) -> None:
    assert export("parquet")[0] == 0
    for name, table in TABLES.items():
        read = pyarrow.parquet.read_table(f"out/{name}.parquet")
        columns = [read.column(column.name).to_pylist() for column in table.columns]
        made = [[list(v) if type(v) is tuple else v for v in row] for row in table.rows(history)]
        assert [list(row) for row in zip(*columns, strict=True)] == made


def test_parquet_files_have_types_even_where_they_are_empty(export: Command) -> None:
    export("parquet")
    for name, table in TABLES.items():
        schema = pyarrow.parquet.read_schema(f"out/{name}.parquet")
        assert [str(field.type) for field in schema] == [TYPES[c.kind] for c in table.columns]
        assert [field.nullable for field in schema] == [c.optional for c in table.columns]
        assert schema.field(0).metadata[b"meaning"].decode() == table.columns[0].meaning
    assert pyarrow.parquet.read_table("out/attempts.parquet").num_rows == 0


def test_parquet_files_say_what_they_are_of(export: Command, history: History) -> None:
    export("parquet")
    for name in TABLES:
        said = pyarrow.parquet.read_schema(f"out/{name}.parquet").metadata
        assert said[b"repunet.mind"] == b"embedded"
        assert said[b"repunet.digest"].decode() == history.digest
        assert said[b"repunet.founding"].decode() == history.manifest.to_json()
        assert said[b"repunet.table"].decode() == name


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_text_files_come_with_the_meaning_of_their_columns(
    form: str, export: Command, history: History
) -> None:
    export(form)
    said = json.loads(Path("out/tables.json").read_text("utf-8"))
    assert written() == {"tables.json", *(each["file"] for each in said["tables"].values())}
    assert said["founding"] == json.loads(history.manifest.to_json())
    assert (said["mind"], said["digest"]) == ("embedded", history.digest)
    for name, table in TABLES.items():
        columns = said["tables"][name]["columns"]
        assert [c["meaning"] for c in columns] == [c.meaning for c in table.columns]


def test_evil_texts_come_back_from_csv_as_they_are(export: Command, evil: Path) -> None:
    export("csv", of=evil)
    with Path("out/reputations.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["text"] for row in read] == list(EVIL)
    assert [json.loads(row["because"])[0] for row in read] == list(EVIL)
    assert {row["decision"] for row in read} == {""}


def test_csv_tells_empty_text_from_what_is_not_known(export: Command, evil: Path) -> None:
    export("csv", of=evil)
    head, *rest = Path("out/reputations.csv").read_text("utf-8").split("\n")
    assert head.startswith("round,seq,part,observer")
    (empty,) = [line for line in rest if ',"","encounter",' in line]
    assert empty.endswith(",")
    assert empty.startswith("1,4,,")


def test_evil_texts_come_back_from_json_lines_a_line_each(export: Command, evil: Path) -> None:
    export("jsonl", of=evil)
    read = lines(Path("out/reputations.jsonl"))
    assert [(row["text"], row["because"][0], row["decision"]) for row in read] == [
        (text, text, None) for text in EVIL
    ]


def test_json_lines_hold_answers_as_they_are(export: Command, history: History) -> None:
    export("jsonl")
    read, made = lines(Path("out/decisions.jsonl")), TABLES["decisions"].rows(history)
    assert [row["answer"] for row in read] == [json.loads(row.answer) for row in made]  # type: ignore[attr-defined]
    assert Path("out/attempts.jsonl").read_text() == ""


def test_an_export_says_what_it_wrote_and_which_mind_made_it(export: Command) -> None:
    code, out, _ = export("csv")
    assert code == 0
    assert f"{len(TABLES) + 1} files in out" in out
    assert "agents 5, rounds 4, encounters 16" in out
    assert "no evidence about language models" in out
    said = json.loads(export("parquet", "--json")[1])
    assert said["files"] == len(TABLES)


def test_what_is_there_is_kept_unless_force_is_said(export: Command) -> None:
    Path("out").mkdir()
    Path("out/ties.csv").write_text("mine")
    code, _, err = export("csv")
    assert (code, written()) == (2, {"ties.csv"})
    assert "--force" in err
    assert export("csv", "--force")[0] == 0
    assert Path("out/ties.csv").read_text() != "mine"


def test_a_file_that_can_t_be_finished_is_not_there(
    export: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(value: float) -> str:
        raise OSError(28, "No space left on device", "out/reputations.csv")

    monkeypatch.setitem(files.CELLS, "number", full)
    code, _, err = export("csv")
    assert (code, written()) == (1, {"agents.csv"})
    assert err.count("\n") == 1


def test_a_folder_that_is_a_file_is_refused(export: Command) -> None:
    Path("out").write_text("")
    code, _, err = export("parquet")
    assert code == 2
    assert "out can't be a folder" in err


def test_an_export_up_to_a_round_ends_there(export: Command) -> None:
    assert export("jsonl", "--round", "2")[0] == 0
    assert [row["round"] for row in lines(Path("out/rounds.jsonl"))] == [1, 2]
    assert export("jsonl", "--round", "9", "--force")[0] == 2


@pytest.mark.parametrize("round_", [2, 4])
def test_graphml_is_the_network_after_a_round(round_: int, export: Command, run: Path) -> None:
    assert export("graphml", "--round", str(round_))[0] == 0
    read = networkx.read_graphml(f"out/ties-r{round_}.graphml")
    with Journal.open(run) as journal:
        snapshot = Snapshot(journal, round_)
    assert set(read.edges) == {(ego, alter.agent) for ego, alter in snapshot.society.network}
    for row in snapshot.rows():
        node = read.nodes[row.id]
        assert (node["name"], node["mind"]) == (row.name, "embedded")
        assert node.get("standing") == row.standing
        assert node["cooperation"] == row.cooperation
    assert all(1 <= since <= round_ for *_, since in read.edges(data="since"))
    assert read.graph["round"] == round_


def test_a_tie_in_two_roles_is_one_edge_of_the_graph(export: Command, tmp_path: Path) -> None:
    path = played(tmp_path, company("embedded", n=6, scenario="investment"), 8)
    export("graphml", of=path)
    read = networkx.read_graphml("out/ties.graphml")
    with Journal.open(path) as journal:
        network = Snapshot(journal).society.network
        roles = {(ego, alter.agent): set[str]() for ego, alter in network}
        for ego, alter in network:
            roles[ego, alter.agent].add(alter.role)
    assert {(a, b): set(r.split(",")) for a, b, r in read.edges(data="roles")} == roles


@pytest.mark.parametrize(("form", "missing"), [("parquet", "pyarrow"), ("graphml", "networkx")])
def test_a_library_that_is_missing_is_said_in_one_line(
    form: str, missing: str, export: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    code, _, err = export(form)
    assert code == 2
    assert installation("analysis") in err
    assert err.count("\n") == 1
    assert not written()


@pytest.mark.slow
def test_csv_needs_no_library(tmp_path: Path, run: Path) -> None:
    forbidden = "import sys; sys.modules.update(pandas=None, pyarrow=None, networkx=None); "
    words = ["export", str(run), str(tmp_path / "out"), "--to", "csv"]
    code = f"{forbidden}from repunet.cli import execute; sys.exit(execute({words}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Path]:
    """A run that another process is writing."""
    words = ["run", "pd", "--agents", "6", "--rounds", "10000", "--quiet", "--name", "long"]
    command = [sys.executable, "-m", "repunet.cli", *words, "--storage", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    yield tmp_path / "long" / "run.sqlite"
    process.kill()
    process.wait()


def await_round(path: Path, number: int) -> None:
    """Wait until that round has been committed."""
    while not path.exists():
        time.sleep(0.01)
    with Journal.open(path) as journal:
        while journal.rounds < number:
            time.sleep(0.01)


@pytest.mark.slow
def test_a_run_is_exported_while_it_is_written_and_each_time_agrees_with_itself(
    export: Command, writer: Path
) -> None:
    ends = [(0, "")]
    for _ in range(4):
        await_round(writer, ends[-1][0] + 1)
        assert export("jsonl", "--force", of=writer)[0] == 0
        last = lines(Path("out/rounds.jsonl"))[-1]
        ends.append((last["round"], last["digest"]))
        assert json.loads(Path("out/tables.json").read_text())["digest"] == last["digest"]
        spells = lines(Path("out/ties.jsonl"))
        assert sum(spell["until_round"] is None for spell in spells) == last["ties"]
        assert max(row["round"] for row in lines(Path("out/decisions.jsonl"))) == last["round"]
    assert all(early[0] < late[0] for early, late in pairwise(ends))
    with Journal.open(writer) as journal:
        assert [(number, journal.digest(number)) for number, _ in ends[1:]] == ends[1:]
