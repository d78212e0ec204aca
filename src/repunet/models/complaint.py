"""Complaints: what is the matter with a request, read from the words of a server that refuses it.

Servers that speak one protocol refuse in as many words as there are servers. What is decided here
is decided by patterns of words, for all transports; status codes say less than they should.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from repunet.models.failure import (
    Content,
    Failure,
    Interrupted,
    Overloaded,
    Permanent,
    RateLimited,
    TooLarge,
    Transient,
    Unacceptable,
    Unsupported,
)
from repunet.models.learnt import LEAST, OTHER_ROOM, ROOM
from repunet.models.refusals import (
    A_MINUTE,
    ANY_ROOM,
    ANY_SAMPLING,
    BOTH,
    BUSY,
    CONTEXT,
    DAYS,
    DAYS_BY_NAME,
    ERRORS,
    FILTERED,
    FLAGGED,
    FORMAT,
    LIMIT_AND_MORE,
    MESSAGES,
    MISSED,
    NAMES,
    NO_KEY,
    NO_MODEL,
    NO_MONEY,
    NO_ROUTE,
    OTHERS,
    OVERLOADED,
    PASSING,
    PERHAPS_NO_MONEY,
    REACHED,
    SHORTER,
    SPELLINGS,
    TOO_LARGE,
    TRANSIENT,
    UNKNOWN,
    UNSUPPORTED,
    VALUE,
)
from repunet.models.request import Sampling
from repunet.models.room import count, largest_room, room_left
from repunet.models.wire_format import part


@dataclass(frozen=True)
class Complaint:
    """Words of a server about a request that it does not answer."""

    status: int
    said: str
    """Its message."""
    names: str = ""
    """Its code, its type, the parameter that it names."""
    details: str = ""
    """Everything else that it says."""
    param: str | None = None
    retry_after: float | None = None

    @cached_property
    def words(self) -> str:
        """Return all that it says."""
        return f"{self.names} {self.said} {self.details}"

    @cached_property
    def blamed(self) -> str:
        """Return its message without what would do instead of what is wrong."""
        return OTHERS.sub("", self.said)

    @property
    def why(self) -> str:
        """Return it as it is told."""
        return f"{self.status}: {self.said}"

    def failure(self, sent: Mapping[str, Any], model: str) -> Failure:
        """Return the class of failure it is of; `sent` are the parameters of the request."""
        return (
            self._of_the_account()
            or self._of_the_server(sent)
            or self._of_the_address(sent, model)
            or self._of_the_request(sent)
        )

    @property
    def is_of_money(self) -> bool:
        """Tell whether there is no money left, and not just too much asked for at once."""
        if self.status == 402 or NO_MONEY.search(f"{self.names} {self.said}"):
            return not (re.search(r"allocated.?quota", self.words, re.IGNORECASE))
        about_quota = self.status in (429, 403) and PERHAPS_NO_MONEY.search(self.said)
        by_bill = self.status < 500 and "billing" in self.said.lower()
        passing = self.retry_after is not None or PASSING.search(self.words)
        return bool(about_quota or by_bill) and not passing

    @property
    def is_too_large(self) -> bool:
        """Tell whether a request needs more tokens than a minute allows."""
        said = LIMIT_AND_MORE.search(self.said)
        more = said is not None and count(said[2]) > count(said[1])
        return bool(A_MINUTE.search(self.words) and (more or TOO_LARGE.search(self.said)))

    @property
    def is_of_days(self) -> bool:
        """Tell whether a limit is reached that lasts for a day or longer."""
        by_words = DAYS.search(self.said) and not SHORTER.search(self.said)
        return bool(by_words or DAYS_BY_NAME.search(self.details))

    @property
    def is_of_a_cut(self) -> bool:
        """Tell whether there was an answer, and it was cut for want of room."""
        return self.status < 500 and bool(REACHED.search(self.said))

    def _of_the_account(self) -> Failure | None:
        if MISSED.search(self.words):
            return Unacceptable(self.why)
        if self.status in (413, 429) and self.is_too_large:
            return TooLarge(
                f"one request takes more than a minute's tokens: begin a run with less room for "
                f"answers, as in NAME,max_tokens=1000 ({self.why})"
            )
        if self.status in (200, 400, 401, 402, 403, 412, 429) and self.is_of_money:
            return Permanent(f"there is no money left ({self.why})")
        if self.status in (200, 403, 429) and self.is_of_days:
            return Permanent(f"a limit of days is used up: resume when it is renewed ({self.why})")
        if self.status == 401 or (self.status == 400 and NO_KEY.search(self.said)):
            return Permanent(f"the key is not accepted ({self.why})")
        return None

    def _of_the_server(self, sent: Mapping[str, Any]) -> Failure | None:
        if self.status == 429 or (self.status in (200, 403) and PASSING.search(self.words)):
            return RateLimited(self.why, retry_after=self.retry_after)
        if self.status in OVERLOADED or (self.status < 500 and BUSY.search(self.words)):
            return Overloaded(self.why, retry_after=self.retry_after)
        if self.status in TRANSIENT or (self.status >= 500 and not self._refuses_format(sent)):
            return Transient(self.why, retry_after=self.retry_after)
        return None

    def _of_the_address(self, sent: Mapping[str, Any], model: str) -> Failure | None:
        if 300 <= self.status < 400:
            return Permanent(f"the server is elsewhere: correct its URL ({self.why})")
        if self.status in (200, 400, 403, 422) and FILTERED.search(self.words):
            return Content(self.why)
        if self.status == 403:
            flagged = FLAGGED.search(self.said)
            return (
                Content(self.why) if flagged else Permanent(f"the key may not use it ({self.why})")
            )
        is_unknown = bool(NO_MODEL.search(self.words))
        if self.status in (404, 405, 410) and not is_unknown and self._refuses_format(sent):
            return Unsupported(self.why)
        if is_unknown or self.status in (404, 405, 410):
            return Permanent(f"{model!r} or its URL is not known there ({self.why})")
        return None

    def _of_the_request(self, sent: Mapping[str, Any]) -> Failure:
        if self.status == 200:
            return Interrupted(self.said)
        room = next((name for name in (ROOM, OTHER_ROOM) if name in sent), None)
        if room is not None and (found := self._of_room(room, int(sent[room]))):
            return found
        if CONTEXT.search(self.words) or self.status == 413:
            return Content(self.why)
        return self._of_a_parameter(sent) or (
            Unsupported(self.why) if self._refuses_format(sent) else Unacceptable(self.why)
        )

    def _refuses_format(self, sent: Mapping[str, Any]) -> bool:
        if "response_format" not in sent:
            return False
        words = OTHERS.sub("", self.words)
        return self.status == 501 or bool(FORMAT.search(words) or NO_ROUTE.search(self.said))

    def _of_room(self, name: str, asked: int) -> Failure | None:
        """Return what is the matter with the room for an answer, None if it is something else."""
        of_room = ANY_ROOM.search(f"{self.param or ''} {self.blamed}")
        in_context = CONTEXT.search(self.words)
        if not (of_room or (in_context and "requested" in self.said)):
            return None
        renamed = name == ROOM and (
            OTHER_ROOM in self.said or "max completion" in self.said.lower()
        )
        if renamed and not re.search(r"\d", self.said) and not in_context:
            return Unsupported(self.why, parameter=ROOM)
        if in_context or VALUE.search(self.said) or re.search(r"limit", self.said):
            told = largest_room(self.said, asked, self.status)
            most = room_left(self.said, asked) if in_context else told
            if most < LEAST:
                return Content(self.why)
            return Unsupported(self.why, parameter=ROOM, most=most)
        if any(code in self.names for code in UNSUPPORTED) or UNKNOWN.search(self.said):
            if name == OTHER_ROOM:
                return Permanent(f"answers can't be limited ({self.why})")
            return Unsupported(self.why, parameter=ROOM)
        return None

    def _of_a_parameter(self, sent: Mapping[str, Any]) -> Failure | None:
        """Return what is the matter with a parameter that was sent, None if with none."""
        named = self._named(sent)
        if not named:
            return None
        usual = Sampling()
        plain = [name for name in named if sent[name] == getattr(usual, name)]
        if BOTH.search(self.said) and len(named) > 1:
            return Unsupported(self.why, parameter=(plain or sorted(named, reverse=True))[0])
        refused = UNKNOWN.search(self.said) or any(code in self.names for code in UNSUPPORTED)
        about_value = VALUE.search(self.said) and not any(c in self.names for c in UNSUPPORTED)
        if about_value and named[0] not in plain:
            return Permanent(f"the value of {named[0]} is not accepted ({self.why})")
        if refused or about_value or self.param in sent:
            return Unsupported(self.why, parameter=named[0])
        return None

    def _named(self, sent: Mapping[str, Any]) -> list[str]:
        """Return the parameters that were sent and that it names, the first one first."""
        if self.param in SPELLINGS and self.param in sent:
            return [self.param]
        said = self.blamed
        there = [name for name in SPELLINGS if name in sent]
        if ANY_SAMPLING.search(said):
            return there
        found = [(match.start(), name) for name in there if (match := SPELLINGS[name].search(said))]
        about_format = FORMAT.search(said) if "response_format" in sent else None
        if about_format:
            found = [each for each in found if each[0] < about_format.start()]
        return [name for _, name in sorted(found)]


def complaint_of(status: int, content: Any) -> Complaint:
    """Return what a server says in the body of an answer that is none, whatever its shape.

    >>> complaint_of(400, [{"error": {"code": "x", "message": "no"}}]).said
    'no'
    """
    error = _inner(content)
    codes = [part(error, name) for name in NAMES]
    inside = part(part(content, "base_resp"), "status_code")
    told = [code for code in (*codes, inside) if isinstance(code, int) and 400 <= code < 600]
    param = part(error, "param")
    return Complaint(
        status=told[0] if status == 200 and told else status,
        said=_message(error) + _quoted(error),
        names=" ".join(str(code) for code in (*codes, inside, param) if code is not None),
        details="" if isinstance(error, str) else str(content),
        param=param if isinstance(param, str) else None,
    )


def _inner(content: Any) -> Any:
    """Return the part of a body that says what is wrong."""
    if isinstance(content, list) and content:
        return _inner(content[0])
    for name in ERRORS:
        if found := part(content, name):
            return _inner(found) if isinstance(found, Mapping | list) else str(found)
    return content


def _message(error: Any) -> str:
    if isinstance(error, str):
        return error
    said = next((found for name in MESSAGES if (found := part(error, name))), None)
    if said is None and isinstance(error, Mapping) and "choices" in error:
        return ""
    return str(said or error or "")


def _quoted(error: Any) -> str:
    """Return the words of the server behind a router, which quotes them (OpenRouter)."""
    raw = part(part(error, "metadata"), "raw")
    return f": {raw}" if isinstance(raw, str) and raw else ""
