"""The form of an answer: the JSON object that a model fills in, and how it is read.

Models are asked for what small ones can give: words from a list, whole percentages, texts of
limited length. Whatever is read was said: nothing is guessed, and nothing that was asked for may
be left out. What can mean one thing only is taken for it: `"Yes"` for true, `20.0` or `"20%"` for
20, a name with another kind of apostrophe for the name. Complaints are in words of our own, since a
model is shown them and a run keeps them.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import ValidationError

from repunet.minds.language.objects import Parsing, candidates
from repunet.minds.language.spelling import folded, same
from repunet.minds.language.tolerant import TWICE
from repunet.models.request import Schema
from repunet.prompts import one_line
from repunet.questions.mind import AnswerShape, InvalidAnswer, Operation, adapter
from repunet.questions.operations import Words
from repunet.world.reputation import LEVELS, Appraisal

PERCENT: dict[str, Any] = {"type": "integer", "minimum": 0, "maximum": 100}
LEVEL_NAMES = tuple(level.replace(" ", "_") for level in LEVELS)
WHOLE = re.compile(r"(-?[0-9]{1,9})(\.0{1,9})?\s?(?:%|percent)?")
YES = {"true": True, "yes": True, "false": False, "no": False}
FEW = 5
"""So many words to choose from are told again."""


class ReadAnswer(NamedTuple):
    """Answer that was read from a reply, and how."""

    answer: Any
    parsing: Parsing


@dataclass(frozen=True, slots=True)
class Form:
    """The JSON object in which one question is answered."""

    kind: type
    asked: AnswerShape

    @classmethod
    def of(cls, operation: Operation[Any]) -> "Form":
        """Return the form of a question's answer."""
        return cls(operation.answer, operation.asked)

    @property
    def schema(self) -> Schema:
        """Return the JSON schema of the object."""
        return self._object(self.kind, "")

    def read(self, text: str, *, ended: bool = True) -> ReadAnswer:
        """Return the answer in a reply; raises InvalidAnswer, which says what is wrong with it.

        A reply that was cut has not ended: prose after its object might have gone on otherwise.
        """
        parts = self.schema["properties"]
        found, parsing = candidates(text, parts, [*_options(self.schema)], ended=ended)
        answer = self._typed(found[0])
        for other in found[1:]:
            if other != found[0] and self._typed(other) != answer:
                raise InvalidAnswer("there are two JSON objects in the answer, and they differ")
        return ReadAnswer(answer, parsing)

    def _typed(self, found: dict[str, Any]) -> Any:
        return _validated(self.kind, self._plain(self.kind, found, ""))

    def write(self, answer: Any) -> str:
        """Return the object, as JSON, that is read as this answer."""
        return json.dumps(self._written(self.kind, answer, ""), ensure_ascii=False)

    def _fields(self, kind: type, path: str) -> Iterator[tuple[str, Any, str]]:
        """Return the name, the type and the path of every part that is asked for."""
        for name, hint in _hints(kind).items():
            place = _place(path, name)
            if place not in self.asked.unasked:
                yield name, hint, place

    def _object(self, kind: type, path: str) -> dict[str, Any]:
        if kind is Appraisal:
            text = {"text": self._schema(Words, path)}
            return _closed(text | dict.fromkeys(LEVEL_NAMES, PERCENT))
        return _closed({n: self._schema(hint, at) for n, hint, at in self._fields(kind, path)})

    def _schema(self, hint: Any, path: str) -> dict[str, Any]:
        bare, limits = _bare(hint)
        if is_dataclass(bare):
            return self._object(bare, path)  # type: ignore[arg-type]
        if self._ranks(path):
            return _closed(dict.fromkeys(self.asked.choices[path], PERCENT))
        if get_origin(bare) is tuple:
            count = self.asked.counts[path]
            items = self._schema(get_args(bare)[0], path)
            return {"type": "array", "items": items, "minItems": count, "maxItems": count}
        if get_origin(bare) is Literal:
            words = get_args(bare)
            return {"type": _SCALARS[type(words[0])], "enum": list(words)}
        if path in self.asked.choices:
            return {"type": "string", "enum": list(self.asked.choices[path])}
        return {"type": _SCALARS[bare], **_KEYWORDS[bare], **limits}

    def _plain(self, hint: Any, value: Any, path: str) -> Any:
        """Return a value as the type's own JSON would be, without what was not asked for."""
        bare, limits = _bare(hint)
        if is_dataclass(bare):
            return self._plain_object(bare, value, path)  # type: ignore[arg-type]
        if self._ranks(path):
            return self._plain_ranking(value, path)
        if get_origin(bare) is tuple:
            return self._plain_list(get_args(bare)[0], value, path)
        choices = get_args(bare) if get_origin(bare) is Literal else self.asked.choices.get(path)
        if choices:
            return _chosen(choices, value, path)
        return _READERS[bare](value, path, limits)

    def _plain_object(self, kind: type, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise InvalidAnswer(f"{path or 'the answer'} must be a JSON object")
        if kind is Appraisal:
            part = _part(value, "text", path, ("text", *LEVEL_NAMES))
            text = self._plain(Words, part, _place(path, "text"))
            return {"text": text, "weights": _weights(value, path)}
        plain = {name: None for name in _hints(kind)} | _defaults(kind)
        asked = [*self._fields(kind, path)]
        names = [name for name, _, _ in asked]
        for name, hint, place in asked:
            plain[name] = self._plain(hint, _part(value, name, path, names), place)
        return plain

    def _plain_list(self, hint: Any, value: Any, path: str) -> list[Any]:
        count = self.asked.counts[path]
        if not isinstance(value, list) or len(value) != count:
            raise InvalidAnswer(f"{path} must be a list of {count}")
        return [self._plain(hint, each, path) for each in value]

    def _ranks(self, path: str) -> bool:
        """Tell whether a list holds all of its choices: they are asked for by how wanted each is.

        Small models can't put names in order, but they can give each a percentage.
        """
        choices = self.asked.choices.get(path)
        return choices is not None and self.asked.counts.get(path) == len(choices)

    def _plain_ranking(self, value: Any, path: str) -> list[str]:
        """Return the choices, the most wanted first; equally wanted ones stay as they were put."""
        if not isinstance(value, dict):
            raise InvalidAnswer(f"{path} must be a JSON object")
        names = self.asked.choices[path]
        wanted = {
            name: _READERS[int](_part(value, name, path, names), _place(path, name), PERCENT)
            for name in names
        }
        return sorted(wanted, key=lambda name: -wanted[name])

    def _written(self, hint: Any, value: Any, path: str) -> Any:
        bare, _ = _bare(hint)
        if isinstance(value, Appraisal):
            return {"text": value.text} | dict(zip(LEVEL_NAMES, _percents(value), strict=True))
        if is_dataclass(bare):
            parts = self._fields(bare, path)  # type: ignore[arg-type]
            return {n: self._written(hint, getattr(value, n), at) for n, hint, at in parts}
        if self._ranks(path):
            return {name: round(100 * (1 - n / len(value))) for n, name in enumerate(value)}
        if get_origin(bare) is tuple:
            return [self._written(get_args(bare)[0], each, path) for each in value]
        return value


_SCALARS = {str: "string", int: "integer", bool: "boolean"}
_KEYWORDS: dict[type, dict[str, Any]] = {str: {"minLength": 1}, int: {}, bool: {}}
_LIMITS = {"max_length": "maxLength", "ge": "minimum", "le": "maximum"}


def _closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _options(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the words that the texts in an object of this form may be."""
    yield from (word for word in schema.get("enum", ()) if isinstance(word, str))
    for part in (*schema.get("properties", {}).values(), *filter(None, [schema.get("items")])):
        yield from _options(part)


def _bare(hint: Any) -> tuple[Any, dict[str, Any]]:
    """Return a type without its annotations and alternatives to None, and its limits."""
    limits: dict[str, Any] = {}
    while get_origin(hint) in (Annotated, Union, UnionType):
        hint, *marks = get_args(hint)
        for mark in marks:
            for limit in getattr(mark, "metadata", ()):
                for attribute, keyword in _LIMITS.items():
                    if hasattr(limit, attribute):
                        limits[keyword] = getattr(limit, attribute)
    return hint, limits


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name] for field in fields(kind)}


@cache
def _defaults(kind: type) -> dict[str, Any]:
    absent = dict.fromkeys(_hints(kind))
    made = {field.name: field.default for field in fields(kind) if field.name in absent}
    return {name: value for name, value in made.items() if isinstance(value, str | int | float)}


def _validated(kind: type, plain: Any) -> Any:
    try:
        return adapter(kind).validate_python(plain)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "the answer"
        raise InvalidAnswer(f"{where} is not what was asked for") from None


def _place(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _part(value: Mapping[str, Any], name: str, path: str, names: Sequence[str]) -> Any:
    """Return a field of an object; raises InvalidAnswer if it is not there, or twice."""
    known = frozenset(names)
    said = [
        part
        for key, part in value.items()
        if key == name or (key not in known and same(key, names) == [name])
    ]
    if not said:
        raise InvalidAnswer(f"{_place(path, name)} is missing")
    if said[0] is TWICE or any((type(part), part) != (type(said[0]), said[0]) for part in said):
        raise InvalidAnswer(f"{_place(path, name)} is there twice")
    return said[0]


def _chosen(choices: Sequence[Any], value: Any, path: str) -> Any:
    """Return the choice that is meant, however it is written."""
    meant = same(_word(value), map(str, choices))
    for choice in choices:
        if [str(choice)] == meant:
            return choice
    words = f"one of {', '.join(map(str, choices))}"
    raise InvalidAnswer(f"{path} must be {words if len(choices) <= FEW else 'one of those listed'}")


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    whole = _whole(value)
    return "" if whole is None else str(whole)


def _whole(value: Any) -> int | None:
    """Return the whole number that is meant, None if it is none."""
    if isinstance(value, str):
        found = WHOLE.fullmatch(value.strip())
        return int(found[1]) if found else None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Any, path: str, limits: Mapping[str, int]) -> int:
    number, low, high = _whole(value), limits.get("minimum"), limits.get("maximum")
    if number is None or (low is not None and number < low) or (high is not None and number > high):
        within = f" from {low} to {high}" if low is not None and high is not None else ""
        raise InvalidAnswer(f"{path} must be a whole number{within}")
    return number


def _yes(value: Any, path: str, _: Mapping[str, int]) -> bool:
    yes = value if isinstance(value, bool) else YES.get(folded(_word(value)))
    if yes is None:
        raise InvalidAnswer(f"{path} must be true or false")
    return yes


def _text(value: Any, path: str, limits: Mapping[str, int]) -> str:
    if not isinstance(value, str) or not one_line(value):
        raise InvalidAnswer(f"{path} must be a text")
    text, longest = value.strip(), limits.get("maxLength")
    if longest is not None and len(text) > longest:
        raise InvalidAnswer(f"{path} has more than {longest} characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidAnswer(f"{path} is no valid Unicode") from None
    return text


_READERS: dict[type, Callable[[Any, str, Mapping[str, int]], Any]] = {
    str: _text,
    int: _number,
    bool: _yes,
}


def _weights(value: Mapping[str, Any], path: str) -> list[float]:
    """Return the five percentages as weights; what they sum to is put right by the appraisal."""
    limits = {"minimum": 0, "maximum": 100}
    parts = {name: _part(value, name, path, ("text", *LEVEL_NAMES)) for name in LEVEL_NAMES}
    percents = [_number(part, _place(path, name), limits) for name, part in parts.items()]
    total = sum(percents)
    if not total:
        raise InvalidAnswer(f"{', '.join(LEVEL_NAMES)} must sum to 100")
    return [percent / total for percent in percents]


def _percents(appraisal: Appraisal) -> list[int]:
    return [round(100 * weight) for weight in appraisal.weights]
