"""When discriminating pays: the exact expectations of one defector among discriminators.

In mutual aid everybody meets a partner drawn anew in every round, and both may help. n - 1
discriminators, one defector. Each third party sees an act with probability q and, with error e,
takes it for its opposite; a discriminator passes by those it saw do wrong in the round before.
With r = (n-2)/(n-1), the chance that somebody was no partner of one's partner in that round:

    a = q r (1 - e)                                         a discriminator knows the defector
    y = q/(n-1) [ w ((n-3) y + a) + e ((n-3)(1-y) + 1-a) ]  it passes by another discriminator
    gap = r (b - c)(1 - y) - (c (1 - a))/(n-1) - b (1 - a)  its pay minus the defector's, a round

where w, how likely a discriminator that passed somebody by is ill thought of, is 0 with excuses
(standing) and 1 - e without (image scoring). Without error and with excuses y is 0 and the gap
vanishes at a = [b + (n-1) c] / [(n-1) b + c], which tends to c/b (Nowak & Sigmund 1998). With error
and excuses the limit is b q (1 - 2e) = c (1 - q e), but for terms in e squared.
"""

from dataclasses import dataclass

from scipy.optimize import brentq


@dataclass(frozen=True, slots=True)
class DiscriminationTerms:
    """Quantities that decide whether discriminating pays."""

    agents: int
    benefit: float
    cost: float
    error: float = 0.0
    excuses: bool = True

    def known(self, seen: float) -> float:
        """Return how likely a discriminator knows of the defector when they meet.

        >>> DiscriminationTerms(20, 3, 1).known(0.38)
        0.36
        """
        return seen * (self.agents - 2) / (self.agents - 1) * (1 - self.error)

    def passed_by(self, seen: float) -> float:
        """Return how likely a discriminator passes by another, in the long run."""
        others, known = self.agents - 3, self.known(seen)
        blamed = 0.0 if self.excuses else 1 - self.error
        share = seen / (self.agents - 1)
        at_once = share * (blamed * known + self.error * (others + 1 - known))
        return at_once / (1 - share * others * (blamed - self.error))

    def gap(self, seen: float) -> float:
        """Return a discriminator's pay minus the defector's, per round."""
        known, slighted = self.known(seen), self.passed_by(seen)
        among = (self.agents - 2) / (self.agents - 1) * (self.benefit - self.cost) * (1 - slighted)
        fooled = (1 - known) * (self.benefit + self.cost / (self.agents - 1))
        return among - fooled

    def crossing(self) -> float:
        """Return the probability of seeing an act at which discriminating begins to pay.

        >>> terms = DiscriminationTerms(100, 3, 1)
        >>> round(terms.known(terms.crossing()), 3)
        0.342
        """
        return float(brentq(self.gap, 0.0, 1.0))


def classical(agents: int, benefit: float, cost: float) -> float:
    """Return the knowledge q* at which standing-type discrimination pays, with n agents.

    >>> round(classical(20, 3, 1), 3), round(classical(100, 2, 1), 3)
    (0.379, 0.508)
    """
    return (benefit + (agents - 1) * cost) / ((agents - 1) * benefit + cost)


def limit(benefit: float, cost: float, error: float = 0.0) -> float:
    """Return the same for many agents, where a report is wrong with probability `error`.

    It solves b q (1 - 2e) = c (1 - q e).

    >>> limit(3, 1), round(limit(3, 1, 0.1), 3)
    (0.3333333333333333, 0.4)
    """
    return cost / (benefit * (1 - 2 * error) + cost * error)
