"""What a norm leads to where all agree on everybody's standing: the exact mean field.

One standing for each, one error for all (Ohtsuki & Iwasa 2004). That the standings of those who
meet are independent of each other holds on average, since partners are drawn anew each round.
"""

from repunet.validation.minds.norm import Lapses
from repunet.validation.minds.standing import BAD, GOOD
from repunet.validation.theory.leading_eight import Norm

SETTLED, ROUNDS = 1e-12, 10_000


def public(norm: Norm, lapses: Lapses) -> tuple[float, float]:
    """Return the share of the good and the rate of help in the long run, from all being good.

    With g the share of the good, each of donor and recipient is good with probability g:
    g <- sum over both of P(donor) P(recipient) P(judged good after the donor's act).

    >>> from repunet.validation.theory.leading_eight import LEADING_EIGHT
    >>> [round(value, 4) for value in public(LEADING_EIGHT["L6"], Lapses(judgement=0.05))]
    [0.95, 0.95]
    """
    good, rate = 1.0, 0.0
    for _ in range(ROUNDS):
        before = good
        good, rate = _once(norm, lapses, before)
        if abs(good - before) < SETTLED:
            break
    return good, rate


def path(norm: Norm, lapses: Lapses, rounds: int) -> list[float]:
    """Return the rate of help round by round, where all are good in the first.

    >>> from repunet.validation.theory.leading_eight import IMAGE_SCORING
    >>> [round(rate, 3) for rate in path(IMAGE_SCORING, Lapses(act=0.1), 3)]
    [0.9, 0.81, 0.729]
    """
    good, rates = 1.0, []
    for _ in range(rounds):
        good, rate = _once(norm, lapses, good)
        rates.append(rate)
    return rates


def _once(norm: Norm, lapses: Lapses, good: float) -> tuple[float, float]:
    """Return the share of the good after everybody's act, and the rate of help in it."""
    after = rate = 0.0
    for donor, recipient in ((d, r) for d in (GOOD, BAD) for r in (GOOD, BAD)):
        likely = (good if donor else 1 - good) * (good if recipient else 1 - good)
        help_ = norm.helps(donor, recipient) * (1 - lapses.act)
        judged = help_ * norm.after(donor, recipient, True)
        judged += (1 - help_) * norm.after(donor, recipient, False)
        rate += likely * help_
        after += likely * (judged + lapses.judgement * (1 - 2 * judged))
    return after, rate
