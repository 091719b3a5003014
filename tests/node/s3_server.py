"""A real S3 server (rclone) over a folder, and a relay before it that counts and cuts."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

KEY_ID = "AKIDTRADEWIND"
SECRET = "secret-of-the-test-bucket"


@dataclass(frozen=True)
class S3Server:
    root: Path
    port: int

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, port: int | None = None) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port or self.port}",
        }

    def put(self, bucket: str, key: str, content: bytes) -> None:
        path = self.root / bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def s3_server(root: Path, *options: str) -> Iterator[S3Server]:
    """Serve the folders of `root` as buckets until the block ends."""
    port = free_port()
    rclone = Path(sys.executable).parent / "rclone"
    command = [rclone, "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", f"{KEY_ID},{SECRET}"]
    command += ["--dir-cache-time", "1ms", "--config", "/dev/null", *options, root]
    process = subprocess.Popen([str(part) for part in command], stderr=subprocess.DEVNULL)
    try:
        _wait_listening(port, time.monotonic() + 20)
        yield S3Server(root, port)
    finally:
        process.kill()
        process.wait()


def _wait_listening(port: int, deadline: float) -> None:
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port}")


@dataclass
class Relay:
    """Passes connections on; keeps what clients asked, counts what the server sent, and cuts the next `cuts`
    answers half-way."""

    target: int
    port: int = 0
    asked: bytes = b""
    sent_bytes: int = 0
    cuts: int = 0
    cut_after_bytes: int = 100_000
    delay_seconds: float = 0.0  # before each block that the server sent

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while block := await reader.read(65536):
                self.asked += block
                writer.write(block)
                await writer.drain()
        writer.close()

    async def _count(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        passed = 0
        with contextlib.suppress(ConnectionError):
            while block := await reader.read(65536):
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                writer.write(block)
                await writer.drain()
                passed += len(block)
                self.sent_bytes += len(block)
                if self.cuts and passed > self.cut_after_bytes:
                    self.cuts -= 1
                    break
        writer.close()

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self.target)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass_on(reader, back_writer))
                both.create_task(self._count(back_reader, writer))
        finally:
            back_writer.close()


@contextlib.asynccontextmanager
async def relay_to(target: int) -> AsyncIterator[Relay]:
    relay = Relay(target)
    server = await asyncio.start_server(relay.accept, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
