"""What the server does with connections, below the API."""

import asyncio
import ssl


async def test_who_does_not_speak_http_is_not_in_the_log(api, caplog):
    """Else anyone could fill it, a traceback at a time."""
    context = ssl.create_default_context(cafile=str(api.home / "ca.crt"))
    for text in (b"BREW / HTTP/1.1\r\n\r\n", b"\x00\x01\x02\r\n\r\n", b"GET / HTTP/1.1\r\nA b\r\n\r\n"):
        reader, writer = await asyncio.open_connection("127.0.0.1", api.server.port, ssl=context)
        writer.write(text)
        answer = await asyncio.wait_for(reader.read(100), 5)
        assert answer.startswith(b"HTTP/1.0 400") or answer.startswith(b"HTTP/1.1 400"), answer
        writer.close()
    assert not caplog.records


UPGRADE = b"GET /livez HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"


async def test_a_connection_that_was_not_upgraded_does_not_hang(api):
    """Who asks for WebSocket where there is none gets a plain answer, and the connection ends with it."""
    context = ssl.create_default_context(cafile=str(api.home / "ca.crt"))
    reader, writer = await asyncio.open_connection("127.0.0.1", api.server.port, ssl=context)
    writer.write(UPGRADE + b"GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(-1), 5)
    assert (answer.startswith(b"HTTP/1.1 200 OK"), answer.count(b"HTTP/")) == (True, 1), answer
    writer.close()
