"""The file format of a backup (shell): a tar.gz that begins with a manifest of all that follows, with hashes.

A file of this format is written whole or not at all, read again before it gets its name, and what is in it
is only handed out after every byte has been checked. Knows nothing of fleets.
"""

import gzip
import hashlib
import io
import os
import re
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import msgspec

from tradewind.base.files import sync_folder

FORMAT = 1
MANIFEST = "manifest.json"
MANIFEST_BYTES = 16 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
_PATH = re.compile(r"([A-Za-z0-9_-][A-Za-z0-9._-]*/){0,3}[A-Za-z0-9_-][A-Za-z0-9._-]*")


class ArchiveError(Exception):
    """A file is no backup, or is not what was written; the text says why and what to do."""


class Part(msgspec.Struct, frozen=True):
    """The store of one part of the fleet, as it was copied."""

    name: str
    revision: int
    objects: int


class File(msgspec.Struct, frozen=True):
    """One file of the archive."""

    path: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, omit_defaults=False):
    """What an archive holds: of which fleet, taken when (RFC 3339), by which version."""

    format: int
    version: str
    fleet: str
    taken: str
    parts: list[Part]
    files: list[File] = []


class _Format(msgspec.Struct):
    format: int


def write_archive(target: Path, folder: Path, about: Manifest) -> Manifest:
    """Make an archive of all files below a folder; returns its manifest, with the files.

    Its user alone may read it. Raises OSError or ArchiveError; then there is no file at `target`.
    """
    files = [_describe(path, folder) for path in sorted(folder.rglob("*")) if path.is_file()]
    manifest = msgspec.structs.replace(about, files=files)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            _write(out, folder, manifest)
            out.flush()
            os.fsync(out.fileno())
        for _ in _contents(temporary):
            pass
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)
    return manifest


def read_archive(path: Path, folder: Path) -> Manifest:
    """Check an archive and unpack it into an empty folder, for its user alone to read.

    Raises ArchiveError; what was unpacked until then must not be used.
    """
    contents = _contents(path)
    manifest = None
    for found, name, chunk in contents:
        manifest = found
        unpacked = folder / name
        unpacked.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(unpacked, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as out:
            out.write(chunk)
    if manifest is None:
        raise ArchiveError(f"{path} holds no files; take another backup")
    return manifest


def _describe(path: Path, folder: Path) -> File:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return File(path.relative_to(folder).as_posix(), path.stat().st_size, digest.hexdigest())


def _write(out: IO[bytes], folder: Path, manifest: Manifest) -> None:
    raw = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=6) as tar:
        tar.addfile(_entry(MANIFEST, len(raw)), io.BytesIO(raw))
        for described in manifest.files:
            with (folder / described.path).open("rb") as file:
                tar.addfile(_entry(described.path, described.size), file)


def _entry(path: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = size, 0o600
    return entry


def _contents(path: Path) -> Iterator[tuple[Manifest, str, bytes]]:
    """Every file in pieces (one at least), with the manifest. Raises ArchiveError, at the latest at the end
    of the file that is wrong."""
    with _errors(path), tarfile.open(path, mode="r:gz") as tar:
        manifest = _manifest(path, tar)
        left = {file.path: file for file in manifest.files}
        while entry := tar.next():
            file = left.pop(entry.name, None)
            source = tar.extractfile(entry) if entry.isreg() else None
            if file is None or source is None or entry.size != file.size:
                raise ArchiveError(f"{path} holds {entry.name!r}, which its manifest does not: take another")
            digest, first = hashlib.sha256(), True
            while (chunk := source.read(CHUNK_BYTES)) or first:
                first = False
                digest.update(chunk)
                yield manifest, file.path, chunk
            if digest.hexdigest() != file.sha256:
                raise ArchiveError(f"{path} is damaged: {file.path} is not what was written; take another")
        if left:
            raise ArchiveError(f"{path} is not whole: {', '.join(sorted(left))} is missing; take another")


def _manifest(path: Path, tar: tarfile.TarFile) -> Manifest:
    entry = tar.next()
    if entry is None or entry.name != MANIFEST or not entry.isreg() or entry.size > MANIFEST_BYTES:
        raise _foreign(path)
    source = tar.extractfile(entry)
    assert source is not None
    raw = source.read()
    try:
        found = msgspec.json.decode(raw, type=_Format).format
        if found > FORMAT:
            raise ArchiveError(
                f"{path} has format {found} and this version reads up to {FORMAT}; restore it with the "
                "newer version that made it"
            )
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _foreign(path) from None
    names = [file.path for file in manifest.files]
    if len(set(names)) != len(names) or not all(map(_PATH.fullmatch, names)):
        raise _foreign(path)
    return manifest


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error) as error:
        raise ArchiveError(f"{path} is not whole ({error}); copy it again, or take another") from None
    except (tarfile.ReadError, gzip.BadGzipFile):
        raise _foreign(path) from None
    except tarfile.TarError as error:
        raise ArchiveError(f"{path} is damaged ({error}); copy it again, or take another") from None


def _foreign(path: Path) -> ArchiveError:
    return ArchiveError(
        f"{path} is not a backup, or its beginning is damaged; `tradewind backup` makes one, a tar.gz file "
        f"that begins with {MANIFEST}"
    )
