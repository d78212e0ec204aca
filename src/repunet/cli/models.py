"""Commands about language models: `cost` and `doctor`."""

import asyncio
import os
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from repunet.analysis.costs import BY, Cost, costs, total
from repunet.cli.options import Json, Storage
from repunet.cli.output import console, fitted, money, print_json, say, table
from repunet.errors import RepuNetError, UsageError, unknown
from repunet.journal import Journal
from repunet.minds.default import EMBEDDED, default_mind
from repunet.minds.language.mind import LanguageMind
from repunet.minds.language.switchboard import reached
from repunet.minds.roster import make_mind, require_language
from repunet.models.endpoint import PERSON, Endpoint, address, key_variables
from repunet.models.failure import Overloaded, RateLimited, TimedOut, Unreachable
from repunet.models.prices import price_of, read_prices, snapshot
from repunet.models.probe import Finding, probe, status_of
from repunet.storage import locate

FORMATS = {
    "schema": "yes: answers are held to the JSON schema",
    "lean": "yes, without lengths and bounds, which are checked here",
    "object": "JSON only; the schema is put into the prompt",
    "text": "no; the schema is put into the prompt",
}


COUNTS = {True: "yes", False: "no: they will be estimated", None: ""}


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
    if all_.possibly:
        dollars = all_.possibly_dollars
        more = f"{all_.possibly:,} tokens more" + ("" if dollars is None else f", {money(dollars)}")
        say(f"Requests without an answer may have cost up to {more}.")
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
    usage: bool | None
    """Whether it counts tokens; None if nothing was answered."""
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
    if not (isfinite(timeout) and timeout > 0):
        raise UsageError(f"--timeout takes seconds, more than 0, not {timeout:g}")
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
        raise RepuNetError(f"{name} can't be used: {_reason(finding)}")


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
        reachable=finding.answered,
        format=FORMATS[finding.rung] if finding.rung else "no answer could be used",
        latency=None if finding.latency is None else round(finding.latency, 3),
        usage=None if reply is None else reply.usage is not None,
        served=reply.served if reply else None,
        price=(
            f"not known to {snapshot()}"
            if costs_ is None
            else f"${costs_.input:g} in, ${costs_.output:g} out per million ({costs_.source})"
        ),
        problems=finding.problems,
        advice=_advice(endpoint, finding),
        usable=finding.rung is not None,
    )


def _variable(endpoint: Endpoint) -> str | None:
    """Return the variable that the key is from."""
    variables = key_variables(endpoint, os.environ)
    return next((name for name in variables if os.environ.get(name)), None)


def _key(endpoint: Endpoint) -> str:
    variables, found = key_variables(endpoint, os.environ), _variable(endpoint)
    if found:
        return f"from {found}"
    return f"none set (looked for in {' and '.join(variables)})" if variables else "none needed"


def _reason(finding: Finding) -> str:
    """Return in a few words why an endpoint can't be used."""
    failure, status = finding.failure, status_of(finding.failure)
    if failure is None:
        return "it does not answer as asked for"
    if isinstance(failure, Unreachable):
        return "nobody answers at that address"
    if isinstance(failure, TimedOut):
        return str(failure)
    if isinstance(failure, RateLimited | Overloaded):
        return f"it has too much to do ({status})" if status else "it has too much to do"
    said = str(failure).partition(" (")[0].partition(": ")[0]
    if said == str(status):
        return f"it answers with an error ({status})"
    return f"{said} ({status})" if status else said


def _advice(endpoint: Endpoint, finding: Finding) -> str:
    failure, status = finding.failure, status_of(finding.failure)
    if finding.rung:
        return "use it"
    if failure is None:
        return "it does not answer as asked for: try a larger model, or max_tokens"
    if isinstance(failure, Unreachable):
        return _where(endpoint)
    if isinstance(failure, RateLimited | TimedOut | Overloaded):
        return "it has too much to do, or you ask too much: ask again later"
    if status in (401, 403) or "key is not accepted" in str(failure):
        variable = _variable(endpoint) or " or ".join(key_variables(endpoint, os.environ))
        return f"set {variable} to a key that it accepts" if variable else "it wants a key"
    if status == 404:
        url = " and that its URL is right: most end in /v1" if address(endpoint) else ""
        return f"check the name of the model, {endpoint.model!r},{url}".rstrip(",")
    return "see the problem above; check the URL, the key and the name of the model"


def _where(endpoint: Endpoint) -> str:
    """Return what to look at if nobody answers."""
    if address(endpoint) is None:
        return "check your connection to the network"
    return "is it running? is the URL right, and does it end in /v1?"


def _print(found: Diagnosis) -> None:
    rows = [
        ("model", found.model),
        ("served as", found.served or ""),
        ("where", found.url),
        ("key", found.key),
        ("reachable", "yes" if found.reachable else "no"),
        ("holds answers to a format", found.format),
        ("seconds to an answer", "" if found.latency is None else f"{found.latency:.2f}"),
        ("counts tokens", COUNTS[found.usage]),
        ("price", found.price),
        *(("problem", problem) for problem in found.problems),
        ("advice", found.advice),
    ]
    console.print(table("", (":", "found:"), [row for row in rows if row[1]]))
