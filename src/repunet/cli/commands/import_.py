"""The command `import`: a run or a seed of the reference, taken over."""

import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from repunet.cli.options import Json, Storage, Whole
from repunet.cli.printing.console import print_json, say
from repunet.cli.printing.formats import numbered
from repunet.compat.reference.importing import Counts, ReferenceSource, take_over
from repunet.errors import UsageError
from repunet.record.storage import called
from repunet.runs.log import noted
from repunet.runs.run import found
from repunet.runs.spec import SEED, RunSpec
from repunet.scenarios import scenario as find_scenario
from repunet.world.treatment import TREATMENTS

LINES = 50
"""How many lines about what was left out are printed; --json has all."""


UNKNOWN_PAST = "imported from the reference: which mind made its past is not known"


KNOWN_PAST = "imported with the notes of an export: its past is said to be made by"


@dataclass(frozen=True, slots=True)
class Taken:
    """Result of an import."""

    name: str
    path: str
    scenario: str
    treatment: str
    seed: int
    carried: Counts
    past_minds: str | None
    """Which minds made its past, as an export of ours noted it; the reference does not."""
    complaints: int
    """Complaints that nobody had heard yet: left out."""
    left_out: tuple[str, ...]


def import_(
    folder: Path,
    /,
    *,
    scenario: Annotated[
        str | None, Parameter(help="Scenario of the run, where its files do not tell.")
    ] = None,
    treatment: Annotated[
        str | None, Parameter(help=f"Treatment it was played under: {', '.join(TREATMENTS)}.")
    ] = None,
    mind: Annotated[
        list[str] | None,
        Parameter(negative="", help="Mind that goes on; as in run."),
    ] = None,
    model: Annotated[
        list[str] | None, Parameter(negative="", help="Language model that goes on; as in run.")
    ] = None,
    seed: Annotated[
        Whole | None, Parameter(help=f"Random seed with which it goes on; default {SEED}.")
    ] = None,
    name: Annotated[str | None, Parameter(help="Name of the run; default as its folder.")] = None,
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Take over a seed or a run of the reference; its steps are the first rounds of the run.

    Parameters
    ----------
    folder
        Folder of a run, of a seed, or of one of their steps: its last finished step is taken.
    """
    known = None if scenario is None else find_scenario(scenario).name
    source = ReferenceSource(folder, known)
    chosen = TREATMENTS["full"] if source.treatment is None else source.treatment
    if treatment is not None:
        chosen = RunSpec(treatment=treatment).merged(scenario=source.dialect.scenario).condition
    elif source.treatment is None and source.number:
        raise UsageError(
            f"{source.name}: the reference does not record the treatment of a run: say "
            f"--treatment; its files fit {', '.join(filter(_fits(source), TREATMENTS))}"
        )
    source.check(chosen)
    manifest = found(
        source.dialect.scenario,
        chosen,
        source.personas,
        SEED if (given := source.seed if seed is None else seed) is None else given,
        _cast(source, mind or (), model or ()),
        source.ties,
    )
    path, carried = take_over(source, manifest, name=name, folder=storage)
    noted(path, f"taken over from {source}")
    taken = Taken(
        name=path.parent.name,
        path=str(path),
        scenario=manifest.scenario,
        treatment=manifest.treatment.label,
        seed=manifest.seed,
        carried=carried,
        past_minds=source.past_minds,
        complaints=source.complaints,
        left_out=tuple(source.report.lines),
    )
    print_json(taken) if json else _print_taken(taken, path, manifest.mind_names)


def _fits(source: ReferenceSource) -> Callable[[str], bool]:
    return lambda name: source.fits(TREATMENTS[name])


def _cast(source: ReferenceSource, minds: Sequence[str], models: Sequence[str]) -> dict[str, str]:
    """Return which mind goes on, for whom."""
    spec = RunSpec().merged(scenario=source.dialect.scenario, personas=source.step)
    return spec.assign_minds(minds, models, os.environ).minds


def _print_taken(taken: Taken, path: Path, minds: str) -> None:
    say(f"{taken.name}: {taken.scenario}, {taken.treatment}, seed {taken.seed}, {_counts(taken)}")
    for line in taken.left_out[:LINES]:
        say(f"left out: {line}", unbroken=True)
    if more := len(taken.left_out[LINES:]):
        say(f"left out: {numbered(more, 'more things')} (--json has all)")
    if taken.complaints:
        say(f"left out: {numbered(taken.complaints, 'complaints')} that nobody has heard yet")
    if taken.carried.steps:
        known = taken.past_minds
        say(UNKNOWN_PAST if known is None else f"{KNOWN_PAST} {known}")
    say(f"run file of {taken.name}: {taken.path}", unbroken=True)
    say(f"to go on with {minds}: repunet resume {called(path)} --rounds 10", unbroken=True)


def _counts(taken: Taken) -> str:
    counted = asdict(taken.carried).items()
    return ", ".join(numbered(number, what) for what, number in counted)
