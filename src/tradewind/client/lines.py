"""A stream of JSON objects, one a line: how watches travel."""

from collections.abc import AsyncIterator

import msgspec

from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError

MAX_LINE_BYTES = 16 * 1024 * 1024


async def json_lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[Manifest]:
    """The objects of a stream that comes in chunks; what is left without a newline at its end is dropped.

    Raises ApiError 502 for a line that is not a JSON object or is longer than MAX_LINE_BYTES.
    """
    pending = bytearray()
    async for chunk in chunks:
        pending += chunk
        *lines, rest = pending.split(b"\n")
        pending = rest
        if len(pending) > MAX_LINE_BYTES:
            raise ApiError(502, "InternalError", f"a watch line is longer than {MAX_LINE_BYTES} bytes")
        for line in lines:
            if line.strip():
                yield _object(bytes(line))


def _object(line: bytes) -> Manifest:
    try:
        return msgspec.json.decode(line, type=Manifest)
    except msgspec.DecodeError as error:
        raise ApiError(502, "InternalError", "a watch line is not a JSON object") from error
