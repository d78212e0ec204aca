"""Logit choice among the declared options of a social dilemma, with an eye to one's reputation.

Charness-Rabin utility, plus what the act does to how informed others will answer, plus image:
P(option) ~ exp[precision / range * (E U + B) + image_concern * observability * cooperation].
"""

from collections.abc import Sequence
from math import exp
from typing import NamedTuple

from repunet.minds.embedded.model.evidence import WeightedActs, add_act, belief, horizon
from repunet.minds.embedded.model.parameters import Parameters
from repunet.minds.embedded.model.temperament import EGOIST, SocialWeights, social_weights
from repunet.world.stakes import Game

_CEILING = 300.0
"""Logits are cut here, far beyond certainty, so that no stakes overflow."""


class Outlook(NamedTuple):
    """Expectations of ego in a choice, whoever the partner is."""

    weights: SocialWeights
    own: WeightedActs
    """Ego's own record, as others probably see it."""
    observability: float
    """Probability that others know of ego's record."""
    base: float
    """Base rate: probability that anybody acts well."""


class LogOddsTerms(NamedTuple):
    """Terms of the log-odds with which one option is preferred to another."""

    material: float
    """Own payoff, at the base rate."""
    fairness: float
    """Alter's payoff, at the base rate."""
    partner: float
    """What is thought of this partner beyond the base rate."""
    reputation: float
    """How informed others will answer."""
    image: float
    """Being seen."""

    @property
    def log_odds(self) -> float:
        """Log-odds of the one option against the other."""
        return sum(self)


def logistic(x: float) -> float:
    """Probability of the first of two options whose log-odds are `x`."""
    return 1.0 / (1.0 + exp(min(-x, _CEILING)))


def softmax(logits: Sequence[float]) -> tuple[float, ...]:
    """Choice probabilities, one for each logit."""
    top = max(logits)
    odds = [exp(logit - top) for logit in logits]
    total = sum(odds)
    return tuple([each / total for each in odds])


class WeighedChoice:
    """A choice under given stakes and parameters: build it once, ask it often.

    Every tuple it returns has one entry for each option, in the order of the stakes.
    """

    __slots__ = ("_excuse", "_others", "_scale", "_valences", "_worth", "parameters", "stakes")

    def __init__(self, stakes: Game, parameters: Parameters) -> None:
        self.stakes = stakes
        self.parameters = parameters
        # Payoffs that never differ have no unit of their own.
        self._scale = parameters.precision / (stakes.range or 1.0)
        self._worth = stakes.worth
        self._excuse = parameters.excuse if stakes.excusable else 0.0
        self._valences = tuple(2.0 * option.cooperation - 1.0 for option in stakes.options)
        share = parameters.conditional_share
        conditional = social_weights(1.0, 0.0, parameters)
        self._others = (
            (share, self._against_first(conditional)),
            (1.0 - share, self._against_first(EGOIST)),
        )

    def utilities(self, belief_in_alter: float, weights: SocialWeights) -> list[float]:
        """Expected utility of each option, in payoff units."""
        believed, doubted = belief_in_alter, 1.0 - belief_in_alter
        behind, ahead, kind, unkind, _ = weights
        values = []
        for option in self.stakes.options:
            mine, theirs = option.met
            met = mine + ((ahead if mine > theirs else behind) + kind) * (theirs - mine)
            mine, theirs = option.unmet
            unmet = mine + ((ahead if mine > theirs else behind) + unkind) * (theirs - mine)
            values.append(believed * met + doubted * unmet)
        return values

    def expected_response(self, own: WeightedActs, base: float) -> float:
        """Degree of cooperation to expect of another who knows ego's record.

        Theory of mind of level one: a share are conditional cooperators, the rest egoists, and
        neither reckons with its own reputation.
        """
        trust = belief(own, base, self.parameters)
        expected = 0.0
        for share, rivals in self._others:
            weighted, total = self.stakes.options[0].cooperation, 1.0
            for offset, slope, cooperation in rivals:
                odds = exp(min(offset + slope * trust, _CEILING))
                weighted += odds * cooperation
                total += odds
            expected += share * weighted / total
        return expected

    def reputational_values(self, belief_in_alter: float, outlook: Outlook) -> list[float]:
        """What each act is worth for how informed others answer later, in payoff units.

        A one-shot deviation: the changed record colours encounters until later acts dilute it.
        """
        _, own, seen, base = outlook
        stake = seen * self._worth
        if not stake:
            return [0.0] * len(self._valences)
        now = self.expected_response(own, base)
        blame = 1.0 - (1.0 - belief_in_alter) * self._excuse
        values = []
        for valence in self._valences:
            judged = valence if valence >= 0.0 else valence * blame
            then = add_act(own, judged, self.parameters)
            gain = self.expected_response(then, base) - now
            values.append(stake * horizon(then, 1.0, self.parameters) * gain)
        return values

    def logits(self, belief_in_alter: float, outlook: Outlook) -> list[float]:
        """Logit index of each option; only differences mean anything."""
        scale = self._scale
        image = self.parameters.image_concern * outlook.observability
        utilities = self.utilities(belief_in_alter, outlook.weights)
        reputation = self.reputational_values(belief_in_alter, outlook)
        return [
            scale * (utility + value) + image * option.cooperation
            for utility, value, option in zip(
                utilities, reputation, self.stakes.options, strict=True
            )
        ]

    def probabilities(self, belief_in_alter: float, outlook: Outlook) -> tuple[float, ...]:
        """Probability of each option, given the belief that alter cooperates."""
        return softmax(self.logits(belief_in_alter, outlook))

    def grounds(self, option: int, belief_in_alter: float, outlook: Outlook) -> LogOddsTerms:
        """Why `option` (an index) beats, or does not beat, the best of the others."""
        logits = self.logits(belief_in_alter, outlook)
        rival = max((i for i in range(len(logits)) if i != option), key=logits.__getitem__)

        def edge(values: Sequence[float]) -> float:
            return self._scale * (values[option] - values[rival])

        own = edge(self.utilities(outlook.base, EGOIST))
        usual = edge(self.utilities(outlook.base, outlook.weights))
        actual = edge(self.utilities(belief_in_alter, outlook.weights))
        reputation = edge(self.reputational_values(belief_in_alter, outlook))
        degrees = self.stakes.options
        lead = degrees[option].cooperation - degrees[rival].cooperation
        image = self.parameters.image_concern * outlook.observability * lead
        return LogOddsTerms(own, usual - own, actual - usual, reputation, image)

    def _against_first(self, weights: SocialWeights) -> tuple[tuple[float, float, float], ...]:
        """Offset, slope in the belief, and degree of every option but the first.

        Utility is linear in the belief, hence so is the logit against the first option.
        """
        unmet = self.utilities(0.0, weights)
        met = self.utilities(1.0, weights)
        scale = self._scale
        return tuple(
            (
                scale * (unmet[i] - unmet[0]),
                scale * ((met[i] - met[0]) - (unmet[i] - unmet[0])),
                option.cooperation,
            )
            for i, option in enumerate(self.stakes.options)
            if i
        )
