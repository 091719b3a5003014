"""The store does not grow with what is written, only with what is kept."""

import asyncio

from tests.store.writing import key, put
from tradewind.store.database import FREE_PAGES, LOG_BYTES, log_of
from tradewind.store.entries import WHATEVER, Write
from tradewind.store.sqlite import open_store

PAGE_BYTES = 4096


def update(name: str, size: int) -> Write:
    return Write(key(name), WHATEVER, lambda at: b"%d" % at + b"x" * size)


async def test_updates_of_the_same_objects_do_not_fill_the_disk(tmp_path):
    """100 MB are written into 100 objects of 10 kB."""
    path = tmp_path / "store.db"
    store = open_store(path)
    log, file = 0, 0
    for _ in range(100):
        await asyncio.gather(*(store.write([update(f"p{number}", 10_000)]) for number in range(100)))
        log = max(log, log_of(path).stat().st_size)
        file = max(file, path.stat().st_size)
    assert log < 3 * LOG_BYTES
    assert file < 3_000_000
    await store.close()
    assert path.stat().st_size < 3_000_000


async def test_one_large_burst_leaves_no_large_log(tmp_path):
    path = tmp_path / "store.db"
    store = open_store(path)
    burst = [update(f"p{number}", 10_000) for number in range(2000)]
    await store.write(burst)
    assert log_of(path).stat().st_size > 15_000_000
    for number in range(600):
        await store.write([update(f"q{number % 7}", 10_000)])
    assert log_of(path).stat().st_size <= LOG_BYTES + 64 * PAGE_BYTES
    await store.close()


async def test_what_deleted_objects_took_is_given_back(tmp_path):
    path = tmp_path / "store.db"
    store = open_store(path)
    await store.write([put(f"p{number}", "x" * 10_000) for number in range(2000)])
    await store.write(
        [Write(key(f"p{number}"), WHATEVER, lambda _: b"", delete=True) for number in range(2000)]
    )
    for number in range(30):
        await store.write([update("q", number)])
    await store.close()
    assert path.stat().st_size < (FREE_PAGES + 300) * PAGE_BYTES
    store = open_store(path)
    assert [entry.key.name for entry in store.entries("pods")] == ["q"]
    await store.close()
