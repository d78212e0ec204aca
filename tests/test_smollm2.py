"""A small real model, SmolLM2-135M-Instruct, plays. What it says is garbage; how it says it is not.

These tests run after all others (`make test-slow`), since llama.cpp's threads wait busily.
"""

import os
from pathlib import Path
from typing import NamedTuple

import pytest

pytest.importorskip("xllamacpp")

from language_societies import company, missing, played

from repunet.errors import UsageError
from repunet.minds.language.terms import Terms
from repunet.models.allowance import Allowance
from repunet.models.gguf import checked
from repunet.models.serving import SMOLLM2, packaged
from repunet.planning.endpoint_check import examine
from repunet.record.attempts import ANSWERED, INVALID
from repunet.record.journal import Journal
from repunet.record.notes import COMPACT

try:
    FILE = packaged()
except UsageError as error:
    pytest.skip(str(error), allow_module_level=True)

pytestmark = [pytest.mark.slow, pytest.mark.alone, pytest.mark.timeout(3000)]
PATIENT = Terms(Allowance(threads=os.cpu_count(), timeout=1200, deadline=2400))
"""All processors: nothing else is tested meanwhile."""
MOST = 4096
"""Tokens of an answer."""


class Asked(NamedTuple):
    """What the model was asked, and what came of it."""

    coordinate: str
    status: str
    output: int
    seconds: float


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a compact round of four agents."""
    folder = tmp_path_factory.mktemp("smollm2")
    return played(folder, company(SMOLLM2, n=4), plan=COMPACT, terms=PATIENT)


def asked(run: Path) -> list[Asked]:
    with Journal.open(run) as journal:
        query = "SELECT coordinate, status, output, latency FROM attempts ORDER BY id"
        return [Asked(*row) for row in journal.rows(query)]


def test_its_file_is_a_model_that_was_taught_to_chat() -> None:
    head = checked(FILE)
    assert (head.architecture, head.chats, head.context) == ("llama", True, 8192)


def test_every_answer_of_a_round_is_valid_or_counted_as_missing(run: Path) -> None:
    understood = {each.coordinate for each in asked(run) if each.status == ANSWERED}
    every = {each.coordinate for each in asked(run)}
    assert len(every) >= 4
    assert every - understood <= set(missing(run))
    assert len(understood) > len(every) / 2


def test_its_answers_are_bounded_and_counted(run: Path) -> None:
    assert {each.status for each in asked(run)} <= {ANSWERED, INVALID}
    assert all(0 < each.output <= MOST and each.seconds > 0 for each in asked(run))


def test_the_doctor_says_that_it_can_be_used() -> None:
    found = examine(SMOLLM2, PATIENT)
    assert (found.usable, found.mode) == (True, "schema")
    assert found.cached is not None
    assert found.cached > found.shared / 2
