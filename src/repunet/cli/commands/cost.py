"""The command `cost`: what a run asked of language models, and what that cost."""

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from repunet.analysis.costs import BY, Cost, costs, total
from repunet.cli.options import Json, RunName, Storage
from repunet.cli.printing.console import console, print_json, say
from repunet.cli.printing.formats import money, part
from repunet.cli.printing.tables import fitted
from repunet.errors import unknown
from repunet.record.journal import Journal
from repunet.record.storage import locate


@dataclass(frozen=True, slots=True)
class Bill:
    """Costs of a run, in all and by each measure asked for."""

    total: Cost
    by: dict[str, list[Cost]]


def cost(
    run: RunName,
    /,
    *,
    by: Annotated[
        list[str] | None,
        Parameter(negative="", help=f"Measure to sum by: {', '.join(BY)}; default all."),
    ] = None,
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Show what a run asked of language models, and what that cost."""
    asked = _measures(by)
    with Journal.open(locate(run, storage)) as journal:
        chosen = [measure for measure in BY if by is None or measure in asked]
        bill = Bill(total(journal), {measure: costs(journal, measure) for measure in chosen})
    if json:
        print_json(bill)
        return
    if not bill.total.calls:
        say("no language model was asked anything in this run")
        return
    for measure, found in bill.by.items():
        rows = [_row(each) for each in (*found, bill.total)]
        names = (f"{measure}:", *COLUMNS)
        columns = dict(zip(names, zip(*rows, strict=True), strict=True))
        console.print(fitted(f"By {measure}", columns, SPARE))
        say("")
    _explain(bill.total)


def _measures(by: list[str] | None) -> tuple[str, ...]:
    """Return the measures asked for, be it one by one or with commas between them."""
    asked = tuple(word.strip() for words in by or () for word in words.split(","))
    for measure in asked:
        if measure not in BY:
            raise unknown("measure", measure, BY)
    return asked


COLUMNS = ("calls", "failed", "tokens in", "cached", "tokens out", "cost", "seconds")


SPARE = ("cached", "seconds", "failed")


def _row(each: Cost) -> tuple[str, ...]:
    numbers = each.calls, each.failed, each.input, each.cached, each.output
    seconds = "" if each.latency is None else f"{each.latency:.2f}"
    return each.of, *(f"{number:,}" for number in numbers), money(each.dollars), seconds


def _explain(all_: Cost) -> None:
    if all_.estimated:
        say(f"{all_.estimated:,} calls: the tokens are an estimate, since the server counts none.")
    if all_.from_cache is not None:
        share = part(all_.from_cache)
        say(f"{share} of the tokens in had been read before, and were taken from a cache.")
    if all_.possibly:
        dollars = all_.possibly_dollars
        more = f"{all_.possibly:,} tokens more" + ("" if dollars is None else f", {money(dollars)}")
        say(f"Requests without an answer may have cost up to {more}.")
    if all_.dollars is None:
        say("A price is not known: give --prices FILE when you run or resume.")
