"""The SQLite file: opened with care, read whole at the start, written in transactions that are durable.

While a process has it open, the file says so (`state.open`), and its latest writes are in the write-ahead
log beside it. A file that says so and has no log beside it has lost writes, and is refused.
"""

import os
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TypeVar

from tradewind.base.files import sync_folder
from tradewind.store.entries import CannotOpen, Change, Entry, Key, StorageFailed, StorageFull

APPLICATION_ID = 0x54574E44  # "TWND"
FORMAT = 2  # 1 had no state.open, and kept pages that were once used
SMALLEST_BYTES = 512  # of a page, so of a database; SQLite takes less for an empty one
LOG_BYTES = 4 * 1024 * 1024  # what the write-ahead log is cut to after it has been larger
FREE_PAGES = 1024  # unused pages that are kept for what is written next
FREED_PAGES = 256  # unused pages given back in one transaction
ROWS_PER_STATEMENT = 500

Item = TypeVar("Item")

_SCHEMA = f"""
    BEGIN IMMEDIATE;
    CREATE TABLE objects (
        resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
        revision INTEGER NOT NULL, data BLOB NOT NULL,
        PRIMARY KEY (resource, namespace, name)
    ) WITHOUT ROWID;
    CREATE TABLE state (
        id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, open INTEGER NOT NULL DEFAULT 0
    );
    INSERT INTO state VALUES (1, 0, 0);
    PRAGMA application_id = {APPLICATION_ID};
    PRAGMA user_version = {FORMAT};
    COMMIT;
"""  # noqa: S608

_FROM_FORMAT_1 = f"""
    BEGIN IMMEDIATE;
    ALTER TABLE state ADD COLUMN open INTEGER NOT NULL DEFAULT 0;
    PRAGMA user_version = {FORMAT};
    COMMIT;
    VACUUM;
"""


class Database:
    """One open file. Opened on one thread, it may then be used on another, but never on two at once."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    def load(self) -> tuple[list[Entry], int]:
        """Every object, and the revision of the last change ever made durable. Raises CannotOpen."""
        try:
            (revision,) = self._connection.execute("SELECT revision FROM state").fetchone()
            rows = self._connection.execute("SELECT resource, namespace, name, revision, data FROM objects")
            return [Entry(Key(*key), at, data) for *key, at, data in rows], revision
        except (sqlite3.Error, TypeError) as error:
            raise _damaged(self.path, str(error)) from error

    def check(self) -> tuple[int, int]:
        """Read every page; returns the revision and how many objects there are. Raises CannotOpen."""
        try:
            (verdict,) = self._connection.execute("PRAGMA integrity_check(1)").fetchone()
        except sqlite3.Error as error:
            verdict = str(error)
        if verdict != "ok":
            raise _damaged(self.path, verdict)
        entries, revision = self.load()
        return revision, len(entries)

    def commit(self, changes: Iterable[Change]) -> None:
        """Make changes durable, all or none. Raises StorageFailed; the next commit may work again."""
        latest = {change.entry.key: change for change in changes}
        stored = [change.entry for change in latest.values() if not change.deleted]
        deleted = [key for key, change in latest.items() if change.deleted]
        revision = max(change.entry.revision for change in latest.values())
        try:
            self._transact(stored, deleted, revision)
        except sqlite3.Error as error:
            raise self._failure(error) from error
        self._give_back_pages()

    def _transact(self, stored: list[Entry], deleted: list[Key], revision: int) -> None:
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            for entries in _slices(stored):
                values = [
                    value for entry in entries for value in (*_parts(entry.key), entry.revision, entry.data)
                ]
                connection.execute(_upsert(len(entries)), values)
            for keys in _slices(deleted):
                connection.execute(_delete(len(keys)), [part for key in keys for part in _parts(key)])
            connection.execute("UPDATE state SET revision = ?", (revision,))
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _failure(self, error: sqlite3.Error) -> StorageFailed:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            return StorageFull(
                f"the store {self.path} cannot grow: {error}; free space on its disk, then write again "
                "(nothing is lost, reads go on)"
            )
        return StorageFailed(
            f"the store {self.path} cannot be written: {error}; check the disk and the permissions of "
            f"{self.path.parent}, then write again (nothing is lost, reads go on)"
        )

    def _give_back_pages(self) -> None:
        """Make the file shorter, a little with every write, when much of it is unused."""
        with suppress(sqlite3.Error):  # what was written is durable; the next write tries again
            (free,) = self._connection.execute("PRAGMA freelist_count").fetchone()
            if free > FREE_PAGES:  # a script runs to its end; `execute` would free one page
                self._connection.executescript(f"PRAGMA incremental_vacuum({FREED_PAGES})")

    def set_revision(self, revision: int) -> None:
        """Count on from this revision. Raises StorageFailed."""
        try:
            self._connection.execute("UPDATE state SET revision = ?", (revision,))
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def mark_open(self) -> None:
        """Write down, in the file itself, that from now on the log belongs to it. Raises sqlite3.Error."""
        self._connection.execute("UPDATE state SET open = 1")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Fold the write-ahead log into the file, if the disk lets it, and close."""
        try:
            self._connection.execute("UPDATE state SET open = 0")
        except sqlite3.Error:
            self._connection.close()
            log_of(self.path).touch()  # closing may have folded and removed it, with the mark still set
        else:
            self._connection.close()


def open_database(path: Path) -> Database:
    """Open or create the store at `path`, for this process alone, readable for its user alone.

    Raises CannotOpen when it is damaged, not a store, of a newer format, in use, or not accessible.
    """
    connection = None
    try:
        has_log = _prepare_file(path)
        connection = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
        _configure(connection)
        _prepare(path, connection, has_log)
        database = Database(path, connection)
        database.mark_open()
        sync_folder(path.parent)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error | OSError):
            raise _not_opened(path, error) from error
        raise
    return database


def write_database(path: Path, entries: Iterable[Entry], revision: int) -> None:
    """Make a store of these objects, at this revision, in a new file. Raises StoreError."""
    database = open_database(path)
    try:
        if changes := [Change(entry, None) for entry in entries]:
            database.commit(changes)
        database.set_revision(revision)
    finally:
        database.close()


def check_database(path: Path) -> tuple[int, int]:
    """Read every page of a store that nobody else has open; returns its revision and how many objects it
    has. Raises StoreError."""
    database = open_database(path)
    try:
        return database.check()
    finally:
        database.close()


def log_of(path: Path) -> Path:
    """The write-ahead log beside a store."""
    return path.with_name(f"{path.name}-wal")


def _prepare_file(path: Path) -> bool:
    """Make sure that there is a file, and none that SQLite would silently take for an empty one; returns
    whether its write-ahead log is there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)
    size, log = path.stat().st_size, log_of(path)
    if 0 < size < SMALLEST_BYTES:
        raise _damaged(path, f"it has {size} bytes, which is no whole page")
    if not size and log.exists() and log.stat().st_size:
        raise _damaged(path, f"it is empty, but its write-ahead log {log.name} is not")
    return log.exists()


def _configure(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # holds for a new file, and after a VACUUM
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
    connection.execute("BEGIN IMMEDIATE")  # takes the lock now, not at the first write
    connection.execute("COMMIT")


def _prepare(path: Path, connection: sqlite3.Connection, has_log: bool) -> None:
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (found_format,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if not tables and not application_id:
        connection.executescript(_SCHEMA)
        return
    if application_id != APPLICATION_ID:
        raise CannotOpen(f"{path} is another program's database; start with another folder, or move it away")
    if found_format > FORMAT:
        raise CannotOpen(
            f"{path} has format {found_format} and this version reads up to {FORMAT}; "
            "run the newer version that wrote it"
        )
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise _damaged(path, verdict)
    if found_format == 1:
        connection.executescript(_FROM_FORMAT_1)
    _check_log(path, connection, has_log)


def _check_log(path: Path, connection: sqlite3.Connection, has_log: bool) -> None:
    found = connection.execute("SELECT open FROM state").fetchone()
    if found is None:
        raise _damaged(path, "it has lost its revision")
    if found[0] and not has_log:
        log = log_of(path)
        raise CannotOpen(
            f"{path} was not closed, and {log.name}, which holds its latest writes, is missing; put it "
            f"back beside it, or a backup in its place, or go on without those writes after `touch {log}`"
        )


def _not_opened(path: Path, error: sqlite3.Error | OSError) -> CannotOpen:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_BUSY:
        return CannotOpen(f"{path} is in use by another process; stop that one first")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return _damaged(path, str(error))
    return CannotOpen(f"{path} cannot be opened: {error}; check its folder's permissions and free space")


def _damaged(path: Path, why: str) -> CannotOpen:
    return CannotOpen(
        f"{path} is damaged ({why}); put a backup in its place (tradewind restore), or start empty after "
        f"`mv {path} {path}.damaged` (and the same for {path.name}-wal, if there is one)"
    )


def _parts(key: Key) -> tuple[str, str, str]:
    return key.resource, key.namespace, key.name


def _slices(items: list[Item]) -> Iterable[list[Item]]:
    return (items[at : at + ROWS_PER_STATEMENT] for at in range(0, len(items), ROWS_PER_STATEMENT))


# One statement for many rows: each statement costs a hand-over of the interpreter lock, each row does not.
@cache
def _upsert(rows: int) -> str:
    return f"INSERT OR REPLACE INTO objects VALUES {', '.join(['(?, ?, ?, ?, ?)'] * rows)}"  # noqa: S608


@cache
def _delete(rows: int) -> str:
    values = ", ".join(["(?, ?, ?)"] * rows)
    return f"DELETE FROM objects WHERE (resource, namespace, name) IN (VALUES {values})"  # noqa: S608
