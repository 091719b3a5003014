"""Deleting an object and all that goes with it, drafted as one group of writes.

Covered: finalizers, a Pod's grace, dependents (background, foreground, orphan), the content of a namespace,
and the objects of a CustomResourceDefinition. What upstream's garbage collector (`attemptToDeleteItem`) does
some time later is done in the same transaction here. An object is marked once and removed once, and only that
makes more work, so the work is bounded by what exists.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from tradewind.apiserver import rules
from tradewind.apiserver.catalog import Catalog
from tradewind.apiserver.definitions import cleaned_up, cleaning_up
from tradewind.apiserver.draft import Draft
from tradewind.apiserver.namespaces import with_remaining
from tradewind.apiserver.ownership import Owner, OwnerIndex, owner_key, owner_references, owner_state
from tradewind.apiserver.rules import NAMESPACES
from tradewind.resources.custom_kinds import DEFINITIONS
from tradewind.resources.meta import Manifest
from tradewind.store.entries import Key


@dataclass
class Removal:
    """Deletes in a draft. `owners` may lag behind the draft, not behind the tip.

    What follows from a step waits in three places: further steps, owners in foreground deletion that may
    be free to go after them, and namespaces and definitions that may be empty after those.
    """

    draft: Draft
    served: Catalog
    owners: OwnerIndex
    now_ms: int
    _steps: deque[Callable[[], None]] = field(default_factory=deque)
    _holding: dict[Key, None] = field(default_factory=dict)
    _emptied: dict[Key, None] = field(default_factory=dict)

    def delete(self, key: Key, grace_seconds: int | None = None, policy: str | None = None) -> None:
        """Ask for the deletion of an object, and of what follows from it. One that is gone is ignored.

        `policy` says what becomes of its dependents; see `rules.propagation`.
        """
        self._delete(key, grace_seconds, policy)
        self._work()

    def put(self, key: Key, manifest: Manifest) -> None:
        """Store a new state of an object, or remove it if this was what its deletion waited for."""
        old = self.draft.get(key)
        self._put(key, manifest)
        if old is not None and owner_references(old) != owner_references(manifest):
            self._holding |= dict.fromkeys(self._owners_of(old))
            self._steps.append(partial(self._collect, key))
        self._work()

    def collect(self, key: Key) -> None:
        """Delete an object whose owners are all gone or wait for it to go; forget owners that are gone if
        it has another."""
        self._collect(key)
        self._work()

    def _work(self) -> None:
        while self._steps or self._holding or self._emptied:
            if self._steps:
                self._steps.popleft()()
            elif self._holding:
                self._settle(self._holding.popitem()[0])
            else:
                self._finish(self._emptied.popitem()[0])

    def _delete(self, key: Key, grace_seconds: int | None, asked: str | None) -> None:
        manifest = self.draft.get(key)
        if manifest is None:
            return
        if content := self._content(key):
            self._empty(key, manifest, content)
            return
        kind = self.served.by_resource.get(key.resource)
        if kind is None:  # kept by an earlier version, not served now
            self._remove(key, manifest)
            return
        dependents = list(self._dependents(manifest))
        pending = manifest["metadata"].get("deletionGracePeriodSeconds")
        policy = rules.propagation(manifest, None if pending else asked)
        if policy == rules.ORPHAN:
            self._orphan(manifest, dependents)
            policy = rules.BACKGROUND
        if policy == rules.FOREGROUND and not dependents:
            policy = rules.BACKGROUND
        after = rules.deleted(kind, rules.with_policy(manifest, policy), grace_seconds, self.now_ms)
        if after is None:
            self._remove(key, manifest)
            return
        if after != manifest:
            self.draft.put(key, after)
        if rules.is_in_foreground(after) and not rules.is_in_foreground(manifest):
            self._steps += [partial(self._collect, dependent) for dependent in dependents]
            self._holding[key] = None

    def _put(self, key: Key, manifest: Manifest) -> None:
        if rules.is_finished(manifest) and not self._content(key):
            self._remove(key, manifest)
        else:
            self.draft.put(key, manifest)

    def _remove(self, key: Key, last: Manifest) -> None:
        """Remove one object; then its dependents that no other owner keeps, and owners that waited for it."""
        self.draft.remove(key, last)
        self._steps += [partial(self._collect, dependent) for dependent in self._dependents(last)]
        self._holding |= dict.fromkeys(self._owners_of(last))
        containers = (Key(NAMESPACES, "", key.namespace), Key(DEFINITIONS, "", key.resource))
        self._emptied |= dict.fromkeys(one for one in containers if one.name and self.draft.get(one))

    def _dependents(self, owner: Manifest) -> Iterator[Key]:
        uid = owner["metadata"]["uid"]
        for key in self.owners.dependents(uid):
            manifest = self.draft.get(key)
            if manifest and any(reference["uid"] == uid for reference in owner_references(manifest)):
                yield key

    def _owners_of(self, manifest: Manifest) -> list[Key]:
        keys = (owner_key(manifest, reference, self.served) for reference in owner_references(manifest))
        return [key for key in keys if key is not None]

    def _orphan(self, owner: Manifest, dependents: list[Key]) -> None:
        uid = owner["metadata"]["uid"]
        for key in dependents:
            if manifest := self.draft.get(key):
                kept = [one for one in owner_references(manifest) if one["uid"] != uid]
                self._put(key, rules.with_owners(manifest, kept))

    def _collect(self, key: Key) -> None:
        """Upstream `attemptToDeleteItem`."""
        manifest = self.draft.get(key)
        if manifest is None or not owner_references(manifest):
            return
        if "deletionTimestamp" in manifest["metadata"]:
            return
        states = [
            (reference, owner_state(manifest, reference, self.served, self.draft.get))
            for reference in owner_references(manifest)
        ]
        solid = [reference for reference, state in states if state is Owner.SOLID]
        if solid:
            if len(solid) < len(states):
                self._put(key, rules.with_owners(manifest, solid))
        elif any(state is Owner.WAITING for _, state in states):
            self._break_cycle(key, manifest)
            self._delete(key, None, rules.FOREGROUND)
        else:
            self._delete(key, None, None)

    def _break_cycle(self, key: Key, manifest: Manifest) -> None:
        """Owners and dependents in a circle would wait for each other for ever."""
        dependents = (self.draft.get(found) for found in self._dependents(manifest))
        if any(one and rules.is_in_foreground(one) for one in dependents):
            references = [one | {"blockOwnerDeletion": False} for one in owner_references(manifest)]
            self.draft.put(key, rules.with_owners(manifest, references))

    def _settle(self, key: Key) -> None:
        """Let an owner go that waited for its dependents, when none of those left holds it back."""
        manifest = self.draft.get(key)
        if manifest is None or not rules.is_in_foreground(manifest):
            return
        uid = manifest["metadata"]["uid"]
        for dependent in self._dependents(manifest):
            found = self.draft.get(dependent) if dependent != key else None
            if found and any(
                one["uid"] == uid and one.get("blockOwnerDeletion") for one in owner_references(found)
            ):
                return
        self._put(key, rules.with_policy(manifest, rules.BACKGROUND))

    def _content(self, key: Key) -> list[Key]:
        """What must go before this can: all in a namespace, and all that a definition defines. One that
        a built-in kind has kept from its names defines nothing."""
        if key.resource == NAMESPACES:
            return self.draft.keys_in(key.name)
        if key.resource != DEFINITIONS or self.served.is_built_in(key.name):
            return []
        return self.draft.keys_of(key.name)

    def _empty(self, key: Key, container: Manifest, content: list[Key]) -> None:
        """Mark a namespace or definition, and delete what is in it, unless it was marked before."""
        if "deletionTimestamp" in container["metadata"]:
            return
        if key.resource == NAMESPACES:
            self.draft.put(key, rules.terminating(container, self.now_ms))
        else:
            self.draft.put(key, cleaning_up(rules.to_be_deleted(container, self.now_ms), self.now_ms))
        self._steps += [partial(self._delete, found, None, None) for found in content]
        self._emptied[key] = None

    def _finish(self, key: Key) -> None:
        """Remove a namespace or definition that waited for its last object to go; a namespace tells what it
        waits for."""
        container = self.draft.get(key)
        if container is None or "deletionTimestamp" not in container["metadata"]:
            return
        content = self._content(key)
        after = cleaned_up(container) if not content else container
        if not content and rules.is_finished(after):
            self._remove(key, after)
            return
        if content and key.resource == NAMESPACES and rules.is_finished(container):
            left = {found: self.draft.get(found) or {} for found in content}
            after = with_remaining(container, left, self.now_ms)
        if after != container:
            self.draft.put(key, after)
