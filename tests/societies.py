"""Small societies for tests, played in memory, and minds whose answers are known."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal, TypeVar

import pytest

from repunet.chance import draw
from repunet.minds.recorded import Recorded
from repunet.minds.router import MindRouter, assign, mind_names, mind_router
from repunet.minds.scripted import STRATEGIES, extreme, played
from repunet.models.endpoint import LANGUAGE
from repunet.questions import operations as ops
from repunet.questions.coordinate import Coordinate
from repunet.questions.deliberation import Unit
from repunet.questions.mind import Mind, NoAnswer, Operation
from repunet.questions.perspective import Perspectives, Setting
from repunet.record.journal import DecisionRecord
from repunet.record.manifest import Manifest
from repunet.scenarios import Scenario, scenario, scenarios
from repunet.scenarios.pd import PrisonersDilemma
from repunet.simulation import Simulation
from repunet.world.encounter import Encounter, Outcome
from repunet.world.event import EVENT, Event, TieFormed
from repunet.world.gossip import Gossip
from repunet.world.persona import Participant, Persona
from repunet.world.population import population
from repunet.world.reputation import Appraisal
from repunet.world.society import Society
from repunet.world.stakes import Trust
from repunet.world.treatment import TREATMENTS, Treatment

T = TypeVar("T")

FULL = TREATMENTS["full"]
FINER = {
    "no-self-reputation": replace(FULL, self_reputation=False),
    "no-peer-reputation": replace(FULL, peer_reputation=False),
    "no-second-order": replace(FULL, second_order=False),
    "no-credibility": replace(FULL, credibility=False),
    "no-credibility-nor-second-order": replace(FULL, credibility=False, second_order=False),
    "no-partner-choice": replace(FULL, partner_choice=False),
    "no-rewiring": replace(FULL, rewiring=False),
    "no-self-image": replace(FULL, self_image=False),
    "no-knew-before": replace(FULL, show_knew_before=False),
    "by-standing": replace(FULL, order_by_standing=True),
    "witnessed": replace(FULL, witnesses=0.4, error=0.2),
    "no-memory": replace(FULL, memory_window=0, alter_memory=0, gossip_window=0),
}
"""Treatments that differ from the full one in a single module."""
ARMS: dict[str, Treatment] = TREATMENTS | FINER

NEEDS_MORE = {"replay", "human", "axelrod", "object", *LANGUAGE}
"""Minds that can't be had by their name alone."""
PLAYERS = {"memory-one", *STRATEGIES}
"""Minds that differ in how they move, and in nothing else."""
MINDS = tuple(
    name
    for name in mind_names()
    if name not in NEEDS_MORE and (name not in PLAYERS or name == "tit-for-tat")
)
MIXED = ("embedded", "A01=chance", "A02=defector", "A03=tit-for-tat", "A04=embedded:sharp")


def mostly_slow(cases: Iterable[T], often: Iterable[T]) -> list[Any]:
    """Return cases for `parametrize`, of which only some are tried often, all by the slow tests."""
    kept = list(often)
    return [each if each in kept else pytest.param(each, marks=pytest.mark.slow) for each in cases]


def everyone(*texts: str, seed: int = 1, people: Iterable[Persona] = ()) -> MindRouter:
    """Return minds as users name them: `everyone("embedded", "A01=chance")`."""
    personas = tuple(people) or population(7, "pd")
    return mind_router(assign(texts, personas), seed)


def minds(name: str, seed: int = 1) -> MindRouter:
    """Return a mind for everyone, or the mixture."""
    return everyone(*(MIXED if name == "mixed" else (name,)), seed=seed)


def dilemmas() -> tuple[str, ...]:
    """Return the names of all scenarios that are installed."""
    return tuple(scenarios())


# Playing --------------------------------------------------------------------------------------


@dataclass
class Asked:
    """A question that was put, and the answer, None if it could not be had."""

    at: Coordinate
    operation: Operation[Any]
    answer: Any = None


class Watched:
    """Wraps a mind and keeps every question with its answer, in the order they were put."""

    def __init__(self, mind: Mind) -> None:
        self._mind = mind
        self.immediate = mind.immediate
        self.asked: list[Asked] = []

    @property
    def name(self) -> str:
        return self._mind.name

    def describe(self) -> dict[str, Any]:
        return self._mind.describe()

    async def answer(self, operation: Operation[Any], at: Coordinate) -> Any:
        asked = Asked(at, operation)
        self.asked.append(asked)
        asked.answer = await self._mind.answer(operation, at)
        return asked.answer


@dataclass
class Played:
    """A society that has played, with all that happened, was asked and was decided."""

    manifest: Manifest
    simulation: Simulation
    rounds: list[list[Event]]
    asked: list[Asked]
    decisions: list[DecisionRecord]

    @property
    def society(self) -> Society:
        return self.simulation.society

    @property
    def treatment(self) -> Treatment:
        return self.manifest.treatment

    @cached_property
    def events(self) -> list[Event]:
        return [event for events in self.rounds for event in events]

    def all(self, kind: type[T]) -> list[T]:
        """Return the events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def questions(self, kind: type[T]) -> list[T]:
        """Return the questions of one kind."""
        return [asked.operation for asked in self.asked if isinstance(asked.operation, kind)]

    @cached_property
    def encounters(self) -> dict[str, Encounter]:
        met = (event.encounter for event in self.events if event.kind == "encounter_ended")
        return {encounter.id: encounter for encounter in met}

    @cached_property
    def gossip(self) -> dict[str, Gossip]:
        heard = (event.gossip for event in self.events if event.kind == "gossip_heard")
        return {gossip.id: gossip for gossip in heard}


def founded(
    treatment: str | Treatment = "full",
    *,
    dilemma: str = "pd",
    n: int = 6,
    seed: int = 1,
    people: Sequence[Persona] = (),
) -> Manifest:
    """Return the founding record of a small society."""
    arm = ARMS[treatment] if isinstance(treatment, str) else treatment
    if isinstance(scenario(dilemma).stakes, Trust):
        arm = replace(arm, error=0.0)  # there an act has no opposite to mistake it for
    personas = tuple(people) or population(n, dilemma)
    return Manifest(dilemma, arm, personas, seed, {"*": {"name": "test"}})


def play(
    mind: Mind,
    manifest: Manifest,
    rounds: int = 3,
    simulation: Callable[[Society, Scenario, Mind], Simulation] = Simulation,
) -> Played:
    """Let a society play; one loop for the whole of it."""
    watched, recorded = Watched(mind), []
    keeper = Recorded(watched)
    simulated = simulation(manifest.society(), scenario(manifest.scenario), keeper)

    async def all_rounds() -> list[list[Event]]:
        happened = []
        for _ in range(rounds):
            happened.append(await simulated.step())
            recorded.extend(keeper.take())
        return happened

    return Played(manifest, simulated, run(all_rounds()), watched.asked, recorded)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Return what the coroutine returns."""
    return asyncio.run(work)


def digest(events: Iterable[Event]) -> str:
    """Return one hash over all events, as they are stored."""
    return sha256(b"\n".join(map(EVENT.dump_json, events))).hexdigest()


def state(society: Society) -> Any:
    """Return all that a society is made of, as values that can be compared."""
    agents = {
        name: (
            agent.wealth,
            tuple(agent.memory),
            dict(agent.self_images),
            [(who, agent.reputations.history(who)) for who in agent.reputations.targets()],
            tuple(agent.gossip.last(len(agent.gossip))),
            agent.gossip.distrust,
            [tuple(agent.history(other)) for other in society.agents],
        )
        for name, agent in society.agents.items()
    }
    return society.round, agents, list(society.network)


# By hand --------------------------------------------------------------------------------------


def player(number: int) -> Participant:
    """Return the participant of that number: `player(1)` is A01."""
    return Participant(f"A{number:02d}", "player")


def society(treatment: str | Treatment = "full", n: int = 6, seed: int = 1) -> Society:
    """Return a society in its first round, before anything has happened."""
    return founded(treatment, n=n, seed=seed).society()


def tie(society: Society, ego: int, *alters: int) -> None:
    """Let ego count these among its partners."""
    for alter in alters:
        society.apply(
            TieFormed(ego=player(ego).agent, alter=player(alter), reason="", decision="by hand")
        )


def befriend(society: Society, *pairs: tuple[int, int]) -> None:
    """Let both count each other among their partners."""
    for one, other in pairs:
        tie(society, one, other)
        tie(society, other, one)


def views(society: Society) -> Perspectives:
    """Return the views of a society that plays the prisoner's dilemma."""
    game = PrisonersDilemma()
    return Perspectives(society, Setting.of(game.name, game.stakes, game.roles, society.treatment))


def unit(society: Society, mind: Mind, at: str = "r1/test") -> Unit:
    """Return a unit that may write everyone's state."""
    return Unit(society, views(society), mind, at, society.agents)


def meeting(
    first: str,
    second: str,
    who: tuple[int, int] = (1, 2),
    outcome: Outcome = "consummated",
    round_: int = 1,
) -> Encounter:
    """Return an encounter of two players with these moves."""
    group, moves = tuple(map(player, who)), (first, second)
    void = outcome == "void"
    return Encounter(
        id=f"r{round_}/meet/{'-'.join(p.agent for p in group)}",
        outcome=outcome,
        participants=group,
        acts=()
        if void
        else tuple(PrisonersDilemma.act(group[i], moves[i], moves[1 - i]) for i in (0, 1)),
        stories=tuple(
            PrisonersDilemma.story(moves[i], group[1 - i].agent, moves[1 - i]) for i in (0, 1)
        ),
        knew_before=((), ()),
    )


# Minds ----------------------------------------------------------------------------------------

Rule = Any
"""An answer, a NoAnswer to raise, or a function of the question and its coordinate."""


def _by_name(operation: Any, _: Coordinate) -> Any:
    return ops.Selection(min(candidate.name for candidate in operation.candidates), "by name")


QUIET: dict[type, Rule] = {
    ops.ChooseAct: lambda o, _: played(o, extreme(o.setting.stakes, cooperative=True), "kind"),
    ops.RankPartners: lambda o, _: ops.Ranking(tuple(c.name for c in o.candidates), "as shown"),
    ops.Reflect: ops.Reflection("I acted.", "They acted.", satisfied=True),
    ops.ShapeSelfReputation: Appraisal("I am fair.", (0, 0, 0.5, 0.5, 0)),
    ops.ShapePeerReputation: Appraisal("They are fair.", (0, 0, 0.4, 0.6, 0)),
    ops.ShapePeerFromGossip: Appraisal("I heard of them.", (0, 0.5, 0.5, 0, 0)),
    ops.ShapePeerFromObservation: Appraisal("I saw them.", (0, 0.1, 0.9, 0, 0)),
    ops.ReviseSelfImage: ops.Text("I go on."),
    ops.DecideTie: lambda o, _: ops.Decision(o.tied, "all stays as it is"),
    ops.DecideGossip: ops.GossipWish(yes=False, satisfied=True, reason="no need"),
    ops.ChooseListener: _by_name,
    ops.TellGossip: ops.Telling("They let me down.", "negative"),
    ops.IdentifyGossip: ops.Text("They let somebody down."),
    ops.JudgeGossip: ops.Judgement("it may be", 4, pass_on=False),
    ops.ReconsiderTie: ops.Decision(yes=True, reason="I keep it"),
}
GOSSIP = ops.GossipWish(yes=True, satisfied=False, reason="they should know")
PASS_ON = ops.Judgement("others should know", 5, pass_on=True)
TIE = ops.Decision(yes=True, reason="fine")
CUT = ops.Decision(yes=False, reason="enough")
MISSING = NoAnswer("nobody answered")


class Stub:
    """Answers by rule, quietly where there is none: it cooperates and leaves all as it is."""

    name = "stub"
    immediate = True

    def __init__(self, rules: Mapping[type, Rule] | None = None) -> None:
        self._rules = QUIET | dict(rules or {})
        self.asked: list[Asked] = []

    def describe(self) -> dict[str, Any]:
        return {"name": self.name}

    async def answer(self, operation: Operation[Any], at: Coordinate) -> Any:
        self.asked.append(Asked(at, operation))
        rule = next(self._rules[kind] for kind in type(operation).__mro__ if kind in self._rules)
        answer = rule(operation, at) if callable(rule) else rule
        if isinstance(answer, NoAnswer):
            raise answer
        return answer

    @property
    def names(self) -> list[str]:
        """Return the names of the questions, in the order they were put."""
        return [asked.at.operation for asked in self.asked]

    @property
    def count(self) -> Counter[str]:
        return Counter(self.names)

    def questions(self, kind: type[T]) -> list[T]:
        return [asked.operation for asked in self.asked if isinstance(asked.operation, kind)]


def only(actor: int, yes: Rule, otherwise: Rule) -> Callable[[Any, Coordinate], Any]:
    """Return the rule that answers `yes` for one agent and otherwise for all others."""
    return lambda _, at: yes if at.actor == player(actor).agent else otherwise


Latency = Literal["none", "constant", "heavy-tailed", "reversed"]


class DelayingMind:
    """Wraps a mind whose answers take their time: turns of the event loop, no seconds."""

    immediate = False

    def __init__(self, mind: Mind, latency: Latency) -> None:
        self._mind = mind
        self._latency = latency
        self._asked = 0
        self._waiting: list[asyncio.Future[None]] = []
        self.finished: list[Coordinate] = []

    @property
    def name(self) -> str:
        return self._mind.name

    def describe(self) -> dict[str, Any]:
        return self._mind.describe()

    async def answer(self, operation: Operation[Any], at: Coordinate) -> Any:
        await self._wait(at)
        answer = await self._mind.answer(operation, at)
        self.finished.append(at)
        return answer

    async def _wait(self, at: Coordinate) -> None:
        match self._latency:
            case "constant":
                await _turns(2)
            case "heavy-tailed":
                await _turns(min(60, int(draw(0, at) ** -1.1)))
            case "reversed":
                await self._last_come_first_served()

    async def _last_come_first_served(self) -> None:
        """Wait until nobody else asks any more, then answer who asked last."""
        loop, served = asyncio.get_running_loop(), asyncio.get_running_loop().create_future()
        self._asked += 1
        self._waiting.append(served)
        loop.call_soon(self._serve, self._asked, 4)
        await served

    def _serve(self, asked: int, patience: int) -> None:
        if asked != self._asked or not self._waiting:
            return  # somebody has asked since, and will see to it; or all are served
        if not patience:
            self._waiting.pop().set_result(None)
        asyncio.get_running_loop().call_soon(self._serve, asked, (patience - 1) % 5)


async def _turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


# Walking ---------------------------------------------------------------------------------------


def walk(value: Any) -> Iterator[Any]:
    """Yield a value and everything in it, however deep."""
    yield value
    if is_dataclass(value) and not isinstance(value, type):
        for f in fields(value):
            yield from walk(getattr(value, f.name))
    elif isinstance(value, Mapping):
        yield from walk(list(value.items()))
    elif isinstance(value, (tuple, list, frozenset, set)):
        for item in value:
            yield from walk(item)


def texts_in(value: Any) -> list[str]:
    """Return every text in a value, however deep."""
    return [text for text in walk(value) if isinstance(text, str)]


def rewritten(value: Any, change: Callable[[str, str], str], name: str = "") -> Any:
    """Return the value with `change(field, text)` in place of every text in it."""
    if isinstance(value, str) and type(value) is str:
        return change(name, value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: rewritten(getattr(value, f.name), change, f.name) for f in fields(value)}
        return replace(value, **changed)
    if isinstance(value, Mapping):
        return {key: rewritten(item, change, name) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        pairs = zip(value._fields, value, strict=True)
        return type(value)(*(rewritten(item, change, field) for field, item in pairs))
    if isinstance(value, (tuple, list)):
        return type(value)(rewritten(item, change, name) for item in value)
    return value


WORDS = frozenset({"text", "reason", "summary", "of_self", "of_alter", "self_image", "story"})
"""Fields that hold what an agent, or a story, says in words."""


def wordless(value: Any) -> Any:
    """Return the value without its words: what remains is typed."""
    return rewritten(value, lambda name, text: "" if name in WORDS else text)


@dataclass
class Renaming:
    """New names for everyone in a value, applied to every text in it."""

    names: Mapping[str, str]
    _pattern: Any = field(init=False)

    def __post_init__(self) -> None:
        longest = sorted(self.names, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest)))

    def __call__(self, value: T) -> T:
        return rewritten(value, lambda _, text: self.text(text))

    def text(self, text: str) -> str:
        return self._pattern.sub(lambda found: self.names[found[0]], text)
