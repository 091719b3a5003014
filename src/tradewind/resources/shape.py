"""Whether a manifest has the fields and types of its struct, every deviation at once.

The structs are the schema: `msgspec.inspect` says what each field may hold. Only typed parts are
walked; a field of type `Any` accepts everything.
"""

import difflib
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import inspect

from tradewind.resources.problems import Cause, Problem

MAX_PROBLEMS = 50
MAX_SHOWN_LENGTH = 60
MAX_NAME_LENGTH = 64  # a longer unknown name is not compared with known ones
LARGEST_INTEGER = 2**63 - 1

Show = Callable[[Any], str]


def shape_problems(
    value: Any, struct: type[object], path: str = "", show: Show | None = None
) -> list[Problem]:
    """Unknown fields, wrong types, missing required fields and values outside an enumeration.

    At most MAX_PROBLEMS of them. `show` turns a value into the text that messages quote; by default
    it is shortened JSON. When nothing but unknown fields is found, msgspec converts `value` to `struct`.
    """
    found = _walk_struct(value, struct, path, show or shown)
    problems = list(itertools.islice(found, MAX_PROBLEMS))
    if any(one.cause is not Cause.UNKNOWN for one in problems):
        return problems
    return problems + _unconvertible(value, struct, path)


def drop_nulls(value: Any, struct: type[object]) -> Any:
    """A copy without the fields that are null though their type has no null: null means absent.

    Upstream's core types treat null so; untyped parts keep theirs.
    """
    return _fields_without_nulls(value, _fields(struct)) if isinstance(value, dict) else value


def shown(value: Any) -> str:
    """A value as JSON, shortened; objects and lists as an outline."""
    if isinstance(value, dict | list):
        return "{…}" if isinstance(value, dict) else "[…]"
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        return "a number of more than 64 bits"
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_SHOWN_LENGTH else text[: MAX_SHOWN_LENGTH - 1] + "…"


def nearest(name: str, known: list[str]) -> str:
    """A suggestion for a misspelt name, to be put after the message; "" when nothing is near."""
    if len(name) > MAX_NAME_LENGTH:
        return ""
    by_lower = {one.lower(): one for one in known}
    near = difflib.get_close_matches(name.lower(), list(by_lower), n=1, cutoff=0.6)
    return f'; did you mean "{by_lower[near[0]]}"?' if near else ""


_FIELDS: dict[type[object], dict[str, inspect.Field]] = {}


def _fields(struct: type[object]) -> dict[str, inspect.Field]:
    """Fields by wire name; worked out once for each struct, as inspecting is slow."""
    if struct not in _FIELDS:
        found = inspect.type_info(struct)
        assert isinstance(found, inspect.StructType)
        _FIELDS[struct] = {one.encode_name: one for one in found.fields}
    return _FIELDS[struct]


def _walk(value: Any, type_: inspect.Type, path: str, show: Show) -> Iterator[Problem]:
    match type_:
        case inspect.Metadata(type=inner):
            yield from _walk(value, inner, path, show)
        case inspect.StructType(cls=struct):
            yield from _walk_struct(value, struct, path, show)
        case inspect.ListType():
            yield from _walk_list(value, type_, path, show)
        case inspect.DictType():
            yield from _walk_dict(value, type_, path, show)
        case inspect.UnionType():
            yield from _walk_union(value, type_, path, show)
        case inspect.LiteralType():
            if value not in type_.values:
                yield _not_supported(value, list(type_.values), path, show)
        case _:
            if not _holds(value, type_):
                yield _wrong_type(value, _described(type_), path, show)


def _walk_struct(value: Any, struct: type[object], path: str, show: Show) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield _wrong_type(value, "an object", path, show)
        return
    fields = _fields(struct)
    for name, one in value.items():
        known = fields.get(name)
        if known is None:
            yield unknown_field(str(name), list(fields), path)
        else:
            yield from _walk(one, known.type, join(path, name), show)
    for name, known in fields.items():
        if known.required and name not in value:
            yield Problem(join(path, name), "Required value", Cause.REQUIRED)


def _walk_list(value: Any, type_: inspect.ListType, path: str, show: Show) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield _wrong_type(value, "a list", path, show)
        return
    for place, one in enumerate(value):
        yield from _walk(one, type_.item_type, f"{path}[{place}]", show)


def _walk_dict(value: Any, type_: inspect.DictType, path: str, show: Show) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield _wrong_type(value, "an object", path, show)
        return
    for name, one in value.items():
        if not isinstance(name, str):
            yield Problem(
                path, f"Invalid value: {show(name)}: a key must be a string; put it in quotes", Cause.TYPE
            )
        yield from _walk(one, type_.value_type, f"{path}[{name}]", show)


def _walk_union(value: Any, type_: inspect.UnionType, path: str, show: Show) -> Iterator[Problem]:
    if value is None and type_.includes_none:
        return
    choices = [one for one in type_.types if not isinstance(one, inspect.NoneType)]
    if len(choices) == 1:
        yield from _walk(value, choices[0], path, show)
    elif all(any(_walk(value, one, path, show)) for one in choices):
        yield _wrong_type(value, " or ".join(map(_described, choices)), path, show)


_EXPECTED: dict[type[inspect.Type], tuple[str, tuple[type, ...]]] = {
    inspect.StrType: ("a string", (str,)),
    inspect.IntType: ("an integer", (int,)),
    inspect.FloatType: ("a number", (int, float)),
    inspect.BoolType: ("true or false", (bool,)),
    inspect.NoneType: ("null", (type(None),)),
    inspect.DictType: ("an object", (dict,)),
    inspect.StructType: ("an object", (dict,)),
    inspect.ListType: ("a list", (list,)),
}


def _described(type_: inspect.Type) -> str:
    return _EXPECTED.get(type(type_), ("another type", ()))[0]


def _holds(value: Any, type_: inspect.Type) -> bool:
    if type(type_) not in _EXPECTED:
        return True
    if isinstance(value, bool) and not isinstance(type_, inspect.BoolType):
        return False
    if isinstance(type_, inspect.IntType) and isinstance(value, int):
        return abs(value) <= LARGEST_INTEGER
    return isinstance(value, _EXPECTED[type(type_)][1])


def _wrong_type(value: Any, expected: str, path: str, show: Show) -> Problem:
    return Problem(
        path, f"Invalid value: {show(value)}: must be {expected}{_hint(value, expected)}", Cause.TYPE
    )


def _hint(value: Any, expected: str) -> str:
    if value is None:
        return "; leave the field out instead of writing null"
    if expected == "a string" and isinstance(value, bool | int | float):
        return "; put the value in quotes"
    if not isinstance(value, str):
        return ""
    if expected == "true or false" and value.lower() in ("true", "false"):
        return "; drop the quotes"
    if expected in ("an integer", "a number") and value.strip().lstrip("+-").isdecimal():
        return "; drop the quotes"
    return ""


def _not_supported(value: Any, allowed: list[Any], path: str, show: Show) -> Problem:
    listed = ", ".join(shown(one) for one in allowed)
    near = nearest(value, [str(one) for one in allowed]) if isinstance(value, str) else ""
    return Problem(
        path, f"Unsupported value: {show(value)}: supported values: {listed}{near}", Cause.NOT_SUPPORTED
    )


def unknown_field(name: str, known: list[str], path: str) -> Problem:
    """A field of an object that has no such field, with the nearest name that it has."""
    short = name if len(name) <= MAX_NAME_LENGTH else name[:MAX_NAME_LENGTH] + "…"
    return Problem(join(path, short), f'unknown field "{short}"{nearest(name, known)}', Cause.UNKNOWN)


def _unconvertible(value: Any, struct: type[object], path: str) -> list[Problem]:
    """What a type's own constraints refuse (bounds, patterns): msgspec names the first one."""
    try:
        msgspec.convert(value, struct)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        return [Problem(join(path, place.strip(".`")), message, Cause.TYPE)]
    return []


def _without_nulls(value: Any, type_: inspect.Type) -> Any:
    match type_, value:
        case inspect.Metadata(type=inner), _:
            return _without_nulls(value, inner)
        case inspect.StructType(cls=struct), dict():
            return _fields_without_nulls(value, _fields(struct))
        case inspect.ListType(item_type=item), list():
            return [_without_nulls(one, item) for one in value]
        case inspect.DictType(value_type=item), dict():
            return {
                name: _without_nulls(one, item)
                for name, one in value.items()
                if one is not None or _nullable(item)
            }
        case inspect.UnionType(types=types), _:
            structured = [
                one
                for one in types
                if isinstance(one, inspect.StructType | inspect.ListType | inspect.DictType)
            ]
            return _without_nulls(value, structured[0]) if len(structured) == 1 else value
    return value


def _fields_without_nulls(value: dict[str, Any], fields: dict[str, inspect.Field]) -> dict[str, Any]:
    kept = {}
    for name, one in value.items():
        known = fields.get(name)
        if known is None:
            kept[name] = one
        elif one is not None:
            kept[name] = _without_nulls(one, known.type)
    return kept


def _nullable(type_: inspect.Type) -> bool:
    return isinstance(type_, inspect.AnyType) or (
        isinstance(type_, inspect.UnionType) and type_.includes_none
    )


def join(path: str, name: str) -> str:
    """The path of a field inside an object: `spec` and `rules` make `spec.rules`."""
    return f"{path}.{name}" if path else name
