"""What a cached model must look like on disk, and whether it does (shell).

`DIGEST/manifest.json` lists every file of `DIGEST/files/`. A folder with a manifest is complete, since
both appear by one rename. Size and modification time are compared at each use; only where they differ
is the content hashed again.
"""

import hashlib
from pathlib import Path

import msgspec

from tradewind.base.files import write_atomic

MANIFEST = "manifest.json"
FILES = "files"


class StoredFile(msgspec.Struct, frozen=True):
    """One file as it was written: `sha256` in hex, `modified_ns` as stat gives it."""

    path: str
    size_bytes: int
    sha256: str
    modified_ns: int


class ModelManifest(msgspec.Struct, frozen=True):
    """All files of one cached model and where they came from (without credentials)."""

    source: str
    files: tuple[StoredFile, ...]


def write_manifest(folder: Path, manifest: ModelManifest) -> None:
    """Write it into `folder`, durably."""
    write_atomic(folder / MANIFEST, msgspec.json.encode(manifest))


def read_manifest(folder: Path) -> ModelManifest | None:
    """The manifest of a cached model; None when the folder holds none that can be read."""
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=ModelManifest)
    except (FileNotFoundError, NotADirectoryError, msgspec.DecodeError):
        return None


def is_intact(folder: Path) -> bool:
    """Whether `folder` holds a whole model. Files that were only touched or copied count as whole, and
    the manifest takes over their times so that they are not hashed again."""
    manifest = read_manifest(folder)
    if manifest is None:
        return False
    checked = [_checked(folder / FILES, file) for file in manifest.files]
    files = tuple(file for file in checked if file is not None)
    if len(files) < len(manifest.files):
        return False
    if files != manifest.files:
        write_manifest(folder, ModelManifest(manifest.source, files))
    return True


def _checked(folder: Path, file: StoredFile) -> StoredFile | None:
    """The file with its present time, or None when it is missing or not what was written."""
    path = folder / file.path
    try:
        found = path.stat()
        same = found.st_size == file.size_bytes and found.st_mtime_ns == file.modified_ns
        if same:
            return file
        if found.st_size != file.size_bytes or sha256_of(path) != file.sha256:
            return None
    except OSError:
        return None
    return msgspec.structs.replace(file, modified_ns=found.st_mtime_ns)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hex."""
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
