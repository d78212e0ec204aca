"""State of a layer, read from its journal: what is not in the file is not seen."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from repunet.dynamics import Wish
from repunet.errors import UsageError, unknown
from repunet.questions.mind import adapter
from repunet.questions.operations import DecideGossip, GossipWish
from repunet.questions.perspective import Perspectives, Setting, Story
from repunet.record.journal import DecisionRecord, Journal
from repunet.scenarios import scenario
from repunet.world.encounter import Encounter
from repunet.world.event import EncounterEnded, Event, GossipInvited
from repunet.world.persona import AgentId, Participant, Role

Call: TypeAlias = Encounter | GossipInvited


class LayerState:
    """State of a layer, folded from its journal: society, ids of calls, wishes to talk."""

    def __init__(self, journal: Journal, setting: Setting) -> None:
        self._journal = journal
        self.society = journal.manifest.society()
        self.roles = scenario(self.society.scenario).roles
        self.views = Perspectives(self.society, setting)
        self._rounds: dict[str, int] = {}
        self._wishes: dict[tuple[AgentId, Participant], Wish] = {}

    def __contains__(self, id: object) -> bool:
        return id in self._rounds

    def read(self) -> Iterator[Event]:
        """Yield what has happened so far, having taken note of it round by round."""
        for number in range(1, self._journal.rounds + 1):
            events = self._events(number)
            self._note(number, events, self._journal.decisions(number))
            yield from events

    def write(self, events: Sequence[Event], decisions: Sequence[DecisionRecord]) -> None:
        """Make a round safe; only then it is to be seen."""
        number = self.society.round + 1
        self._journal.commit(number, events, decisions)
        self._note(number, events, decisions)

    def again(self, call: Call) -> tuple[Event, ...]:
        """Return what a call led to before; raises UsageError if that was another call."""
        number = self._rounds[call.id]
        events = self._events(number)
        if call != _call(events):
            raise UsageError(
                f"{call.id} stands for something else already (round {number} of "
                f"{self._journal.path.parent.name}): a repeated id comes with the same arguments"
            )
        return events

    def _events(self, number: int) -> tuple[Event, ...]:
        return tuple(written.event for written in self._journal.events(number, number))

    def _note(
        self, number: int, events: Sequence[Event], decisions: Iterable[DecisionRecord]
    ) -> None:
        for event in events:
            self.society.apply(event)
        match _call(events):
            case Encounter() as met:
                self._rounds[met.id] = number
                for wish in _wished(met, decisions):
                    key = wish.gossiper.agent, wish.target
                    self._wishes.pop(key, None)
                    self._wishes[key] = wish
            case GossipInvited() as invitation:
                self._rounds[invitation.id] = number
                if invitation.gossiper is None:
                    self._wishes.clear()

    def agent(self, who: str) -> AgentId:
        """Return the id of an agent by its id or name; raises UsageError if there is none."""
        if who in self.society.agents:
            return who
        names = {agent.persona.name: id for id, agent in self.society.agents.items()}
        if who not in names:
            raise unknown("agent", who, {**self.society.agents, **names})
        return names[who]

    def role(self, role: Role | None) -> Role:
        """Return a role, which need not be given if it is the only one."""
        if role is None and len(self.roles) == 1:
            return self.roles[0]
        if role not in self.roles:
            raise unknown("role", role or "", self.roles)
        return role

    def wishes(self, invitation: GossipInvited) -> list[Wish]:
        """Return who will talk on an invitation, about whom; raises UsageError for strangers."""
        if not self.society.treatment.gossip:
            return []
        if invitation.gossiper is None or invitation.target is None:
            return list(self._wishes.values())
        ego, alter = invitation.gossiper, invitation.target
        for met in reversed(self.society.agents[ego].history(alter)):
            act = next(act for act in met.others if act.agent == alter)
            if invitation.role in (None, act.role):
                source = Story(met.story, met.own, met.others)
                path = (met.own.participant,)
                return [Wish(path, act.participant, invitation.reason, source, met.encounter)]
        raise UsageError(f"{ego} has not met {alter}: it has nothing to tell")


def _call(events: Iterable[Event]) -> Call | None:
    """Return what a round came of: an encounter as it was told, or an invitation to talk."""
    for event in events:
        if isinstance(event, EncounterEnded):
            return replace(event.encounter, knew_before=())
        if isinstance(event, GossipInvited):
            return event
    return None


def _wished(met: Encounter, decisions: Iterable[DecisionRecord]) -> Iterator[Wish]:
    """Yield the wishes to talk that an encounter gave rise to, as the journal keeps them."""
    who = {participant.agent: participant for participant in met.participants}
    for decided in decisions:
        if decided.operation == DecideGossip.label and decided.target:
            wish: GossipWish = adapter(GossipWish).validate_json(decided.answer)
            ego, target = who[decided.actor], who[decided.target]
            if wish.yes:
                yield Wish((ego,), target, wish.reason, Story.of(met, ego), met.id)
