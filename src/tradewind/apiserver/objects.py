"""The rules of Kubernetes objects over a store: what each verb does, without HTTP.

Namespaces are created on demand, with the first object in them, so that manifests apply on the first
try. A namespace that is being deleted takes nothing new.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tradewind.apiserver import rules
from tradewind.apiserver.admission import admit
from tradewind.apiserver.catalog import Catalog
from tradewind.apiserver.draft import Draft, decode_manifest
from tradewind.apiserver.events import Event, EventStream, expired
from tradewind.apiserver.identity import (
    check_identity,
    check_precondition,
    named,
    namespace_terminating,
    too_large,
    typed,
    unavailable,
)
from tradewind.apiserver.ownership import OwnerIndex, is_orphan
from tradewind.apiserver.removal import Removal
from tradewind.apiserver.rules import NAMESPACES
from tradewind.apiserver.selectors import EVERYTHING, Selection
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.status import already_exists, invalid, not_found
from tradewind.store.entries import Entry, Key, StoreError, TooOld
from tradewind.store.store import Store

Result = TypeVar("Result")


@dataclass(frozen=True)
class WriteOptions:
    """What to do about unknown fields (`Strict`, `Warn`, `Ignore`), and whether to write at all."""

    field_validation: str = "Warn"
    dry_run: bool = False


@dataclass(frozen=True)
class DeleteOptions:
    """How an object is to be deleted, and which one it must be."""

    grace_seconds: int | None = None
    uid: str = ""
    resource_version: str = ""
    dry_run: bool = False


@dataclass(frozen=True)
class Written:
    """An object as it is stored now, and what its writer should hear. `gone`: it was removed."""

    entry: Entry
    warnings: tuple[str, ...] = ()
    gone: bool = False


@dataclass(frozen=True)
class Page:
    """A part of a list. `last` is where the next part begins after, None when there is none."""

    entries: list[Entry]
    revision: int
    last: Key | None = None
    remaining: int = 0


Propose = Callable[[Manifest], Manifest]
WRITE = WriteOptions()
DELETE = DeleteOptions()


class Objects:
    """Every method raises ApiError with upstream's reason and code. Writes return when they are durable.

    `now_ms` is the clock, `new_uid` the source of uids (version 4 UUIDs, as text).
    """

    def __init__(
        self, served: Catalog, store: Store, now_ms: Callable[[], int], new_uid: Callable[[], str]
    ) -> None:
        self.served = served
        self._store = store
        self._now_ms = now_ms
        self._new_uid = new_uid
        self._index_owners()
        store.on_rollback = self._index_owners

    def _index_owners(self) -> None:
        self._owners = OwnerIndex(self._store.everything())

    @property
    def revision(self) -> int:
        """The revision of the last durable change."""
        return self._store.revision

    def now_ms(self) -> int:
        """The time, as objects get it."""
        return self._now_ms()

    def get(self, kind: Kind, namespace: str, name: str) -> Entry:
        """The object, or 404."""
        entry = self._store.get(Key(kind.resource, namespace, name))
        if entry is None:
            raise not_found(kind.resource, name)
        return entry

    def count(self, kind: Kind, namespace: str = "") -> int:
        """How many objects a list goes through."""
        return self._store.count(kind.resource, namespace)

    async def copy_to(self, path: Path) -> int:
        """Write what is durable now into a new store file; returns its revision. Raises StoreError."""
        return await self._store.copy_to(path)

    def runs(self, pod: Key) -> bool:
        """Whether a Pod exists and has not ended."""
        entry = self._store.get(pod)
        phase = decode_manifest(entry.data).get("status", {}).get("phase") if entry else "Failed"
        return phase not in ("Succeeded", "Failed")

    def page(
        self,
        kind: Kind,
        namespace: str = "",
        selection: Selection = EVERYTHING,
        limit: int = 0,
        after: Key | None = None,
    ) -> Page:
        """Selected objects sorted by namespace and name: at most `limit` (0: all), those behind `after`."""
        if selection.name and (namespace or not kind.namespaced):
            entry = self._store.get(Key(kind.resource, namespace, selection.name))
            entries = [entry] if entry else []
        else:
            entries = self._store.entries(kind.resource, namespace)
        if after is not None:
            entries = [entry for entry in entries if entry.key > after]
        if selection != EVERYTHING:
            entries = [entry for entry in entries if selection.matches(entry)]
        if not limit or len(entries) <= limit:
            return Page(entries, self._store.revision)
        return Page(entries[:limit], self._store.revision, entries[limit - 1].key, len(entries) - limit)

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
        """Store a new object; 409 when the name is taken."""
        uid = self._new_uid()
        admitted = admit(kind, named(kind, typed(kind, manifest), uid), options.field_validation)
        obj = rules.created(kind, admitted.manifest, uid, self._now_ms())
        key = _key(kind, obj)
        draft = Draft(self._store)
        if draft.get(key) is not None:
            raise already_exists(kind.resource, key.name)
        self._ensure_namespace(draft, key)
        place = len(draft.writes)
        draft.put(key, obj)
        if is_orphan(obj, self.served, draft.get):
            self._removal(draft).delete(key)
        warnings = admitted.dropped + admitted.advice
        return Written(await self._commit(draft, place, options.dry_run), warnings)

    def _ensure_namespace(self, draft: Draft, key: Key) -> None:
        kind = self.served.by_resource.get(NAMESPACES)
        if not key.namespace or kind is None:
            return
        namespace = Key(NAMESPACES, "", key.namespace)
        found = draft.get(namespace)
        if found is None:
            manifest = kind.default({"metadata": {"name": key.namespace}})
            draft.put(namespace, rules.created(kind, manifest, self._new_uid(), self._now_ms()))
        elif "deletionTimestamp" in found["metadata"]:
            raise namespace_terminating(key)

    async def update(self, kind: Kind, manifest: Manifest, options: WriteOptions = WRITE) -> Written:
        """Replace all but status. 409 unless the `resourceVersion` and `uid` given, if any, are current."""
        given = typed(kind, manifest)
        return await self.modify(kind, _key(kind, given), lambda _: given, options)

    async def update_status(self, kind: Kind, manifest: Manifest, options: WriteOptions = WRITE) -> Written:
        """Replace status only; else as `update`."""
        given = typed(kind, manifest)
        return await self.modify(kind, _key(kind, given), lambda _: given, options, status_only=True)

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
        proposed = typed(kind, propose(old))
        check_identity(kind, proposed, old)
        if status_only:
            admitted = admit(kind, rules.with_status(kind, proposed, old), options.field_validation)
            new = rules.with_status(kind, admitted.manifest, old)
        else:
            admitted = admit(kind, proposed, options.field_validation)
            if problems := rules.update_problems(admitted.manifest, old):
                raise invalid(kind.name, kind.resource, key.name, problems)
            new = rules.replaced(kind, admitted.manifest, old)
        if new == rules.without_revision(old):
            return Written(await self._unchanged(key), admitted.dropped)
        self._removal(draft).put(key, new)
        gone = draft.changed[key] is None
        # Who changes a label or a status need not hear what is to be said about the spec, again and again.
        warnings = admitted.dropped + (() if rules.same_spec(new, old) else admitted.advice)
        return Written(await self._commit(draft, 0, options.dry_run), warnings, gone)

    async def delete(self, kind: Kind, namespace: str, name: str, options: DeleteOptions = DELETE) -> Written:
        """Ask for the deletion of an object. It is `gone`, or marked and waits for finalizers or its node."""
        key = Key(kind.resource, namespace, name)
        draft = Draft(self._store)
        old = draft.get(key)
        if old is None:
            raise not_found(kind.resource, name)
        check_precondition(kind, old, options.uid, options.resource_version)
        self._removal(draft).delete(key, options.grace_seconds)
        if not draft.writes:
            return Written(await self._unchanged(key))
        gone = draft.changed.get(key) is None
        return Written(await self._commit(draft, 0, options.dry_run), gone=gone)

    def _removal(self, draft: Draft) -> Removal:
        return Removal(draft, self.served, self._owners, self._now_ms())

    async def _unchanged(self, key: Key) -> Entry:
        """The object as the tip has it, once that is durable."""
        entry = self._store.tip(key)
        assert entry is not None
        await _durable(self._store.settle(key))
        return entry

    async def _commit(self, draft: Draft, place: int, dry_run: bool) -> Entry:
        """Write a draft; returns the entry of the write at `place`."""
        try:
            if dry_run:
                write = draft.writes[place]
                return write.entry(write.expected)
            written = self._store.write(draft.writes)
        except StoreError as error:
            raise unavailable(error) from None
        for key, manifest in draft.changed.items():
            self._owners.record(key, manifest)
        return (await _durable(written))[place]


async def _durable(write: Awaitable[Result]) -> Result:
    try:
        return await write
    except StoreError as error:
        raise unavailable(error) from None


def _key(kind: Kind, manifest: Manifest) -> Key:
    metadata = manifest["metadata"]
    namespace = metadata.get("namespace", "") if kind.namespaced else ""
    return Key(kind.resource, namespace, metadata.get("name", ""))
