"""The cache of downloaded models (shell): `models/DIGEST/files/` for each, shared by processes.

A model is named by what it consists of (see `identity`), so the same files are kept once, and changed
files are another model. One process downloads while the others wait on a file lock, which ends with its
holder, however that dies. A model appears under its name by one rename, whole or not at all.
"""

import asyncio
import contextlib
import hashlib
import logging
import shutil
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tradewind.base.files import exclusive_lock, sync_folder, write_atomic
from tradewind.node.models.download import Progress, download_files, is_disk_full, with_retries
from tradewind.node.models.locate import locate
from tradewind.node.models.manifest import FILES, ModelManifest, is_intact, write_manifest
from tradewind.node.models.source import (
    ModelError,
    ModelFile,
    Source,
    check_paths,
    identity,
    total_bytes,
)
from tradewind.node.threads import in_thread

log = logging.getLogger(__name__)

LOCK_WAIT_SECONDS = 3600.0
LOCK_POLL_SECONDS = 0.2
SPARE_BYTES = 64 << 20  # left free, so that a download does not take the stores' last room


@dataclass(frozen=True)
class Wanted:
    """A model to have in the cache; `partial` is where it is put together before it gets its name."""

    source: Source
    files: list[ModelFile]
    folder: Path
    partial: Path
    progress: Progress

    @property
    def size_bytes(self) -> int:
        """What it needs on disk."""
        return total_bytes(self.files)


@dataclass(frozen=True)
class ModelCache:
    """The cache folder; `lock_wait_seconds` bounds how long another process's download is waited for."""

    folder: Path
    rng: Random
    lock_wait_seconds: float = LOCK_WAIT_SECONDS

    async def ensure(self, uri: str, environment: Mapping[str, str], progress: Progress) -> Path:
        """The local folder that holds the model at `uri`, downloaded if it is not there yet.

        `environment` gives credentials and endpoints under KServe's names; `progress` is told bytes done
        and in all. Raises ModelError. Cancelling leaves nothing behind. While the store cannot be reached,
        what it last held at `uri` is taken from the cache.
        """
        place = locate(uri, environment)
        try:
            if isinstance(place, Path):
                return await in_thread(_local_folder, place, self.folder / ".links")
            return await self._fetched(place, uri, progress)
        except OSError as error:
            raise ModelError(f"cannot keep the model {uri} in {self.folder}: {error}") from error

    async def _fetched(self, place: Source, uri: str, progress: Progress) -> Path:
        note = self.folder / ".last" / hashlib.sha256(f"{uri} {place.name}".encode()).hexdigest()
        try:
            files = await with_retries(place.files, self.rng)
        except ModelError as error:
            known = await in_thread(_last_known, self.folder, note) if error.transient else None
            if known is None:
                raise
            log.warning("%s; the model that was there last is used: %s", error, known.name)
            return known / FILES
        check_paths(files, place.name)
        digest = identity(files)
        partial = self.folder / ".partial" / digest
        found = await self._ensure(Wanted(place, files, self.folder / digest, partial, progress))
        await in_thread(write_atomic, note, digest)
        return found

    async def _ensure(self, wanted: Wanted) -> Path:
        if not await in_thread(is_intact, wanted.folder):
            async with self._locked(wanted):
                if not await in_thread(is_intact, wanted.folder):
                    await self._download(wanted)
        return wanted.folder / FILES

    @contextlib.asynccontextmanager
    async def _locked(self, wanted: Wanted) -> AsyncIterator[None]:
        """Hold the lock on this model. While another process holds it, tell how far that one is."""
        lock = self.folder / ".locks" / wanted.folder.name
        deadline = time.monotonic() + self.lock_wait_seconds
        with contextlib.ExitStack() as held:
            while True:
                try:
                    held.enter_context(exclusive_lock(lock, blocking=False))
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise ModelError(
                            f"another process has been downloading {wanted.source.name} for "
                            f"{self.lock_wait_seconds:.0f} seconds"
                        ) from None
                done = await in_thread(_size_of, wanted.partial)
                wanted.progress(min(done, wanted.size_bytes), wanted.size_bytes)
                await asyncio.sleep(LOCK_POLL_SECONDS)
            yield

    async def _download(self, wanted: Wanted) -> None:
        """Under the lock. What a download that died left behind goes first."""
        await in_thread(_clean, wanted)
        _check_space(wanted)
        try:
            files = wanted.partial / FILES
            stored = await download_files(wanted.source, wanted.files, files, wanted.progress, self.rng)
            await in_thread(_publish, wanted, ModelManifest(wanted.source.name, stored))
        except OSError as error:
            if is_disk_full(error):
                raise _no_space(wanted) from error
            raise
        finally:
            await in_thread(_clean, wanted)


def _last_known(cache: Path, note: Path) -> Path | None:
    """The intact folder of the model that `note` names; None when there is none."""
    try:
        folder = cache / note.read_text()
    except FileNotFoundError:
        return None
    return folder if is_intact(folder) else None


def _check_space(wanted: Wanted) -> None:
    if _free_bytes(wanted) < wanted.size_bytes + SPARE_BYTES:
        raise _no_space(wanted)


def _no_space(wanted: Wanted) -> ModelError:
    return ModelError(
        f"no room for the model {wanted.source.name} in {wanted.folder.parent}: it needs {wanted.size_bytes} "
        f"bytes and {SPARE_BYTES} to spare, {_free_bytes(wanted)} are free. Free space on that disk, for "
        "example by deleting folders in it of models that are no longer served"
    )


def _free_bytes(wanted: Wanted) -> int:
    return shutil.disk_usage(wanted.folder.parent).free


def _publish(wanted: Wanted, manifest: ModelManifest) -> None:
    """Give the downloaded model its name. A damaged one under that name makes way; who has its files
    open keeps them."""
    write_manifest(wanted.partial, manifest)
    with contextlib.suppress(FileNotFoundError):
        wanted.folder.rename(_damaged(wanted))
    wanted.partial.rename(wanted.folder)
    sync_folder(wanted.folder.parent)


def _damaged(wanted: Wanted) -> Path:
    return wanted.partial.with_name(f"{wanted.folder.name}.damaged")


def _clean(wanted: Wanted) -> None:
    for folder in (wanted.partial, _damaged(wanted)):
        if folder.exists():
            shutil.rmtree(folder)


def _size_of(folder: Path) -> int:
    """Bytes in a folder that another process may be filling or removing."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total


def _local_folder(place: Path, links: Path) -> Path:
    """A local folder itself; for a file, a folder that holds a link to it and nothing else, as upstream's
    storage initializer makes."""
    if place.is_dir():
        return place
    folder = links / hashlib.sha256(bytes(place)).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        (folder / place.name).symlink_to(place)
    return folder
