"""The output of a Pod's server process, read from the file it writes to.

The file holds the lines of all restarts one after another, without times. So `previous` and
`timestamps` are refused, and `sinceSeconds` tells only whether anything was written at all since then.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path

from tradewind.apiserver.options import Query, boolean, integer
from tradewind.resources.meta import Manifest
from tradewind.resources.status import bad_request
from tradewind.resources.times import time_ms

POLL_SECONDS = 0.2
CHUNK_BYTES = 64 * 1024
SINCE_WARNING = "log lines carry no time: everything is shown because something was written since then"


@dataclass(frozen=True)
class LogOptions:
    """What to read. `tail_lines` is None for all, `limit_bytes` 0 for no limit, `since_ms` 0 for ever."""

    follow: bool = False
    tail_lines: int | None = None
    limit_bytes: int = 0
    since_ms: int = 0


def log_options(pod: Manifest, query: Query, now_ms: int) -> LogOptions:
    """The options of a log request. 400 for what cannot be done, with why."""
    _check_container(pod, query.get("container", ""))
    if boolean(query, "previous"):
        raise bad_request(
            f'previous terminated container in pod "{pod["metadata"]["name"]}" not found: the log holds all '
            "restarts one after another; leave out --previous"
        )
    if boolean(query, "timestamps"):
        raise bad_request("log lines carry no time; leave out --timestamps")
    since_ms = _time(query["sinceTime"]) if query.get("sinceTime") else 0
    if seconds := integer(query, "sinceSeconds"):
        since_ms = now_ms - 1000 * seconds
    tail_lines = integer(query, "tailLines") if query.get("tailLines") else None
    return LogOptions(boolean(query, "follow"), tail_lines, integer(query, "limitBytes"), since_ms)


def _check_container(pod: Manifest, name: str) -> None:
    spec = pod.get("spec", {})
    containers = [*spec.get("initContainers", []), *spec.get("containers", [])]
    names = [container.get("name", "") for container in containers]
    if name and name not in names:
        raise bad_request(
            f"container {name} is not valid for pod {pod['metadata']['name']}; it has {', '.join(names)}"
        )


def _time(text: str) -> int:
    try:
        return time_ms(text)
    except ValueError:
        raise bad_request(f'sinceTime is "{text}"; must be like 2026-08-01T12:00:00Z') from None


async def read_log(
    path: Path, options: LogOptions, running: Callable[[], bool]
) -> AsyncGenerator[bytes, None]:
    """The log in chunks; when following, until the process is not `running` any more and all is read.

    A file that does not exist yet is an empty one. One that was shortened is read from its start again.
    """
    at = _start(path, options)
    left = options.limit_bytes or None
    while left is None or left > 0:
        last_look = not options.follow or not running()
        chunk, at = _read(path, at, CHUNK_BYTES if left is None else min(left, CHUNK_BYTES))
        if chunk:
            left = None if left is None else left - len(chunk)
            yield chunk
        elif last_look:
            return
        else:
            await asyncio.sleep(POLL_SECONDS)


def _read(path: Path, at: int, size_bytes: int) -> tuple[bytes, int]:
    try:
        with path.open("rb") as file:
            at = at if at <= os.fstat(file.fileno()).st_size else 0
            file.seek(at)
            chunk = file.read(size_bytes)
    except FileNotFoundError:
        return b"", 0
    return chunk, at + len(chunk)


def _start(path: Path, options: LogOptions) -> int:
    """Where to begin to read."""
    try:
        about = path.stat()
        if about.st_mtime * 1000 < options.since_ms:
            return about.st_size
        return 0 if options.tail_lines is None else _tail(path, about.st_size, options.tail_lines)
    except FileNotFoundError:
        return 0


def _tail(path: Path, size_bytes: int, lines: int) -> int:
    """Where the last lines of a file begin; reads backwards, and no more than it must."""
    if lines == 0:
        return size_bytes
    with path.open("rb") as file:
        end = size_bytes
        wanted = lines + 1  # the break before the first line, and the one that ends the last
        if end:
            file.seek(end - 1)
            wanted -= file.read(1) != b"\n"
        while end > 0:
            start = max(0, end - CHUNK_BYTES)
            file.seek(start)
            chunk = file.read(end - start)
            if (found := chunk.count(b"\n")) >= wanted:
                at = len(chunk)
                for _ in range(wanted):
                    at = chunk.rindex(b"\n", 0, at)
                return start + at + 1
            wanted -= found
            end = start
    return 0
