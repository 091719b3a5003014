"""The output of a Pod's containers, read from the files that they write to: see `base.pod_logs`.

Which file, and every refusal, is kube-apiserver's (`registry/core/pod/strategy.go` LogLocation) and kubelet's
(`kubelet_pods.go` validateContainerLogStatus), word for word.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tradewind.apiserver.options import Query, boolean, integer
from tradewind.base.pod_logs import LogTimes, read_times
from tradewind.resources.meta import Manifest
from tradewind.resources.problems import Cause, Problem
from tradewind.resources.status import bad_request, invalid
from tradewind.resources.times import time_ms

POLL_SECONDS = 0.2
CHUNK_BYTES = 64 * 1024
NANOSECONDS = 1_000_000_000


@dataclass(frozen=True)
class LogOptions:
    """What to read. `tail_lines` and `limit_bytes` are None for all, `since_ns` 0 for ever."""

    follow: bool = False
    tail_lines: int | None = None
    limit_bytes: int | None = None
    since_ns: int = 0
    timestamps: bool = False


@dataclass(frozen=True)
class LogSource:
    """The output of a container after so many restarts."""

    container: str
    restart: int


def log_options(name: str, query: Query, now_ms: int) -> LogOptions:
    """The options of a request for the log of the Pod `name`; 422 for values that cannot be meant."""
    since_seconds, since_time = _number(query, "sinceSeconds"), query.get("sinceTime", "")
    problems = _at_least(0, query, "tailLines") + _at_least(1, query, "limitBytes")
    if since_seconds is not None and since_time:
        text = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"
        problems.append(Problem("", text, Cause.FORBIDDEN))
    else:
        problems += _at_least(1, query, "sinceSeconds")
    if query.get("stream", "All") != "All":
        problems.append(Problem("stream", "Forbidden: may not be specified", Cause.FORBIDDEN))
    if problems:
        raise invalid("PodLogOptions", "", name, problems)
    since_ns = _time_ns(since_time) if since_time else 0
    if since_seconds:
        since_ns = (now_ms - 1000 * since_seconds) * 1_000_000
    return LogOptions(
        follow=boolean(query, "follow"),
        tail_lines=_number(query, "tailLines"),
        limit_bytes=_number(query, "limitBytes"),
        since_ns=since_ns,
        timestamps=boolean(query, "timestamps"),
    )


def _number(query: Query, name: str) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    size = integer({name: text.removeprefix("-")}, name)
    return -size if text.startswith("-") else size


def _at_least(least: int, query: Query, name: str) -> list[Problem]:
    number = _number(query, name)
    if number is None or number >= least:
        return []
    allowed = "greater than 0" if least else "greater than or equal to 0"
    return [Problem(name, f"Invalid value: {number}: must be {allowed}")]


def _time_ns(text: str) -> int:
    try:
        return time_ms(text) * 1_000_000
    except ValueError:
        raise bad_request(f'sinceTime is "{text}"; must be like 2026-08-01T12:00:00Z') from None


def log_source(pod: Manifest, query: Query) -> LogSource | None:
    """Whose output is asked for; None when no node has the Pod yet, which is then as good as silent."""
    name, container = pod["metadata"]["name"], _container(pod, query.get("container", ""))
    if not pod.get("spec", {}).get("nodeName"):
        return None
    status = _status_of(pod, container)
    if status is None:
        raise bad_request(f'container "{container}" in pod "{name}" is not available')
    restart = status.get("restartCount", 0)
    state, ended_before = status.get("state", {}), "terminated" in status.get("lastState", {})
    started = "running" in state or "terminated" in state
    if boolean(query, "previous"):
        if not ended_before:
            raise bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
        return LogSource(container, restart - 1 if started else restart)
    if started or ended_before:
        return LogSource(container, restart)
    reason = state.get("waiting", {}).get("reason")
    why = f": {reason}" if reason else " - no logs yet"
    raise bad_request(f'container "{container}" in pod "{name}" is waiting to start{why}')


def _container(pod: Manifest, wanted: str) -> str:
    spec, name = pod.get("spec", {}), pod["metadata"]["name"]
    containers = [str(one["name"]) for one in spec.get("containers", [])]
    initial = [str(one["name"]) for one in spec.get("initContainers", [])]
    if wanted and wanted not in (*containers, *initial):
        raise bad_request(f"container {wanted} is not valid for pod {name}")
    if wanted or len(containers) == 1:
        return wanted or containers[0]
    message = f"a container name must be specified for pod {name}, choose one of: [{' '.join(containers)}]"
    if initial:
        message += f" or one of the init containers: [{' '.join(initial)}]"
    raise bad_request(message)


def _status_of(pod: Manifest, container: str) -> Manifest | None:
    status = pod.get("status", {})
    known = [*status.get("containerStatuses", []), *status.get("initContainerStatuses", [])]
    return next((one for one in known if one.get("name") == container), None)


def goes_on(pod: Manifest | None, source: LogSource) -> bool:
    """Whether a container may still write to this log: a later restart has a log of its own."""
    status = _status_of(pod, source.container) if pod else None
    return (
        status is not None
        and status.get("restartCount", 0) == source.restart
        and "running" in status.get("state", {})
    )


async def read_log(
    path: Path, options: LogOptions, running: Callable[[], bool]
) -> AsyncGenerator[bytes, None]:
    """The log in chunks; when following, until the container is not `running` any more and all is read.

    A file that does not exist yet is an empty one. One that was shortened is read from its start again.
    """
    at, left = _start(path, options), options.limit_bytes
    stamps = _Stamps(path) if options.timestamps else None
    while left is None or left > 0:
        last_look = not options.follow or not running()
        chunk, at = _read(path, at)
        if chunk:
            text = stamps.before_lines(chunk, at) if stamps else chunk
            text = text if left is None else text[:left]
            left = None if left is None else left - len(text)
            yield text
        elif last_look:
            return
        else:
            await asyncio.sleep(POLL_SECONDS)


class _Stamps:
    """Puts before every line when it was written. Chunks come in order; one that does not follow on the one
    before it is of a file that was emptied."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._times = read_times(path)
        self._end: int | None = None
        self._at_start = True
        self._written_ns = 0

    def before_lines(self, chunk: bytes, end: int) -> bytes:
        """The chunk that ends at byte `end` of the log, with its times."""
        place = end - len(chunk)
        with contextlib.suppress(FileNotFoundError):  # its Pod has gone since the chunk was read
            self._written_ns = self._path.stat().st_mtime_ns
        emptied = self._end not in (None, place)
        if emptied or self._times.end < end:
            self._times = read_times(self._path)
        self._end, self._at_start = end, self._at_start or emptied
        lines = []
        for line in _lines(chunk):
            place += len(line)
            if self._at_start:
                noted_ns = self._times.time_ns(place)
                lines.append(_stamp(self._written_ns if noted_ns is None else noted_ns))
            lines.append(line)
            self._at_start = line.endswith(b"\n")
        return b"".join(lines)


def _lines(chunk: bytes) -> list[bytes]:
    """Lines as a container runtime takes them: a carriage return, as of a progress bar, ends none."""
    lines = [line + b"\n" for line in chunk.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return [line for line in lines if line]


def _stamp(time_ns: int) -> bytes:
    """RFC 3339 with nanoseconds, of fixed length, as kubelet writes it."""
    seconds, nanoseconds = divmod(time_ns, NANOSECONDS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z ".encode()


def _read(path: Path, at: int) -> tuple[bytes, int]:
    try:
        with path.open("rb") as file:
            at = at if at <= os.fstat(file.fileno()).st_size else 0
            file.seek(at)
            chunk = file.read(CHUNK_BYTES)
    except FileNotFoundError:
        return b"", 0
    return chunk, at + len(chunk)


def _start(path: Path, options: LogOptions) -> int:
    """Where to begin to read: at the last lines, but with none that was written too early."""
    try:
        about = path.stat()
        tail = 0 if options.tail_lines is None else _tail(path, about.st_size, options.tail_lines)
        if not options.since_ns:
            return tail
        if about.st_mtime_ns < options.since_ns:
            return about.st_size
        return max(tail, _since(path, read_times(path), options.since_ns))
    except FileNotFoundError:
        return 0


def _since(path: Path, times: LogTimes, since_ns: int) -> int:
    """The beginning of the first line that was complete at `since_ns` or later."""
    end = times.end_before(since_ns)
    return _tail(path, end, 1) if end and not _ends_line(path, end) else end


def _ends_line(path: Path, end: int) -> bool:
    with path.open("rb") as file:
        file.seek(end - 1)
        return file.read(1) == b"\n"


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
