"""Sources: where each thing comes from that a question shows."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

from repunet.prompts import number, one_line, quoted
from repunet.questions.batched import ToldPiece, WeighGossip
from repunet.questions.operations import AmongCandidates, JudgedPiece, ReconsiderTie, Telling
from repunet.questions.perspective import Acquaintance, Ego, Hearsay, Other, Story
from repunet.tracing.provenance.records import Records
from repunet.tracing.provenance.trace import Happened, Trace, TracedQuestion
from repunet.world.encounter import Act, Recollection
from repunet.world.event import (
    ChoiceMade,
    EncounterEnded,
    GossipHeard,
    Matched,
    ReputationShaped,
    TieFormed,
)
from repunet.world.gossip import LIKERT, UNCREDIBLE, Gossip
from repunet.world.persona import AgentId, Participant
from repunet.world.reputation import Reputation
from repunet.world.stakes import Provision

Kind: TypeAlias = Literal[
    "persona",
    "self-image",
    "choice",
    "memory",
    "story",
    "record",
    "gossip",
    "tie",
    "words",
    "sum",
    "match",
]
"""What is shown: `words` were just answered by somebody, of a `sum` only the total is shown."""
OCCASION: Kind = "match"
"""What is no part of a prompt: it is why the question was put."""
SAID_IN = {
    "of_self": ("Reflect",),
    "of_alter": ("Reflect",),
    "reason": ("DecideGossip", "JudgeGossip"),
    "summary": ("IdentifyGossip",),
}
"""Which questions the words in some fields are the answer to."""
TOKEN = re.compile(r"[^/>-]+")
COMMON = {"setting", "ego"}


@dataclass(frozen=True, slots=True)
class PartSource:
    """Origin of something that a question shows."""

    kind: Kind
    shown: str
    """In the words of whoever wrote it."""
    what: str
    """What it is, for people."""
    round: int
    """In which it came to be; 0 for what was there from the start."""
    event: int | None
    """Which event of that round; None where it is none, or not yet."""
    decisions: tuple[str, ...]
    """Those from which it came."""
    because: tuple[str, ...] = ()
    """The ids of the encounters and the gossip behind it."""
    needles: tuple[str, ...] = ()
    """What a line of a prompt that shows it holds."""


class Sources:
    """Finds the sources of questions in a trace."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.records = Records(trace)
        self._name = trace.society.name

    def of(self, question: TracedQuestion) -> tuple[PartSource, ...]:
        """Return everything that the prompt of a question shows, each thing once."""
        put = self.trace.put(question)
        found = [*self._ego(put), *self._fields(put), *self._occasion(put)]
        return tuple({(s.kind, s.round, s.event, s.shown, s.what): s for s in found}.values())

    def _fields(self, q: TracedQuestion) -> Iterator[PartSource]:
        shown = q.operation.variables() - COMMON
        for name in (field.name for field in fields(q.operation) if field.name in shown):
            yield from self._field(q, name, getattr(q.operation, name))
        if isinstance(q.operation, AmongCandidates):
            for candidate in q.operation.candidates:
                yield from self._tie(q, candidate.who, tied=True)
        if isinstance(q.operation, ReconsiderTie):
            yield from self._tie(q, q.operation.alter.who, tied=True)

    def _field(self, q: TracedQuestion, name: str, value: Any) -> Iterator[PartSource]:  # noqa: C901
        match value:
            case Acquaintance():
                yield from self._acquaintance(q, value)
            case Reputation():
                yield from self._record(q, value)
            case Story():
                yield from self._story(q, value)
            case Hearsay():
                yield from self._hearsay(q, [value], q.operation.about.participant)
            case JudgedPiece():
                yield from self._judged(q, value)
            case ToldPiece():
                yield from self._told(q, value)
            case Telling():
                yield from self._telling(q, value, q.operation.gossiper.id, q.at.unit)
            case (Other() as who, Act()):
                yield from self._choice(q, who.id)
            case (Other() as who, str() as words):
                yield from self._said(q, words, who.id, (), q.at.unit)
            case bool():
                yield from self._tied(q, value) if name == "tied" else ()
            case str():
                yield from self._said(q, value, q.at.actor, SAID_IN.get(name, ()), q.at.unit)
            case int():
                yield from self._number(q, name, value)
            case tuple() if name == "tied":
                yield from self._ties(q, value)
            case tuple():
                for each in value:
                    yield from self._field(q, name, each)
            case Other() if name == "listener":
                yield from self._said(q, value.name, q.at.actor, ("ChooseListener",), q.at.unit)
        if name == "distrust":
            yield from self._doubt(q)

    def _ego(self, q: TracedQuestion) -> Iterator[PartSource]:
        ego, me = q.operation.ego, q.at.actor
        joined = self.records.named.get(me)
        what = f"the persona of {ego.name} as {ego.role}"
        round_, event = (joined.round, joined.seq) if joined else (0, None)
        yield PartSource("persona", ego.description, what, round_, event, ())
        if ego.self_image:
            yield from self._self_image(q, ego)
        if not isinstance(q.operation.setting.stakes, Provision):  # payoffs are not counted there
            yield self._wealth(q, ego)
        yield from self._choice(q, me) if ego.choice is not None else ()
        yield from self._memories(ego.memory)

    def _self_image(self, q: TracedQuestion, ego: Ego) -> Iterator[PartSource]:
        revised = self.records.latest(q, ego.id, "self-image", ego.role)
        if revised is not None:
            image = ego.self_image or ""
            what = f"how {ego.name} came to describe itself as {ego.role}"
            yield self._of("self-image", revised, image, what, (quoted(image),))

    def _wealth(self, q: TracedQuestion, ego: Ego) -> PartSource:
        earned = [met for met in self.records.meetings(ego.id, q) if _acts(met)]
        what = f"wealth: what there was at the start, and the payoffs of {len(earned)} meetings"
        return PartSource("sum", number(ego.wealth), what, q.round, None, ())

    def _doubt(self, q: TracedQuestion) -> Iterator[PartSource]:
        me = q.at.actor
        heard = [h for h in self.records.heard(me, q, lambda _: True) if h.place <= q.applied]
        if heard:
            doubted = sum(_gossip(each).credibility <= UNCREDIBLE for each in heard)
            what = f"doubt: of {len(heard)} pieces that were heard {doubted} seemed uncredible"
            yield PartSource("sum", str(doubted), what, q.round, None, ())

    def _memories(self, memories: Iterable[Recollection]) -> Iterator[PartSource]:
        for memory in memories:
            met = self.records.named.get(memory.encounter)
            if met is not None:
                needles = (one_line(memory.story),)
                yield self._of("memory", met, memory.story, f"meeting {memory.encounter}", needles)

    def _acquaintance(self, q: TracedQuestion, whom: Acquaintance) -> Iterator[PartSource]:
        for record in whom.records or ():
            yield from self._record(q, record)
        yield from self._memories(whom.last)
        yield from self._hearsay(q, whom.gossip or (), whom.who.participant)
        if whom.choice is not None:
            yield from self._choice(q, whom.id)

    def _record(self, q: TracedQuestion, shown: Reputation) -> Iterator[PartSource]:
        made = self.records.record(q.at.actor, shown, q)
        if made is None or not isinstance(made.event, ReputationShaped):
            return
        version = self.records.versions[made.round, made.seq]
        own = shown.target == q.at.actor
        whom = "itself" if own else self._name(shown.target)
        what = (
            f"record of {whom} as {shown.role}: version {version}, {shown.score:+.2f}, "
            f"after {made.event.cause}"
        )
        needles = (quoted(shown.text), *(() if own else (self._name(shown.target),)))
        yield self._of("record", made, shown.text, what, needles, made.event.because)

    def _hearsay(
        self, q: TracedQuestion, shown: Sequence[Hearsay], about: Participant
    ) -> Iterator[PartSource]:
        used: set[str] = set()
        for piece in reversed(shown):
            heard = self.records.heard(q.at.actor, q, lambda g, p=piece: _is(g, p, about))  # type: ignore[misc]
            for each in (h for h in heard if _gossip(h).id not in used):
                used.add(_gossip(each).id)
                yield self._piece(each)
                break

    def _judged(self, q: TracedQuestion, piece: JudgedPiece) -> Iterator[PartSource]:
        about = q.operation.alter.who.participant

        def fits(gossip: Gossip) -> bool:
            return (
                (gossip.text, gossip.gossiper, gossip.about)
                == (piece.summary, piece.gossiper.id, about)
                and (gossip.valence, gossip.credibility) == (piece.valence, piece.credibility)
                and gossip.id.startswith(q.at.address.whole)
            )

        yield from (self._piece(each) for each in self.records.heard(q.at.actor, q, fits))

    def _piece(self, heard: Happened) -> PartSource:
        gossip = _gossip(heard)
        path = " and ".join(map(self._name, reversed(gossip.path)))
        what = (
            f"gossip about {self._name(gossip.target)} as {gossip.role}, told by "
            f"{path.replace(' and ', ', who heard it from ')}; {LIKERT[gossip.credibility]}; "
            f"of meeting {gossip.encounter}"
        )
        needles = (quoted(gossip.text), self._name(gossip.gossiper))
        because = tuple(dict.fromkeys((gossip.id, gossip.encounter)))
        return self._of("gossip", heard, gossip.text, what, needles, because)

    def _told(self, q: TracedQuestion, piece: ToldPiece) -> Iterator[PartSource]:
        units = {}
        if isinstance(q.operation, WeighGossip):
            units = dict(zip(map(id, q.operation.pieces), q.operation.places, strict=False))
        unit = units.get(id(piece), q.at.unit)
        yield from self._telling(q, piece.said, piece.gossiper.id, unit)
        for source in piece.sources:
            yield from self._acquaintance(q, source)

    def _telling(
        self, q: TracedQuestion, said: Telling, gossiper: AgentId, unit: str
    ) -> Iterator[PartSource]:
        yield from self._said(q, said.text, gossiper, ("TellGossip",), unit)

    def _said(
        self, q: TracedQuestion, words: str, by: AgentId, operations: Sequence[str], unit: str
    ) -> Iterator[PartSource]:
        """Yield the answer that words were just given in, the one whose place is nearest."""
        found = [
            each
            for each in self.records.by_actor[q.round, by]
            if each.number < q.number
            and each.why is None
            and (not operations or each.at.operation in operations)
            and (each.operation.target == q.operation.target or operations != SAID_IN["reason"])
            and words in _texts(each.answer)
        ]
        if words and found:
            near = max(found, key=lambda each: (*_nearness(each.at.unit, unit), each.number))
            name = words in (self._name(agent) for agent in self.trace.society.agents)
            yield self._words(near, words, words if name else quoted(words))

    def _number(self, q: TracedQuestion, name: str, value: int) -> Iterator[PartSource]:
        """Yield the answer in the same encounter that a number was given in."""
        for each in self.records.by_unit[q.at.unit]:
            if each.number < q.number and each.why is None and value in _numbers(each.answer):
                yield self._words(each, str(value), str(value), name)
                return

    def _words(
        self, said: TracedQuestion, shown: str, needle: str, name: str = "words"
    ) -> PartSource:
        who, what = self._name(said.at.actor), f"{name} of {self._name(said.at.actor)}"
        what = f"{what}, answering {said.at.operation}" if who else what
        return PartSource("words", shown, what, said.round, None, (str(said.at),), (), (needle,))

    def _choice(self, q: TracedQuestion, agent: AgentId) -> Iterator[PartSource]:
        made = self.records.latest(q, agent, "choice")
        if made is not None and isinstance(made.event, ChoiceMade):
            move = made.event.act.move
            whose = () if agent == q.at.actor else (self._name(agent),)
            what = f"latest choice of {self._name(agent)}"
            yield self._of("choice", made, move, what, (move, *whose))

    def _tied(self, q: TracedQuestion, tied: bool) -> Iterator[PartSource]:
        if tied or not isinstance(q.operation, WeighGossip):
            yield from self._ties(q, (tied,))

    def _ties(self, q: TracedQuestion, tied: Sequence[bool]) -> Iterator[PartSource]:
        alters = getattr(q.operation, "alters", None) or (q.operation.alter,)
        for alter, there in zip(alters, tied, strict=False):
            yield from self._tie(q, alter.who, tied=there)

    def _tie(self, q: TracedQuestion, alter: Other, *, tied: bool) -> Iterator[PartSource]:
        latest = self.records.latest(q, q.at.actor, "tie", alter.participant)
        if latest is None and tied:
            yield PartSource("tie", alter.name, f"tie to {alter.name} from the start", 0, None, ())
        elif latest is not None and isinstance(latest.event, TieFormed) == tied:
            what = f"tie to {alter.name}: {'formed' if tied else 'severed'}"
            yield self._of("tie", latest, alter.name, what, (alter.name,))

    def _story(self, q: TracedQuestion, story: Story) -> Iterator[PartSource]:
        for seen in self._seen(q, story):
            what = f"meeting {_id(seen)}" if isinstance(seen.event, EncounterEnded) else "choice"
            yield self._of("story", seen, story.text, what, (one_line(story.text),))

    def _seen(self, q: TracedQuestion, story: Story) -> Iterator[Happened]:
        """Yield what a story is about: one's own meeting of this round, or what others did."""
        if story.own is not None or not story.others:
            met = self.records.meetings(q.at.actor, q)
            yield from (m for m in met[:1] if m.round == q.round)
            return
        agent = story.others[0].agent
        chosen = self.records.latest(q, agent, "choice")
        if chosen is not None and chosen.round == q.round and q.at.address.phase == "note":
            yield chosen
            return
        behind = self._because(q)
        yield from (self.records.named[name] for name in behind if name in self.records.named)

    def _because(self, q: TracedQuestion) -> tuple[str, ...]:
        """Return what a witness's record was shaped from, be it by another answer of its unit."""
        for each in self.records.by_unit[q.at.unit]:
            for happened in self.records.by_decision.get(str(each.at), ()):
                if isinstance(happened.event, ReputationShaped):
                    return happened.event.because
        return ()

    def _occasion(self, q: TracedQuestion) -> Iterator[PartSource]:
        if q.at.address.phase != "meet":
            return
        match = self.records.matches.get((q.round, q.at.actor))
        if match is not None and isinstance(match.event, Matched):
            who, by = match.event.participants[0].agent, match.event.by
            what = f"they meet by {by}" + (f" of {self._name(who)}" if by == "choice" else "")
            yield self._of("match", match, "", what, ())

    def _of(
        self,
        kind: Kind,
        happened: Happened,
        shown: str,
        what: str,
        needles: tuple[str, ...],
        because: tuple[str, ...] = (),
    ) -> PartSource:
        decisions = self.records.deciders(happened)
        at = happened.round, happened.seq
        behind = because or ((_id(happened),) if kind in ("memory", "story") else ())
        return PartSource(kind, shown, what, *at, decisions, behind, needles)


def _is(gossip: Gossip, shown: Hearsay, about: Participant) -> bool:
    heard = gossip.gossiper, gossip.text, gossip.valence, gossip.credibility, gossip.order
    seen = shown.gossiper, shown.text, shown.valence, shown.credibility, shown.order
    return heard == seen and gossip.about == about


def _gossip(happened: Happened) -> Gossip:
    assert isinstance(happened.event, GossipHeard)
    return happened.event.gossip


def _acts(happened: Happened) -> tuple[Act, ...]:
    return happened.event.encounter.acts if isinstance(happened.event, EncounterEnded) else ()


def _id(happened: Happened) -> str:
    match happened.event:
        case EncounterEnded(encounter=met):
            return met.id
        case ChoiceMade(decision=decision):
            return decision
    return ""


def _nearness(unit: str, other: str) -> tuple[int, int]:
    """Return how alike two places are: in the agents they name, and in how they begin."""
    one, two = TOKEN.findall(unit), TOKEN.findall(other)
    same = 0
    while same < min(len(unit), len(other)) and unit[same] == other[same]:
        same += 1
    return len({*one} & {*two}), same


def _texts(answer: Any) -> set[str]:
    return set(_values(answer, lambda value: isinstance(value, str)))


def _numbers(answer: Any) -> set[float]:
    numeric = _values(answer, lambda v: isinstance(v, int | float) and not isinstance(v, bool))
    return set(numeric)


def _values(answer: Any, wanted: Callable[[Any], bool]) -> Iterator[Any]:
    for field in fields(answer):
        value = getattr(answer, field.name)
        if wanted(value):
            yield value
