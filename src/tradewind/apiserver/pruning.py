"""Dropping fields that a kind does not have, as upstream's API server does before it stores. Pure."""

from typing import Any

from tradewind.resources.schema import Schema


def without_unknown_fields(value: Any, schema: Schema) -> Any:
    """A copy of a manifest with only the fields that its schema has; untyped parts keep all of theirs."""
    match schema.type, value:
        case "object", dict():
            known = schema.fields
            return {
                name: without_unknown_fields(one, known[name]) for name, one in value.items() if name in known
            }
        case "list", list() if schema.items:
            return [without_unknown_fields(one, schema.items) for one in value]
        case "map", dict() if schema.items:
            return {name: without_unknown_fields(one, schema.items) for name, one in value.items()}
    return value
