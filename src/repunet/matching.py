"""Matching: who meets whom (paper, section 4.1), the same in every treatment."""

from collections.abc import Sequence

from repunet.chance import draw, pick, shuffled
from repunet.questions.coordinate import UnitAddress
from repunet.questions.deliberation import Unit
from repunet.questions.mind import Mind
from repunet.questions.operations import RankPartners
from repunet.questions.perspective import Perspectives
from repunet.world.event import Event, Matched, SatOut
from repunet.world.persona import AgentId, Participant, Role
from repunet.world.society import Society


class Eligibility:
    """Rules of whom a chooser may choose: with a mutual tie, or with a tie of its own."""

    def __init__(self, *, mutual: bool) -> None:
        self.mutual = mutual

    def partners(
        self, society: Society, ego: Participant, among: set[AgentId], role: Role
    ) -> list[AgentId]:
        """Return the eligible partners, those among the chosen ones that ego has ties to."""
        network = society.network
        tied = (agent for agent in network.partner_agents(ego.agent, role) if agent in among)
        if not self.mutual:
            return list(tied)
        return [agent for agent in tied if network.tied(agent, ego)]


class Free:
    """Those who have not been matched yet; taking one at random costs the same in any society."""

    def __init__(self, agents: Sequence[AgentId]) -> None:
        self._agents = list(agents)
        self._place = {agent: place for place, agent in enumerate(self._agents)}

    def __contains__(self, agent: AgentId) -> bool:
        return agent in self._place

    def take(self, agent: AgentId) -> AgentId:
        """Remove one and return it."""
        place, last = self._place.pop(agent), self._agents.pop()
        if last != agent:
            self._agents[place], self._place[last] = last, place
        return agent

    def take_any(self, *address: object) -> AgentId:
        """Remove a random one and return it."""
        return self.take(pick(self._agents, *address))  # type: ignore[arg-type]


class Matching:
    """One round's matching of a society: sitting out, choosing, and the luck of the draw."""

    def __init__(self, society: Society, views: Perspectives, mind: Mind) -> None:
        self._society = society
        self._views = views
        self._at = str(UnitAddress.of_round(society.round, "match"))
        self._unit = Unit(society, views, mind, self._at, society.agents)

    def _draw(self, *address: object) -> float:
        return draw(self._society.seed, self._at, *address)

    def _shuffled(self, agents: Sequence[AgentId], purpose: str) -> list[AgentId]:
        return shuffled(agents, self._society.seed, self._at, purpose)

    def seated(self, size: int) -> tuple[list[AgentId], list[AgentId]]:
        """Return those who can meet in groups of this size, shuffled, and those who sit out.

        Who sits out goes round: a list shuffled once for the run, from the place of this round.
        """
        society = self._society
        agents = list(society.agents)
        surplus = len(agents) % size
        turns = shuffled(agents, society.seed, "sitting out")
        out = [turns[(society.round + i) % len(turns)] for i in range(surplus)]
        return self._shuffled([a for a in agents if a not in out], "seats"), out

    def groups(self, role: Role, size: int) -> list[Event]:
        """Divide the society at random into groups of one size."""
        seats, out = self.seated(size)
        players = [Participant(agent, role) for agent in seats]
        groups = [tuple(players[i : i + size]) for i in range(0, len(players), size)]
        return [*_out(out), *(Matched(participants=group, by="chance") for group in groups)]

    async def pairs(self, chooser: Role, chosen: Role, eligibility: Eligibility) -> list[Event]:
        """Let half of the society choose from the other half, or meet somebody at random."""
        seats, out = self.seated(2)
        half = len(seats) // 2
        choosers = self._ordered([Participant(agent, chooser) for agent in seats[:half]])
        wishes = await self._wishes(choosers, set(seats[half:]), chosen, eligibility)
        free = Free(sorted(seats[half:]))
        pairs = [self._pair(ego, free, chosen, wishes.get(ego.agent, ())) for ego in choosers]
        return self._unit.close([*_out(out), *pairs])

    def _ordered(self, choosers: list[Participant]) -> list[Participant]:
        if not self._society.treatment.order_by_standing:
            return choosers
        return sorted(choosers, key=lambda ego: -(self._society.standing(ego) or 0.0))

    def _pair(self, ego: Participant, free: Free, role: Role, wishes: Sequence[AgentId]) -> Matched:
        for agent in wishes:
            if agent in free:
                alter = Participant(free.take(agent), role)
                return Matched(participants=(ego, alter), by="choice")
        agent = free.take_any(self._society.seed, self._at, "partner", ego.agent)
        return Matched(participants=(ego, Participant(agent, role)), by="chance")

    async def _wishes(
        self,
        choosers: Sequence[Participant],
        others: set[AgentId],
        role: Role,
        eligibility: Eligibility,
    ) -> dict[AgentId, Sequence[AgentId]]:
        """Ask all at once who has a choice: by the luck of the draw, and by having ties."""
        treatment = self._society.treatment
        if not treatment.partner_choice:
            return {}
        asked = {}
        for ego in choosers:
            if self._draw("choice", ego.agent) < treatment.choice_probability:
                eligible = eligibility.partners(self._society, ego, others, role)
                if eligible:
                    asked[ego] = eligible
        answers = await self._unit.together(
            *(self._rank(ego, role, who) for ego, who in asked.items())
        )
        return {ego.agent: order for ego, order in zip(asked, answers, strict=True)}

    async def _rank(
        self, ego: Participant, role: Role, eligible: Sequence[AgentId]
    ) -> Sequence[AgentId]:
        views = self._views
        shown = self._shuffled(eligible, f"candidates of {ego.agent}")
        operation = RankPartners(
            setting=views.setting,
            ego=views.ego(ego),
            candidates=tuple(
                views.acquaintance(ego.agent, Participant(agent, role)) for agent in shown
            ),
        )
        ranking = await self._unit.ask(operation)
        if ranking is None:
            return ()
        return [operation.candidate(name).id for name in ranking.names]


def _out(agents: Sequence[AgentId]) -> list[Event]:
    return [SatOut(agent=agent) for agent in agents]
