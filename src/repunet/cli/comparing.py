"""Commands over many runs: `compare` tests arms against each other, `power` says how many runs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from repunet.cli.options import Json, Storage, Tone, Whole
from repunet.cli.output import console, disclaimer, fitted, print_json, say
from repunet.errors import UsageError
from repunet.record.storage import runs_in
from repunet.system.extras import library

if TYPE_CHECKING:
    from repunet.analysis.comparison import ArmComparison, Group
    from repunet.analysis.statistics import Power

COMPARISON = "repunet.analysis.comparison"
STATISTICS = "repunet.analysis.statistics"
LAYOUT = "repunet.cli.compared"

Runs = Annotated[
    str, Parameter(help="Names or paths of runs, or folders of sweeps: all runs inside.")
]
Window = Annotated[Whole, Parameter(help="Rounds at the end of each run that are measured.")]
By = Annotated[
    str | None,
    Parameter(help="Compare arms that differ in this alone, e.g. treatment, mind or prompts."),
]


def compare(
    *runs: Runs,
    measure: Annotated[
        list[str] | None,
        Parameter(negative="", help="Measures, or all; default the headline and a few."),
    ] = None,
    window: Window = 5,
    paired: Annotated[
        bool | None,
        Parameter(
            negative="--unpaired", help="Pair runs by seed; default where all seeds are shared."
        ),
    ] = None,
    by: By = None,
    baseline: Annotated[
        str | None, Parameter(help="The arm to compare all others with; default all pairs.")
    ] = None,
    to: Annotated[
        Path | None, Parameter(help="Write estimates and differences into this CSV file, too.")
    ] = None,
    tone: Tone = "vader",
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Compare arms: runs that differ in nothing but their seeds repeat one another."""
    _require_room(to)
    made: Any = library(COMPARISON)
    question = made.ComparisonSettings(paired, by, baseline)
    found = _compared(runs, measure or (), window, question, storage, tone)
    if to is not None:
        library(f"{COMPARISON}.rows").write(found, to)
    print_json(found) if json else _print(found, to)


def _require_room(to: Path | None) -> None:
    """Raise UsageError before anything is measured, if its outcome can't be written there."""
    if to is None:
        return
    if to.suffix.lower() != ".csv":
        raise UsageError(f"--to writes CSV: name a file that ends in .csv, not {to}")
    if to.is_dir():
        raise UsageError(f"{to} is a folder: name a file for --to")
    if not to.absolute().parent.is_dir():
        raise UsageError(f"can't write {to}: there is no folder {to.parent}")


def _print(found: "ArmComparison", to: Path | None) -> None:
    layout: Any = library(LAYOUT)
    for group in found.groups:
        console.print(layout.title(group), style="bold")
        for table in layout.tables(group):
            console.print(table)
        for line in layout.sentences(group, found.window):
            say(line)
    for note in found.notes:
        say(note)
    if found.tone:
        say(f"tone of gossip judged by: {found.tone}")
    if to is not None:
        say(f"estimates and differences: {to}", unbroken=True)
    say(disclaimer(found.mind))


def _compared(
    runs: Sequence[str],
    measures: Sequence[str],
    window: int,
    question: Any,
    storage: Path | None,
    tone: str = "vader",
) -> "ArmComparison":
    made: Any = library(COMPARISON)
    at_once = library(f"{COMPARISON}.measuring").processors()
    found: ArmComparison = made.compare(
        files(runs, storage),
        measures,
        window=window,
        question=question,
        processes=at_once,
        tone=chosen_tone(tone),
    )
    return found


def chosen_tone(tone: str) -> str:
    """Return who judges the tone; raises UsageError, before anything is done, if nobody can."""
    if tone != "vader":
        library("repunet.analysis.measures.gossip").judge(tone)
    return tone


def files(runs: Sequence[str], storage: Path | None) -> list[Path]:
    """Return the run files that words stand for: runs, or folders with runs inside.

    Raises UsageError for a word that stands for none.
    """
    if not runs:
        raise UsageError("name the runs, or the folder of a sweep: repunet compare RUN RUN ...")
    return [path for word in runs for path in runs_in(word, storage)[1]]


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
    alpha: Annotated[float, Parameter(help="The level of the test.")] = 0.05,
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
    layout: Any = library(LAYOUT)
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
    question = library(COMPARISON).Question(False, by)
    found = _compared(runs, [measure], window, question, storage)
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
