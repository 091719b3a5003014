"""The rules of Kubernetes objects over a store: what each verb does, without HTTP.

Namespaces are created on demand, with the first object in them, so that manifests apply on the first
try (upstream's admission plugin `NamespaceAutoProvision`); who writes over HTTP is told so. A namespace that
is being deleted takes nothing new.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from tradewind.apiserver import rules
from tradewind.apiserver.admission import admit
from tradewind.apiserver.catalog import Catalog
from tradewind.apiserver.definitions import Definitions, check_defined
from tradewind.apiserver.draft import Draft, decode_manifest
from tradewind.apiserver.events import Event, EventStream, expired
from tradewind.apiserver.fields.forms import same
from tradewind.apiserver.fields.managed import Operation, with_owners, without_owners
from tradewind.apiserver.fields.owners import Author, applied_to, owners_of_changed, owners_of_new
from tradewind.apiserver.fields.tracked import STATUS
from tradewind.apiserver.identity import (
    check_identity,
    check_precondition,
    name_taken,
    named,
    namespace_terminating,
    too_large,
    typed,
    unavailable,
    without_version,
)
from tradewind.apiserver.namespaces import FIRST, undeletable
from tradewind.apiserver.ownership import OwnerIndex, owner_references
from tradewind.apiserver.removal import Removal
from tradewind.apiserver.rules import NAMESPACES
from tradewind.apiserver.selectors import EVERYTHING, Selection
from tradewind.resources.custom_kinds import DEFINITIONS
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.status import gone, invalid, not_found
from tradewind.resources.times import time_text
from tradewind.store.entries import Change, Entry, Key, StoreError, TooOld
from tradewind.store.store import Entries, Store

Result = TypeVar("Result")
NAME_ATTEMPTS = 8  # upstream maxNameGenerationCreateAttempts
KEYS_PER_TRANSACTION = 500
FUTURE_SECONDS = 3.0  # upstream's cacher waits as long for a revision that it has not seen yet
LIST_TOO_OLD = "The resourceVersion for the provided list is too old."


@dataclass(frozen=True)
class WriteOptions:
    """What to do about unknown fields (`Strict`, `Warn`, `Ignore`), whether to write at all, and who writes:
    a field manager, speaking in an `apiVersion` ("": the stored one), through a subresource or none. `force`:
    see `Objects.apply`.

    `duplicates` are errors about fields that stand twice in the text of the object or patch.
    """

    field_validation: str = "Warn"
    dry_run: bool = False
    manager: str = ""
    api_version: str = ""
    subresource: str = ""
    force: bool = False
    operation: Operation = "Update"
    duplicates: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeleteOptions:
    """How an object is to be deleted, and which one it must be. `propagation` (Foreground, Background,
    Orphan) says what becomes of its dependents; see `rules.propagation` for None."""

    grace_seconds: int | None = None
    uid: str = ""
    resource_version: str = ""
    dry_run: bool = False
    propagation: str | None = None


@dataclass(frozen=True)
class Written:
    """An object as it is stored now, and what its writer should hear. `gone`: it was removed."""

    entry: Entry
    warnings: tuple[str, ...] = ()
    gone: bool = False
    created: bool = False


@dataclass(frozen=True)
class Page:
    """A part of a list. `last` is where the next part begins after, None when there is none."""

    entries: list[Entry]
    revision: int
    last: Key | None = None
    remaining: int = 0


Propose = Callable[[Manifest], Manifest]
Guard = Callable[[Kind, Manifest, Manifest | None], None]
WRITE = WriteOptions()
DELETE = DeleteOptions()


class Objects:
    """Every method raises ApiError with upstream's reason and code. Writes return when they are durable.

    `now_ms` is the clock, `new_uid` the source of uids (version 4 UUIDs, as text). `guard` is asked before
    an object is created, or changed from the old one; it may raise ApiError.
    """

    def __init__(
        self, served: Catalog, store: Store, now_ms: Callable[[], int], new_uid: Callable[[], str]
    ) -> None:
        self.guard: Guard = lambda _kind, _new, _old: None
        self._definitions = Definitions(served.kinds)
        self._store = store
        self._now_ms = now_ms
        self._new_uid = new_uid
        self._index()
        store.on_rollback = self._index

    def _index(self) -> None:
        self._owners = OwnerIndex(self._store.everything())
        self._serve()

    def _serve(self) -> None:
        """Serve the kinds that the definitions in the store define."""
        found = [self._store.tip(key) for key in self._store.tip_keys_of(DEFINITIONS)]
        self.served = self._definitions.served(decode_manifest(entry.data) for entry in found if entry)

    @property
    def revision(self) -> int:
        """The revision of the last durable change."""
        return self._store.revision

    def now_ms(self) -> int:
        """The time, as objects get it."""
        return self._now_ms()

    def new_uid(self) -> str:
        """A uid that nothing has yet."""
        return self._new_uid()

    def follow(self, kind: Kind, take_in: Callable[[Change], None]) -> None:
        """Tell of all objects of a kind and of every change; see `Store.follow`."""
        self._store.follow(kind.resource, take_in)

    def get(self, kind: Kind, namespace: str, name: str) -> Entry:
        """The object, or 404."""
        entry = self._store.get(Key(kind.resource, namespace, name))
        if entry is None:
            raise not_found(kind.resource, name)
        return entry

    def find(self, key: Key) -> Manifest | None:
        """The object, or None."""
        entry = self._store.get(key)
        return decode_manifest(entry.data) if entry else None

    def count(self, kind: Kind, namespace: str = "") -> int:
        """How many objects a list goes through."""
        return self._store.count(kind.resource, namespace)

    async def copy_to(self, path: Path) -> int:
        """Write what is durable now into a new store file; returns its revision. Raises StoreError."""
        return await self._store.copy_to(path)

    def page(
        self,
        kind: Kind,
        namespace: str = "",
        selection: Selection = EVERYTHING,
        limit: int = 0,
        after: Key | None = None,
        at: int | None = None,
    ) -> Page:
        """Selected objects sorted by namespace and name: at most `limit` (0: all), those behind `after`.

        All is as it was at revision `at`; 410 when that is too long ago, 504 when it is still to come.
        """
        revision = self._store.revision if at is None else at
        if revision > self._store.revision:
            raise too_large(revision, self._store.revision)
        if revision < self._store.revision:
            entries = self._past(kind, namespace, revision)
        elif selection.name and (namespace or not kind.namespaced):
            entry = self._store.get(Key(kind.resource, namespace, selection.name))
            entries = [entry] if entry else []
        else:
            entries = self._store.entries(kind.resource, namespace)
        if after is not None:
            entries = [entry for entry in entries if entry.key > after]
        if selection != EVERYTHING:
            entries = [entry for entry in entries if selection.matches(entry)]
        if not limit or len(entries) <= limit:
            return Page(entries, revision)
        return Page(entries[:limit], revision, entries[limit - 1].key, len(entries) - limit)

    def _past(self, kind: Kind, namespace: str, revision: int) -> list[Entry]:
        try:
            return self._store.entries_at(kind.resource, namespace, revision)
        except TooOld:
            raise gone(LIST_TOO_OLD) from None

    async def reach(self, revision: int) -> None:
        """Wait for a revision that a client has heard of. 504 when it does not come soon."""
        if revision > self.revision and not await self._store.reach(revision, FUTURE_SECONDS):
            raise too_large(revision, self.revision)

    def watch(
        self, kind: Kind, namespace: str = "", after: int | None = None, selection: Selection = EVERYTHING
    ) -> EventStream:
        """Events after a revision; with None those of all that exists first. 410 when that is too old."""
        initial = []
        if after is None:
            page = self.page(kind, namespace, selection)
            initial = [Event("ADDED", entry) for entry in page.entries]
            after = page.revision
        elif after > self._store.revision:
            raise too_large(after, self._store.revision)
        try:
            return EventStream(self._store.watch(kind.resource, namespace, after), selection, initial)
        except TooOld as error:
            raise expired(error) from None

    async def create(self, kind: Kind, manifest: Manifest, options: WriteOptions = WRITE) -> Written:
        """Store a new object; 409 when the name is taken. A name that is generated is tried anew then."""
        for _ in range(NAME_ATTEMPTS):
            uid, draft = self._new_uid(), Draft(self._store)
            sent = named(kind, typed(kind, manifest), uid)
            admitted = admit(kind, without_owners(sent), options.field_validation, options.duplicates)
            obj = rules.created(kind, admitted.manifest, uid, self._now_ms())
            key = _key(kind, obj)
            check_defined(draft, kind)
            if draft.get(key) is None:
                break
            if manifest["metadata"].get("name"):
                raise name_taken(kind, obj)
        else:
            raise name_taken(kind, obj)
        obj = with_owners(obj, owners_of_new(kind, sent, obj, self._author(kind, options)))
        self.guard(kind, obj, None)
        warnings = admitted.dropped + admitted.advice + self._ensure_namespace(draft, key)
        if kind.resource == DEFINITIONS:
            obj = self._definitions.accepted(draft, obj, self._now_ms())
        draft.put(key, obj)
        if owner_references(obj):
            self._removal(draft).collect(key)
        return Written(await self._commit(draft, key, options.dry_run), warnings, created=True)

    async def ensure_namespaces(self) -> None:
        """Create the namespaces that every cluster has from the start, if they are missing."""
        draft = Draft(self._store)
        for name in FIRST:
            if draft.get(Key(NAMESPACES, "", name)) is None:
                self._draft_namespace(draft, name)
        if draft.writes:
            await self._commit(draft, draft.writes[0].key, dry_run=False)

    def _ensure_namespace(self, draft: Draft, key: Key) -> tuple[str, ...]:
        """Create the namespace of an object if there is none; returns what to tell of that."""
        if not key.namespace or NAMESPACES not in self.served.by_resource:
            return ()
        namespace = Key(NAMESPACES, "", key.namespace)
        found = draft.get(namespace)
        if found is None:
            self._draft_namespace(draft, key.namespace)
            return (f'namespace "{key.namespace}" did not exist and was created',)
        if "deletionTimestamp" in found["metadata"]:
            raise namespace_terminating(key)
        return ()

    def _draft_namespace(self, draft: Draft, name: str) -> None:
        kind = self.served.by_resource[NAMESPACES]
        manifest = kind.default({"metadata": {"name": name}})
        draft.put(Key(NAMESPACES, "", name), rules.created(kind, manifest, self._new_uid(), self._now_ms()))

    async def update(self, kind: Kind, manifest: Manifest, options: WriteOptions = WRITE) -> Written:
        """Replace all but status. 409 unless the `resourceVersion` and `uid` given, if any, are current."""
        given = typed(kind, manifest)
        return await self.modify(kind, _key(kind, given), lambda _: given, options)

    async def update_status(self, kind: Kind, manifest: Manifest, options: WriteOptions = WRITE) -> Written:
        """Replace status only; else as `update`."""
        given = typed(kind, manifest)
        return await self.modify(kind, _key(kind, given), lambda _: given, options, status_only=True)

    async def apply(
        self,
        kind: Kind,
        config: Manifest,
        options: WriteOptions,
        *,
        status_only: bool = False,
        before_creation: Callable[[], None] = lambda: None,
    ) -> Written:
        """Server-side apply: make an object have what `config` says, create it if there is none.

        The manager then owns these fields; 409 when another owns one of them with another value, unless
        `options.force`. What it owned before and leaves out goes, unless others own it too.
        `before_creation` may refuse.
        """
        options = replace(options, operation="Apply")
        key = _key(kind, typed(kind, config))
        if Draft(self._store).get(key) is None:
            if status_only or options.subresource:
                raise not_found(kind.resource, key.name)
            before_creation()
            return await self.create(kind, without_version(kind, config), options)
        author = self._author(kind, options, status_only)
        return await self.modify(
            kind, key, lambda old: applied_to(kind, old, config, author), options, status_only=status_only
        )

    def _author(self, kind: Kind, options: WriteOptions, status_only: bool = False) -> Author:
        subresource = STATUS if status_only else options.subresource
        now = time_text(self._now_ms())
        version = options.api_version or kind.api_version
        return Author(options.manager, options.operation, version, subresource, now, options.force)

    async def modify(
        self, kind: Kind, key: Key, propose: Propose, options: WriteOptions, *, status_only: bool = False
    ) -> Written:
        """Change an object into what `propose` makes of it, within the rules of an update.

        No other write comes between reading and writing. `propose` may raise ApiError.
        """
        draft = Draft(self._store)
        old = draft.get(key)
        if old is None:
            raise not_found(kind.resource, key.name)
        given = typed(kind, propose(old))
        proposed = without_owners(given)
        check_identity(kind, proposed, old)
        if status_only:
            proposed = rules.with_status(kind, proposed, old)
            admitted = admit(kind, proposed, options.field_validation, options.duplicates, old)
            new = rules.with_status(kind, admitted.manifest, old)
        else:
            admitted = admit(kind, proposed, options.field_validation, options.duplicates, old)
            new = rules.replaced(kind, admitted.manifest, old)
            if problems := rules.update_problems(admitted.manifest, old) + kind.check_update(new, old):
                raise invalid(kind.name, kind.resource, key.name, problems)
        author = self._author(kind, options, status_only)
        new = with_owners(new, owners_of_changed(kind, old, new, given, author))
        if kind.resource == DEFINITIONS:
            new = self._definitions.accepted(draft, new, self._now_ms())
        if same(new, rules.without_revision(old)):
            return Written(await self._unchanged(key), admitted.dropped)
        self.guard(kind, new, old)
        self._removal(draft).put(key, new)
        removed = draft.changed[key] is None
        if kind.resource == DEFINITIONS and not removed:
            self._definitions.migrate(draft, new)
        # Who changes a label or a status need not hear what is to be said about the spec, again and again.
        warnings = admitted.dropped + (() if rules.same_spec(new, old) else admitted.advice)
        return Written(await self._commit(draft, key, options.dry_run), warnings, removed)

    async def delete(self, kind: Kind, namespace: str, name: str, options: DeleteOptions = DELETE) -> Written:
        """Ask for the deletion of an object. It is `gone`, or marked and waits for finalizers or its node."""
        key = Key(kind.resource, namespace, name)
        draft = Draft(self._store)
        self._draft_delete(draft, kind, key, options)
        if key not in draft.changed:
            return Written(await self._unchanged(key))
        removed = draft.changed[key] is None
        return Written(await self._commit(draft, key, options.dry_run), gone=removed)

    async def delete_collection(
        self, kind: Kind, entries: Sequence[Entry], options: DeleteOptions = DELETE
    ) -> None:
        """Delete these objects, those that are still there, some hundreds in a transaction."""
        for start in range(0, len(entries), KEYS_PER_TRANSACTION):
            draft = Draft(self._store)
            for entry in entries[start : start + KEYS_PER_TRANSACTION]:
                if draft.get(entry.key) is not None:
                    self._draft_delete(draft, kind, entry.key, options)
            if draft.writes:
                await self._commit(draft, draft.writes[0].key, options.dry_run)

    def _draft_delete(self, draft: Draft, kind: Kind, key: Key, options: DeleteOptions) -> None:
        if error := undeletable(key):
            raise error
        old = draft.get(key)
        if old is None:
            raise not_found(kind.resource, key.name)
        check_precondition(kind, old, options.uid, options.resource_version)
        self._removal(draft).delete(key, options.grace_seconds, options.propagation)

    def _removal(self, draft: Draft) -> Removal:
        return Removal(draft, self.served, self._owners, self._now_ms())

    async def _unchanged(self, key: Key) -> Entry:
        """The object as the tip has it, once that is durable."""
        entry = self._store.tip(key)
        assert entry is not None
        await _durable(self._store.settle(key))
        return entry

    async def _commit(self, draft: Draft, key: Key, dry_run: bool) -> Entry:
        """Write a draft; returns the last entry of an object in it."""
        self._definitions.settle(draft, self._now_ms())
        place, write = next(
            (place, write) for place, write in reversed([*enumerate(draft.writes)]) if write.key == key
        )
        try:
            if dry_run:
                write = draft.writes[place]
                return write.entry(write.expected)
            written = self._store.write(draft.writes)
        except StoreError as error:
            raise unavailable(error) from None
        for key, manifest in draft.changed.items():
            self._owners.record(key, manifest)
        if any(key.resource == DEFINITIONS for key in draft.changed):
            self._redefine(written)
        return (await _durable(written))[place]

    def _redefine(self, written: asyncio.Future[Entries]) -> None:
        """Serve what is defined now. A watch of a kind that has gone tells of the last object and ends."""
        before = set(self.served.by_resource)
        self._serve()
        gone = sorted(before - set(self.served.by_resource))

        def end_watches(_: object) -> None:
            for resource in gone:
                self._store.end_watches(resource)

        written.add_done_callback(end_watches)


async def _durable(write: Awaitable[Result]) -> Result:
    try:
        return await write
    except StoreError as error:
        raise unavailable(error) from None


def _key(kind: Kind, manifest: Manifest) -> Key:
    metadata = manifest["metadata"]
    namespace = metadata.get("namespace", "") if kind.namespaced else ""
    return Key(kind.resource, namespace, metadata.get("name", ""))
