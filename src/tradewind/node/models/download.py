"""Writes the files of a model into a new folder (shell): several at once, hashed while they are written."""

import asyncio
import contextlib
import errno
import hashlib
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import BinaryIO, TypeVar

from tradewind.base.files import sync_folder
from tradewind.node.models.manifest import StoredFile
from tradewind.node.models.retry import retry_delay_ms
from tradewind.node.models.source import ModelError, ModelFile, Source, total_bytes
from tradewind.node.threads import in_thread

PARALLEL_FILES = 4
Progress = Callable[[int, int], None]  # bytes done, bytes in all

_T = TypeVar("_T")


class Meter:
    """Adds up what several files at once have received, and tells it."""

    def __init__(self, total: int, tell: Progress) -> None:
        self._done = 0
        self._total = total
        self._tell = tell

    def add(self, count: int) -> None:
        """`count` more bytes; negative when an attempt is thrown away."""
        self._done += count
        self._tell(self._done, self._total)


@dataclass(frozen=True)
class Download:
    """One download under way: from where, into which folder."""

    source: Source
    folder: Path
    meter: Meter
    rng: Random


async def with_retries(attempt: Callable[[], Awaitable[_T]], rng: Random) -> _T:
    """The result of `attempt`, tried again while its ModelError is transient; then the last error."""
    failures = 0
    while True:
        try:
            return await attempt()
        except ModelError as error:
            failures += 1
            delay_ms = retry_delay_ms(failures, rng)
            if not error.transient or delay_ms is None:
                raise
        await asyncio.sleep(delay_ms / 1000)


async def download_files(
    source: Source, files: list[ModelFile], folder: Path, progress: Progress, rng: Random
) -> tuple[StoredFile, ...]:
    """Fetch every file into `folder`, durably; returns what was written, in the order of `files`.

    Raises ModelError or OSError after stopping the other files. Never blocks the event loop.
    """
    job = Download(source, folder, Meter(total_bytes(files), progress), rng)
    slots = asyncio.Semaphore(PARALLEL_FILES)

    async def one(file: ModelFile) -> StoredFile:
        async with slots:
            return await with_retries(lambda: _fetch(job, file), rng)

    try:
        async with asyncio.TaskGroup() as tasks:
            fetched = [tasks.create_task(one(file)) for file in files]
    except BaseExceptionGroup as group:
        raise _first(group) from None
    await in_thread(_sync_folders, folder)
    return tuple(task.result() for task in fetched)


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """One of the failures, for a user who can mend only one at a time."""
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


async def _fetch(job: Download, file: ModelFile) -> StoredFile:
    """One attempt at one file. What it counted is taken back when it fails."""
    path = job.folder / file.path
    digest, received = hashlib.sha256(), 0
    output = await in_thread(_open_new, path)
    try:
        async with contextlib.aclosing(job.source.read(file)) as chunks:
            async for chunk in chunks:
                await in_thread(_write, output, chunk, digest.update)
                received += len(chunk)
                job.meter.add(len(chunk))
        if received != file.size_bytes:
            raise ModelError(
                f"{file.key} in {job.source.name} ended after {received} of {file.size_bytes} bytes",
                transient=True,
            )
        modified_ns = await in_thread(_sync, output)
    except BaseException:
        job.meter.add(-received)
        raise
    finally:
        output.close()
    return StoredFile(file.path, received, digest.hexdigest(), modified_ns)


def _open_new(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("wb", buffering=0)


def _write(output: BinaryIO, chunk: bytes, hash_update: Callable[[bytes], None]) -> None:
    hash_update(chunk)
    rest = memoryview(chunk)
    while rest:
        rest = rest[output.write(rest) :]


def _sync(output: BinaryIO) -> int:
    os.fsync(output.fileno())
    return os.fstat(output.fileno()).st_mtime_ns


def _sync_folders(folder: Path) -> None:
    for path, _, _ in os.walk(folder):
        sync_folder(Path(path))


def is_disk_full(error: OSError) -> bool:
    """Whether a write failed for want of space: the disk's, or a quota's."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)
