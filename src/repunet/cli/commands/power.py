"""The command `power`: the number of runs an arm needs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from repunet.cli.commands.compare import COMPARISON, compared
from repunet.cli.options import By, Json, Runs, Storage, Window
from repunet.cli.printing.console import console, print_json, say
from repunet.cli.printing.formats import disclaimer
from repunet.cli.printing.tables import fitted
from repunet.errors import UsageError
from repunet.system.extras import library

if TYPE_CHECKING:
    from repunet.analysis.comparison import Group
    from repunet.analysis.statistics import Power

STATISTICS = "repunet.analysis.statistics"


@dataclass(frozen=True, slots=True)
class Needed:
    """Numbers of runs that two arms need to be told apart."""

    scenario: str
    """Empty, as are measure and mind, where means and standard deviations were given."""
    measure: str
    arm: str
    versus: str
    mind: str
    power: "Power | None"
    """None where an arm has fewer than two pilot runs."""


def power(
    *runs: Runs,
    means: Annotated[
        tuple[float, float] | None, Parameter(help="Expected means of two arms: .9 .8.")
    ] = None,
    sds: Annotated[
        tuple[float, float] | None,
        Parameter(help="Standard deviations between runs of each arm: .05 .1."),
    ] = None,
    measure: Annotated[str, Parameter(help="Measure of pilot runs.")] = "cooperation",
    power: Annotated[
        float, Parameter(help="Power: the chance that a true difference is found.")
    ] = 0.8,
    alpha: Annotated[float, Parameter(help="Level of the test.")] = 0.05,
    window: Window = 5,
    by: By = None,
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Tell how many runs an arm needs, from pilot runs, or from means and standard deviations."""
    for name, value in (("--power", power), ("--alpha", alpha)):
        if not 0 < value < 1:
            raise UsageError(f"{name} takes a number between 0 and 1, not {value:g}")
    wanted = {"power": power, "alpha": alpha}
    if runs and (means or sds):
        raise UsageError("say either pilot runs, or --means and --sds")
    if runs:
        found = _from_pilots(runs, measure, window, by, storage, wanted)
    else:
        found = [_from_numbers(means, sds, wanted)]
    print_json(found) if json else _print_needed(found, power, alpha)


def _print_needed(found: Sequence[Needed], power: float, alpha: float) -> None:
    layout: Any = library("repunet.cli.printing.power")
    say(layout.power_title(found[0].measure, power, alpha))
    console.print(fitted("", layout.needed(found), ("SDs",)))
    for line in layout.power_sentences(found, alpha):
        say(line)
    if minds := list(dict.fromkeys(each.mind for each in found if each.mind)):
        say(disclaimer(" + ".join(minds)))


def _from_numbers(
    means: tuple[float, float] | None,
    sds: tuple[float, float] | None,
    wanted: dict[str, float],
) -> Needed:
    if means is None or sds is None:
        raise UsageError("say --means A B and --sds A B, or name pilot runs")
    if not all(map(isfinite, (*means, *sds))):
        raise UsageError("--means and --sds take numbers")
    if min(sds) < 0:
        raise UsageError("a standard deviation is 0 or more")
    statistics: Any = library(STATISTICS)
    return Needed("", "", "A", "B", "", statistics.needed(means, sds, **wanted))


def _from_pilots(
    runs: Sequence[str],
    measure: str,
    window: int,
    by: str | None,
    storage: Path | None,
    wanted: dict[str, float],
) -> list[Needed]:
    question = library(COMPARISON).ComparisonSettings(False, by)
    found = compared(runs, [measure], window, question, storage)
    needed = [each for group in found.groups for each in _of_group(group, measure, wanted)]
    if not needed:
        raise UsageError(
            "these runs are not two arms of a scenario that went equally far, or the measure does "
            "not fit it; see: repunet compare"
        )
    return needed


def _of_group(group: "Group", measure: str, wanted: dict[str, float]) -> Iterator[Needed]:
    """Yield how many runs each two arms of a scenario need."""
    statistics: Any = library(STATISTICS)
    minds = {arm.name: arm.mind for arm in group.arms}
    for measured in group.measures:
        values = {e.arm: [each.value for each in e.values] for e in measured.estimates}
        for each in measured.contrasts:
            mind = " + ".join(dict.fromkeys((minds[each.arm], minds[each.versus])))
            enough = statistics.needed_from_pilots(values[each.arm], values[each.versus], **wanted)
            yield Needed(group.scenario, measure, each.arm, each.versus, mind, enough)
