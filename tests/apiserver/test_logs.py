"""Reading a Pod's output."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.apiserver.world import START_MS, pod
from tradewind.apiserver import logs
from tradewind.apiserver.logs import LogOptions, log_options, read_log
from tradewind.resources.status import ApiError


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
        (b"1\n", LogOptions(since_ms=1), b"1\n"),
        (b"1\n", LogOptions(since_ms=2**50), b""),  # nothing was written since then
    ],
)
async def test_what_is_read(tmp_path, content, options, wanted):
    path = tmp_path / "log"
    path.write_bytes(content)
    assert await read(path, options) == wanted


@given(
    lines=st.lists(st.text("ab", max_size=5), max_size=30),
    tail=st.integers(0, 35),
    ends=st.booleans(),
    chunk=st.integers(1, 9),
)
def test_the_last_lines_are_those_that_a_plain_reading_gives(tmp_path_factory, lines, tail, ends, chunk):
    path = tmp_path_factory.getbasetemp() / "tail.log"
    text = "\n".join(lines) + ("\n" if ends and lines else "")
    path.write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logs, "CHUNK_BYTES", chunk)
        found = asyncio.run(read(path, LogOptions(tail_lines=tail)))
    kept = text.splitlines(keepends=True)
    assert found.decode() == "".join(kept[len(kept) - min(tail, len(kept)) :])


async def test_a_log_that_does_not_exist_yet_is_empty(tmp_path):
    assert await read(tmp_path / "none", LogOptions(tail_lines=5)) == b""


async def test_following_ends_with_the_process_and_misses_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "POLL_SECONDS", 0.01)
    path = tmp_path / "log"
    states = iter(["not yet", "first", "more", "shortened", "last words"])
    running = True

    def is_running() -> bool:
        nonlocal running
        state = next(states, "")
        if state == "first":
            path.write_bytes(b"1\n")
        elif state == "more":
            path.write_bytes(b"1\n2\n")
        elif state == "shortened":
            path.write_bytes(b"3\n")
        elif state == "last words":
            path.write_bytes(b"3\n4\n")
            running = False
        return running

    assert await read(path, LogOptions(follow=True), is_running) == b"1\n2\n3\n4\n"


def test_options():
    query = {"follow": "true", "tailLines": "5", "limitBytes": "9", "sinceSeconds": "60", "container": "c"}
    assert log_options(pod(), query, START_MS) == LogOptions(True, 5, 9, START_MS - 60_000)
    assert log_options(pod(), {}, START_MS) == LogOptions()
    assert log_options(pod(), {"sinceTime": "2027-01-15T08:00:00Z"}, 0).since_ms == START_MS


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"previous": "true"}, "leave out --previous"),
        ({"timestamps": "true"}, "leave out --timestamps"),
        ({"container": "x"}, "container x is not valid for pod p; it has c"),
        ({"tailLines": "-1"}, "must not be negative"),
        ({"sinceTime": "yesterday"}, "sinceTime"),
    ],
)
def test_what_cannot_be_done_is_refused(query, says):
    with pytest.raises(ApiError, match=says) as raised:
        log_options(pod(), query, START_MS)
    assert raised.value.code == 400
