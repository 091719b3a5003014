"""One real server for the module: both protocols, errors, metrics, bad clients."""

import http.client
import json
import pickle
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from tests.servers.process import JSON, Server, exchange, started

ROWS, CLASSES = load_iris(return_X_y=True)
V1 = "/v1/models/m:predict"
V2 = "/v2/models/m/infer"
LIMIT_BYTES = 100_000


@pytest.fixture(scope="module")
def estimator() -> LogisticRegression:
    return LogisticRegression(max_iter=1000).fit(ROWS, CLASSES)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, estimator: LogisticRegression) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("iris")
    joblib.dump(estimator, folder / "model.joblib")
    flags = (f"--max_body_bytes={LIMIT_BYTES}", "--enable_latency_logging=true", "--grpc_port=1")
    with started(folder, *flags) as server:
        server.wait_for("ready")
        yield server
        assert server.errors.read_text() == ""


def tensor(rows: Any, datatype: str = "FP64") -> dict[str, Any]:
    return {"name": "input-0", "shape": list(rows.shape), "datatype": datatype, "data": rows.tolist()}


def test_v1_answers_what_the_estimator_answers(server: Server, estimator: LogisticRegression):
    reply = server.call("POST", V1, {"instances": ROWS.tolist()})
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.json == {"predictions": estimator.predict(ROWS).tolist()}


def test_v2_answers_what_the_estimator_answers(server: Server, estimator: LogisticRegression):
    reply = server.call("POST", V2, {"id": "7", "inputs": [tensor(ROWS)]})
    assert reply.status == 200
    assert reply.json == {
        "model_name": "m",
        "model_version": None,
        "id": "7",
        "parameters": None,
        "outputs": [
            {
                "name": "output-0",
                "shape": [150],
                "datatype": "INT64",
                "parameters": None,
                "data": estimator.predict(ROWS).tolist(),
            }
        ],
    }


def test_v2_takes_one_tensor_a_column(server: Server, estimator: LogisticRegression):
    inputs = [{**tensor(ROWS[:, n]), "name": f"column-{n}"} for n in range(4)]
    reply = server.call("POST", V2, {"inputs": inputs})
    assert reply.json["outputs"][0]["data"] == estimator.predict(ROWS).tolist()
    assert reply.json["id"]


def test_a_cloudevent_is_answered_with_a_cloudevent(server: Server, estimator: LogisticRegression):
    data = {"instances": ROWS[:1].tolist()}
    event = {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "data": data}
    reply = server.call("POST", V1, event, {"Content-Type": "application/cloudevents+json"})
    assert reply.headers["Content-Type"] == "application/cloudevents+json"
    assert reply.json["source"] == "io.kserve.inference.m"
    assert reply.json["data"] == {"predictions": estimator.predict(ROWS[:1]).tolist()}
    assert reply.json["id"] != "1"


GETS: list[tuple[str, int, Any]] = [
    ("/", 200, {"status": "alive"}),
    ("/v1/models", 200, {"models": ["m"]}),
    ("/v1/models/m", 200, {"name": "m", "ready": True}),
    ("/v1/models/x", 404, {"error": "Model with name x does not exist."}),
    ("/v2", 200, {"name": "tradewind", "version": "0.1.0", "extensions": []}),
    ("/v2/health/live", 200, {"live": True}),
    ("/v2/health/ready", 200, {"ready": True}),
    ("/v2/models", 200, {"models": ["m"]}),
    (
        "/v2/models/m",
        200,
        {
            "name": "m",
            "versions": None,
            "platform": "sklearn",
            "inputs": [{"name": "input-0", "datatype": "FP64", "shape": [-1, 4]}],
            "outputs": [{"name": "output-0", "datatype": "INT64", "shape": [-1]}],
        },
    ),
    ("/v2/models/x", 404, {"error": "Model with name x does not exist."}),
    ("/v2/models/m/ready", 200, {"name": "m", "ready": True}),
    ("/v2/models/x/ready", 404, {"error": "Model with name x does not exist."}),
    ("/v2/models/m/versions/1", 501, {"error": "Model versioning not supported yet."}),
    ("/v2/models/m/versions/1/ready", 501, {"error": "Model versioning not supported yet."}),
    ("/nowhere", 404, {"detail": "Not Found"}),
    (V1, 404, {"error": "Model with name m:predict does not exist."}),
    (V2, 405, {"detail": "Method Not Allowed"}),
]


@pytest.mark.parametrize(("path", "status", "wanted"), GETS)
def test_gets(server: Server, path: str, status: int, wanted: Any):
    reply = server.call("GET", path)
    assert (reply.status, reply.json) == (status, wanted)
    assert reply.body == json.dumps(wanted, separators=(",", ":")).encode()


POSTS: list[tuple[str, Any, int, str]] = [
    ("/v1/models/x:predict", {"instances": []}, 404, "Model with name x does not exist."),
    ("/v2/models/x/infer", {"inputs": []}, 404, "Model with name x does not exist."),
    (V1, b"{", 400, "Unrecognized request format: "),
    (V1, {"instances": "invalid"}, 400, 'Expected "instances" to be a list'),
    (V1, {"instances": [[1, 2]]}, 400, "X has 2 features, but LogisticRegression is expecting 4 features"),
    (V1, {"instances": [["a", "b", "c", "d"]]}, 400, "could not convert string to float: 'a'"),
    (V1, {"instances": []}, 400, "Expected 2D array, got 1D array instead"),
    ("/v1/models/m:explain", {"instances": []}, 501, "Could not find explainer_host."),
    ("/v2/models/m/versions/1/infer", {}, 501, "Model versioning not supported yet."),
    (V2, b"{", 422, "Unrecognized request format: "),
    (V2, {"inputs": [tensor(ROWS[:, :2])]}, 400, 'input "input-0": shape [150, 2] does not fit the model'),
]


@pytest.mark.parametrize(("path", "body", "status", "message"), POSTS)
def test_wrong_requests(server: Server, path: str, body: Any, status: int, message: str):
    reply = server.call("POST", path, body)
    assert reply.status == status
    assert reply.json["error"].startswith(message)


def test_a_body_over_the_limit_is_413_by_length_and_by_content(server: Server):
    body = b" " * (LIMIT_BYTES + 1)
    wanted = f"the request body is larger than {LIMIT_BYTES} bytes, the limit of this replica"
    reply = server.call("POST", V1, body)
    assert (reply.status, reply.json["error"].startswith(wanted)) == (413, True)

    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("POST", V1, iter([body[:50_000], body[50_000:]]), JSON, encode_chunked=True)
    response = connection.getresponse()
    assert (response.status, json.load(response)["error"].startswith(wanted)) == (413, True)
    connection.close()


def test_a_connection_is_kept_for_many_requests(server: Server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    body = json.dumps({"instances": ROWS[:1].tolist()}).encode()
    assert [exchange(connection, "POST", V1, body).status for _ in range(3)] == [200, 200, 200]
    assert connection.sock is not None
    connection.close()


def test_clients_that_go_away_do_no_harm(server: Server):
    whole = json.dumps({"instances": ROWS.tolist()}).encode()
    head = f"POST {V1} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(whole)}\r\n\r\n".encode()
    for sent in (head, head + whole[:100], head + whole, b"nonsense\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(sent)
    assert server.call("POST", V1, {"instances": ROWS[:1].tolist()}).status == 200
    assert server.metric("tradewind_requests_in_flight") == 0


def test_metrics_have_upstreams_names_and_the_process(server: Server):
    before = server.metric("request_predict_seconds_count")
    server.call("POST", V1, {"instances": ROWS[:1].tolist()})
    assert server.metric("request_predict_seconds_count") == before + 1
    assert server.metric("request_preprocess_seconds_count") >= before + 1
    text = server.call("GET", "/metrics").body.decode()
    for name in ("process_resident_memory_bytes ", "python_gc_collections_total{", "python_info{"):
        assert f"\n{name}" in text


def test_a_latency_line_is_logged_when_asked_for(server: Server):
    server.call("POST", V1, {"instances": ROWS[:1].tolist()}, {**JSON, "x-request-id": "mine"})
    line = next(line for line in server.events() if line.get("requestId") == "mine")
    assert set(line) == {
        "time",
        "event",
        "requestId",
        "preprocess_ms",
        "explain_ms",
        "predict_ms",
        "postprocess_ms",
    }


def test_a_flag_without_effect_is_logged(server: Server):
    assert server.wait_for("flag_ignored")["warning"] == "--grpc_port has no effect: gRPC is not served"


def test_a_pickle_of_floats_keeps_their_width(tmp_path: Path):
    """FP32 in stays FP32 for the model; the estimator here answers with its input."""
    from tests.servers.estimators import Echo

    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "model.pkl").write_bytes(pickle.dumps(Echo()))
    with started(tmp_path / "m") as server:
        server.wait_for("ready")
        rows = np.array([[0.5, 1.5]], np.float32)
        reply = server.call("POST", V2, {"inputs": [tensor(rows, "FP32")]})
        assert reply.json["outputs"][0]["datatype"] == "FP32"
        assert reply.json["outputs"][0]["data"] == [0.5, 1.5]
        missing = server.call("POST", V2, {"inputs": [tensor(rows)], "outputs": [{"name": "z"}]})
        assert (missing.status, missing.json["error"]) == (
            400,
            "Unexpected inference output 'z' for model 'm'",
        )
