"""Commands about language models: `cost` and `doctor`."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from repunet.analysis.costs import BY, Cost, costs, total
from repunet.cli.options import Json, Storage
from repunet.cli.output import console, money, print_json, say, table
from repunet.errors import RepuNetError, UsageError, unknown
from repunet.journal import Journal
from repunet.minds.default import EMBEDDED, default_mind
from repunet.minds.language.mind import LanguageMind
from repunet.minds.language.switchboard import reached
from repunet.minds.roster import make_mind, require_language
from repunet.models.endpoint import PERSON, Endpoint, address, key_variables
from repunet.models.failure import RateLimited, TimedOut
from repunet.models.prices import price_of, read_prices, snapshot
from repunet.models.probe import Finding, probe
from repunet.storage import locate

FORMATS = {
    "schema": "yes: answers are held to the JSON schema",
    "lean": "yes, without lengths and bounds, which are checked here",
    "object": "JSON only; the schema is put into the prompt",
    "text": "no; the schema is put into the prompt",
}


@dataclass(frozen=True, slots=True)
class Bill:
    """What a run cost, in all and by each measure asked for."""

    total: Cost
    by: dict[str, list[Cost]]


def cost(
    run: str,
    /,
    *,
    by: Annotated[
        list[str] | None, Parameter(negative="", help=f"{', '.join(BY)}; default all.")
    ] = None,
    storage: Storage = None,
    json: Json = False,
) -> None:
    """Show what a run asked of language models, and what that cost.

    Parameters
    ----------
    run
        Its name, or the path of its folder or file.
    """
    for measure in by or ():
        if measure not in BY:
            raise unknown("measure", measure, BY)
    with Journal.open(locate(run, storage)) as journal:
        chosen = [measure for measure in BY if by is None or measure in by]
        bill = Bill(total(journal), {measure: costs(journal, measure) for measure in chosen})
    if json:
        print_json(bill)
        return
    if not bill.total.calls:
        say("no language model was asked anything in this run")
        return
    for measure, found in bill.by.items():
        rows = [_row(each) for each in (*found, bill.total)]
        console.print(table(f"By {measure}", (f"{measure}:", *COLUMNS), rows))
    _explain(bill.total)


COLUMNS = ("calls", "failed", "tokens in", "cached", "tokens out", "cost", "seconds")


def _row(each: Cost) -> tuple[str, ...]:
    numbers = each.calls, each.failed, each.input, each.cached, each.output
    seconds = "" if each.latency is None else f"{each.latency:.2f}"
    return each.of, *(f"{number:,}" for number in numbers), money(each.dollars), seconds


def _explain(all_: Cost) -> None:
    if all_.estimated:
        say(f"{all_.estimated:,} calls: the tokens are an estimate, since the server counts none.")
    if all_.possibly:
        say(f"Requests without an answer may have cost up to {all_.possibly:,} tokens more.")
    if all_.dollars is None:
        say("A price is not known: give --prices FILE when you run or resume.")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is known of an endpoint, in words."""

    model: str
    url: str
    key: str
    reachable: bool
    format: str
    latency: float | None
    usage: bool
    served: str | None
    price: str
    problems: tuple[str, ...]
    advice: str
    usable: bool


def doctor(
    *,
    model: Annotated[
        str | None, Parameter(help="Such as openai:gpt-4o-mini; default what LLM_MODEL says.")
    ] = None,
    prices: Annotated[Path | None, Parameter(help="A file of prices of your own.")] = None,
    timeout: Annotated[float, Parameter(help="Seconds to wait for an answer.")] = 60.0,
    json: Json = False,
) -> None:
    """Ask a language model one short question, and tell whether it can be used, and how."""
    name = model or default_mind(os.environ)
    if name == EMBEDDED:
        raise UsageError("say which: --model openai:gpt-4o-mini, or set LLM_MODEL")
    require_language(name, f"--mind {name}")
    mind = make_mind(name, 0)
    if not isinstance(mind, LanguageMind) or mind.endpoint.provider == PERSON:
        raise UsageError(f"{name} is no language model")
    finding = asyncio.run(_examined(mind.endpoint, timeout))
    diagnosis = _diagnosis(mind.endpoint, finding, prices)
    if json:
        print_json(diagnosis)
    else:
        _print(diagnosis)
    if not diagnosis.usable:
        raise RepuNetError(f"{name} can't be used as it is: {diagnosis.advice}")


async def _examined(endpoint: Endpoint, timeout: float) -> Finding:
    async with reached(endpoint, timeout) as transport:
        return await probe(transport, endpoint.provider, endpoint.model, endpoint.sampling)


def _diagnosis(endpoint: Endpoint, finding: Finding, prices: Path | None) -> Diagnosis:
    table_ = None if prices is None else read_prices(prices)
    costs_ = price_of(endpoint, table_)
    reply = finding.reply
    return Diagnosis(
        model=endpoint.name,
        url=address(endpoint) or "the vendor's own",
        key=_key(endpoint),
        reachable=reply is not None,
        format=FORMATS[finding.rung] if finding.rung else "no answer could be used",
        latency=None if finding.latency is None else round(finding.latency, 3),
        usage=reply is not None and reply.usage is not None,
        served=reply.served if reply else None,
        price=(
            f"not known to {snapshot()}"
            if costs_ is None
            else f"${costs_.input:g} in, ${costs_.output:g} out per million ({costs_.source})"
        ),
        problems=finding.problems,
        advice=_advice(finding),
        usable=finding.rung is not None,
    )


def _key(endpoint: Endpoint) -> str:
    variables = key_variables(endpoint, os.environ)
    found = next((name for name in variables if os.environ.get(name)), None)
    if found:
        return f"from {found}"
    return f"none set (looked for in {' and '.join(variables)})" if variables else "none needed"


def _advice(finding: Finding) -> str:
    if finding.rung:
        return "use it"
    if isinstance(finding.failure, RateLimited | TimedOut):
        return f"{finding.failure}; it has too much to do, or you ask too much: ask again later"
    if finding.reply is not None:
        return "it does not answer as asked for: try a larger model, or max_tokens"
    last = finding.problems[-1] if finding.problems else "there was no answer"
    return f"{last}; check the URL, the key and the name of the model"


def _print(found: Diagnosis) -> None:
    rows = [
        ("model", found.model),
        ("served as", found.served or ""),
        ("where", found.url),
        ("key", found.key),
        ("reachable", "yes" if found.reachable else "no"),
        ("holds answers to a format", found.format),
        ("seconds to an answer", "" if found.latency is None else f"{found.latency:.2f}"),
        ("counts tokens", "yes" if found.usage else "no: they will be estimated"),
        ("price", found.price),
        *(("problem", problem) for problem in found.problems),
        ("advice", found.advice),
    ]
    console.print(table("", (":", "found:"), [row for row in rows if row[1]]))
