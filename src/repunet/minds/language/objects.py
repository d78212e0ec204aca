"""JSON objects of a reply that can be its answer."""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any, Literal, NamedTuple, TypeAlias

from repunet.minds.language.prose import introduces_example, refuses, takes_back
from repunet.minds.language.spelling import folded, squeezed
from repunet.minds.language.spoken import THINKING, spoken
from repunet.minds.language.tolerant import UnreadableJSON, read_object, unambiguous, unescaped
from repunet.questions.mind import InvalidAnswer

Parsing: TypeAlias = Literal["json", "found"]
"""Whether a reply was the object and nothing else, or it had to be found in it."""
Object: TypeAlias = dict[str, Any]

NONE = "there is no JSON object in the answer"
CUT = "the JSON object of the answer is cut off"
BROKEN = "the JSON object of the answer can't be read"
BLANK = "the JSON object of the answer is not filled in"
REFUSED = "the model refuses to answer"
GOES_ON = "the answer says more than its JSON object"

OPENS = re.compile("[{｛]")  # noqa: RUF001
BEGINS = re.compile(r"[{｛]\s*[\"'“‘]?([\w -]+)[\"'”’]?\s*[:：]")  # noqa: RUF001
ESCAPED = re.compile(r"\{(?:\\+[nrt]|\s)*\\+\"")
"""An object in a text in JSON: `{\\"move\\": ...`."""
ALTERNATIVES = re.compile(r"\s*(?:[|/<…]|\.\.\.|or\b)")
"""After a value in the description of an object: `"cooperate" | "defect"`."""
PLACEHOLDER = re.compile(r"\s*[.…_-][\s.…_-]*|<[^<>]*>|\w+(?:\s*\|\s*\w+)+")
SCHEMA = {"type", "enum", "const", "$ref", "anyOf"}
FINAL = re.compile(r"final|actual|real|answer|decision|choice|chosen", re.IGNORECASE)
"""Names of parts of an object that claim to be the answer."""
SHOWN = re.compile(rf"{THINKING.pattern}|example|template|sample", re.IGNORECASE)
"""Names of parts of an object that hold no answer."""
DEEPEST = 5
"""In so many objects, lists and texts an answer may be wrapped."""
LONGEST, MOST = 10**6, 1000
"""Characters of a reply, and signs in it that may open an object and don't."""
QUOTES = {"«": "»", "»": "«", "‹": "›", "“": "”", "„": "“”", "「": "」", "『": "』", "《": "》"}  # noqa: RUF001
"""What begins a quotation, and what may end it; straight quotes are how a text is written."""
TRAILING = re.compile(r"[\s`'\"\])}>*_]*(?:</?\w+>\s*|<\|\w+\|>\s*)*")
"""What ends a reply without saying anything: a fence, a bracket, a mark."""
DECODER = json.JSONDecoder(object_pairs_hook=unambiguous)


class PlacedObject(NamedTuple):
    """Object in a text, or the whole of it, and where it stands."""

    value: Any
    start: int = 0
    end: int = 0


def candidates(
    text: str, names: Collection[str], options: Collection[str] = (), *, ended: bool = True
) -> tuple[list[Object], Parsing]:
    """Return the objects of a reply that can be an answer with fields of these names.

    Raises InvalidAnswer if there is none, and if the prose around them leaves it in doubt whether
    they are the answer, or names another of the options; `ended` is false for a reply that was cut.
    """
    if len(text) > LONGEST:
        raise InvalidAnswer("the answer is far too long")
    keys, whole = frozenset(map(squeezed, names)), _json(text)
    if isinstance(whole, str) and OPENS.search(whole):
        return candidates(whole, names, options, ended=ended)[0], "found"
    if whole is None:
        text, found = _scanned(spoken(text), keys)
    else:
        text, found = "", [PlacedObject(whole)]
    prose = _between(text, found)
    if refuses("\n".join(prose)):
        raise InvalidAnswer(REFUSED)
    meant = [
        each
        for each, before in zip(found, prose, strict=False)
        if not (introduces_example(before) or _is_quoted(text, each))
    ]
    values, last = _values(meant, keys)
    after = text[last.end :]
    if takes_back(" ".join((after, *_finals(last.value))), _others(values, keys, options)):
        raise InvalidAnswer(GOES_ON)
    if not ended and not TRAILING.fullmatch(after):
        raise InvalidAnswer(CUT)
    return values, "json" if values == [whole] else "found"


def _others(values: list[Object], keys: frozenset[str], options: Collection[str]) -> list[str]:
    """Return the options that were not chosen."""
    own = [part for value in values for name, part in value.items() if squeezed(name) in keys]
    chosen = set(map(folded, _texts(own)))
    return [option for option in options if folded(option) not in chosen]


def _between(text: str, found: list[PlacedObject]) -> list[str]:
    """Return the prose before each object, and that after the last."""
    ends, starts = [0, *(each.end for each in found)], [*(each.start for each in found), len(text)]
    return [text[end:start] for end, start in zip(ends, starts, strict=True)]


def _is_quoted(text: str, found: PlacedObject) -> bool:
    """Tell whether an object is a quotation in what else is said, as in a refusal of any language.

    >>> text = "Odmítám. Formulář «{}» nevyplním."
    >>> _is_quoted(text, PlacedObject({}, 19, 21))
    True
    """
    before, after = text[: found.start].rstrip(), text[found.end :].lstrip()
    ends = QUOTES.get(before[-1:], "")
    return after[:1] in tuple(ends) and bool(re.search(r"\w", before + after))


def _json(text: str) -> Any:
    """Return what a text is as JSON, None if it is none."""
    try:
        return DECODER.decode(text.strip("\ufeff\u200b \t\r\n"))
    except (ValueError, RecursionError):
        return None


# Values ----------------------------------------------------------------------------------------


def _values(found: list[PlacedObject], keys: frozenset[str]) -> tuple[list[Object], PlacedObject]:
    """Return the objects that are meant as answers, and the last of those that hold them."""
    meant = [(each, value) for each in found for value in _unwrapped(each.value, keys)]
    if not meant and found and isinstance(found[-1].value, dict):
        return [found[-1].value], found[-1]
    if not meant:
        raise InvalidAnswer(NONE)
    filled = [(each, value) for each, value in meant if not _is_blank(value, keys)]
    if not filled:
        raise InvalidAnswer(BLANK)
    return [value for _, value in filled], filled[-1][0]


def _unwrapped(value: Any, keys: frozenset[str], depth: int = 0) -> Iterator[Object]:
    """Yield the objects in a value that have these keys, all of them if there are such."""
    value = _written(value) if isinstance(value, str) else value
    if isinstance(value, list) and depth < DEEPEST:
        for each in value:
            yield from _unwrapped(each, keys, depth + 1)
    if not isinstance(value, dict) or depth == DEEPEST:
        return
    own, inner = keys & _keys(value), [*_parts(value, keys, depth)]
    whole = [each for each in inner if keys <= _keys(each)]
    if own == keys:
        yield value
    yield from whole or ([] if own == keys else [value] if own else inner)


def _parts(value: Object, keys: frozenset[str], depth: int) -> Iterator[Object]:
    for name, part in value.items():
        if not SHOWN.search(name):
            yield from _unwrapped(part, keys, depth + 1)


def _written(text: str) -> Any:
    """Return the object or the list that a text is in JSON, None if it is no such text."""
    value = _json(text) if OPENS.search(text) else None
    if value is not None or not OPENS.match(text.strip()):
        return value
    try:
        value, end = read_object(text.strip())
    except UnreadableJSON:
        return None
    return value if end == len(text.strip()) else None


def _finals(value: Any) -> Iterator[str]:
    """Yield what an object says beside its answer, under names that claim to be it."""
    if isinstance(value, dict):
        named = (part for name, part in value.items() if FINAL.search(name))
        yield from (f". {part}" for part in named if isinstance(part, str))


def _keys(value: Object) -> set[str]:
    return set(map(squeezed, value))


def _texts(value: Any) -> Iterator[str]:
    """Yield all texts in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)


def _is_blank(value: Object, keys: frozenset[str]) -> bool:
    """Return whether an object says what an answer looks like, instead of being one."""
    own = [part for name, part in value.items() if squeezed(name) in keys]
    schemas = [part for part in own if isinstance(part, dict) and SCHEMA & set(part)]
    if any(isinstance(part, str) and PLACEHOLDER.fullmatch(part) for part in own):
        return True
    return any(isinstance(each, str | list) for part in schemas for each in part.values())


# Places ----------------------------------------------------------------------------------------


def _scanned(text: str, keys: frozenset[str]) -> tuple[str, list[PlacedObject]]:
    """Return the objects in a text, and the text in which they are, without its escapes."""
    found, place, unread = list[PlacedObject](), 0, 0
    while (opening := OPENS.search(text, place)) and unread <= MOST:
        start = opening.start()
        if ESCAPED.match(text, start):
            text = text[:start] + unescaped(text[start:])
        try:
            value, place = read_object(text, start)
            found.append(PlacedObject(value, start, place))
        except UnreadableJSON as error:
            _require_no_answer(text, start, error, keys)
            place, unread = start + 1, unread + 1
    if unread > MOST:
        raise InvalidAnswer(BROKEN)
    return text, found


def _require_no_answer(text: str, start: int, error: UnreadableJSON, keys: frozenset[str]) -> None:
    """Raise InvalidAnswer if an answer begins there that can't be read."""
    if error.hopeless:
        raise InvalidAnswer(CUT) from None
    begins = BEGINS.match(text, start)
    if begins and squeezed(begins[1]) in keys and not ALTERNATIVES.match(text, error.place):
        raise InvalidAnswer(BROKEN) from None
