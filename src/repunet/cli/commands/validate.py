"""The command `validate`: what our own societies give, beside results that nobody here wrote."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Annotated

from cyclopts import Parameter

from repunet.cli.options import Json, Quiet, Seed, Whole
from repunet.cli.printing.console import console, print_json, progress_console, say
from repunet.cli.printing.formats import disclaimer
from repunet.cli.printing.tables import fitted
from repunet.errors import RepuNetError, UsageError
from repunet.system.extras import library
from repunet.validation.check import FAMILIES, Check, Family, Value
from repunet.validation.suite import Result, jobs, results

TITLES: dict[Family, str] = {
    "exact": "Exact results (must be met)",
    "theory": "Theory, with a Monte Carlo tolerance (must be met)",
    "human": "Human subjects (reported; nothing depends on it)",
}


SPARE = ("source:",)
"""Columns that a narrow page does without."""


WORKERS = 2


SMALL = 0.0005


@dataclass(frozen=True, slots=True)
class Verdict:
    """Result of all checks together."""

    passed: bool
    """Whether every check that must be met is."""
    full: bool
    seed: int
    seconds: float
    parts: tuple[Result, ...]


def validate(
    *,
    only: Annotated[
        str, Parameter(help="Families (exact, theory, human) or parts, separated by commas.")
    ] = "",
    full: Annotated[
        bool,
        Parameter(negative="", help="Take the full sizes, which take long: 100,000 turns a pair."),
    ] = False,
    seed: Seed = 1,
    workers: Annotated[Whole, Parameter(help="Number of processes at once.")] = WORKERS,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check RepuNet against exact scores, theory and human subjects, offline."""
    if workers < 1:
        raise UsageError(f"at least 1 process must work, not {workers}")
    library("scipy.stats")  # here, lest every process say so in its own way
    verdict = checked(only, full=full, seed=seed, workers=workers, quiet=quiet)
    if json:
        print_json(verdict)
    else:
        show(verdict)
    if not verdict.passed:
        raise RepuNetError(f"not met: {'; '.join(each.name for each in unmet(verdict))}")


def checked(only: str, *, full: bool, seed: int, workers: int, quiet: bool) -> Verdict:
    """Return what all checks, or those asked for, come to."""
    began, done = perf_counter(), []
    names = [name.strip() for name in only.split(",") if name.strip()]
    todo = jobs(names, full=full, seed=seed)
    for result in results(todo, perf_counter, workers):
        done.append(result)
        if not quiet:
            progress_console.print(told(result), soft_wrap=True)
    order = [job.part for job in todo]
    parts = tuple(sorted(done, key=lambda result: order.index(result.part)))
    passed = all(each.passed for each in every(parts) if each.gate)
    return Verdict(passed, full, seed, perf_counter() - began, parts)


def told(result: Result) -> str:
    """Return one line about a part that has been checked."""
    met = sum(each.passed for each in result.checks)
    return f"{result.part}: {met} of {len(result.checks)} met, {result.seconds:.1f} s"


def every(parts: Iterable[Result]) -> list[Check]:
    """Return the checks of all parts."""
    return [each for part in parts for each in part.checks]


def unmet(verdict: Verdict) -> list[Check]:
    """Return the checks that must be met and are not."""
    return [each for each in every(verdict.parts) if each.gate and not each.passed]


def show(verdict: Verdict) -> None:
    """Print a table for each family, which minds made it, and the verdict."""
    checks = every(verdict.parts)
    for family in FAMILIES:
        chosen = [each for each in checks if each.family == family]
        if not chosen:
            continue
        console.print(fitted(TITLES[family], columns(chosen), SPARE))
        for each in filter(lambda each: not each.passed, chosen):
            say(f"{each.name}: {each.note or 'no note'}")
        say(f"{made_by(chosen)}\n")
    gates = [each for each in checks if each.gate]
    met = sum(each.passed for each in gates)
    size = "full" if verdict.full else "quick"
    say(
        f"{met} of {len(gates)} that must be met are met; {size} sizes, seed {verdict.seed}, "
        f"{verdict.seconds:.0f} s"
    )


def columns(checks: Sequence[Check]) -> dict[str, list[str]]:
    """Return the columns of a table of checks."""
    return {
        "check:": [each.name for each in checks],
        "expected": [spelled(each.expected) for each in checks],
        "found": [spelled(each.found) for each in checks],
        "within": [spelled(each.tolerance) if each.tolerance else "" for each in checks],
        "missing": [str(each.missing) for each in checks],
        "verdict:": [judged(each) for each in checks],
        "source:": [each.source for each in checks],
    }


def made_by(checks: Sequence[Check]) -> str:
    """Return which minds made what was found, and what must be said of them."""
    return disclaimer("; ".join(dict.fromkeys(each.mind for each in checks)))


def judged(check: Check) -> str:
    """Return the verdict on a check in one word; human data are never failed."""
    if check.gate:
        return "pass" if check.passed else "FAIL"
    return "agrees" if check.passed else "differs"


def spelled(value: Value | None) -> str:
    """Return what was expected or found, in as few digits as tell it.

    >>> spelled((2.25, 0.5)), spelled("196 of 196"), spelled(None), spelled(1e-06)
    ('2.250, 0.500', '196 of 196', 'n/a', '1e-06')
    """
    if value is None:
        return "n/a"
    if isinstance(value, str):
        return value
    numbers = value if isinstance(value, tuple) else (value,)
    return ", ".join(
        f"{number:.0e}" if 0 < number < 1e-3 else f"{number:.3f}" for number in numbers
    )
