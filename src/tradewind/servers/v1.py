"""KServe's V1 protocol: `{"instances": [...]}` to batch, prediction to `{"predictions": [...]}`.

Which batch the instances mean, after KServe's `get_predict_input` ("inputs" wins over "instances"):
- rows of numbers are an array; rows that mix texts and numbers keep both (KServe turns all to texts);
- texts are a list of texts;
- objects are rows of named columns; a value is one cell, or a list of cells for several rows;
  a column that an instance lacks is null there.
KServe answers 500 to a body that holds neither key or that is ragged; here that is 400, so that a
gateway neither retries it elsewhere nor counts it against the replica. In answers NaN and infinity
become null, as KServe's orjson writes them.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from tradewind.servers.errors import UNSUPPORTED_MEDIA_TYPE, Refusal, bad_request
from tradewind.servers.model import Batch, Columns, Prediction

CURL_DEFAULT = "application/x-www-form-urlencoded"  # what `curl -d` says of any body; no client means it
JSON_TYPES = (
    "application/json",
    "application/cloudevents+json",
    "application/ld+json",
    "application/octet-stream",
    CURL_DEFAULT,
)

_encoder = msgspec.json.Encoder()


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse with 415 a body whose type KServe would hand to the model as raw bytes.

    Parameters such as `; charset=utf-8` are accepted; KServe compares the whole header.
    """
    content_type = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if content_type not in JSON_TYPES:
        raise Refusal(
            UNSUPPORTED_MEDIA_TYPE,
            f'Content-Type "{content_type}" is not supported; send JSON with Content-Type: application/json',
        )


def decode(body: bytes) -> Batch:
    """The batch in `body`. Raises Refusal (400) that says what is wrong."""
    try:
        payload = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise bad_request(f"Unrecognized request format: {error}") from None
    if not isinstance(payload, dict) or not ("inputs" in payload or "instances" in payload):
        raise bad_request('Expected a JSON object with "instances", a list')
    key = "inputs" if "inputs" in payload else "instances"
    instances = payload[key]
    if not isinstance(instances, list):
        raise bad_request(f'Expected "{key}" to be a list')
    return _batch(instances)


def encode(prediction: Prediction) -> bytes:
    """The answer's body: named columns become one object a row."""
    if not isinstance(prediction, dict):
        return _encoder.encode({"predictions": prediction.tolist()})
    columns = [column.tolist() for column in prediction.values()]
    rows = [dict(zip(prediction, row, strict=True)) for row in zip(*columns, strict=True)]
    return _encoder.encode({"predictions": rows})


def _batch(instances: list[Any]) -> Batch:
    if not instances:
        return np.array(instances)
    first = instances[0]
    if isinstance(first, dict) or (isinstance(first, list) and first and isinstance(first[0], dict)):
        return _columns(instances)
    if isinstance(first, str):
        if all(isinstance(instance, str) for instance in instances):
            return instances
        raise bad_request("instances mix texts with other values")
    return _array(instances)


def _array(instances: list[Any]) -> Batch:
    try:
        array = np.array(instances)
        # numpy would turn the numbers of a mixed row into texts
        return np.array(instances, dtype=object) if array.dtype.kind == "U" else array
    except (ValueError, OverflowError):
        raise bad_request("instances are ragged; every row must have the same number of values") from None


def _columns(instances: list[Any]) -> Columns:
    rows: list[dict[str, Any]] = []
    for place, instance in enumerate(instances):
        for item in instance if isinstance(instance, list) else [instance]:
            rows.extend(_rows(place, item))
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: [row.get(name) for row in rows] for name in names}


def _rows(place: int, instance: Any) -> list[dict[str, Any]]:
    if not isinstance(instance, dict):
        raise bad_request(f"instance {place} is not an object, but the first one is; do not mix them")
    lists = [value for value in instance.values() if isinstance(value, list)]
    if not lists:
        return [instance]
    if len(lists) != len(instance) or len({len(value) for value in lists}) != 1:
        raise bad_request(f"instance {place}: its columns differ in length; give every column as many cells")
    return [dict(zip(instance, cells, strict=True)) for cells in zip(*lists, strict=True)]
