"""The set of all fields that a value mentions (upstream `TypedValue.ToFieldSet`). Pure."""

from typing import Any

from tradewind.apiserver.fields.elements import field_element
from tradewind.apiserver.fields.forms import by_element, form
from tradewind.apiserver.fields.sets import FieldSet, child, node
from tradewind.resources.schema import ANY, Schema


def field_set(value: Any, schema: Schema) -> FieldSet:
    """Every leaf, every item of a list, every key of a map and every null or empty object in a value; a
    declared field with something inside is only on the way to it."""
    match form(value, schema):
        case "map":
            return _fields(value or {}, schema)
        case "items":
            return _items(value, schema)
    return {}


def _fields(value: dict[str, Any], schema: Schema) -> FieldSet:
    found = {}
    for name, one in value.items():
        inner = child(schema, name)
        member = name not in schema.fields or one is None or one == {} or form(one, inner) == "leaf"
        under = node(member, field_set(one, inner))
        if under is not None:
            found[field_element(name)] = under
    return found


def _items(value: list[Any] | None, schema: Schema) -> FieldSet:
    """Duplicates are owned as one, without what is inside."""
    found = {}
    for element, items in by_element(value, schema).items():
        inner = field_set(items[0], schema.items or ANY) if len(items) == 1 else {}
        under = node(True, inner)
        assert under is not None
        found[element] = under
    return found
