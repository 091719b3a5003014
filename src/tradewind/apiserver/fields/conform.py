"""Whether an applied configuration is what its schema says, in upstream's words (`TypedValue.Validate`).

An apply cannot drop what it does not know, as other writes do: nobody would own it. Pure.
"""

from collections.abc import Iterator
from typing import Any

from tradewind.apiserver.fields.elements import NoElement, field_element, item_element, shown
from tradewind.apiserver.fields.sets import child
from tradewind.resources.schema import Schema


def deviations(value: Any, schema: Schema, path: str = "") -> Iterator[str]:
    """What is wrong, each with its path: unknown fields, wrong types, items without or with the same key."""
    if value is None or schema.type == "any":
        return
    match schema.type:
        case "object" | "map":
            yield from _of_map(value, schema, path)
        case "list":
            yield from _of_list(value, schema, path)
        case _:
            yield from _of_scalar(value, schema, path)


def _of_map(value: Any, schema: Schema, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: expected map, got &{{{_go(value)}}}"
        return
    for name in sorted(value):
        at = path + shown(field_element(name))
        if schema.type == "object" and name not in schema.fields and not schema.open:
            yield f"{at}: field not declared in schema"
        else:
            yield from deviations(value[name], child(schema, name), at)


def _of_list(value: Any, schema: Schema, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: expected list, got &{{{_go(value)}}}"
        return
    seen = set()
    for place, item in enumerate(value):
        element = f"i:{place}"
        if schema.keys is not None:
            try:
                element = item_element(item, schema)
            except NoElement as error:
                yield f"{path}: element {place}: {error}"
                return
            if element in seen:
                yield f"{path}: duplicate entries for key {shown(element)}"
            seen.add(element)
        if schema.items is not None:
            yield from deviations(item, schema.items, path + shown(element))


def _of_scalar(value: Any, schema: Schema, path: str) -> Iterator[str]:
    is_bool, is_number = isinstance(value, bool), isinstance(value, int | float)
    match schema.type:
        case "string" if not isinstance(value, str):
            yield f"{path}: expected string, got &value.valueUnstructured{{Value:{_go_syntax(value)}}}"
        case "integer" | "number" if is_bool or not is_number:
            yield f"{path}: expected numeric (int or float), got {_go_type(value)}"
        case "boolean" if not is_bool:
            yield f"{path}: expected boolean, got &{{{_go(value)}}}"
        case "int-or-string" if isinstance(value, dict | list):
            yield f"{path}: expected any scalar, got &{{{_go(value)}}}"


def _go(value: Any) -> str:
    """A value as Go's `%v` prints it."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return str(value).lower()
        case dict():
            return f"map[{' '.join(f'{name}:{_go(value[name])}' for name in sorted(value))}]"
        case list():
            return f"[{' '.join(map(_go, value))}]"
    return str(value)


def _go_syntax(value: Any) -> str:
    """A value that is no string as Go's `%#v` prints it, without what is inside."""
    match value:
        case dict() | list():
            return f"{_go_type(value)}{{…}}"
    return _go(value)


def _go_type(value: Any) -> str:
    match value:
        case bool():
            return "bool"
        case str():
            return "string"
        case dict():
            return "map[string]interface {}"
        case list():
            return "[]interface {}"
    return "int64" if isinstance(value, int) else "float64"
