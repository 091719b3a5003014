"""CloudEvents in both forms, in and out."""

import json
from typing import Any

import pytest

from tradewind.servers import cloudevents
from tradewind.servers.cloudevents import CloudEvent
from tradewind.servers.errors import Refusal

STRUCTURED = {"Content-Type": "application/cloudevents+json"}
EVENT = {"specversion": "1.0", "id": "1", "source": "s", "type": "t"}
BINARY = {f"ce-{name}": value for name, value in EVENT.items()}
NOW = "2026-01-02T03:04:05+00:00"


def lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def test_a_plain_request_is_no_event():
    assert cloudevents.unwrap({"content-type": "application/json"}, b"{}") == (None, b"{}")


def test_a_structured_event_holds_the_request_in_data():
    body = json.dumps({**EVENT, "data": {"instances": [[1, 2]]}}).encode()
    event, request = cloudevents.unwrap(lower(STRUCTURED), body)
    assert event == CloudEvent(EVENT, structured=True)
    assert json.loads(request) == {"instances": [[1, 2]]}


def test_a_binary_event_holds_its_attributes_in_headers():
    event, request = cloudevents.unwrap(BINARY, b'{"instances": []}')
    assert event == CloudEvent(EVENT, structured=False)
    assert request == b'{"instances": []}'


BAD = [
    (lower(STRUCTURED), b"{", "Unrecognized request format: "),
    (lower(STRUCTURED), b'{"id": "1"}', "Cloud Event Exceptions: the event lacks specversion, source, type"),
    (lower(STRUCTURED), json.dumps(EVENT).encode(), 'Cloud Event Exceptions: the event has no "data"'),
    ({"ce-id": "1"}, b"{}", "Cloud Event Exceptions: the event lacks specversion, source, type"),
    (BINARY, b"{", "Failed to decode or parse binary json cloudevent: "),
]


@pytest.mark.parametrize(("headers", "body", "message"), BAD)
def test_a_wrong_event_is_refused_with_400(headers: dict[str, str], body: bytes, message: str):
    with pytest.raises(Refusal) as caught:
        cloudevents.unwrap(headers, body)
    assert caught.value.status == 400
    assert caught.value.message.startswith(message)


ANSWER = {"specversion": "1.0", "id": "new", "time": NOW}
ENVIRONMENTS: list[tuple[dict[str, str], dict[str, Any]]] = [
    ({}, {"source": "io.kserve.inference.m", "type": "io.kserve.inference.response"}),
    ({"CE_SOURCE": "mine", "CE_TYPE": "kind"}, {"source": "mine", "type": "kind"}),
    (
        {"CE_MERGE": "true"},
        {"subject": "kept", "source": "io.kserve.inference.m", "type": "io.kserve.inference.response"},
    ),
]


@pytest.mark.parametrize(("environment", "wanted"), ENVIRONMENTS)
def test_the_answer_has_the_form_of_the_request(environment: dict[str, str], wanted: dict[str, Any]):
    attributes = {**EVENT, "subject": "kept", "time": "then"}
    event = CloudEvent(attributes, structured=True)
    headers, body = cloudevents.wrap(event, "m", b'{"predictions":[1]}', "new", NOW, environment)
    assert headers == STRUCTURED
    assert json.loads(body) == {**ANSWER, **wanted, "data": {"predictions": [1]}}

    event = CloudEvent(attributes, structured=False)
    headers, body = cloudevents.wrap(event, "m", b'{"predictions":[1]}', "new", NOW, environment)
    assert body == b'{"predictions":[1]}'
    assert headers.pop("Content-Type") == "application/json"
    assert headers == {f"ce-{name}": value for name, value in {**ANSWER, **wanted}.items()}
