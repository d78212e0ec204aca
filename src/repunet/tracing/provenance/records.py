"""What happened in a run, looked up by what agents are shown of it."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import TypeAlias

from repunet.questions.coordinate import Coordinate, UnitAddress
from repunet.tracing.provenance.trace import Happened, Trace, TracedQuestion
from repunet.world.encounter import Act, Encounter
from repunet.world.event import (
    AgentJoined,
    ChoiceMade,
    EncounterEnded,
    GossipHeard,
    GossipUntold,
    Matched,
    ReputationShaped,
    SelfImageRevised,
    TieFormed,
    TieSevered,
)
from repunet.world.gossip import Gossip
from repunet.world.persona import AgentId, Participant
from repunet.world.reputation import Reputation

Kept: TypeAlias = defaultdict[Hashable, list[Happened]]
WISHES = ("DecideGossip", "JudgeGossip")
"""The questions whose answer can be a wish to talk."""
HEARD = ("IdentifyGossip", "JudgeGossip")
"""The questions whose answers make a piece of gossip what its listener has in mind."""


class Records:
    """The events of a trace, by what they are about; each list in the order of time."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self.by_decision: Kept = defaultdict(list)
        self.named: dict[str, Happened] = {}
        """Encounters and gossip by their ids, people by theirs."""
        self.matches: dict[tuple[int, AgentId], Happened] = {}
        self.versions: dict[tuple[int, int], int] = {}
        """Which version of a record an event made, by the place of the event."""
        self.untold: defaultdict[tuple[int, AgentId], list[Happened]] = defaultdict(list)
        """Wishes to talk that came to nothing, by round and by who had them."""
        self._shaped: Kept = defaultdict(list)
        self._stored: Kept = defaultdict(list)
        self._encounters: Kept = defaultdict(list)
        self.by_unit: defaultdict[str, list[TracedQuestion]] = defaultdict(list)
        self.by_actor: defaultdict[tuple[int, AgentId], list[TracedQuestion]] = defaultdict(list)
        for happened in trace.events:
            self._keep(happened)
        for question in trace.questions.values():
            self.by_unit[question.at.unit].append(question)
            self.by_actor[question.round, question.at.actor].append(question)

    def _keep(self, happened: Happened) -> None:  # noqa: C901
        event = happened.event
        if decision := getattr(event, "decision", ""):
            self.by_decision[decision].append(happened)
        match event:
            case ReputationShaped(observer=observer, reputation=made):
                self._version(happened, observer, made)
            case EncounterEnded(encounter=met):
                self._met(happened, met)
            case GossipHeard(gossip=gossip):
                self.named[gossip.id] = happened
                self._stored[gossip.listener, "heard"].append(happened)
            case SelfImageRevised(agent=agent, role=role):
                self._stored[agent, "self-image", role].append(happened)
            case ChoiceMade(act=act):
                self._stored[act.agent, "choice"].append(happened)
            case TieFormed(ego=ego, alter=alter) | TieSevered(ego=ego, alter=alter):
                self._stored[ego, "tie", alter].append(happened)
            case Matched(participants=participants):
                self.matches.update({(happened.round, p.agent): happened for p in participants})
            case GossipUntold(gossiper=gossiper):
                self.untold[happened.round, gossiper].append(happened)
            case AgentJoined(persona=persona):
                self.named[persona.id] = happened

    def _version(self, happened: Happened, observer: AgentId, made: Reputation) -> None:
        versions = self._stored[observer, "versions", Participant(made.target, made.role)]
        versions.append(happened)
        self.versions[happened.round, happened.seq] = len(versions)
        self._shaped[observer, made].append(happened)

    def _met(self, happened: Happened, met: Encounter) -> None:
        self.named[met.id] = happened
        for participant in met.participants:
            self._encounters[participant.agent].append(happened)

    def record(
        self, observer: AgentId, shown: Reputation, asked: TracedQuestion
    ) -> Happened | None:
        """Return the event that made a record which a question shows.

        A record may be shown before its event: by the questions that follow in the same unit.
        """
        for happened in reversed(self._shaped.get((observer, shown), [])):
            if happened.place <= asked.applied or self._answered_before(happened, asked):
                return happened
        return None

    def _answered_before(self, happened: Happened, asked: TracedQuestion) -> bool:
        made = self._trace.questions.get(getattr(happened.event, "decision", ""))
        return made is not None and made.number < asked.number

    def latest(self, asked: TracedQuestion, *key: Hashable) -> Happened | None:
        """Return the latest event of a kind that had happened when a question was put."""
        there = self._stored.get(key, [])
        count = bisect_left(there, asked.applied + 1, key=lambda happened: happened.place)
        return there[count - 1] if count else None

    def heard(
        self, listener: AgentId, asked: TracedQuestion, fits: Callable[[Gossip], bool]
    ) -> list[Happened]:
        """Return the gossip that somebody had been told, or just understood, newest first."""
        return [
            happened
            for happened in reversed(self._stored.get((listener, "heard"), []))
            if isinstance(happened.event, GossipHeard)
            and fits(happened.event.gossip)
            and (happened.place <= asked.applied or self._answered_before(happened, asked))
        ]

    def meetings(self, agent: AgentId, asked: TracedQuestion) -> list[Happened]:
        """Return an agent's encounters up to a question, newest first."""
        there = self._encounters.get(agent, [])
        count = bisect_left(there, asked.applied + 1, key=lambda happened: happened.place)
        return there[:count][::-1]

    def deciders(self, happened: Happened) -> tuple[str, ...]:
        """Return the decisions that an event came from."""
        match happened.event:
            case EncounterEnded(encounter=met):
                return (*self._in_unit(met.id), *self._choices(met.acts, happened))
            case GossipHeard(gossip=gossip):
                return self._in_unit(gossip.id, HEARD)
            case Matched(participants=participants, by="choice"):
                unit = UnitAddress.of_round(happened.round, "match")
                return (str(Coordinate(str(unit), "RankPartners", participants[0].agent)),)
            case GossipUntold():
                return self._wishes(happened.round, happened.event)
        decision = getattr(happened.event, "decision", "")
        return (decision,) if decision else ()

    def _wishes(self, round_: int, untold: GossipUntold) -> tuple[str, ...]:
        """Return the wish to talk that came to nothing."""
        found = [
            str(each.at)
            for each in self.by_actor.get((round_, untold.gossiper), ())
            if each.at.operation in WISHES
            and each.operation.target == untold.target.agent
            and each.why is None
            and each.answer.reason == untold.reason
        ]
        return tuple(found[:1])

    def _in_unit(self, unit: str, operations: Iterable[str] = ()) -> tuple[str, ...]:
        asked = self.by_unit.get(unit, [])
        wanted = [q for q in asked if not operations or q.at.operation in operations]
        return tuple(str(question.at) for question in wanted if question.why is None)

    def _choices(self, acts: Iterable[Act], met: Happened) -> tuple[str, ...]:
        """Return the decisions outside encounters of which those who met have learnt."""
        found = []
        for act in acts:
            for made in reversed(self._stored.get((act.agent, "choice"), [])):
                if made.place < met.place and isinstance(made.event, ChoiceMade):
                    found += [made.event.decision] if made.event.act == act else []
                    break
        return tuple(filter(None, found))
