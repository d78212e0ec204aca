"""Rehearsals: a society plays in memory, and all that a language model would be asked is counted.

A mind that costs nothing stands in for the models. What they would read is rendered, what they
would write is written, and time passes in units of one answer.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias, TypeVar

from repunet.chance import shuffled
from repunet.minds.extremes import longest
from repunet.minds.language.form import Form
from repunet.minds.router import MindRouter, MindSpec, is_language, make_mind
from repunet.minds.wrapped import Wrapped
from repunet.models.endpoint import Endpoint, endpoint
from repunet.planning.virtual_time import now, run, tick
from repunet.prompts import render
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
from repunet.questions.mind import Mind, NoAnswer, Operation
from repunet.questions.perspective import Perspectives
from repunet.record.manifest import DEFAULT, Manifest
from repunet.scenarios import scenario
from repunet.simulation import Simulation
from repunet.world.event import Event, ReputationShaped, TieFormed
from repunet.world.persona import AgentId, Participant
from repunet.world.reputation import Appraisal
from repunet.world.society import Society

A = TypeVar("A")
StandIn: TypeAlias = Callable[[int], Mind]
"""Makes the mind that stands in for the models, from the seed."""

A_MODEL = "a model"
"""What decides for everyone where no mind is a language model."""
KEY = 20
"""Bytes of the name of a part of an answer to several questions, with all that it needs."""
RENDERED = 200
"""Agent-rounds up to which every question is put in words; of more, an even sample is."""
LEAST_TIES = 12
"""Ties of everyone in the society that bounds all others: so few that nobody is without a choice.
"""


class AskedModel(NamedTuple):
    """Model, and the operation that it is asked."""

    model: str
    operation: str


@dataclass(slots=True)
class QuestionTally:
    """Counts and lengths of one kind of question to one model."""

    calls: int = 0
    rendered: int = 0
    """The calls that were put in words."""
    bytes_in: int = 0
    """Of the messages of these calls."""
    bytes_schema: int = 0
    bytes_out: int = 0

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Return the bytes: of messages, schemas and answers."""
        return self.bytes_in, self.bytes_schema, self.bytes_out

    def since(self, earlier: "QuestionTally") -> "QuestionTally":
        """Return what came after an earlier state of it."""
        pairs = zip(astuple(self), astuple(earlier), strict=True)
        return QuestionTally(*(now - before for now, before in pairs))


@dataclass(slots=True)
class Rehearsal:
    """Questions to language models in a society that was played by the embedded mind."""

    tallies: dict[AskedModel, QuestionTally] = field(default_factory=dict)
    calls: list[int] = field(default_factory=list)
    """By round."""
    waits: list[int] = field(default_factory=list)
    """By round: how many answers had to wait for one another, one after another."""
    earlier: dict[AskedModel, QuestionTally] = field(default_factory=dict)
    """The tallies as they were when half of the rounds, or one less than that, were played."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Minds of a rehearsal: models by the name that outputs call them, and where they are."""

    endpoints: Mapping[str, Endpoint]
    """By the name of the mind as it was given."""
    assigned: Mapping[str, str]

    @classmethod
    def of(cls, manifest: Manifest) -> "Assignment":
        """Return who decides in a society; a model for all if none of the minds is one."""
        names = manifest.assigned
        models = {name: _endpoint(name) for name in dict.fromkeys(names.values())}
        found = {name: where for name, where in models.items() if where is not None}
        return cls(found, names) if found else cls({}, {DEFAULT: A_MODEL})

    @property
    def models(self) -> tuple[str, ...]:
        """Return the minds that are language models, as they were given."""
        return tuple(self.endpoints) or (A_MODEL,)

    @property
    def all_language(self) -> bool:
        """Return whether nobody else decides anything."""
        return set(self.assigned.values()) <= set(self.models)

    def router(self, stand_in: Mind, seed: int, meter: "CallCounter") -> MindRouter:
        """Return the minds, with the stand-in wherever a model, or a person, would be asked."""
        minds: dict[str, Mind] = {}
        for name in dict.fromkeys(self.assigned.values()):
            if name in self.models:
                minds[name] = Metered(stand_in, self.called(name), meter)
            else:
                mind = make_mind(name, seed)
                minds[name] = mind if mind.immediate else stand_in
        own = {key: minds[name] for key, name in self.assigned.items() if key != DEFAULT}
        return MindRouter(minds[self.assigned[DEFAULT]], own, self.assigned)

    def called(self, name: str) -> str:
        """Return what outputs call a model."""
        return self.endpoints[name].name if name in self.endpoints else name


def _endpoint(name: str) -> Endpoint | None:
    if not is_language(name):
        return None
    spec = MindSpec.parse(name)
    return endpoint(spec.name, spec.variant, spec.settings, os.environ)


@dataclass(slots=True)
class CallCounter:
    """Wrapper of a mind that counts calls, and renders every so many of a kind."""

    wording: str
    every: int
    rehearsal: Rehearsal = field(default_factory=Rehearsal)

    def ask(self, model: str, operation: Operation[Any]) -> QuestionTally | None:
        """Count a call; return where the length of the answer is wanted, None if it is not."""
        line = AskedModel(model, operation.label)
        tally = self.rehearsal.tallies.setdefault(line, QuestionTally())
        tally.calls += 1
        if (tally.calls - 1) % self.every:
            return None
        prompt = render(operation, self.wording)
        tally.rendered += 1
        tally.bytes_in += len(prompt.system.encode()) + len(prompt.user.encode())
        tally.bytes_schema += len(json.dumps(Form.of(operation).schema).encode())
        return tally

    @property
    def calls(self) -> int:
        """Return how many there were so far."""
        return sum(tally.calls for tally in self.rehearsal.tallies.values())


class Metered(Wrapped):
    """A stand-in that lets one unit of time pass for every call, and has all of them counted.

    Several questions at once are one call; their parts are then answered one by one, at once.
    """

    def __init__(self, mind: Mind, model: str, meter: CallCounter) -> None:
        super().__init__(mind)
        self._model = model
        self._meter = meter
        self._parts: dict[Coordinate, QuestionTally | None] = {}

    @property
    def immediate(self) -> bool:
        """Return that it makes others wait, as a model would."""
        return False

    async def answer(self, operation: Operation[A], at: Coordinate) -> A:
        """Count the call, wait, and let the stand-in answer."""
        if at in self._parts:
            tally, more = self._parts.pop(at), KEY
        else:
            tally, more = self._meter.ask(self._model, operation), 0
            await tick()
        if isinstance(operation, BatchedQuestions):
            self._parts |= dict.fromkeys(parts(operation, at), tally)
            raise NoAnswer("the parts are answered one by one")
        answer = await super().answer(operation, at)
        if tally is not None:
            tally.bytes_out += more + len(Form.of(operation).write(answer).encode())
        return answer


def parts(operation: BatchedQuestions[Any], at: Coordinate) -> tuple[Coordinate, ...]:
    """Return the coordinates of the single questions in one that asks for all of them."""
    there: Any = True
    match operation:
        case RespondToEncounter():
            each = AlterAnswers(there, there, there)
            answer: Any = EncounterAnswers(there, there, there, (each,) * len(operation.alters))
        case WeighGossip():
            answer = GossipAnswers(
                (PieceAnswers(there, there),) * len(operation.pieces), there, there
            )
        case _:
            return ()
    return tuple(operation.parts(answer, at))


def rehearse(
    manifest: Manifest,
    rounds: int,
    casting: Assignment,
    stand_in: StandIn,
    *,
    compact: bool,
    wording: str,
    acquainted: bool = False,
    rendered: int = RENDERED,
) -> Rehearsal:
    """Play a society and return what it asked of its models.

    `rendered`: the agent-rounds up to which every question is put in words.
    `acquainted`: from the second round on everyone is met again by everyone, and has as many ties
    as the run has room for, so that no society can give rise to more questions.
    """
    every = 1 + len(manifest.personas) * rounds // (rendered + 1)
    meter = CallCounter(wording, every)
    minds = casting.router(stand_in(manifest.seed), manifest.seed, meter)
    society, dilemma = manifest.society(), scenario(manifest.scenario)
    simulation = Simulation(society, dilemma, minds, compact=compact)
    found = meter.rehearsal

    async def play() -> None:
        for number in range(rounds):
            since, calls = now(), meter.calls
            await simulation.step()
            found.waits.append(now() - since)
            found.calls.append(meter.calls - calls)
            if number + 1 == rounds // 2:
                found.earlier |= {line: replace(each) for line, each in found.tallies.items()}
            if acquainted and not number:
                acquaint(simulation, rounds)

    run(play())
    return found


class _Met(list[Any]):
    """Encounters of which nothing is known but that there were some."""

    def __bool__(self) -> bool:
        return True


class Familiar(Perspectives):
    """The views of a society in which everybody has met everybody, and is tied to them."""

    def history(self, ego: AgentId, *alters: AgentId) -> Sequence[Any]:
        """Return what there is of it: it is never taken for none."""
        return _Met(super().history(ego, *alters))

    def tied(self, ego: AgentId, alter: Participant) -> bool:
        """Tell that there is a tie."""
        return True


def acquaint(simulation: Simulation, rounds: int) -> None:
    """Make everyone familiar with everyone, and give them ties and records in great number."""
    society, roles = simulation.society, simulation.scenario.roles
    simulation.views = Familiar(society, simulation.views.setting)
    if not society.treatment.rewiring:
        return
    many = max(LEAST_TIES, rounds * (simulation.scenario.group_size - 1))
    if society.treatment.observation:
        many = len(society.agents)
    for ego, agent in _neighbours(society, many):
        for role in roles:
            for event in _friendship(society, ego, Participant(agent, role)):
                society.apply(event)


def _neighbours(society: Society, many: int) -> list[tuple[AgentId, AgentId]]:
    """Return pairs, both ways, so that everyone is in so many, or in one with everyone."""
    ring = shuffled(society.agents, society.seed, "acquainted")
    size = len(ring)
    steps = [step for step in range(1, size) if min(step, size - step) <= (many + 1) // 2]
    return [(ring[i], ring[(i + step) % size]) for i in range(size) for step in steps]


def _friendship(society: Society, ego: AgentId, alter: Participant) -> list[Event]:
    tie = TieFormed(ego=ego, alter=alter, reason="", decision="")
    if not society.treatment.rates_peers:
        return [tie]
    verdict = Appraisal(longest(), (0, 0, 1, 0, 0))
    reputation = verdict.of(alter, society.scenario)
    shaped = ReputationShaped(
        observer=ego, reputation=reputation, cause="encounter", because=(), decision=""
    )
    return [tie, shaped]
