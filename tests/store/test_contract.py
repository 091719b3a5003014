"""What every store promises, in memory or on disk."""

import asyncio

import pytest

from tests.store.writing import key, put, remove, told
from tradewind.store.entries import WHATEVER, Stale, StoreError, TooOld, WatchEnded
from tradewind.store.journal import NoJournal
from tradewind.store.memory import HistoryLimits, Memory
from tradewind.store.store import Store

SECONDS = 5.0


async def test_a_write_gets_the_next_revision_and_is_then_read(store):
    (first,) = await store.write([put("a", "one")])
    (second,) = await store.write([put("a", "two", expected=first.revision)])
    assert (first.revision, second.revision, store.revision) == (1, 2, 2)
    assert store.get(key("a")).data == b"two@2"
    assert store.get(key("nobody")) is None


async def test_entries_are_sorted_and_confined_to_their_namespace_and_resource(store):
    for name, namespace in (("b", "y"), ("a", "y"), ("z", "x")):
        await store.write([put(name, namespace=namespace)])
    await store.write([put("other", resource="nodes", namespace="")])
    assert [entry.key.name for entry in store.entries("pods")] == ["z", "a", "b"]
    assert [entry.key.name for entry in store.entries("pods", "y")] == ["a", "b"]
    assert [entry.key.name for entry in store.entries("nodes")] == ["other"]
    assert store.entries("pods", "nowhere") == store.entries("nothing") == []


@pytest.mark.parametrize(
    ("write", "actual"),
    [
        (put("a"), 1),  # exists already
        (put("a", expected=7), 1),
        (put("new", expected=1), 0),
        (remove("a", expected=2), 1),
        (remove("new", expected=WHATEVER), 0),
    ],
)
async def test_a_write_that_expects_another_revision_changes_nothing(store, write, actual):
    await store.write([put("a")])
    with pytest.raises(Stale) as raised:
        store.write([put("b"), write])
    assert raised.value.actual == actual
    assert store.tip(key("b")) is None
    assert store.revision == 1


async def test_the_tip_runs_ahead_of_what_is_read(store):
    done = store.write([put("a")])
    assert store.tip(key("a")).revision == 1
    assert store.tip_keys_in("d") == [key("a")]
    again = store.write([put("a", expected=1)])
    gone = store.write([remove("a", expected=2)])
    assert store.tip(key("a")) is None
    assert store.tip_keys_in("d") == []
    await asyncio.gather(done, again, gone)
    assert store.get(key("a")) is None
    assert store.revision == 3


async def test_a_group_happens_at_once_and_its_writes_see_each_other(store):
    watch = store.watch("pods", "", 0)
    entries = await store.write(
        [put("a"), put("b"), put("a", "again", expected=WHATEVER), remove("b", WHATEVER)]
    )
    assert [entry.revision for entry in entries] == [1, 2, 3, 4]
    assert told(await watch.next(SECONDS)) == [
        ("a", False, 1),
        ("b", False, 2),
        ("a", False, 3),
        ("b", True, 4),
    ]
    assert [entry.data for entry in store.entries("pods")] == [b"again@3"]


async def test_settle_waits_for_writes_in_flight(store):
    store.write([put("a")])
    await store.settle(key("a"))
    assert store.get(key("a")).revision == 1
    await store.settle(key("nobody"))


async def test_a_writer_that_loses_interest_disturbs_nobody(store):
    write = store.write([put("a")])
    settling = asyncio.create_task(store.settle(key("a")))
    await asyncio.sleep(0)
    write.cancel()
    await settling
    assert store.get(key("a")).revision == 1


async def test_a_watch_tells_each_change_once_and_in_order(store):
    await store.write([put("before")])
    with store.watch("pods", "", store.revision) as watch:
        waiting = asyncio.create_task(watch.next(SECONDS))
        await asyncio.sleep(0)
        await store.write([put("a")])
        assert told(await waiting) == [("a", False, 2)]
        await store.write([put("b")])
        await store.write([remove("a", expected=2)])
        assert told(await watch.next(SECONDS)) == [("b", False, 3), ("a", True, 4)]
        assert await watch.next(0.01) == []


async def test_a_change_shows_what_was_before(store):
    await store.write([put("a", "old")])
    with store.watch("pods", "", 1) as watch:
        await store.write([put("a", "new", expected=1)])
        await store.write([remove("a", expected=2)])
        changed, gone = await watch.next(SECONDS)
    assert (changed.previous.data, changed.entry.data) == (b"old@1", b"new@2")
    assert (gone.previous.data, gone.entry.data, gone.entry.revision) == (b"new@2", b"gone@3", 3)


async def test_a_watch_resumes_where_another_ended(store):
    for name in "abc":
        await store.write([put(name)])
    with store.watch("pods", "", 1) as watch:
        assert told(await watch.next(SECONDS)) == [("b", False, 2), ("c", False, 3)]
        assert watch.revision == 3


async def test_a_watch_sees_its_own_resource_and_namespace_only(store):
    with store.watch("pods", "d", 0) as watch:
        await store.write([put("x", namespace="other")])
        await store.write([put("y", resource="nodes")])
        await store.write([put("mine")])
        assert told(await watch.next(SECONDS)) == [("mine", False, 3)]
        await store.write([put("z", namespace="other")])
        assert await watch.next(0.01) == []
        assert watch.revision == 4, "a bookmark may say that all up to here is known"


async def test_ending_a_watch_frees_who_waits(store):
    with store.watch("pods", "", 0) as watch:
        waiting = asyncio.create_task(watch.next(SECONDS))
        await asyncio.sleep(0)
        watch.end()
        with pytest.raises(WatchEnded):
            await waiting


async def test_closing_ends_watches_and_refuses_writes_but_finishes_those_in_flight(store):
    watch = store.watch("pods", "", 0)
    last = store.write([put("last")])
    await store.close()
    assert (await last)[0].revision == 1
    with pytest.raises(WatchEnded):
        await watch.next(SECONDS)
    with pytest.raises(StoreError, match="closed"):
        store.write([put("late")])


async def test_a_watch_that_is_too_slow_is_told_so():
    store = Store(Memory(limits=HistoryLimits(changes=8)), NoJournal())
    watch = store.watch("pods", "", 0)
    for number in range(9):
        await store.write([put(f"p{number}")])
    with pytest.raises(TooOld):
        await watch.next(SECONDS)
    with pytest.raises(TooOld):
        store.watch("pods", "", 0)
    assert told(await store.watch("pods", "", 8).next(SECONDS)) == [("p8", False, 9)]


async def test_too_many_writes_in_flight_are_refused(monkeypatch):
    class Stuck(NoJournal):
        def append(self, group):
            """A disk that never answers."""

    monkeypatch.setattr("tradewind.store.store.MAX_GROUPS_IN_FLIGHT", 3)
    store = Store(Memory(), Stuck())
    for number in range(3):
        store.write([put(f"p{number}")])
    with pytest.raises(StoreError, match="wait for the disk already"):
        store.write([put("one-too-many")])
