"""Words in which servers refuse requests: data, for whoever reads a complaint."""

import re


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


OVERLOADED, TRANSIENT = (502, 503, 504, 529), (408, 409, 424, 425, 499)
NO_MONEY = _words(
    r"insufficient[ _-]*(account[ _-]*|user[ _-]*)?(balance|credits?|funds?|quota)",
    r"\b(balance|credits?|funds)\b[^.]{0,40}\b(insufficient|low|not enough|exhausted|depleted|empty"
    r"|used up|negative|ran out|run out|expired|gone|zero)",
    r"\b(not enough|no( more)?|low|out of|exceeded|negative)\b[^.]{0,25}"
    r"\b(credits?|balance|funds)\b",
    r"billing[ _](hard[ _]limit|not[ _]active)|payment[ _](is )?required|arrear|overdue|\brecharge",
    r"\bbudget\b[^.]{0,20}exceeded|account[^.]{0,12}suspended|\bkey limit exceeded",
    r"\b(monthly|total)\b[^.]{0,12}\b(usage|spend(ing)?) limit",
    r"exceeded_current_quota|余额|欠费|残高|잔액|guthaben|недостаточно средств"
    r"|\b(saldo|solde|crédito)\b[^.]{0,20}\b(insuf|esgotado|agotado|épuisé)",
)
"""What is said where there is no money, and nowhere else."""
BUSY = _words(r"\b(is|are) (currently |still |being )*(loading|overloaded|busy|starting|warming)",
              r"\bthrottl")  # fmt: skip
"""What is said of a server that will answer later, whatever its status."""
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
DAYS = _words(r"(per|/) ?[ _-]?(day|week|month)\b|PerDay", r"\b[rt]pd\b", r"\bdaily\b|每[日天]")
SHORTER = _words(r"(per|/) ?[ _-]?(sec|min|hour)", r"\b[rt]p[ms]\b")
DAYS_BY_NAME = re.compile(r"quota_?id\W{1,6}\w*per_?day", re.IGNORECASE)
"""What is said of a limit that lasts for a day or longer, of others, and what Google calls it."""
TOO_LARGE = _words(r"request (is )?too large", r"larger than[^.]{0,40}per.?min")
A_MINUTE = _words(r"per[ _-]?min", r"\btpm\b")
LIMIT_AND_MORE = re.compile(r"limit:? (\d[\d,]*)\D{1,12}requested:? (\d[\d,]*)", re.IGNORECASE)
NO_KEY = _words(r"api[ _-]?key[^.]{0,30}(invalid|not valid|expired|incorrect|missing)",
                r"(invalid|incorrect|expired)[^.]{0,12}api[ _-]?key")  # fmt: skip
NO_MODEL = _words(
    r"model_not_found",
    r"model\b.{0,60}(not found|not exist|unknown|not a valid|no such|is invalid)",
    r"(unknown|invalid|no such) model|模型不存在",
)  # fmt: skip
NO_ROUTE = _words(r"requested parameters", r"no endpoints? found that")
MISSED = _words(r"json_validate_failed", r"failed_generation")
"""What is said if the model, not the request, has missed the format (Groq)."""
FILTERED = _words(r"content[ _-]?(filter|policy|management)|ResponsibleAI", r"\bsafety\b",
                  r"data_?inspection|inappropriate|guardrail|high risk|敏感")  # fmt: skip
FLAGGED = _words(r"flagged|moderation")
FORMAT = _words(
    r"response.?format|json.?schema|json.?object|json.?mode|\bschemas?\b|grammar|structured.?output",
    r"guided|output_config|output_format|constrained|\bjson\b[^.]{0,30}(support|mode|output|format)",
)  # fmt: skip
UNKNOWN = _words(
    r"support|unknown|unrecogni|unexpected|permit|enabled|allow|deprecat|accept|not a valid|both"
    r"|only one|extra|combin|together|exclusive|invalid|illegal|remove|cannot be"
)
"""What is said of a parameter, not of its value."""
VALUE = _words(
    r"at most|at least|must be|should be|has to be|less than|greater than|between|range|[<>≤≥]"
    r"|too (large|big|high|small|low|long|many)|maximum|minimum|exceed|over the limit|up to"
)
"""What is said of a value."""
BOTH = _words(r"both|only one|together|combin|exclusive|one of them")
NOT_DENIED = "".join(
    rf"(?<!\b{word} )" for word in ("not", "not a", "no", "longer", "currently", "yet")
)
GOOD = (
    rf"(?<!n't ){NOT_DENIED}\b(?:known|supported|allowed|valid|accepted|available|recogni[sz]ed"
    r"|permitted|expected|possible|legal)"
)
NAMED = r"(?:param(?:eter)?|arg(?:ument)?|field|value|name|key|option|input|setting)s?"
OTHERS = re.compile(
    rf"(?:(?:one of|{GOOD}(?: (?:\w+ )?{NAMED})?(?: (?:are|is|include))?)[ \"']*[:=(\[]"
    rf"|expected one of|\binstead\b|{GOOD} {NAMED})"
    r"(?:(?!\b(?:got|received|but|found)\b)[^.]|\.(?!\s))*",
    re.IGNORECASE,
)
"""What would do instead of what is refused, with all the names that are listed there."""
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
