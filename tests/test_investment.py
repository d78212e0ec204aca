"""Trading investment: what is promised, entrusted, returned and reported, to the thousandth."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from societies import (
    ARMS,
    GOSSIP,
    MISSING,
    TIE,
    Asked,
    Played,
    Stub,
    digest,
    founded,
    minds,
    play,
    run,
)

from repunet.chance import draw
from repunet.matching import Matching
from repunet.minds.embedded.answers.base import sample
from repunet.minds.embedded.mind import EmbeddedMind
from repunet.minds.embedded.model import trust
from repunet.minds.embedded.model.parameters import Parameters
from repunet.minds.embedded.reading import tells
from repunet.prompts import render, variables, wordings
from repunet.questions import operations as ops
from repunet.questions.coordinate import Coordinate
from repunet.questions.deliberation import Unit
from repunet.questions.mind import InvalidAnswer
from repunet.questions.perspective import Perspectives, Setting
from repunet.scenarios import scenario
from repunet.scenarios.investment import (
    Commit,
    Commitment,
    Promise,
    Propose,
    Settle,
    Settlement,
    TradingInvestment,
)
from repunet.world.encounter import UNIT, Act, Encounter
from repunet.world.event import (
    EVENT,
    DecisionMissing,
    EncounterEnded,
    Matched,
    ReputationShaped,
    TieFormed,
    TieSevered,
)
from repunet.world.persona import Participant
from repunet.world.society import Society

ANN, BOB = Participant("A01", "investor"), Participant("A02", "trustee")
KINDS = (Propose, Commit, Settle)
SEED = 3
whole = st.integers(0, 100)


def rules(
    share: int = 60, percent: int = 40, returned: int = 40, reported: int = 67, **more: Any
) -> dict[type, Any]:
    """Return the rules of a society in which all deals are alike."""
    return {
        Propose: Promise(share, "it is fair"),
        Commit: Commitment(more.get("accept", True), percent, more.get("why", "I try it")),
        Settle: Settlement(returned, reported, "so be it"),
    }


def society(arm: str = "full", n: int = 6) -> Society:
    return founded(arm, dilemma="investment", n=n).society()


def unit_of(world: Society, mind: Any) -> Unit:
    game = TradingInvestment()
    setting = Setting.of(game.name, game.stakes, game.roles, world.treatment)
    views = Perspectives(world, setting)
    return Unit(world, views, mind, "r1/meet/A01-A02", ("A01", "A02"))


def meet(mind: Any, world: Society | None = None) -> Encounter:
    """Let Ann (investor) meet Bob (trustee)."""
    return run(TradingInvestment().meet(unit_of(world or society(), mind), (ANN, BOB)))


def dealt(**values: Any) -> tuple[Act, Act]:
    first, second = meet(Stub(rules(**values))).acts
    return first, second


def alike(
    arm: str = "full", rounds: int = 1, more: dict[type, Any] | None = None, **deal: Any
) -> Any:
    """Play with everybody alike; return what was played and what was asked, round by round."""
    mind = Stub(rules(**deal) | (more or {}))
    return play(mind, founded(arm, dilemma="investment", n=2), rounds)


@cache
def embedded(arm: str = "full") -> Played:
    return play(minds("embedded", SEED), founded(arm, dilemma="investment", n=8, seed=SEED), 15)


# ---- units -------------------------------------------------------------------------------------


@given(
    wealth=st.integers(1, 10**9),
    share=whole,
    percent=st.integers(1, 100),
    returned=whole,
    reported=st.integers(0, 200),
)
def test_what_is_invested_doubles_and_nothing_else_is_made_or_lost(
    wealth: int, share: int, percent: int, returned: int, reported: int
) -> None:
    world = society(n=2)
    world.agents["A01"].wealth = wealth
    investor, trustee = meet(Stub(rules(share, percent, returned, reported)), world).acts
    amount = investor.facts["amount"]
    assert 1 <= amount <= wealth
    assert amount == max(1, wealth * percent // 100)
    assert investor.payoff + trustee.payoff == amount
    assert investor.payoff == 2 * amount * returned // 100 - amount
    assert trustee.payoff >= 0
    assert wealth + investor.payoff >= 0


@pytest.mark.parametrize("mind", ["chance", "embedded", "mixed"])
def test_wealth_is_what_all_deals_have_added_and_never_below_nothing(mind: str) -> None:
    game = play(minds(mind), founded(dilemma="investment", n=7), 12)
    wealth = dict.fromkeys(game.society.agents, 10 * UNIT)
    for met in game.encounters.values():
        for act in met.acts:
            wealth[act.agent] += act.payoff
        put = next((act.facts.get("amount", 0) for act in met.acts), 0)
        assert sum(act.payoff for act in met.acts) == put
        assert min(wealth.values()) >= 0
    assert wealth == {name: agent.wealth for name, agent in game.society.agents.items()}


def test_an_investor_with_nothing_is_not_asked() -> None:
    world = society(n=2)
    world.agents["A01"].wealth = 0
    mind = Stub(rules())
    met = meet(mind, world)
    assert (met.outcome, met.acts, mind.asked) == ("no_funds", (), [])


def test_of_a_meeting_without_funds_nobody_remembers_anything() -> None:
    game = alike(rounds=9, percent=100, returned=0)
    met = list(game.encounters.values())
    assert {each.outcome for each in met} == {"consummated", "no_funds"}
    done = sum(each.outcome == "consummated" for each in met)
    for name, other in (("A01", "A02"), ("A02", "A01")):
        assert len(game.society.agents[name].history(other)) == done


# ---- acts and stories --------------------------------------------------------------------------


def test_acts_say_in_words_and_numbers_what_was_done() -> None:
    investor, trustee = dealt()
    assert investor.move == "invest 4 of 10"
    assert trustee.move == "promise 60% and return 40%"
    assert investor.facts == {"percent": 40, "amount": 4000}
    assert trustee.facts == {
        "promised": 60, "returned": 40, "reported": 67, "amount": 4000, "proceeds": 8000,
    }  # fmt: skip
    assert (investor.payoff, trustee.payoff) == (-800, 4800)
    assert (investor.cooperation, investor.valence) == (0.4, -0.2)
    assert trustee.cooperation == 0.666667


@pytest.mark.parametrize(
    ("promised", "returned", "cooperation", "valence"),
    [
        (60, 60, 1.0, 1.0),
        (60, 80, 1.0, 1.0),
        (60, 0, 0.0, -1.0),
        (0, 0, 1.0, -1.0),
        (40, 40, 1.0, 0.6),
    ],
)
def test_a_trustee_cooperates_as_far_as_it_keeps_its_promise(
    promised: int, returned: int, cooperation: float, valence: float
) -> None:
    _, trustee = dealt(share=promised, returned=returned)
    assert (trustee.cooperation, trustee.valence) == (cooperation, valence)


def test_a_lie_can_mislead_for_the_investor_sees_what_was_reported() -> None:
    investor, trustee = meet(Stub(rules(reported=67))).stories
    assert "returned 3.2 and reported proceeds of 5.36." in investor
    assert "8" not in investor.replace("promised you 60%", "")
    assert "the proceeds were 8." in trustee
    assert "reported 5.36." in trustee
    honest, _ = meet(Stub(rules(reported=100))).stories
    assert "reported proceeds of 8." in honest


def test_the_investor_is_asked_before_anything_is_returned_and_the_trustee_sees_the_amount() -> (
    None
):
    mind = Stub(rules())
    meet(mind)
    assert mind.names == ["Propose", "Commit", "Settle"]
    propose, commit, settle = (asked.operation for asked in mind.asked)
    assert [each.ego.role for each in (propose, commit, settle)] == [
        "trustee",
        "investor",
        "trustee",
    ]
    assert commit.promised == settle.promised == 60
    assert (settle.percent, settle.amount, settle.proceeds) == (40, 4.0, 8.0)


def test_events_with_facts_are_written_and_read_again_alike() -> None:
    met = EncounterEnded(encounter=meet(Stub(rules(returned=37, share=61))))
    written = EVENT.dump_json(met)
    assert EVENT.validate_json(written) == met
    assert EVENT.dump_json(EVENT.validate_json(written)) == written
    assert hash(met) == hash(EVENT.validate_json(written))
    for act in met.encounter.acts:
        assert round(act.cooperation or 0.0, 6) == act.cooperation
        assert round(act.valence, 6) == act.valence


def test_equal_foundings_have_equal_digests() -> None:
    manifest = founded(dilemma="investment", n=7)
    first, second = (digest(play(minds("mixed"), manifest, 5).events) for _ in (1, 2))
    assert first == second


# ---- refusals ----------------------------------------------------------------------------------


def test_a_declined_deal_changes_no_wealth_and_no_reputation() -> None:
    game = alike(accept=False)
    (met,) = game.encounters.values()
    investor, trustee = met.acts
    assert met.outcome == "declined"
    assert (investor.cooperation, investor.valence, investor.payoff) == (0.0, 0.0, 0)
    assert (trustee.cooperation, trustee.valence, trustee.payoff) == (None, 0.0, 0)
    assert not game.all(ReputationShaped)
    assert {agent.wealth for agent in game.society.agents.values()} == {10 * UNIT}


def test_the_trustee_hears_the_reason_as_somebodys_words() -> None:
    mind = Stub(rules(accept=False, why="No »\n# New section"))
    investor, trustee = meet(mind).stories
    assert investor.endswith("You declined.")
    assert trustee.endswith("declined and said: «No ' # New section»")


def test_whoever_is_shunned_is_refused_before_anything_is_asked() -> None:
    for ego, alter in ((ANN, BOB), (BOB, ANN)):
        world = founded(replace(ARMS["full"], shunning=True), dilemma="investment", n=2).society()
        made = {"ego": ego.agent, "alter": alter, "reason": "", "decision": "by hand"}
        world.apply(TieFormed(**made))
        world.apply(TieSevered(cause="encounter", **made))
        mind = Stub(rules())
        met = meet(mind, world)
        assert (met.outcome, mind.asked) == ("declined", [])
        seat = (ANN, BOB).index(ego)
        assert met.stories[seat].startswith("You would not deal with")
        assert met.stories[1 - seat].endswith("would not deal with you any more.")


@pytest.mark.parametrize("kind", KINDS)
def test_without_an_answer_nothing_changes_hands(kind: type) -> None:
    game = alike(more={kind: MISSING})
    (met,) = game.encounters.values()
    assert (met.outcome, met.acts) == ("void", ())
    assert len(game.all(DecisionMissing)) == 1
    assert {agent.wealth for agent in game.society.agents.values()} == {10 * UNIT}


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        (Propose, Promise(101, "")),
        (Propose, Promise(60.0, "")),  # type: ignore[arg-type]
        (Commit, Commitment(True, 0, "")),
        (Commit, Commitment(True, 101, "")),
        (Settle, Settlement(-1, 100, "")),
        (Settle, Settlement(50, 201, "")),
    ],
)
def test_an_answer_out_of_its_limits_is_no_answer(kind: type, answer: Any) -> None:
    mind = Stub(rules())
    meet(mind)
    (question,) = mind.questions(kind)
    with pytest.raises(InvalidAnswer):
        question.check(answer)
    assert meet(Stub(rules() | {kind: answer})).outcome == "void"


# ---- roles -------------------------------------------------------------------------------------


def test_one_is_a_trustee_on_one_record_and_an_investor_on_another() -> None:
    game = embedded()
    store = [(e.observer, e.reputation) for e in game.all(ReputationShaped)]
    both = {(o, r.target) for o, r in store if r.role == "investor"} & {
        (o, r.target) for o, r in store if r.role == "trustee"
    }
    assert both
    for observer, target in both:
        records = game.society.agents[observer].reputations
        as_investor, as_trustee = (
            records.of(Participant(target, r)) for r in ("investor", "trustee")
        )
        assert [r and r.role for r in (as_investor, as_trustee)] == ["investor", "trustee"]
    for asked in game.questions(Commit):
        assert {record.role for record in asked.alter.records or ()} <= {"trustee"}
        assert {record.role for record in asked.own_records or ()} <= {"investor"}


def test_roles_are_drawn_anew_each_round() -> None:
    roles = {p for m in embedded().all(Matched) for p in m.participants}
    assert len(roles) == 2 * len(embedded().society.agents)


def test_the_investors_own_tie_is_enough_for_its_choice() -> None:
    arm = replace(ARMS["full"], choice_probability=1.0)
    for round_ in range(1, 12):
        world = founded(arm, dilemma="investment", n=6).society()
        world.round = round_
        for ego in world.agents:
            for alter in set(world.agents) - {ego}:
                if ego < alter:
                    who = Participant(alter, "trustee")
                    world.apply(TieFormed(ego=ego, alter=who, reason="", decision="by hand"))
        unit = unit_of(world, Stub())
        matched = run(TradingInvestment().match(Matching(world, unit.views, unit.mind)))
        chosen = [m.participants for m in matched if isinstance(m, Matched) and m.by == "choice"]
        if chosen:
            assert all(ego.agent < alter.agent for ego, alter in chosen)
            return
    pytest.fail("nobody ever chose")


# ---- questions in a round (mechanism.md, section 6) --------------------------------------------


def asked_in_a_round(arm: str, **values: Any) -> int:
    return len(alike(arm, **values).asked)


COUNTS = {"full": 15, "no-gossip": 13, "no-reputation": 11, "none": 9}


@pytest.mark.parametrize("arm", COUNTS)
def test_a_deal_takes_as_many_questions_as_the_treatment_has_operations(arm: str) -> None:
    assert asked_in_a_round(arm) == COUNTS[arm]


@pytest.mark.parametrize("arm", COUNTS)
def test_a_refusal_takes_two_questions_and_those_about_ties_and_talk(arm: str) -> None:
    talk = 2 if ARMS[arm].gossip else 0
    assert asked_in_a_round(arm, accept=False) == 2 + talk
    game = alike(arm, rounds=6, more={ops.DecideTie: TIE}, percent=1)
    ties = set(game.society.network)
    refusing = Stub(rules(accept=False))
    game.simulation.mind = refusing
    events = run(game.simulation.step())
    (ego, alter) = next(e.participants for e in events if isinstance(e, Matched))
    existing = ((ego.agent, alter) in ties) + ((alter.agent, ego) in ties)
    ranked = refusing.count["RankPartners"]
    assert len(refusing.asked) == 2 + existing + talk + ranked
    assert existing


@pytest.mark.parametrize("arm", COUNTS)
def test_without_funds_nothing_is_asked_at_all(arm: str) -> None:
    manifest = founded(arm, dilemma="investment", n=2)
    mind = Stub(rules() | {ops.DecideGossip: GOSSIP})
    game = play(mind, manifest, 0)
    for agent in game.society.agents.values():
        agent.wealth = 0
    events = run(game.simulation.step())
    assert [e.encounter.outcome for e in events if isinstance(e, EncounterEnded)] == ["no_funds"]
    assert not mind.asked


# ---- the embedded mind ---------------------------------------------------------------------------


def answered(kind: type) -> Iterator[tuple[EmbeddedMind, Asked, str]]:
    """Yield every question of a kind to the embedded mind, with its coordinate."""
    for arm in ("full", "none"):
        found = [each for each in embedded(arm).asked if isinstance(each.operation, kind)]
        assert found
        for each in found:
            yield EmbeddedMind(SEED, Parameters()), each, str(each.at)


def base_rate(mind: EmbeddedMind, question: Any) -> float:
    """Return the base rate of good returns, from acts of others as trustees alone."""
    p, rate = mind.read.parameters, 0.5
    for act in (act for memory in question.ego.memory for act in memory.others):
        if act.role == "trustee" and act.cooperation is not None:
            rate = (1 - p.belief_weight) * rate + p.belief_weight * (1 + act.valence) / 2
    return rate


def test_an_investor_draws_from_the_model_of_investors() -> None:
    for mind, asked, at in answered(Commit):
        question, read = asked.operation, mind.read
        belief = read.belief(question.ego, question.alter, base_rate(mind, question))
        weights = read.social_weights(question.ego.persona, question.ego.description)
        promised = question.promised / 100
        chances = trust.investment_probabilities(belief, promised, weights, 2, read.parameters)
        chosen = trust.INVESTMENTS[sample(chances, draw(SEED, at))]
        assert asked.answer.accept == (chosen > 0)
        assert asked.answer.percent == (round(100 * chosen) or 1)
        assert f"{belief:.0%}" in asked.answer.reason


def outlook(mind: EmbeddedMind, question: Any) -> Any:
    seen = mind.read.outlook(question.ego, (question.alter,), question.own_records)
    return seen._replace(base=base_rate(mind, question))


def test_a_trustee_draws_its_promise_from_the_model_of_trustees() -> None:
    for mind, asked, at in answered(Propose):
        chances = trust.plan_probabilities(outlook(mind, asked.operation), 2, mind.read.parameters)
        promise = trust.PROMISES[sample(chances, draw(SEED, at))]
        assert asked.answer.share == round(100 * promise)
        assert f"{promise:.0%}" in asked.answer.reason


def test_a_trustee_keeps_or_breaks_its_promise_by_the_model_and_reports_to_match() -> None:
    lies = 0
    for mind, asked, at in answered(Settle):
        question, p = asked.operation, mind.read.parameters
        promised, put = question.promised / 100, question.percent / 100
        choice = trust.return_choice(promised, put, outlook(mind, question), 2, p)
        returned = choice.kept
        if draw(SEED, at) >= choice.keep:
            returned = choice.shares[sample(choice.probabilities, draw(SEED, at, "share"))]
        assert asked.answer.returned == round(100 * returned)
        reported = trust.reported_proceeds(promised, returned, 100)
        assert asked.answer.reported == round(reported)
        assert (asked.answer.reported == 100) == (asked.answer.returned >= question.promised)
        lies += asked.answer.reported < 100
    assert lies


def test_ties_to_trustees_are_weighed_against_other_trustees() -> None:
    for mind, asked, _ in answered(ops.DecideTie):
        question = asked.operation
        if question.alter.who.role == "trustee":
            base = base_rate(mind, question)
            better = mind.read.belief(question.ego, question.alter, base) > base
            assert ("no better than" in asked.answer.reason) != better


def test_a_refusal_is_evidence_of_nothing() -> None:
    refusing = meet(Stub(rules(accept=False))).acts
    assert [tells(act) for act in (*refusing, *dealt(), *dealt(returned=0))] == [False] * 2 + [
        True
    ] * 4


def test_weights_do_not_depend_on_the_role_that_was_asked_first() -> None:
    mind, other = (EmbeddedMind(SEED, Parameters()) for _ in range(2))
    persona = embedded().asked[0].operation.ego.persona
    texts = ("You value trust and cooperation.", "You maximize personal gain above all else.")
    there = [mind.read.social_weights(persona, text) for text in texts]
    back = [other.read.social_weights(persona, text) for text in reversed(texts)]
    assert there == back[::-1]


def test_its_answers_do_not_depend_on_the_units_of_wealth() -> None:
    (asked,) = [each for each in embedded().asked if isinstance(each.operation, Settle)][:1]
    richer = replace(asked.operation, amount=1e6, proceeds=2e6)
    mind = EmbeddedMind(SEED, Parameters())
    assert run(mind.answer(richer, Coordinate(*asked.at))) == asked.answer


# ---- prompts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("wording", wordings())
@pytest.mark.parametrize("kind", KINDS)
def test_a_prompt_shows_exactly_what_the_question_holds(kind: Any, wording: str) -> None:
    assert variables(kind, "investment", wording) == kind.variables()


@pytest.mark.parametrize("wording", wordings())
def test_the_trustee_is_free_to_return_and_report_what_it_likes_and_is_advised_nothing(
    wording: str,
) -> None:
    mind = Stub(rules())
    meet(mind)
    *_, settle = (render(asked.operation, wording) for asked in mind.asked)
    assert all(shown in settle.user for shown in ("60%", "40%", "8", '"returned"', '"reported"'))
    assert "free to" in settle.user or "up to you" in settle.user
    assert not re.search(r"\b(should|must|honest\w*|lie|better)\b", settle.user + settle.system)


def test_it_goes_by_the_names_that_the_runner_takes() -> None:
    assert {scenario(name).name for name in ("investment", "invest", "i")} == {"investment"}
