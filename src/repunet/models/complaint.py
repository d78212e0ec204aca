"""Complaints: what is the matter with a request, read from the words of a server that refuses it.

Servers that speak one protocol refuse in as many words as there are servers. What is decided here
is decided by patterns of words, for all transports; status codes say less than they should.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from repunet.models.body import part
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
from repunet.models.request import Sampling


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


OVERLOADED, TRANSIENT = (502, 503, 504, 529), (408, 409, 425, 499)
NO_MONEY = _words(
    r"insufficient[ _-]*(account[ _-]*|user[ _-]*)?(balance|credits?|funds?|quota)",
    r"\b(balance|credits?|funds)\b[^.]{0,40}\b(insufficient|low|not enough|exhausted|depleted|empty"
    r"|used up|negative|ran out|run out|expired|gone|zero)",
    r"\b(not enough|no( more)?|low|out of|exceeded|negative)\b[^.]{0,25}"
    r"\b(credits?|balance|funds)\b",
    r"billing[ _](hard[ _]limit|not[ _]active)|payment[ _](is )?required|arrear|overdue|\brecharge",
    r"exceeded_current_quota|余额|欠费",
)
"""What is said where there is no money, and nowhere else."""
PERHAPS_NO_MONEY = _words(
    r"billing", r"spend(ing)?[ -]?(limit|cap)", r"quota[^.]{0,40}(exceed|exhaust|used up|reached)",
    r"(exceed|exhaust|out of|over)[^.]{0,30}quota",
)  # fmt: skip
PASSING = _words(
    r"per[ _-]?(minute|second|hour|day)", r"(retry|try again|wait)\b[^.]{0,20}\b(in|after|for)\b",
    r"retry.?delay", r"rate.?limit", r"\b[rt]p[msd]\b", r"requests per", r"too many", r"throttl",
    r"allocated.?quota", r"resource.?exhausted", r"concurren",
)  # fmt: skip
"""What is said of a limit that passes by itself, be it called a quota."""
TOO_LARGE = _words(r"request (is )?too large", r"larger than[^.]{0,40}per.?min")
A_MINUTE = _words(r"per[ _-]?min", r"\btpm\b")
LIMIT_AND_MORE = re.compile(r"limit:? (\d[\d,]*)\D{1,12}requested:? (\d[\d,]*)", re.IGNORECASE)
NO_KEY = _words(r"api[ _-]?key[^.]{0,30}(invalid|not valid|expired|incorrect|missing)",
                r"(invalid|incorrect|expired)[^.]{0,12}api[ _-]?key")  # fmt: skip
NO_MODEL = _words(
    r"model_not_found",
    r"model\b.{0,60}(not found|not exist|unknown|not a valid|no such|is invalid)",
    r"(unknown|invalid|no such) model",
)  # fmt: skip
NO_ROUTE = _words(r"requested parameters", r"no endpoints? found that")
MISSED = _words(r"json_validate_failed", r"failed_generation")
"""What is said if the model, not the request, has missed the format (Groq)."""
FILTERED = _words(r"content[ _-]?(filter|policy|management)|ResponsibleAI", r"\bsafety\b",
                  r"data_inspection")  # fmt: skip
FLAGGED = _words(r"flagged|moderation")
FORMAT = _words(
    r"response.?format|json.?schema|json.?object|json.?mode|\bschemas?\b|grammar|structured.?output",
    r"guided|output_config|output_format|constrained|\bjson\b[^.]{0,30}(support|mode|output|format)",
)  # fmt: skip
UNKNOWN = _words(
    r"support|unknown|unrecogni|unexpected|permit|enabled|allow|deprecat|accept|not a valid|both"
    r"|only one|extra|combin|together|exclusive|invalid|remove|cannot be"
)
"""What is said of a parameter, not of its value."""
VALUE = _words(
    r"at most|at least|must be|should be|has to be|less than|greater than|between|range|[<>≤≥]"
    r"|too (large|big|high|small|low|long|many)|maximum|minimum|exceed|over the limit|up to"
)
"""What is said of a value."""
BOTH = _words(r"both|only one|together|combin|exclusive|one of them")
OTHERS = _words(r"expected one of|(supported|allowed|valid|known) (parameters|fields|values|names)",
                r"\binstead\b")  # fmt: skip
"""What follows is not what is refused."""
UNSUPPORTED = ("unsupported_parameter", "unsupported_value", "unknown_parameter")
SPELLINGS = {
    "temperature": _words(r"temperature"),
    "top_p": _words(r"top[\s_-]?p\b", r"nucleus"),
    "frequency_penalty": _words(r"frequency[\s_-]?penalt", r"(?<!presence)(?<!presence.)\bpenalt"),
    "presence_penalty": _words(r"presence[\s_-]?penalt", r"(?<!frequency)(?<!frequency.)\bpenalt"),
}
"""The names of parameters, as servers write them."""
ANY_SAMPLING = _words(r"sampling (parameter|setting|option)s?")
ANY_ROOM = _words(
    r"max[\s_-]?(output|completion|new)?[\s_-]?tokens", r"(output|completion|generated) tokens",
    r"in the completion", r"maxOutputTokens",
)  # fmt: skip
CONTEXT = _words(r"context[ _]?(length|size|window|limit)", r"(prompt|input)[^.]{0,20} too long",
                 r"too many tokens", r"n_ctx")  # fmt: skip
REACHED = _words(r"(max.?tokens|output limit)[^.]{0,40}\breached", r"could not finish the message")
"""What is said where an answer was cut, instead of what there was of it."""
ERRORS = ("error", "errors", "base_resp")
MESSAGES = (
    "message", "msg", "status_msg", "error_msg", "error_message", "detail", "details", "reason",
    "title", "description",
)  # fmt: skip
NAMES = ("code", "type", "status", "error_type", "error_code", "status_code")
"""Where servers put an error, its message, and its names."""
NUMBER = r"(\d[\d,]*)"
CONTEXT_IS = re.compile(
    rf"context[ _]?(?:length|size|window|limit)\D{{0,30}}{NUMBER}", re.IGNORECASE
)
PROMPT_IS = re.compile(
    rf"{NUMBER}(?: tokens)?(?: of| in| from)?(?: the| your)? (?:messages|prompt|input|text)"
    rf"|(?:prompt|input|messages)\D{{1,30}}{NUMBER}",
    re.IGNORECASE,
)
REQUESTED_IS = re.compile(rf"requested\D{{0,20}}{NUMBER}", re.IGNORECASE)
SUM = re.compile(rf"{NUMBER} \+ {NUMBER} > {NUMBER}")


@dataclass(frozen=True)
class Complaint:
    """What a server says of a request that it does not answer."""

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
        more = said is not None and _count(said[2]) > _count(said[1])
        return bool(A_MINUTE.search(self.words) and (more or TOO_LARGE.search(self.said)))

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
        if self.status in (200, 400, 401, 402, 403, 429) and self.is_of_money:
            return Permanent(f"there is no money left ({self.why})")
        if self.status == 401 or (self.status == 400 and NO_KEY.search(self.said)):
            return Permanent(f"the key is not accepted ({self.why})")
        return None

    def _of_the_server(self, sent: Mapping[str, Any]) -> Failure | None:
        if self.status == 429 or (self.status in (200, 403) and PASSING.search(self.words)):
            return RateLimited(self.why, retry_after=self.retry_after)
        if self.status in OVERLOADED:
            return Overloaded(self.why, retry_after=self.retry_after)
        if self.status in TRANSIENT or (self.status >= 500 and not self._refuses_format(sent)):
            return Transient(self.why, retry_after=self.retry_after)
        return None

    def _of_the_address(self, sent: Mapping[str, Any], model: str) -> Failure | None:
        if 300 <= self.status < 400:
            return Permanent(f"the server is elsewhere: correct its URL ({self.why})")
        if self.status in (200, 400, 403) and FILTERED.search(self.words):
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
        return self.status == 501 or bool(FORMAT.search(self.words) or NO_ROUTE.search(self.said))

    def _of_room(self, name: str, asked: int) -> Failure | None:
        """Return what is the matter with the room for an answer, None if it is something else."""
        of_room = ANY_ROOM.search(f"{self.param or ''} {self.said}")
        in_context = CONTEXT.search(self.words)
        if not (of_room or (in_context and REQUESTED_IS.search(self.said))):
            return None
        renamed = name == ROOM and (
            OTHER_ROOM in self.said or "max completion" in self.said.lower()
        )
        if renamed and not re.search(r"\d", self.said) and not in_context:
            return Unsupported(self.why, parameter=ROOM)
        if in_context or VALUE.search(self.said) or re.search(r"limit", self.said):
            most = (
                _left(self.said, asked) if in_context else _largest(self.said, asked, self.status)
            )
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
        said = OTHERS.split(self.said, maxsplit=1)[0]
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
        said=_message(error),
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


def _count(digits: str) -> int:
    return int(digits.replace(",", "")[:15])


def _largest(said: str, asked: int, status: int) -> int:
    """Return the room that a message tells of: the largest number below what was asked for.

    >>> _largest("max_tokens is too large: 8192. This model takes at most 4096", 8192, 400)
    4096
    >>> _largest("too many output tokens", 4096, 400)
    2048
    """
    counts = [_count(digits) for digits in re.findall(NUMBER, said)]
    less = [count for count in counts if LEAST <= count < asked and count != status]
    return max(less, default=asked // 2)


def _left(said: str, asked: int) -> int:
    """Return the room that a context leaves beside a prompt, as a message tells of both.

    >>> _left("the context length is 5000, you requested 8900 (708 in the messages)", 8192)
    4292
    >>> _left("input length and max_tokens exceed context limit: 190 + 40 > 200", 40)
    10
    """
    total = SUM.search(said)
    if total:
        return _count(total[3]) - _count(total[1])
    context, prompt = CONTEXT_IS.search(said), PROMPT_IS.search(said)
    if context is None:
        return asked // 2
    if prompt is not None:
        left = _count(context[1]) - _count(prompt[1] or prompt[2])
        return left if left < asked else asked // 2
    requested = REQUESTED_IS.search(said)
    if requested is not None and _count(requested[1]) > _count(context[1]):
        return min(asked - 1, asked - (_count(requested[1]) - _count(context[1])))
    return min(asked // 2, _count(context[1]))
