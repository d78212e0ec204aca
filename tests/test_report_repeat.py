"""How to repeat a run: the commands that a report prints play it once more, to the same digest."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from unittest.mock import patch

import pytest
from language_societies import MODEL, at, served

from repunet.cli import execute
from repunet.record.journal import Journal

SMALL = "--agents 4 --quiet"
EXTENDED = [
    f"run pd {SMALL} --rounds 2 --mind embedded --name first",
    "resume first --rounds 1 --quiet",
]
FORKED = [
    *EXTENDED,
    "fork first --at 1 --set gossip=off --rounds 1 --name second --quiet",
    "resume second --rounds 2 --quiet",
]
MIXED = [
    f"run investment {SMALL} --rounds 2 --mind chance --mind role:trustee=grudger --name first",
    "resume first --rounds 1 --quiet",
]
SWITCHED = [
    f"run pd {SMALL} --rounds 2 --mind embedded --set gossip=off --set rewiring=off --name first",
]
OWN_PEOPLE = [
    "run pd --quiet --rounds 2 --mind embedded --personas people.json --network ties.json "
    "--name first",
]
FROM_A_SPEC = [
    "run --spec mine.toml --quiet --name first --rounds 1",
    "resume first --rounds 2 --quiet",
]
MADE = {
    "extended": EXTENDED,
    "forked and extended": FORKED,
    "of mixed minds": MIXED,
    "with switches": SWITCHED,
    "of its own people": OWN_PEOPLE,
    "from a spec": FROM_A_SPEC,
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work in a folder with files of people, ties and a spec; draw no figures, which takes long."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REPUNET_STORAGE", raising=False)
    people = [
        {"name": name, "disposition": "self_interested", "descriptions": {"pd": f"You are {name}."}}
        for name in ("Ana Ort", "Bo Li", "Cy Day", "Di Fox")
    ]
    Path("people.json").write_text(json.dumps(people), "utf-8")
    Path("ties.json").write_text(json.dumps([["Ana Ort", "Bo Li"]]), "utf-8")
    spec = 'scenario = "donor"\ntreatment = "no-gossip"\nseed = 5\nagents = 4\nmind = "embedded"\n'
    Path("mine.toml").write_text(spec, "utf-8")
    with (
        patch("repunet.analysis.report.single.pictures", lambda runs: []),
        patch("repunet.analysis.report.several.pictures", lambda runs: []),
    ):
        yield


def commanded(lines: list[str]) -> None:
    for line in lines:
        assert execute(shlex.split(line)) == 0, line


def shown(run: str, part: str) -> str:
    page = Path("runs", run, "report.html").read_text("utf-8")
    return unescape(re.findall(rf'<pre id="{part}">(.*?)</pre>', page, re.DOTALL)[0])


def typed(line: str) -> str:
    """Return what a printed command prints, in a process of its own."""
    program, *words = shlex.split(line)
    assert program == "repunet"
    asked = [sys.executable, "-m", "repunet.cli", *words]
    return subprocess.run(asked, check=True, capture_output=True, text=True, timeout=300).stdout


def digest(path: Path) -> str:
    with Journal.open(path) as journal:
        return journal.digest()


def repeated(run: str) -> str:
    """Return the digest that is printed in the end, when a report is followed word by word."""
    assert execute(["report", run]) == 0
    if "--spec spec.json" in shown(run, "again"):
        Path("spec.json").write_text(shown(run, "spec"), "utf-8")
    *_, last = map(typed, shown(run, "again").splitlines())
    return last.strip()


@pytest.mark.slow
def test_a_run_that_was_extended_is_repeated_as_its_report_says() -> None:
    commanded(EXTENDED)
    assert repeated("first") == digest(Path("runs/first/run.sqlite"))
    for line in shown("first", "checks").splitlines():
        typed(line)


@pytest.mark.slow
@pytest.mark.parametrize("lines", MADE.values(), ids=MADE)
def test_a_run_is_repeated_as_its_report_says(lines: list[str]) -> None:
    commanded(lines)
    run = "second" if lines is FORKED else "first"
    assert repeated(run) == digest(Path("runs", run, "run.sqlite"))


@pytest.mark.slow
def test_a_run_of_a_language_model_whose_budget_was_raised_is_repeated() -> None:
    with served() as fake, at(fake.url):
        run = f"run pd {SMALL} --rounds 1 --model {MODEL} --max-calls 20 --name first"
        assert execute(shlex.split(run)) == 3
        commanded(["resume first --max-calls 10000 --quiet", "resume first --rounds 1 --quiet"])
        assert repeated("first") == digest(Path("runs/first/run.sqlite"))


@pytest.mark.slow
def test_all_runs_of_a_sweep_are_repeated_as_its_report_says() -> None:
    grid = 'scenario = "pd"\ntreatments = ["full", "none"]\nmind = "embedded"\nagents = 4\n'
    for rounds in (1, 2):
        Path("arms.toml").write_text(f"{grid}rounds = {rounds}\n", "utf-8")
        commanded(["sweep arms.toml --quiet"])
    assert execute(["report", "arms"]) == 0
    said = [typed(line) for line in shown("arms", "again").splitlines()]
    runs = sorted(Path("runs/arms").glob("*/run.sqlite"))
    assert {each.strip() for each in said[1::2]} == {digest(path) for path in runs}


def test_a_run_that_no_command_can_repeat_says_why() -> None:
    commanded([f"run pd {SMALL} --rounds 1 --mind embedded --name first"])
    with Journal.open(Path("runs/first/run.sqlite"), write=True) as journal:
        journal.note("branched after round 1", "minds changed")
    assert execute(["report", "first"]) == 0
    page = Path("runs/first/report.html").read_text("utf-8")
    assert "no command plays it again" in page
    assert 'id="again"' not in page
