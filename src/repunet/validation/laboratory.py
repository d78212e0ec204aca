"""Laboratory conditions: dilemmas, networks and reports as near to experiments as we come."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from typing import ClassVar

from repunet.chance import draw, pick
from repunet.deliberation import Deliberation
from repunet.dynamics import Told, Wish, listen
from repunet.gossip import Sense
from repunet.mind import Mind
from repunet.minds.roster import make_mind
from repunet.network import Tie
from repunet.operations import Telling
from repunet.persona import AgentId, Participant
from repunet.perspective import Story
from repunet.scenarios.base import Scenario
from repunet.scenarios.investment import TradingInvestment
from repunet.simulation import Simulation
from repunet.society import Society
from repunet.stakes import Trust
from repunet.treatment import TREATMENTS, Treatment
from repunet.validation.arena import at_once
from repunet.validation.in_memory import people

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
        unit = Deliberation(society, simulation.views, mind, "r0/gossip1/", [listener])
        for event in unit.close(at_once(listen(unit, heard)).events):
            society.apply(event)
    return told


def _piece(society: Society, listener: AgentId, target: AgentId, seed: int) -> Told | None:
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
    return Told(wish, Participant(listener, "player"), Telling(words, sense))
