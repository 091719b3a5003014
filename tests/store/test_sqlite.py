"""What SQLite adds: durability, group commit, refusal of what is no store, recovery from a full disk."""

import asyncio
import sqlite3
import subprocess
import sys
import textwrap
import time

import pytest

from tests.store.writing import key, put, remove
from tradewind.store.database import Database, open_database
from tradewind.store.entries import CannotOpen, Change, Entry, StorageFailed, StorageFull
from tradewind.store.sqlite import open_store


async def test_everything_is_there_after_a_restart_and_revisions_go_on(tmp_path):
    path = tmp_path / "new folder" / "store.db"
    store = open_store(path)
    await store.write([put("a", "é"), put("b")])
    await store.write([remove("b", expected=2)])
    await store.close()
    store = open_store(path)
    assert [(entry.key, entry.revision, entry.data) for entry in store.entries("pods")] == [
        (key("a"), 1, "é@1".encode())
    ]
    assert store.revision == 3, "the revision of a deletion is not given out again"
    (entry,) = await store.write([put("c")])
    assert entry.revision == 4
    await store.close()


async def test_writes_that_wait_share_one_transaction(tmp_path, monkeypatch):
    transactions = []
    commit = Database.commit
    monkeypatch.setattr(
        Database, "commit", lambda self, changes: transactions.append(1) or commit(self, changes)
    )
    store = open_store(tmp_path / "store.db")
    await asyncio.gather(*(store.write([put(f"p{number}")]) for number in range(500)))
    assert len(transactions) < 20
    await store.close()
    store = open_store(tmp_path / "store.db")
    assert len(store.entries("pods")) == 500
    await store.close()


async def test_ten_thousand_objects_load_in_under_a_second(tmp_path):
    store = open_store(tmp_path / "store.db")
    await store.write([put(f"p{number}", "x" * 1000) for number in range(10_000)])
    await store.close()
    start = time.perf_counter()
    store = open_store(tmp_path / "store.db")
    took = time.perf_counter() - start
    assert len(store.entries("pods")) == 10_000
    assert took < 1.0
    await store.close()


def break_header(raw: bytearray) -> None:
    raw[0:16] = b"not a database.."


def break_pages(raw: bytearray) -> None:
    raw[4096:12288] = b"\xff" * 8192


def cut_off(raw: bytearray) -> None:
    del raw[5000:]


@pytest.mark.parametrize("damage", [break_header, break_pages, cut_off])
async def test_a_damaged_file_is_refused_by_name_with_what_to_do(tmp_path, damage):
    path = tmp_path / "store.db"
    store = open_store(path)
    await store.write([put(f"p{number}", "x" * 500) for number in range(200)])
    await store.close()
    raw = bytearray(path.read_bytes())
    damage(raw)
    path.write_bytes(raw)
    with pytest.raises(CannotOpen) as raised:
        open_store(path)
    assert str(path) in str(raised.value)
    assert "backup" in str(raised.value)
    assert "mv " in str(raised.value)


def test_another_programs_database_is_refused(tmp_path):
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    with pytest.raises(CannotOpen, match="another program"):
        open_database(path)


def test_a_newer_format_is_refused(tmp_path):
    path = tmp_path / "store.db"
    open_database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(CannotOpen, match="format 99"):
        open_database(path)


def test_a_store_in_use_is_refused(tmp_path):
    path = tmp_path / "store.db"
    database = open_database(path)
    child = "import pathlib, sys, tradewind.store.database as d; d.open_database(pathlib.Path(sys.argv[1]))"
    result = subprocess.run(
        [sys.executable, "-c", child, str(path)], capture_output=True, text=True, timeout=30
    )
    database.close()
    assert "in use by another process" in result.stderr
    open_database(path).close()


def test_a_path_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "store.db").mkdir()
    with pytest.raises(CannotOpen, match=r"store\.db cannot be opened"):
        open_database(tmp_path / "store.db")


async def test_a_full_disk_fails_the_write_rolls_the_tip_back_and_heals(tmp_path):
    store = open_store(tmp_path / "store.db")
    await store.write([put("kept", "x")])
    rolled_back = []
    store.on_rollback = lambda: rolled_back.append(1)
    connection = store._journal._database._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    doomed = [store.write([put(f"big{number}", "x" * 50_000)]) for number in range(3)]
    outcomes = await asyncio.gather(*doomed, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StorageFull] * 3
    assert str(tmp_path / "store.db") in str(outcomes[0])
    assert "free space" in str(outcomes[0])
    assert rolled_back
    assert store.tip(key("big0")) is None
    assert [entry.key.name for entry in store.entries("pods")] == ["kept"], "reads go on"
    connection.execute("PRAGMA max_page_count = 1000000")
    (entry,) = await store.write([put("big0", "x" * 50_000)])
    assert entry.revision > 1
    await store.close()
    store = open_store(tmp_path / "store.db")
    assert [entry.key.name for entry in store.entries("pods")] == ["big0", "kept"]
    await store.close()


LIMITED = """
    import asyncio, resource, sys
    from pathlib import Path
    from tradewind.store.entries import StorageFailed
    from tradewind.store.sqlite import open_store
    from tests.store.writing import put

    def limit(size_bytes):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, resource.RLIM_INFINITY))

    async def main():
        store = open_store(Path(sys.argv[1]))
        await store.write([put("before")])
        limit(200_000)
        try:
            await store.write([put("big", "x" * 1_000_000)])
        except StorageFailed as error:
            print("failed:", error)
        limit(resource.RLIM_INFINITY)
        await store.write([put("after")])
        await store.close()

    asyncio.run(main())
"""


async def test_a_write_that_the_system_refuses_is_survived(tmp_path):
    """A real process whose files may not grow: every write system call past the limit fails."""
    path = tmp_path / "store.db"
    command = [sys.executable, "-c", textwrap.dedent(LIMITED), str(path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert result.returncode == 0, result.stderr
    assert f"failed: the store {path}" in result.stdout
    store = open_store(path)
    assert [entry.key.name for entry in store.entries("pods")] == ["after", "before"]
    await store.close()


async def test_an_unexpected_failure_of_the_writer_reaches_who_waits(tmp_path, monkeypatch):
    def fail(self, changes):
        raise MemoryError("no memory")

    store = open_store(tmp_path / "store.db")
    monkeypatch.setattr(Database, "commit", fail)
    with pytest.raises(StorageFailed, match="no memory"):
        await store.write([put("a")])
    monkeypatch.undo()
    await store.write([put("b")])
    await store.close()


def test_the_last_of_several_changes_to_an_object_is_stored(tmp_path):
    database = open_database(tmp_path / "store.db")
    one, two, three = (Entry(key("a"), revision, b"%d" % revision) for revision in (1, 2, 3))
    database.commit([Change(one, None), Change(two, one), Change(three, two, deleted=True)])
    assert database.load() == ([], 3)
    database.commit([Change(one, None), Change(two, one)])
    assert database.load()[0] == [two]
    database.close()
