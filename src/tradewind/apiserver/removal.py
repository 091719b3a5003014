"""Deleting an object and all that goes with it, drafted as one group of writes.

Covered: finalizers, a Pod's grace, dependents (background propagation), and the content of a
namespace. No object is removed twice, so the work is bounded by what exists.
"""

from dataclasses import dataclass

from tradewind.apiserver import rules
from tradewind.apiserver.catalog import Catalog
from tradewind.apiserver.draft import Draft
from tradewind.apiserver.ownership import OwnerIndex, is_orphan
from tradewind.apiserver.rules import NAMESPACES
from tradewind.resources.meta import Manifest
from tradewind.store.entries import Key


@dataclass(frozen=True)
class Removal:
    """Deletes in a draft. `owners` may lag behind the draft, not behind the tip."""

    draft: Draft
    served: Catalog
    owners: OwnerIndex
    now_ms: int

    def delete(self, key: Key, grace_seconds: int | None = None) -> None:
        """Ask for the deletion of an object, and of what follows from it. One that is gone is ignored."""
        self._delete_all(self._delete_one(key, grace_seconds))

    def put(self, key: Key, manifest: Manifest) -> None:
        """Store a new state of an object, or remove it if this was what its deletion waited for."""
        if rules.is_finished(manifest) and not self._has_content(key):
            self._delete_all(self._remove(key, manifest))
        else:
            self.draft.put(key, manifest)

    def _delete_all(self, waiting: list[Key]) -> None:
        while waiting:
            waiting += self._delete_one(waiting.pop(), None)
        for namespace in sorted({key.namespace for key, left in self.draft.changed.items() if left is None}):
            self._finish_namespace(namespace)

    def _delete_one(self, key: Key, grace_seconds: int | None) -> list[Key]:
        """Delete one object; returns whom to delete because of that."""
        manifest = self.draft.get(key)
        if manifest is None:
            return []
        if self._has_content(key):
            return self._empty(key, manifest)
        kind = self.served.by_resource.get(key.resource)  # None: kept by an earlier version, not served now
        after = rules.deleted(kind, manifest, grace_seconds, self.now_ms) if kind else None
        if after is None:
            return self._remove(key, manifest)
        if after is not manifest:
            self.draft.put(key, after)
        return []

    def _has_content(self, key: Key) -> bool:
        return key.resource == NAMESPACES and bool(self.draft.keys_in(key.name))

    def _empty(self, key: Key, namespace: Manifest) -> list[Key]:
        """Mark a namespace; returns what is in it, unless it was marked before."""
        if "deletionTimestamp" in namespace["metadata"]:
            return []
        self.draft.put(key, rules.terminating(namespace, self.now_ms))
        return self.draft.keys_in(key.name)

    def _remove(self, key: Key, last: Manifest) -> list[Key]:
        """Remove one object; returns its dependents that no other owner keeps."""
        self.draft.remove(key, last)
        return [
            dependent
            for dependent in self.owners.dependents(last["metadata"]["uid"])
            if (manifest := self.draft.get(dependent)) and is_orphan(manifest, self.served, self.draft.get)
        ]

    def _finish_namespace(self, name: str) -> None:
        """Remove a namespace that waited for its last object to go."""
        key = Key(NAMESPACES, "", name)
        namespace = self.draft.get(key) if name else None
        if namespace and rules.is_finished(namespace) and not self._has_content(key):
            self._delete_all(self._remove(key, namespace))
