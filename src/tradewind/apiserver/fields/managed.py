"""`metadata.managedFields`: who owns which fields, in the API's form and as a table (apimachinery
`managedfields/internal/managedfields.go`). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from tradewind.apiserver.fields.elements import NoElement
from tradewind.apiserver.fields.sets import FieldSet, ordered, parsed
from tradewind.resources.meta import Manifest
from tradewind.resources.times import time_ms, time_text

Operation = Literal["Apply", "Update"]
UNKNOWN_MANAGER = "unknown"


@dataclass(frozen=True)
class Manager:
    """Who owns fields, and by which way of writing. `api_version` is "" for one that applies: it stays the
    same manager when it goes on to another version."""

    name: str
    operation: Operation
    api_version: str = ""
    subresource: str = ""


@dataclass(frozen=True)
class Owned:
    """What a manager owns, in which version of the kind, and when that last changed ("": not known)."""

    fields: FieldSet
    api_version: str
    time: str = ""


Managed = Mapping[Manager, Owned]


class Undecodable(Exception):
    """`managedFields` that are not of the API's form."""


def manager_of(name: str, operation: Operation, api_version: str, subresource: str) -> Manager:
    """A manager as it is told apart from others."""
    kept = api_version if operation == "Update" else ""
    return Manager(name or UNKNOWN_MANAGER, operation, kept, subresource)


def decode_managed(entries: Any) -> Managed:
    """The table of an object's `managedFields`. Sets that the server wrote itself are taken as they are."""
    managed: dict[Manager, Owned] = {}
    for entry in entries or []:
        manager = manager_of(
            entry.get("manager", ""),
            entry["operation"],
            entry["apiVersion"],
            entry.get("subresource", ""),
        )
        managed[manager] = Owned(entry["fieldsV1"], entry["apiVersion"], entry.get("time", ""))
    return managed


def decode_given(entries: Any) -> Managed:
    """The table of what a client sent as `managedFields`. Undecodable unless every entry is well-formed."""
    if not isinstance(entries, list):
        raise Undecodable("managedFields must be a list")
    return decode_managed([_checked_entry(entry) for entry in entries])


def _checked_entry(entry: Any) -> Manifest:
    if not isinstance(entry, dict) or entry.get("operation") not in ("Apply", "Update"):
        raise Undecodable("operation must be `Apply` or `Update`")
    texts = ("manager", "apiVersion", "subresource", "time")
    if not entry.get("apiVersion") or not all(isinstance(entry.get(name) or "", str) for name in texts):
        raise Undecodable("apiVersion must not be empty; names and times are strings")
    if entry.get("fieldsType") != "FieldsV1":
        raise Undecodable("fieldsType must be FieldsV1")
    try:
        time = {"time": time_text(time_ms(entry["time"]))} if entry.get("time") else {}
        fields = ordered(parsed(entry.get("fieldsV1") or {}))
    except (NoElement, ValueError) as error:
        raise Undecodable(str(error)) from None
    known = {name: entry[name] for name in (*texts, "operation") if entry.get(name)}
    return known | time | {"fieldsV1": fields}


def is_reset(entries: Any) -> bool:
    """Whether `managedFields` ask to forget all owners: an empty list, or one with one empty entry."""
    return entries == [] or (isinstance(entries, list) and len(entries) == 1 and entries[0] == {})


def encode_managed(managed: Managed) -> list[Manifest]:
    """The table as `managedFields`, in upstream's order: those who apply first, then by time and name."""
    found = sorted(managed.items(), key=_place)
    return [_entry(manager, owned) for manager, owned in found]


def _place(item: tuple[Manager, Owned]) -> tuple[str, str, str, str, str]:
    manager, owned = item
    return manager.operation, owned.time, manager.name, owned.api_version, manager.subresource


def _entry(manager: Manager, owned: Owned) -> Manifest:
    entry = {"manager": manager.name, "operation": manager.operation, "apiVersion": owned.api_version}
    entry |= {"time": owned.time} if owned.time else {}
    subresource = {"subresource": manager.subresource} if manager.subresource else {}
    return entry | {"fieldsType": "FieldsV1", "fieldsV1": owned.fields} | subresource


def with_owners(manifest: Manifest, entries: list[Manifest]) -> Manifest:
    """The object with these `managedFields`."""
    metadata = {name: value for name, value in manifest["metadata"].items() if name != "managedFields"}
    if entries:
        metadata["managedFields"] = entries
    return {**manifest, "metadata": metadata}


def without_owners(manifest: Manifest) -> Manifest:
    """A client's object without `managedFields`, unless they are so wrong that it must hear of it."""
    entries = manifest["metadata"].get("managedFields")
    if entries is not None and not (isinstance(entries, list) and all(isinstance(e, dict) for e in entries)):
        return manifest
    return with_owners(manifest, [])


def without_times(entries: list[Manifest]) -> list[Manifest]:
    """Entries for comparing all but when."""
    return [{name: value for name, value in entry.items() if name != "time"} for entry in entries]


def owning(owned: Owned, fields: FieldSet) -> Owned:
    """The same entry with other fields, in upstream's order."""
    return replace(owned, fields=ordered(fields))
