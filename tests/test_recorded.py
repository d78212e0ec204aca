"""Run files of version 0.1.0, and what a language model said in them: readable for ever."""

import json
from pathlib import Path

import pytest

from repunet.cli import execute
from repunet.minds.language.objects import candidates
from repunet.record.attempts import blob
from repunet.record.journal import Journal

KEPT = Path(__file__).parent / "data/runs"
MORE = Path(__file__).parents[2] / "shared/recorded/runs"
"""Others, where they are at hand."""
DIGESTS = {
    "investment-full": "97e422f75bbd6c1cc96ee411bbc65581be8bb03d3ea74a3d141381413c8016e2",
    "participation-full": "37cd2929bb3295839a746ec73e5379f44a026ae0f5949b6ecfeb6e2b07277faa",
    "pd-full": "2b0b5020e5ed150547c0fa71023fdba79ea9a564a72bb3dcfa35047894baa3da",
    "pd-none": "2ddd242f97187f7ec515c648e803840a8290872deb0cedf9e6acfda58fa141b2",
}
"""Of each run, as it was when it was recorded."""
FILE = "run.sqlite"


def found(name: str) -> Path:
    return next((place / name for place in (KEPT, MORE) if (place / name / FILE).exists()), KEPT)


RUNS = [
    pytest.param(name, marks=[] if (KEPT / name).is_dir() else [pytest.mark.slow])
    for name in DIGESTS
]


@pytest.fixture(params=RUNS)
def recorded(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return the folder of a copy of a recorded run."""
    folder = found(request.param)
    if folder == KEPT:
        pytest.skip(f"{request.param} is not at hand")
    (copy := tmp_path / request.param).mkdir()
    (copy / FILE).write_bytes((folder / FILE).read_bytes())
    return copy


def said(run: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return what a command prints about a run."""
    capsys.readouterr()
    command, *more = words
    assert execute([command, str(run), *more]) == 0
    return capsys.readouterr().out


def test_a_recorded_run_is_what_it_was(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (recorded / FILE).read_bytes()
    with Journal.open(recorded / FILE) as journal:
        decision = journal.decisions(1)[0].coordinate
    assert said(recorded, capsys, "digest").strip() == DIGESTS[recorded.name]
    assert "all follow from the journal" in said(recorded, capsys, "replay")
    assert "sound" in said(recorded, capsys, "verify")
    assert json.loads(said(recorded, capsys, "show", "--json"))
    assert decision in said(recorded, capsys, "why", decision)
    assert (recorded / FILE).read_bytes() == before


@pytest.mark.slow
def test_a_recorded_run_is_written_as_tables_and_reported(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said(recorded, capsys, "export", str(recorded / "tables"), "--to", "csv")
    assert (recorded / "tables").is_dir()
    said(recorded, capsys, "report", "--output", str(recorded / "report.html"))
    assert "openai:recorded" in (recorded / "report.html").read_text(encoding="utf-8")


def test_a_recorded_run_goes_on_without_drift(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = recorded / "batch"
    assert execute(["resume", str(recorded), "--rounds", "1", "--batch", str(folder)]) == 3
    assert (folder / "requests.jsonl").read_text(encoding="utf-8")
    assert said(recorded, capsys, "digest").strip() == DIGESTS[recorded.name]


def test_what_was_understood_then_is_understood_now(recorded: Path) -> None:
    query = "SELECT schema, answer FROM attempts WHERE status = 'answered'"
    with Journal.open(recorded / FILE) as journal:
        for schema, answer in journal.rows(query):
            fields, text = json.loads(blob(journal, schema))["properties"], blob(journal, answer)
            assert candidates(text, fields) == ([json.loads(text)], "json")
