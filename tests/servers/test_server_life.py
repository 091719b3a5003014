"""The life of real servers: loading, overload, draining, and every way of not starting."""

import http.client
import json
import pickle
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from sklearn.linear_model import LinearRegression

from tests.servers.estimators import GATE, Failing, GatedLoad, GatedPredict
from tests.servers.process import Server, exchange, started, until

V1 = "/v1/models/m:predict"
BLOCKS = {"instances": [[1]]}
QUICK = {"instances": [[2]]}
Start = Callable[..., AbstractContextManager[Server]]


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "gate"


@pytest.fixture
def start(tmp_path: Path, gate: Path) -> Start:
    """Starts a server for one pickled object; what it waits for happens when `gate` exists."""

    def start_server(model: object, *flags: str) -> AbstractContextManager[Server]:
        folder = tmp_path / "model"
        folder.mkdir()
        (folder / "model.pkl").write_bytes(pickle.dumps(model))
        return started(folder, *flags, **{GATE: str(gate)})

    return start_server


def in_flight(server: Server, wanted: int) -> None:
    until(lambda: True if server.metric("tradewind_requests_in_flight") == wanted else None)


def test_health_tells_the_truth_while_the_model_loads(start: Start, gate: Path):
    with start(GatedLoad()) as server:
        loading = "The model is loading."
        assert server.call("GET", "/").json == {"status": "alive"}
        assert server.call("GET", "/v2/health/live").json == {"live": True}
        for path, error in (
            ("/v2/health/ready", f"Server is not ready. {loading}"),
            ("/v1/models/m", f"Model with name m is not ready. {loading}"),
            ("/v2/models/m/ready", f"Model with name m is not ready. {loading}"),
            ("/v2/models/m", f"Model with name m is not ready. {loading}"),
        ):
            reply = server.call("GET", path)
            assert (reply.status, reply.json) == (503, {"error": error})
        for path in (V1, "/v2/models/m/infer", "/v1/models/m:explain"):
            assert server.call("POST", path, QUICK).status == 503
        gate.touch()
        server.wait_for("ready")
        assert server.call("GET", "/v2/health/ready").json == {"ready": True}
        assert server.call("POST", V1, QUICK).json == {"predictions": [0]}


def test_a_signal_while_loading_ends_the_server_at_once(start: Start):
    with start(GatedLoad()) as server:
        assert server.call("GET", "/v2/health/ready").status == 503
        server.terminate()
        assert server.exit_code() == 0
        assert server.errors.read_text() == ""


def test_health_answers_under_load_and_more_than_the_limit_is_refused(start: Start, gate: Path):
    with start(GatedPredict(), "--max_in_flight=2") as server, ThreadPoolExecutor(2) as clients:
        server.wait_for("ready")
        blocked = [clients.submit(server.call, "POST", V1, BLOCKS) for _ in range(2)]
        in_flight(server, 2)
        assert server.call("GET", "/v2/health/ready").status == 200
        refused = server.call("POST", V1, QUICK)
        assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
        assert "2 requests are in flight, the limit of this replica" in refused.json["error"]
        assert server.metric("tradewind_requests_refused_total") == 1
        gate.touch()
        assert [call.result().json for call in blocked] == [{"predictions": [1]}] * 2
        assert server.call("POST", V1, QUICK).json == {"predictions": [2]}


def test_a_prediction_that_takes_too_long_is_504(start: Start, gate: Path):
    with start(GatedPredict(), "--predict_timeout_seconds=0.2") as server:
        server.wait_for("ready")
        reply = server.call("POST", V1, BLOCKS)
        assert (reply.status, reply.json) == (504, {"error": "the model did not answer within 0.2 s"})
        gate.touch()
        until(lambda: True if server.call("POST", V1, QUICK).status == 200 else None)


def test_a_model_that_fails_is_500_with_its_words(start: Start):
    with start(Failing(ZeroDivisionError("by zero"))) as server:
        server.wait_for("ready")
        reply = server.call("POST", V1, QUICK)
        assert (reply.status, reply.json) == (500, {"error": "ZeroDivisionError : by zero"})
        assert server.wait_for("predict_failed")["path"] == V1
        assert "Traceback" not in server.errors.read_text()


def test_a_drain_answers_everything_and_ends_with_0(start: Start, gate: Path):
    """In flight at the signal, sent after it, and idle connections: none sees an error."""
    with start(GatedPredict()) as server, ThreadPoolExecutor(8) as clients:
        server.wait_for("ready")
        idle = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        assert exchange(idle, "POST", V1, json.dumps(QUICK).encode()).status == 200
        before = [clients.submit(server.call, "POST", V1, BLOCKS) for _ in range(7)]
        in_flight(server, 7)
        server.terminate()
        server.wait_for("draining")
        ready = server.call("GET", "/v2/health/ready")
        assert (ready.status, ready.headers["Connection"]) == (503, "close")
        assert ready.json == {"error": "Server is not ready. The replica is shutting down."}
        assert server.call("GET", "/v1/models/m").status == 503
        assert server.call("GET", "/").status == 200
        after = clients.submit(server.call, "POST", V1, BLOCKS)
        in_flight(server, 8)
        gate.touch()
        replies = [call.result() for call in [*before, after]]
        assert [reply.json for reply in replies] == [{"predictions": [1]}] * 8
        assert {reply.headers["Connection"] for reply in replies} == {"close"}
        assert idle.sock.recv(1) == b""
        idle.close()
        assert server.exit_code() == 0
        assert server.wait_for("stopped")["unanswered"] == 0
        assert server.errors.read_text() == ""


def test_a_drain_fails_no_request_of_clients_that_heed_readiness(start: Start):
    """As a gateway does: a new connection for each request, and none after readiness said no."""
    with start(GatedPredict()) as server, ThreadPoolExecutor(4) as clients:
        server.wait_for("ready")

        def client(_: int) -> set[int]:
            statuses = set()
            while server.call("GET", "/v2/health/ready").status == 200:
                statuses.add(server.call("POST", V1, QUICK).status)
            return statuses

        running = [clients.submit(client, n) for n in range(4)]
        until(lambda: True if server.metric("request_predict_seconds_count") > 100 else None)
        server.terminate()
        assert [call.result() for call in running] == [{200}] * 4
        assert server.exit_code() == 0


def test_a_drain_is_bounded(start: Start):
    with start(GatedPredict(), "--drain-seconds=0.4") as server, ThreadPoolExecutor(1) as clients:
        server.wait_for("ready")
        blocked = clients.submit(server.call, "POST", V1, BLOCKS)
        in_flight(server, 1)
        server.terminate()
        assert server.exit_code() == 0
        assert [line["event"] for line in server.events()][-4:] == [
            "draining",
            "drain_is_slow",
            "drain_incomplete",
            "stopped",
        ]
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            blocked.result()
        assert server.errors.read_text() == ""


def last_line(server: Server, code: int) -> str:
    assert server.exit_code() == code
    errors = server.errors.read_text()
    assert "Traceback" not in errors
    assert errors.count("\n") == 1
    return errors


def old(monkeypatch: pytest.MonkeyPatch) -> bytes:
    with monkeypatch.context() as patch:
        patch.setattr("sklearn.base.__version__", "1.0.1")
        return pickle.dumps(LinearRegression().fit([[1]], [1]))


EXITS: list[tuple[Any, str]] = [
    (None, "model folder {folder} holds no model file (found: nothing)"),
    (b"garbage", "{file} is damaged or not a pickle"),
    (old, "{file} was saved by scikit-learn 1.0.1, but this is scikit-learn"),
    (pickle.dumps(LinearRegression()), "model m is not fitted; fit it before saving it"),
]


@pytest.mark.parametrize(("content", "message"), EXITS)
def test_a_model_that_cannot_be_served_is_one_last_line_and_exit_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: Any, message: str
):
    folder = tmp_path / "model"
    folder.mkdir()
    file = folder / "model.pkl"
    if content is not None:
        file.write_bytes(content(monkeypatch) if callable(content) else content)
    with started(folder) as server:
        assert last_line(server, 1).startswith("predict server: " + message.format(folder=folder, file=file))


def test_a_port_that_is_taken_is_told(tmp_path: Path):
    (tmp_path / "model").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started(tmp_path / "model", f"--http_port={port}") as server:
            assert last_line(server, 1) == (
                f"predict server: cannot listen on 127.0.0.1:{port}: Address already in use; "
                f"choose another --host or --http_port\n"
            )


def test_an_unknown_flag_is_told(tmp_path: Path):
    (tmp_path / "model").mkdir()
    with started(tmp_path / "model", "--model_nam=x") as server:
        assert last_line(server, 2) == (
            "predict server: unknown flag --model_nam; the nearest known one is --model_name, "
            "--help lists all\n"
        )
