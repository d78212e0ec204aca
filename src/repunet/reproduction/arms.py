"""Arms: the runs of one scenario, mind and treatment, and what was measured in each of them."""

from collections.abc import Iterable
from typing import NamedTuple

from repunet.analysis.comparison.arms import ArmRuns, arm_of
from repunet.analysis.comparison.measuring import MeasuredRun
from repunet.reproduction.runs import Replication


class Key(NamedTuple):
    """Factors that tell one arm from the others."""

    scenario: str
    mind: str
    treatment: str


def arms(results: Iterable[tuple[Replication, MeasuredRun]]) -> dict[Key, ArmRuns]:
    """Return the arms, in the order in which their first runs come."""
    found: dict[Key, list[MeasuredRun]] = {}
    for run, measured in results:
        found.setdefault(Key(run.scenario, run.mind, run.treatment), []).append(measured)
    return {key: arm_of(key.treatment, runs) for key, runs in found.items()}


def values(arm: ArmRuns, measure: str) -> list[float | None]:
    """Return a measure run by run, in the order of their seeds; None where it is not defined."""
    return [run.rates[measure].value for run in arm.runs]
