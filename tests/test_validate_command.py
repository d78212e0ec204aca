"""The command `validate`: what it prints, and through which code it leaves."""

import json
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import validation
from repunet.analysis.makers import NOTES
from repunet.cli import execute
from repunet.cli.commands import validate as validating
from repunet.errors import UsageError
from repunet.validation import suite
from repunet.validation.check import Check, near, same
from repunet.validation.suite import SUITE, SuitePart, jobs, results

HERE = Path(__file__)


def sound(full: bool, seed: int) -> Iterator[Check]:
    yield same("scores", "exact", "somebody 1980", "4 of 4", "4 of 4")
    yield near("payoff", "theory", "somebody 1993", 2.25, 2.3, 0.1, missing=seed, note="4 turns")


def people(full: bool, seed: int) -> Iterator[Check]:
    yield near("sent", "human", "somebody 1995", 5.16, 3.3, 1.0, mind="embedded", note="one shot")


def unsound(full: bool, seed: int) -> Iterator[Check]:
    yield near("payoff of <b>", "theory", "somebody", 1.0, 2.0, 0.1, note="as it is")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        suite,
        "SUITE",
        {
            "sound": SuitePart(f"{HERE.stem}:sound", ("exact", "theory")),
            "people": SuitePart(f"{HERE.stem}:people", ("human",)),
            "unsound": SuitePart(f"{HERE.stem}:unsound", ("theory",)),
        },
    )


def validate(*words: str) -> int:
    return execute(["validate", "--workers", "1", "--quiet", *words])


def test_every_part_of_the_suite_can_be_found() -> None:
    for part in SUITE.values():
        assert find_spec(part.source.partition(":")[0])


def test_it_fails_if_something_that_must_be_met_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert validate() == 1
    out, err = capsys.readouterr()
    assert "2 of 3 that must be met are met" in out
    assert "payoff of <b>: as it is" in out
    assert err == "repunet: not met: payoff of <b>\n"


def test_human_data_are_reported_and_fail_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert validate("--only", "human,exact") == 0
    out = capsys.readouterr().out
    assert "differs" in out
    assert "1 of 1 that must be met are met" in out
    assert NOTES[0].text in out


def test_every_table_says_which_mind_made_it(capsys: pytest.CaptureFixture[str]) -> None:
    validate("--only", "sound")
    out = capsys.readouterr().out
    assert out.count("mind: scripted strategies.") == 2
    assert NOTES[0].text not in out


def test_missing_decisions_stand_beside_what_was_found(capsys: pytest.CaptureFixture[str]) -> None:
    validate("--only", "theory", "--seed", "17")
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("payoff  "))
    assert line.split()[:6] == ["payoff", "2.250", "2.300", "0.100", "17", "pass"]


def test_a_family_leaves_out_the_other_checks_of_a_part() -> None:
    (result,) = results(jobs(["exact"], full=False, seed=1), time.perf_counter, 1)
    assert [each.name for each in result.checks] == ["scores"]


def test_json_holds_every_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert validate("--json", "--only", "sound,people") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["passed"]
    assert [part["part"] for part in said["parts"]] == ["sound", "people"]
    first = said["parts"][0]["checks"][1]
    assert (first["expected"], first["found"], first["note"]) == (2.25, 2.3, "4 turns")


@pytest.mark.slow
def test_several_processes_find_the_same_as_one() -> None:
    todo = jobs(["sound", "people"], full=False, seed=3)
    found = [
        sorted((each.part, each.checks) for each in results(todo, time.perf_counter, workers))
        for workers in (1, 2)
    ]
    assert found[0] == found[1]


@pytest.mark.slow
def test_the_page_of_results_is_what_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "SUITE", SUITE)
    verdict = validating.checked("", full=False, seed=1, workers=2, quiet=True)
    assert verdict.passed
    assert validation.PAGE.read_text() == validation.page(verdict), "make validation"


def test_a_name_that_is_none_is_refused_with_a_suggestion() -> None:
    with pytest.raises(UsageError, match='did you mean "exact"'):
        jobs(["exat"], full=False, seed=1)
    assert validate("--only", "exat") == 2
    assert execute(["validate", "--workers", "0"]) == 2
