"""Profiles: the paper's institutions, or those of the reference implementation, as switches.

The reference deviates from the paper in ways that are not plain errors. They are switches here, so
that what they do can be measured.
"""

from dataclasses import replace
from typing import Literal, get_args

from repunet.errors import unknown
from repunet.world.treatment import Treatment

Profile = Literal["paper", "reference"]
PROFILES: tuple[str, ...] = get_args(Profile)

MATCHED_AT_RANDOM = ("participation",)
"""Scenarios in which the reference never lets anybody choose a partner."""


def profiled(treatment: Treatment, profile: str, scenario: str) -> Treatment:
    """Return the treatment under a profile; raises UsageError, with a suggestion, for no profile.

    Under `reference`, partners are chosen only with reputation and never in voluntary
    participation, choosers act in the order of their standing, choices are public and observed,
    and whoever was left is refused.
    """
    if profile not in PROFILES:
        raise unknown("profile", profile, PROFILES)
    if profile == "paper":
        return treatment
    chooses = treatment.rates_peers and scenario not in MATCHED_AT_RANDOM
    return replace(
        treatment,
        partner_choice=treatment.partner_choice and chooses,
        order_by_standing=True,
        public_choices=True,
        observation=True,
        shunning=True,
    )
