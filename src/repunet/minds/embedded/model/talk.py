"""Talk, ties and gossip: whom ego talks with, listens to, believes and keeps."""

from repunet.minds.embedded.model.dilemma import logistic
from repunet.minds.embedded.model.parameters import Parameters


def gossip_propensity(valence: float, prosociality: float, parameters: Parameters) -> float:
    """Probability of gossiping about an act of this valence in [-1, 1]."""
    bias = parameters.gossip_bias if valence > 0.0 else -parameters.gossip_bias
    leaning = parameters.gossip_prosociality * (2.0 * prosociality - 1.0)
    raw = parameters.gossip_propensity * abs(valence) * (1.0 + bias) * (1.0 + leaning)
    return min(1.0, max(0.0, raw))


def passing_on_propensity(
    valence: float, credibility: int, prosociality: float, parameters: Parameters
) -> float:
    """Probability of passing on what was heard: only the credible is, and less readily."""
    if credibility < parameters.passed_on_from:
        return 0.0
    return parameters.second_hand * gossip_propensity(valence, prosociality, parameters)


def slur_probability(prosociality: float, parameters: Parameters) -> float:
    """Probability that a piece of gossip is a slur (valence -1), whatever happened."""
    return parameters.slur * (1.0 - prosociality)


def credibility_level(
    gossiper_score: float,
    distrust: float,
    valence: float,
    own_score: float | None,
    parameters: Parameters,
) -> int:
    """Credibility 1..5 of gossip of this valence from somebody with this score.

    `distrust` is the share of heard gossip rated 1 or 2; `own_score` is what ego thinks of the
    target, `None` if it knows nothing.
    """
    dissent = 0.0 if own_score is None else abs(valence - own_score) / 2.0
    belief = (
        parameters.credulity
        + parameters.credit_source * gossiper_score
        - parameters.credit_distrust * distrust
        - parameters.credit_dissent * dissent
    )
    return 1 + round(4.0 * logistic(belief))


def gossip_weight(credibility: int, parameters: Parameters) -> float:
    """Weight of judged gossip in the record on its target, relative to own experience."""
    return parameters.gossip_weight * (credibility - 1) / 4.0


def listener_index(score: float, parameters: Parameters) -> float:
    """Logit index of a tied agent as a listener."""
    return parameters.confiding * score


def partner_index(belief: float, exposure: float, parameters: Parameters) -> float:
    """Logit index of a partner: its expected payoff.

    `exposure` is the share of the payoff range that hangs on the partner (`Stakes.exposure`).
    """
    return parameters.precision * exposure * belief


def company_index(score: float, parameters: Parameters) -> float:
    """Logit index of somebody to talk with, by score."""
    return parameters.sociability * score


def tie_probability(belief: float, base: float, exposure: float, parameters: Parameters) -> float:
    """Probability of a tie after an encounter: this partner against one met by chance."""
    return logistic(parameters.precision * exposure * (belief - base))


def keep_tie_probability(score: float, parameters: Parameters) -> float:
    """Probability of keeping a tie after gossip, or of one after a talk."""
    return logistic(company_index(score, parameters))


def talk_probability(score: float | None, parameters: Parameters) -> float:
    """Probability of being willing to talk; with strangers (`None`) always."""
    return 1.0 if score is None else keep_tie_probability(score, parameters)
