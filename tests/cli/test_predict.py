"""`predict` against gateways of the test's own: what is asked, where, and what becomes of the answer."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.cli.conftest import LiveFleet
from tradewind.base.ports import hub_ports, member_ports

V1 = '{"instances": [[1, 2]]}'
V2 = '{"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": [1]}]}'


@dataclass
class Gateway:
    """Answers every request alike, and keeps what it was asked."""

    status: int = 200
    body: bytes = b'{"predictions": [1]}'
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[object] = field(default_factory=list)


@pytest.fixture
def gateway(fleet: LiveFleet) -> Iterator[Callable[[int], Gateway]]:
    servers: list[http.server.HTTPServer] = []

    def start(port: int) -> Gateway:
        asked = Gateway()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked.paths.append(self.path)
                asked.headers.append({name.lower(): value for name, value in self.headers.items()})
                asked.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(asked.status)
                self.end_headers()
                self.wfile.write(asked.body)

            def log_message(self, *_: object) -> None:
                pass

        servers.append(http.server.HTTPServer(("127.0.0.1", port), Handler))
        threading.Thread(target=servers[-1].serve_forever, args=(0.01,), daemon=True).start()
        return asked

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def front_door(fleet: LiveFleet) -> int:
    return hub_ports(fleet.running.fleet.spec.ports.base).front_door


def gateway_of_west(fleet: LiveFleet) -> int:
    return member_ports(fleet.running.fleet.spec.ports.base, 1).gateway


def test_instances_are_a_v1_request_at_the_front_door(fleet, run, gateway):
    asked = gateway(front_door(fleet))
    answer = run("predict", "fraud", "-n", "ml", "--data", V1, "--home", fleet.home)
    assert (answer.code, answer.out) == (0, '{"predictions": [1]}\n')
    assert asked.paths == ["/serving/ml/fraud/v1/models/fraud:predict"]
    assert asked.bodies == [json.loads(V1)]
    assert "x-tradewind-region" not in asked.headers[0]


def test_inputs_are_a_v2_request_at_a_clusters_gateway(fleet, run, gateway):
    asked = gateway(gateway_of_west(fleet))
    run("predict", "fraud", "-n", "ml", "--data", V2, "--cluster", "west", "--home", fleet.home)
    assert asked.paths == ["/serving/ml/fraud/v2/models/fraud/infer"]


def test_a_region_is_told_to_the_front_door(fleet, run, gateway):
    asked = gateway(front_door(fleet))
    run("predict", "fraud", "--data", V1, "--region", "west-1", "--home", fleet.home)
    assert asked.headers[0]["x-tradewind-region"] == "west-1"


def test_data_comes_from_a_file(fleet, run, gateway, tmp_path):
    asked = gateway(front_door(fleet))
    (tmp_path / "rows.json").write_text(V1)
    run("predict", "fraud", "--data", f"@{tmp_path / 'rows.json'}", "--home", fleet.home)
    assert asked.bodies == [json.loads(V1)]


ERRORS = {
    "the predict server's": (b'{"error": "expected 30 features, got 2"}', "expected 30 features, got 2"),
    "a gateway's": (b'{"message": "ml/fraud has nothing ready"}', "ml/fraud has nothing ready"),
    "with parts": (b'{"detail": [{"loc": "a"}]}', '[{"loc": "a"}]'),
    "plain text": (b"upstream connect error", "upstream connect error"),
    "nothing": (b"", "no reason given"),
}


@pytest.mark.parametrize(("body", "said"), ERRORS.values(), ids=ERRORS)
def test_a_refusal_is_told_with_its_reason(fleet, run, gateway, body, said):
    asked = gateway(front_door(fleet))
    asked.status, asked.body = 503, body
    answer = run("predict", "fraud", "-n", "ml", "--data", V1, "--home", fleet.home)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == f"tradewind: ml/fraud at the front door: HTTP 503: {said}\n"


def test_an_unknown_service_is_told_with_the_next_command(fleet, run, gateway):
    asked = gateway(gateway_of_west(fleet))
    asked.status, asked.body = 404, b'{"error": "nothing is served at /serving/ml/frad"}'
    answer = run("predict", "frad", "-n", "ml", "--data", V1, "--cluster", "west", "--home", fleet.home)
    assert answer.err.endswith("; see what is served with: tradewind get inferenceservices -n ml\n")
    assert "at the gateway of west: HTTP 404" in answer.err


def test_an_answer_that_is_no_json_is_an_error(fleet, run, gateway):
    asked = gateway(front_door(fleet))
    asked.body = b"<html>"
    assert "the answer is no JSON: <html>" in run("predict", "a", "--data", V1, "--home", fleet.home).err


def test_nobody_at_the_front_door(fleet, run):
    answer = run("predict", "fraud", "--data", V1, "--home", fleet.home)
    assert answer.code == 1
    assert f"the front door does not answer at http://127.0.0.1:{front_door(fleet)}" in answer.err
    assert "see tradewind status" in answer.err
