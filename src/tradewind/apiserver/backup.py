"""A copy of the store of a server that goes on serving (shell)."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tradewind.apiserver.identity import unavailable
from tradewind.apiserver.objects import Objects
from tradewind.store.entries import StoreError

BACKUP_PATH = "/tradewind/backup"
BACKUP_HEADERS = {"Content-Type": "application/vnd.sqlite3", "Cache-Control": "no-store"}
CHUNK_BYTES = 256 * 1024


@asynccontextmanager
async def store_copy(objects: Objects) -> AsyncIterator[Path]:
    """A store file with what is durable now, only for this user to read, until the block ends.

    ApiError when it cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="tradewind-backup-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "store.db"
        try:
            await objects.copy_to(path)
        except StoreError as error:
            raise unavailable(error) from None
        yield path


async def file_chunks(path: Path) -> AsyncGenerator[bytes, None]:
    """A file in pieces."""
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
            yield chunk
