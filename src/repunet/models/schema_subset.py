"""Schemas without the keywords that some servers refuse."""

from typing import Any

from repunet.models.request import Schema

BOUNDS = {"minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems"}


def lean(schema: Schema) -> Schema:
    """Return the schema without lengths and bounds.

    >>> lean({"type": "string", "maxLength": 9})
    {'type': 'string'}
    """
    kept: dict[str, Any] = _lean(schema)
    return kept


def _lean(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: {key: _lean(each) for key, each in inner.items()}
            if name == "properties"
            else _lean(inner)
            for name, inner in value.items()
            if name not in BOUNDS
        }
    return [_lean(each) for each in value] if isinstance(value, list | tuple) else value
