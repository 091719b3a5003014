"""Carries out a plan: the only place where a decision turns into writes."""

import hashlib
from collections.abc import Callable, Mapping

from tradewind.client.base import Client
from tradewind.controller.plan import Delete, Effect, Plan, Put, PutStatus, Record
from tradewind.resources.core_kinds import EVENT
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError
from tradewind.resources.times import time_text

# Called with where, kind and stored object after each write, so that a cache need not wait for its watch.
Written = Callable[[str, Kind, Manifest], None]


async def perform(
    plan: Plan, clients: Mapping[str, Client], component: str, now_ms: int, written: Written
) -> None:
    """Perform the effects in order. Raises ApiError at the first that fails; those before it stay."""
    for effect in plan.effects:
        await _perform_one(effect, clients[effect.at], component, now_ms, written)


async def _perform_one(effect: Effect, client: Client, component: str, now_ms: int, written: Written) -> None:
    match effect:
        case Put(kind, manifest):
            exists = bool(manifest.get("metadata", {}).get("uid"))
            stored = await (client.update(kind, manifest) if exists else client.create(kind, manifest))
            written(effect.at, kind, stored)
        case PutStatus(kind, manifest):
            written(effect.at, kind, await client.update_status(kind, manifest))
        case Delete(kind, namespace, name, uid, grace_seconds):
            try:
                await client.delete(kind, namespace, name, uid=uid, grace_seconds=grace_seconds)
            except ApiError as error:
                if error.reason != "NotFound":
                    raise
        case Record():
            await record_event(effect, client, component, now_ms)


def make_event(record: Record, component: str, now_ms: int) -> Manifest:
    """The v1 Event for a record, as client-go's recorder makes it (`tools/record/event.go`).

    The same happening to the same object always has the same name.
    """
    about = record.about.get("metadata", {})
    namespace = about.get("namespace") or "default"
    what = f"{about.get('uid')}|{component}|{record.type}|{record.reason}|{record.message}"
    digest = hashlib.sha256(what.encode()).hexdigest()[:16]
    now = time_text(now_ms)
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"namespace": namespace, "name": f"{about.get('name', 'unknown')}.{digest}"},
        "involvedObject": _reference(record),
        "type": record.type,
        "reason": record.reason,
        "message": record.message,
        "source": {"component": component} | ({"host": record.host} if record.host else {}),
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
        "reportingComponent": component,
        "reportingInstance": record.host,
    }


def _reference(record: Record) -> Manifest:
    """The object as a v1 ObjectReference; what it lacks is left out."""
    about = record.about.get("metadata", {})
    named = {"apiVersion": record.about.get("apiVersion"), "kind": record.about.get("kind")}
    named |= {name: about.get(name) for name in ("namespace", "name", "uid", "resourceVersion")}
    return {name: value for name, value in (named | {"fieldPath": record.field_path}).items() if value}


async def record_event(record: Record, client: Client, component: str, now_ms: int) -> None:
    """Create the event, or count it once more when it is already there."""
    event = make_event(record, component, now_ms)
    try:
        await client.create(EVENT, event)
        return
    except ApiError as error:
        if error.reason != "AlreadyExists":
            raise
    meta = event["metadata"]
    known = await client.get(EVENT, meta["namespace"], meta["name"])
    change = {"count": known.get("count", 1) + 1, "lastTimestamp": event["lastTimestamp"]}
    await client.patch(EVENT, meta["namespace"], meta["name"], change)
