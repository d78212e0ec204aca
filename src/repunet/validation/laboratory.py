"""Laboratory conditions: dilemmas, networks and reports as near to experiments as we come."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import ClassVar

from repunet.chance import draw, pick
from repunet.dynamics import ToldGossip, Wish, listen
from repunet.minds.router import make_mind
from repunet.questions.coordinate import UnitAddress
from repunet.questions.deliberation import Unit
from repunet.questions.mind import Mind
from repunet.questions.operations import Telling
from repunet.questions.perspective import Story
from repunet.scenarios.base import Scenario
from repunet.scenarios.investment import TradingInvestment
from repunet.simulation import Simulation
from repunet.validation.arena import at_once
from repunet.validation.in_memory import people
from repunet.world.gossip import Sense
from repunet.world.network import Tie
from repunet.world.persona import AgentId, Participant
from repunet.world.society import Society
from repunet.world.stakes import Trust
from repunet.world.treatment import TREATMENTS, Treatment

STRANGERS = replace(TREATMENTS["none"], partner_choice=False, rewiring=False)
"""Partners are drawn anew in every round, and nobody is known but from memory."""
NEIGHBOURS = replace(TREATMENTS["none"], rewiring=False, choice_probability=1.0)
"""Whoever has a neighbour that is free meets one; ties stay as they are."""
FLUID = replace(NEIGHBOURS, rewiring=True)
"""Likewise, and ties are made and cut."""


class TrustGame(TradingInvestment):
    """The game of Berg, Dickhaut & McCabe: what is sent is tripled."""

    stakes: ClassVar[Trust] = Trust(multiplier=3)


def laboratory(
    dilemma: Scenario,
    mind: str,
    agents: int,
    treatment: Treatment,
    seed: int,
    ties: Sequence[Tie] = (),
) -> Simulation:
    """Return a society that faces a dilemma, everybody with the same mind."""
    society = Society(dilemma.name, treatment, people(agents, dilemma.name), seed, ties)
    return Simulation(society, dilemma, make_mind(mind, seed))


def random_ties(agents: Sequence[AgentId], share: float, seed: int) -> Iterator[Tie]:
    """Yield both ties of about that share of all pairs.

    >>> len(list(random_ties(["A01", "A02", "A03"], 1.0, seed=1)))
    6
    """
    for one, other in combinations(agents, 2):
        if draw(seed, "neighbours", one, other) < share:
            yield one, Participant(other, "player")
            yield other, Participant(one, "player")


def spread_reports(simulation: Simulation, mind: Mind, seed: int) -> dict[tuple[str, str], Sense]:
    """Tell everybody one thing about everybody else, at random good or bad, before they meet.

    Each piece comes from a third agent and is understood, judged and believed as gossip is in any
    round. Returns what was told by (listener, target).
    """
    society = simulation.society
    told: dict[tuple[str, str], Sense] = {}
    for listener in society.agents:
        pieces = [_piece(society, listener, target, seed) for target in society.agents]
        heard = [piece for piece in pieces if piece is not None]
        told |= {(listener, piece.wish.target.agent): piece.said.sense for piece in heard}
        unit = Unit(
            society,
            simulation.views,
            mind,
            str(UnitAddress.of_round(0, "gossip", "/", 1)),
            [listener],
        )
        for event in unit.close(at_once(listen(unit, heard)).events):
            society.apply(event)
    return told


def _piece(society: Society, listener: AgentId, target: AgentId, seed: int) -> ToldGossip | None:
    if target == listener:
        return None
    others = [agent for agent in society.agents if agent not in (listener, target)]
    source = pick(others, seed, "source", listener, target)
    good = draw(seed, "report", listener, target) < 0.5
    name = society.name(target)
    words = f"{name} helped me." if good else f"{name} passed me by."
    sense: Sense = "very positive" if good else "very negative"
    wish = Wish(
        path=(Participant(source, "player"),),
        target=Participant(target, "player"),
        reason="They should know.",
        source=Story(words, None, ()),
        encounter="before",
    )
    return ToldGossip(wish, Participant(listener, "player"), Telling(words, sense))
