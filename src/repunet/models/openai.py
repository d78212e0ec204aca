"""OpenAI's protocol, which most servers of language models speak."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from email.utils import mktime_tz, parsedate_tz
from math import isfinite
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

from repunet.models.body import OTHER_ROOM, ROOM, body, part, reply_of
from repunet.models.environment import explained
from repunet.models.failure import (
    Content,
    Failure,
    Overloaded,
    Permanent,
    RateLimited,
    TimedOut,
    Transient,
    Unacceptable,
    Unreachable,
    Unsupported,
)
from repunet.models.request import Reply, Request, Rung
from repunet.models.secrets import redacted

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

    from repunet.models.client import BoundedClient

DECISION = "X-RepuNet-Decision"
"""The header that names the decision that a request is for."""

OPENAI = "https://api.openai.com/v1"
NO_MONEY = ("insufficient_quota", "billing_hard_limit_reached", "insufficient_balance")
OVERLOADED = (502, 503, 504, 529)
TRANSIENT = (408, 409, 425, 499)
FILTERED = ("content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation")
FORMAT = ("response_format", "json_schema", "schema", "grammar", "structured output", "json mode")
OPTIONAL = ("temperature", "top_p", "frequency_penalty", "presence_penalty", ROOM, OTHER_ROOM)
UNKNOWN_PARAMETER = ("unsupported_parameter", "unsupported_value", "unknown_parameter")
UNKNOWN = re.compile(r"support|unknown|unrecogni|unexpected|not permitted", re.IGNORECASE)
"""What is said of a parameter, not of its value."""
TOO_LONG = re.compile(r"context[ _](length|size|window)|prompt is too long", re.IGNORECASE)
FLAGGED = re.compile(r"flagged|moderation", re.IGNORECASE)
LONGEST = 400
"""Characters of a complaint."""


class OpenAITransport:
    """Sends requests to one endpoint, each exactly once: whoever calls decides on repetitions."""

    def __init__(self, model: str, url: str | None, key: str, timeout: float) -> None:
        self._model = model
        self._key = key
        from repunet.models.client import BoundedClient

        http = BoundedClient(url or OPENAI, timeout)
        self._proxy = http.proxy
        self._client = _client(url, key, timeout, http)
        self.dropped: set[str] = set()
        """The parameters that the endpoint does not know."""
        self._room = ROOM

    async def send(self, request: Request, rung: Rung, at: str) -> Reply:
        """Send one request; raises a Failure that holds no key."""
        import aiohttp
        import openai

        sent = body(self._model, request, rung, room=self._room, dropped=self.dropped)
        try:
            answer = await self._client.post(
                "/chat/completions",
                cast_to=object,
                body=sent,
                options={"headers": {DECISION: quote(at, safe="/>@-")}},
            )
        except openai.APIStatusError as error:
            failure = self._failure(error, sent)
        except openai.APIConnectionError as error:
            failure = self._unreached(error)
        except (
            openai.OpenAIError,
            aiohttp.ClientError,
            ValueError,
            OSError,
            RuntimeError,
        ) as error:
            failure = Transient(self._shown(_said(error)), charged=True)
        else:
            return self._reply(answer)
        raise failure  # here, so that no other error, with its request and the key, hangs on to it

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _reply(self, answer: Any) -> Reply:
        reply = reply_of(answer)
        if reply is None:
            error = part(answer, "error")
            said = part(error, "message") or error or (answer if isinstance(answer, str) else "")
            raise Transient(f"there is nothing in the answer {self._shown(said)}", charged=True)
        return replace(
            reply,
            text=redacted(_unicode(reply.text), self._key),
            id=reply.id and self._shown(reply.id),
            served=reply.served and self._shown(reply.served),
        )

    def _failure(self, error: "APIStatusError", sent: Mapping[str, Any]) -> Failure:
        status, code = error.status_code, str(error.code or "")
        said = self._shown(part(error.body, "message") or error.body or error)
        why = f"{status}: {said}"
        if status == 402 or (status == 429 and code in NO_MONEY):
            return Permanent(f"there is no money left ({why})")
        if status == 429:
            return RateLimited(why, retry_after=retry_after(error.response.headers))
        if status in TRANSIENT or status >= 500:
            kind = Overloaded if status in OVERLOADED else Transient
            return kind(why, retry_after=retry_after(error.response.headers))
        if status == 401:
            return Permanent(f"the key is not accepted ({why})")
        if code in FILTERED or (status == 403 and FLAGGED.search(said)):
            return Content(why)
        if status == 403:
            return Permanent(f"the key may not use it ({why})")
        if status == 404:
            return Permanent(f"{self._model!r} or its URL is not known there ({why})")
        if 300 <= status < 400:
            return Permanent(f"the server is elsewhere: correct its URL ({why})")
        return self._unacceptable(error, sent, said, why)

    def _unacceptable(
        self, error: "APIStatusError", sent: Mapping[str, Any], said: str, why: str
    ) -> Failure:
        """Return what is the matter with a request that the server does not take."""
        if error.status_code == 413 or TOO_LONG.search(f"{error.code} {said}"):
            return Content(why)
        named = _rejected(error, sent, said)
        if named is None:
            about_format = any(word in f"{error.param} {said}".lower() for word in FORMAT)
            return Unsupported(why) if about_format else Unacceptable(why)
        if named == OTHER_ROOM:
            return Permanent(f"answers can't be limited ({why})")
        if named == ROOM:
            self._room = OTHER_ROOM
        else:
            self.dropped.add(named)
        return Unsupported(why, parameter=named)

    def _unreached(self, error: BaseException) -> Failure:
        """Return the failure of a request whose connection failed, by what has caused it."""
        from aiohttp import ClientConnectorError, ConnectionTimeoutError

        causes = tuple(_causes(error))
        if (failure := explained(causes, self._proxy)) is not None:
            return failure
        why = self._shown(_said(causes[-1]))
        if any(isinstance(each, ClientConnectorError | ConnectionTimeoutError) for each in causes):
            return Unreachable(f"nobody answers at that address ({why})")
        if any(isinstance(each, TimeoutError) for each in causes):
            return TimedOut("no answer in time", charged=True)
        return Transient(why, charged=True)

    def _shown(self, said: object) -> str:
        """Return in one line, and without the key, what somebody else has said."""
        text = "".join(sign if sign.isprintable() else " " for sign in str(said))
        return redacted(" ".join(text.split()), self._key)[:LONGEST]


def _client(url: str | None, key: str, timeout: float, http: "BoundedClient") -> "AsyncOpenAI":
    from openai import AsyncOpenAI

    parts = urlsplit(url or OPENAI)
    client = AsyncOpenAI(
        api_key=key,
        base_url=parts._replace(query="").geturl(),
        default_query=dict(parse_qsl(parts.query)),
        max_retries=0,
        timeout=timeout,
        http_client=http,
    )
    if url is not None:  # it reads these from the environment, and they are nobody else's business
        client.organization = client.project = None
    return client


def _rejected(error: "APIStatusError", sent: Mapping[str, Any], said: str) -> str | None:
    """Return the parameter, of those that were sent, that the server does not know."""
    if error.code not in UNKNOWN_PARAMETER and not UNKNOWN.search(said):
        return None
    there = [name for name in OPTIONAL if name in sent]
    named = [name for name in there if re.search(rf"\b{name}\b", said)]
    return error.param if error.param in there else next(iter(named), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what has caused it, the innermost last."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _unicode(text: str) -> str:
    """Return the text with every half of a surrogate pair written out, so that it can be stored."""
    return text.encode(errors="backslashreplace").decode()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return after how many seconds the server wants to be asked again, if it says so."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * unit
        except KeyError:
            continue
        except ValueError:
            seconds = _until(headers[name], headers.get("date", ""))
        if isfinite(seconds):
            return max(0.0, seconds)
    return None


def _until(date: str, now: str) -> float:
    """Return the seconds from one date to another, as HTTP writes them; nan if one is none."""
    one, other = parsedate_tz(now), parsedate_tz(date)
    try:
        return float("nan") if one is None or other is None else mktime_tz(other) - mktime_tz(one)
    except (ValueError, OverflowError):
        return float("nan")
