"""What an agent may know when it deliberates, and that nothing else reaches its mind."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any

import pytest
from societies import (
    ARMS,
    TREATMENTS,
    Asked,
    Played,
    Stub,
    dilemmas,
    founded,
    meeting,
    mostly_slow,
    play,
    player,
    rewritten,
    society,
    texts_in,
    views,
)

from repunet.minds.chance import ChanceMind
from repunet.questions import operations as ops
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import Operation
from repunet.questions.perspective import knows
from repunet.world.event import EncounterEnded, GossipHeard, ReputationShaped, SelfImageRevised
from repunet.world.gossip import Gossip
from repunet.world.population import population
from repunet.world.reputation import Appraisal
from repunet.world.treatment import UNLIMITED

TOKEN = re.compile(r"(SECRET|SAID)-(A\d+)(?:>(A\d+))?")
BARRED = list(dict.fromkeys((*ARMS, "full")))


class Confiding(ChanceMind):
    """Writes its name into every text, and whether the text is its own or said to somebody."""

    async def answer(self, operation: Operation[Any], at: Coordinate) -> Any:
        answer = await super().answer(operation, at)
        aloud, inwardly = self._said(operation, at.actor), f"SECRET-{at.actor}"
        said_in = {"text"} if aloud else set()
        if isinstance(operation, ops.EntrustShare) and not answer.accept:
            aloud, said_in = f"SAID-{at.actor}>{operation.target}", {"reason"}

        def plant(name: str, text: str) -> str:
            return text if text != "by chance" else aloud if name in said_in else inwardly

        return rewritten(answer, plant)

    @staticmethod
    def _said(operation: Operation[Any], actor: str) -> str:
        if isinstance(operation, ops.TellGossip):
            return f"SAID-{actor}>{operation.listener.id}"
        return "" if type(operation).__module__ == ops.__name__ else f"SAID-{actor}"


@cache
def confided(dilemma: str, arm: str) -> Played:
    people = [
        replace(person, descriptions={"*": f"SECRET-{person.id}"})
        for person in population(8, dilemma)
    ]
    return play(Confiding(1), founded(arm, dilemma=dilemma, people=people), 5)


WORLDS = [(d, a) for d in dilemmas() for a in BARRED]


@pytest.fixture(params=mostly_slow(WORLDS, [w for w in WORLDS if w[1] in TREATMENTS]), ids="/".join)
def asked(request: pytest.FixtureRequest) -> list[Asked]:
    return confided(*request.param).asked


def test_nobody_sees_what_another_keeps_to_itself(asked: list[Asked]) -> None:
    for question in asked:
        for text in texts_in(question.operation):
            for kind, who, listener in TOKEN.findall(text):
                privately = kind == "SECRET" or (listener and listener != question.at.actor)
                assert not privately or who == question.at.actor, (question.at, text)


def test_everybody_sees_its_own(asked: list[Asked]) -> None:
    for question in asked:
        assert f"SECRET-{question.at.actor}" in texts_in(question.operation)


def test_no_question_names_the_treatment(asked: list[Asked]) -> None:
    labels = re.compile("|".join(rf"\b{re.escape(arm)}\b" for arm in ARMS))
    for question in asked:
        assert not labels.search(repr(question.operation)), question.at
        assert "treatment" not in set(names_in(question.operation))


def names_in(value: Any) -> Iterator[str]:
    """Yield the name of every field in a value, however deep."""
    if is_dataclass(value):
        for field in fields(value):
            yield field.name
            yield from names_in(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from names_in(item)


def test_the_barrier_is_tried_with_every_kind_of_secret() -> None:
    game = confided("pd", "full")
    texts = " ".join(text for question in game.asked for text in texts_in(question.operation))
    kinds = {(kind, who) for kind, who, _ in TOKEN.findall(texts)}
    assert {who for kind, who in kinds if kind == "SECRET"} == set(game.society.agents)
    assert len({who for kind, who in kinds if kind == "SAID"}) > 2
    kept = [event.reputation.text for event in game.all(ReputationShaped)]
    kept += [event.text for event in game.all(SelfImageRevised)]
    kept += [piece.text for piece in game.gossip.values()]
    assert all(text.startswith("SECRET") for text in kept)
    assert all(piece.said.startswith("SAID") for piece in game.gossip.values())


def test_a_leak_would_be_noticed() -> None:
    question = confided("pd", "full").questions(ops.Reflect)[0]
    leaked = replace(question, ego=replace(question.ego, self_image="SECRET-A99"))
    with pytest.raises(AssertionError):
        test_nobody_sees_what_another_keeps_to_itself(
            [Asked(Coordinate("r1/respond", "Reflect", question.ego.id), leaked)]
        )


def test_ego_sees_its_last_encounters_and_its_last_with_alter() -> None:
    people = society("none")
    for number in range(1, 8):
        other = 2 if number < 3 else 3
        met = meeting("cooperate", "defect", (1, other), round_=number)
        people.apply(EncounterEnded(encounter=met))
    look = views(people)
    memory = [memory.encounter for memory in look.ego(player(1)).memory]
    assert memory == [f"r{number}/meet/A01-A03" for number in range(3, 8)]
    assert [m.encounter for m in look.acquaintance("A01", player(2)).last] == ["r2/meet/A01-A02"]
    assert len(look.history("A01", "A02")) == 2
    assert look.history("A01", "A04") == ()


@pytest.mark.parametrize("window", [0, 1, 3, UNLIMITED])
def test_views_reach_back_as_far_as_the_treatment_lets_them(window: int) -> None:
    far = replace(
        ARMS["no-reputation"], memory_window=window, alter_memory=window, gossip_window=window
    )
    people = society(far)
    for number in range(1, 8):
        met = meeting("cooperate", "defect", round_=number)
        people.apply(EncounterEnded(encounter=met))
        people.apply(GossipHeard(gossip=piece("A02", str(number)), decision=""))
    look = views(people)
    known, seen = look.acquaintance("A01", player(2)), min(window, 7)
    assert len(look.ego(player(1)).memory) == len(known.last) == len(known.gossip) == seen


def test_what_is_not_there_yet_is_empty_and_what_is_removed_is_none() -> None:
    for arm, records, gossip in (
        ("full", (), None),
        ("no-gossip", (), None),
        ("no-reputation", None, ()),
        ("none", None, None),
    ):
        known = views(society(arm)).acquaintance("A01", player(2))
        assert (known.records, known.gossip) == (records, gossip)


def test_views_show_only_the_latest_gossip_about_alter() -> None:
    people = society("no-reputation")
    for number in range(8):
        about = "A02" if number in (0, 4, 7) else "A04"
        people.apply(GossipHeard(gossip=piece(about, str(number)), decision=""))
    known = views(people).acquaintance("A01", player(2))
    assert [hearsay.text for hearsay in known.gossip] == ["4", "7"]
    assert views(people).acquaintance("A05", player(2)).gossip == ()


def piece(target: str, text: str, listener: str = "A01", credibility: int = 2) -> Gossip:
    return Gossip(
        id=text,
        target=target,
        role="player",
        path=("A03",),
        listener=listener,
        text=text,
        said=text,
        valence=-1.0,
        credibility=credibility,
        encounter="r1/meet/A02-A03",
    )


def test_distrust_is_the_share_of_what_was_found_uncredible() -> None:
    people = society("no-reputation")
    assert views(people).distrust("A01") is None
    for number, credibility in enumerate((1, 2, 3, 5)):
        heard = piece("A02", str(number), credibility=credibility)
        people.apply(GossipHeard(gossip=heard, decision=""))
    assert views(people).distrust("A01") == 0.5


def test_ego_knows_alter_by_a_record_by_gossip_or_by_a_recent_encounter() -> None:
    people = society("no-reputation")
    look = views(people)
    assert not knows(look.ego(player(1)), look.acquaintance("A01", player(2)))
    people.apply(GossipHeard(gossip=piece("A02", "x"), decision=""))
    assert knows(look.ego(player(1)), look.acquaintance("A01", player(2)))
    assert not knows(look.ego(player(1)), look.acquaintance("A01", player(4)))
    people.apply(EncounterEnded(encounter=meeting("defect", "defect", (1, 4))))
    assert knows(look.ego(player(1)), look.acquaintance("A01", player(4)))


def test_an_encounter_that_is_no_longer_remembered_counts_in_no_treatment() -> None:
    people = society("none")
    look = views(people)
    people.apply(EncounterEnded(encounter=meeting("defect", "defect")))
    for number in range(2, 7):
        met = meeting("defect", "defect", (1, 3), round_=number)
        people.apply(EncounterEnded(encounter=met))
    known = look.acquaintance("A01", player(2))
    assert known.last
    assert not knows(look.ego(player(1)), known)


def test_what_was_known_before_is_measured_before_the_meeting() -> None:
    game = play(Stub(), founded("full", n=2), 2)
    first, second = game.encounters.values()
    assert first.knew_before == ((), ())
    assert second.knew_before == tuple((other.agent,) for other in second.participants[::-1])


def test_a_view_is_as_fresh_as_the_society() -> None:
    people = society()
    look = views(people)
    before = look.ego(player(1))
    assert look.ego(player(1)) is before
    people.apply(SelfImageRevised(agent="A01", role="player", text="I am new.", decision=""))
    assert look.ego(player(1)).self_image == "I am new."
    assert before.self_image == ""


def test_own_records_are_those_of_the_role_at_hand() -> None:
    people = society()
    reputation = Appraisal("Fair.", (0, 0, 0, 1, 0)).of(player(1), "pd")
    shaped = ReputationShaped(
        observer="A01", reputation=reputation, cause="encounter", because=(), decision=""
    )
    people.apply(shaped)
    assert views(people).own_records(player(1)) == (reputation,)
    assert views(people).own_records(player(1)._replace(role="trustee")) == ()
    assert views(society("none")).own_records(player(1)) is None
