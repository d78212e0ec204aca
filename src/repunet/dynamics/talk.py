"""Gossip: telling, hearing, judging and believing (paper, 3.2.2, 3.3.2, appendix A).

Gossip spreads in waves. All of a wave is told from one state and judged from one state; pieces
about one target that reach one listener in the same wave are believed together.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from repunet.questions.batched import ToldPiece, WeighGossip
from repunet.questions.deliberation import Unit, present
from repunet.questions.operations import (
    ChooseListener,
    Decision,
    IdentifyGossip,
    JudgedPiece,
    JudgeGossip,
    Judgement,
    ReconsiderTie,
    ShapePeerFromGossip,
    TellGossip,
    Telling,
)
from repunet.questions.perspective import Hearsay, Story
from repunet.world.event import Event, GossipHeard, GossipUntold, TieSevered
from repunet.world.gossip import Gossip
from repunet.world.persona import AgentId, Participant
from repunet.world.reputation import Cause


@dataclass(frozen=True, slots=True)
class Wish:
    """Wish of an agent to talk about an absent third."""

    path: tuple[Participant, ...]
    """Who told it, the first gossiper first; the last one is the one who wants to talk now."""
    target: Participant
    reason: str
    source: Story | Hearsay
    """The encounter it stems from, or what the gossiper was told itself."""
    encounter: str

    @property
    def gossiper(self) -> Participant:
        """Return who wants to talk."""
        return self.path[-1]

    @property
    def via(self) -> str:
        """Return the way it has come, as coordinates spell it."""
        return ">".join(participant.agent for participant in self.path)


@dataclass(frozen=True, slots=True)
class ToldGossip:
    """Piece of gossip that was told, before its listener has judged it."""

    wish: Wish
    listener: Participant
    said: Telling


@dataclass(frozen=True, slots=True)
class Heard:
    """Answers of one listener to all that it was told in one wave."""

    events: Sequence[Event] = ()
    wishes: Sequence[Wish] = ()


async def tell(unit: Unit, wish: Wish) -> ToldGossip | GossipUntold | None:
    """Let the gossiper choose a listener among its ties and say it (appendix A.1)."""
    views, gossiper = unit.views, wish.gossiper
    setting, ego, about = views.setting, views.ego(gossiper), views.other(wish.target)
    absent = {wish.target.agent, *(participant.agent for participant in wish.path)}
    ties = {alter.agent: alter for alter in unit.society.network.partners(gossiper.agent)}
    listeners = [alter for agent, alter in ties.items() if agent not in absent]
    if not listeners:
        return GossipUntold(
            gossiper=gossiper.agent,
            target=wish.target,
            encounter=wish.encounter,
            reason=wish.reason,
        )
    choosing = ChooseListener(
        setting=setting,
        ego=ego,
        about=about,
        reason=wish.reason,
        candidates=tuple(
            views.listener(gossiper.agent, alter) for alter in unit.shuffled(listeners, "listeners")
        ),
    )
    if (choice := await unit.ask(choosing)) is None:
        return None
    listener = choosing.candidate(choice.name).who
    telling = TellGossip(
        setting=setting,
        ego=ego,
        about=about,
        reason=wish.reason,
        source=wish.source,
        listener=listener,
    )
    said = await unit.ask(telling)
    if said is None:
        return None
    return ToldGossip(wish, views.in_role(listener.id, listener.role), said)


def inboxes(told: Iterable[ToldGossip]) -> dict[AgentId, list[ToldGossip]]:
    """Return what each listener was told in a wave, in an order that does not depend on time."""
    boxes: defaultdict[AgentId, list[ToldGossip]] = defaultdict(list)
    for piece in sorted(told, key=lambda t: (t.listener, t.wish.target, t.wish.via)):
        boxes[piece.listener.agent].append(piece)
    return dict(boxes)


async def listen(unit: Unit, told: Sequence[ToldGossip]) -> Heard:
    """Let a listener judge all that it was told, then believe what there is about each target."""
    listener = told[0].listener
    hearer = Listener(unit, listener)
    if unit.compact:
        await unit.together(*(hearer.weigh(about) for about in by_target(told)))
    pieces = present(await unit.together(*(hearer.judge(piece) for piece in told)))
    targets: defaultdict[Participant, list[JudgedGossip]] = defaultdict(list)
    for piece in pieces:
        targets[piece.gossip.about].append(piece)
    believed = await unit.together(*(hearer.believe(about) for about in targets.values()))
    return Heard(
        events=[*(piece.event for piece in pieces), *(e for events in believed for e in events)],
        wishes=[piece.passed_on(listener) for piece in pieces if piece.judgement.pass_on],
    )


def by_target(told: Iterable[ToldGossip]) -> list[list[ToldGossip]]:
    """Return what was told, apart for each target."""
    targets: defaultdict[Participant, list[ToldGossip]] = defaultdict(list)
    for piece in told:
        targets[piece.wish.target].append(piece)
    return list(targets.values())


@dataclass(frozen=True, slots=True)
class JudgedGossip:
    """A piece of gossip with what its listener made of it."""

    wish: Wish
    event: GossipHeard
    judged: JudgedPiece
    judgement: Judgement

    @property
    def gossip(self) -> Gossip:
        """Return the quadruple."""
        return self.event.gossip

    def passed_on(self, listener: Participant) -> Wish:
        """Return the wish to pass it on."""
        gossip = self.gossip
        source = Hearsay(
            gossip.gossiper,
            self.judged.gossiper.name,
            gossip.text,
            gossip.valence,
            gossip.credibility,
            gossip.order,
        )
        reason = self.judgement.reason
        return replace(self.wish, path=(*self.wish.path, listener), reason=reason, source=source)


class Listener:
    """One agent that is told things, all in one wave."""

    def __init__(self, unit: Unit, listener: Participant) -> None:
        self._unit = unit
        self._who = listener
        self._views = unit.views
        self._setting = unit.views.setting
        self._ego = unit.views.ego(listener)
        self._treatment = unit.society.treatment

    async def weigh(self, told: Sequence[ToldGossip]) -> None:
        """Put all questions about one target at once; the answers are handed out one by one."""
        me, target = self._who.agent, told[0].wish.target
        unit = self._unit.part(f">{me}/{target.agent}")
        tied = self._treatment.rewiring and self._views.tied(me, target)
        weighing = WeighGossip(
            setting=self._setting,
            ego=self._ego,
            alter=self._views.acquaintance(me, target),
            pieces=tuple(self._piece(piece) for piece in told),
            distrust=self._views.distrust(me),
            rates_credibility=self._treatment.credibility,
            tied=tied,
            rates_peers=self._treatment.rates_peers,
            places=tuple(self._place(piece).at for piece in told),
        )
        await unit.prepare(weighing)

    def _piece(self, told: ToldGossip) -> ToldPiece:
        path = told.wish.path
        return ToldPiece(
            gossiper=self._views.other(told.wish.gossiper),
            said=told.said,
            sources=tuple(self._views.source(self._who.agent, source) for source in path),
            may_pass_on=len(path) < self._treatment.max_order,
        )

    def _place(self, told: ToldGossip) -> Unit:
        target = told.wish.target.agent
        return self._unit.part(f"{told.wish.via}>{self._who.agent}/{target}")

    async def judge(self, told: ToldGossip) -> JudgedGossip | None:
        """Understand one piece and weigh it (appendix A.2)."""
        wish = told.wish
        target = wish.target
        unit = self._place(told)
        gossiper = self._views.other(wish.gossiper)
        identifying = IdentifyGossip(
            setting=self._setting,
            ego=self._ego,
            about=self._views.other(target),
            gossiper=gossiper,
            said=told.said,
        )
        if (summary := await unit.ask(identifying)) is None:
            return None
        judging = self._judging(told, summary.text)
        judgement = await self._weigh(unit, judging)
        if judgement is None:
            return None
        heard = GossipHeard(
            gossip=Gossip(
                id=unit.at,
                target=target.agent,
                role=target.role,
                path=tuple(participant.agent for participant in wish.path),
                listener=self._who.agent,
                text=summary.text,
                said=told.said.text,
                valence=told.said.valence,
                credibility=judgement.credibility,
                encounter=wish.encounter,
            ),
            decision=str(unit.coordinate(judging if _is_asked(judging) else identifying)),
        )
        judged = JudgedPiece(summary.text, gossiper, told.said.valence, judgement.credibility)
        return JudgedGossip(wish, heard, judged, judgement)

    def _judging(self, told: ToldGossip, summary: str) -> JudgeGossip:
        me, wish = self._who.agent, told.wish
        return JudgeGossip(
            setting=self._setting,
            ego=self._ego,
            alter=self._views.acquaintance(me, wish.target),
            summary=summary,
            valence=told.said.valence,
            sources=tuple(self._views.source(me, source) for source in wish.path),
            distrust=self._views.distrust(me),
            rates_credibility=self._treatment.credibility,
            may_pass_on=len(wish.path) < self._treatment.max_order,
        )

    async def _weigh(self, unit: Unit, judging: JudgeGossip) -> Judgement | None:
        """Ask for what the treatment lets it decide; the rest is neutral, and not passed on."""
        if not _is_asked(judging):
            return Judgement(reason="")
        judgement = await unit.ask(judging)
        if judgement is None:
            return None
        return Judgement(
            reason=judgement.reason,
            credibility=judgement.credibility if judging.rates_credibility else 3,
            pass_on=judgement.pass_on and judging.may_pass_on,
        )

    async def believe(self, pieces: Sequence[JudgedGossip]) -> list[Event]:
        """Update the target's reputation and reconsider a tie that is there; never build one."""
        target = pieces[0].gossip.about
        unit = self._unit.part(f">{self._who.agent}/{target.agent}")
        alter = self._views.acquaintance(self._who.agent, target).by_record()
        judged = tuple(piece.judged for piece in pieces)
        events: list[Event] = []
        if self._treatment.rates_peers:
            shaping = ShapePeerFromGossip(
                setting=self._setting, ego=self._ego, alter=alter, pieces=judged
            )
            because = tuple(piece.gossip.id for piece in pieces)
            shaped = await unit.shape(shaping, target, "gossip", because)
            if shaped:
                alter = replace(alter, records=(shaped.reputation,))
                events.append(shaped)
        if self._treatment.rewiring and self._views.tied(self._who.agent, target):
            reconsidering = ReconsiderTie(
                setting=self._setting, ego=self._ego, alter=alter, pieces=judged
            )
            events += present(
                [severed(await unit.ask(reconsidering), reconsidering, unit, "gossip")]
            )
        return events


def severed(
    keep: Decision | None, asked: ReconsiderTie, unit: Unit, cause: Cause
) -> TieSevered | None:
    """Return the cut that a tie's reconsideration makes, if it makes one."""
    if keep is None or keep.yes:
        return None
    return TieSevered(
        ego=asked.ego.id,
        alter=asked.alter.who.participant,
        cause=cause,
        reason=keep.reason,
        decision=str(unit.coordinate(asked)),
    )


def _is_asked(judging: JudgeGossip) -> bool:
    return judging.rates_credibility or judging.may_pass_on
