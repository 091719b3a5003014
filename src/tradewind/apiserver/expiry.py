"""Events are forgotten after an hour (shell), as kube-apiserver does with --event-ttl=1h0m0s.

Upstream counts from the last write, which etcd knows; here it is the latest time in the Event itself
that has come already, so nobody makes one that stays for ever.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from tradewind.apiserver.objects import DeleteOptions, Objects
from tradewind.resources.kinds import Kind
from tradewind.resources.status import ApiError
from tradewind.resources.times import time_ms
from tradewind.store.entries import Entry

EVENT_TTL_MS = 60 * 60 * 1000
SWEEP_SECONDS = 60.0
SWEPT = 500  # Events that are forgotten in one sweep at most

_log = logging.getLogger(__name__)


class _Series(msgspec.Struct, frozen=True, gc=False):
    last: Any = msgspec.field(name="lastObservedTime", default=None)


class _Metadata(msgspec.Struct, frozen=True, gc=False):
    created: Any = msgspec.field(name="creationTimestamp")


class _Times(msgspec.Struct, frozen=True, gc=False):
    metadata: _Metadata
    last: Any = msgspec.field(name="lastTimestamp", default=None)
    observed: Any = msgspec.field(name="eventTime", default=None)
    series: _Series | None = None


_times = msgspec.json.Decoder(_Times).decode


def expired_events(events: Iterable[Entry], now_ms: int) -> Iterator[Entry]:
    """Those that were last heard of EVENT_TTL_MS ago or before. Pure."""
    return (entry for entry in events if _latest_ms(entry, now_ms) <= now_ms - EVENT_TTL_MS)


def _latest_ms(entry: Entry, now_ms: int) -> int:
    found = _times(entry.data)
    times = (found.metadata.created, found.last, found.observed, found.series and found.series.last)
    return max((at for at in map(_read_ms, times) if at <= now_ms), default=0)


def _read_ms(time: Any) -> int:
    """A time as a client may have written it; 0 for what is none."""
    try:
        return time_ms(time)
    except (TypeError, ValueError):
        return 0


async def sweep(objects: Objects, kind: Kind) -> int:
    """Forget some expired Events; returns how many."""
    swept = 0
    for entry in expired_events(objects.page(kind).entries, objects.now_ms()):
        if swept == SWEPT:
            break
        # One that has happened again meanwhile has another version, and stays.
        options = DeleteOptions(resource_version=str(entry.revision))
        try:
            await objects.delete(kind, entry.key.namespace, entry.key.name, options)
        except ApiError as error:
            if error.code not in (404, 409):
                raise
        swept += 1
    return swept


async def keep_sweeping(objects: Objects, kind: Kind) -> None:
    """Sweep until cancelled. What cannot be forgotten now is tried again."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        try:
            await sweep(objects, kind)
        except ApiError as error:
            _log.warning("old Events are not forgotten: %s", error)
