"""Sketches: what a long run is likely to take follows from its first rounds, and is near enough."""

import pytest

from repunet.planning import sketch as sketches
from repunet.planning.forecast import likely
from repunet.planning.rehearsal import QuestionTally
from repunet.planning.sketch import sketch
from repunet.record.manifest import Manifest
from repunet.runs.run import found
from repunet.world.population import population
from repunet.world.treatment import TREATMENTS


def society(scenario: str = "pd", arm: str = "full", agents: int = 6) -> Manifest:
    people = population(agents, scenario)
    return found(scenario, TREATMENTS[arm], people, 1, {"*": "openai:gpt-4o-mini"})


def test_a_run_that_is_short_is_played_as_a_whole() -> None:
    assert sketch(society(), 3) == likely(society(), 3)


@pytest.mark.parametrize("arm", ["full", "none"])
def test_a_longer_run_is_told_from_its_first_rounds(
    arm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sketches, "ROUNDS", 8)
    about, whole = sketch(society(arm=arm), 16), likely(society(arm=arm), 16)
    assert about.calls == pytest.approx(whole.calls, rel=0.1)
    assert about.tokens == pytest.approx(whole.tokens, rel=0.2)
    assert about.cost == pytest.approx(whole.cost, rel=0.2)
    assert about != whole


def test_what_came_later_is_what_is_taken_to_go_on() -> None:
    earlier, now = QuestionTally(10, 5, 500, 50, 5), QuestionTally(14, 7, 900, 70, 9)
    longer = sketches._going_on(earlier, now, 3)
    assert longer.calls == 14 + 4 * 3
    assert longer.bytes_in / longer.rendered == pytest.approx((1800 + 12 * 200) / 26)


@pytest.mark.slow
@pytest.mark.parametrize(("scenario", "rounds"), [("pd", 60), ("investment", 100)])
def test_the_papers_runs_are_told_within_a_tenth(scenario: str, rounds: int) -> None:
    paper = society(scenario, agents=20)
    about, whole = sketch(paper, rounds), likely(paper, rounds)
    assert about.tokens == pytest.approx(whole.tokens, rel=0.1)
