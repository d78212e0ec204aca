"""One round of a society: match, meet, respond, spread. Reads at the same time, writes in order."""

from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from repunet.dynamics import (
    Heard,
    Response,
    ToldGossip,
    Wish,
    inboxes,
    listen,
    respond,
    seen_by,
    take_note,
    tell,
    witness,
)
from repunet.matching import Matching
from repunet.questions.coordinate import UnitAddress
from repunet.questions.deliberation import Unit, together
from repunet.questions.mind import Mind
from repunet.questions.perspective import Perspectives, Setting
from repunet.scenarios.base import Scenario
from repunet.world.encounter import Encounter
from repunet.world.event import (
    EncounterEnded,
    Event,
    GossipUntold,
    Matched,
    RoundBegan,
    TreatmentChanged,
)
from repunet.world.persona import AgentId, Participant
from repunet.world.society import Society

R = TypeVar("R")


class Simulation:
    """Society, the scenario it faces, and the minds that decide for it."""

    def __init__(
        self, society: Society, scenario: Scenario, mind: Mind, *, compact: bool = False
    ) -> None:
        self.society = society
        self.scenario = scenario
        self.mind = mind
        self.compact = compact
        self.views = Perspectives(society, self._setting())
        self._events: list[Event] = []

    def _setting(self) -> Setting:
        return Setting.of(
            self.scenario.name,
            self.scenario.stakes,
            self.scenario.roles,
            self.society.treatment,
            partner_choice=self.scenario.partner_choice,
        )

    async def step(self, *changes: TreatmentChanged) -> list[Event]:
        """Play one round, which begins with these changes if there are any.

        Returns its events, which have been applied.
        """
        self._events = []
        self._happen([RoundBegan(round=self.society.round + 1), *changes])
        self.views.setting = self._setting()
        await self._convene()
        await self._take_note()
        groups = await self._match()
        encounters = await self._meet(groups)
        wishes = await self._respond(encounters)
        await self._observe(encounters)
        await self._spread(wishes)
        return self._events

    async def _convene(self) -> None:
        if not self.scenario.convenes(self.society.round):
            return
        role = self.scenario.roles[0]
        egos = [Participant(agent, role) for agent in self.society.agents]
        units = [self._unit("choose", f"/{ego.agent}", [ego.agent]) for ego in egos]
        choosing = [self.scenario.choose(u, ego) for u, ego in zip(units, egos, strict=True)]
        await self._phase(units, choosing, lambda made: [made] if made else [])

    async def _take_note(self) -> None:
        treatment, sights = self.society.treatment, self.scenario.sights(self.society)
        if not (treatment.observation and treatment.rates_peers and sights):
            return
        role = self.scenario.roles[0]
        egos = [Participant(agent, role) for agent in self.society.agents]
        units = [self._unit("note", f"/{ego.agent}", [ego.agent]) for ego in egos]
        noting = [take_note(unit, ego, sights) for unit, ego in zip(units, egos, strict=True)]
        await self._phase(units, noting, lambda events: events)

    async def _match(self) -> list[tuple[Participant, ...]]:
        with self.society.held():
            matching = Matching(self.society, self.views, self.mind)
            matched = await self.scenario.match(matching)
        self._happen(matched)
        return [event.participants for event in matched if isinstance(event, Matched)]

    async def _meet(self, groups: Sequence[tuple[Participant, ...]]) -> list[Encounter]:
        units = [
            self._unit("meet", f"/{'-'.join(ids)}", ids)
            for ids in ([ego.agent for ego in group] for group in groups)
        ]
        meetings = [self.scenario.meet(unit, g) for unit, g in zip(units, groups, strict=True)]
        return await self._phase(units, meetings, lambda met: [EncounterEnded(encounter=met)])

    async def _respond(self, encounters: Sequence[Encounter]) -> list[Wish]:
        pairs = [(met, ego) for met in encounters for ego in met.participants]
        units = [self._unit("respond", f"/{ego.agent}", [ego.agent]) for _, ego in pairs]
        thoughts = [respond(unit, *pair) for unit, pair in zip(units, pairs, strict=True)]
        responses: list[Response] = await self._phase(units, thoughts, lambda r: r.events)
        return [wish for response in responses for wish in response.wishes]

    async def _observe(self, encounters: Sequence[Encounter]) -> None:
        treatment = self.society.treatment
        if not (treatment.witnesses and treatment.rates_peers):
            return
        seen = {agent: seen_by(agent, encounters, self.society) for agent in self.society.agents}
        witnesses = {agent: met for agent, met in seen.items() if met}
        units = [self._unit("observe", f"/{agent}", [agent]) for agent in witnesses]
        sights = [witness(u, *seen) for u, seen in zip(units, witnesses.items(), strict=True)]
        await self._phase(units, sights, lambda events: events)

    async def _spread(self, wishes: Sequence[Wish]) -> None:
        """Tell and hear, wave after wave, until nobody passes anything on."""
        wave = 1
        while wishes:
            told = await self._tell(wave, wishes)
            wishes = await self._listen(wave, told)
            wave += 1

    async def _tell(self, wave: int, wishes: Sequence[Wish]) -> list[ToldGossip]:
        units = [
            self._unit("gossip", f"/{wish.via}/{wish.target.agent}", [wish.gossiper.agent], wave)
            for wish in wishes
        ]
        telling = [tell(unit, wish) for unit, wish in zip(units, wishes, strict=True)]
        results = await self._phase(units, telling, _untold)
        return [result for result in results if isinstance(result, ToldGossip)]

    async def _listen(self, wave: int, told: Sequence[ToldGossip]) -> list[Wish]:
        boxes = inboxes(told)
        units = [self._unit("gossip", "/", [listener], wave) for listener in boxes]
        listening = [listen(u, box) for u, box in zip(units, boxes.values(), strict=True)]
        heard: list[Heard] = await self._phase(units, listening, lambda h: h.events)
        return [wish for each in heard for wish in each.wishes]

    def _unit(self, phase: str, path: str, writes: Sequence[AgentId], wave: int = 0) -> Unit:
        at = str(UnitAddress.of_round(self.society.round, phase, path, wave))
        return Unit(self.society, self.views, self.mind, at, writes, compact=self.compact)

    async def _phase(
        self,
        units: Sequence[Unit],
        work: Iterable[Coroutine[Any, Any, R]],
        events: Callable[[R], Iterable[Event]],
    ) -> list[R]:
        """Run all units at the same time on one state; apply what follows in canonical order."""
        with self.society.held():
            results = await together(self.mind, work)
        for unit, result in zip(units, results, strict=True):
            self._happen(unit.close(events(result)))
        return results

    def _happen(self, events: Iterable[Event]) -> None:
        for event in events:
            self.society.apply(event)
            self._events.append(event)


def _untold(result: ToldGossip | GossipUntold | None) -> list[Event]:
    return [result] if isinstance(result, GossipUntold) else []
