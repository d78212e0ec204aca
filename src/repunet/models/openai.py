"""OpenAI's protocol, which most servers of language models speak."""

import json
from collections.abc import Mapping
from dataclasses import replace
from email.utils import mktime_tz, parsedate_tz
from math import isfinite
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

from repunet.models.complaint import Complaint, complaint_of
from repunet.models.environment import OPENAI, explained, said_of
from repunet.models.failure import (
    Failure,
    Interrupted,
    TimedOut,
    Transient,
    Unsupported,
    causes_of,
)
from repunet.models.learnt import Learnt
from repunet.models.redaction import redacted
from repunet.models.request import OutputMode, Reply, Request
from repunet.models.wire_format import body, reply_of

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from repunet.models.client import BoundedClient

DECISION = "X-RepuNet-Decision"
"""The header that names the decision that a request is for."""

LONGEST, ALL = 400, 2000
"""Characters of a complaint that are told, and that are read."""


class OpenAITransport:
    """Transport by OpenAI's protocol to one endpoint; sends each request exactly once."""

    def __init__(
        self, model: str, url: str | None, key: str, timeout: float, learnt: Learnt | None = None
    ) -> None:
        self._model = model
        self._key = key
        from repunet.models.client import BoundedClient

        http = BoundedClient(url or OPENAI, timeout)
        self._proxy = http.proxy
        self._client = _client(url, key, timeout, http)
        self.learnt = Learnt() if learnt is None else learnt
        """What the endpoint was found to take."""

    async def send(self, request: Request, mode: OutputMode, at: str) -> Reply:
        """Send one request; raises a Failure that holds no key."""
        import aiohttp
        import openai

        sent = body(self._model, request, mode, self.learnt)
        try:
            answer = await self._client.post(
                "/chat/completions",
                cast_to=object,
                body=sent,
                options={"headers": {DECISION: quote(at, safe="/>@-")}},
            )
        except openai.APIStatusError as error:
            complaint = self._complaint(
                error.status_code, error.body or error, error.response.headers
            )
            if complaint.is_of_a_cut:
                return Reply("", "length", request.at_most(sent[self.learnt.room]))
            failure = complaint.failure(sent, self._model)
        except openai.APIConnectionError as error:
            failure = self._unreached(error)
        except (
            openai.OpenAIError,
            aiohttp.ClientError,
            ValueError,
            OSError,
            RuntimeError,
        ) as error:
            failure = Transient(self._shown(said_of(error)), charged=True)
        else:
            return self._reply(answer, request, sent)
        if isinstance(failure, Unsupported) and failure.parameter is not None:
            self.learnt.refuse(failure.parameter, failure.most)
        raise failure  # here, so that no other error, with its request and the key, hangs on to it

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    @property
    def dropped(self) -> set[str]:
        """Return the parameters that are left out."""
        return self.learnt.dropped

    def _reply(self, answer: Any, request: Request, sent: Mapping[str, Any]) -> Reply:
        answer = _read(answer)
        reply = reply_of(answer)
        if reply is None:
            raise self._empty(answer, request, sent)
        if reply.finish == "broken":
            why = f"the answer broke off: {self._shown(reply.reason)}"
            raise Interrupted(why, usage=reply.usage or request.at_most(0))
        return replace(
            reply,
            text=redacted(reply.text, self._key),
            id=reply.id and self._shown(reply.id),
            served=reply.served and self._shown(reply.served),
            reason=self._shown(reply.reason),
        )

    def _empty(self, answer: Any, request: Request, sent: Mapping[str, Any]) -> Failure:
        """Return the failure of an answer that holds none, and perhaps an error instead."""
        complaint = self._complaint(200, answer, {})
        if not complaint.said or not isinstance(answer, Mapping | list):
            what = answer if isinstance(answer, str) else ""
            return Transient(f"there is nothing in the answer {self._shown(what)}", charged=True)
        failure = complaint.failure(sent, self._model)
        if isinstance(failure, Interrupted):
            failure.usage = request.at_most(0)
        return failure

    def _complaint(self, status: int, content: Any, headers: Mapping[str, str]) -> Complaint:
        found = complaint_of(status, content)
        return replace(
            found,
            said=self._shown(found.said),
            names=self._shown(found.names),
            details=self._shown(found.details, ALL),
            retry_after=retry_after(headers),
        )

    def _unreached(self, error: BaseException) -> Failure:
        """Return the failure of a request whose connection failed, by what has caused it."""
        causes = tuple(causes_of(error))
        if (failure := explained(causes, self._proxy, self._shown)) is not None:
            return failure
        if any(isinstance(each, TimeoutError) for each in causes):
            return TimedOut("no answer in time", charged=True)
        return Transient(self._shown(said_of(causes[-1])), charged=True)

    def _shown(self, said: object, longest: int = LONGEST) -> str:
        """Return in one line, and without the key, what somebody else has said."""
        text = "".join(sign if sign.isprintable() else " " for sign in str(said))
        return redacted(" ".join(text.split()), self._key)[:longest]


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


def _read(answer: Any) -> Any:
    """Return an answer that may be JSON under another label."""
    if not isinstance(answer, str):
        return answer
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        return answer


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
