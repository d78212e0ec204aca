"""Voluntary participation: whether ego takes part in what benefits everybody at its own cost."""

from repunet.minds.embedded.model.dilemma import LogOddsTerms, logistic
from repunet.minds.embedded.model.parameters import Parameters
from repunet.minds.embedded.model.temperament import SocialWeights

_MOST_REGARD = 0.9
"""The weight on others is cut here before it is turned into a willingness to pay."""


def willingness(expected_share: float, weights: SocialWeights) -> float:
    """What ego pays for one unit to another, if this share in [0, 1] of the others takes part."""
    kind = min(weights.ahead + weights.kind, _MOST_REGARD)
    unkind = min(weights.behind + weights.unkind, _MOST_REGARD)
    return expected_share * kind / (1.0 - kind) + (1.0 - expected_share) * unkind / (1.0 - unkind)


def participation_grounds(
    expected_share: float, observability: float, weights: SocialWeights, parameters: Parameters
) -> LogOddsTerms:
    """Log-odds of taking part, by reason; nothing material hangs on reputation here.

    The good reaches n others, whose return counts n ** congestion times (Andreoni 2007).
    """
    scale = parameters.precision / parameters.participation_range
    circle = parameters.other_members**parameters.congestion
    return LogOddsTerms(
        material=scale * (parameters.common_return - 1.0),
        fairness=scale * parameters.common_return * circle * willingness(expected_share, weights),
        partner=0.0,
        reputation=0.0,
        image=parameters.participation_image * observability,
    )


def participation_probability(
    expected_share: float, observability: float, weights: SocialWeights, parameters: Parameters
) -> float:
    """Probability of taking part; `expected_share` of the others are expected to."""
    grounds = participation_grounds(expected_share, observability, weights, parameters)
    return logistic(grounds.log_odds)
