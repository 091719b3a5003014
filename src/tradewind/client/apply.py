"""`kubectl apply`, client-side: make an object what a manifest says, and leave alone what others set.

What was applied last is kept in kubectl's own annotation, so both may be used on the same object. The
patch is the one that kubectl computes for custom resources (apimachinery
`jsonmergepatch.CreateThreeWayJSONMergePatch`): fields merge, lists are replaced whole.
"""

import json
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from tradewind.client.base import Client
from tradewind.resources.go_json import go_json
from tradewind.resources.kinds import Kind
from tradewind.resources.labels import LAST_APPLIED
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError, bad_request

ATTEMPTS = 5  # the object may be created or deleted by others between the look and the write


@dataclass(frozen=True)
class Applied:
    """What became of a manifest, in kubectl's words, and the object as it now is."""

    outcome: Literal["created", "configured", "unchanged"]
    manifest: Manifest


async def apply(client: Client, kind: Kind, manifest: Manifest, namespace: str = "default") -> Applied:
    """Create the object or patch it. `namespace` is for a manifest of a namespaced kind that names none.

    Raises ApiError as the server does; 400 for a manifest without a name.
    """
    wanted = with_last_applied(_placed(kind, manifest, namespace))
    metadata = wanted["metadata"]
    place = (metadata.get("namespace", "") if kind.namespaced else "", metadata["name"])
    for attempt in range(ATTEMPTS):
        try:
            return await _apply_once(client, kind, wanted, *place)
        except ApiError as error:
            if error.reason not in ("AlreadyExists", "NotFound") or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("the last attempt returns or raises")


def with_last_applied(manifest: Manifest) -> Manifest:
    """The manifest with the annotation that holds the manifest itself, as kubectl writes it."""
    metadata = manifest.get("metadata", {})
    annotations = {
        key: value for key, value in (metadata.get("annotations") or {}).items() if key != LAST_APPLIED
    }
    bare = {**manifest, "metadata": {**metadata, "annotations": annotations}}
    return {
        **bare,
        "metadata": {**bare["metadata"], "annotations": {**annotations, LAST_APPLIED: go_json(bare) + "\n"}},
    }


def last_applied(current: Manifest) -> Manifest:
    """What was applied last to an object; empty when it was never applied or the annotation is damaged."""
    text = (current.get("metadata", {}).get("annotations") or {}).get(LAST_APPLIED, "")
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def three_way_patch(original: Manifest, modified: Manifest, current: Manifest) -> Manifest:
    """The JSON merge patch (RFC 7386) that makes `current` what `modified` says.

    A field that `original`, the manifest applied before, has and `modified` lacks is removed; a field
    that neither has is left alone. Empty when there is nothing to do. A null in `modified` is no field.
    """
    patch: Manifest = {}
    for name, value in modified.items():
        if value is None:
            continue
        before, now = original.get(name), current.get(name)
        if isinstance(value, dict) and isinstance(now, dict):
            inner = three_way_patch(before if isinstance(before, dict) else {}, value, now)
            if inner:
                patch[name] = inner
        elif name not in current or not _same(now, value):
            patch[name] = without_nulls(value)
    removed = [name for name, value in original.items() if value is not None and modified.get(name) is None]
    return patch | dict.fromkeys(name for name in removed if name in current)


def without_nulls(value: Any) -> Any:
    """A copy without the fields that are null, at every depth outside lists."""
    if not isinstance(value, dict):
        return value
    return {name: without_nulls(one) for name, one in value.items() if one is not None}


async def _apply_once(client: Client, kind: Kind, wanted: Manifest, namespace: str, name: str) -> Applied:
    try:
        current = await client.get(kind, namespace, name)
    except ApiError as error:
        if error.reason != "NotFound":
            raise
        return Applied("created", await client.create(kind, without_nulls(wanted)))
    # The server may answer in another version of the kind than the manifest is written in.
    same_version = {**current, "apiVersion": wanted.get("apiVersion"), "kind": wanted.get("kind")}
    patch = three_way_patch(last_applied(current), wanted, same_version)
    if not patch:
        return Applied("unchanged", current)
    changed = await client.patch(kind, namespace, name, patch)
    return Applied("unchanged" if _revision(changed) == _revision(current) else "configured", changed)


def _placed(kind: Kind, manifest: Manifest, namespace: str) -> Manifest:
    metadata = manifest.get("metadata") or {}
    if not metadata.get("name"):
        why = "apply needs metadata.name; an object with generateName is made with create"
        raise bad_request(f"{kind.name}: {why}")
    if not kind.namespaced or metadata.get("namespace"):
        return manifest
    return {**manifest, "metadata": {**metadata, "namespace": namespace}}


def _revision(manifest: Manifest) -> str:
    return str(manifest.get("metadata", {}).get("resourceVersion", ""))


def _same(one: Any, other: Any) -> bool:
    return msgspec.json.encode(one, order="sorted") == msgspec.json.encode(other, order="sorted")
