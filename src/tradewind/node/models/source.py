"""What a model consists of, wherever it is stored, and the identity that names its cache folder."""

import hashlib
import json
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Protocol


class ModelError(Exception):
    """A model cannot be had; the text is for the user and holds no credentials.

    `transient` says that the same request may work a moment later (a dropped connection, a busy store).
    """

    def __init__(self, message: str, transient: bool = False) -> None:
        super().__init__(message)
        self.transient = transient


@dataclass(frozen=True)
class ModelFile:
    """One file of a model: `path` below the model's folder, `key` in the store, `etag` without quotes."""

    path: str
    key: str
    size_bytes: int
    etag: str


class Source(Protocol):
    """A model in a store. `name` says where, for messages, without credentials."""

    @property
    def name(self) -> str:
        """Which model, where."""
        ...

    async def files(self) -> list[ModelFile]:
        """Every file of the model, at least one. Raises ModelError."""
        ...

    def read(self, file: ModelFile) -> AsyncGenerator[bytes, None]:
        """The content, from the start, in pieces. Raises ModelError, also when the file has changed."""
        ...


def identity(files: Iterable[ModelFile]) -> str:
    """The same 64 hex digits for the same files (path, size, etag), in whatever order they are listed."""
    listing = sorted((file.path, file.size_bytes, file.etag) for file in files)
    return hashlib.sha256(json.dumps(listing).encode()).hexdigest()


def check_paths(files: Iterable[ModelFile], name: str) -> None:
    """Raises ModelError unless every path stays below the folder and none is both a file and a folder."""
    paths = {file.path for file in files}
    for path in sorted(paths):
        parents = [str(parent) for parent in PurePosixPath(path).parents]
        if path.startswith("/") or ".." in path.split("/") or "\0" in path:
            raise ModelError(
                f"{name} holds the key {path!r}, which leads out of the model's folder: rename it"
            )
        clash = next((parent for parent in parents if parent in paths), None)
        if clash:
            raise ModelError(
                f"{name} holds both {clash!r} and {path!r}, which no folder can: rename one of them"
            )


def total_bytes(files: Iterable[ModelFile]) -> int:
    """What the files need on disk."""
    return sum(file.size_bytes for file in files)
