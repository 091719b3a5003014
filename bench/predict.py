"""How fast the predict server is, side by side with the two limits it cannot pass.

    python bench/predict.py [--rounds 5] [--seconds 0.8]

The limits: an aiohttp server that only echoes the body, and `model.predict` in a bare loop. Each round
measures all of them once, one after another on the same machine, with a logistic regression of 4
features and one row a request. Prints a table and writes bench/out/predict.json; takes under a minute.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import asyncio
import contextlib
import http.client
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import joblib
import numpy as np
import uvloop
from aiohttp import web
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from measure import Load, Spread, http_load, print_table, spread, write_json
from tradewind.base.ports import is_free

ECHO, V1, V2, LOOP = "aiohttp echo", "predict server V1", "predict server V2", "model.predict loop"
CONNECTIONS = (1, 16)
DEADLINE_SECONDS = 20.0
ROW = "[5.1,3.5,1.4,0.2]"
V1_BODY = f'{{"instances":[{ROW}]}}'
V2_BODY = f'{{"inputs":[{{"name":"x","shape":[1,4],"datatype":"FP64","data":{ROW}}}]}}'
BODIES = {
    ECHO: ("/echo", V1_BODY),
    V1: ("/v1/models/iris:predict", V1_BODY),
    V2: ("/v2/models/iris/infer", V2_BODY),
}


def request(name: str) -> bytes:
    """The whole HTTP request of one measurement."""
    path, body = BODIES[name]
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


async def serve_echo(port: int) -> None:
    """The least that an aiohttp server can do with a body."""

    async def echo(incoming: web.Request) -> web.Response:
        return web.Response(body=await incoming.read(), content_type="application/json")

    async def ready(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_post("/echo", echo)
    app.router.add_get("/v2/health/ready", ready)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


def free_port() -> int:
    """A loopback port that nobody listens on."""
    return next(port for port in range(20_000, 30_000) if is_free(port))


@contextlib.contextmanager
def running(arguments: list[str]) -> Iterator[float]:
    """A server process that is ready; yields the milliseconds from its start to readiness."""
    port = int(arguments[-1].partition("=")[2])
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    try:
        while not is_ready(port):
            if process.poll() is not None or time.perf_counter() - started > DEADLINE_SECONDS:
                raise RuntimeError(f"{' '.join(arguments)} did not become ready")
            time.sleep(0.005)
        yield (time.perf_counter() - started) * 1000
    finally:
        process.terminate()
        process.wait(DEADLINE_SECONDS)


def is_ready(port: int) -> bool:
    """Whether the server on this port says that it is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/v2/health/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def loop_load(model: LogisticRegression, seconds: float) -> Load:
    """The model alone, in this process: what a server with no cost of its own would reach on one thread."""
    row = np.array([[5.1, 3.5, 1.4, 0.2]])
    latencies = []
    started = time.perf_counter()
    while (before := time.perf_counter()) < started + seconds:
        model.predict(row)
        latencies.append(time.perf_counter() - before)
    latencies.sort()
    count = len(latencies)
    return Load(count / seconds, latencies[count // 2] * 1000, latencies[count * 99 // 100] * 1000)


def predict_arguments(folder: Path, port: int) -> list[str]:
    """Python's arguments for the predict server."""
    module = ["-m", "tradewind.servers.predict", "--model_name=iris"]
    return [*module, f"--model_dir={folder}", f"--http_port={port}"]


def measure_starts(folder: Path, rounds: int) -> Spread:
    """Milliseconds from starting the process to its first ready answer."""
    starts = []
    for _ in range(rounds):
        with running(predict_arguments(folder, free_port())) as milliseconds:
            starts.append(milliseconds)
    return spread(starts)


def measure_loads(
    folder: Path, model: LogisticRegression, rounds: int, seconds: float
) -> dict[tuple[str, int], list[Load]]:
    """Every server at every number of connections, and the bare model, once a round."""
    loads: dict[tuple[str, int], list[Load]] = {}
    echo_port = free_port()
    with running([__file__, f"--echo={echo_port}"]):
        predict_port = free_port()
        with running(predict_arguments(folder, predict_port)):
            ports = {ECHO: echo_port, V1: predict_port, V2: predict_port}
            for _ in range(rounds):
                for connections in CONNECTIONS:
                    for name, port in ports.items():
                        load = uvloop.run(http_load(port, request(name), connections, seconds))
                        loads.setdefault((name, connections), []).append(load)
                loads.setdefault((LOOP, 0), []).append(loop_load(model, seconds))
    return loads


def report(start_ms: Spread, loads: dict[tuple[str, int], list[Load]]) -> None:
    """Print the table and write the JSON file."""
    rows, results = [], []
    for (name, connections), rounds in loads.items():
        figures = {
            "requests_per_second": spread([load.requests_per_second for load in rounds]),
            "p50_ms": spread([load.p50_ms for load in rounds]),
            "p99_ms": spread([load.p99_ms for load in rounds]),
        }
        rows.append([name, connections or "", *figures.values()])
        results.append(
            {"name": name, "connections": connections} | {k: asdict(v) for k, v in figures.items()}
        )
    columns = ["median (lowest-highest)", "connections", "requests/s", "p50 ms", "p99 ms"]
    print_table("One row a request, one core a server", columns, rows)
    print(f"start to ready: {start_ms} ms")
    print(f"wrote {write_json('predict', {'start_to_ready_ms': asdict(start_ms), 'loads': results})}")


def main() -> None:
    """Run the benchmark, or only its echo server."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.8, help="of each measurement")
    parser.add_argument("--echo", type=int, metavar="PORT", help="only be the echo server")
    options = parser.parse_args()
    if options.echo:
        uvloop.run(serve_echo(options.echo))
        return
    model = LogisticRegression(max_iter=1000).fit(*load_iris(return_X_y=True))
    with tempfile.TemporaryDirectory() as name:
        joblib.dump(model, Path(name) / "model.joblib")
        start_ms = measure_starts(Path(name), options.rounds)
        report(start_ms, measure_loads(Path(name), model, options.rounds, options.seconds))


if __name__ == "__main__":
    main()
