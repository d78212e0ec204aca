"""Advice on a language model that was examined: findings in words, and what to do."""

import os
import re
from collections.abc import Iterator

from repunet.models.endpoint import Endpoint, address, key_variables
from repunet.models.failure import Content, Permanent, RateLimited, Transient, Unsupported
from repunet.models.request import OutputMode
from repunet.models.servers import About, least_cached
from repunet.models.serving import HERE
from repunet.planning.endpoint_check import NOBODY, Examination, ExaminedRequest

FORMAT_ASKED: dict[OutputMode, str] = {
    "schema": "asked for a JSON schema",
    "lean": "asked for a schema without bounds",
    "object": "asked for JSON",
    "text": "asked in words only",
}


STATUS = re.compile(r"(?:^|\()([1-5]\d\d): ")


TEMPLATE = re.compile(r"chat[ _]template", re.IGNORECASE)


OVERLOADED = ("429", "502", "503", "504", "529")


SLOW = 10.0
"""Seconds to an answer that are a reason to reckon first."""


MUCH = 0.5
"""The share of what might be read again below which little of it is."""


NEEDED = 4096
"""Tokens of context that the longer questions and their answers take."""


def status_of(why: str) -> str:
    """Return the status with which a server refused, nothing if it did not.

    >>> status_of("503: too much"), status_of("reset")
    ('503', '')
    """
    found = STATUS.search(why)
    return found[1] if found else ""


def reachable(found: Examination) -> bool:
    """Return whether a server answered at all, be it with a refusal."""
    return any(trial.replied or status_of(trial.why) or _empty(trial) for trial in found.trials)


def _empty(trial: ExaminedRequest) -> bool:
    return trial.why.startswith("there is nothing in the answer")


def problems(found: Examination) -> tuple[str, ...]:
    """Return what went wrong on the way, oldest first and nothing twice."""
    return tuple(dict.fromkeys(_problem(trial) for trial in found.trials if trial.why))


def _problem(trial: ExaminedRequest) -> str:
    """Return what went wrong, with what was asked for only where that may be the reason."""
    about_format = trial.replied or trial.status == Unsupported.status
    why = f"{trial.why}: {trial.text[:120]!r}" if trial.replied else trial.why
    return f"{FORMAT_ASKED[trial.mode]}: {why}" if about_format else why


def _last(found: Examination) -> ExaminedRequest | None:
    return found.trials[-1] if found.trials else None


def reason(found: Examination) -> str:
    """Return in a few words why a model can't be used."""
    last = _last(found)
    if last is None or last.replied:
        return "it does not answer as asked for"
    why, status = last.why, status_of(last.why)
    if why.startswith(NOBODY):
        return "nobody answers at that address"
    if last.status == RateLimited.status or status in OVERLOADED:
        return f"it has too much to do ({status})" if status else "it has too much to do"
    said = why.partition(" (")[0].partition(": ")[0]
    if said == status:
        return f"it answers with an error ({status})"
    return f"{said} ({status})" if status else why


def advice(endpoint: Endpoint, found: Examination) -> str:
    """Return what to do."""
    last = _last(found)
    if found.usable:
        return _use(endpoint, found)
    if last is not None and TEMPLATE.search(last.why):
        return (
            "it is a base model, without a template for dialogues: take one that was taught to "
            "follow instructions, or give its server a template"
        )
    if last is None or last.replied:
        return "it does not answer as asked for: try a larger model, or max_tokens"
    return _remedy(endpoint, last)


def _use(endpoint: Endpoint, found: Examination) -> str:
    """Return that it can be used, and what to reckon with."""
    if found.latency is None or found.latency < SLOW:
        return "use it"
    return (
        "it can be used, but is slow: see first how long a run takes, with repunet plan pd "
        f"--model {endpoint.name} --latency {found.latency:.0f}"
    )


def _remedy(endpoint: Endpoint, last: ExaminedRequest) -> str:
    """Return what to do about a request that was not answered."""
    status = status_of(last.why)
    if last.why.startswith(NOBODY):
        return _where(endpoint)
    if status in ("401", "403") or "key is not accepted" in last.why:
        variable = _variable(endpoint) or " or ".join(key_variables(endpoint, os.environ))
        return f"set {variable} to a key that it accepts" if variable else "it wants a key"
    if status == "404":
        url = " and that its URL is right: most end in /v1" if address(endpoint) else ""
        return f"check the name of the model, {endpoint.model!r},{url}".rstrip(",")
    if last.status == RateLimited.status or status in OVERLOADED or "no answer in" in last.why:
        return "it has too much to do, or you ask too much: ask again later, or with --timeout"
    if last.status == Content.status:
        return "it refuses what a run asks: take another model"
    if last.status in (Permanent.status, Transient.status) and endpoint.provider in HERE:
        return "see the problem above; a smaller context, as in ,context=4096, takes less memory"
    return "see the problem above; check the URL, the key and the name of the model"


def _variable(endpoint: Endpoint) -> str | None:
    """Return the variable that the key is from."""
    variables = key_variables(endpoint, os.environ)
    return next((name for name in variables if os.environ.get(name)), None)


def _where(endpoint: Endpoint) -> str:
    """Return what to look at if nobody answers."""
    if address(endpoint) is None:
        return "check your connection to the network"
    return "is it running? is the URL right, and does it end in /v1?"


def notes(endpoint: Endpoint, found: Examination, about: About) -> Iterator[str]:
    """Yield what to know before a run."""
    if about.chats is False:
        yield (
            "a base model, without a template for dialogues: it was not taught to answer, and what "
            "it says will be poor; take one that was taught to follow instructions"
        )
    if about.context is not None and about.context < NEEDED:
        yield (
            f"it was made for {about.context:,} tokens at a time; longer questions, of agents who "
            "know much, take more and will be missing"
        )
    yield from _cache(endpoint, found, about)


def _cache(endpoint: Endpoint, found: Examination, about: About) -> Iterator[str]:
    """Yield why prompts are not, or hardly, taken from a cache."""
    if not found.tokens_shared:
        return
    shared, least = found.tokens_shared, least_cached(endpoint)
    begins = f"the {shared:,} tokens with which the prompts of all agents begin"
    if least is not None and shared < least:
        yield f"{begins} are too few for its cache, which keeps {least:,} or more"
    elif about.block is not None and shared < about.block:
        yield f"{begins} are less than a block of its cache, of {about.block:,}"
    elif found.cached == 0 and endpoint.provider == "vllm":
        yield f"it says nothing of {begins}: with --enable-prompt-tokens-details it does"
    elif found.cached == 0:
        yield f"it reads {begins} anew each time, or does not say that it doesn't"
