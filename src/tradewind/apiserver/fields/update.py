"""Who owns what after a create, update or patch (structured-merge-diff `Updater.Update` and apimachinery's
`managedFieldsUpdater` and `capManagersManager`). Pure."""

from collections import defaultdict

from tradewind.apiserver.fields.compare import Comparison
from tradewind.apiserver.fields.managed import Managed, Manager, Owned, owning
from tradewind.apiserver.fields.sets import difference, intersection, union

MAX_UPDATE_MANAGERS = 10  # upstream DefaultMaxUpdateManagers
OLD_UPDATES = "ancient-changes"


def after_update(
    managed: Managed, change: Comparison, manager: Manager, api_version: str, now: str
) -> Managed:
    """The owners after `manager` has made a change: it owns what it added or modified, others do so no
    longer, and nobody owns what is gone. Without a change nothing happens."""
    if not change:
        return managed
    written = change.written
    left = dict(without_fields(managed, change)) if managed else {}
    if written:
        before = left.get(manager)
        fields = union(before.fields, written) if before else written
        left[manager] = owning(Owned({}, api_version, now), fields)
    return _capped(left) if len(left) > MAX_UPDATE_MANAGERS else left


def without_fields(managed: Managed, change: Comparison, but: Manager | None = None) -> Managed:
    """The owners other than `but` without what was written or removed; those with nothing left are gone."""
    changed = union(change.written, change.removed) if change.removed else change.written
    left = {}
    for manager, owned in managed.items():
        if manager != but and intersection(owned.fields, changed):
            owned = owning(owned, difference(owned.fields, changed))
        if owned.fields or manager == but:
            left[manager] = owned
    return left


def _capped(managed: dict[Manager, Owned]) -> Managed:
    """At most MAX_UPDATE_MANAGERS who update: the oldest of each version are lumped together."""
    updaters = [manager for manager in managed if manager.operation == "Update"]
    too_many = len(updaters) - MAX_UPDATE_MANAGERS
    if too_many <= 0:
        return managed
    capped = dict(managed)
    oldest: dict[str, list[Manager]] = defaultdict(list)
    for manager in sorted(updaters, key=lambda one: (managed[one].time, one.name, one.subresource)):
        if too_many <= 0:
            break
        version = managed[manager].api_version
        oldest[version].append(manager)
        if len(oldest[version]) > 1:
            too_many -= 1
    for version, lumped in oldest.items():
        if len(lumped) > 1:
            _lump(capped, lumped, version)
    return capped


def _lump(capped: dict[Manager, Owned], lumped: list[Manager], version: str) -> None:
    together: Owned | None = None
    for manager in lumped:
        owned = capped.pop(manager)
        together = owning(owned, union(together.fields, owned.fields)) if together else owned
    assert together is not None
    capped[Manager(OLD_UPDATES, "Update", version)] = together
