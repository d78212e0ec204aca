"""Comparisons: runs grouped into arms, what was measured of them, and the differences between arms.

`compare` returns plain data: commands print it, reports and reproductions use it.
"""

from repunet.analysis.comparison.arms import BY, Question
from repunet.analysis.comparison.comparing import compare, compared
from repunet.analysis.comparison.measuring import MeasuredRun, measure_runs, selected
from repunet.analysis.comparison.result import (
    Arm,
    Compared,
    Comparison,
    Contrast,
    Estimate,
    Group,
    Member,
    RunValue,
)

__all__ = [
    "BY",
    "Arm",
    "Compared",
    "Comparison",
    "Contrast",
    "Estimate",
    "Group",
    "MeasuredRun",
    "Member",
    "Question",
    "RunValue",
    "compare",
    "compared",
    "measure_runs",
    "selected",
]
