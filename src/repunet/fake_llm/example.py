"""A valid instance of any JSON schema, the same for the same key.

Every value is drawn by where it stands, so that a schema without lengths and bounds is answered
with the same values as the full one, as long as these are within it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor
from typing import Any, TypeAlias

from repunet.chance import draw, pick, shuffled
from repunet.fake_llm.words import text
from repunet.models.request import Schema

Place: TypeAlias = tuple[str | int, ...]
"""Where a value stands: the names and numbers that lead to it."""

DEEP, MANY = 10, 500
"""Deeper, or after more values, as little is said as a schema allows: it may contain itself."""
BOTTOM, ENOUGH = 60, 20_000
"""Here nothing more is said, whether or not it is allowed: no instance is finite."""
SPARE = 3
"""How many items more than it must have a list may get."""
WHOLE, SHARE = 100, 1
"""The ranges of whole and of other numbers that have no bounds."""


@dataclass(slots=True)
class SchemaInstance:
    """An instance of a schema in the making."""

    root: Schema
    key: str
    """What all its values follow from."""
    chosen: list[Place] = field(default_factory=list)
    """Where one of a few allowed values stands."""
    made: int = 0
    """How many values there are."""

    def value(self, schema: Schema, at: Place = ()) -> Any:
        """Return what stands at a place, as the schema of this place wants it."""
        schema = resolved(schema, self.root)
        self.made += 1
        if len(at) > BOTTOM or self.made > ENOUGH:
            return None
        if allowed := _allowed(schema):
            self.chosen.append(at)
            return self._pick(allowed, at)
        if branches := schema.get("anyOf") or schema.get("oneOf"):
            return self.value(self._branch(branches, at), at)
        return self._typed(schema, at)

    def _typed(self, schema: Schema, at: Place) -> Any:
        kind = _kind(schema)
        if isinstance(kind, list):
            return self._typed({**schema, "type": self._pick(kind, at)}, at)
        match kind:
            case "object":
                return self._object(schema, at)
            case "array":
                return self._array(schema, at)
            case "integer":
                return self._integer(schema, at)
            case "number":
                return self._number(schema, at)
            case "boolean":
                return self._draw(at) < 0.5
            case "null":
                return None
            case _:
                least, most = schema.get("minLength", 0), schema.get("maxLength")
                return text(self.key, at, least=least, most=most)

    def _object(self, schema: Schema, at: Place) -> dict[str, Any]:
        required = schema.get("required", ())
        return {
            name: self.value(each, (*at, name))
            for name, each in schema.get("properties", {}).items()
            if name in required or not self._brief(at)
        }

    def _array(self, schema: Schema, at: Place) -> list[Any]:
        prefix, rest = schema.get("prefixItems", ()), schema.get("items") or {}
        allowed = [] if prefix else _allowed(resolved(rest, self.root))
        size = self._size(schema, at, len(allowed) or len(prefix))
        if allowed:
            return self._ranking(allowed, size, at)
        each = [*prefix, *[rest] * size][:size]
        return [self.value(schema, (*at, number)) for number, schema in enumerate(each)]

    def _ranking(self, allowed: Sequence[Any], size: int, at: Place) -> list[Any]:
        """Return the allowed values in any order, each once if there is room."""
        self.chosen.extend((*at, number) for number in range(size))
        order = shuffled(range(len(allowed)), 0, self.key, at)
        return [allowed[order[number % len(order)]] for number in range(size)]

    def _size(self, schema: Schema, at: Place, natural: int) -> int:
        """Return how many items a list gets: its natural number if there is one and it may."""
        least: int = schema.get("minItems", 0)
        most: int | None = schema.get("maxItems")
        if self._brief(at):
            return least
        wanted = natural or least + int(self._draw((*at, "size")) * (SPARE + 1))
        return max(least, wanted if most is None else min(wanted, most))

    def _integer(self, schema: Schema, at: Place) -> int:
        least, most = _bounds(schema, WHOLE)
        low = ceil(least) + (schema.get("exclusiveMinimum") == ceil(least))
        high = floor(most) - (schema.get("exclusiveMaximum") == floor(most))
        return low + int(self._draw(at) * (high - low + 1))

    def _number(self, schema: Schema, at: Place) -> float:
        low, high = _bounds(schema, SHARE)
        exact = low + self._draw(at) * (high - low)
        short = round(exact, 2)
        return short if low < short < high else exact

    def _branch(self, branches: Sequence[Schema], at: Place) -> Schema:
        if not self._brief(at):
            return self._pick(branches, at)  # type: ignore[no-any-return]
        nested = ("object", "array")
        return min(branches, key=lambda each: _kind(resolved(each, self.root)) in nested)

    def _brief(self, at: Place) -> bool:
        return len(at) >= DEEP or self.made >= MANY

    def _pick(self, items: Sequence[Any], at: Place) -> Any:
        return pick(items, 0, self.key, at)

    def _draw(self, at: Place) -> float:
        return draw(0, self.key, at)


def spoiled(schema: Schema, key: str) -> Any:
    """Return an instance with a value that is not allowed, or else one of a wrong type."""
    example = SchemaInstance(schema, key)
    value = example.value(schema)
    if not isinstance(value, dict) or not value:
        return value
    name = next(iter(value))
    if not example.chosen:
        value[name] = 0 if isinstance(value[name], dict) else {"of": "a wrong type"}
        return value
    *way, last = example.chosen[0]
    spot: Any = value
    for step in way:
        spot = spot[step]
    spot[last] = "none of these"
    return value


def resolved(schema: Schema, root: Schema) -> Schema:
    """Return a schema with what it refers to in its place."""
    seen = 0
    while isinstance(pointer := schema.get("$ref"), str) and seen < BOTTOM:
        beside = {name: each for name, each in schema.items() if name != "$ref"}
        schema, seen = {**_pointed(pointer, root), **beside}, seen + 1
    return schema


def _pointed(pointer: str, root: Schema) -> Schema:
    spot: Any = root
    for step in pointer.removeprefix("#").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        spot = spot.get(name) if isinstance(spot, Mapping) else None
    return spot if isinstance(spot, Mapping) else {}


def _allowed(schema: Schema) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def _kind(schema: Schema) -> Any:
    """Return the type of a schema, which may go without saying."""
    implied = "object" if "properties" in schema else "array" if "items" in schema else "string"
    return schema.get("type", implied)


def _bounds(schema: Schema, span: int) -> tuple[float, float]:
    """Return the least and the largest number: from 0 up, where nothing is said."""
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if low is None:
        low = 0 if high is None or high >= 0 else high - span
    return low, max(low, span) if high is None else high
