"""What a CustomResourceDefinition does to the server that stores it: which kinds are served, and what becomes
of the objects when it changes. Everything happens in the write of the definition itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tradewind.apiserver.catalog import Catalog, catalog
from tradewind.apiserver.draft import Draft
from tradewind.resources.custom_definition import with_status
from tradewind.resources.custom_kinds import DEFINITIONS, custom_kind, custom_kinds, is_custom
from tradewind.resources.custom_types import CLEANUP_FINALIZER, TERMINATING, CustomResourceDefinition
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest, decode
from tradewind.resources.pruning import without_unknown_fields
from tradewind.resources.status import ApiError
from tradewind.resources.times import time_text
from tradewind.store.entries import Key


@dataclass(frozen=True)
class Definitions:
    """The rules of definitions beside the kinds that are `built_in`, which none of them can shadow."""

    built_in: tuple[Kind, ...]

    def served(self, manifests: Iterable[Manifest]) -> Catalog:
        """All kinds that are served, given the definitions that are stored."""
        return catalog([*self.built_in, *custom_kinds(manifests)])

    def settle(self, draft: Draft, now_ms: int) -> None:
        """Give every definition the status that it has beside all others. To be called once a draft is
        whole: a definition that goes frees its names for another."""
        if not any(key.resource == DEFINITIONS for key in draft.changed):
            return
        keys = sorted(draft.keys_of(DEFINITIONS))
        for key in keys:
            manifest = draft.get(key)
            assert manifest is not None
            others = [decode(one, CustomResourceDefinition) for other in keys if (one := draft.get(other))]
            settled = with_status(manifest, others, self.built_in, now_ms)
            if settled != manifest:
                draft.put(key, settled)

    def accepted(self, draft: Draft, manifest: Manifest, now_ms: int) -> Manifest:
        """A definition as it is stored, with its status."""
        others = [one for key in draft.keys_of(DEFINITIONS) if (one := draft.get(key))]
        typed = [decode(one, CustomResourceDefinition) for one in others]
        return with_status(manifest, typed, self.built_in, now_ms)

    def migrate(self, draft: Draft, manifest: Manifest) -> None:
        """Bring the objects of a changed definition to its storage version, its fields and its defaults, so
        that none is left that the new definition does not describe."""
        kind = custom_kind(decode(manifest, CustomResourceDefinition))
        if kind is None:
            return
        for key in draft.keys_of(kind.resource):
            known = draft.get(key)
            assert known is not None
            labelled = {**known, "apiVersion": kind.api_version}
            now = kind.default(without_unknown_fields(labelled, kind.schema_at(kind.versions[0])))
            if now != known:
                draft.put(key, now)


def check_defined(draft: Draft, kind: Kind) -> None:
    """An object of a custom kind needs its definition: 404 when that is gone, 405 when it is going."""
    if not is_custom(kind):
        return
    definition = draft.get(Key(DEFINITIONS, "", kind.resource))
    if definition is None:
        raise ApiError(404, "NotFound", "the server could not find the requested resource")
    if "deletionTimestamp" in definition["metadata"]:
        message = "create not allowed while custom resource definition is terminating"
        raise ApiError(405, "MethodNotAllowed", message)


def cleaning_up(manifest: Manifest, now_ms: int) -> Manifest:
    """A definition, marked as deleted, that goes as soon as its last object has gone."""
    metadata, status = manifest["metadata"], manifest.get("status", {})
    finalizers = list(dict.fromkeys([*metadata.get("finalizers", []), CLEANUP_FINALIZER]))
    condition = {
        "type": TERMINATING,
        "status": "True",
        "reason": "InstanceDeletionInProgress",
        "message": "CustomResource deletion is in progress",
        "lastTransitionTime": time_text(now_ms),
    }
    others = [one for one in status.get("conditions", []) if one["type"] != TERMINATING]
    return {
        **manifest,
        "metadata": {**metadata, "finalizers": finalizers},
        "status": {**status, "conditions": [*others, condition]},
    }


def cleaned_up(manifest: Manifest) -> Manifest:
    """A definition whose objects are gone; anything else as it is."""
    metadata = manifest["metadata"]
    if CLEANUP_FINALIZER not in metadata.get("finalizers", ()):
        return manifest
    finalizers = [one for one in metadata.get("finalizers", []) if one != CLEANUP_FINALIZER]
    return {**manifest, "metadata": {**metadata, "finalizers": finalizers}}
