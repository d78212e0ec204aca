"""What the reference's people have been told about others."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from repunet.compat.reference.encounters import Lived, Node, gossip_nodes
from repunet.compat.reference.reading import (
    Report,
    UnusableRecord,
    first_of,
    mapping,
    shown,
    step_of,
    text_of,
)
from repunet.compat.reference.steps import KnownNames, Memory, Somebody
from repunet.world.encounter import Encounter
from repunet.world.gossip import LIKERT, Gossip
from repunet.world.persona import AgentId, Role

NOT_JUDGED = 3
"""The credibility of gossip that nobody was asked to judge: it weighs as neutral."""
LEVELS = {words: level for level, words in LIKERT.items()}
GOSSIPER = ("gossiper name",)
ORDERS = {"first-order": 1, "first order": 1, "second-order": 2, "second order": 2}
NAME = ("complained name", "complained agent name")
NUMBER = ("complained ID", "complained agent ID")


@dataclass(frozen=True, slots=True)
class GossipEntry:
    """A record of gossip, before it is known who told it."""

    entry: dict[str, object]
    about: Somebody
    order: int
    text: str
    level: int
    step: int


def heard(
    memories: Mapping[Somebody, Memory],
    company: KnownNames,
    found: Lived,
    last: int,
    report: Report,
) -> dict[int, list[Gossip]]:
    """Return all gossip by step; what can't be used is reported and left out."""
    known: dict[AgentId, dict[int, Gossip]] = {who.agent: {} for who in memories}
    talks = {who.name: gossip_nodes(memory, last) for who, memory in memories.items()}
    ears = [
        Ears(who, memory.heard, talks, company, found, last, report, known)
        for who, memory in memories.items()
    ]
    for order in (1, 2):
        for ear in ears:
            ear.take(order)
    by_step: dict[int, list[Gossip]] = defaultdict(list)
    for ear in ears:
        for step, gossip in ear.gossip():
            by_step[step].append(gossip)
    return by_step


class Ears:
    """Gossip that one person was told."""

    def __init__(
        self,
        who: Somebody,
        entries: Sequence[object],
        talks: Mapping[str, Sequence[Node]],
        company: KnownNames,
        found: Lived,
        last: int,
        report: Report,
        known: dict[AgentId, dict[int, Gossip]],
    ) -> None:
        self._who = who
        self._company = company
        self._lived = found
        self._last = last
        self._report = report
        self._known = known
        self._own = known[who.agent]
        self._told = talks[who.name]
        partners = {node.subject for node in self._told} & talks.keys()
        self._mirrored = {name: set(map(_talk, talks[name])) for name in partners}
        self._pieces = dict(self._readable(entries))
        self._nodes = dict(zip(self._pieces, self._tellers(), strict=True))

    def take(self, order: int) -> None:
        """Take in what was told in the first or in the second order."""
        for place, piece in self._pieces.items():
            if piece.order == order:
                try:
                    self._own[place] = self._heard(place, piece, self._nodes[place])
                except UnusableRecord as error:
                    self._report(self._where(place), error)

    def gossip(self) -> Iterator[tuple[int, Gossip]]:
        """Yield what was taken in with its step, in the order in which it was told."""
        for place in sorted(self._own):
            yield self._pieces[place].step, self._own[place]

    def _readable(self, entries: Sequence[object]) -> Iterator[tuple[int, GossipEntry]]:
        for place, entry in enumerate(entries, start=1):
            try:
                yield place, self._piece(entry)
            except UnusableRecord as error:
                self._report(self._where(place), error)

    def _where(self, place: int) -> str:
        return f"{self._who.name}, gossip {place}"

    def _piece(self, value: object) -> GossipEntry:
        entry = mapping(value, "gossip")
        name, number = first_of(entry, NAME), first_of(entry, NUMBER)
        about = self._company.named(name)
        if number is not None and str(number).strip().isdecimal():
            self._company.numbered(name, int(str(number)[:9]))
        kind, level = first_of(entry, ("type",)), first_of(entry, ("credibility level",))
        order = ORDERS.get(kind.strip().casefold()) if isinstance(kind, str) else None
        if order is None:
            raise UnusableRecord(f"{shown(kind)} is no kind of gossip")
        text = text_of(first_of(entry, ("gossip info",)), "gossip info")
        step = step_of(first_of(entry, ("created_at",)), self._last)
        return GossipEntry(entry, about, order, text, _level(level), step)

    def _tellers(self) -> Iterator[Node | None]:
        """Yield, for each piece, the memory of the talk in which it was told, if it is clear."""
        pieces = list(self._pieces.values())
        used: set[int] = set()
        for number, piece in enumerate(pieces):
            gossiper = first_of(piece.entry, GOSSIPER)
            talks = [
                place
                for place, node in enumerate(self._told)
                if place not in used and self._may_tell(node, piece, gossiper)
            ]
            to_come = sum((p.step, p.order) == (piece.step, piece.order) for p in pieces[number:])
            if not talks or (gossiper is None and len(talks) > to_come):
                yield None
            else:
                used.add(talks[0])
                yield self._told[talks[0]]

    def _may_tell(self, node: Node, piece: GossipEntry, gossiper: object) -> bool:
        """Tell whether a memory may be of the talk in which a piece was told.

        In the second order either memory lets the other one be the subject; whoever speaks first
        tells.
        """
        told = node.object == self._who.name and node.subject != self._who.name
        told = told and not node.conversation.startswith(f"{self._who.name}:")
        if node.step != piece.step or not told:
            return False
        if gossiper is not None:
            return node.subject == gossiper
        same = _talk(node) in self._mirrored.get(node.subject, set())
        return same == (piece.order == 1)

    def _heard(self, place: int, piece: GossipEntry, node: Node | None) -> Gossip:
        path = tuple(each.agent for each in self._path(piece, node))
        who = self._who.agent
        if who == path[-1]:
            raise UnusableRecord(f"{self._who.name} can't have told themselves")
        role, met = self._role(piece, path[0])
        return Gossip(
            id=f"r{piece.step}/gossip/{'>'.join((*path, who))}/{piece.about.agent}/{place}",
            target=piece.about.agent,
            role=role,
            path=path,
            listener=who,
            text=piece.text,
            said=self._said(node),
            valence=0.0,
            credibility=piece.level,
            encounter=met.id if met else "",
        )

    def _path(self, piece: GossipEntry, node: Node | None) -> Iterator[Somebody]:
        name = first_of(piece.entry, ("second-order gossiper name",)) if piece.order == 2 else None
        name = name or first_of(piece.entry, GOSSIPER) or (node.subject if node else None)
        if name is None:
            raise UnusableRecord("the files do not say who told it")
        teller = self._company.named(name)
        if piece.order == 2:
            source = first_of(piece.entry, ("first-order gossiper name",))
            yield self._company.named(source) if source else self._source(piece, teller)
        yield teller

    def _source(self, piece: GossipEntry, teller: Somebody) -> Somebody:
        """Return who told it to the one who passed it on, if that is clear."""
        tellers = {
            gossip.path[0]
            for gossip in self._known[teller.agent].values()
            if gossip.order == 1 and gossip.target == piece.about.agent
            if gossip.id.startswith(f"r{piece.step}/")
        }
        for each in self._company.people:
            if tellers == {each.agent}:
                return each
        raise UnusableRecord(f"the files do not say from whom {teller.name} had it")

    def _role(self, piece: GossipEntry, gossiper: AgentId) -> tuple[Role, Encounter | None]:
        """Return the role in which somebody is talked about, and the encounter it stems from."""
        met = [
            (met, who.role)
            for _, met in self._lived.of(gossiper, piece.step)
            for who in met.participants
            if who.agent == piece.about.agent
        ]
        word = first_of(piece.entry, ("complained role",))
        roles = self._company.dialect.roles
        role = self._company.dialect.role(word) if isinstance(word, str) else None
        if role is None and len(roles) == 1:
            role = roles[0]
        if role is None and word is None and met:
            role = met[-1][1]
        if role is None:
            raise UnusableRecord("the files do not say in which role it is about them")
        return role, next((one for one, its in reversed(met) if its == role), None)

    def _said(self, node: Node | None) -> str:
        """Return what the gossiper said first."""
        if node is None:
            return ""
        one, other = re.escape(node.subject), re.escape(node.object)
        said = re.match(rf"{one}: (.*?)(?=\n\n{other}: |\Z)", node.conversation, re.DOTALL)
        return said[1] if said else node.conversation


def _talk(node: Node) -> tuple[int, str, str, str]:
    return node.step, node.subject, node.object, node.conversation


def _level(value: object) -> int:
    if value is None or value == "None":
        return NOT_JUDGED
    level = LEVELS.get(" ".join(value.split()).casefold()) if isinstance(value, str) else None
    if level is None:
        raise UnusableRecord(f"{shown(value)} is no credibility")
    return level
