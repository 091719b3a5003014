"""From client-side to server-side apply: the annotation of `kubectl apply` (apimachinery
`lastappliedmanager.go`, `lastappliedupdater.go`). Pure."""

from typing import Any

import msgspec

from tradewind.apiserver.fields.collect import field_set
from tradewind.apiserver.fields.compare import compare
from tradewind.apiserver.fields.conform import deviations
from tradewind.apiserver.fields.sets import FieldSet, difference, union
from tradewind.apiserver.fields.tracked import tracked
from tradewind.resources.go_json import go_json
from tradewind.resources.labels import LAST_APPLIED
from tradewind.resources.meta import Manifest
from tradewind.resources.schema import Schema
from tradewind.resources.validate import MAX_ANNOTATION_BYTES

KUBECTL = "kubectl"  # upstream does this for the field manager of this name and no other


def applied_by_client(live: Manifest, schema: Schema, api_version: str) -> FieldSet:
    """The fields that `kubectl apply` has set on the client's side and that still are so: server-side apply
    by kubectl may take them over from whoever is said to own them."""
    last = _decoded(_annotations(live).get(LAST_APPLIED))
    if last is None or last.get("apiVersion") != api_version or any(deviations(last, schema)):
        return {}
    before, now = tracked(last), tracked(live)
    change = compare(before, now, schema)
    changed = union(change.written, change.removed)
    return difference(field_set(before, schema), changed)


def with_applied(manifest: Manifest, config: Manifest) -> Manifest:
    """An object that has the annotation, with the configuration in it that was applied now, so that
    client-side apply may go on from there. Without it if it would be too large."""
    annotations = _annotations(manifest)
    if LAST_APPLIED not in annotations:
        return manifest
    bare = config
    if LAST_APPLIED in _annotations(config):
        kept = {key: value for key, value in _annotations(config).items() if key != LAST_APPLIED}
        bare = {**config, "metadata": {**config["metadata"], "annotations": kept}}
    annotations = {**annotations, LAST_APPLIED: go_json(bare) + "\n"}
    if sum(len(f"{key}{value}".encode()) for key, value in annotations.items()) > MAX_ANNOTATION_BYTES:
        del annotations[LAST_APPLIED]
    return {**manifest, "metadata": {**manifest["metadata"], "annotations": annotations}}


def _annotations(manifest: Manifest) -> dict[str, Any]:
    return manifest["metadata"].get("annotations") or {}


def _decoded(text: Any) -> Manifest | None:
    try:
        found = msgspec.json.decode(text or "")
    except (msgspec.DecodeError, RecursionError, TypeError):
        return None
    return found if isinstance(found, dict) else None
