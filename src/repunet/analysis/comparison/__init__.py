"""Comparisons: runs grouped into arms, what was measured of them, and the differences between arms.

`compare` returns plain data: commands print it, reports and reproductions use it.
"""

from repunet.analysis.comparison.arms import BY, ComparisonSettings
from repunet.analysis.comparison.comparing import compare, compared
from repunet.analysis.comparison.measuring import MeasuredRun, measure_runs, selected
from repunet.analysis.comparison.result import (
    Arm,
    ArmComparison,
    ArmEstimate,
    Group,
    MeasureComparison,
    MeasureContrast,
    Member,
    RunValue,
)
from repunet.moved import names_of

__getattr__ = names_of(__name__)

__all__ = [
    "BY",
    "Arm",
    "ArmComparison",
    "ArmEstimate",
    "ComparisonSettings",
    "Group",
    "MeasureComparison",
    "MeasureContrast",
    "MeasuredRun",
    "Member",
    "RunValue",
    "compare",
    "compared",
    "measure_runs",
    "selected",
]
