"""What a norm leads to where opinions are private: how goodness spreads over a finite society.

Of each agent it follows how many of the others think well of it, and whether it does itself: its
goodness and self-reputation (Fujimoto & Ohtsuki 2023), here for n agents and round by round. What
is neglected is only that one observer's opinions of two agents may depend on each other.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from repunet.validation.theory.leading_eight import Norm

Array = NDArray[np.float64]
EITHER = (True, False)


@dataclass(frozen=True, slots=True)
class Sight:
    """Observation by third parties: its probability, and that of an error."""

    agents: int
    seen: float
    error: float

    @property
    def parties(self) -> int:
        """Return how many third parties there are to an encounter."""
        return self.agents - 2


def help_by_round(norm: Norm, sight: Sight, rounds: int) -> list[float]:
    """Return the rate of help round by round, where all are good in the first.

    >>> from repunet.validation.theory.leading_eight import LEADING_EIGHT
    >>> rates = help_by_round(LEADING_EIGHT["L6"], Sight(20, 0.9, 0.05), 60)
    >>> round(rates[0], 3), round(rates[-1], 1)
    (1.0, 0.5)
    """
    opinions = np.zeros((sight.agents, 2))
    opinions[-1, 1] = 1.0
    tables = {helped: _verdicts(norm, sight, helped) for helped in EITHER}
    rates = []
    for _ in range(rounds):
        opinions, rate = _round(norm, opinions, tables)
        rates.append(rate)
    return rates


def _round(norm: Norm, opinions: Array, tables: dict[bool, Array]) -> tuple[Array, float]:
    """Return the distribution of (how many think well of one, whether it does) after all acted."""
    after, rate = np.zeros_like(opinions), 0.0
    for self_donor, of_donor, self_recipient, of_recipient in product(EITHER, repeat=4):
        donors = _split(opinions[:, int(self_donor)], of_donor)
        recipients = _split(opinions[:, int(self_recipient)], of_recipient)
        helped = norm.helps(self_donor, of_recipient)
        third = np.einsum("d,r,drn->n", donors, recipients, tables[helped])
        best = int(norm.after(of_donor, self_recipient, helped))
        own = int(norm.after(self_donor, of_recipient, helped))
        after[best : best + len(third), own] += third
        rate += helped * float(third.sum())
    return after / after.sum(), rate  # what rounding took away would grow from round to round


def _split(opinions: Array, good: bool) -> Array:
    """Return how many third parties think well of one, and that the partner does, or does not."""
    partner = np.arange(len(opinions)) / (len(opinions) - 1)
    return (opinions * partner)[1:] if good else (opinions * (1 - partner))[:-1]


def _verdicts(norm: Norm, sight: Sight, helped: bool) -> Array:
    """Return P(n third parties think well of a donor afterwards).

    By how many did before, and by how many of them think well of the recipient.
    """
    parties = sight.parties
    share = np.arange(parties + 1) / parties
    stays, rises = (_good_after(norm, sight, was, helped, share) for was in EITHER)
    counts = np.arange(parties + 1)
    table = np.zeros((parties + 1,) * 3)
    for before in range(parties + 1):
        kept = binom.pmf(counts[None, :], before, stays[:, None])
        won = binom.pmf(counts[None, :], parties - before, rises[:, None])
        for number in range(before + 1):
            table[before, :, number:] += kept[:, [number]] * won[:, : parties + 1 - number]
    return table


def _good_after(norm: Norm, sight: Sight, was: bool, helped: bool, share: Array) -> Array:
    """Return how likely a third party thinks well of the donor afterwards, as it did or not."""
    seen = np.zeros_like(share)
    for recipient in EITHER:
        right = (1 - sight.error) * norm.after(was, recipient, helped)
        wrong = sight.error * norm.after(was, recipient, not helped)
        seen += (share if recipient else 1 - share) * (right + wrong)
    return (1 - sight.seen) * was + sight.seen * seen


def mean_help(norm: Norm, sight: Sight, first: int, last: int) -> float:
    """Return the rate of help over these rounds, the first of all being number 1."""
    return float(np.mean(help_by_round(norm, sight, last)[first - 1 :]))
