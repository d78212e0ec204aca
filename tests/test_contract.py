"""What every society keeps to: each scenario, under each treatment, with each kind of mind.

The lists are discovered: a scenario or a mind that is installed is held to all of this. A world is
played once, in one test; each rule that it breaks fails by its name.
"""

from collections import Counter
from collections.abc import Callable

import pytest
from societies import (
    ARMS,
    FINER,
    MINDS,
    Played,
    dilemmas,
    founded,
    minds,
    mostly_slow,
    play,
    state,
    walk,
)

from repunet.minds.recorded import dumped
from repunet.prompts import render
from repunet.questions.mind import adapter
from repunet.questions.operations import DecideTie, JudgeGossip, RankPartners
from repunet.questions.perspective import Acquaintance, Ego
from repunet.scenarios import scenario
from repunet.world.encounter import UNIT
from repunet.world.event import (
    EVENT,
    DecisionMissing,
    EncounterEnded,
    GossipHeard,
    GossipUntold,
    Matched,
    ReputationShaped,
    SatOut,
    SelfImageRevised,
    TieFormed,
    TieSevered,
)
from repunet.world.society import ENDOWMENT
from repunet.world.treatment import TREATMENTS

N = ROUNDS = 7
"""An odd number, and as many rounds: so that everybody's turn to sit out comes."""
WORLDS = [
    *((d, arm, mind) for d in dilemmas() for arm in TREATMENTS for mind in (*MINDS, "mixed")),
    *((d, arm, mind) for d in dilemmas() for arm in FINER for mind in ("chance", "embedded")),
]


RULES: list[Callable[[Played], None]] = []


def rule(check: Callable[[Played], None]) -> Callable[[Played], None]:
    """Hold every world to this."""
    RULES.append(check)
    return check


def played(dilemma: str, arm: str, mind: str) -> Played:
    return play(minds(mind), founded(arm, dilemma=dilemma, n=N), ROUNDS)


OFTEN = [
    *((d, arm, mind) for d in dilemmas() for arm in TREATMENTS for mind in ("chance", "embedded")),
    *(("pd", arm, "embedded") for arm in FINER),
]


@pytest.mark.parametrize("world", mostly_slow(WORLDS, OFTEN), ids="/".join)
def test_a_society_keeps_to_every_rule(
    world: tuple[str, str, str], subtests: pytest.Subtests
) -> None:
    game = played(*world)
    for check in RULES:
        with subtests.test(check.__name__):
            check(game)


@rule
def rounds_are_played_and_no_decision_is_missing(game: Played) -> None:
    assert game.society.round == ROUNDS
    assert len(game.all(EncounterEnded)) == len(game.all(Matched)) > 0
    assert not game.all(DecisionMissing)


@rule
def nobody_is_in_two_encounters_of_a_round(game: Played) -> None:
    for events in game.rounds:
        met = [e.encounter.participants for e in events if isinstance(e, EncounterEnded)]
        out = [e.agent for e in events if isinstance(e, SatOut)]
        seated = [participant.agent for group in met for participant in group]
        assert sorted([*seated, *out]) == sorted(game.society.agents)


@rule
def sitting_out_goes_round(game: Played) -> None:
    surplus = {N % len(matched.participants) for matched in game.all(Matched)}
    out = Counter(event.agent for event in game.all(SatOut))
    assert surplus == {out[agent] for agent in game.society.agents}


@rule
def an_odd_one_out_sits_out_each_round(game: Played) -> None:
    size = len(game.all(Matched)[0].participants)
    for events in game.rounds:
        assert sum(isinstance(event, SatOut) for event in events) == N % size


@rule
def wealth_changes_by_payoffs_alone_and_is_exact(game: Played) -> None:
    earned: Counter[str] = Counter()
    for encounter in game.encounters.values():
        for act in encounter.acts:
            assert type(act.payoff) is int
            earned[act.agent] += act.payoff
    for name, agent in game.society.agents.items():
        assert agent.wealth == ENDOWMENT * UNIT + earned[name]


@rule
def degrees_lie_between_zero_and_one(game: Played) -> None:
    acts = [act for met in game.encounters.values() for act in met.acts]
    assert all(act.cooperation is None or 0 <= act.cooperation <= 1 for act in acts)
    assert all(-1 <= act.valence <= 1 for act in acts)


@rule
def there_are_reputations_only_of_those_whom_the_treatment_rates(game: Played) -> None:
    shaped = game.all(ReputationShaped)
    of_self = [event for event in shaped if event.observer == event.reputation.target]
    assert bool(of_self) == game.treatment.rates_self
    assert (len(of_self) < len(shaped)) == game.treatment.rates_peers


@rule
def there_is_gossip_only_where_the_treatment_has_it(game: Played) -> None:
    if not game.treatment.gossip:
        assert not game.all(GossipHeard) + game.all(GossipUntold)
    assert all(piece.order <= game.treatment.max_order for piece in game.gossip.values())


@rule
def gossip_is_judged_only_where_the_treatment_has_credibility(game: Played) -> None:
    if not game.treatment.credibility:
        assert {piece.credibility for piece in game.gossip.values()} <= {3}
    for asked in game.questions(JudgeGossip):
        assert asked.rates_credibility == game.treatment.credibility


@rule
def there_are_ties_and_choices_only_where_the_treatment_has_them(game: Played) -> None:
    treatment, chosen = game.treatment, [m for m in game.all(Matched) if m.by == "choice"]
    if not treatment.rewiring:
        assert not game.all(TieFormed) + game.all(TieSevered)
    if not (treatment.partner_choice and treatment.rewiring):
        assert not chosen
        assert not game.questions(RankPartners)


@rule
def self_images_are_revised_only_where_the_treatment_has_them(game: Played) -> None:
    assert bool(game.all(SelfImageRevised)) == game.treatment.self_image
    shown = {ego.self_image is not None for a in game.asked for ego in [a.operation.ego]}
    assert shown == {game.treatment.self_image}


@rule
def gossip_never_builds_a_tie(game: Played) -> None:
    for event in game.all(TieFormed):
        assert "/DecideTie/" in event.decision
    for event in game.all(TieSevered):
        assert ("/ReconsiderTie/" in event.decision) == (event.cause == "gossip")


@rule
def gossip_is_about_an_absent_third(game: Played) -> None:
    for piece in game.gossip.values():
        assert piece.target not in {*piece.path, piece.listener}
        assert len({*piece.path, piece.listener}) == piece.order + 1
        assert piece.path[0] in {p.agent for p in game.encounters[piece.encounter].participants}


@rule
def gossip_is_told_to_somebody_the_gossiper_has_a_tie_to(game: Played) -> None:
    ties: set[tuple[str, str]] = set()
    severed: set[tuple[str, str]] = set()
    for events in game.rounds:
        severed.clear()
        for event in events:
            match event:
                case TieFormed():
                    ties.add((event.ego, event.alter.agent))
                case TieSevered():
                    severed.add((event.ego, event.alter.agent))
                case GossipHeard(gossip=piece):
                    assert (piece.gossiper, piece.listener) in ties
        ties -= severed


@rule
def every_reference_leads_somewhere(game: Played) -> None:
    decided = {record.coordinate for record in game.decisions}
    known: set[str] = set()
    for event in game.events:
        if isinstance(event, EncounterEnded):
            known.add(event.encounter.id)
        if isinstance(event, GossipHeard):
            known.add(event.gossip.id)
        because = getattr(event, "because", ())
        assert known.issuperset(because), event
        if isinstance(event, GossipUntold):
            assert event.encounter in known
        assert getattr(event, "decision", None) in {None, *decided}, event


@rule
def a_decision_is_named_once(game: Played) -> None:
    names = Counter(record.coordinate for record in game.decisions)
    assert names.total() == len(names) == len(game.asked)


@rule
def events_make_the_same_society_again(game: Played) -> None:
    again = game.manifest.society()
    for event in game.events:
        again.apply(EVENT.validate_json(EVENT.dump_json(event)))
    assert state(again) == state(game.society)


@rule
def every_answer_is_one_that_was_asked_for_and_can_be_read_again(game: Played) -> None:
    for asked in game.asked:
        asked.operation.check(asked.answer)
        kind = adapter(asked.operation.answer)
        assert kind.validate_json(dumped(asked.answer)) == asked.answer


@rule
def every_question_can_be_put_in_words(game: Played) -> None:
    kinds = {type(asked.operation): asked.operation for asked in game.asked}
    for operation in [*kinds.values(), *(asked.operation for asked in game.asked[::5])]:
        prompt = render(operation)
        assert prompt.system
        assert prompt.user


@rule
def ego_is_the_only_one_whose_inner_life_a_question_shows(game: Played) -> None:
    for asked in game.asked[::3]:
        selves = [value for value in walk(asked.operation) if isinstance(value, Ego)]
        assert [ego.id for ego in selves] == [asked.at.actor]


@rule
def what_a_treatment_removes_is_none_in_every_view(game: Played) -> None:
    treatment = game.treatment
    for asked in game.asked[::3]:
        for known in walk(asked.operation):
            if isinstance(known, Acquaintance):
                assert (known.records is not None) == treatment.rates_peers
                assert known.gossip is None or treatment.shows_gossip
        if isinstance(asked.operation, DecideTie):
            assert (asked.operation.alter.gossip is not None) == treatment.shows_gossip
        own = getattr(asked.operation, "own_records", None)
        assert own is None or treatment.rates_self


@pytest.mark.parametrize("dilemma", dilemmas())
def test_a_society_of_chance_has_everything_in_it(dilemma: str) -> None:
    game = play(minds("chance"), founded(dilemma=dilemma, n=N), 3 * ROUNDS)
    assert {type(event) for event in game.events} >= {
        Matched, SatOut, EncounterEnded, ReputationShaped, SelfImageRevised,
        TieFormed, TieSevered, GossipUntold, GossipHeard,
    }  # fmt: skip
    assert {piece.order for piece in game.gossip.values()} == {1, 2}
    assert {e.cause for e in game.all(ReputationShaped)} == {"encounter", "gossip"}
    assert {e.cause for e in game.all(TieSevered)} == {"encounter", "gossip"}
    ways = {"chance", "choice"} if scenario(dilemma).partner_choice else {"chance"}
    assert {m.by for m in game.all(Matched)} == ways


def test_third_parties_shape_records_of_what_they_saw_and_only_then() -> None:
    witnessed, unseen = played("pd", "witnessed", "chance"), played("pd", "full", "chance")
    causes = {event.cause for event in witnessed.all(ReputationShaped)}
    assert "observation" in causes
    assert "observation" not in {event.cause for event in unseen.all(ReputationShaped)}


def test_every_treatment_is_held_to_every_rule() -> None:
    assert {arm for _, arm, _ in WORLDS} == set(ARMS)
    assert len(RULES) == 21
