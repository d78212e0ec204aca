"""A short probe: can an endpoint be used, and how does it want to be asked?"""

import json
import re
from asyncio import get_running_loop
from dataclasses import dataclass
from typing import Any

from repunet.models.failure import (
    Failure,
    RateLimited,
    TimedOut,
    Transient,
    Unreachable,
    Unsupported,
)
from repunet.models.request import (
    RUNGS,
    Message,
    Reply,
    Request,
    Rung,
    Sampling,
    Transport,
    worded,
)

WORDS = ("cooperate", "defect")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "move": {"type": "string", "enum": list(WORDS)},
        "reason": {"type": "string", "minLength": 1, "maxLength": 80},
    },
    "required": ["move", "reason"],
    "additionalProperties": False,
}
QUESTION = (
    Message("system", "Answer with one JSON object and nothing else."),
    Message(
        "user",
        'Cooperate or defect? Answer in JSON with the fields "move" ("cooperate" or "defect") and '
        '"reason" (at most ten words).',
    ),
)
ASKED: dict[Rung, str] = {
    "schema": "asked for a JSON schema",
    "lean": "asked for a schema without bounds",
    "object": "asked for JSON",
    "text": "asked in words only",
}
STATUS = re.compile(r"(?:^|\()([1-5]\d\d): ")
EMPTY = "there is nothing in the answer"
"""How the failure of an answer begins that holds nothing."""
MOST = 12
"""Requests of a probe."""
AT = "doctor"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe has found out."""

    rung: Rung | None
    """The first that the endpoint honours; None if it gave no answer that can be used."""
    reply: Reply | None
    """The last answer, even one that can't be used."""
    latency: float | None
    """Seconds that it took."""
    requests: int
    problems: tuple[str, ...]
    """What went wrong on the way, oldest first."""
    failure: Failure | None = None
    """What ended it, if it was not an answer."""
    answered: bool = False
    """Whether the server answered at all, be it with a refusal."""


async def probe(transport: Transport, provider: str, model: str, sampling: Sampling) -> Finding:
    """Ask one question until it is answered as asked for, in a bounded number of requests."""
    request = Request(provider, model, QUESTION, SCHEMA, sampling)
    rungs, problems, requests = list(RUNGS), list[str](), 0
    reply: Reply | None = None
    latency, again = None, True
    ended: Failure | None = None
    answered = False
    while rungs and requests < MOST:
        rung, began = rungs[0], get_running_loop().time()
        requests += 1
        try:
            reply = await transport.send(worded(request, rung), rung, AT)
        except Failure as failure:
            problems.append(_problem(failure, rung))
            ended = failure
            answered = answered or has_answered(failure)
            known = isinstance(failure, Unsupported) and failure.parameter is not None
            if isinstance(failure, Transient | RateLimited) and again:
                again = False  # it may have been an accident
            elif isinstance(failure, Unreachable | TimedOut):
                break
            elif isinstance(failure, Unsupported | Transient):
                rungs, again = rungs if known else rungs[1:], True
            else:
                break
            continue
        latency, ended = get_running_loop().time() - began, None
        if honoured(reply.text):
            return Finding(rung, reply, latency, requests, _once(problems), answered=True)
        problems.append(f"{ASKED[rung]}: the answer is not as asked for: {reply.text[:120]!r}")
        rungs = rungs[1:]
    answered = answered or reply is not None
    return Finding(None, reply, latency, requests, _once(problems), ended, answered)


def _problem(failure: Failure, rung: Rung) -> str:
    """Return a failure in words, with what was asked for only where that may be the reason."""
    about_format = isinstance(failure, Unsupported) and failure.parameter is None
    return f"{ASKED[rung]}: {failure}" if about_format else str(failure)


def _once(problems: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(problems))


def status_of(failure: Failure | None) -> int | None:
    """Return the status with which a server refused, None if it did not.

    >>> status_of(Transient("503: too much")), status_of(Transient("reset"))
    (503, None)
    """
    found = STATUS.search(str(failure or ""))
    return int(found[1]) if found else None


def has_answered(failure: Failure) -> bool:
    """Return whether a failure is one of a server that answered, be it with a refusal."""
    return status_of(failure) is not None or str(failure).startswith(EMPTY)


def honoured(text: str) -> bool:
    """Return whether an answer to the probe is as asked for."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if not isinstance(said, dict) or not isinstance(said.get("reason"), str):
        return False
    return said.get("move") in WORDS
