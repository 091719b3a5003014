"""What a store file may look like when a process starts: taken, or refused with what to do."""

import os
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.store.writing import key, put
from tradewind.store.database import FORMAT, log_of, open_database, write_database
from tradewind.store.entries import CannotOpen, Entry, StoreError
from tradewind.store.sqlite import open_store

NOBODY = 65534
ENTRIES = [Entry(key(f"p{number}"), number + 1, b"x" * 500) for number in range(200)]

CRASH = """
    import asyncio, os, sys
    from pathlib import Path
    from tradewind.store.sqlite import open_store
    from tests.store.writing import put

    async def main():
        store = open_store(Path(sys.argv[1]))
        for number in range(int(sys.argv[2])):
            await store.write([put(f"p{number}")])
        os._exit(0)

    asyncio.run(main())
"""


def crash(path: Path, writes: int) -> None:
    """Leave a store as a process leaves it that dies after so many writes."""
    command = [sys.executable, "-c", textwrap.dedent(CRASH), str(path), str(writes)]
    subprocess.run(command, check=True, timeout=30)


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def one_byte(path: Path) -> None:
    path.write_bytes(b"S")


def half_a_page(path: Path) -> None:
    write_database(path, ENTRIES, 200)
    cut(path, 300)


def whole_pages_cut_off(path: Path) -> None:
    write_database(path, ENTRIES, 200)
    cut(path, 8192)


def not_a_database(path: Path) -> None:
    path.write_text("hello, this is a text\n" * 100)


def emptied_beside_its_log(path: Path) -> None:
    crash(path, 3)
    cut(path, 0)


def state_gone(path: Path) -> None:
    change(path, "DELETE FROM state")


def objects_gone(path: Path) -> None:
    change(path, "DROP TABLE objects")


def change(path: Path, statement: str) -> None:
    open_database(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    "damage",
    [
        one_byte,
        half_a_page,
        whole_pages_cut_off,
        not_a_database,
        emptied_beside_its_log,
        state_gone,
        objects_gone,
    ],
)
async def test_a_damaged_file_is_refused_and_left_as_it_is(tmp_path, damage):
    path = tmp_path / "store.db"
    damage(path)
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(CannotOpen) as raised:
            open_store(path)
        text = str(raised.value)
        assert f"{path} is damaged" in text
        assert "tradewind restore" in text
        assert f"mv {path} " in text
    if damage not in (state_gone, objects_gone):
        assert path.read_bytes() == before


async def test_a_file_without_a_byte_is_what_a_crash_at_the_very_start_leaves(tmp_path):
    path = tmp_path / "store.db"
    path.touch()
    store = open_store(path)
    await store.write([put("a")])
    await store.close()


async def test_a_crash_loses_nothing_and_its_log_is_needed(tmp_path):
    path = tmp_path / "store.db"
    crash(path, 20)
    log = log_of(path)
    kept = log.read_bytes()
    log.unlink()
    for _ in range(2):
        with pytest.raises(CannotOpen, match=r"store\.db-wal, which holds its latest writes, is missing"):
            open_store(path)
    assert not log.exists()
    log.write_bytes(kept)
    store = open_store(path)
    assert len(store.entries("pods")) == 20
    await store.close()


async def test_who_says_so_goes_on_without_the_log(tmp_path):
    path = tmp_path / "store.db"
    crash(path, 20)
    log_of(path).unlink()
    log_of(path).touch()
    store = open_store(path)
    assert store.entries("pods") == []
    await store.close()


async def test_a_closed_store_needs_no_log(tmp_path):
    path = tmp_path / "store.db"
    crash(path, 20)
    await open_store(path).close()
    assert not log_of(path).exists()
    store = open_store(path)
    assert len(store.entries("pods")) == 20
    await store.close()


async def test_a_store_that_could_not_be_marked_as_closed_opens_again(tmp_path):
    path = tmp_path / "store.db"
    database = open_database(path)
    database._connection.execute("PRAGMA query_only = 1")  # as a full disk: nothing can be written
    database.close()
    await open_store(path).close()


async def test_only_its_user_may_read_it(tmp_path):
    path = tmp_path / "store.db"
    path.touch(0o644)
    store = open_store(path)
    await store.write([put("a")])
    assert {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {
        "store.db": 0o600,
        "store.db-wal": 0o600,
    }
    await store.close()


@pytest.fixture
def as_nobody(tmp_path):
    """File permissions do not bind root."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    if os.geteuid() == 0:
        os.seteuid(NOBODY)
        yield
        os.seteuid(0)
    else:
        yield


def unreadable_file(folder: Path) -> None:
    (folder / "store.db").touch(0o600)
    (folder / "store.db").chmod(0o000)


def read_only_folder(folder: Path) -> None:
    folder.chmod(0o555)


@pytest.mark.parametrize("forbid", [unreadable_file, read_only_folder])
def test_what_may_not_be_written_is_refused(tmp_path, forbid, request):
    forbid(tmp_path)
    request.getfixturevalue("as_nobody")
    with pytest.raises(CannotOpen, match=r"store\.db cannot be opened: .*permissions"):
        open_database(tmp_path / "store.db")


FORMAT_1 = """
    CREATE TABLE objects (
        resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
        revision INTEGER NOT NULL, data BLOB NOT NULL,
        PRIMARY KEY (resource, namespace, name)
    ) WITHOUT ROWID;
    CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL);
    INSERT INTO state VALUES (1, 7);
    INSERT INTO objects VALUES ('pods', 'd', 'a', 5, x'7b7d');
    PRAGMA application_id = 1415007812;
    PRAGMA user_version = 1;
"""


async def test_a_store_of_the_format_before_is_taken_over(tmp_path):
    path = tmp_path / "store.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(FORMAT_1)
    connection.close()
    for _ in range(2):
        store = open_store(path)
        assert (store.entries("pods"), store.revision) == ([Entry(key("a"), 5, b"{}")], 7)
        connection = store._journal._database._connection
        assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT,)
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,), "pages can be given back"
        await store.close()


def test_a_written_store_has_what_it_was_given(tmp_path):
    path = tmp_path / "copy.db"
    write_database(path, ENTRIES, 1000)
    database = open_database(path)
    entries, revision = database.load()
    assert (sorted(entries, key=lambda entry: entry.revision), revision) == (ENTRIES, 1000)
    database.close()
    write_database(tmp_path / "empty.db", [], 3)
    with pytest.raises(StoreError, match="cannot be opened"):
        write_database(tmp_path / "copy.db" / "below", [], 3)
