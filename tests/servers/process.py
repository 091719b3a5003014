"""A predict server as a process of its own, and HTTP calls to it."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
DEADLINE_SECONDS = 30.0
JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    """A started process and the files it logs to."""

    process: subprocess.Popen[bytes]
    output: Path
    errors: Path

    @property
    def port(self) -> int:
        return int(self.wait_for("listening")["port"])

    def events(self) -> list[dict[str, Any]]:
        whole_lines = self.output.read_text().rpartition("\n")[0]
        return [json.loads(line) for line in whole_lines.splitlines()]

    def wait_for(self, event: str) -> dict[str, Any]:
        """The first such event; fails at once when the process ends without it."""

        def found() -> dict[str, Any] | None:
            ended = self.process.poll() is not None
            for line in self.events():
                if line["event"] == event:
                    return line
            assert not ended, f"the server ended: {self.errors.read_text()}"
            return None

        return until(found)

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] = JSON) -> Reply:
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_SECONDS)
        with contextlib.closing(connection):
            return exchange(connection, method, path, raw, headers)

    def metric(self, name: str) -> float:
        text = self.call("GET", "/metrics").body.decode()
        return float(next(line for line in text.splitlines() if line.startswith(name + "{")).split()[-1])

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def exit_code(self) -> int:
        return self.process.wait(DEADLINE_SECONDS)


def exchange(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None,
    headers: Mapping[str, str] = JSON,
) -> Reply:
    """One request over an open connection."""
    connection.request(method, path, body, dict(headers))
    response = connection.getresponse()
    return Reply(response.status, dict(response.getheaders()), response.read())


def until(ask: Callable[[], T | None]) -> T:
    """The first answer of `ask` that is not None, within the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (answer := ask()) is None:
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.01)
    return answer


@contextlib.contextmanager
def started(folder: Path, *flags: str, **environment: str) -> Iterator[Server]:
    """A server for the model folder `folder`, name "m", on a port of its own; killed at the end."""
    logs = folder.parent / f"{folder.name}-logs"
    logs.mkdir(exist_ok=True)
    output, errors = logs / "stdout", logs / "stderr"
    arguments = [sys.executable, "-m", "tradewind.servers.predict"]
    arguments += ["--model_name=m", f"--model_dir={folder}", "--http_port=0", *flags]
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(
            arguments, stdout=out, stderr=err, env={**os.environ, "PYTHONPATH": str(ROOT), **environment}
        )
    try:
        yield Server(process, output, errors)
    finally:
        process.kill()
        process.wait(DEADLINE_SECONDS)
