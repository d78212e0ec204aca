"""Interviews: an agent is asked something outside the experiment, and nothing changes by it.

It is asked as for any decision: of its own mind, with who it is and all that it may know. The
question is no part of the run: no event, no decision and no digest knows of it. What was said
stands among the run's attempts, under `interview/...`, and counts towards what the run cost.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repunet.errors import UsageError
from repunet.minds.language.client import ModelResponse
from repunet.minds.language.connect import connected
from repunet.minds.language.form import Form
from repunet.minds.language.mind import LanguageMind
from repunet.minds.language.objects import Parsing
from repunet.minds.language.repair import RepairDialogue
from repunet.minds.language.session import ModelSession
from repunet.minds.language.terms import Terms, open_session
from repunet.minds.router import mind_router
from repunet.models.request import Message, Request
from repunet.prompts import Prompt, render
from repunet.questions.mind import NoAnswer, Operation
from repunet.questions.operations import Text
from repunet.questions.perspective import Acquaintance, Perspectives, Setting
from repunet.record.attempts import ANSWERED, INVALID, Name
from repunet.record.journal import Journal
from repunet.record.manifest import DEFAULT, ROLE, Manifest
from repunet.record.notes import PLAIN
from repunet.record.storage import locked
from repunet.scenarios import scenario as find_scenario
from repunet.world.persona import AgentId, Participant, Role
from repunet.world.reputation import Reputation
from repunet.world.society import Society

INTERVIEW = "interview"
LONGEST = 2000
"""How many characters a question may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interview(Operation[Text]):
    """A question from outside, to which nobody in the society ever learns the answer."""

    own_records: tuple[Reputation, ...] | None
    acquaintances: tuple[Acquaintance, ...]
    """Everybody of whom ego has a record, or was told something, where views show that."""
    question: str


@dataclass(frozen=True, slots=True)
class InterviewAnswer:
    """Answer of an agent in an interview."""

    agent: str
    round: int
    """After which it was asked."""
    question: str
    answer: str
    coordinate: str
    """Under which the question stands among the run's attempts."""


def ask(path: Path, agent: AgentId, question: str, terms: Terms = Terms()) -> InterviewAnswer:
    """Ask an agent of a run something, as things stand after its last round.

    Raises UsageError for a mind that can't talk and while the run is being written; NoAnswer for
    one that gives no answer that can be understood.
    """
    words = " ".join(question.split())
    if not words or len(words) > LONGEST:
        raise UsageError(f"a question has 1 to {LONGEST} characters, not {len(words)}")
    with locked(path.parent), Journal.open(path, write=True) as journal:
        society = _society(journal)
        ego = Participant(agent, _role(society, agent))
        given = _mind_of(journal.manifest, ego)
        minds = mind_router({DEFAULT: given}, journal.manifest.seed)
        (mind,) = minds.members
        if not isinstance(mind, LanguageMind):
            raise UsageError(
                f"the {mind.name} mind can't talk: only language models and people can be asked"
            )
        operation = interview(society, ego, words)
        session = open_session(journal, minds, terms, branched=False)
        assert session is not None
        session.round = journal.rounds
        name = Name(_coordinate(journal, agent), Interview.label, agent, agent)
        answer = asyncio.run(_answer(mind, session, operation, name))
        return InterviewAnswer(society.name(agent), journal.rounds, words, answer, name.coordinate)


def _society(journal: Journal) -> Society:
    society = journal.manifest.society()
    for written in journal.events():
        society.apply(written.event)
    return society


def _role(society: Society, agent: AgentId) -> Role:
    """Return the role that an agent had last, or the first there is."""
    return society.roles.get(agent, find_scenario(society.scenario).roles[0])


def _mind_of(manifest: Manifest, ego: Participant) -> str:
    keys, minds = (ego.agent, ROLE + ego.role, DEFAULT), manifest.assigned
    return next(minds[key] for key in keys if key in minds)


def _coordinate(journal: Journal, agent: AgentId) -> str:
    query = "SELECT count(DISTINCT coordinate) FROM attempts WHERE coordinate LIKE ?"
    (asked,) = journal.row(query, f"{INTERVIEW}/%") or (0,)
    return f"{INTERVIEW}/{asked + 1}/{Interview.label}/{agent}"


def interview(society: Society, ego: Participant, question: str) -> Interview:
    """Return the question, with all that the agent may know."""
    dilemma = find_scenario(society.scenario)
    setting = Setting.of(
        dilemma.name,
        dilemma.stakes,
        dilemma.roles,
        society.treatment,
        partner_choice=dilemma.partner_choice,
    )
    views = Perspectives(society, setting)
    others = (Participant(other, _role(society, other)) for other in society.agents)
    known = (views.listener(ego.agent, other) for other in others if other.agent != ego.agent)
    return Interview(
        setting=setting,
        ego=views.ego(ego),
        own_records=views.own_records(ego),
        acquaintances=tuple(each for each in known if each.records or each.gossip),
        question=question,
    )


async def _answer(
    mind: LanguageMind, session: ModelSession, operation: Interview, name: Name
) -> str:
    prompt = render(operation, session.wording or PLAIN)
    form = Form.of(operation)
    async with connected(mind.endpoint, session) as client:
        request = _request(mind, prompt, form)
        said = await Aside(client, name, operation, form, request).answer()
    return str(said.text)


def _request(mind: LanguageMind, prompt: Prompt, form: Form) -> Request:
    return Request(
        provider=mind.endpoint.provider,
        model=mind.endpoint.model,
        messages=(Message("system", prompt.system), Message("user", prompt.user)),
        schema=form.schema,
        sampling=mind.endpoint.sampling,
    )


class Aside(RepairDialogue):
    """A conversation that leads to no decision of the run."""

    async def _decide(self, response: ModelResponse, answer: Any, parsing: Parsing) -> Any:
        await self._close(response, ANSWERED, None)
        return answer

    async def _missing(self, response: ModelResponse | None, number: int, why: str) -> Any:
        if response is not None:
            await self._close(response, INVALID, None, why)
        raise NoAnswer(f"{self.client.name}: {why}")
