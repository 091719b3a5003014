"""Server-side apply: what becomes of an object and of its owners. Pure.

Upstream: structured-merge-diff `Updater.Apply`.
"""

from dataclasses import dataclass, replace

from tradewind.apiserver.fields.collect import field_set
from tradewind.apiserver.fields.compare import compare
from tradewind.apiserver.fields.forms import same
from tradewind.apiserver.fields.managed import Managed, Manager, Owned, owning
from tradewind.apiserver.fields.merge import merge
from tradewind.apiserver.fields.remove import without
from tradewind.apiserver.fields.sets import (
    FieldSet,
    difference,
    intersection,
    union,
    with_named_fields,
)
from tradewind.apiserver.fields.tracked import stripped, tracked
from tradewind.apiserver.fields.update import without_fields
from tradewind.resources.meta import Manifest
from tradewind.resources.schema import Schema


class Conflicts(Exception):
    """Fields that others own and that would get another value; `owners` has them by manager."""

    def __init__(self, owners: dict[Manager, FieldSet]) -> None:
        super().__init__("the applied fields are owned by others")
        self.owners = owners


@dataclass(frozen=True)
class Applying:
    """Who applies what, how: `config` is the part of the manifest that can be written this way."""

    config: Manifest
    manager: Manager
    api_version: str
    now: str
    force: bool = False


def apply_config(
    live: Manifest, schema: Schema, managed: Managed, applying: Applying
) -> tuple[Manifest, Managed]:
    """The object with the configuration, and its owners.

    What the manager has applied before and leaves out now goes, unless somebody else owns it. Raises
    Conflicts when others own what would change, unless forced: then they own it no longer.
    """
    manager, last = applying.manager, managed.get(applying.manager)
    mentioned = field_set(applying.config, schema)
    fields = stripped(mentioned)
    owned = owning(Owned({}, applying.api_version, last.time if last else ""), fields)
    merged = merge(live, applying.config, schema)
    managed = {**managed, manager: owned}
    if last:
        merged = _pruned(merged, last.fields, managed, mentioned, schema)
    change = compare(tracked(live), tracked(merged), schema)
    conflicts = {
        other: taken
        for other, theirs in managed.items()
        if other != manager and (taken := intersection(theirs.fields, change.written))
    }
    if conflicts and not applying.force:
        raise Conflicts(conflicts)
    left = dict(without_fields(managed, change, but=manager))
    if not fields:
        del left[manager]
    elif not same(live, merged):
        left[manager] = replace(owned, time=applying.now)
    return merged, left


def _pruned(
    merged: Manifest, last: FieldSet, managed: Managed, mentioned: FieldSet, schema: Schema
) -> Manifest:
    """`merged` without what was applied last, is not `mentioned` now, and is owned by nobody.

    A struct or item goes as a whole only when all in it was applied last or is owned by nobody: what
    others own comes back, and so does what nobody applied.
    """
    if not difference(last, mentioned):
        return merged
    applied = with_named_fields(last, schema)
    anybody = mentioned
    for one in managed.values():
        anybody = union(anybody, one.fields)
    everything = _named(merged, schema)
    kept = union(_named(without(merged, applied, schema), schema), with_named_fields(anybody, schema))
    with_owned = without(merged, difference(everything, kept), schema)
    gone = difference(everything, _named(with_owned, schema))
    result: Manifest = without(merged, intersection(gone, applied), schema)
    return result


def _named(manifest: Manifest, schema: Schema) -> FieldSet:
    return with_named_fields(field_set(manifest, schema), schema)
