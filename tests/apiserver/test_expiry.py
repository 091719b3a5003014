"""Events are forgotten, an hour after they were last heard of."""

import json

import pytest

from tests.apiserver.world import World
from tradewind.apiserver import expiry
from tradewind.apiserver.expiry import EVENT_TTL_MS, expired_events, sweep
from tradewind.resources.core_kinds import CONFIG_MAP, EVENT
from tradewind.resources.times import time_text
from tradewind.store.entries import Entry, Key

NOW = 1_800_000_000_000
HOUR_AGO, LATER = time_text(NOW - EVENT_TTL_MS), time_text(NOW - EVENT_TTL_MS + 1000)


def event(**fields) -> Entry:
    manifest = {"metadata": {"creationTimestamp": HOUR_AGO}} | fields
    return Entry(Key("events", "d", "a"), 1, json.dumps(manifest).encode())


@pytest.mark.parametrize(
    ("fields", "gone"),
    [
        ({}, True),
        ({"lastTimestamp": None, "eventTime": None, "series": None}, True),
        ({"metadata": {"creationTimestamp": LATER}}, False),
        ({"lastTimestamp": HOUR_AGO}, True),
        ({"lastTimestamp": LATER}, False),
        ({"eventTime": LATER.replace("Z", ".000001Z")}, False),
        ({"series": {"count": 7, "lastObservedTime": LATER}}, False),
        ({"series": {"count": 7}}, True),
        ({"lastTimestamp": time_text(NOW + 1000)}, True),
        ({"lastTimestamp": "yesterday", "series": {"lastObservedTime": 5}}, True),
    ],
)
def test_the_latest_occurrence_counts(fields, gone):
    assert bool(list(expired_events([event(**fields)], NOW))) == gone


async def test_a_sweep_forgets_what_is_old_and_nothing_else(monkeypatch):
    world = World()
    monkeypatch.setattr(expiry, "SWEPT", 10)
    for number in range(25):
        await world.objects.create(EVENT, {"metadata": {"name": f"e{number}", "namespace": "d"}})
    await world.objects.create(CONFIG_MAP, {"metadata": {"name": "c", "namespace": "d"}})
    assert await sweep(world.objects, EVENT) == 0
    world.now_ms += EVENT_TTL_MS - 1000
    await world.objects.create(EVENT, {"metadata": {"name": "new", "namespace": "d"}})
    world.now_ms += 1000
    assert [await sweep(world.objects, EVENT) for _ in range(4)] == [10, 10, 5, 0], "in bounded steps"
    assert [entry.key.name for entry in world.objects.page(EVENT).entries] == ["new"]
    assert len(world.objects.page(CONFIG_MAP).entries) == 1
