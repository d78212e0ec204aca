"""The embedded mind in the laboratory: single decisions, computed from its functions, not played.

Where a society's average is meant it is that of ours: half prosocial, half self-interested.
"""

from math import log
from statistics import fmean
from typing import NamedTuple

from benchmarks.embedded_runs import short
from repunet.minds.embedded.model.dilemma import Outlook, WeighedChoice, softmax
from repunet.minds.embedded.model.evidence import NO_EVIDENCE, add_act, belief
from repunet.minds.embedded.model.parameters import Parameters
from repunet.minds.embedded.model.talk import credibility_level, gossip_weight
from repunet.minds.embedded.model.temperament import SocialWeights, social_weights
from repunet.minds.embedded.model.trust import (
    INVESTMENTS,
    PROMISES,
    RETURNS,
    investment_probabilities,
    return_choice,
    return_logits,
)
from repunet.scenarios.pd import PrisonersDilemma
from repunet.world.stakes import Game

BERG_MULTIPLIER = 3
OURS = 2
STAKE = 0.5
"""Share of the investor's wealth that is entrusted where returns are asked for."""


class Shift(NamedTuple):
    """A probability when nobody knows of ego's record, and when everybody does."""

    unseen: float
    seen: float

    @property
    def log_odds(self) -> float:
        """Return the shift in log-odds."""
        return log(self.seen / (1.0 - self.seen)) - log(self.unseen / (1.0 - self.unseen))


class Laboratory:
    """One set of parameters, asked single questions."""

    def __init__(self, parameters: Parameters) -> None:
        self.p = parameters
        self.prosocial = social_weights(1.0, 0.0, parameters)
        self.selfish = social_weights(0.0, 0.0, parameters)
        game = PrisonersDilemma.stakes
        assert isinstance(game, Game)
        self.dilemma = WeighedChoice(game, parameters)

    def sent(self, trust: float, promised: float = min(PROMISES)) -> float:
        """Return the share that is entrusted when what is entrusted is tripled."""
        kinds = (self.prosocial, self.selfish)
        return fmean(self._sent(trust, promised, weights) for weights in kinds)

    def _sent(self, trust: float, promised: float, weights: SocialWeights) -> float:
        chances = investment_probabilities(trust, promised, weights, BERG_MULTIPLIER, self.p)
        return sum(share * chance for share, chance in zip(INVESTMENTS, chances, strict=True))

    def returned(self) -> float:
        """Return the share of tripled proceeds that goes back, unseen and without a promise."""
        kinds = (self.prosocial, self.selfish)
        return fmean(self._returned(weights) for weights in kinds)

    def _returned(self, weights: SocialWeights) -> float:
        outlook = self._outlook(weights, 0.0)
        chances = softmax(return_logits(0.0, STAKE, outlook, BERG_MULTIPLIER, self.p))
        return sum(share * chance for share, chance in zip(RETURNS, chances, strict=True))

    def cooperation(self, weights: SocialWeights) -> Shift:
        """Return how likely cooperation is in the Prisoner's Dilemma, with a stranger."""
        trust = self.p.first_belief
        return Shift(*(self._cooperates(weights, seen, trust) for seen in (0.0, 1.0)))

    def _cooperates(self, weights: SocialWeights, seen: float, trust: float) -> float:
        return self.dilemma.probabilities(trust, self._outlook(weights, seen))[0]

    def keeping(self, weights: SocialWeights) -> Shift:
        """Return how likely a trustee keeps the smallest promise that it considers."""
        promised = min(PROMISES)
        outlooks = [self._outlook(weights, seen) for seen in (0.0, 1.0)]
        return Shift(*(return_choice(promised, STAKE, o, OURS, self.p).keep for o in outlooks))

    def after_gossip(self, valence: float) -> float:
        """Return how likely a prosocial ego cooperates with one of whom a stranger spoke so."""
        level = credibility_level(0.0, 0.0, valence, None, self.p)
        record = add_act(NO_EVIDENCE, valence, self.p, gossip_weight(level, self.p))
        trust = belief(record, self.p.first_belief, self.p)
        return self._cooperates(self.prosocial, 0.5, trust)

    def _outlook(self, weights: SocialWeights, seen: float) -> Outlook:
        return Outlook(weights, NO_EVIDENCE, seen, self.p.first_belief)


def odds(shift: Shift) -> str:
    """Return a shift as it is printed."""
    return f"{short(shift.unseen)} to {short(shift.seen)} (log-odds {shift.log_odds:+.1f})"
