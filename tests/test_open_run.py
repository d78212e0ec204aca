"""Views: a run from Python, as pandas and networkx have it, that is never changed by it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shlex import split

import pandas
import pytest
from language_societies import MODEL, company, played, served
from societies import state
from victim import resume

import repunet
from repunet.analysis.snapshot import Snapshot
from repunet.analysis.summary import summarise
from repunet.analysis.tables import TABLES, frame
from repunet.cli import execute
from repunet.errors import UsageError
from repunet.record.journal import Journal
from repunet.system.extras import installation

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "how-to" / "read-a-run-in-a-notebook.md").read_text("utf-8")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("views"), company("embedded", n=5), 4)


@pytest.fixture
def view(path: Path) -> Iterator[repunet.RunView]:
    with repunet.open_run(path) as opened:
        yield opened


def script(text: str, *words: str, **options: object) -> str:
    command = [sys.executable, "-W", "error", "-c", text, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout  # type: ignore[call-overload,no-any-return]


def test_importing_repunet_imports_nothing_that_takes_long() -> None:
    loaded = script("import sys, repunet; print(repunet.__version__, *sys.modules)").split()
    assert loaded[0] == repunet.__version__
    assert [name for name in loaded if name.startswith("repunet")] == ["repunet"]
    assert not {"pandas", "pydantic", "sqlite3", "networkx"} & set(loaded)


def test_what_is_not_there_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'open_walk'"):
        _ = repunet.open_walk  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_a_method_that_tells_its_columns(name: str, view: repunet.RunView) -> None:
    method, table = getattr(view, name), TABLES[name]
    made = method()
    assert list(made.columns) == [column.name for column in table.columns]
    assert [
        c.name for c in table.columns if f"    {c.name}: {c.meaning}" not in method.__doc__
    ] == []
    assert len(made) == len(view.rows(name))


@pytest.mark.parametrize("name", TABLES)
def test_columns_have_their_types_also_where_there_are_no_rows(
    name: str, view: repunet.RunView
) -> None:
    table = TABLES[name]
    for rows in (view.rows(name), []):
        made = frame.frame(table, rows, {})
        for column in table.columns:
            wanted = frame.TYPES.get((column.kind, column.optional), "object")
            assert str(made[column.name].dtype) == wanted


def test_values_are_those_of_the_rows(view: repunet.RunView) -> None:
    made, rows = view.reputations(), view.rows("reputations")
    for before, after in zip(rows, made.itertuples(index=False), strict=True):
        known = {n: v for n, v in before._asdict().items() if v is not None}  # type: ignore[attr-defined]
        assert {name: getattr(after, name) for name in known} == known
    assert made.part.isna().all()


def test_a_view_says_what_it_is_and_which_mind_made_it(view: repunet.RunView) -> None:
    assert repr(view) == "<RunView of a: pd, full, seed 1, after round 4; mind: embedded>"
    said = view.ties().attrs
    assert (said["run"], said["mind"], said["table"]) == ("a", "embedded", "ties")
    assert said["digest"] == view.summary.digest


def test_a_view_has_the_founding_the_summary_and_the_society(
    view: repunet.RunView, path: Path
) -> None:
    with Journal.open(path) as journal:
        assert view.manifest == journal.manifest
        assert view.summary == summarise(journal)
        for number in (0, 2, 4):
            assert state(view.society(number)) == state(Snapshot(journal, number).society)
    with pytest.raises(UsageError, match="has rounds 0 to 4, not 5"):
        view.society(5)


def test_a_graph_is_the_network(view: repunet.RunView) -> None:
    for number in (0, 3, 4):
        ties = view.society(number).network
        assert set(view.graph(number).edges) == {(ego, alter.agent) for ego, alter in ties}
    assert set(view.graph().nodes) == set(view.society().agents)


def test_a_view_stays_as_it_was_when_the_run_goes_on(tmp_path: Path) -> None:
    path = played(tmp_path, company("embedded", n=5), 3)
    with repunet.open_run(path) as view:
        before = view.reputations()
        resume(path, 2)
        after = view.reputations()
        assert (view.round, view.summary.rounds, len(view.rounds())) == (3, 3, 3)
        assert view.graph().graph["round"] == 3
        pandas.testing.assert_frame_equal(before, after)
    with repunet.open_run(path) as view:
        assert view.round == 5


def test_a_view_of_a_run_that_was_replaced_says_so(tmp_path: Path) -> None:
    view = repunet.open_run(played(tmp_path, company("embedded"), 2))
    view.path.unlink()
    played(tmp_path, company("embedded", seed=2), 2)
    with pytest.raises(UsageError, match="another run by now"):
        _ = view.summary


def test_looking_changes_nothing(tmp_path: Path) -> None:
    path = played(tmp_path, company("embedded"), 2)
    before = path.read_bytes()
    with repunet.open_run(path) as view:
        for name in TABLES:
            view.table(name)
        view.graph()
        _ = view.summary
    assert path.read_bytes() == before
    assert {file.name for file in path.parent.iterdir()} == {"run.sqlite", "run.lock"}


def test_a_closed_view_and_unknown_names_are_refused_in_a_line(path: Path) -> None:
    with repunet.open_run(path.parent) as view, pytest.raises(UsageError, match='mean "ties"'):
        view.table("tie")
    with pytest.raises(UsageError, match="closed"):
        view.ties()
    assert repr(view).startswith("<RunView of a")
    with pytest.raises(UsageError, match='no run "b"'):
        repunet.open_run("b", path.parents[1])
    assert repunet.open_run("a", str(path.parents[1])).round == 4


def test_a_view_shows_what_a_language_model_was_sent(tmp_path: Path) -> None:
    with served():
        path = played(tmp_path, company(MODEL), 1)
    with repunet.open_run(path) as view:
        first = view.attempts().iloc[0]
        system, *_ = view.messages(int(first.attempt))
        assert "# The situation" in system.content
        assert view.attempts().attrs["mind"] == f"{MODEL} (made up by fake-llm)"


def test_without_pandas_there_are_rows_and_one_line_to_help(path: Path) -> None:
    text = """
import sys; sys.modules.update(pandas=None, pyarrow=None, networkx=None)
import repunet
view = repunet.open_run(sys.argv[1])
print(len(view.rows("ties")), view.summary.rounds)
for table in (view.ties, view.graph):
    try:
        table()
    except repunet.errors.UsageError as error:
        print(error)
"""
    rows, *complaints = script(text, str(path)).splitlines()
    assert int(rows.split()[0]) > 0
    assert [line.split(": ")[1] for line in complaints] == [installation("analysis")] * 2


@pytest.mark.slow
def test_the_page_on_notebooks_works_as_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (text,) = re.findall(r"`look.py`:\n\n```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    begin, *exports = re.findall(r"^\$ repunet (.*)$", PAGE, re.MULTILINE)
    assert execute(split(begin)) == 0
    printed = script(text, cwd=tmp_path, env=dict(os.environ))
    assert "<RunView of first: pd, full, seed 1, after round 12; mind: embedded>" in printed
    assert "DiGraph with 8 nodes" in printed
    for line in exports:
        assert execute(split(line)) == 0
    assert len(list(Path("tables").iterdir())) == len(TABLES)
