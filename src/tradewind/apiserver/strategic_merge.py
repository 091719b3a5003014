"""Strategic merge patch: like a merge patch, but lists whose items have a key are merged item by item. Pure.

The rules are those of apimachinery `util/strategicpatch`. Which lists are merged and by which key is said by
the schema: upstream's `patchMergeKey` is the first of its `listMapKey`s. Custom resources have no such
patch, upstream or here.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any

from tradewind.apiserver.fields.sets import child
from tradewind.resources.kinds import Kind
from tradewind.resources.schema import ANY, Schema
from tradewind.resources.status import bad_request

# Where upstream's Go tags say something else to this patch than the markers say to server-side apply, by
# struct and field: the key to merge by, or None for a list that is replaced.
_OTHERWISE: dict[tuple[str, str], str | None] = {
    ("ResourceRequirements", "claims"): None,
    ("PodStatus", "hostIPs"): "ip",
}

_DIRECTIVE = "$patch"
_RETAIN_KEYS = "$retainKeys"
_ORDER = "$setElementOrder/"
_DELETE_VALUES = "$deleteFromPrimitiveList/"


def strategic_merge(kind: Kind, original: dict[str, Any], patch: Any) -> dict[str, Any]:
    """`original` with a strategic merge patch; neither argument is changed. 400 for a malformed patch."""
    if not isinstance(patch, dict):
        raise bad_request("a strategic merge patch is an object")
    return _merge_objects(original, patch, "", kind.schema_at(kind.versions[0]))


def _merge_objects(original: Any, patch: dict[str, Any], path: str, schema: Schema) -> dict[str, Any]:
    match patch.get(_DIRECTIVE):
        case None:
            pass
        case "replace":
            return _clean({name: value for name, value in patch.items() if name != _DIRECTIVE})  # type: ignore[no-any-return]
        case "delete":
            return {}
        case other:
            raise bad_request(
                f'unknown {_DIRECTIVE} "{other}" at {path or "the root"}; use replace or delete'
            )
    result = _retained(original if isinstance(original, dict) else {}, patch)
    for name in _patched_names(patch):
        at = f"{path}.{name}" if path else name
        merged = _merge_field(result.get(name), patch, name, at, schema)
        if merged is None:
            result.pop(name, None)
        else:
            result[name] = merged
    return result


def merge_key(schema: Schema, name: str) -> str | None:
    """By what the items of a list are merged: "" for plain values, None when the list is replaced."""
    keys = child(schema, name).keys
    own = None if keys is None else next(iter(keys), "")
    return _OTHERWISE.get((schema.struct, name), own)


def _retained(original: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    if _RETAIN_KEYS not in patch:
        return dict(original)
    kept = _list(patch[_RETAIN_KEYS], _RETAIN_KEYS)
    return {name: value for name, value in original.items() if name in kept}


def _patched_names(patch: dict[str, Any]) -> Iterable[str]:
    """The fields that a patch is about, with its directives taken off."""
    names = (name.removeprefix(_ORDER).removeprefix(_DELETE_VALUES) for name in patch)
    return dict.fromkeys(name for name in names if name != _RETAIN_KEYS)


def _merge_field(old: Any, patch: dict[str, Any], name: str, at: str, schema: Schema) -> Any:
    """The new value of a field; None when it has none."""
    new, inner = patch.get(name), child(schema, name)
    if name in patch and new is None:
        return None
    if isinstance(new, dict) and (isinstance(old, dict) or _DIRECTIVE in new):
        return None if new.get(_DIRECTIVE) == "delete" else _merge_objects(old, new, at, inner)
    key = merge_key(schema, name)
    if key is None or not isinstance(old if new is None else new, list):
        return old if name not in patch else _clean(new)
    added: list[Any] = new if isinstance(new, list) else []
    removed = _list(patch.get(_DELETE_VALUES + name, []), _DELETE_VALUES + name)
    order = _list(patch.get(_ORDER + name, added), _ORDER + name)
    return _merge_lists(_without(old, removed, at), added, order, at, key, inner.items or ANY)


def _merge_lists(
    old: list[Any], new: list[Any], order: list[Any], at: str, key: str, schema: Schema
) -> list[Any]:
    if any(_directive(item) == "replace" for item in new):
        return [_clean(item) for item in new if not _directive(item)]
    _check_items([*old, *new, *order], at, key)
    if not key:
        return _ordered(list(dict.fromkeys(old + new)), order, old, key)
    deleted = {item[key] for item in new if _directive(item) == "delete"}
    merged = [item for item in old if item[key] not in deleted]
    places: dict[Any, int] = {}
    for place, item in enumerate(merged):
        places.setdefault(item[key], place)
    for item in new:
        if _directive(item):
            continue
        if item[key] in places:
            merged[places[item[key]]] = _merge_objects(merged[places[item[key]]], item, at, schema)
        else:
            places[item[key]] = len(merged)
            merged.append(_clean(item))
    return _ordered(merged, order, old, key)


def _check_items(items: list[Any], at: str, key: str) -> None:
    for item in items:
        value = item.get(key) if key and isinstance(item, dict) else None if key else item
        if not isinstance(value, str | int | float) or _directive(item) not in ("", "delete"):
            needs = f'must be an object with its key "{key}"' if key else "must be a string or a number"
            raise bad_request(f"{at} cannot be merged: every item, in the object and in the patch, {needs}")


def _ordered(items: list[Any], order: list[Any], old: list[Any], key: str) -> list[Any]:
    """Items named in `order` in that order; the others in their old order, each before the first ordered
    item that it preceded in the old list (upstream `mergeSortedSlice`)."""
    wanted = {_identity(item, key): place for place, item in enumerate(order)}
    before = {_identity(item, key): place for place, item in enumerate(old)}
    named = [item for item in items if _identity(item, key) in wanted]
    ordered = deque(sorted(named, key=lambda item: wanted[_identity(item, key)]))
    others = deque(item for item in items if _identity(item, key) not in wanted)
    result = []
    while ordered and others:
        place = before.get(_identity(ordered[0], key))
        precedes = place is not None and before.get(_identity(others[0], key), place) < place
        result.append((others if precedes else ordered).popleft())
    return [*result, *ordered, *others]


def _identity(item: Any, key: str) -> Any:
    return item[key] if key else item


def _clean(value: Any) -> Any:
    """A value that is new to the object: without directives and nulls."""
    if isinstance(value, dict):
        return {
            name: _clean(one)
            for name, one in value.items()
            if one is not None and not name.startswith("$") and not _directive(one)
        }
    if isinstance(value, list):
        return [_clean(one) for one in value if not _directive(one)]
    return value


def _directive(value: Any) -> str:
    return str(value.get(_DIRECTIVE, "")) if isinstance(value, dict) else ""


def _without(values: Any, removed: list[Any], at: str) -> list[Any]:
    _check_items(removed, at, "")
    gone = set(removed)
    kept = values if isinstance(values, list) else []
    return [value for value in kept if not (isinstance(value, str | int | float) and value in gone)]


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise bad_request(f"{name} in the patch must be a list")
    return value
