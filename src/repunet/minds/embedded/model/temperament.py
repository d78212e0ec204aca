"""Temperament: how prosocial a persona reads, and what weight alter's payoff has for it."""

import re
from functools import lru_cache
from typing import NamedTuple

from repunet.minds.embedded.model.parameters import Parameters

_PROSOCIAL = re.compile(
    r"altruis|cooperat|mutual|trust|shared|communit|communal|collective|contribut|cohesion"
    r"|greater good|wider|larger group|broader group|(?<!expense of )others\b|harmony|unity|duty"
    r"|responsib|welfare|well-being|helping|social"
)
_SELF_INTERESTED = re.compile(
    r"self-interest|rational|own (?:benefit|interest|comfort)|maximi[sz]|above all else"
    r"|personal (?:gain|interest|advantage|wealth)|expense of others|benefits you|your needs"
    r"|convenience|inconvenien|reluctant|safeguard|avoiding compromis"
)
_STRETCH = 1.4
"""Personas are written as extremes: the share of cues is stretched by this around one half [A]."""

_MOST_AHEAD = 0.95
"""Nobody weighs alter's payoff as much as their own when ahead."""


class SocialWeights(NamedTuple):
    """Weight of alter's payoff in ego's utility, by situation; `guilt` is per unit let down."""

    behind: float
    ahead: float
    kind: float
    unkind: float
    guilt: float


EGOIST = SocialWeights(0.0, 0.0, 0.0, 0.0, 0.0)


@lru_cache(maxsize=16384)
def disposition(text: str) -> float:
    """Prosociality in [0, 1] of a persona's text: .5 without cues.

    The add-one-smoothed share of prosocial among all cues, stretched around one half and clipped.
    """
    lowered = text.lower()
    prosocial = len(_PROSOCIAL.findall(lowered))
    selfish = len(_SELF_INTERESTED.findall(lowered))
    share = (prosocial + 1) / (prosocial + selfish + 2)
    return min(1.0, max(0.0, (share - 0.5) * _STRETCH + 0.5))


def social_weights(prosociality: float, jitter_z: float, parameters: Parameters) -> SocialWeights:
    """Weights of a persona of this prosociality in [0, 1], interpolated between the two extremes.

    `jitter_z` is the agent's own standard normal number; it moves the prosocial weights only.
    """
    pro, own = prosociality, 1.0 - prosociality
    shift = parameters.jitter * jitter_z
    behind = parameters.prosocial_behind + shift / 2.0
    ahead = pro * (parameters.prosocial_ahead + shift) + own * parameters.selfish_ahead
    return SocialWeights(
        behind=pro * behind + own * parameters.selfish_behind,
        ahead=min(_MOST_AHEAD, max(0.0, ahead)),
        kind=pro * parameters.prosocial_kind + own * parameters.selfish_kind,
        unkind=pro * parameters.prosocial_unkind + own * parameters.selfish_unkind,
        guilt=pro * parameters.prosocial_guilt + own * parameters.selfish_guilt,
    )
