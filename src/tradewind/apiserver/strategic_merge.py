"""Strategic merge patch: like a merge patch, but lists whose items have a key are merged item by item. Pure.

The rules are those of apimachinery `util/strategicpatch`; which lists have a key is written in the Go
types of the core kinds (`patchMergeKey`) and repeated here for the kinds that exist here. Custom
resources have no such patch, upstream or here.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any

from tradewind.resources.kinds import Kind
from tradewind.resources.status import bad_request

MergeKeys = dict[str, str]  # path of a list, without indices -> its items' key, "" for a list of plain values

_METADATA: MergeKeys = {"metadata.finalizers": "", "metadata.ownerReferences": "uid"}
_CONTAINER = {
    "env": "name",
    "ports": "containerPort",
    "volumeMounts": "mountPath",
    "volumeDevices": "devicePath",
}
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_POD: MergeKeys = {
    **{f"spec.{containers}": "name" for containers in _CONTAINERS},
    **{f"spec.{containers}.{name}": key for containers in _CONTAINERS for name, key in _CONTAINER.items()},
    "spec.volumes": "name",
    "spec.imagePullSecrets": "name",
    "spec.hostAliases": "ip",
    "spec.topologySpreadConstraints": "topologyKey",
    "spec.resourceClaims": "name",
    "spec.schedulingGates": "name",
    "status.conditions": "type",
    "status.podIPs": "ip",
    "status.hostIPs": "ip",
}
_BY_RESOURCE: dict[str, MergeKeys] = {
    "pods": _POD,
    "services": {"spec.ports": "port", "status.conditions": "type"},
    "serviceaccounts": {"secrets": "name"},
    "nodes": {"status.conditions": "type", "status.addresses": "type"},
    "namespaces": {"status.conditions": "type"},
}

_DIRECTIVE = "$patch"
_RETAIN_KEYS = "$retainKeys"
_ORDER = "$setElementOrder/"
_DELETE_VALUES = "$deleteFromPrimitiveList/"


def supports_strategic_merge(kind: Kind) -> bool:
    """Whether Kubernetes itself has this kind, so that kubectl sends it strategic merge patches."""
    return "." not in kind.group or kind.group.endswith(".k8s.io")


def strategic_merge(kind: Kind, original: dict[str, Any], patch: Any) -> dict[str, Any]:
    """`original` with a strategic merge patch; neither argument is changed. 400 for a malformed patch."""
    if not isinstance(patch, dict):
        raise bad_request("a strategic merge patch is an object")
    return _merge_objects(original, patch, "", _METADATA | _BY_RESOURCE.get(kind.resource, {}))


def _merge_objects(original: Any, patch: dict[str, Any], path: str, keys: MergeKeys) -> dict[str, Any]:
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
        merged = _merge_field(result.get(name), patch, name, at, keys)
        if merged is None:
            result.pop(name, None)
        else:
            result[name] = merged
    return result


def _retained(original: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    if _RETAIN_KEYS not in patch:
        return dict(original)
    kept = _list(patch[_RETAIN_KEYS], _RETAIN_KEYS)
    return {name: value for name, value in original.items() if name in kept}


def _patched_names(patch: dict[str, Any]) -> Iterable[str]:
    """The fields that a patch is about, with its directives taken off."""
    names = (name.removeprefix(_ORDER).removeprefix(_DELETE_VALUES) for name in patch)
    return dict.fromkeys(name for name in names if name != _RETAIN_KEYS)


def _merge_field(old: Any, patch: dict[str, Any], name: str, at: str, keys: MergeKeys) -> Any:
    """The new value of a field; None when it has none."""
    new = patch.get(name)
    if name in patch and new is None:
        return None
    if isinstance(new, dict) and (isinstance(old, dict) or _DIRECTIVE in new):
        return None if new.get(_DIRECTIVE) == "delete" else _merge_objects(old, new, at, keys)
    if at not in keys or not isinstance(old if new is None else new, list):
        return old if name not in patch else _clean(new)
    added: list[Any] = new if isinstance(new, list) else []
    removed = _list(patch.get(_DELETE_VALUES + name, []), _DELETE_VALUES + name)
    order = _list(patch.get(_ORDER + name, added), _ORDER + name)
    return _merge_lists(_without(old, removed, at), added, order, at, keys)


def _merge_lists(old: list[Any], new: list[Any], order: list[Any], at: str, keys: MergeKeys) -> list[Any]:
    key = keys[at]
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
            merged[places[item[key]]] = _merge_objects(merged[places[item[key]]], item, at, keys)
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
