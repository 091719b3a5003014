"""Taking fields out of a value (upstream `TypedValue.RemoveItems`). Pure."""

from typing import Any

from tradewind.apiserver.fields.elements import field_element, item_element
from tradewind.apiserver.fields.forms import form
from tradewind.apiserver.fields.sets import FieldSet, below, child, is_member
from tradewind.resources.schema import ANY, Schema


def without(value: Any, fields: FieldSet, schema: Schema) -> Any:
    """A copy without the members of a set; null when nothing is left of what was not empty."""
    if not value or not fields:
        return value
    match form(value, schema):
        case "map":
            return _map_without(value, fields, schema) or None
        case "items":
            return _items_without(value, fields, schema) or None
    return value


def _map_without(value: dict[str, Any], fields: FieldSet, schema: Schema) -> dict[str, Any]:
    kept = {}
    for name, one in value.items():
        under = fields.get(field_element(name))
        if under is None:
            kept[name] = one
        elif not is_member(under):
            kept[name] = without(one, under, child(schema, name))
    return kept


def _items_without(value: list[Any], fields: FieldSet, schema: Schema) -> list[Any]:
    kept = []
    for item in value:
        under = fields.get(item_element(item, schema))
        if under is None:
            kept.append(item)
        elif not is_member(under):
            kept.append(without(item, below(under), schema.items or ANY))
    return kept
