"""The SQLite file: opened with care, read whole at the start, written in transactions that are durable."""

import sqlite3
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TypeVar

from tradewind.base.files import sync_folder
from tradewind.store.entries import CannotOpen, Change, Entry, Key, StorageFailed, StorageFull

APPLICATION_ID = 0x54574E44  # "TWND"
FORMAT = 1
ROWS_PER_STATEMENT = 500

Item = TypeVar("Item")

_SCHEMA = f"""
    BEGIN IMMEDIATE;
    CREATE TABLE objects (
        resource TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
        revision INTEGER NOT NULL, data BLOB NOT NULL,
        PRIMARY KEY (resource, namespace, name)
    ) WITHOUT ROWID;
    CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL);
    INSERT INTO state VALUES (1, 0);
    PRAGMA application_id = {APPLICATION_ID};
    PRAGMA user_version = {FORMAT};
    COMMIT;
"""  # noqa: S608


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

    def close(self) -> None:
        """Fold the write-ahead log into the file, if the disk lets it, and close."""
        self._connection.close()


def open_database(path: Path) -> Database:
    """Open or create the store at `path`, for this process alone.

    Raises CannotOpen when it is damaged, not a store, of a newer format, in use, or not accessible.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = None
    try:
        connection = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
        _configure(connection)
        _prepare(path, connection)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error):
            raise _not_opened(path, error) from error
        raise
    return Database(path, connection)


def _configure(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN IMMEDIATE")  # takes the lock now, not at the first write
    connection.execute("COMMIT")


def _prepare(path: Path, connection: sqlite3.Connection) -> None:
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (found_format,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if not tables and not application_id:
        connection.executescript(_SCHEMA)
        sync_folder(path.parent)
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


def _not_opened(path: Path, error: sqlite3.Error) -> CannotOpen:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_BUSY:
        return CannotOpen(f"{path} is in use by another process; stop that one first")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return _damaged(path, str(error))
    return CannotOpen(f"{path} cannot be opened: {error}; check its folder's permissions and free space")


def _damaged(path: Path, why: str) -> CannotOpen:
    return CannotOpen(
        f"{path} is damaged ({why}); put a backup in its place, or start empty after "
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
