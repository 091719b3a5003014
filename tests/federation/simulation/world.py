"""The API's rules for the writes that controllers make, over dictionaries: no validation, no field managers.

What an object becomes is decided by the API server's own pure rules; `test_world` holds the rest to the real
one. Manifests are values: nobody changes one after it is stored.
"""

import itertools
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from tradewind.apiserver import rules
from tradewind.apiserver.identity import check_identity, check_precondition, namespace_terminating
from tradewind.apiserver.json_patch import merge_patch
from tradewind.resources.core_kinds import NAMESPACE
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.status import already_exists, not_found
from tradewind.store.entries import Key


class Change(NamedTuple):
    """One event of a watch."""

    type: str
    manifest: Manifest


class World:
    """The objects of one API server, and everything that ever happened to them, by resource."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._numbers = itertools.count(1)
        self._kinds: dict[str, Kind] = {NAMESPACE.resource: NAMESPACE}
        self.objects: dict[Key, Manifest] = {}
        self.history: dict[str, list[Change]] = {}
        self.revision = 0
        self._steps: deque[Callable[[], None]] = (
            deque()
        )  # what follows from a deletion, in the real one's order
        self.changed: Callable[[str], None] = lambda _resource: None

    def get(self, kind: Kind, namespace: str, name: str) -> Manifest | None:
        """The object, if there is one."""
        return self.objects.get(Key(kind.resource, namespace, name))

    def all_of(self, kind: Kind, namespace: str = "") -> list[Manifest]:
        """Objects sorted by namespace and name."""
        found = [key for key in self.objects if key.resource == kind.resource]
        return [self.objects[key] for key in sorted(found) if namespace in ("", key.namespace)]

    def create(self, kind: Kind, manifest: Manifest) -> Manifest:
        """Store a new object; of one whose owners are gone the deletion begins at once."""
        self._kinds[kind.resource] = kind
        key = _key(kind, manifest)
        if key in self.objects:
            raise already_exists(kind.resource, key.name)
        self._ensure_namespace(key)
        stored = self._store(key, rules.created(kind, manifest, self._new_uid(), self._now_ms()), "ADDED")
        self._collect(key)
        self._work()
        return stored

    def update(self, kind: Kind, manifest: Manifest) -> Manifest:
        """Replace all but status; what was only waiting for its finalizers goes."""
        old = self._stored(kind, manifest)
        check_identity(kind, manifest, old)
        return self._replace(kind, rules.replaced(kind, manifest, old), old)

    def update_status(self, kind: Kind, manifest: Manifest) -> Manifest:
        """Replace status only."""
        old = self._stored(kind, manifest)
        check_identity(kind, manifest, old)
        return self._replace(kind, rules.with_status(kind, manifest, old), old)

    def patch(self, kind: Kind, namespace: str, name: str, patch: Manifest) -> Manifest:
        """Apply a JSON merge patch."""
        old = self._stored(kind, {"metadata": {"namespace": namespace, "name": name}})
        return self._replace(kind, rules.replaced(kind, merge_patch(old, patch), old), old)

    def delete(self, kind: Kind, namespace: str, name: str, uid: str = "") -> None:
        """Ask for deletion: at once, or marked until the finalizers are gone."""
        key = Key(kind.resource, namespace, name)
        old = self.objects.get(key)
        if old is None:
            raise not_found(kind.resource, name)
        check_precondition(kind, old, uid, "")
        self._delete(key)
        self._work()

    def _new_uid(self) -> str:
        return f"00000000-0000-4000-8000-{next(self._numbers):012d}"

    def _stored(self, kind: Kind, manifest: Manifest) -> Manifest:
        key = _key(kind, manifest)
        if key not in self.objects:
            raise not_found(kind.resource, key.name)
        return self.objects[key]

    def _ensure_namespace(self, key: Key) -> None:
        place = Key(NAMESPACE.resource, "", key.namespace)
        if not key.namespace:
            return
        if place not in self.objects:
            self.create(NAMESPACE, NAMESPACE.default({"metadata": {"name": key.namespace}}))
        elif "deletionTimestamp" in self.objects[place]["metadata"]:
            raise namespace_terminating(key)

    def _store(self, key: Key, manifest: Manifest, event: str) -> Manifest:
        self.revision += 1
        stored = rules.at_revision(manifest, self.revision)
        self.objects[key] = stored
        self._tell(key, Change(event, stored))
        return stored

    def _tell(self, key: Key, change: Change) -> None:
        self.history.setdefault(key.resource, []).append(change)
        self.changed(key.resource)

    def _replace(self, kind: Kind, new: Manifest, old: Manifest) -> Manifest:
        if new == rules.without_revision(old):
            return old
        key = _key(kind, old)
        if rules.is_finished(new):
            self._remove(key, new)
            removed = rules.at_revision(new, self.revision)
            self._work()
            return removed
        stored = self._store(key, new, "MODIFIED")
        if _owners(new) != _owners(old):
            self._collect(key)
            self._work()
        return stored

    def _work(self) -> None:
        while self._steps:
            while self._steps:
                self._steps.popleft()()
            for key in [one for one in self.objects if one.resource == NAMESPACE.resource]:
                if "deletionTimestamp" in self.objects[key]["metadata"] and not self._content(key):
                    self._remove(key, rules.without_revision(self.objects[key]))

    def _delete(self, key: Key) -> None:
        if key not in self.objects:
            return
        old = rules.without_revision(self.objects[key])
        if content := self._content(key):
            if "deletionTimestamp" not in old["metadata"]:
                self._store(key, rules.terminating(old, self._now_ms()), "MODIFIED")
                self._steps += [partial(self._delete, one) for one in content]
            return
        after = rules.deleted(self._kinds[key.resource], old, None, self._now_ms())
        if after is None:
            self._remove(key, old)
        elif after != old:
            self._store(key, after, "MODIFIED")

    def _content(self, key: Key) -> list[Key]:
        if key.resource != NAMESPACE.resource:
            return []
        return sorted(one for one in self.objects if one.namespace == key.name)

    def _remove(self, key: Key, last: Manifest) -> None:
        self.revision += 1
        del self.objects[key]
        self._tell(key, Change("DELETED", rules.at_revision(last, self.revision)))
        uid = last["metadata"]["uid"]
        self._steps += [
            partial(self._collect, one)
            for one in sorted(self.objects)
            if any(owner["uid"] == uid for owner in _owners(self.objects[one]))
        ]
        if key.namespace:
            self._steps.append(lambda: None)  # its namespace may be empty now

    def _collect(self, key: Key) -> None:
        """Delete an object whose owner is gone."""
        manifest = self.objects.get(key, {"metadata": {}})
        owners = _owners(manifest)
        if not owners or "deletionTimestamp" in manifest["metadata"]:
            return
        uids = {one["metadata"]["uid"] for one in self.objects.values()}
        if not any(owner["uid"] in uids for owner in owners):
            self._delete(key)


def _owners(manifest: Manifest) -> list[Manifest]:
    found: list[Manifest] = manifest["metadata"].get("ownerReferences", [])
    return found


def _key(kind: Kind, manifest: Manifest) -> Key:
    metadata = manifest["metadata"]
    return Key(kind.resource, metadata.get("namespace", "") if kind.namespaced else "", metadata["name"])
