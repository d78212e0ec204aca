"""A comparison as rows of a CSV file: a row for each estimate, and for each difference."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from repunet.analysis.comparison.result import (
    ArmComparison,
    ArmEstimate,
    Group,
    MeasureComparison,
    MeasureContrast,
)
from repunet.analysis.tables.files import drafted
from repunet.errors import UsageError

COLUMNS = (
    "kind",
    "scenario",
    "measure",
    "arm",
    "versus",
    "mind",
    "runs",
    "runs_versus",
    "value",
    "low",
    "high",
    "sd",
    "counted",
    "missing",
    "interval",
    "test",
    "p",
    "p_holm",
    "welch_p",
    "welch_p_holm",
    "pairs",
    "permutation_p",
    "permutation_p_holm",
    "smallest_p",
    "g_name",
    "g",
    "g_low",
    "g_high",
)


def rows(found: ArmComparison) -> Iterator[dict[str, Any]]:
    """Yield its rows; what a row does not have is empty in the file."""
    for group in found.groups:
        minds = {arm.name: arm.mind for arm in group.arms}
        for measure in group.measures:
            for each in measure.estimates:
                yield _about(group, measure) | _estimate(each) | {"mind": minds[each.arm]}
            for other in measure.contrasts:
                both = " + ".join(dict.fromkeys((minds[other.arm], minds[other.versus])))
                yield _about(group, measure) | _contrast(other) | {"mind": both}


def write(found: ArmComparison, path: Path) -> None:
    """Write its rows; raises UsageError where that can't be done."""
    try:
        with drafted(path) as draft, draft.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows(found))
    except OSError as error:
        raise UsageError(f"can't write {path} ({error.strerror})") from None


def _about(group: Group, measure: MeasureComparison) -> dict[str, Any]:
    return {"scenario": group.scenario, "measure": measure.name}


def _estimate(each: ArmEstimate) -> dict[str, Any]:
    found = each.interval
    return {
        "kind": "estimate",
        "arm": each.arm,
        "runs": found.n,
        "value": found.mean,
        "low": found.low,
        "high": found.high,
        "interval": found.form if found.low is not None else None,
        "sd": found.sd,
        "counted": each.counted,
        "missing": each.missing,
    }


def _contrast(each: MeasureContrast) -> dict[str, Any]:
    tested = each.tested
    return {
        "kind": "difference",
        "arm": each.arm,
        "versus": each.versus,
        "runs": tested.n[0],
        "runs_versus": tested.n[1],
        "value": tested.difference,
        "low": tested.low,
        "high": tested.high,
        "test": tested.method,
        "p": tested.p,
        "p_holm": each.adjusted,
        "welch_p": each.welch.p,
        "welch_p_holm": each.welch_adjusted,
        "pairs": each.pairs and each.pairs.n[0],
        "permutation_p": each.permutation.p,
        "permutation_p_holm": each.permutation_adjusted,
        "smallest_p": each.permutation.smallest_p,
        "g_name": each.effect.name,
        "g": each.effect.g,
        "g_low": each.effect.low,
        "g_high": each.effect.high,
    }
