"""What is known of each step of a run of the reference, as what happened in a round."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from repunet.compat.own_words import own_words
from repunet.compat.reference.dialect import Dialect
from repunet.compat.reference.encounters import Lived, lived
from repunet.compat.reference.hearsay import heard
from repunet.compat.reference.reading import Report
from repunet.compat.reference.records import Opinions
from repunet.compat.reference.steps import (
    KnownNames,
    Memory,
    Promises,
    Relations,
    Somebody,
    State,
)
from repunet.questions.perspective import Perspectives, Setting, knows
from repunet.scenarios import scenario
from repunet.world.encounter import Encounter
from repunet.world.event import (
    ChoiceMade,
    EncounterEnded,
    GossipHeard,
    Imported,
    PastEvent,
    ReputationShaped,
    SelfImageRevised,
    TieFormed,
    TieSevered,
)
from repunet.world.gossip import Gossip
from repunet.world.persona import AgentId, Participant
from repunet.world.reputation import Cause
from repunet.world.society import SHUNNED, Society

SOURCE = "reference"


class RememberedSteps:
    """Facts of each earlier step, from the memories of the last one."""

    def __init__(
        self,
        memories: Mapping[Somebody, Memory],
        company: KnownNames,
        last: int,
        report: Report,
        promises: Promises,
    ) -> None:
        self._company = company
        self._lived = lived(memories, company, last, report, promises)
        self._heard = heard(memories, company, self._lived, last, report)
        self._shaped: dict[int, list[ReputationShaped]] = {}
        for who, memory in memories.items():
            opinions = Opinions(who, memory, company, last, report)
            for step, shaped in opinions.shaped(self._lived, self._heard):
                self._shaped.setdefault(step, []).append(shaped)

    def round(
        self, number: int, society: Society, states: Mapping[Somebody, State] | None
    ) -> Imported:
        """Return what is known of one step, after those before it."""
        encounters = [self._known(met, society) for met in self._lived.encounters.get(number, ())]
        choices = self._lived.choices.get(number, {}).values()
        past: list[PastEvent] = [ChoiceMade(act=act, reason="", decision="") for act in choices]
        past += (EncounterEnded(encounter=met) for met in encounters)
        past += (GossipHeard(gossip=told, decision="") for told in self._heard.get(number, ()))
        past += self._shaped.get(number, ())
        wealth: dict[AgentId, int] = {}
        shunned: dict[AgentId, tuple[Participant, ...]] = {}
        if states is not None:
            why = Why(encounters, self._heard.get(number, ()))
            for who, state in states.items():
                alters = Alters(who.agent, society, self._lived, number, self._company.dialect)
                changes = list(_changes(alters, state, why))
                past += changes
                wealth |= _wealth(who.agent, state, society, encounters)
                shunned |= _shunned(alters, state, changes)
        return Imported(source=SOURCE, past=tuple(past), wealth=wealth, shunned=shunned)

    def _known(self, met: Encounter, society: Society) -> Encounter:
        """Return the encounter with what its participants knew of each other before."""
        views = _views(society)
        knew = tuple(
            tuple(
                alter.agent
                for alter in met.participants
                if alter != ego and knows(views.ego(ego), views.acquaintance(ego.agent, alter))
            )
            for ego in met.participants
        )
        return replace(met, knew_before=knew)


def _views(society: Society) -> Perspectives:
    dilemma = scenario(society.scenario)
    setting = Setting.of(dilemma.name, dilemma.stakes, dilemma.roles, society.treatment)
    return Perspectives(society, setting)


@dataclass(frozen=True, slots=True)
class Alters:
    """Those whom one agent names, and the roles in which it has to do with them."""

    ego: AgentId
    society: Society
    lived: Lived
    step: int
    spelled: Dialect

    def of(self, relations: Relations) -> tuple[Participant, ...]:
        """Return them in the roles that the files say or that follow from the last meeting.

        A tie whose role is not said stays what it was, and is in every role if they never met.
        """
        found: dict[Participant, None] = {}
        for agent, role in relations:
            found |= dict.fromkeys(
                [Participant(agent, role)] if role else self._in_some_role(agent)
            )
        return tuple(found)

    def _in_some_role(self, agent: AgentId) -> list[Participant]:
        had = (*self.society.network.partners(self.ego), *self.society.shunned(self.ego))
        if before := [alter for alter in dict.fromkeys(had) if alter.agent == agent]:
            return before
        met = [
            alter
            for _, met in self.lived.of(self.ego, self.step)
            for alter in met.participants
            if alter.agent == agent
        ]
        return met[-1:] or [Participant(agent, role) for role in self.spelled.roles]


@dataclass(frozen=True, slots=True)
class Why:
    """Possible reasons of an agent to cut a tie."""

    encounters: Sequence[Encounter]
    heard: Sequence[Gossip]

    def cut(self, ego: AgentId, alter: AgentId) -> Cause:
        """Return the likeliest cause: they met, it heard of the other, or it saw what it did."""
        for met in self.encounters:
            if {ego, alter} <= {who.agent for who in met.participants}:
                return "encounter"
        told = any(each.listener == ego and each.target == alter for each in self.heard)
        return "gossip" if told else "observation"


def _changes(
    alters: Alters, state: State, why: Why
) -> Iterator[SelfImageRevised | TieFormed | TieSevered]:
    """Yield what differs between what there was and what there is."""
    ego, society = alters.ego, alters.society
    agent = society.agents[ego]
    for role, text in state.learned.items():
        described = agent.persona.description(society.scenario, role)
        image = own_words(text, described)
        if image != agent.self_images.get(role, described):
            yield SelfImageRevised(agent=ego, role=role, text=image, decision="")
    if state.ties is None:
        return
    had, have = society.network.partners(ego), alters.of(state.ties)
    for alter in had:
        if alter not in have:
            cause = why.cut(ego, alter.agent)
            yield TieSevered(ego=ego, alter=alter, cause=cause, reason="", decision="")
    for alter in have:
        if alter not in had:
            yield TieFormed(ego=ego, alter=alter, reason="", decision="")


def _wealth(
    ego: AgentId, state: State, society: Society, encounters: Iterable[Encounter]
) -> dict[AgentId, int]:
    """Return what an agent has, if it is not what it had and earned."""
    earned = sum(act.payoff for met in encounters for act in met.acts if act.agent == ego)
    expected = society.agents[ego].wealth + earned
    return {} if state.wealth in (None, expected) else {ego: state.wealth or 0}


def _shunned(
    alters: Alters, state: State, changes: Iterable[object]
) -> dict[AgentId, tuple[Participant, ...]]:
    """Return whom an agent shuns, if that is not what would be taken for granted."""
    cut = [change.alter for change in changes if isinstance(change, TieSevered)]
    expected = (*alters.society.shunned(alters.ego), *cut)[-SHUNNED:]
    if state.shunned is None:
        return {}
    shuns = tuple(alter for each in state.shunned for alter in alters.of((each,)))[-SHUNNED:]
    return {} if shuns == expected else {alters.ego: shuns}
