"""The command `doctor`: whether a language model can be used, how, and how fast."""

import os
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from repunet.cli.options import Json
from repunet.cli.printing.advice import advice, notes, problems, reachable, reason
from repunet.cli.printing.console import console, print_json
from repunet.cli.printing.tables import table
from repunet.errors import RepuNetError, UsageError
from repunet.minds.default import EMBEDDED, default_mind
from repunet.minds.language.mind import LanguageMind
from repunet.minds.language.terms import Terms
from repunet.minds.router import make_mind, require_language
from repunet.models.allowance import Allowance
from repunet.models.endpoint import PERSON, Endpoint, address, key_variables
from repunet.models.prices import Price, price_of, read_prices, snapshot
from repunet.models.servers import About, about
from repunet.models.serving import HERE
from repunet.planning.endpoint_check import QUESTION, SCENARIO, Examination, examine

FORMATS = {
    "schema": "yes: answers are held to the JSON schema",
    "lean": "yes, without lengths and bounds, which are checked here",
    "object": "JSON only; the schema is put into the prompt",
    "text": "no; the schema is put into the prompt",
}


COUNTS = {True: "yes", False: "no: they will be estimated", None: ""}


SHOWN = 200
"""Characters of an answer."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Findings about an endpoint, in words."""

    model: str
    url: str
    key: str
    reachable: bool
    format: str
    dropped: tuple[str, ...]
    """Parameters that it does not know, which are left out."""
    asked: str
    """What it was asked, of a scenario."""
    answer: str
    latency: float | None
    """Seconds to an answer: the longest that was measured."""
    tokens_in: int | None
    """Of the last question that was answered."""
    cached: float | None
    """The share of these that it had read before, for another agent; None if it doesn't count."""
    usage: bool | None
    """Whether it counts tokens; None if nothing was answered."""
    served: str | None
    price: str
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    advice: str
    usable: bool


def doctor(
    *,
    model: Annotated[
        str | None,
        Parameter(help="Language model, such as openai:gpt-4o-mini; default what LLM_MODEL says."),
    ] = None,
    prices: Annotated[Path | None, Parameter(help="File of prices of your own.")] = None,
    timeout: Annotated[float, Parameter(help="Seconds to wait for an answer.")] = 60.0,
    json: Json = False,
) -> None:
    """Ask a language model what a run asks, and tell whether it can be used, and how fast it is.

    Two agents are asked for their move in a prisoner's dilemma; nothing is kept.
    """
    if not (isfinite(timeout) and timeout > 0):
        raise UsageError(f"--timeout takes seconds, more than 0, not {timeout:g}")
    name = model or default_mind(os.environ)
    if name == EMBEDDED:
        raise UsageError("say which: --model openai:gpt-4o-mini, or set LLM_MODEL")
    require_language(name, f"--mind {name}")
    mind = make_mind(name, 0)
    if not isinstance(mind, LanguageMind) or mind.endpoint.provider == PERSON:
        raise UsageError(f"{name} is no language model")
    table_ = None if prices is None else read_prices(prices)
    terms = Terms(Allowance(timeout=timeout, deadline=timeout), table_)
    found = examine(name, terms)
    known, price = about(mind.endpoint), price_of(mind.endpoint, table_)
    diagnosis = _diagnosis(mind.endpoint, found, known, price)
    if json:
        print_json(diagnosis)
    else:
        _print(diagnosis)
    if not found.usable:
        raise RepuNetError(f"{name} can't be used: {reason(found)}")


def _diagnosis(
    endpoint: Endpoint, found: Examination, known: About, price: Price | None
) -> Diagnosis:
    last = found.replies[-1] if found.replies else None
    mode = found.mode
    return Diagnosis(
        model=endpoint.name,
        url=_place(endpoint),
        key=_key(endpoint),
        reachable=reachable(found),
        format=FORMATS[mode] if mode else "no answer could be used",
        dropped=found.trials[-1].dropped if found.trials else (),
        asked=f"{SCENARIO} {QUESTION}",
        answer=" ".join(last.text.split())[:SHOWN] if last else "",
        latency=found.latency,
        tokens_in=last.tokens_in if last and not last.estimated else None,
        cached=found.cached,
        usage=None if last is None else not last.estimated,
        served=last.served if last else None,
        price=_price(price),
        problems=problems(found),
        notes=tuple(notes(endpoint, found, known)),
        advice=advice(endpoint, found),
        usable=found.usable,
    )


def _place(endpoint: Endpoint) -> str:
    if endpoint.provider in HERE:
        return f"on this machine: {endpoint.path}"
    return address(endpoint) or "the vendor's own"


def _price(price: Price | None) -> str:
    if price is None:
        return f"not known to {snapshot()}"
    return f"${price.input:g} in, ${price.output:g} out per million ({price.source})"


def _key(endpoint: Endpoint) -> str:
    variables = key_variables(endpoint, os.environ)
    found = next((name for name in variables if os.environ.get(name)), None)
    if found:
        return f"from {found}"
    return f"none set (looked for in {' and '.join(variables)})" if variables else "none needed"


def _print(found: Diagnosis) -> None:
    rows = [
        ("model", found.model),
        ("served as", found.served or ""),
        ("where", found.url),
        ("key", found.key),
        ("reachable", "yes" if found.reachable else "no"),
        ("holds answers to a format", found.format),
        ("left out", ", ".join(found.dropped)),
        ("was asked", f"{found.asked}, of two agents"),
        ("answered", found.answer),
        ("seconds to an answer", "" if found.latency is None else f"{found.latency:.2f}"),
        ("counts tokens", COUNTS[found.usage]),
        ("had read before", "" if found.cached is None else f"{found.cached:.0%} of the prompt"),
        ("price", found.price),
        *(("problem", problem) for problem in found.problems),
        *(("note", note) for note in found.notes),
        ("advice", found.advice),
    ]
    console.print(table("", (":", "found:"), [row for row in rows if row[1]]))
