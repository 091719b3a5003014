"""The audit log on disk (shell): lines appended by a thread of its own, so that requests never wait for it.

A disk that is full or gone does not fail requests: lines that cannot be written, or that come faster than
the disk takes them, are counted, and the count goes to the process's log.
"""

import logging
import os
import queue
import threading
import time
from contextlib import suppress
from io import FileIO
from pathlib import Path

MAX_WAITING = 20_000
MAX_FILE_BYTES = 50 * 1024 * 1024
BACKUPS = 4
CLOSE_SECONDS = 5.0
TELL_SECONDS = 60.0
_BATCH = 1000

_log = logging.getLogger(__name__)


class AuditLog:
    """Appends lines to `path`, which only its owner can read. When it is larger than `max_bytes` it becomes
    `path.1`, that `path.2`, and so on; what was BACKUPS ago is removed."""

    def __init__(self, path: Path, max_bytes: int = MAX_FILE_BYTES, max_waiting: int = MAX_WAITING) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._waiting: queue.Queue[bytes] = queue.Queue(max_waiting)
        self._closing = threading.Event()
        self._lost = 0
        self._told_at = -TELL_SECONDS
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="audit log", daemon=True)
        self._thread.start()

    def append(self, line: bytes) -> None:
        """Write a line soon; never waits and never raises."""
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self._lose(1, "they come faster than the disk takes them")

    def close(self) -> None:
        """Write what waits still, for CLOSE_SECONDS at most."""
        self._closing.set()
        self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        while not (self._closing.is_set() and self._waiting.empty()):
            lines = self._next_lines()
            if not lines:
                continue
            try:
                self._write(lines)
            except OSError as error:
                self._lose(len(lines), f"{self._path}: {error.strerror or error}")

    def _next_lines(self) -> list[bytes]:
        lines = []
        try:
            lines.append(self._waiting.get(timeout=0.2))
            while len(lines) < _BATCH:
                lines.append(self._waiting.get_nowait())
        except queue.Empty:
            pass
        return lines

    def _write(self, lines: list[bytes]) -> None:
        """Opened anew for each batch, so that a file that was moved away or could not be made is no end."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "ab", buffering=0) as file:
            before = file.seek(0, os.SEEK_END)
            data = b"".join(line + b"\n" for line in lines)
            try:
                _write_whole(file, data)
            except OSError:
                with suppress(OSError):
                    file.truncate(before)  # no half line is left
                raise
        if before + len(data) > self._max_bytes:
            self._rotate()

    def _rotate(self) -> None:
        for number in range(BACKUPS - 1, 0, -1):
            older = self._backup(number)
            if older.exists():
                older.replace(self._backup(number + 1))
        self._path.replace(self._backup(1))

    def _backup(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def _lose(self, count: int, why: str) -> None:
        """Count lines that are lost, and tell of them once in TELL_SECONDS."""
        with self._lock:
            self._lost += count
            now = time.monotonic()
            if now - self._told_at < TELL_SECONDS:
                return
            self._told_at, lost, self._lost = now, self._lost, 0
        _log.error("%d lines of the audit log were lost: %s", lost, why)


def _write_whole(file: FileIO, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
