"""The mean of correlations of several runs, by Fisher's transformation."""

import math

from repunet.analysis.statistics.interval import LEVEL, Interval, Values, interval, known

BOUND = 0.9999
"""What stands for a perfect correlation, whose transform would be infinite."""


def fisher_mean(correlations: Values, level: float = LEVEL) -> Interval:
    """Return the mean correlation over runs: tanh of the mean of artanh r (Fisher 1921).

    The interval is the t-interval over runs of the transforms, transformed back: it tells how the
    correlation varies between runs, not how many agents each has. `sd` is that of the correlations
    themselves. A perfect correlation counts as .9999.

    >>> found = fisher_mean([0.5, 0.7, 0.9])
    >>> print(f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}], n = {found.n}")
    0.746 [-0.199, 0.972], n = 3
    """
    found = known(correlations)
    z = interval([math.atanh(max(-BOUND, min(BOUND, r))) for r in found], level)
    low, high = (None if end is None else math.tanh(end) for end in (z.low, z.high))
    mean = None if z.mean is None else math.tanh(z.mean)
    return Interval(mean, low, high, z.n, interval(found).sd, "Fisher")
