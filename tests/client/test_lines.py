"""Watch streams: objects come out whole however the bytes are cut."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.client import lines
from tradewind.client.lines import json_lines
from tradewind.resources.status import ApiError


async def cut(raw: bytes, sizes: list[int]) -> AsyncIterator[bytes]:
    for size in sizes:
        yield raw[:size]
        raw = raw[size:]
    yield raw


async def read(raw: bytes, sizes: list[int]) -> list[Any]:
    return [one async for one in json_lines(cut(raw, sizes))]


@given(
    st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=20), max_size=3), max_size=5),
    st.lists(st.integers(0, 40), max_size=20),
)
async def test_objects_come_out_in_order_however_they_are_cut(
    objects: list[dict[str, str]], sizes: list[int]
):
    raw = b"".join(json.dumps(one).encode() + b"\n" for one in objects)
    assert await read(raw, sizes) == objects


async def test_empty_lines_and_an_unfinished_end_are_dropped():
    assert await read(b'\n{"a": 1}\n\r\n{"b": ', []) == [{"a": 1}]


@pytest.mark.parametrize("raw", [b"[1]\n", b"<html>\n", b"\xff\n"])
async def test_what_is_no_object_is_an_error(raw: bytes):
    with pytest.raises(ApiError, match="a watch line is not a JSON object"):
        await read(raw, [])


async def test_a_line_without_end_is_an_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 10)
    with pytest.raises(ApiError, match="longer than 10 bytes"):
        await read(b"x" * 100, [6, 6])
