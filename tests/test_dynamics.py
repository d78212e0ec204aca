"""What follows from encounters and from talk, with minds that answer by rule."""

from dataclasses import replace

import pytest
from societies import (
    CUT,
    FULL,
    GOSSIP,
    MISSING,
    PASS_ON,
    QUIET,
    TIE,
    Stub,
    befriend,
    founded,
    meeting,
    only,
    play,
    player,
    run,
    society,
    state,
    tie,
    unit,
)

from repunet.dynamics import ToldGossip, Wish, inboxes, listen, respond, tell, witness
from repunet.questions import operations as ops
from repunet.questions.deliberation import Unit
from repunet.questions.mind import Mind
from repunet.questions.perspective import Hearsay, Story
from repunet.scenarios.pd import PrisonersDilemma
from repunet.simulation import Simulation
from repunet.world.event import (
    DecisionMissing,
    EncounterEnded,
    GossipHeard,
    GossipUntold,
    ReputationShaped,
    TieFormed,
    TieSevered,
)
from repunet.world.reputation import Appraisal
from repunet.world.society import Society
from repunet.world.treatment import TREATMENTS, Treatment

FIRST, SECOND = player(1), player(2)


def met(society: Society, encounter: object = None) -> Unit:
    """Let the encounter of the first two have happened."""
    society.apply(EncounterEnded(encounter=encounter or meeting("cooperate", "defect")))


def wish(gossiper: int, target: int, *before: int) -> Wish:
    """Return somebody's wish to talk about another, whom it has met, or was told of."""
    path = tuple(map(player, (*before, gossiper)))
    encounter = meeting("cooperate", "defect", (before[0] if before else gossiper, target))
    source = (
        Hearsay(path[-2].agent, "someone", "They let somebody down.", -0.5, 5, len(before))
        if before
        else Story.of(encounter, path[0])
    )
    return Wish(path, player(target), "they let me down", source, encounter.id)


def told(listener: int, target: int, *path: int) -> ToldGossip:
    """Return what was said to a listener about a target, by the last of the path."""
    before, gossiper = path[:-1], path[-1]
    said = ops.Telling(f"A0{target} let me down.", "negative")
    return ToldGossip(wish(gossiper, target, *before), player(listener), said)


def spread(society: Society, mind: Mind, *wishes: Wish) -> list:
    """Let gossip spread from these wishes in a society, and return what happens."""
    simulation = Simulation(society, PrisonersDilemma(), mind)
    run(simulation._spread(wishes))
    return simulation._events


# Responses --------------------------------------------------------------------------------------


def test_ego_reflects_then_shapes_then_revises_itself_and_its_ties_and_talks() -> None:
    mind, people = Stub(), society()
    met(people)
    run(respond(unit(people, mind), meeting("cooperate", "defect"), FIRST))
    assert mind.names[0] == "Reflect"
    assert set(mind.names[1:3]) == {"ShapeSelfReputation", "ShapePeerReputation"}
    assert sorted(mind.names[3:]) == ["DecideGossip", "DecideTie", "ReviseSelfImage"]


def test_later_thoughts_see_earlier_ones() -> None:
    mind, people = Stub(), society()
    met(people)
    run(respond(unit(people, mind), meeting("cooperate", "defect"), FIRST))
    (deciding,) = mind.questions(ops.DecideTie)
    (revising,) = mind.questions(ops.ReviseSelfImage)
    assert deciding.of_alter == QUIET[ops.Reflect].of_alter
    assert deciding.alter.records[0].text == QUIET[ops.ShapePeerReputation].text
    assert revising.of_self == QUIET[ops.Reflect].of_self
    assert revising.own_records[0].text == QUIET[ops.ShapeSelfReputation].text


def test_nothing_changes_while_ego_thinks() -> None:
    mind, people = Stub({ops.DecideTie: TIE}), society()
    met(people)
    before = state(people)
    response = run(respond(unit(people, mind), meeting("cooperate", "defect"), FIRST))
    assert {type(event) for event in response.events} >= {ReputationShaped, TieFormed}
    assert state(people) == before


def test_a_declined_encounter_changes_no_reputation() -> None:
    mind, people = Stub({ops.DecideGossip: GOSSIP}), society()
    declined = meeting("cooperate", "defect", outcome="declined")
    response = run(respond(unit(people, mind), declined, FIRST))
    assert mind.names == ["DecideGossip"]
    assert not response.events
    assert [w.target for w in response.wishes] == [SECOND]


def test_a_declined_encounter_can_cut_a_tie_that_is_there() -> None:
    mind, people = Stub({ops.DecideTie: CUT}), society("no-gossip")
    tie(people, 1, 2)
    declined = meeting("cooperate", "defect", outcome="declined")
    response = run(respond(unit(people, mind), declined, FIRST))
    assert mind.names == ["DecideTie"]
    assert [type(event) for event in response.events] == [TieSevered]


@pytest.mark.parametrize("outcome", ["void", "no_funds"])
def test_nothing_follows_where_nothing_happened(outcome: str) -> None:
    mind, people = Stub(), society()
    befriend(people, (1, 2))
    nothing = replace(meeting("cooperate", "defect", outcome="void"), outcome=outcome)
    response = run(respond(unit(people, mind), nothing, FIRST))
    assert not mind.asked
    assert not response.events
    assert not response.wishes


def test_a_tie_is_told_of_only_when_it_changes() -> None:
    for tied in (False, True):
        for answer, change in ((TIE, TieFormed), (CUT, TieSevered)):
            people = society("none")
            if tied:
                tie(people, 1, 2)
            work = unit(people, Stub({ops.DecideTie: answer}))
            response = run(respond(work, meeting("cooperate", "defect"), FIRST))
            ties = [e for e in response.events if isinstance(e, (TieFormed, TieSevered))]
            assert [type(e) for e in ties] == ([change] if answer.yes != tied else [])


# Missing answers --------------------------------------------------------------------------------


def test_a_missing_move_makes_the_encounter_void() -> None:
    mind = Stub({ops.ChooseAct: only(1, MISSING, QUIET[ops.ChooseAct](_asked(), None))})
    game = play(mind, founded(n=2), 1)
    (encounter,) = game.encounters.values()
    assert encounter.outcome == "void"
    assert mind.count == {"ChooseMove": 2}
    assert [(e.agent, e.why) for e in game.all(DecisionMissing)] == [("A01", str(MISSING))]
    assert not any(agent.memory for agent in game.society.agents.values())


def _asked() -> ops.ChooseAct:
    game = play(mind := Stub(), founded(n=2), 1)
    assert game.events
    return mind.questions(ops.ChooseAct)[0]


@pytest.mark.parametrize(
    "missing", [kind for kind in QUIET if kind not in (ops.ChooseAct, ops.RankPartners)]
)
def test_a_missing_answer_leaves_things_as_they_were(missing: type) -> None:
    mind = Stub({ops.DecideTie: TIE, ops.DecideGossip: GOSSIP, missing: MISSING})
    game = play(mind, founded(n=5), 4)
    gone = {event.decision.split("/")[-2] for event in game.all(DecisionMissing)}
    assert gone == ({missing.__name__} if mind.questions(missing) else set())
    assert len(game.all(DecisionMissing)) == len(mind.questions(missing))
    assert {met.outcome for met in game.encounters.values()} == {"consummated"}


def test_a_missed_reflection_is_followed_by_all_other_questions() -> None:
    mind, people = Stub({ops.Reflect: MISSING}), society()
    met(people)
    work = unit(people, mind)
    response = run(respond(work, meeting("cooperate", "defect"), FIRST))
    assert len(mind.asked) == 6
    assert mind.questions(ops.DecideTie)[0].of_alter is None
    events = work.close(response.events)
    assert isinstance(events[0], DecisionMissing)
    assert sum(isinstance(event, ReputationShaped) for event in events) == 2


def test_a_missed_appraisal_leaves_the_record_that_was_there() -> None:
    mind = Stub({ops.ShapePeerReputation: MISSING})
    people = society()
    met(people)
    response = run(respond(unit(people, mind), meeting("cooperate", "defect"), FIRST))
    shaped = [e for e in response.events if isinstance(e, ReputationShaped)]
    assert [e.reputation.target for e in shaped] == ["A01"]
    assert mind.questions(ops.DecideTie)[0].alter.records == ()


def test_a_missed_ranking_falls_back_on_chance() -> None:
    people = founded(replace(FULL, choice_probability=1.0), n=4)
    game = play(Stub({ops.DecideTie: TIE, ops.RankPartners: MISSING}), people, 8)
    assert any("RankPartners" in event.decision for event in game.all(DecisionMissing))
    assert {m.by for m in game.all(type(game.rounds[0][1]))} == {"chance"}


# Telling ----------------------------------------------------------------------------------------


def test_the_target_is_not_among_the_listeners() -> None:
    mind, people = Stub(), society()
    tie(people, 1, 2, 3, 4)
    run(tell(unit(people, mind), wish(1, 2)))
    (choosing,) = mind.questions(ops.ChooseListener)
    assert {candidate.id for candidate in choosing.candidates} == {"A03", "A04"}


def test_gossip_is_not_told_back_to_whom_it_came_from() -> None:
    mind, people = Stub(), society()
    tie(people, 3, 1, 2, 4)
    run(tell(unit(people, mind), wish(3, 2, 1)))
    (choosing,) = mind.questions(ops.ChooseListener)
    assert [candidate.id for candidate in choosing.candidates] == ["A04"]


def test_gossip_without_a_listener_is_recorded_as_untold() -> None:
    mind, people = Stub(), society()
    tie(people, 1, 2)
    result = run(tell(unit(people, mind), wish(1, 2)))
    assert isinstance(result, GossipUntold)
    assert (result.gossiper, result.target) == ("A01", SECOND)
    assert not mind.asked


def test_a_gossiper_knows_to_whom_and_about_whom_it_speaks() -> None:
    mind, people = Stub(), society()
    tie(people, 1, 3)
    result = run(tell(unit(people, mind), wish(1, 2)))
    (telling,) = mind.questions(ops.TellGossip)
    assert (telling.about.id, telling.listener.id) == ("A02", "A03")
    assert telling.source == wish(1, 2).source
    assert result.listener == player(3)


def test_an_inbox_does_not_depend_on_the_order_of_the_pieces() -> None:
    pieces = [told(3, 2, 1), told(3, 2, 4), told(3, 5, 1), told(6, 2, 1)]
    assert inboxes(pieces) == inboxes(pieces[::-1])
    assert {listener: len(box) for listener, box in inboxes(pieces).items()} == {"A03": 3, "A06": 1}


# Listening --------------------------------------------------------------------------------------


def test_pieces_about_one_target_are_believed_together() -> None:
    mind, people = Stub(), society()
    heard = run(listen(unit(people, mind), [told(3, 2, 1), told(3, 2, 4), told(3, 5, 1)]))
    assert mind.count["JudgeGossip"] == mind.count["IdentifyGossip"] == 3
    pieces = {q.alter.id: len(q.pieces) for q in mind.questions(ops.ShapePeerFromGossip)}
    assert pieces == {"A02": 2, "A05": 1}
    shaped = [e for e in heard.events if isinstance(e, ReputationShaped)]
    assert [len(e.because) for e in shaped] == [2, 1]


def test_what_is_believed_does_not_depend_on_the_order_in_which_it_was_told() -> None:
    events = []
    for order in (1, -1):
        box = inboxes([told(3, 2, 1), told(3, 2, 4), told(3, 5, 1)][::order])["A03"]
        events.append(run(listen(unit(society(), Stub()), box)).events)
    assert events[0] == events[1]


def test_pieces_of_a_wave_are_judged_from_the_state_at_its_start() -> None:
    mind, people = Stub({ops.JudgeGossip: ops.Judgement("no", 1)}), society("no-reputation")
    run(listen(unit(people, mind), [told(3, 2, 1), told(3, 2, 4)]))
    judging = mind.questions(ops.JudgeGossip)
    assert [question.distrust for question in judging] == [None, None]
    assert [question.alter.gossip for question in judging] == [(), ()]


def test_a_first_record_can_come_from_gossip() -> None:
    people = society()
    heard = run(listen(unit(people, Stub()), [told(3, 2, 1)]))
    for event in heard.events:
        people.apply(event)
    (version,) = people.agents["A03"].reputations.history(SECOND)
    assert version.cause == "gossip"
    assert version.reputation.score == -0.5


def test_without_reputation_what_was_heard_is_shown_where_a_move_is_chosen() -> None:
    for arm, shown in (("no-reputation", ["They let somebody down."]), ("full", None)):
        people, mind = society(arm), Stub()
        for event in run(listen(unit(people, mind), [told(3, 2, 1)])).events:
            people.apply(event)
        known = unit(people, mind).views.acquaintance("A03", SECOND)
        assert (known.gossip and [piece.text for piece in known.gossip]) == shown
        assert (known.records is None) == (arm == "no-reputation")


def test_only_a_tie_that_is_there_is_reconsidered() -> None:
    for tied in (False, True):
        mind, people = Stub({ops.ReconsiderTie: CUT}), society()
        if tied:
            tie(people, 3, 2)
        heard = run(listen(unit(people, mind), [told(3, 2, 1)]))
        severed = [e for e in heard.events if isinstance(e, TieSevered)]
        assert mind.count["ReconsiderTie"] == len(severed) == int(tied)
        assert all(event.cause == "gossip" for event in severed)


def test_a_tie_is_reconsidered_in_view_of_the_new_record() -> None:
    mind, people = Stub(), society()
    tie(people, 3, 2)
    run(listen(unit(people, mind), [told(3, 2, 1)]))
    (question,) = mind.questions(ops.ReconsiderTie)
    assert question.alter.records[0].text == QUIET[ops.ShapePeerFromGossip].text


def test_what_was_not_understood_is_not_judged() -> None:
    mind = Stub({ops.IdentifyGossip: MISSING})
    heard = run(listen(unit(society(), mind), [told(3, 2, 1)]))
    assert mind.names == ["IdentifyGossip"]
    assert not heard.events


def test_without_credibility_every_piece_weighs_as_neutral() -> None:
    people, mind = society(replace(FULL, credibility=False)), Stub({ops.JudgeGossip: PASS_ON})
    heard = run(listen(unit(people, mind), [told(3, 2, 1)]))
    (piece,) = [e.gossip for e in heard.events if isinstance(e, GossipHeard)]
    assert (piece.credibility, len(heard.wishes)) == (3, 1)
    assert not mind.questions(ops.JudgeGossip)[0].rates_credibility


def test_where_there_is_nothing_to_decide_nobody_is_asked_to_judge() -> None:
    mind = Stub({ops.JudgeGossip: PASS_ON})
    people = society(replace(FULL, credibility=False, second_order=False))
    heard = run(listen(unit(people, mind), [told(3, 2, 1)]))
    assert mind.names == ["IdentifyGossip", "ShapePeerFromGossip"]
    assert not heard.wishes
    assert "/IdentifyGossip/" in heard.events[0].decision


# Waves ------------------------------------------------------------------------------------------


def chain(treatment: str | Treatment = "full") -> Society:
    """Return a society in which A01 talks to A03, A03 to A04, and A04 to A05."""
    people = society(treatment)
    tie(people, 1, 3)
    tie(people, 3, 4)
    tie(people, 4, 5)
    return people


def test_gossip_is_passed_on_once() -> None:
    people, mind = chain(), Stub({ops.JudgeGossip: PASS_ON})
    events = spread(people, mind, wish(1, 2))
    pieces = [event.gossip for event in events if isinstance(event, GossipHeard)]
    assert [(piece.path, piece.listener) for piece in pieces] == [
        (("A01",), "A03"),
        (("A01", "A03"), "A04"),
    ]
    assert [piece.order for piece in pieces] == [1, 2]


def test_without_second_order_nothing_is_passed_on() -> None:
    people = chain(replace(FULL, second_order=False))
    events = spread(people, mind := Stub({ops.JudgeGossip: PASS_ON}), wish(1, 2))
    assert sum(isinstance(event, GossipHeard) for event in events) == 1
    assert not mind.questions(ops.JudgeGossip)[0].may_pass_on


def test_the_second_wave_shows_both_sources() -> None:
    mind = Stub({ops.JudgeGossip: PASS_ON})
    spread(chain(), mind, wish(1, 2))
    first, second = mind.questions(ops.JudgeGossip)
    assert [source.id for source in first.sources] == ["A01"]
    assert [source.id for source in second.sources] == ["A01", "A03"]
    assert (first.may_pass_on, second.may_pass_on) == (True, False)


def test_who_passes_it_on_tells_what_it_was_told() -> None:
    mind = Stub({ops.JudgeGossip: PASS_ON})
    spread(chain(), mind, wish(1, 2))
    first, second = mind.questions(ops.TellGossip)
    assert isinstance(first.source, Story)
    assert (second.source.gossiper, second.source.text) == ("A01", "They let somebody down.")
    assert second.reason == PASS_ON.reason


def test_the_second_wave_knows_what_the_first_brought() -> None:
    people, mind = chain(), Stub({ops.JudgeGossip: PASS_ON})
    tie(people, 5, 4)
    spread(people, mind, wish(1, 2), wish(5, 2))
    judging = [q for q in mind.questions(ops.JudgeGossip) if q.ego.id == "A04"]
    assert [len(question.alter.records) for question in judging] == [0, 1]


# Observation ------------------------------------------------------------------------------------


def test_a_witness_shapes_a_record_of_everyone_it_saw() -> None:
    mind, people = Stub(), society(replace(FULL, witnesses=1.0))
    events = run(witness(unit(people, mind), "A03", [meeting("cooperate", "defect")]))
    assert {event.reputation.target for event in events} == {"A01", "A02"}
    assert {event.cause for event in events} == {"observation"}
    moves = [q.story.others[0].move for q in mind.questions(ops.ShapePeerFromObservation)]
    assert moves == ["cooperate", "defect"]


def test_a_mistaken_witness_takes_an_act_for_its_opposite() -> None:
    mind, people = Stub(), society(replace(FULL, witnesses=1.0, error=1.0))
    run(witness(unit(people, mind), "A03", [meeting("cooperate", "defect")]))
    seen = [q.story for q in mind.questions(ops.ShapePeerFromObservation)]
    assert [story.others[0].move for story in seen] == ["defect", "cooperate"]
    assert [story.others[0].valence for story in seen] == [-1.0, 1.0]
    assert all(story.others[0].move in story.text for story in seen)


def test_everybody_else_sees_everything_where_witnesses_are_certain() -> None:
    mind = Stub()
    play(mind, founded(replace(FULL, witnesses=1.0), n=6), 1)
    assert mind.count["ShapePeerFromObservation"] == 3 * 4 * 2


# How many questions (mechanism.md, section 6) -----------------------------------------------------

PER_PAIR = {"full": 14, "no-gossip": 12, "no-reputation": 10, "none": 8}


@pytest.mark.parametrize(("arm", "expected"), PER_PAIR.items())
def test_a_pair_is_asked_as_many_questions_as_forecast(arm: str, expected: int) -> None:
    play(mind := Stub(), founded(arm, n=2), 1)
    assert len(mind.asked) == expected
    play(mind := Stub(), founded(arm, n=8), 1)
    assert len(mind.asked) == 4 * expected


def test_a_matched_memory_costs_no_more_questions_than_none() -> None:
    play(mind := Stub(), founded("none-matched-memory", n=2), 3)
    assert len(mind.asked) == 3 * PER_PAIR["none"]


@pytest.mark.parametrize("arm", PER_PAIR)
def test_choosing_costs_one_question_for_each_chooser(arm: str) -> None:
    treatment = replace(TREATMENTS[arm], choice_probability=1.0)
    game = play(mind := Stub({ops.DecideTie: TIE}), founded(treatment, n=6), 12)
    ranking = mind.count["RankPartners"]
    assert 0 < ranking <= 12 * 3
    assert len(mind.asked) == 12 * 3 * PER_PAIR[arm] + ranking
    assert len(game.asked) == len(mind.asked)


@pytest.mark.parametrize(
    ("arm", "tied", "expected"),
    [
        ("full", False, 5),
        ("full", True, 6),
        ("no-reputation", False, 4),
        ("no-reputation", True, 5),
    ],
)
def test_telling_costs_as_many_questions_as_forecast(arm: str, tied: bool, expected: int) -> None:
    people, mind = society(arm), Stub()
    tie(people, 1, 3)
    if tied:
        tie(people, 3, 2)
    spread(people, mind, wish(1, 2))
    assert len(mind.asked) == expected


def test_passing_on_costs_as_much_again() -> None:
    spread(chain(), mind := Stub({ops.JudgeGossip: PASS_ON}), wish(1, 2))
    assert len(mind.asked) == 2 * 5


def test_pieces_believed_together_share_the_last_two_questions() -> None:
    people, mind = society(), Stub()
    tie(people, 1, 3)
    tie(people, 4, 3)
    tie(people, 3, 2)
    spread(people, mind, wish(1, 2), wish(4, 2))
    assert len(mind.asked) == 2 * 4 + 2


def test_what_is_untold_costs_nothing() -> None:
    people, mind = society(), Stub()
    events = spread(people, mind, wish(1, 2))
    assert not mind.asked
    assert [type(event) for event in events] == [GossipUntold]


def test_an_invalid_appraisal_cannot_be_had() -> None:
    with pytest.raises(ValueError, match="five weights"):
        Appraisal("nothing", (0, 0, 0, 0, 0))
