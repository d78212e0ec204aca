"""The command `plan`: what a run will take, before anything is spent on it."""

from collections.abc import Callable, Iterator
from math import isfinite
from typing import Annotated, Any, TypeAlias

from cyclopts import Parameter

from repunet.cli.options import Json, ScenarioName
from repunet.cli.printing.console import console, print_json, say
from repunet.cli.printing.formats import money
from repunet.cli.printing.tables import fitted
from repunet.cli.spec_options import PlanLimits, SpecOptions
from repunet.errors import UsageError
from repunet.minds.language.terms import Terms
from repunet.models.prices import read_prices
from repunet.planning.forecast import Estimate, Forecast, forecast
from repunet.record.storage import run_files

Row: TypeAlias = tuple[str, ...]


NAMES = ("low", "likely", "high")


SPARE = ("calls, low", "calls, high")


MINUTE, HOUR = 60, 3600


def plan(
    scenario: ScenarioName = None,
    /,
    *,
    options: SpecOptions | None = None,
    limits: PlanLimits | None = None,
    latency: Annotated[
        float | None,
        Parameter(help="Seconds to an answer; default as the newest runs measured them."),
    ] = None,
    operations: Annotated[
        bool, Parameter(negative="", help="Show what each kind of question takes.")
    ] = False,
    json: Json = False,
) -> None:
    """Forecast what a run will take: calls, tokens, money and time. Nothing is sent or written."""
    if latency is not None and not (isfinite(latency) and latency > 0):
        raise UsageError(f"--latency takes seconds, more than 0, not {latency:g}")
    spec = (options or SpecOptions()).chosen(scenario, limits)
    prices = None if spec.limits.prices is None else read_prices(spec.limits.prices)
    found = forecast(
        spec.manifest(),
        spec.rounds,
        plan=spec.plan,
        prompts=spec.prompts,
        terms=Terms(spec.limits, prices),
        latency=latency,
        files=run_files(),
    )
    if json:
        print_json(found)
    else:
        _show(found, operations=operations)


def _show(found: Forecast, *, operations: bool) -> None:
    say(
        f"{found.scenario}, {found.treatment}, {found.agents} agents, {found.rounds} rounds, "
        f"{found.plan}; models: {', '.join(model.model for model in found.models)}"
    )
    _print(("the whole run:", *NAMES), list(_rows(found)))
    if len(found.models) > 1:
        _print(("model:", *_columns()), [_by(each, each.model) for each in found.models])
    if operations:
        rows = [_by(each, each.operation) for each in found.operations]
        _print(("operation:", *_columns()), rows)
    say("")
    for warning in found.warnings:
        say(f"warning: {warning}")
    for assumption in found.assumptions:
        say(f"- {assumption}")


def _print(names: Row, rows: list[Row]) -> None:
    """Print a table after an empty line; the bounds are left out where the page is too narrow."""
    columns = dict(zip(names, zip(*rows, strict=True) if rows else ((),) * len(names), strict=True))
    say("")
    console.print(fitted("", columns, SPARE))


def _rows(found: Forecast) -> Iterator[Row]:
    yield "calls", *_each(found.calls, _count)
    yield "tokens in", *_each(found.tokens_in, _count)
    yield "tokens out", *_each(found.tokens_out, _count)
    yield "cost", *(_each(found.cost, money) if found.cost else (money(None),) * len(NAMES))
    yield "time", *(_each(found.seconds, _time) if found.seconds else ("unknown",) * len(NAMES))
    yield (
        "answers one after another, a round",
        *_each(found.waits, lambda n: f"{n / found.rounds:.1f}"),
    )
    yield "the same, in the longest round", *_each(found.longest, _count)


def _columns() -> Row:
    return (*(f"calls, {name}" for name in NAMES), "tokens in", "tokens out")


def _by(each: Any, name: str) -> Row:
    likely = each.tokens_in.likely, each.tokens_out.likely
    return (name, *_each(each.calls, _count), *map(_count, likely))


def _each(span: Estimate[Any], shown: Callable[[Any], str]) -> Row:
    return shown(span.low), shown(span.likely), shown(span.high)


def _count(number: int) -> str:
    return f"{number:,}"


def _time(seconds: float) -> str:
    """Return a time in the unit that suits it.

    >>> _time(41.2), _time(200), _time(9000)
    ('41 s', '3.3 min', '2.5 h')
    """
    if seconds < 2 * MINUTE:
        return f"{seconds:.0f} s"
    return f"{seconds / MINUTE:.1f} min" if seconds < 2 * HOUR else f"{seconds / HOUR:.1f} h"
