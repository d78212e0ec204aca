"""Evidence: the good and the bad on record about somebody, and the beliefs drawn from it.

The five-level vector that a reputation carries *is* the posterior of a Dirichlet record (Jøsang &
Haller 2007): its neutral cell tells how much evidence there is, so nothing else is stored.
"""

from collections.abc import Iterable, Sequence
from math import fsum
from typing import NamedTuple

from repunet.minds.embedded.model.parameters import Parameters

Levels = tuple[float, float, float, float, float]
"""Weights of very bad, bad, neutral, good and very good; they sum to 1."""

_SLOWEST_AGEING = 0.99
"""Records that hardly age are read as if they aged this much, so that their mass has a cap."""


class WeightedActs(NamedTuple):
    """Weighted acts on record, in units of one plainly good act; (0, 0) is no evidence."""

    good: float
    bad: float

    @property
    def mass(self) -> float:
        """How much evidence there is."""
        return self.good + self.bad


NO_EVIDENCE = WeightedActs(0.0, 0.0)


def add_act(
    evidence: WeightedActs, valence: float, parameters: Parameters, weight: float = 1.0
) -> WeightedActs:
    """Evidence after one judged act of `valence` in [-1, 1]; a weightless act changes nothing.

    Old evidence ages, and a bad act weighs `negativity` times a good one (Baumeister 2001).
    """
    if weight <= 0.0:
        return evidence
    good, bad = evidence
    ageing = parameters.ageing
    if valence > 0.0:
        return WeightedActs(ageing * good + weight * valence, ageing * bad)
    return WeightedActs(ageing * good, ageing * bad - parameters.negativity * weight * valence)


def add_together(
    evidence: WeightedActs, acts: Iterable[tuple[float, float]], parameters: Parameters
) -> WeightedActs:
    """Evidence after acts (valence, weight) that are judged at once, in whatever order."""
    weighty = [(valence, weight) for valence, weight in acts if weight > 0.0]
    if not weighty:
        return evidence
    alone = [add_act(NO_EVIDENCE, valence, parameters, weight) for valence, weight in weighty]
    return WeightedActs(
        parameters.ageing * evidence.good + fsum(act.good for act in alone),
        parameters.ageing * evidence.bad + fsum(act.bad for act in alone),
    )


def score(evidence: WeightedActs, parameters: Parameters) -> float:
    """Score in (-1, 1): the weight of the good levels minus that of the bad ones."""
    good, bad = evidence
    return (good - bad) / (good + bad + parameters.uninformed_mass)


def levels(evidence: WeightedActs, parameters: Parameters) -> Levels:
    """The five weights of a record; all .2 without evidence."""
    good, bad = evidence
    each = 0.2 * parameters.uninformed_mass
    mass = good + bad + parameters.uninformed_mass
    blank = each / mass
    return ((each + bad) / mass, blank, blank, blank, (each + good) / mass)


def from_levels(weights: Sequence[float], parameters: Parameters) -> WeightedActs:
    """The evidence behind five weights that sum to 1, whoever wrote them.

    The mass is read from the neutral weight, and never exceeds what the ageing of records allows.
    """
    worst, bad, neutral, good, best = weights
    blank = parameters.uninformed_mass
    cap = blank + parameters.negativity / (1.0 - min(parameters.ageing, _SLOWEST_AGEING))
    mass = max(blank, min(0.2 * blank / neutral, cap)) if neutral > 0.0 else cap
    return WeightedActs(
        max(0.0, (good + best) * mass - 0.4 * blank), max(0.0, (worst + bad) * mass - 0.4 * blank)
    )


def belief(evidence: WeightedActs, base: float, parameters: Parameters) -> float:
    """Probability that this partner acts well: a Beta posterior whose prior is the base rate."""
    good, bad = evidence
    prior = parameters.prior_strength
    return (prior * base + good) / (prior + good + bad)


def base_rate(observations: Iterable[float], parameters: Parameters) -> float:
    """Probability that anybody acts well, from observed degrees in [0, 1], oldest first.

    Exponential learning, as estimated by Fischbacher & Gächter 2010.
    """
    rate, weight = parameters.first_belief, parameters.belief_weight
    for observed in observations:
        rate = (1.0 - weight) * rate + weight * observed
    return rate


def observability(knew: Iterable[bool]) -> float:
    """Probability that others know something of ego, mirrored from whether ego knew of them.

    One flag for each encounter shown, the present one included; prior Beta(1, 1). An assumption in
    the spirit of social projection (Ross, Greene & House 1977): no parameter was measured.
    """
    flags = list(knew)
    return (1.0 + sum(flags)) / (2.0 + len(flags))


def horizon(evidence: WeightedActs, going_ahead: float, parameters: Parameters) -> float:
    """Discounted number of later encounters that an act on this record still colours.

    Each encounter that goes ahead (probability `going_ahead`) dilutes the record.
    """
    good, bad = evidence
    dilution = 1.0 / (parameters.ageing * (good + bad) + parameters.uninformed_mass + 1.0)
    patience = parameters.patience
    return patience / (1.0 - patience * (1.0 - dilution * going_ahead))
