"""Validation by human data: what is reported, and that it never decides."""

import pytest

from repunet.minds.router import make_mind
from repunet.scenarios.donor import DonorGame
from repunet.scenarios.participation import Participation
from repunet.validation.arena import encounters
from repunet.validation.checks import humans
from repunet.validation.in_memory import people, play
from repunet.validation.laboratory import (
    STRANGERS,
    TrustGame,
    laboratory,
    random_ties,
    spread_reports,
)
from repunet.world.persona import Participant
from repunet.world.treatment import Treatment

TWO = range(5, 7)


def test_what_is_sent_is_tripled_and_nothing_is_lost() -> None:
    simulation = laboratory(TrustGame(), humans.UNSEEN, 12, STRANGERS, 1)
    deals = [met for met in encounters(play(simulation, 1)) if humans.taken(met)]
    assert deals
    for met in deals:
        assert sum(act.payoff for act in met.acts) == 2 * met.acts[0].facts["amount"]


def test_everybody_is_told_one_thing_about_everybody_and_believes_it() -> None:
    society = laboratory(DonorGame(), humans.MIND, 6, Treatment(partner_choice=False), 4)
    told = spread_reports(society, make_mind(humans.MIND, 4), 4)
    assert len(told) == 6 * 5
    assert set(told.values()) == {"very positive", "very negative"}
    for (listener, target), sense in told.items():
        agent = society.society.agents[listener]
        record = agent.reputations.of(Participant(target, "player"))
        assert record is not None
        assert (record.score > 0) == (sense == "very positive")
        assert len(agent.gossip) == 5


def test_neighbours_are_mutual_and_as_many_as_asked_for() -> None:
    ids = [person.id for person in people(40, "donor")]
    ties = set(random_ties(ids, 0.2, seed=1))
    assert all((alter.agent, Participant(ego, "player")) in ties for ego, alter in ties)
    assert len(ties) / (40 * 39) == pytest.approx(0.2, abs=0.05)


def test_a_trend_is_the_mean_slope_of_runs() -> None:
    slope, half = humans.trend([[0.1, 0.2, 0.3], [0.5, 0.8, 1.1]])
    assert slope == pytest.approx(0.2)
    assert half == pytest.approx(12.706 * 0.1, rel=1e-3)  # t of one degree of freedom


def test_choices_are_told_apart_by_decision() -> None:
    simulation = laboratory(Participation(), humans.UNSEEN, 6, STRANGERS, 1)
    made = list(humans.by_decision(play(simulation, 7)))
    assert [len(choices) for choices in made] == [6, 6]
    assert 0.0 <= humans.joined(made[0]) <= 1.0


@pytest.mark.parametrize("check", [humans.reports, humans.being_seen])
def test_a_benchmark_names_the_mind_and_never_decides(check: object) -> None:
    found = check(TWO)  # type: ignore[operator]
    assert not found.gate
    assert found.mind.startswith("embedded")
    assert found.found is not None


def test_trust_is_reported_against_both_sources_with_its_number_of_pairs() -> None:
    sent, again, returned = humans.trust(TWO)
    assert sent.found == again.found
    assert sent.source != again.source
    assert "40 pairs" in sent.note
    assert returned.tolerance == 0.09
    assert sent.passed == (abs(float(sent.found) - 0.516) <= 0.1)  # type: ignore[arg-type]


def test_a_decline_needs_both_ends_to_be_as_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(humans, "UNSEEN", "chance")
    assert not humans.decline(TWO, decisions=2).passed


@pytest.mark.slow
def test_networks_are_compared_by_level_and_by_trend() -> None:
    level, slope = humans.networks(TWO)
    assert level.passed == (float(level.found) > 0)  # type: ignore[arg-type]
    assert slope.passed == (abs(float(slope.found)) <= slope.tolerance)  # type: ignore[arg-type, operator]
    assert all(arm in level.note for arm in humans.ARMS)
