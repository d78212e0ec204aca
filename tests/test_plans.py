"""Plans: how many questions a round asks, and how many of them have to wait for one another."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from societies import Watched, dilemmas, founded, mostly_slow, run

from repunet.cli import execute
from repunet.minds.chance import ChanceMind
from repunet.minds.fusing import Fusing
from repunet.prompts import render, variables, wordings
from repunet.questions.batched import (
    AlterAnswers,
    BatchedQuestions,
    EncounterAnswers,
    GossipAnswers,
    PieceAnswers,
    RespondToEncounter,
    WeighGossip,
)
from repunet.questions.coordinate import Coordinate
from repunet.questions.mind import InvalidAnswer, Mind, Operation
from repunet.questions.operations import (
    Decision,
    GossipWish,
    Judgement,
    RankPartners,
    ReconsiderTie,
    Reflection,
    Text,
)
from repunet.record.journal import Journal
from repunet.record.notes import PLAIN
from repunet.record.storage import locate
from repunet.scenarios import scenario
from repunet.simulation import Simulation
from repunet.world.event import EncounterEnded, Event, GossipHeard, GossipUntold, ReputationShaped
from repunet.world.reputation import Appraisal
from repunet.world.treatment import TREATMENTS

N, ROUNDS = 8, 6
PRESETS = ("full", "no-gossip", "no-reputation", "none")
AFTERWARDS = {"full": 12, "no-gossip": 10, "no-reputation": 8, "none": 6}
"""Questions after a meeting of two, to both (mechanism, section 6)."""
ACTS = {"pd": 2, "donor": 1, "investment": 3}
LONGEST = {"full": 17, "no-gossip": 5, "no-reputation": 14, "none": 4}
"""Questions that wait for one another in a round of the prisoner's dilemma."""
SPARED = {"full": 8, "no-gossip": 2, "no-reputation": 5, "none": 1}
"""How many of them the compact plan spares."""
LONGER = {"pd": 0, "donor": 0, "participation": 3, "investment": 2}
"""How many more a meeting of another scenario takes."""
RATING = Appraisal("so-so", (0, 0, 1, 0, 0))


class Fusible(ChanceMind):
    """Chance, that can answer several questions at once."""

    async def answer(self, operation: Operation[Any], at: Coordinate) -> Any:
        match operation:
            case RespondToEncounter():
                of_alter = AlterAnswers(RATING, Decision(True, ""), GossipWish(True, True, ""))
                of_alters = (of_alter,) * len(operation.alters)
                return EncounterAnswers(Reflection("", "", True), RATING, Text("me"), of_alters)
            case WeighGossip():
                piece = PieceAnswers(Text("said"), Judgement("", 4, True))
                return GossipAnswers((piece,) * len(operation.pieces), RATING, Decision(True, ""))
        return await super().answer(operation, at)


class Clock:
    """Wraps a mind: an answer takes one tick, and all that is asked meanwhile the same one."""

    immediate = False

    def __init__(self, mind: Mind) -> None:
        self._mind = mind
        self._waiting: list[asyncio.Future[None]] = []
        self.name, self.describe, self.ticks = mind.name, mind.describe, 0

    async def answer(self, operation: Operation[Any], at: Coordinate) -> Any:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        await done
        return await self._mind.answer(operation, at)

    async def tick(self) -> None:
        while True:
            for _ in range(40):
                await asyncio.sleep(0)
            if self._waiting:
                waiting, self._waiting = self._waiting, []
                self.ticks += 1
                for done in waiting:
                    done.set_result(None)


def simulation(dilemma: str, arm: str, mind: Mind, *, compact: bool = False) -> Simulation:
    manifest = founded(arm, dilemma=dilemma, n=N)
    return Simulation(manifest.society(), scenario(dilemma), mind, compact=compact)


async def rounds(simulated: Simulation) -> list[list[Event]]:
    return [await simulated.step() for _ in range(ROUNDS)]


def counted(dilemma: str, arm: str, *, compact: bool) -> tuple[list[Event], Counter[str]]:
    watched = Watched(Fusible(1) if compact else ChanceMind(1))
    mind = Fusing(watched) if compact else watched
    events = run(rounds(simulation(dilemma, arm, mind, compact=compact)))
    kinds = Counter(asked.operation.label for asked in watched.asked)
    return [event for each in events for event in each], kinds


def met(events: Iterable[Event], outcome: str) -> int:
    return sum(isinstance(e, EncounterEnded) and e.encounter.outcome == outcome for e in events)


def seats(events: Iterable[Event], outcome: str) -> tuple[int, int]:
    """Return how many took part in encounters, and how many others they met there in all."""
    ended = [e.encounter for e in events if isinstance(e, EncounterEnded)]
    sizes = [len(met.participants) for met in ended if met.outcome == outcome]
    return sum(sizes), sum(size * (size - 1) for size in sizes)


def beliefs(events: list[Event]) -> int:
    """Return how many targets there were, over all listeners and waves."""
    heard = [event.gossip for event in events if isinstance(event, GossipHeard)]
    return len({(g.id.split("/")[:2].__str__(), g.listener, g.target) for g in heard})


@pytest.mark.parametrize("arm", PRESETS)
@pytest.mark.parametrize("dilemma", dilemmas())
def test_the_faithful_plan_asks_a_question_at_a_time(dilemma: str, arm: str) -> None:
    events, asked = counted(dilemma, arm, compact=False)
    heard = sum(isinstance(event, GossipHeard) for event in events)
    (seated, faced), (_, refused) = seats(events, "consummated"), seats(events, "declined")
    assert asked["Reflect"] == asked["ReviseSelfImage"] == seated
    assert asked["DecideGossip"] == (faced + refused if TREATMENTS[arm].gossip else 0)
    assert faced <= asked["DecideTie"] <= faced + refused
    shaped = asked["ShapeSelfReputation"] + asked["ShapePeerReputation"]
    assert shaped == (seated + faced if TREATMENTS[arm].reputation else 0)
    assert asked["TellGossip"] == asked["IdentifyGossip"] == asked["JudgeGossip"] == heard
    believed = beliefs(events)
    assert asked["ShapePeerFromGossip"] == (believed if TREATMENTS[arm].reputation else 0)
    assert asked[ReconsiderTie.__name__] <= believed
    assert asked[RankPartners.__name__] <= ROUNDS * N // 2


@pytest.mark.parametrize("arm", PRESETS)
@pytest.mark.parametrize("dilemma", [name for name in dilemmas() if name in ACTS])
def test_a_meeting_costs_what_the_arm_says(dilemma: str, arm: str) -> None:
    events, asked = counted(dilemma, arm, compact=False)
    after = ("Reflect", "ShapeSelfReputation", "ShapePeerReputation", "ReviseSelfImage")
    spent = sum(asked[kind] for kind in after) + 2 * met(events, "consummated")
    gossip = 2 * met(events, "consummated") if TREATMENTS[arm].gossip else 0
    assert spent + gossip == AFTERWARDS[arm] * met(events, "consummated")


@pytest.mark.parametrize("arm", PRESETS)
@pytest.mark.parametrize("dilemma", dilemmas())
def test_the_compact_plan_asks_once_after_a_meeting_and_once_about_each_target(
    dilemma: str, arm: str
) -> None:
    events, asked = counted(dilemma, arm, compact=True)
    assert asked["TakeStock"] == seats(events, "consummated")[0]
    assert asked["WeighGossip"] == beliefs(events)
    fused = ("Reflect", "ShapeSelfReputation", "ShapePeerReputation", "ReviseSelfImage")
    gossip = ("IdentifyGossip", "JudgeGossip", "ShapePeerFromGossip", "ReconsiderTie")
    assert all(asked[kind] == 0 for kind in (*fused, *gossip))
    heard = sum(isinstance(event, GossipHeard) for event in events)
    assert asked["ChooseListener"] == asked["TellGossip"] == heard


@pytest.mark.parametrize("dilemma", dilemmas())
def test_both_plans_have_the_same_kinds_of_events(dilemma: str) -> None:
    faithful, _ = counted(dilemma, "full", compact=False)
    compact, _ = counted(dilemma, "full", compact=True)
    allowed = {GossipUntold.__name__, "TieSevered", "SatOut"}
    kinds = {type(event).__name__ for event in faithful} ^ {type(e).__name__ for e in compact}
    assert kinds <= allowed
    decisions = {e.decision.split("/")[-2] for e in compact if isinstance(e, ReputationShaped)}
    assert decisions == {"ShapeSelfReputation", "ShapePeerReputation", "ShapePeerFromGossip"}


@pytest.mark.parametrize("dilemma", dilemmas())
def test_a_mind_that_answers_one_question_at_a_time_is_asked_so_under_either_plan(
    dilemma: str,
) -> None:
    whole = [run(rounds(simulation(dilemma, "full", ChanceMind(1), compact=c))) for c in (0, 1)]
    assert whole[0] == whole[1]


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("arm", PRESETS)
@pytest.mark.parametrize("dilemma", [name for name in dilemmas() if name in LONGER])
def test_the_longest_chain_of_questions_does_not_grow_with_the_society(
    dilemma: str, arm: str, compact: bool
) -> None:
    async def longest(n: int) -> int:
        clock, most = Clock(Fusible(1)), 0
        ticking = asyncio.create_task(clock.tick())
        mind: Mind = Fusing(clock) if compact else clock
        manifest = founded(arm, dilemma=dilemma, n=n)
        play = Simulation(manifest.society(), scenario(dilemma), mind, compact=compact)
        for _ in range(4):
            before = clock.ticks
            await play.step()
            most = max(most, clock.ticks - before)
        ticking.cancel()
        return most

    limit = LONGEST[arm] + LONGER[dilemma] - (SPARED[arm] if compact else 0)
    assert max(run(longest(6)), run(longest(30))) <= limit


@pytest.mark.parametrize("wording", mostly_slow(wordings(), [PLAIN]))
@pytest.mark.parametrize("arm", PRESETS)
@pytest.mark.parametrize("dilemma", mostly_slow(dilemmas(), ["investment"]))
def test_questions_put_at_once_can_be_worded(dilemma: str, arm: str, wording: str) -> None:
    watched = Watched(Fusible(1))
    run(rounds(simulation(dilemma, arm, Fusing(watched), compact=True)))
    fused = [
        asked.operation for asked in watched.asked if isinstance(asked.operation, BatchedQuestions)
    ]
    assert fused
    for question in fused[::5]:
        prompt = render(question, wording).user.lower()
        assert ("reputation" in prompt) <= TREATMENTS[arm].reputation
        assert ("gossip" in prompt) <= TREATMENTS[arm].gossip
        assert variables(type(question), dilemma, wording) == type(question).variables()


def test_a_fused_answer_must_have_every_part_that_was_asked_for() -> None:
    watched = Watched(Fusible(1))
    run(rounds(simulation("pd", "full", Fusing(watched), compact=True)))
    asked = next(a for a in watched.asked if isinstance(a.operation, RespondToEncounter))
    for part in ("own_reputation", "self_image"):
        with pytest.raises(InvalidAnswer):
            asked.operation.check(replace(asked.answer, **{part: None}))
    with pytest.raises(InvalidAnswer):
        asked.operation.check(replace(asked.answer, of_alters=()))


def test_plan_and_wording_are_recorded_with_a_run_and_change_nothing_offline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ("--plan", "compact", "--prompts", "plain-b")
    for name, words in (("one", ()), ("other", options)):
        short = ("run", "investment", "--agents", "6", "--rounds", "3", "--quiet", "--name", name)
        assert execute([*short, *words]) == 0
    with Journal.open(locate("one")) as one, Journal.open(locate("other")) as other:
        assert one.digest() == other.digest()
        assert (other.meta("plan"), other.meta("prompts")) == ("compact", "plain-b")
    assert execute(["resume", "other", "--rounds", "1", "--quiet"]) == 0


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--plan", "compct"), 'did you mean "compact"'),
        (("--prompts", "plane-b"), 'did you mean "plain-b"'),
        (("--profile", "papers"), 'did you mean "paper"'),
    ],
)
def test_an_unknown_plan_wording_or_profile_is_refused(
    words: tuple[str, ...], hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert execute(["run", "pd", *words]) == 2
    assert hint in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
