"""Fields that a kind does not have: found, and dropped as upstream's API server does before it stores."""

from collections.abc import Iterator
from typing import Any

from tradewind.resources.problems import Problem
from tradewind.resources.schema import Schema
from tradewind.resources.shape import join, unknown_field


def without_unknown_fields(value: Any, schema: Schema) -> Any:
    """A copy of a value with only the fields that its schema has; untyped parts keep all of theirs."""
    match schema.type, value:
        case "object", dict():
            return {
                name: without_unknown_fields(one, schema.fields[name]) if name in schema.fields else one
                for name, one in value.items()
                if name in schema.fields or schema.open
            }
        case "map", dict() if schema.items:
            return {name: without_unknown_fields(one, schema.items) for name, one in value.items()}
        case "list", list() if schema.items:
            return [without_unknown_fields(one, schema.items) for one in value]
    return value


def unknown_fields(value: Any, schema: Schema, path: str = "") -> Iterator[Problem]:
    """Every field that `without_unknown_fields` would drop, each with the nearest name that there is."""
    match schema.type, value:
        case "object", dict():
            for name, one in value.items():
                if name in schema.fields:
                    yield from unknown_fields(one, schema.fields[name], join(path, name))
                elif not schema.open:
                    yield unknown_field(name, list(schema.fields), path)
        case "map", dict() if schema.items:
            for name, one in value.items():
                yield from unknown_fields(one, schema.items, join(path, name))
        case "list", list() if schema.items:
            for place, one in enumerate(value):
                yield from unknown_fields(one, schema.items, f"{path}[{place}]")
