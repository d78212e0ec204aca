"""Statistics over runs: a run is the unit, n is part of every result, what is undefined is None."""

from repunet.analysis.statistics.correlation import fisher_mean
from repunet.analysis.statistics.difference import (
    MeanDifference,
    difference_limits,
    paired_t,
    permutation,
    welch,
)
from repunet.analysis.statistics.effect import EffectSize, hedges
from repunet.analysis.statistics.families import holm
from repunet.analysis.statistics.interval import (
    SHARE,
    UNLIMITED,
    Interval,
    Limits,
    Values,
    complete_pairs,
    cut,
    interval,
    known,
    minus,
)
from repunet.analysis.statistics.power import Power, needed, needed_from_pilots, power
from repunet.analysis.statistics.reach import runs_to_reach, smallest_p, too_few
from repunet.analysis.statistics.trend import Slope, slope

__all__ = [
    "SHARE",
    "UNLIMITED",
    "EffectSize",
    "Interval",
    "Limits",
    "MeanDifference",
    "Power",
    "Slope",
    "Values",
    "complete_pairs",
    "cut",
    "difference_limits",
    "fisher_mean",
    "hedges",
    "holm",
    "interval",
    "known",
    "minus",
    "needed",
    "needed_from_pilots",
    "paired_t",
    "permutation",
    "power",
    "runs_to_reach",
    "slope",
    "smallest_p",
    "too_few",
    "welch",
]
