"""Who meets whom."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from societies import FULL, MISSING, Stub, befriend, player, run, society, tie, views

from repunet.chance import draw
from repunet.matching import Eligibility, Free, Matching
from repunet.questions import operations as ops
from repunet.world.event import Event, Matched, ReputationShaped, RoundBegan, SatOut
from repunet.world.persona import AgentId
from repunet.world.reputation import Appraisal
from repunet.world.society import Society
from repunet.world.treatment import Treatment

ALWAYS, NEVER = replace(FULL, choice_probability=1.0), replace(FULL, choice_probability=0.0)
EVERYBODY = [(i, j) for i in range(1, 9) for j in range(1, i)]


def crowd(treatment: Treatment = FULL, n: int = 8, seed: int = 1, round_: int = 1) -> Society:
    """Return a society in which everybody is tied to everybody."""
    people = society(treatment, n=n, seed=seed)
    people.apply(RoundBegan(round=round_))
    befriend(people, *((i, j) for i in range(1, n + 1) for j in range(1, i)))
    return people


def pairs(people: Society, mind: Stub, *, mutual: bool = True) -> list[Event]:
    matching = Matching(people, views(people), mind)
    return run(matching.pairs("player", "player", Eligibility(mutual=mutual)))


def matched(events: list[Event]) -> list[tuple[AgentId, AgentId]]:
    return [
        tuple(participant.agent for participant in event.participants)
        for event in events
        if isinstance(event, Matched)
    ]


def choices(events: list[Event]) -> Counter[str]:
    return Counter(event.by for event in events if isinstance(event, Matched))


some_ties = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), max_size=80)


@given(st.integers(2, 12), some_ties, st.integers(0, 99), st.sampled_from((FULL, ALWAYS, NEVER)))
def test_everybody_is_matched_once_or_sits_out(
    n: int, ties: list[tuple[int, int]], seed: int, treatment: Treatment
) -> None:
    people = society(treatment, n=n, seed=seed)
    for ego, alter in ties:
        if ego != alter and max(ego, alter) <= n:
            tie(people, ego, alter)
    events = pairs(people, Stub())
    seated = [agent for pair in matched(events) for agent in pair]
    out = [event.agent for event in events if isinstance(event, SatOut)]
    assert sorted([*seated, *out]) == sorted(people.agents)
    assert len(out) == n % 2


@given(some_ties, st.integers(0, 99))
def test_a_chosen_partner_has_a_mutual_tie(ties: list[tuple[int, int]], seed: int) -> None:
    people = society(ALWAYS, n=12, seed=seed)
    for ego, alter in ties:
        if ego != alter:
            tie(people, ego, alter)
    for event in pairs(people, Stub()):
        if isinstance(event, Matched) and event.by == "choice":
            assert people.network.mutual(*event.participants)


def test_a_tie_that_is_not_returned_gives_a_choice_only_where_it_need_not_be() -> None:
    people = society(ALWAYS, n=8)
    for i, j in EVERYBODY:
        tie(people, i, j)
    assert not choices(pairs(people, mind := Stub()))["choice"]
    assert not mind.asked
    assert choices(pairs(people, Stub(), mutual=False))["choice"] > 0


def test_half_of_a_society_chooses_where_choice_is_certain() -> None:
    events = pairs(crowd(ALWAYS), mind := Stub())
    assert len(mind.questions(ops.RankPartners)) == 4
    assert choices(events) == {"choice": 4}
    assert {q.ego.id for q in mind.questions(ops.RankPartners)} == {a for a, _ in matched(events)}


def test_nobody_chooses_where_choice_has_no_chance() -> None:
    for treatment in (NEVER, replace(ALWAYS, partner_choice=False)):
        assert choices(pairs(crowd(treatment), mind := Stub())) == {"chance": 4}
        assert not mind.asked


def test_about_half_of_those_who_could_choose_may() -> None:
    chosen = sum(choices(pairs(crowd(seed=seed), Stub()))["choice"] for seed in range(100))
    assert 160 <= chosen <= 240


def test_candidates_are_the_eligible_among_the_chosen_half() -> None:
    events = pairs(crowd(ALWAYS), mind := Stub())
    chosen = {alter for _, alter in matched(events)}
    for question in mind.questions(ops.RankPartners):
        assert {candidate.id for candidate in question.candidates} == chosen


def test_candidates_are_shown_in_an_order_of_chance_that_can_be_had_again() -> None:
    def shown(round_: int) -> list[list[str]]:
        pairs(crowd(ALWAYS, round_=round_), mind := Stub())
        return [[c.id for c in q.candidates] for q in mind.questions(ops.RankPartners)]

    assert shown(1) == shown(1)
    orders = [order for round_ in range(1, 21) for order in shown(round_)]
    assert len({tuple(order) for order in orders}) > 40
    first = Counter(order.index(max(order)) for order in orders)
    assert min(first[place] for place in range(4)) > 10


def test_a_chooser_gets_the_first_in_its_ranking_who_is_free() -> None:
    best = (
        ops.RankPartners,
        lambda o, _: ops.Ranking(tuple(sorted(c.name for c in o.candidates)), ""),
    )
    people = crowd(ALWAYS)
    events = pairs(people, Stub(dict([best])))
    chosen = [people.name(alter) for _, alter in matched(events)]
    assert chosen == sorted(chosen)


def test_whoever_chooses_first_is_a_matter_of_chance() -> None:
    first = Counter(matched(pairs(crowd(seed=seed), Stub()))[0][0] for seed in range(160))
    assert set(first) == set(crowd().agents)
    assert max(first.values()) < 40


def test_without_a_choice_every_partner_is_as_likely() -> None:
    met = Counter(
        frozenset(pair)
        for seed in range(420)
        for pair in matched(pairs(crowd(NEVER, n=6, seed=seed), Stub()))
    )
    assert len(met) == 15
    assert min(met.values()) > 50
    assert max(met.values()) < 120


def test_a_ranking_that_could_not_be_had_leaves_it_to_chance() -> None:
    events = pairs(crowd(ALWAYS), Stub({ops.RankPartners: MISSING}))
    assert choices(events) == {"chance": 4}
    assert sum(event.kind == "decision_missing" for event in events) == 4


def test_a_ranking_that_leaves_somebody_out_is_missing() -> None:
    short = {ops.RankPartners: lambda o, _: ops.Ranking((o.candidates[0].name,), "only one")}
    events = pairs(crowd(ALWAYS), Stub(short))
    assert choices(events) == {"chance": 4}
    assert sum(event.kind == "decision_missing" for event in events) == 4


def rated(people: Society) -> Society:
    """Let A08 be thought of best, A07 next, and so on, each by one other."""
    for number in range(1, 9):
        weight = number / 10
        appraisal = Appraisal("", (1 - weight, 0, 0, 0, weight)).of(player(number), "pd")
        observer = player(number % 8 + 1).agent
        shaped = ReputationShaped(
            observer=observer, reputation=appraisal, cause="encounter", because=(), decision=""
        )
        people.apply(shaped)
    return people


def test_by_standing_the_best_choose_first() -> None:
    for seed in range(5):
        by_standing = rated(crowd(replace(ALWAYS, order_by_standing=True), seed=seed))
        first = [ego for ego, _ in matched(pairs(by_standing, Stub()))]
        assert first == sorted(first, reverse=True)
        as_usual = [ego for ego, _ in matched(pairs(rated(crowd(ALWAYS, seed=seed)), Stub()))]
        assert sorted(as_usual) == sorted(first)


@pytest.mark.parametrize("n", [3, 5, 9])
def test_sitting_out_goes_round(n: int) -> None:
    out = []
    for round_ in range(1, 2 * n + 1):
        people = crowd(n=n, round_=round_)
        out += [e.agent for e in pairs(people, Stub()) if isinstance(e, SatOut)]
    assert out[:n] == out[n:]
    assert sorted(out[:n]) == sorted(people.agents)


def test_groups_take_everybody_in_and_leave_the_surplus_out() -> None:
    people = crowd(n=8)
    events = Matching(people, views(people), Stub()).groups("player", 3)
    assert [len(group) for group in matched(events)] == [3, 3]
    assert sum(isinstance(event, SatOut) for event in events) == 2


def test_two_are_a_society() -> None:
    events = pairs(crowd(ALWAYS, n=2), Stub())
    assert [set(pair) for pair in matched(events)] == [{"A01", "A02"}]


@given(st.integers(1, 30), st.integers(0, 999))
def test_the_free_are_taken_once_each(n: int, seed: int) -> None:
    agents = [f"A{number}" for number in range(n)]
    free = Free(agents)
    if draw(seed, "first") < 0.5:
        assert free.take(agents[0]) == agents[0]
        assert agents.pop(0) not in free
    assert sorted(free.take_any(seed, place) for place in range(len(agents))) == sorted(agents)
