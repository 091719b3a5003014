"""CloudEvents around a V1 prediction: a request that is an event is answered with an event.

As KServe's `dataplane.py`: a *binary* event carries its attributes in `ce-*` headers, a *structured*
one is a JSON object of type application/cloudevents+json with the request in `data`. The answer has
the form of the request, a new id and time, type `io.kserve.inference.response` (or `CE_TYPE`), source
`io.kserve.inference.MODEL` (or `CE_SOURCE`), and with `CE_MERGE=true` the request's other attributes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from tradewind.servers.errors import bad_request

STRUCTURED_TYPE = "application/cloudevents+json"
REQUIRED = ("specversion", "id", "source", "type")
RESPONSE_TYPE = "io.kserve.inference.response"
HEADER_PREFIX = "ce-"
NEVER_MERGED = ("id", "time", "data", "datacontenttype")


@dataclass(frozen=True)
class CloudEvent:
    """The attributes of an event and how they travelled; the data is kept apart."""

    attributes: Mapping[str, object]
    structured: bool


def unwrap(headers: Mapping[str, str], body: bytes) -> tuple[CloudEvent | None, bytes]:
    """The event that a request is, if it is one, and the prediction request inside it.

    Raises Refusal (400) for an event that lacks an attribute or whose data is not JSON.
    """
    if headers.get("content-type", "").partition(";")[0].strip().lower() == STRUCTURED_TYPE:
        return _unwrap_structured(body)
    attributes = {
        name.lower().removeprefix(HEADER_PREFIX): value
        for name, value in headers.items()
        if name.lower().startswith(HEADER_PREFIX)
    }
    if not attributes:
        return None, body
    _require(attributes)
    try:
        msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise bad_request(f"Failed to decode or parse binary json cloudevent: {error}") from None
    return CloudEvent(attributes, structured=False), body


def wrap(
    event: CloudEvent, model_name: str, answer: bytes, new_id: str, now: str, environment: Mapping[str, str]
) -> tuple[dict[str, str], bytes]:
    """The headers and body that answer `event`; `now` is RFC 3339 text."""
    attributes = _answer_attributes(event, model_name, new_id, now, environment)
    if event.structured:
        wrapped = msgspec.json.encode({**attributes, "data": msgspec.Raw(answer)})
        return {"Content-Type": STRUCTURED_TYPE}, wrapped
    headers = {HEADER_PREFIX + name: str(value) for name, value in attributes.items()}
    return {"Content-Type": "application/json", **headers}, answer


def _unwrap_structured(body: bytes) -> tuple[CloudEvent, bytes]:
    try:
        event = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        attributes = {name: msgspec.json.decode(raw) for name, raw in event.items() if name != "data"}
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise bad_request(f"Unrecognized request format: {error}") from None
    _require(attributes)
    if "data" not in event:
        raise bad_request('Cloud Event Exceptions: the event has no "data"')
    return CloudEvent(attributes, structured=True), bytes(event["data"])


def _require(attributes: Mapping[str, object]) -> None:
    missing = [name for name in REQUIRED if name not in attributes]
    if missing:
        raise bad_request(f"Cloud Event Exceptions: the event lacks {', '.join(missing)}")


def _answer_attributes(
    event: CloudEvent, model_name: str, new_id: str, now: str, environment: Mapping[str, str]
) -> dict[str, object]:
    merged: dict[str, object] = {}
    if environment.get("CE_MERGE", "false").lower() == "true":
        merged = {name: value for name, value in event.attributes.items() if name not in NEVER_MERGED}
    return {
        **merged,
        "specversion": "1.0",
        "id": new_id,
        "source": environment.get("CE_SOURCE", f"io.kserve.inference.{model_name}"),
        "type": environment.get("CE_TYPE", RESPONSE_TYPE),
        "time": now,
    }
