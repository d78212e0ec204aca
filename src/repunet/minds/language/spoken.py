"""Spoken text of a reply: what is left of it without the model's drafts.

Models mark their thoughts in many ways: `<think>`, `[THINK]`, `◁think▷`, channels, blocks of code.
A mark that is not known to hold an answer, or to be mere layout, holds a draft.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

THINKING = re.compile(
    r"think|thought|reason|reflect|scratch|analy[sz]|consider|deliberat|ponder|mus(?:e|ing)|draft"
    r"|brainstorm|monolog|inner|cot\b|ruminat|critique|rationale|plan(?:ning)?\b|internal",
    re.IGNORECASE,
)
"""What the name of a mark around thoughts holds."""
PLAIN = re.compile(
    r"(?:final_?)?answer|final|output|response|result|reply|json|solution|decision|choice|object|data"
    r"|form|box|boxed|tool_calls?|tool_use|function|function_calls?|invoke|parameters?|arguments|call"
    r"|action|message|content|text|xml|root|document|return"
    r"|assistant|model|turn|user|system|start|end|im_start|im_end|(?:start|end)_of_turn|endoftext|eot"
    r"|s|bos|eos|pad|unk|sep|code|pre|p|div|span|b|i|em|strong|u|br|hr|ul|ol|li|h[1-6]|html|body"
)
"""Marks that hold an answer, or layout, or a turn of the dialogue."""
MARK = re.compile(
    r"(?:\\?[<＜〈]|&lt;)(?P<tag>/?[A-Za-z][\w.:-]*)(?:\s[^<>{}]*)?(?:\\?[>＞〉]|&gt;|(?={)|\Z)"  # noqa: RUF001
    r"|<\|(?P<opens>\w+)>|<(?P<closes>\w+)\|>|<[|｜](?P<bars>/?[\w▁ -]+)[|｜]>"  # noqa: RUF001
    r"|\[(?P<bracket>/?[A-Za-z]\w*|[A-Z ]+)\]|{(?P<brace>/?[A-Za-z]\w*)}|◁(?P<triangle>/?\w+)▷"
)
UNSURE = "bracket", "brace", "triangle", "bars"
"""These are common in other uses, and count where their name is one of thoughts."""
BEGINS = re.compile(r"^(?:begin|start)_(?:of_)?|_(?:prefix|start|begin)$")
ENDS = re.compile(r"^/|^end_(?:of_)?|_(?:suffix|end)$")
"""How a name says that it begins or ends something, such as `end_of_thought`."""
ASIDE = re.compile(
    rf"<!--.*?(?:-->|\Z)|```[ \t]*(?i:\w*(?:{THINKING.pattern})\w*)[ \t]*\n.*?(?:```|\Z)", re.DOTALL
)
"""Comments, and blocks of code that hold thoughts."""
CHANNEL = re.compile(r"<\|channel\|>")
SAID_ALOUD = re.compile(r"\s*(?:final|commentary[^<]*\bto=)[^{]*?<\|message\|>(.*)", re.DOTALL)
TURN_ENDS = re.compile(r"<\|(?:end|return|call|start)\|>")
UNMARKED = re.compile(
    r"\s*(?:analysis(?=[A-Z\s]).*assistant\s*final(?=\W|[A-Z])"
    r"|\W*here(?:'s| is) my thought process:.*here(?:'s| is) my response:)",
    re.DOTALL | re.IGNORECASE,
)
"""Channels of which a server has removed the marks; how Granite's thoughts begin and end."""
UNFINISHED = re.compile(r"\s*(?:analysis(?=[A-Z])|\W*(?i:here(?:'s| is) my thought process:))")


class Mark(NamedTuple):
    """Mark in a reply, and whether it begins or ends a part of it."""

    name: str
    begins: bool
    start: int
    end: int


def spoken(text: str) -> str:
    """Return what a model says without what it thought before: drafts are no answers.

    >>> spoken("<think>A?</think>B"), spoken("A? [/THINK] B"), spoken("B <Why>A"), spoken("<b>B")
    ('B', ' B', 'B ', '<b>B')
    """
    return _outside(ASIDE.sub(" ", _aloud(text)))


def _aloud(text: str) -> str:
    """Return what is said in the channels, or after the words, that are for answers."""
    if CHANNEL.search(text):
        found = map(SAID_ALOUD.match, CHANNEL.split(text)[1:])
        return "\n".join(TURN_ENDS.split(each[1])[0] for each in found if each)
    if marked := UNMARKED.match(text):
        return text[marked.end() :]
    return "" if UNFINISHED.match(text) else text


def _outside(text: str) -> str:
    """Return what is outside of all marks; one without its other half reaches to the end of it."""
    parts, place = list[str](), 0
    open_, within = list[str](), Counter[str]()
    for mark in _marks(text):
        if mark.begins:
            if not open_:
                parts.append(text[place : mark.start])
            open_.append(mark.name)
            within[mark.name] += 1
        elif within[mark.name]:
            _close(open_, within, mark.name)
        elif not open_:
            parts.clear()
        place = place if open_ else mark.end
    return "".join(parts if open_ else (*parts, text[place:]))


def _close(open_: list[str], within: Counter[str], name: str) -> None:
    """Close a mark, and those that were opened in it and never closed."""
    while (last := open_.pop()) != name:
        within[last] -= 1
    within[name] -= 1


def _marks(text: str) -> Iterator[Mark]:
    """Yield the marks around drafts."""
    for found in MARK.finditer(text):
        written = found[found.lastgroup or 0].casefold().replace("▁", "_").rpartition(":")
        ends = "/" * written[0].startswith("/")
        name = ends + re.sub(r"[\s-]", "_", written[2])
        thinks = bool(THINKING.search(name))
        if not thinks and found.lastgroup in UNSURE:
            continue
        begins = found.lastgroup != "closes" and not ENDS.search(name if thinks else name[:1])
        bare = ENDS.sub("", BEGINS.sub("", name)) if thinks else name.removeprefix("/")
        if not PLAIN.fullmatch(bare):
            yield Mark(bare, begins, *found.span())
