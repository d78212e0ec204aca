"""The trust game: what an investor entrusts, and what a trustee promises and returns.

All amounts are shares: an investment is a share of the investor's wealth, a promise and a return
are shares of the proceeds. Utility is measured in the investor's wealth, which both sides are taken
to hold, so that choices do not depend on how large it is.
"""

from functools import lru_cache
from math import exp, expm1
from typing import NamedTuple

from repunet.minds.embedded.model.dilemma import Outlook, logistic, softmax
from repunet.minds.embedded.model.evidence import WeightedActs, add_act, belief, horizon
from repunet.minds.embedded.model.parameters import Parameters
from repunet.minds.embedded.model.temperament import EGOIST, SocialWeights, social_weights
from repunet.world.stakes import Trust

PROMISES = (0.5, 0.6, 0.7, 0.75, 0.8)
"""Shares of the proceeds that a trustee considers promising."""
RETURNS = tuple(step / 20 for step in range(21))
"""Shares of the proceeds that a trustee considers returning."""
INVESTMENTS = tuple(step / 10 for step in range(11))
"""Shares of its wealth that an investor considers entrusting; 0 is a refusal."""

_RANGE = 2.0
"""Payoff range, in the investor's wealth: the unit of precision."""
_AS_TRUSTEE = 0.5
"""Roles are redrawn every round: half the later encounters are as trustee."""
_LEAST_FORESEEN = 0.05
"""A trustee that plans foresees at least this investment."""
_STEPS = len(INVESTMENTS) - 1
_TOLERANCE = 1e-9
_CEILING = 300.0
"""Logits are cut here, far beyond certainty, so that no parameters overflow."""

_EVEN = 1e-6
"""Below this steepness the closed form of the geometric mean gives way to its series."""
_STEEPEST = 30.0
"""Steepness is cut here, far beyond certainty, so that no multiplier overflows."""

Slopes = tuple[float, float]
"""An investor's utility for each unit entrusted, if the promise is kept and if all is lost."""


class ReturnChoice(NamedTuple):
    """A trustee's choice in two stages: to keep its promise or not, and then how much to return."""

    keep: float
    """Probability of keeping the promise."""
    kept: float
    """Share returned when it is kept."""
    shares: tuple[float, ...]
    """Shares below the promise."""
    probabilities: tuple[float, ...]
    """Probability of each of `shares`, given that the promise is broken."""


def reported_proceeds(promise: float, returned: float, proceeds: float) -> float:
    """Proceeds that a trustee reports: the true ones, or those that would make a breach look kept.

    `proceeds` is an amount, in whatever unit the answer has.
    """
    return proceeds if returned >= promise - _TOLERANCE else proceeds * returned / promise


def investor_slopes(promise: float, multiplier: float, weights: SocialWeights) -> Slopes:
    """Gains in an investor's utility for each unit entrusted: if the promise is kept, if not.

    Who is ahead, and hence utility for each unit, does not depend on how much is entrusted.
    """
    mine, theirs = multiplier * promise - 1.0, multiplier * (1.0 - promise)
    regard = (weights.ahead if mine > theirs else weights.behind) + weights.kind
    lost = (weights.behind + weights.unkind) * (multiplier + 1.0) - 1.0
    return mine + regard * (theirs - mine), lost


def investment_probabilities(
    trust: float,
    promise: float,
    weights: SocialWeights,
    multiplier: float,
    parameters: Parameters,
) -> tuple[float, ...]:
    """Probability of each of `INVESTMENTS`; `trust` is the belief that the promise is kept.

    Two stages: to accept or refuse, then how much; many amounts are worth their mean.
    """
    offset, slope = _steepness(promise, multiplier, weights, parameters)
    steepness = offset + slope * trust
    accepted, _ = _acceptance(steepness)
    amounts = softmax([steepness * step for step in range(1, _STEPS + 1)])
    return (1.0 - accepted, *[accepted * amount for amount in amounts])


class Investors:
    """The investors that a trustee expects to answer its record, at one promise.

    A share of them has the prosocial weights, the rest are egoists; neither reckons further.
    """

    __slots__ = ("_kinds", "multiplier", "parameters", "promise", "valences")

    def __init__(self, promise: float, multiplier: float, parameters: Parameters) -> None:
        self.promise = promise
        self.multiplier = multiplier
        self.parameters = parameters
        self.valences = _return_valences(promise)
        share = parameters.conditional_share
        conditional = social_weights(1.0, 0.0, parameters)
        self._kinds = (
            (share, *_steepness(promise, multiplier, conditional, parameters)),
            (1.0 - share, *_steepness(promise, multiplier, EGOIST, parameters)),
        )

    def answer(self, own: WeightedActs, base: float) -> tuple[float, float]:
        """Mean share of wealth entrusted, and probability of acceptance, on the record `own`."""
        trust = belief(own, base, self.parameters)
        invested = accepting = 0.0
        for share, offset, slope in self._kinds:
            accepted, steps = _acceptance(offset + slope * trust)
            invested += share * accepted * steps
            accepting += share * accepted
        return invested / _STEPS, accepting

    def reputational_value(self, valence: float, now: float, outlook: Outlook) -> float:
        """Worth, in the investor's wealth, of an act of this valence for later investments.

        `now` is the investment to expect on the record as it stands.
        """
        seen = outlook.observability
        stake = seen * _AS_TRUSTEE * (1.0 - self.promise) * self.multiplier
        record = add_act(outlook.own, valence, self.parameters)
        then, accepted = self.answer(record, outlook.base)
        return stake * horizon(record, accepted, self.parameters) * (then - now)


def return_logits(
    promise: float, invested: float, outlook: Outlook, multiplier: float, parameters: Parameters
) -> list[float]:
    """Logit index of each of `RETURNS`, after `invested` was entrusted on this promise."""
    investors = Investors(promise, multiplier, parameters)
    now, _ = investors.answer(outlook.own, outlook.base)
    return _prospects(investors, now, invested, outlook)[1]


def return_choice(
    promise: float, invested: float, outlook: Outlook, multiplier: float, parameters: Parameters
) -> ReturnChoice:
    """How a trustee settles: it keeps its promise in the best way, or breaks it in some way."""
    logits = return_logits(promise, invested, outlook, multiplier, parameters)
    broken = sum(share < promise - _TOLERANCE for share in RETURNS)
    best = max(range(broken, len(RETURNS)), key=logits.__getitem__)
    kept = max(RETURNS[best], promise)
    if not broken:
        return ReturnChoice(1.0, kept, (), ())
    top = logits[best]
    nest = sum(exp(min(logit - top, _CEILING)) for logit in logits[:broken]) / broken
    return ReturnChoice(1.0 / (1.0 + nest), kept, RETURNS[:broken], softmax(logits[:broken]))


def plan_probabilities(
    outlook: Outlook, multiplier: float, parameters: Parameters
) -> tuple[float, ...]:
    """Probability of each of `PROMISES`, foreseeing the investment and ego's own best return."""
    scale = parameters.precision / _RANGE
    logits = []
    for promise in PROMISES:
        investors = Investors(promise, multiplier, parameters)
        invested, accepted = investors.answer(outlook.own, outlook.base)
        foreseen = max(invested, _LEAST_FORESEEN)
        values, indices = _prospects(investors, invested, foreseen, outlook)
        best = max(range(len(RETURNS)), key=indices.__getitem__)
        logits.append(scale * accepted * (values[best] - 1.0))
    return softmax(logits)


@lru_cache(maxsize=256)
def _return_valences(promise: float) -> tuple[float, ...]:
    """Valence of each of `RETURNS` after this promise."""
    return tuple(Trust.valence_of_return(returned, promise) for returned in RETURNS)


def _steepness(
    promise: float, multiplier: float, weights: SocialWeights, parameters: Parameters
) -> tuple[float, float]:
    """Logit gained with each step up the grid of investments: without trust, and by trust."""
    kept, lost = investor_slopes(promise, multiplier, weights)
    scale = parameters.precision / _RANGE / _STEPS
    return scale * lost, scale * (kept - lost)


def _acceptance(steepness: float) -> tuple[float, float]:
    """Probability of accepting, and the mean number of steps entrusted if so.

    The logit rises evenly along the grid, so the amounts are a truncated geometric distribution.
    """
    steepness = min(steepness, _STEEPEST)
    if abs(steepness) < _EVEN:
        mean = (_STEPS + 1) / 2 + steepness * (_STEPS**2 - 1) / 12
        return logistic(steepness * (_STEPS + 1) / 2), mean
    one, whole = expm1(steepness), expm1(_STEPS * steepness)
    worth = (one + 1.0) * whole / one / _STEPS
    return worth / (1.0 + worth), _STEPS * (whole + 1.0) / whole - 1.0 / one


def _prospects(
    investors: Investors, now: float, invested: float, outlook: Outlook
) -> tuple[list[float], list[float]]:
    """Value (in the investor's wealth) and logit index of each of `RETURNS`."""
    promise, multiplier = investors.promise, investors.multiplier
    scale = investors.parameters.precision / _RANGE
    image = investors.parameters.image_concern * outlook.observability
    values, logits = [], []
    valence, reputation = 2.0, 0.0
    for returned, judged in zip(RETURNS, investors.valences, strict=True):
        if judged != valence:  # returns that are judged alike are worth the same
            valence = judged
            reputation = investors.reputational_value(valence, now, outlook)
        value = reputation + _settling(returned, promise, invested, outlook.weights, multiplier)
        values.append(value)
        logits.append(scale * value + image * (valence + 1.0) / 2.0)
    return values, logits


def _settling(
    returned: float, promise: float, invested: float, weights: SocialWeights, multiplier: float
) -> float:
    """A trustee's utility of a return, guilt included, in the investor's wealth."""
    proceeds = multiplier * invested
    mine = 1.0 + (1.0 - returned) * proceeds
    theirs = 1.0 - invested + returned * proceeds
    regard = (weights.ahead if mine > theirs else weights.behind) + weights.kind
    guilt = weights.guilt * max(0.0, promise - returned) * proceeds
    return mine + regard * (theirs - mine) - guilt
