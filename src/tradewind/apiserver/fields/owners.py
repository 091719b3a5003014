"""Who owns the fields of an object after a write: what the API server asks of this package (apimachinery
`managedfields.FieldManager`). Pure."""

from dataclasses import dataclass
from typing import Any

from tradewind.apiserver.fields.apply import Applying, Conflicts, apply_config
from tradewind.apiserver.fields.compare import compare
from tradewind.apiserver.fields.elements import shown
from tradewind.apiserver.fields.last_applied import KUBECTL, applied_by_client, with_applied
from tradewind.apiserver.fields.managed import (
    Managed,
    Manager,
    Operation,
    Undecodable,
    decode_given,
    decode_managed,
    encode_managed,
    is_reset,
    manager_of,
    with_owners,
    without_times,
)
from tradewind.apiserver.fields.sets import FieldSet, difference, paths
from tradewind.apiserver.fields.tracked import blank, tracked, written_part
from tradewind.apiserver.fields.update import after_update
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.schema import Schema
from tradewind.resources.status import ApiError

BEFORE_FIRST_APPLY = "before-first-apply"


@dataclass(frozen=True)
class Author:
    """Who writes: a manager's name, how, in which `apiVersion`, through which subresource, and when (RFC
    3339). `force` takes fields from others in an apply."""

    name: str
    operation: Operation
    api_version: str
    subresource: str
    now: str
    force: bool = False

    @property
    def manager(self) -> Manager:
        """The author as an owner of fields."""
        return manager_of(self.name, self.operation, self.api_version, self.subresource)


def owners_of_new(kind: Kind, sent: Manifest, new: Manifest, author: Author) -> list[Manifest]:
    """`managedFields` of an object that is created as `new`, of what the client has `sent`."""
    schema = _schema(kind, author)
    if author.operation == "Apply":
        config = written_part(kind, sent, author.subresource)
        applying = Applying(config, author.manager, author.api_version, author.now)
        return encode_managed(apply_config({"metadata": {}}, schema, {}, applying)[1])
    change = compare(blank(kind, schema), tracked(written_part(kind, new, "")), schema)
    managed = _chosen(kind, [], (sent.get("metadata") or {}).get("managedFields"))
    return encode_managed(after_update(managed, change, author.manager, author.api_version, author.now))


def owners_of_changed(
    kind: Kind, old: Manifest, new: Manifest, proposed: Manifest, author: Author
) -> list[Manifest]:
    """`managedFields` of an object that changes from `old` to `new`; `proposed` is what the client made of
    it, with the owners of `applied_to` in an apply.

    An object whose owners were forgotten has none until somebody applies it.
    """
    given = proposed["metadata"].get("managedFields")
    stored: list[Manifest] = old["metadata"].get("managedFields", [])
    if author.operation == "Apply":
        return given or []
    wanted = stored if author.subresource or given is None else given
    schema = _schema(kind, author)
    start = blank(kind, schema)
    change = compare(start | tracked(old), start | tracked(new), schema)
    if wanted == stored and (not change or not stored):
        return stored
    managed = _chosen(kind, stored, wanted)
    if not managed:
        return []
    after = after_update(managed, change, author.manager, author.api_version, author.now)
    return _settled(encode_managed(after), stored, changed=bool(change))


def applied_to(kind: Kind, live: Manifest, config: Manifest, author: Author) -> Manifest:
    """`live` with an applied configuration, and its new owners in `managedFields`. 409 for a conflict."""
    schema = _schema(kind, author)
    stored: list[Manifest] = live["metadata"].get("managedFields", [])
    managed = _served(kind, decode_managed(stored)) or _before_first_apply(kind, live, schema, author)
    part = written_part(kind, config, author.subresource)
    applying = Applying(part, author.manager, author.api_version, author.now, author.force)
    try:
        merged, managed = apply_config(live, schema, managed, applying)
    except Conflicts as conflicts:
        left = _not_allowed(conflicts, live, schema, author)
        if left:
            raise _conflict(left) from None
        forced = Applying(part, author.manager, author.api_version, author.now, force=True)
        merged, managed = apply_config(live, schema, managed, forced)
    if author.name == KUBECTL:
        merged = with_applied(merged, {**config, "apiVersion": author.api_version})
    same = with_owners(merged, []) == with_owners(live, [])
    return with_owners(merged, _settled(encode_managed(managed), stored, changed=not same))


def _schema(kind: Kind, author: Author) -> Schema:
    return kind.schema_at(author.api_version.rpartition("/")[2])


def _chosen(kind: Kind, stored: list[Manifest], given: Any) -> Managed:
    """The owners to go on from: those that the client sent, or the stored ones if it sent none that can be
    read. A client that does not know of owners does not delete them by accident."""
    if is_reset(given):
        return {}
    if given is not None and given != stored:
        try:
            if found := decode_given(given):
                return _served(kind, found)
        except Undecodable:
            pass
    return _served(kind, decode_managed(stored))


def _served(kind: Kind, managed: Managed) -> Managed:
    """Without the owners in versions that are served no longer."""
    known = set(map(kind.api_version_of, kind.versions))
    return {manager: owned for manager, owned in managed.items() if owned.api_version in known}


def _settled(entries: list[Manifest], stored: list[Manifest], changed: bool) -> list[Manifest]:
    """A write that changes nothing but the time at which fields were written changes nothing (upstream
    `IgnoreManagedFieldsTimestampsTransformer`)."""
    if not changed and without_times(entries) == without_times(stored):
        return stored
    return entries


def _before_first_apply(kind: Kind, live: Manifest, schema: Schema, author: Author) -> Managed:
    """Somebody for what is there already and nobody is said to own."""
    there = tracked(written_part(kind, live, author.subresource))
    change = compare(blank(kind, schema), there, schema)
    manager = manager_of(BEFORE_FIRST_APPLY, "Update", author.api_version, author.subresource)
    return after_update({}, change, manager, author.api_version, author.now)


def _not_allowed(
    conflicts: Conflicts, live: Manifest, schema: Schema, author: Author
) -> dict[Manager, FieldSet]:
    """The conflicts that remain when kubectl takes over what it has applied on the client's side."""
    if author.name != KUBECTL:
        return conflicts.owners
    allowed = applied_by_client(live, schema, author.api_version)
    return {
        manager: left for manager, fields in conflicts.owners.items() if (left := difference(fields, allowed))
    }


def _conflict(owners: dict[Manager, FieldSet]) -> ApiError:
    """409 with a cause for each field (apimachinery `conflict.go`)."""
    found = [
        (_described(manager), "".join(map(shown, path)))
        for manager in sorted(owners, key=lambda one: (one.name, one.operation, one.subresource))
        for path in paths(owners[manager])
    ]
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {whom}", "field": where}
        for whom, where in found
    ]
    if len(found) == 1:
        text = f"Apply failed with 1 conflict: conflict with {found[0][0]}: {found[0][1]}"
    else:
        lines = []
        for whom in dict.fromkeys(whom for whom, _ in found):
            lines += [f"conflicts with {whom}:", *(f"- {where}" for one, where in found if one == whom)]
        text = f"Apply failed with {len(found)} conflicts: " + "\n".join(lines)
    return ApiError(409, "Conflict", text, {"causes": causes})


def _described(manager: Manager) -> str:
    through = f' with subresource "{manager.subresource}"' if manager.subresource else ""
    using = f" using {manager.api_version}" if manager.operation == "Update" else ""
    return f'"{manager.name}"{through}{using}'
