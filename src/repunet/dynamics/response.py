"""Responses: what each participant makes of an encounter (paper, sections 3.2.1 and 3.3.1)."""

from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypedDict

from repunet.dynamics.talk import Wish
from repunet.questions.batched import RespondToEncounter
from repunet.questions.deliberation import Unit, present
from repunet.questions.operations import (
    DecideGossip,
    DecideTie,
    Reflect,
    Reflection,
    ReviseSelfImage,
    ShapePeerReputation,
    ShapeSelfReputation,
)
from repunet.questions.perspective import Acquaintance, Ego, Setting, Story
from repunet.world.encounter import Encounter
from repunet.world.event import Event, ReputationShaped, SelfImageRevised, TieFormed, TieSevered
from repunet.world.persona import Participant

UNREFLECTED = Reflection("", "", satisfied=True)


@dataclass(frozen=True, slots=True)
class Response:
    """Answers of one participant to an encounter."""

    events: Sequence[Event] = ()
    wishes: Sequence[Wish] = ()


Thought: TypeAlias = Coroutine[Any, Any, Event | Wish | None]
"""A question on its way, and what follows from its answer."""


class Always(TypedDict):
    """Views that every question to one agent shows."""

    setting: Setting
    ego: Ego


async def respond(unit: Unit, encounter: Encounter, ego: Participant) -> Response:
    """Let one participant think about what it has just been through."""
    respondent = Respondent(unit, encounter, ego)
    match encounter.outcome:
        case "consummated":
            return await respondent.take_stock()
        case "declined":
            return await respondent.shrug()
        case _:
            return Response()


class Respondent:
    """One participant, thinking about an encounter; its later thoughts see its earlier ones."""

    def __init__(self, unit: Unit, encounter: Encounter, ego: Participant) -> None:
        views, self._unit, self._encounter, self._who = unit.views, unit, encounter, ego
        self._treatment = unit.society.treatment
        self._always: Always = {"setting": views.setting, "ego": views.ego(ego)}
        self._story = Story.of(encounter, ego)
        self._own_records = views.own_records(ego)
        others = [other for other in encounter.participants if other != ego]
        known = [views.acquaintance(ego.agent, other) for other in others]
        self._alters = [alter.by_record() for alter in known]
        self._gossip = {alter.id: alter.gossip for alter in known}

    async def take_stock(self) -> Response:
        """After a meeting: reflect, shape reputations, then self-image, ties and talk at once."""
        if self._unit.compact:
            await self._unit.prepare(self._all_at_once())
        reflection = await self._reflect()
        shaped = await self._shape(reflection)
        self._learn(shaped)
        thoughts: list[Thought] = [self._revise_self_image(reflection)]
        thoughts += [self._rewire(alter, reflection) for alter in self._alters]
        thoughts += [self._wish(alter, reflection) for alter in self._alters]
        return _response([*shaped, *await self._unit.together(*thoughts)])

    async def shrug(self) -> Response:
        """After a refusal: no reputation changes, and only a tie that is there can be cut."""
        tied = self._unit.views.tied
        cut = [a for a in self._alters if tied(self._who.agent, a.who.participant)]
        thoughts: list[Thought] = [self._rewire(alter, UNREFLECTED) for alter in cut]
        thoughts += [self._wish(alter, UNREFLECTED) for alter in self._alters]
        return _response(await self._unit.together(*thoughts))

    def _all_at_once(self) -> RespondToEncounter:
        treatment, tied = self._treatment, self._unit.views.tied
        ties = tuple(tied(self._who.agent, alter.who.participant) for alter in self._alters)
        return RespondToEncounter(
            **self._always,
            story=self._story,
            own_records=self._own_records,
            alters=tuple(self._with_gossip(alter) for alter in self._alters),
            tied=ties if treatment.rewiring else None,
            rates_peers=treatment.rates_peers,
        )

    def _with_gossip(self, alter: Acquaintance) -> Acquaintance:
        heard = self._gossip[alter.id]
        return alter if heard is None else replace(alter, gossip=heard)

    async def _reflect(self) -> Reflection:
        question = Reflect(
            **self._always,
            story=self._story,
            own_records=self._own_records,
            alters=tuple(self._alters),
        )
        return await self._unit.ask(question) or UNREFLECTED

    async def _shape(self, reflection: Reflection) -> list[ReputationShaped]:
        asked = []
        if self._treatment.rates_self:
            asked.append(self._shape_self(reflection))
        if self._treatment.rates_peers:
            asked += [self._shape_peer(alter, reflection) for alter in self._alters]
        return present(await self._unit.together(*asked))

    async def _shape_self(self, reflection: Reflection) -> ReputationShaped | None:
        question = ShapeSelfReputation(
            **self._always,
            story=self._story,
            of_self=reflection.of_self or None,
            own_records=self._own_records or (),
        )
        return await self._unit.shape(question, self._who, "encounter", (self._encounter.id,))

    async def _shape_peer(
        self, alter: Acquaintance, reflection: Reflection
    ) -> ReputationShaped | None:
        question = ShapePeerReputation(
            **self._always,
            alter=alter,
            story=self._story,
            of_alter=reflection.of_alter or None,
        )
        unit, because = self._unit.toward(alter.id), (self._encounter.id,)
        return await unit.shape(question, alter.who.participant, "encounter", because)

    def _learn(self, shaped: Sequence[ReputationShaped]) -> None:
        new = {(e.reputation.target, e.reputation.role): (e.reputation,) for e in shaped}
        self._own_records = new.get(self._who, self._own_records)
        self._alters = [
            replace(alter, records=new.get(alter.who.participant, alter.records))
            for alter in self._alters
        ]

    async def _revise_self_image(self, reflection: Reflection) -> SelfImageRevised | None:
        if not self._treatment.self_image:
            return None
        question = ReviseSelfImage(
            **self._always, of_self=reflection.of_self or None, own_records=self._own_records
        )
        image = await self._unit.ask(question)
        if image is None:
            return None
        decision = str(self._unit.coordinate(question))
        return SelfImageRevised(
            agent=self._who.agent, role=self._who.role, text=image.text, decision=decision
        )

    async def _rewire(
        self, alter: Acquaintance, reflection: Reflection
    ) -> TieFormed | TieSevered | None:
        if not self._treatment.rewiring:
            return None
        ego, whom, unit = self._who.agent, alter.who.participant, self._unit.toward(alter.id)
        question = DecideTie(
            **self._always,
            alter=self._with_gossip(alter),
            story=self._story,
            of_alter=reflection.of_alter or None,
            tied=unit.views.tied(ego, whom),
        )
        tie, decision = await unit.ask(question), str(unit.coordinate(question))
        if tie is None or tie.yes == question.tied:
            return None
        if tie.yes:
            return TieFormed(ego=ego, alter=whom, reason=tie.reason, decision=decision)
        return TieSevered(
            ego=ego, alter=whom, cause="encounter", reason=tie.reason, decision=decision
        )

    async def _wish(self, alter: Acquaintance, reflection: Reflection) -> Wish | None:
        if not self._treatment.gossip:
            return None
        question = DecideGossip(
            **self._always,
            alter=alter,
            story=self._story,
            of_alter=reflection.of_alter or None,
        )
        wish = await self._unit.toward(alter.id).ask(question)
        if wish is None or not wish.yes:
            return None
        return Wish(
            path=(self._who,),
            target=alter.who.participant,
            reason=wish.reason,
            source=self._story,
            encounter=self._encounter.id,
        )


def _response(results: Iterable[Event | Wish | None]) -> Response:
    """Return what follows, in its order: events, and wishes to talk."""
    news: list[Event | Wish] = present(results)
    return Response(
        events=[each for each in news if not isinstance(each, Wish)],
        wishes=[each for each in news if isinstance(each, Wish)],
    )
