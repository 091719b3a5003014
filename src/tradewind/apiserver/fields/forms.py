"""How a value is taken: as a map, as a list of items, or as one leaf (upstream's atoms). Pure."""

from typing import Any, Literal

import msgspec

from tradewind.apiserver.fields.elements import NoElement, item_element
from tradewind.resources.schema import Schema

Form = Literal["map", "items", "leaf"]


class Absent:
    """The type of ABSENT."""


ABSENT = Absent()  # not there at all; null is there


def form(value: Any, schema: Schema) -> Form:
    """How a value is taken. Null and ABSENT are taken as their schema says; what has no schema as what it is:
    an object is a map, a list a leaf."""
    empty = value is None or value is ABSENT
    if schema.atomic:
        return "leaf"
    if schema.type == "list":
        return "items" if schema.keys is not None and (empty or _has_elements(value, schema)) else "leaf"
    if schema.type in ("object", "map"):
        return "map" if empty or isinstance(value, dict) else "leaf"
    return "map" if schema.type == "any" and isinstance(value, dict) else "leaf"


def _has_elements(value: Any, schema: Schema) -> bool:
    """False for a list with an item that cannot be told from the others: it is then owned as a whole."""
    if not isinstance(value, list):
        return False
    try:
        for item in value:
            item_element(item, schema)
    except NoElement:
        return False
    return True


def by_element(items: list[Any] | None, schema: Schema) -> dict[str, list[Any]]:
    """The items of a list by their elements; more than one under an element are duplicates."""
    found: dict[str, list[Any]] = {}
    for item in items or []:
        found.setdefault(item_element(item, schema), []).append(item)
    return found


def same(one: Any, other: Any) -> bool:
    """Equality as JSON has it: true is not 1, the order of an object's fields means nothing."""
    if one is other:
        return True
    if one != other:
        return False
    if isinstance(one, dict | list):
        return _text(one) == _text(other)
    return isinstance(one, bool) == isinstance(other, bool)


def _text(value: Any) -> bytes:
    return msgspec.json.encode(value, order="sorted")
