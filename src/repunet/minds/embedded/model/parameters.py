"""Parameters: the numbers of the embedded mind, each with its source and how sure we are of it.

Tags: [V] the statement was read in an abstract or page; [R] taken from a review of the field;
[M] from memory, to be checked against the paper; [A] our own assumption.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isfinite

from repunet.errors import UsageError

BOUNDS: tuple[tuple[str, Callable[[float], bool], str], ...] = (
    (
        "between 0 and 1",
        lambda value: 0 <= value <= 1,
        "first_belief belief_weight observability conditional_share ageing excuse slur "
        "gossip_propensity congestion",
    ),
    ("at least 0 and below 1", lambda value: 0 <= value < 1, "patience"),
    ("between 1 and 5", lambda value: 1 <= value <= 5, "passed_on_from"),
    ("above 0", lambda value: value > 0, "prior_strength uninformed_mass participation_range"),
    (
        "at least 0",
        lambda value: value >= 0,
        "precision jitter negativity gossip_weight second_hand common_return other_members",
    ),
)
"""What some of the numbers must be, and which; the others, mostly weights, may be any number."""


@dataclass(frozen=True)
class Parameters:
    """Every constant of the model. The defaults are human-laboratory values, none fitted."""

    # Social preferences: weight of alter's payoff, Charness-Rabin form. Prosocial persona: the
    # strongly altruistic type of Bruhin, Fehr & Schunk 2019 (types and signs [V], numbers [M]).
    prosocial_behind: float = 0.159  # when ego has less
    prosocial_ahead: float = 0.463  # when ego has more
    prosocial_kind: float = 0.151  # added after a kind act
    prosocial_unkind: float = -0.053  # added after an unkind act
    prosocial_guilt: float = 0.60  # per unit below a promise; Bellemare et al. 2011: .40-.80 [V]
    # Self-interested persona: the text read literally [A]; BFS find no purely selfish type [V].
    selfish_behind: float = 0.0
    selfish_ahead: float = 0.0
    selfish_kind: float = 0.0
    selfish_unkind: float = 0.0
    selfish_guilt: float = 0.0
    jitter: float = 0.10  # s.d. between agents of prosocial_ahead, half of it on _behind [A]

    # Choice.
    precision: float = 10.0  # logit precision per payoff range; order of BFS's estimate [M]
    image_concern: float = 0.52  # log-odds when surely seen; Bradley et al. 2018: r=.141 -> d [V]
    patience: float = 0.95  # continuation: horizon not announced, about 20 rounds [A]

    # Beliefs.
    first_belief: float = 0.5  # base rate before any encounter: uniform prior [A]
    belief_weight: float = 0.415  # of the newest observation; Fischbacher & Gächter 2010 [M]
    prior_strength: float = 2.0  # of the base rate in a belief about a partner: Beta(1, 1) [A]
    observability: float | None = None  # None: mirrored from what ego knew of others [A]; or fixed
    conditional_share: float = 0.55  # of conditional cooperators expected; F&G 2010 [M]

    # Records.
    uninformed_mass: float = 2.0  # spread evenly; Jøsang & Ismail 2002, Jøsang & Haller 2007 [M]
    ageing: float = 0.9  # per new item; Jøsang & Ismail 2002 [M]; recency: Cuesta 2015 [V]
    negativity: float = 1.955  # bad over good; mean loss aversion, Brown et al. 2024 [V]
    excuse: float = 0.5  # of "I defected too"; between Milinski 2001 (0) and standing (1) [M]

    # Gossip.
    gossip_propensity: float = 0.60  # after a wholly good or bad encounter [A]
    gossip_prosociality: float = 0.25  # +- by prosociality; Feinberg et al. 2012 [V, sign] [A]
    gossip_bias: float = 0.0  # above 0 favours good news, below 0 bad news; neutral [A]
    slur: float = 0.10  # share of a self-interested gossiper's; Peters & Fonseca 2020: sizeable [A]
    gossip_weight: float = 0.5  # of fully credible gossip; Sommerfeld 2007 [V, sign] [A]
    credulity: float = 1.0  # gossip is believed by default; Dores Cruz 2021 [V, sign] [A]
    credit_source: float = 1.5  # per point of the gossiper's score [A]
    credit_distrust: float = 2.0  # per share of doubtful gossip among what was heard [A]
    credit_dissent: float = 1.0  # per half point between the valence and one's own score [A]
    second_hand: float = 0.5  # propensity to pass on, relative to telling [A]
    passed_on_from: int = 4  # lowest credibility that is passed on [A]
    confiding: float = 2.0  # logit slope of a listener's score [A]
    sociability: float = 3.5  # logit slope of a score in talking and keeping a tie, as in pd [A]

    # Voluntary participation: a public good for four, in units of what taking part costs.
    common_return: float = 0.4  # to each for each who takes part; Fischbacher & Gächter 2010 [M]
    participation_range: float = 1.8  # payoff range of that game [M]
    other_members: float = 3.0  # who share the good besides ego [M]
    congestion: float = 0.68  # altruism to n others counts n ** .68; Andreoni 2007 [V]
    participation_image: float = 1.10  # ln 3: being seen triples taking part; Yoeli et al. 2013 [V]

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value is not None and not isfinite(value):
                raise UsageError(f"{name} must be a number, not {value}")
        for says, allows, names in BOUNDS:
            for name in names.split():
                value = getattr(self, name)
                if value is not None and not allows(value):
                    raise UsageError(f"{name} must be {says}, not {value:g}")


PROFILES: dict[str, Parameters] = {
    "embedded": Parameters(),
    "embedded:sharp": replace(Parameters(), precision=20.0),
}
"""Published sets of parameters by the name of the mind: ordinary subjects, and less noisy ones."""
