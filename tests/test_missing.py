"""Decisions that could not be had: how many a round can do without, and what is said of them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from language_societies import (
    MODEL,
    NAME,
    Errand,
    Nursery,
    company,
    decisions,
    digest,
    hasty,
    missing,
    played,
    resumed,
    served,
    told,
)

from repunet.cli import execute
from repunet.fake_llm.server import DECISION


@pytest.fixture(autouse=True)
def quickly() -> Iterator[None]:
    with hasty():
        yield


def mumbling(*ends: str) -> Any:
    """Let a server say nothing of use to the decisions whose names end so."""

    def answer(_: Any, headers: Mapping[str, str]) -> str | None:
        return "Hm." if headers[DECISION].endswith(ends) else None

    return answer


def of(operation: str, *agents: int) -> tuple[str, ...]:
    return tuple(f"/{operation}/A0{number}" for number in agents)


# How many ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lost", "code"), [((1,), 0), ((1, 2), 3), ((1, 2, 3), 3)])
def test_a_small_round_can_do_without_a_quarter_of_its_decisions(
    lost: tuple[int, ...], code: int, tmp_path: Path
) -> None:
    words = f"run pd --mind {MODEL} --agents 4 --rounds 1 --treatment none --name a --quiet"
    with served(answers=mumbling(*of("ChooseMove", *lost))):
        assert execute([*words.split(), "--storage", str(tmp_path)]) == code
    assert len(missing(tmp_path / "a/run.sqlite")) == (0 if code else len(lost))


def test_a_stop_says_which_answers_were_of_no_use_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = f"run pd --mind {MODEL} --agents 4 --rounds 1 --name a --quiet"
    with served(answers=mumbling(*of("Reflect", 1, 2, 3, 4))):
        assert execute([*words.split(), "--storage", str(tmp_path)]) == 3
    *told, last = capsys.readouterr().err.splitlines()
    why = f"{MODEL}: there is no JSON object in the answer"
    assert told[:3] == [f"r1/respond/A0{n}/Reflect/A0{n}: {why}" for n in (1, 2, 3)]
    assert told[3] == "... and 1 more"
    assert "decisions of round 1 could not be had" in last


# What the matter was, and is no more -------------------------------------------------------------


@pytest.mark.slow
def test_what_could_not_be_had_before_a_kill_is_asked_anew_when_all_is_well(
    tmp_path: Path,
) -> None:
    with served():
        in_peace = digest(played(tmp_path / "in peace", company(), 1))
    nursery = Nursery()
    with served(answers=mumbling(*of("Reflect", 1, 2, 3, 4))) as ill:
        code = nursery.do(Errand(str(tmp_path), ill.url, "answered", 30, rounds=1))
    nursery.close()
    path = tmp_path / NAME / "run.sqlite"
    assert code < 0
    assert [each.answer for each in decisions(path).values()].count(None) == 4
    with served() as well:
        assert resumed(path) == in_peace
    assert not missing(path)
    assert len({question.decision for question in told(ill).keys() & told(well).keys()}) == 4


@pytest.mark.slow
def test_a_few_that_could_not_be_had_stay_missing_whoever_goes_on(tmp_path: Path) -> None:
    nursery = Nursery()
    with served(answers=mumbling(*of("Reflect", 1, 2))) as ill:
        nursery.do(Errand(str(tmp_path), ill.url, "answered", 30, rounds=1))
    nursery.close()
    path = tmp_path / NAME / "run.sqlite"
    with served():
        resumed(path)
    assert len(missing(path)) == 2
