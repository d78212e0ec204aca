"""The layer: the same institutions for the encounters of another system."""

import asyncio
import re
import runpy
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from patience import PATIENCE
from societies import CUT, GOSSIP, TIE, DelayingMind, Stub, mostly_slow
from victim import Killer

from repunet.analysis.summary import summarise
from repunet.cli import execute
from repunet.errors import RepuNetError, Stopped, UsageError
from repunet.layer import Deed, Layer
from repunet.layer.state import LayerState
from repunet.prompts import render, wordings
from repunet.questions import operations as ops
from repunet.questions.mind import NoAnswer
from repunet.record.journal import Journal
from repunet.world.encounter import UNIT, Encounter
from repunet.world.event import EncounterEnded, Event, GossipHeard, ReputationShaped, TieSevered
from repunet.world.persona import ANY_SCENARIO, Disposition, Participant, Persona
from repunet.world.treatment import TREATMENTS

ROOT = Path(__file__).parents[1]
AGENTS = ["ann", "bob", "cid", "dee"]
ROLES = ("seller", "buyer")
TALKATIVE: dict[type, Any] = {ops.DecideTie: TIE, ops.DecideGossip: GOSSIP}
DEE = Persona(
    "eli", "Eli Ros", 30, "male", "Chile", Disposition.PROSOCIAL, {ANY_SCENARIO: "You are kind."}
)

Use = Callable[[Layer], Awaitable[Any]]


def use(place: Path | str, work: Use, agents: Sequence[Any] = AGENTS, **options: Any) -> Any:
    """Return what the work returns, in a layer that is open as long as it takes."""

    async def opened() -> Any:
        async with Layer.open(place, agents, **{"roles": ROLES, **options}) as layer:
            return await work(layer)

    return asyncio.run(opened())


def deal(number: int, seller: str = "ann", buyer: str = "bob", good: float = 0.9) -> dict[str, Any]:
    """Return an encounter as the other system tells of it."""
    sold = Deed(seller, "seller", cooperation=good, move="ship on time", payoff=1.5)
    paid = Deed(buyer, "buyer", cooperation=1.0, move="pay", payoff=-1.5)
    return {"id": f"deal-{number}", "acts": [sold, paid]}


async def live(layer: Layer) -> None:
    """Let a little history happen, of all kinds of calls."""
    for number in range(8):
        seller, buyer = AGENTS[number % 4], AGENTS[(number + 1 + number // 4) % 4]
        await layer.encounter(**deal(number, seller, buyer, good=0.1 if seller == "cid" else 0.9))
        if number == 3:
            await layer.gossip(id="noon")
            await layer.add(DEE)
    await layer.encounter(**deal(8, "eli", "ann"))
    await layer.gossip(id="tip", teller="ann", about="eli")
    await layer.gossip(id="evening")


def story(place: Path) -> tuple[str, list[list[str]]]:
    """Return all that is in a file that counts."""
    with Journal.open(place / "run.sqlite") as journal:
        bodies = [journal.bodies(n + 1) for n in range(journal.rounds)]
        return journal.digest(), bodies


def only(events: Sequence[Event], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


# Encounters ------------------------------------------------------------------------------------


def test_the_caller_s_id_names_the_encounter_and_every_decision(tmp_path: Path) -> None:
    mind = Stub()
    events = use(tmp_path / "a", lambda layer: layer.encounter(**deal(17)), mind=mind)
    (met,) = (event.encounter for event in only(events, EncounterEnded))
    assert met.id == "deal-17"
    assert {asked.at.unit.split("/")[0] for asked in mind.asked} == {"deal-17"}
    assert "deal-17/respond/ann>bob/ShapePeerReputation/ann" in [str(a.at) for a in mind.asked]


def test_acts_stories_and_defaults_reach_the_encounter(tmp_path: Path) -> None:
    call = {**deal(1), "stories": {"ann": "It went well."}}
    events = use(tmp_path / "a", lambda layer: layer.encounter(**call), treatment="none")
    met: Encounter = only(events, EncounterEnded)[0].encounter
    assert met.stories == ("It went well.", "You chose to pay; ann chose to ship on time.")
    assert [(act.payoff, act.valence) for act in met.acts] == [(1.5 * UNIT, 0.8), (-1.5 * UNIT, 1)]
    assert Deed("ann", valence=-0.5).act(Participant("ann", "seller")).valence == -0.5


def test_a_repeated_id_returns_what_is_stored_and_asks_nobody(tmp_path: Path) -> None:
    mind = Stub()

    async def twice(layer: Layer) -> None:
        first = await layer.encounter(**deal(1))
        asked = len(mind.asked)
        assert await layer.encounter(**deal(1)) == first
        assert "deal-1" in layer
        assert "deal-2" not in layer
        assert len(mind.asked) == asked > 0

    use(tmp_path / "a", twice, mind=mind)
    assert len(story(tmp_path / "a")[1]) == 1


def test_a_repeated_id_asks_nobody_after_a_restart_either(tmp_path: Path) -> None:
    async def both(layer: Layer) -> Any:
        return await layer.encounter(**deal(1)), await layer.gossip(id="evening")

    first = use(tmp_path / "a", both, mind=Stub(TALKATIVE))
    silent = Stub(TALKATIVE)
    assert use(tmp_path / "a", both, mind=silent) == first
    assert silent.asked == []


@pytest.mark.parametrize(
    "change",
    [
        {"acts": deal(1, good=0.8)["acts"]},
        {"acts": deal(1)["acts"][::-1]},
        {"stories": {"ann": "It went badly."}},
        {"outcome": "declined"},
    ],
)
def test_the_same_id_with_another_encounter_is_refused(tmp_path: Path, change: Any) -> None:
    async def differently(layer: Layer) -> None:
        await layer.encounter(**deal(1))
        with pytest.raises(UsageError, match="deal-1 stands for something else already"):
            await layer.encounter(**{**deal(1), **change})
        with pytest.raises(UsageError, match="something else"):
            await layer.gossip(id="deal-1")
        await layer.gossip(id="evening")
        with pytest.raises(UsageError, match="something else"):
            await layer.gossip(id="evening", teller="ann", about="bob")

    use(tmp_path / "a", differently)


def test_everyone_responds_to_everyone_else_in_a_group(tmp_path: Path) -> None:
    acts = [Deed(who, "buyer", cooperation=0.5) for who in AGENTS[:3]]
    events = use(tmp_path / "a", lambda layer: layer.encounter(id="fair", acts=acts), mind=Stub())
    shaped = {(e.observer, e.reputation.target) for e in only(events, ReputationShaped)}
    assert shaped == {(one, other) for one in AGENTS[:3] for other in AGENTS[:3]}


def test_a_declined_encounter_changes_no_reputation_but_may_cut_a_tie(tmp_path: Path) -> None:
    rules = {**TALKATIVE, ops.DecideTie: lambda asked, _: CUT if asked.tied else TIE}

    async def refuse(layer: Layer) -> None:
        await layer.encounter(**deal(1))
        events = await layer.encounter(**deal(2), outcome="declined")
        assert only(events, ReputationShaped) == []
        assert len(only(events, TieSevered)) == 2

    use(tmp_path / "a", refuse, mind=Stub(rules))


@pytest.mark.parametrize(("outcome", "remembered"), [("void", 0), ("no_funds", 1)])
def test_nobody_is_asked_about_what_did_not_take_place(
    tmp_path: Path, outcome: Any, remembered: int
) -> None:
    mind = Stub()

    async def fail(layer: Layer) -> None:
        await layer.encounter(**deal(1), outcome=outcome)
        assert len(layer.view("ann", "bob").last) == remembered
        await layer.encounter(**deal(1), outcome=outcome)

    use(tmp_path / "a", fail, mind=mind)
    assert mind.asked == []


def test_a_missing_answer_is_an_event_and_the_layer_goes_on(tmp_path: Path) -> None:
    mind = Stub({ops.ShapePeerReputation: NoAnswer("nobody answered")})
    events = use(tmp_path / "a", lambda layer: layer.encounter(**deal(1)), mind=mind)
    assert [event.kind for event in events].count("decision_missing") == 2


# Gossip ----------------------------------------------------------------------------------------


async def acquainted(layer: Layer) -> None:
    """Let everybody be tied to everybody, and the wishes of that be spent."""
    for number, (one, other) in enumerate([("ann", "bob"), ("bob", "cid"), ("ann", "cid")]):
        await layer.encounter(**deal(100 + number, one, other))
    await layer.gossip(id="spent")


def test_wishes_to_talk_are_told_once_and_never_to_their_target(tmp_path: Path) -> None:
    async def talk(layer: Layer) -> None:
        await acquainted(layer)
        await layer.encounter(**deal(1))
        heard = [event.gossip for event in only(await layer.gossip(id="e1"), GossipHeard)]
        assert {(g.gossiper, g.target, g.listener) for g in heard} == {
            ("ann", "bob", "cid"),
            ("bob", "ann", "cid"),
        }
        assert {g.encounter for g in heard} == {"deal-1"}
        assert only(await layer.gossip(id="e2"), GossipHeard) == []

    use(tmp_path / "a", talk, mind=Stub(TALKATIVE))


def test_of_several_wishes_about_the_same_participant_the_latest_counts(tmp_path: Path) -> None:
    async def talk(layer: Layer) -> None:
        await acquainted(layer)
        for number in (1, 2, 3):
            await layer.encounter(**deal(number))
        heard = only(await layer.gossip(id="evening"), GossipHeard)
        assert {event.gossip.encounter for event in heard} == {"deal-3"}
        assert len({event.gossip.id for event in heard}) == len(heard) == 2

    use(tmp_path / "a", talk, mind=Stub(TALKATIVE))


def test_wishes_wait_for_gossip_over_a_restart(tmp_path: Path) -> None:
    async def begin(layer: Layer) -> None:
        await acquainted(layer)
        await layer.encounter(**deal(1))

    def evening(place: Path, *before: Use) -> Any:
        for work in before:
            use(place, work, mind=Stub(TALKATIVE))
        return use(place, lambda layer: layer.gossip(id="evening"), mind=Stub(TALKATIVE))

    async def all_at_once(layer: Layer) -> Any:
        await begin(layer)
        return await layer.gossip(id="evening")

    assert evening(tmp_path / "a", begin) == use(tmp_path / "b", all_at_once, mind=Stub(TALKATIVE))
    assert story(tmp_path / "a") == story(tmp_path / "b")


def test_one_agent_can_be_let_talk_about_another_whom_it_has_met(tmp_path: Path) -> None:
    async def talk(layer: Layer) -> None:
        await acquainted(layer)
        call = {"id": "tip", "teller": "ann", "about": "bob", "reason": "I was impressed."}
        first = await layer.gossip(**call)
        assert [event.gossip.target for event in only(first, GossipHeard)] == ["bob"]
        assert await layer.gossip(**call) == first
        with pytest.raises(UsageError, match="has not met dee"):
            await layer.gossip(id="tip-2", teller="ann", about="dee")
        assert layer.view("cid", "bob").records is not None

    use(tmp_path / "a", talk, mind=Stub(TALKATIVE))


def test_second_hand_gossip_names_both_sources_and_reaches_neither(tmp_path: Path) -> None:
    rules = {**TALKATIVE, ops.JudgeGossip: ops.Judgement("they should know", 5, pass_on=True)}

    async def talk(layer: Layer) -> None:
        await acquainted(layer)
        await layer.encounter(**deal(1, "cid", "dee"))
        events = await layer.gossip(id="tip", teller="ann", about="bob")
        paths = [(event.gossip.path, event.gossip.listener) for event in only(events, GossipHeard)]
        assert paths == [(("ann",), "cid"), (("ann", "cid"), "dee")]

    use(tmp_path / "a", talk, mind=Stub(rules))


# What is to be seen ----------------------------------------------------------------------------


@pytest.mark.parametrize("arm", TREATMENTS)
def test_a_view_hides_what_the_treatment_hides(tmp_path: Path, arm: str) -> None:
    async def look(layer: Layer) -> None:
        await acquainted(layer)
        await layer.gossip(id="tip", teller="ann", about="bob")
        view, treatment = layer.view("cid", "bob"), TREATMENTS[arm]
        assert (view.records is not None) == treatment.rates_peers
        assert (view.gossip is not None) == treatment.shows_gossip
        assert bool(view.gossip) == treatment.shows_gossip
        assert (view.score("seller") is not None) == treatment.rates_peers
        assert len(view.last) == 1
        assert "seller" in view.ties

    use(tmp_path / "a", look, mind=Stub(TALKATIVE), treatment=arm)


def test_a_view_holds_every_version_of_a_record_with_what_is_behind_it(tmp_path: Path) -> None:
    async def look(layer: Layer) -> None:
        await layer.encounter(**deal(1))
        await layer.encounter(**deal(2))
        records = layer.view("bob", "ann").records
        assert records is not None
        assert [version.because for version in records["seller"]] == [("deal-1",), ("deal-2",)]
        assert layer.view("ann", "dee").records == {}

    use(tmp_path / "a", look)


@pytest.mark.parametrize("arm", ["full", "no-reputation", "none"])
def test_partners_come_in_the_order_of_what_ego_thinks_of_them(tmp_path: Path, arm: str) -> None:
    mind = Stub({ops.DecideTie: TIE, ops.ShapePeerReputation: _by_act})

    async def look(layer: Layer) -> None:
        for number, good in enumerate((0.2, 0.9, 0.5)):
            await layer.encounter(**deal(number, ("ann", "cid", "dee")[number], "bob", good))
        assert [p.agent for p in layer.partners("bob", "seller")] == ["cid", "dee", "ann"]
        assert layer.partners("bob", "buyer") == ()
        assert layer.partners("ann") == (Participant("bob", "buyer"),)

    use(tmp_path / "a", look, mind=mind, treatment=arm)


def _by_act(asked: ops.ShapePeerReputation, _: Any) -> ops.Appraisal:
    (act,) = asked.story.others
    good = act.cooperation or 0.0
    return ops.Appraisal("As it was.", (1.0 - good, 0, 0, 0, good))


def test_nothing_of_an_encounter_is_to_be_seen_before_it_is_safe(tmp_path: Path) -> None:
    seen: list[Any] = []

    class Looking(Stub):
        layer: Layer

        async def answer(self, operation: Any, at: Any) -> Any:
            seen.append((self.layer.view("ann", "bob"), self.layer.standing("ann", "seller")))
            return await super().answer(operation, at)

    mind = Looking()

    async def look(layer: Layer) -> None:
        mind.layer = layer
        before = layer.view("ann", "bob"), layer.standing("ann", "seller")
        await layer.encounter(**deal(1))
        assert set(map(str, seen)) == {str(before)}
        assert (layer.view("ann", "bob"), layer.standing("ann", "seller")) != before

    use(tmp_path / "a", look, mind=mind)


def test_calls_of_several_tasks_are_answered_in_their_order(tmp_path: Path) -> None:
    async def at_once(layer: Layer) -> None:
        async with asyncio.TaskGroup() as tasks:
            for number in range(5):
                tasks.create_task(layer.encounter(**deal(number, *AGENTS[number % 3 :][:2])))

    async def in_turn(layer: Layer) -> None:
        for number in range(5):
            await layer.encounter(**deal(number, *AGENTS[number % 3 :][:2]))

    use(tmp_path / "a", in_turn, mind=Stub(TALKATIVE))
    slow = DelayingMind(Stub(TALKATIVE), "reversed")
    use(tmp_path / "b", at_once, mind=slow)
    assert story(tmp_path / "a") == story(tmp_path / "b")


@pytest.mark.parametrize("wording", wordings())
def test_every_question_that_a_layer_asks_can_be_put_into_words(
    tmp_path: Path, wording: str
) -> None:
    mind = Stub({**TALKATIVE, ops.JudgeGossip: ops.Judgement("so", 5, pass_on=True)})
    use(tmp_path / "a", live, mind=mind)
    assert {ops.Reflect, ops.DecideGossip, ops.TellGossip} <= {
        type(a.operation) for a in mind.asked
    }
    for asked in mind.asked:
        prompt = render(asked.operation, wording)
        assert "seller" in prompt.system
        assert "round" not in prompt.system.lower()


# Its file --------------------------------------------------------------------------------------


def test_a_layer_that_is_opened_for_each_call_is_the_one_left_open(tmp_path: Path) -> None:
    use(tmp_path / "open", live)

    class Reopening:
        async def call(self, name: str, *args: Any, **options: Any) -> Any:
            async with Layer.open(tmp_path / "each") as layer:
                return await getattr(layer, name)(*args, **options)

        def __getattr__(self, name: str) -> Any:
            return lambda *args, **options: self.call(name, *args, **options)

    use(tmp_path / "each", lambda layer: asyncio.sleep(0))
    asyncio.run(live(Reopening()))  # type: ignore[arg-type]
    assert story(tmp_path / "open") == story(tmp_path / "each")


def test_whoever_joins_is_part_of_the_digest_and_of_all_that_follows(tmp_path: Path) -> None:
    async def join(layer: Layer) -> None:
        await layer.add("eli")
        await layer.add("eli")
        await layer.encounter(**deal(1, "eli", "ann"))
        assert layer.agents == (*AGENTS, "eli")

    async def join_as_somebody_else(layer: Layer) -> None:
        await layer.add(DEE)
        await layer.encounter(**deal(1, "eli", "ann"))

    use(tmp_path / "a", join, mind="chance")
    use(tmp_path / "b", join_as_somebody_else, mind="chance")
    a, b = story(tmp_path / "a"), story(tmp_path / "b")
    assert len(a[1]) == len(b[1]) == 2
    assert a[0] != b[0]


def test_whoever_joins_later_is_not_to_be_seen_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    use(tmp_path / "a", live)
    for number, there in ((5, False), (6, True)):
        assert execute(["show", str(tmp_path / "a"), "--round", str(number)]) == 0
        assert ("Eli Ros" in capsys.readouterr().out) == there
    with Journal.open(tmp_path / "a" / "run.sqlite") as journal:
        summary = summarise(journal)
    assert summary.agents == 5
    assert set(summary.payoff) == {"custom", "prosocial"}


def test_a_layer_can_be_replayed_from_its_file(tmp_path: Path) -> None:
    async def live_under_odd_names(layer: Layer) -> None:
        await live(layer)
        for name in ("r1", "r7", "r99999999999999999999", "r"):
            await layer.encounter(**{**deal(1), "id": name})

    use(tmp_path / "a", live_under_odd_names, mind="chance")
    replay = f"replay:{tmp_path / 'a' / 'run.sqlite'}"
    use(tmp_path / "b", live_under_odd_names, mind=replay)
    assert story(tmp_path / "a")[1] == story(tmp_path / "b")[1]


def test_agents_may_come_one_after_another(tmp_path: Path) -> None:
    each: Any = (agent for agent in AGENTS)
    use(tmp_path / "a", nothing, agents=each)
    use(tmp_path / "a", nothing, agents=AGENTS)


def test_the_commands_that_look_can_read_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    use(tmp_path / "a", live)
    place = str(tmp_path / "a")
    for command in (["show", place], ["show", place, "--agent", "Eli Ros"], ["digest", place]):
        assert execute(command) == 0
    assert execute(["runs", "--storage", str(tmp_path)]) == 0
    assert story(tmp_path / "a")[0] in capsys.readouterr().out
    assert execute(["resume", place, "--rounds", "1"]) == 2


def test_of_a_call_that_fails_nothing_remains(tmp_path: Path) -> None:
    trouble = {ops.DecideTie: _fail}

    async def go_on(layer: Layer) -> None:
        with pytest.raises(RepuNetError, match="no line"):
            await layer.encounter(**deal(1))
        assert layer.view("ann", "bob").last == ()
        trouble.clear()
        mind._rules[ops.DecideTie] = TIE
        await layer.encounter(**deal(1))

    mind = Stub(trouble)
    use(tmp_path / "a", go_on, mind=mind)
    use(tmp_path / "b", lambda layer: layer.encounter(**deal(1)), mind=Stub({ops.DecideTie: TIE}))
    assert story(tmp_path / "a") == story(tmp_path / "b")


def _fail(*_: Any) -> Any:
    raise ConnectionError("no line")


@pytest.mark.parametrize("turns", [0, 3, 10, 20, 30])
def test_a_call_that_is_cancelled_can_be_made_again(tmp_path: Path, turns: int) -> None:
    async def give_up(layer: Layer) -> None:
        task = asyncio.create_task(layer.encounter(**deal(1)))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert "deal-1" not in layer
        await layer.encounter(**deal(1))

    slow = DelayingMind(Stub(TALKATIVE), "heavy-tailed")
    use(tmp_path / "a", give_up, mind=slow)
    use(tmp_path / "b", lambda layer: layer.encounter(**deal(1)), mind=Stub(TALKATIVE))
    assert story(tmp_path / "a") == story(tmp_path / "b")


def test_a_full_disk_stops_it_and_what_was_safe_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise Stopped("the disk is full")

    async def fill(layer: Layer) -> None:
        await layer.encounter(**deal(1))
        with monkeypatch.context() as patch:
            patch.setattr(Journal, "commit", full)
            with pytest.raises(Stopped):
                await layer.encounter(**deal(2))
        assert "deal-2" not in layer
        await layer.encounter(**deal(2))

    async def in_peace(layer: Layer) -> None:
        await layer.encounter(**deal(1))
        await layer.encounter(**deal(2))

    use(tmp_path / "a", fill)
    use(tmp_path / "b", in_peace)
    assert story(tmp_path / "a") == story(tmp_path / "b")


def test_what_was_changed_in_the_file_is_noticed(tmp_path: Path) -> None:
    use(tmp_path / "a", live)
    with sqlite3.connect(tmp_path / "a" / "run.sqlite") as connection:
        query = "UPDATE events SET body = replace(body, 'Eli', 'Ali') WHERE kind = 'agent_joined'"
        connection.execute(query)
    connection.close()
    with pytest.raises(UsageError, match="round 6 is not as it was committed"):
        use(tmp_path / "a", live)


MOMENTS = [
    ("INSERT INTO meta", 2),  # it is being founded
    ("rename", 1),
    *[("INSERT INTO events", n) for n in (1, 20, 60, 100)],
    *[("INSERT INTO rounds", n) for n in (1, 5, 6)],
    *[("COMMIT", n) for n in (2, 5, 6, 7, 11, 12)],
    *[("called", n) for n in (1, 4, 5, 6, 12)],
]


@pytest.fixture(scope="module")
def in_peace(tmp_path_factory: pytest.TempPathFactory) -> Any:
    place = tmp_path_factory.mktemp("peace") / "a"
    use(place, live)
    return story(place)


@pytest.mark.parametrize(
    "moment", mostly_slow(MOMENTS, MOMENTS[::5]), ids=lambda at: f"{at[0]}-{at[1]}"
)
def test_a_layer_killed_at_any_moment_goes_on_to_the_same_history(
    tmp_path: Path, moment: tuple[str, int], in_peace: Any
) -> None:
    what, times = moment
    command = [sys.executable, __file__, str(tmp_path / "a"), what, str(times)]
    killed = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    use(tmp_path / "a", live)
    assert story(tmp_path / "a") == in_peace


@pytest.mark.slow
def test_a_second_process_is_refused(tmp_path: Path) -> None:
    async def elsewhere(layer: Layer) -> None:
        command = [sys.executable, __file__, str(tmp_path / "a"), "nothing", "1"]
        other = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        assert re.search("InUse: a is being written by process", other.stderr)
        assert other.returncode == 1

    use(tmp_path / "a", elsewhere)


# Bad input -------------------------------------------------------------------------------------


async def nothing(layer: Layer) -> None:
    """Only open it."""


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"agents": []}, "a new layer needs agents"),
        ({"agents": "ann"}, r"agents is a list: agents=\['ann'\]"),
        ({"agents": ["ann", "ann"]}, "2 agents have the id ann"),
        ({"agents": ["a/b", "c"]}, "'a/b' can't be the id of an agent"),
        ({"treatment": "ful"}, 'unknown treatment "ful" .did you mean "full"'),
        ({"mind": "embeded"}, 'unknown mind "embeded" .did you mean "embedded"'),
        ({"mind": {"ann": "chance"}}, "say which mind decides for everyone else"),
        ({"mind": {"*": "chance", "anne": "chance"}}, 'unknown agent "anne" .did you mean "ann"'),
        ({"roles": "seller"}, "roles is a list"),
        ({"roles": ["a", "a"]}, "roles is a list of different names"),
        ({"roles": ["a,b"]}, "has no comma"),
        ({"treatment": TREATMENTS["full"].switched(witnesses="1", error="0.1")}, "error=0"),
    ],
)
def test_a_layer_that_can_t_be_is_refused_in_a_line_and_nothing_is_written(
    tmp_path: Path, options: dict[str, Any], line: str
) -> None:
    with pytest.raises(UsageError, match=line):
        use(tmp_path / "a", nothing, **{"agents": AGENTS, **options})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("call", "line"),
    [
        ({"id": "a/b"}, "'a/b' can't be the id of an encounter"),
        ({"acts": deal(1)["acts"][:1]}, "two agents or more, each with one act"),
        ({"acts": deal(1)["acts"][:1] * 2}, "two agents or more, each with one act"),
        ({"acts": deal(1, "anne")["acts"]}, 'unknown agent "anne" .did you mean "ann"'),
        ({"acts": [Deed("ann", "seler"), Deed("bob", "buyer")]}, 'did you mean "seller"'),
        ({"acts": [Deed("ann"), Deed("bob")]}, 'unknown role ""'),
        ({"stories": {"cid": "I was not there."}}, "a story of cid, who took no part"),
        ({"stories": {"ann": " "}}, "what ann tells is a text"),
        ({"outcome": "decline"}, 'unknown outcome "decline" .did you mean "declined"'),
    ],
)
def test_an_encounter_that_can_t_be_is_refused_in_a_line(
    tmp_path: Path, call: dict[str, Any], line: str
) -> None:
    async def refused(layer: Layer) -> None:
        with pytest.raises(UsageError, match=line):
            await layer.encounter(**{**deal(1), **call})

    use(tmp_path / "a", refused)
    assert story(tmp_path / "a")[1] == []


@pytest.mark.parametrize(
    "numbers",
    [{"cooperation": 1.1}, {"cooperation": float("nan")}, {"valence": -2}, {"payoff": 1e99}],
)
def test_a_deed_has_numbers_in_range(numbers: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="of ann is a number between"):
        Deed("ann", **numbers)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"agents": ["ann", "bob"]}, "founded with different agents"),
        ({"roles": ["seller"]}, "founded with different roles"),
        ({"seed": 2}, "founded with different seed: leave out seed="),
        ({"treatment": "none"}, "founded with different treatment"),
        ({"mind": "chance"}, "its minds are not as they were"),
    ],
)
def test_a_layer_goes_on_only_as_it_was_founded(
    tmp_path: Path, options: dict[str, Any], line: str
) -> None:
    use(tmp_path / "a", live)
    before = story(tmp_path / "a")
    with pytest.raises(UsageError, match=line):
        use(tmp_path / "a", nothing, **{"agents": AGENTS, **options})
    assert story(tmp_path / "a") == before


def test_minds_may_change_where_that_is_accepted(tmp_path: Path) -> None:
    use(tmp_path / "a", live)
    use(tmp_path / "a", lambda layer: layer.encounter(**deal(50)), mind="chance", branch=True)
    with Journal.open(tmp_path / "a" / "run.sqlite") as journal:
        assert journal.meta("branched after round 13") == "its minds are not as they were"


def test_a_run_is_no_layer(tmp_path: Path) -> None:
    command = ["run", "pd", "--rounds", "1", "--agents", "4", "--name", "a", "--quiet"]
    assert execute([*command, "--storage", str(tmp_path)]) == 0
    with pytest.raises(UsageError, match="a is a run of pd, and no layer"):
        use(tmp_path / "a", nothing)


def test_other_mistakes_have_their_line(tmp_path: Path) -> None:
    async def err(layer: Layer) -> None:
        with pytest.raises(UsageError, match="not of ann by ann"):
            layer.view("ann", "ann")
        with pytest.raises(UsageError, match="say who talks and about whom"):
            await layer.gossip(id="x", teller="ann")
        with pytest.raises(UsageError, match="can't gossip about itself"):
            await layer.gossip(id="x", teller="ann", about="ann")
        with pytest.raises(UsageError, match="2 agents have the id ann"):
            await layer.add(Persona("ann", "Ann", None, None, None, DEE.disposition, {"*": "X."}))

    async def keep(layer: Layer) -> Layer:
        return layer

    use(tmp_path / "a", err)
    closed = use(tmp_path / "a", keep)
    with pytest.raises(UsageError, match="a is closed: open it again"):
        asyncio.run(closed.gossip(id="x"))
    with pytest.raises(UsageError, match="can't name a layer"):
        use(tmp_path / "a b", nothing)


# What stands in the documents ------------------------------------------------------------------


def test_the_example_trades_and_goes_on_where_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = ROOT / "examples" / "foreign_loop.py"
    assert len(path.read_text().splitlines()) < 60
    main = runpy.run_path(str(path))["main"]
    asyncio.run(main(str(tmp_path / "market")))
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 6 * 4 + 3
    standing = {line.split()[0]: float(line.split()[-1]) for line in told[-3:]}
    assert standing["ann"] > 0 > standing["cid"]
    asyncio.run(main(str(tmp_path / "market")))
    assert capsys.readouterr().out.splitlines() == told[-3:]


def test_every_snippet_of_the_how_to_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "how-to" / "use-the-layer.md").read_text()
    first, *rest = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(rest) >= 3
    body = first + "".join(f"    {line}\n" for block in rest for line in block.splitlines())
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec("async def snippets():\n" + "".join(f"    {n}\n" for n in body.splitlines()), names)
    asyncio.run(names["snippets"]())
    assert (tmp_path / "runs" / "market" / "run.sqlite").is_file()


def main(place: str, what: str, times: str) -> None:
    """Live a little, and be killed."""
    killer = Killer(what, int(times))
    killer.watch()
    write = LayerState.write

    def written(chronicle: LayerState, *args: Any) -> None:
        write(chronicle, *args)
        killer("called")

    LayerState.write = written  # type: ignore[method-assign]
    use(Path(place), live)


if __name__ == "__main__":
    main(*sys.argv[1:])


# Threads ---------------------------------------------------------------------------------------


def test_a_call_from_another_thread_says_how_to_make_it(tmp_path: Path) -> None:
    async def work(layer: Layer) -> str:
        def elsewhere() -> str:
            with pytest.raises(UsageError, match="run_coroutine_threadsafe") as caught:
                asyncio.run(layer.encounter(**deal(1)))
            return str(caught.value)

        return await asyncio.to_thread(elsewhere)

    assert use(tmp_path / "a", work).startswith("a was opened in another thread")


def test_a_call_is_made_from_another_thread_as_that_says(tmp_path: Path) -> None:
    async def work(layer: Layer) -> int:
        loop = asyncio.get_running_loop()

        def elsewhere() -> int:
            said = asyncio.run_coroutine_threadsafe(layer.encounter(**deal(1)), loop)
            return len(said.result())

        return await asyncio.to_thread(elsewhere)

    assert use(tmp_path / "a", work) > 0


def test_what_a_layer_shows_is_seen_from_any_thread(tmp_path: Path) -> None:
    async def work(layer: Layer) -> bool:
        await layer.encounter(**deal(1))

        def shown() -> Any:
            return layer.view("ann", "bob"), layer.partners("bob"), layer.standing("ann", "seller")

        return shown() == await asyncio.to_thread(shown)

    assert use(tmp_path / "a", work)


def test_a_run_file_is_read_in_the_thread_that_opened_it(tmp_path: Path) -> None:
    use(tmp_path / "a", live)
    with (
        Journal.open(tmp_path / "a/run.sqlite") as journal,
        ThreadPoolExecutor(1) as pool,
        pytest.raises(UsageError, match="was opened in another thread"),
    ):
        pool.submit(journal.digest).result()
