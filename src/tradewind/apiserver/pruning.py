"""Dropping fields that a kind does not have, as upstream's API server does before it stores. Pure."""

from functools import cache
from typing import Any

from msgspec import inspect


def without_unknown_fields(value: Any, struct: type[Any]) -> Any:
    """A copy of a manifest with only the fields that its struct has; untyped parts keep all of theirs."""
    return _pruned(value, inspect.type_info(struct))


@cache
def _fields(struct: type[Any]) -> dict[str, inspect.Type]:
    return {field.encode_name: field.type for field in inspect.type_info(struct).fields}  # type: ignore[attr-defined]


def _pruned(value: Any, type_: inspect.Type) -> Any:
    match type_, value:
        case inspect.StructType(cls=struct), dict():
            fields = _fields(struct)
            return {name: _pruned(one, fields[name]) for name, one in value.items() if name in fields}
        case inspect.ListType(item_type=item), list():
            return [_pruned(one, item) for one in value]
        case inspect.DictType(value_type=item), dict():
            return {name: _pruned(one, item) for name, one in value.items()}
        case inspect.UnionType(types=types), _:
            structured = [one for one in types if not isinstance(one, inspect.NoneType)]
            return _pruned(value, structured[0]) if len(structured) == 1 else value
    return value
