"""How lists and maps of a custom kind's schema merge (`x-kubernetes-list-type` and the like): whether what is
declared can hold, and whether an object's lists keep to it.

Upstream: apiextensions-apiserver `ValidateCustomResourceDefinitionOpenAPISchema`, `validateMapListKeysMapSet`
and `pkg/apiserver/schema/listtype`.
"""

import json
from collections.abc import Iterator
from typing import Any

from tradewind.resources.meta import Manifest
from tradewind.resources.problems import Cause, Problem
from tradewind.resources.rules import invalid, one_of, required
from tradewind.resources.shape import join

LIST_TYPE, MAP_TYPE, MAP_KEYS = (
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-list-map-keys",
)


def list_and_map_types(schema: Manifest, path: str) -> Iterator[Problem]:
    """What is wrong with these keywords in one schema."""
    list_type, keys = schema.get(LIST_TYPE), schema.get(MAP_KEYS) or []
    for keyword, wanted in ((LIST_TYPE, "array"), (MAP_TYPE, "object")):
        if keyword in schema and schema.get("type") != wanted:
            why = f"must be {wanted} if {keyword} is specified"
            type_ = schema.get("type", "")
            yield invalid(f"{path}.type", type_, why) if type_ else required(f"{path}.type", why)
    yield from one_of(f"{path}.{MAP_TYPE}", schema.get(MAP_TYPE, ""), ("atomic", "granular"))
    yield from one_of(f"{path}.{LIST_TYPE}", list_type or "", ("atomic", "set", "map"))
    if keys and list_type != "map":
        why = f"must be map if {MAP_KEYS} is non-empty"
        yield (
            invalid(f"{path}.{LIST_TYPE}", list_type, why)
            if list_type
            else required(f"{path}.{LIST_TYPE}", why)
        )
    items = schema.get("items")
    if not isinstance(items, dict) or list_type not in ("set", "map"):
        return
    if items.get("nullable"):
        why = f"cannot be nullable when {LIST_TYPE} is {list_type}"
        yield Problem(f"{path}.items.nullable", f"Forbidden: {why}", Cause.FORBIDDEN)
    yield from _set(items, path) if list_type == "set" else _map(items, keys, path)


def _set(items: Manifest, path: str) -> Iterator[Problem]:
    why = f"must be atomic as item of a list with {LIST_TYPE}=set"
    if items.get("type") == "array" and items.get(LIST_TYPE, "atomic") != "atomic":
        yield invalid(f"{path}.items.{LIST_TYPE}", items[LIST_TYPE], why)
    if items.get("type") == "object" and items.get(MAP_TYPE) != "atomic":
        yield invalid(f"{path}.items.{MAP_TYPE}", items.get(MAP_TYPE, ""), why)


def _map(items: Manifest, keys: list[Any], path: str) -> Iterator[Problem]:
    if not keys:
        yield required(f"{path}.{MAP_KEYS}", f"must not be empty if {LIST_TYPE} is map")
    if items.get("type") != "object":
        why = f"must be object if parent array's {LIST_TYPE} is map"
        yield invalid(f"{path}.items.type", items.get("type", ""), why)
        return
    properties = items.get("properties") or {}
    if len(set(map(str, keys))) < len(keys):
        yield invalid(f"{path}.{MAP_KEYS}", keys, "must not contain duplicate entries")
    for key in keys:
        field, known = f"{path}.items.properties[{key}]", properties.get(key)
        if known is None:
            yield invalid(f"{path}.{MAP_KEYS}", keys, "entries must all be names of item properties")
            continue
        if known.get("type") in ("array", "object"):
            why = f"must be a scalar type if parent array's {LIST_TYPE} is map"
            yield invalid(f"{field}.type", known["type"], why)
        if key not in (items.get("required") or []) and "default" not in known:
            why = f"this property is in {MAP_KEYS}, so it must have a default or be a required property"
            yield required(f"{field}.default", why)
        if known.get("nullable"):
            why = f"this property is in {MAP_KEYS}, so it cannot be nullable"
            yield Problem(f"{field}.nullable", f"Forbidden: {why}", Cause.FORBIDDEN)


def list_problems(value: Any, schema: Manifest, path: str = "") -> Iterator[Problem]:
    """Items that stand twice in a set, or whose keys stand twice in a map, anywhere in a value."""
    if isinstance(value, dict):
        properties, others = schema.get("properties") or {}, schema.get("additionalProperties")
        for name, one in value.items():
            if name in properties:
                yield from list_problems(one, properties[name], join(path, name))
            elif isinstance(others, dict):
                yield from list_problems(one, others, f"{path}[{name}]")
    elif isinstance(value, list):
        yield from _duplicates(value, schema, path)
        for place, one in enumerate(value):
            yield from list_problems(one, schema.get("items") or {}, f"{path}[{place}]")


def _duplicates(value: list[Any], schema: Manifest, path: str) -> Iterator[Problem]:
    keys = schema.get(MAP_KEYS) or ()
    if schema.get(LIST_TYPE) == "set":
        told = [_json(one) for one in value]
    elif schema.get(LIST_TYPE) == "map":
        told = [
            _json({key: one[key] for key in keys if key in one}) for one in value if isinstance(one, dict)
        ]
    else:
        return
    seen: dict[str, int] = {}
    for place, one in enumerate(told):
        seen[one] = seen.get(one, 0) + 1
        if seen[one] == 2:  # upstream names the first repetition only
            yield Problem(f"{path}[{place}]", f"Duplicate value: {one}", Cause.DUPLICATE)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
