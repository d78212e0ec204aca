"""A short probe: can an endpoint be used, and how does it want to be asked?"""

import json
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


async def probe(transport: Transport, provider: str, model: str, sampling: Sampling) -> Finding:
    """Ask one question until it is answered as asked for, in a bounded number of requests."""
    request = Request(provider, model, QUESTION, SCHEMA, sampling)
    rungs, problems, requests = list(RUNGS), list[str](), 0
    reply: Reply | None = None
    latency, again = None, True
    ended: Failure | None = None
    while rungs and requests < MOST:
        rung, began = rungs[0], get_running_loop().time()
        requests += 1
        try:
            reply = await transport.send(worded(request, rung), rung, AT)
        except Failure as failure:
            problems.append(f"{rung}: {failure}")
            ended = failure
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
            return Finding(rung, reply, latency, requests, tuple(problems))
        problems.append(f"{rung}: the answer is not as asked for: {reply.text[:120]!r}")
        rungs = rungs[1:]
    return Finding(None, reply, latency, requests, tuple(problems), ended)


def honoured(text: str) -> bool:
    """Return whether an answer to the probe is as asked for."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if not isinstance(said, dict) or not isinstance(said.get("reason"), str):
        return False
    return said.get("move") in WORDS
