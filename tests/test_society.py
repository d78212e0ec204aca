"""A society is a fold over events."""

import pytest
from societies import (
    everyone,
    founded,
    meeting,
    minds,
    play,
    player,
    society,
    state,
)

from repunet.record.manifest import Manifest
from repunet.world.encounter import UNIT
from repunet.world.event import (
    EVENT,
    DecisionMissing,
    EncounterEnded,
    Matched,
    ReputationShaped,
    RoundBegan,
    SatOut,
    SelfImageRevised,
    TieFormed,
    TieSevered,
    writers,
)
from repunet.world.reputation import Appraisal


def shaped(observer: int, target: int, good: float) -> ReputationShaped:
    verdict = Appraisal("", (1 - good, 0, 0, 0, good)).of(player(target), "pd")
    return ReputationShaped(
        observer=player(observer).agent,
        reputation=verdict,
        cause="encounter",
        because=(),
        decision="",
    )


def test_a_society_begins_as_strangers_of_equal_wealth() -> None:
    people = society(n=20)
    assert {agent.wealth for agent in people.agents.values()} == {10 * UNIT}
    assert (people.round, len(people.network)) == (0, 0)
    assert not any(len(a.reputations) + len(a.gossip) for a in people.agents.values())


def test_events_change_what_they_say_and_no_more() -> None:
    people = society()
    people.apply(RoundBegan(round=1))
    people.apply(EncounterEnded(encounter=meeting("cooperate", "defect")))
    wealth = [agent.wealth // UNIT for agent in people.agents.values()]
    assert wealth == [10, 15, 10, 10, 10, 10]
    assert [len(agent.memory) for agent in people.agents.values()] == [1, 1, 0, 0, 0, 0]
    people.apply(TieFormed(ego="A01", alter=player(2), reason="", decision=""))
    assert list(people.network) == [("A01", player(2))]
    people.apply(TieSevered(ego="A01", alter=player(2), cause="gossip", reason="", decision=""))
    assert not len(people.network)


@pytest.mark.parametrize(
    "event",
    [
        SatOut(agent="A01"),
        Matched(participants=(player(1), player(2)), by="chance"),
        DecisionMissing(agent="A01", decision="r1/x", why=""),
        EncounterEnded(encounter=meeting("defect", "defect", outcome="void")),
    ],
)
def test_what_is_only_noted_changes_nothing(event: object) -> None:
    people = society()
    before = state(people)
    people.apply(event)
    assert state(people) == before


def test_nothing_happens_in_the_middle_of_a_phase() -> None:
    people = society()
    with people.held(), pytest.raises(RuntimeError, match="in the middle of a phase"):
        people.apply(RoundBegan(round=1))
    people.apply(RoundBegan(round=1))
    assert people.round == 1


def test_a_phase_that_fails_lets_go() -> None:
    people = society()
    with pytest.raises(KeyError), people.held():
        raise KeyError
    people.apply(RoundBegan(round=1))


def test_standing_is_the_mean_of_what_the_others_think() -> None:
    people = society()
    assert people.standing(player(1)) is None
    people.apply(shaped(1, 1, 1.0))
    assert people.standing(player(1)) is None
    people.apply(shaped(2, 1, 1.0))
    people.apply(shaped(3, 1, 0.5))
    assert people.standing(player(1)) == 0.5
    people.apply(shaped(2, 1, 0.0))
    assert people.standing(player(1)) == -0.5


def test_standing_follows_every_record_of_a_game() -> None:
    people = play(minds("mixed"), founded(n=7), 6).society
    for name in people.agents:
        target = player(int(name[1:]))
        others = [agent for other, agent in people.agents.items() if other != name]
        records = [agent.reputations.of(target) for agent in others]
        scores = [record.score for record in records if record]
        assert people.standing(target) == pytest.approx(sum(scores) / len(scores))


def test_a_self_image_is_kept_by_role() -> None:
    people = society()
    people.apply(SelfImageRevised(agent="A01", role="player", text="Fair.", decision=""))
    assert people.agents["A01"].self_images == {"player": "Fair."}


def test_memory_holds_the_last_encounters_and_history_all() -> None:
    people = society()
    for number in range(1, 8):
        met = meeting("cooperate", "defect", round_=number)
        people.apply(EncounterEnded(encounter=met))
    agent = people.agents["A01"]
    assert (len(agent.memory), len(agent.history("A02"))) == (5, 7)
    assert not agent.history("A03")


def test_every_event_can_be_written_and_read_again() -> None:
    game = play(everyone("chance"), founded(n=7), 6)
    assert len({type(event) for event in game.events}) >= 9
    for event in game.events:
        assert EVENT.validate_json(EVENT.dump_json(event)) == event


def test_an_event_is_written_by_those_whose_state_it_changes() -> None:
    game = play(everyone("chance"), founded(n=7), 4)
    for event in game.events:
        people = game.manifest.society()
        before = state(people)[1]
        people.apply(event)
        after = state(people)[1]
        changed = {name for name in before if before[name] != after[name]}
        assert changed <= set(writers(event))


def test_a_founding_record_can_be_written_and_read_again() -> None:
    manifest = founded("no-gossip", n=7)
    again = Manifest.from_json(manifest.to_json())
    assert again == manifest
    assert again.digest() == manifest.digest()


def test_every_part_of_a_founding_record_counts() -> None:
    records = [founded(), founded("none"), founded(n=7), founded(seed=2)]
    assert len({manifest.digest() for manifest in records}) == len(records)


@pytest.mark.parametrize("n", [2, 3])
def test_the_smallest_societies_meet_every_round(n: int) -> None:
    game = play(everyone("chance", seed=3), founded(n=n), 12)
    assert len(game.encounters) == 12
    assert bool(game.gossip) == (n == 3)
