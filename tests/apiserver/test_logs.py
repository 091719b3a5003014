"""Reading a Pod's output."""

import asyncio
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.apiserver.world import START_MS, pod
from tradewind.apiserver import logs
from tradewind.apiserver.logs import LogOptions, LogSource, goes_on, log_options, log_source, read_log
from tradewind.base.pod_logs import note, times_file
from tradewind.resources.status import ApiError

SECOND = 1_000_000_000


async def read(path, options=LogOptions(), running=lambda: False) -> bytes:  # noqa: B008
    return b"".join([chunk async for chunk in read_log(path, options, running)])


@pytest.mark.parametrize(
    ("content", "options", "wanted"),
    [
        (b"", LogOptions(), b""),
        (b"1\n2\n3\n", LogOptions(), b"1\n2\n3\n"),
        (b"1\n2\n3\n", LogOptions(tail_lines=0), b""),
        (b"1\n2\n3\n", LogOptions(tail_lines=2), b"2\n3\n"),
        (b"1\n2\n3", LogOptions(tail_lines=2), b"2\n3"),
        (b"1\n2\n", LogOptions(tail_lines=9), b"1\n2\n"),
        (b"\n\n\n", LogOptions(tail_lines=2), b"\n\n"),
        (b"1\n2\n3\n", LogOptions(limit_bytes=3), b"1\n2"),
        (b"1\n2\n3\n", LogOptions(tail_lines=1, limit_bytes=1), b"3"),
    ],
)
async def test_what_is_read(tmp_path, content, options, wanted):
    path = tmp_path / "log"
    path.write_bytes(content)
    assert await read(path, options) == wanted


def write_at(path, text: bytes, seconds: int) -> None:
    """Write at a time, and note it as a member does."""
    known = path.stat().st_size if path.exists() else 0
    with path.open("ab") as file:
        file.write(text)
    os.utime(path, ns=(seconds * SECOND, seconds * SECOND))
    note(path, known)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (LogOptions(since_ns=10 * SECOND), b"1\n2\n3\n4\n5"),
        (LogOptions(since_ns=10 * SECOND + 1), b"2\n3\n4\n5"),
        (LogOptions(since_ns=20 * SECOND), b"2\n3\n4\n5"),
        (LogOptions(since_ns=21 * SECOND), b"4\n5"),
        (LogOptions(since_ns=31 * SECOND), b""),
        (LogOptions(since_ns=20 * SECOND, tail_lines=2), b"4\n5"),
        (LogOptions(since_ns=21 * SECOND, tail_lines=9), b"4\n5"),
        (
            LogOptions(timestamps=True),
            b"1970-01-01T00:00:10.000000000Z 1\n"
            b"1970-01-01T00:00:20.000000000Z 2\n1970-01-01T00:00:20.000000000Z 3\n"
            b"1970-01-01T00:00:30.000000000Z 4\n1970-01-01T00:00:30.000000000Z 5",
        ),
        (LogOptions(timestamps=True, tail_lines=1), b"1970-01-01T00:00:30.000000000Z 5"),
        (LogOptions(timestamps=True, limit_bytes=15), b"1970-01-01T00:0"),
    ],
)
async def test_times(tmp_path, options, wanted):
    path = tmp_path / "0.log"
    for text, seconds in ((b"1\n", 10), (b"2\n3\n4", 20), (b"\n5", 30)):
        write_at(path, text, seconds)
    assert await read(path, options) == wanted


async def test_what_nobody_noted_has_the_time_of_the_last_write(tmp_path):
    path = tmp_path / "0.log"
    write_at(path, b"1\n", 10)
    path.write_bytes(b"1\n2\n")
    os.utime(path, ns=(0, 40 * SECOND))
    assert await read(path, LogOptions(since_ns=40 * SECOND)) == b"2\n"
    assert await read(path, LogOptions(since_ns=41 * SECOND)) == b""
    stamped = (await read(path, LogOptions(timestamps=True))).decode()
    assert stamped == "1970-01-01T00:00:10.000000000Z 1\n1970-01-01T00:00:40.000000000Z 2\n"


@given(
    lines=st.lists(st.text("ab\r", max_size=5), max_size=30),
    tail=st.integers(0, 35),
    ends=st.booleans(),
    chunk=st.integers(1, 9),
    timestamps=st.booleans(),
)
def test_the_last_lines_are_those_that_a_plain_reading_gives(
    tmp_path_factory, lines, tail, ends, chunk, timestamps
):
    path = tmp_path_factory.getbasetemp() / "tail.log"
    text = "\n".join(lines) + ("\n" if ends and lines else "")
    path.write_bytes(text.encode())
    os.utime(path, ns=(0, 0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "CHUNK_BYTES", chunk)
        found = asyncio.run(read(path, LogOptions(tail_lines=tail, timestamps=timestamps)))
    stamp = "1970-01-01T00:00:00.000000000Z " if timestamps else ""
    parts = text.split("\n")
    kept = [line + "\n" for line in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
    assert found.decode() == "".join(stamp + line for line in kept[len(kept) - min(tail, len(kept)) :])


async def test_a_log_that_does_not_exist_yet_is_empty(tmp_path):
    assert await read(tmp_path / "none", LogOptions(tail_lines=5, since_ns=1, timestamps=True)) == b""


@pytest.mark.parametrize("timestamps", [False, True])
async def test_following_ends_with_the_process_and_misses_nothing(tmp_path, monkeypatch, timestamps):
    monkeypatch.setattr(logs, "POLL_SECONDS", 0.01)
    path = tmp_path / "log"
    states = iter(["not yet", "first", "more", "shortened", "last words"])
    running = True

    def is_running() -> bool:
        nonlocal running
        match next(states, ""):
            case "first":
                write_at(path, b"1\n", 1)
            case "more":
                write_at(path, b"2\n", 2)
            case "shortened":
                path.write_bytes(b"")
                times_file(path).unlink()
                write_at(path, b"3\n", 3)
            case "last words":
                write_at(path, b"4\n", 4)
                running = False
        return running

    found = await read(path, LogOptions(follow=True, timestamps=timestamps), is_running)
    stamps = [f"1970-01-01T00:00:0{number}.000000000Z " if timestamps else "" for number in range(1, 5)]
    assert found.decode() == "".join(f"{stamp}{place}\n" for place, stamp in enumerate(stamps, start=1))


def test_options():
    query = {"follow": "true", "tailLines": "5", "limitBytes": "9", "sinceSeconds": "60", "timestamps": "1"}
    since_ns = (START_MS - 60_000) * 1_000_000
    assert log_options("p", query, START_MS) == LogOptions(True, 5, 9, since_ns, True)
    assert log_options("p", {"stream": "All"}, START_MS) == LogOptions()
    assert log_options("p", {"sinceTime": "2027-01-15T08:00:00Z"}, 0).since_ns == START_MS * 1_000_000


@pytest.mark.parametrize(
    ("query", "code", "says"),
    [
        ({"tailLines": "-1"}, 422, "tailLines: Invalid value: -1: must be greater than or equal to 0"),
        ({"limitBytes": "0"}, 422, "limitBytes: Invalid value: 0: must be greater than 0"),
        ({"sinceSeconds": "0"}, 422, "sinceSeconds: Invalid value: 0: must be greater than 0"),
        (
            {"sinceSeconds": "1", "sinceTime": "2027-01-15T08:00:00Z"},
            422,
            "at most one of `sinceTime` or `sinceSeconds` may be specified",
        ),
        ({"stream": "Stderr"}, 422, "stream: Forbidden: may not be specified"),
        ({"sinceTime": "yesterday"}, 400, "sinceTime"),
        ({"tailLines": "many"}, 400, "tailLines"),
    ],
)
def test_options_that_cannot_be_meant(query, code, says):
    with pytest.raises(ApiError, match=says) as raised:
        log_options("p", query, START_MS)
    assert raised.value.code == code


ENDED = {"terminated": {"exitCode": 1}}
CRASHED = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": ENDED, "restartCount": 2}
RUNNING = {"state": {"running": {}}, "lastState": {}, "restartCount": 0}
AGAIN = {"state": {"running": {}}, "lastState": ENDED, "restartCount": 2}
OVER = {"state": ENDED, "lastState": {}, "restartCount": 0}
CREATING = {"state": {"waiting": {"reason": "ContainerCreating"}}, "restartCount": 0}


def with_status(status, node="n1", **spec):
    found = pod("p", node)
    found["spec"] |= {"initContainers": [{"name": "storage-initializer"}], **spec}
    init = {"name": "storage-initializer", **OVER}
    own = [{"name": "c", **status}] if status else []
    return found | {"status": {"containerStatuses": own, "initContainerStatuses": [init]}}


@pytest.mark.parametrize(
    ("status", "query", "source"),
    [
        (RUNNING, {}, LogSource("c", 0)),
        (RUNNING, {"container": "c"}, LogSource("c", 0)),
        (RUNNING, {"container": "storage-initializer"}, LogSource("storage-initializer", 0)),
        (AGAIN, {}, LogSource("c", 2)),
        (AGAIN, {"previous": "true"}, LogSource("c", 1)),
        (CRASHED, {}, LogSource("c", 2)),
        (CRASHED, {"previous": "true"}, LogSource("c", 2)),
        (OVER, {}, LogSource("c", 0)),
    ],
)
def test_whose_output(status, query, source):
    assert log_source(with_status(status), query) == source


def test_a_pod_without_a_node_is_silent():
    assert log_source(with_status(None, node=""), {}) is None


@pytest.mark.parametrize(
    ("found", "query", "says"),
    [
        (with_status(RUNNING), {"container": "x"}, "container x is not valid for pod p"),
        (
            with_status(RUNNING, containers=[{"name": "a"}, {"name": "b"}]),
            {},
            "a container name must be specified for pod p, choose one of: [a b] "
            "or one of the init containers: [storage-initializer]",
        ),
        (with_status(None), {}, 'container "c" in pod "p" is not available'),
        (with_status(CREATING), {}, 'container "c" in pod "p" is waiting to start: ContainerCreating'),
        (with_status({"state": {}}), {}, 'container "c" in pod "p" is waiting to start - no logs yet'),
        (
            with_status(RUNNING),
            {"previous": "true"},
            'previous terminated container "c" in pod "p" not found',
        ),
        (with_status(OVER), {"previous": "1"}, 'previous terminated container "c" in pod "p" not found'),
    ],
)
def test_what_has_no_output_is_refused_as_upstream_does(found, query, says):
    with pytest.raises(ApiError) as raised:
        log_source(found, query)
    assert (raised.value.code, raised.value.message) == (400, says)


@pytest.mark.parametrize(
    ("found", "restart", "goes"),
    [
        (with_status(RUNNING), 0, True),
        (with_status(AGAIN), 2, True),
        (with_status(AGAIN), 1, False),
        (with_status(CRASHED), 2, False),
        (with_status(OVER), 0, False),
        (None, 0, False),
    ],
)
def test_a_log_is_followed_as_long_as_its_container_runs(found, restart, goes):
    assert goes_on(found, LogSource("c", restart)) is goes
