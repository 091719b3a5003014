"""V1 bodies: what batch they mean, and what a wrong one is told."""

import json
from typing import Any

import numpy as np
import pytest

from tradewind.servers import v1
from tradewind.servers.errors import Refusal


def body(payload: Any) -> bytes:
    return json.dumps(payload).encode()


ARRAYS = [
    ({"instances": [[1, 2], [3, 4]]}, np.array([[1, 2], [3, 4]])),
    ({"instances": [[1.5]]}, np.array([[1.5]])),
    ({"inputs": [[1]], "instances": [[2]]}, np.array([[1]])),
    ({"instances": []}, np.array([])),
    ({"instances": [1, 2]}, np.array([1, 2])),
    ({"instances": [[1, None]]}, np.array([[1, None]], object)),
    ({"instances": [[1, "a"]]}, np.array([[1, "a"]], object)),
    ({"instances": [["a", "b"]]}, np.array([["a", "b"]], object)),
]


@pytest.mark.parametrize(("payload", "wanted"), ARRAYS)
def test_rows_are_an_array(payload: Any, wanted: Any):
    got = v1.decode(body(payload))
    assert isinstance(got, np.ndarray)
    assert got.dtype == wanted.dtype
    assert got.tolist() == wanted.tolist()


def test_texts_are_a_list():
    assert v1.decode(body({"instances": ["good film", "bad film"]})) == ["good film", "bad film"]


COLUMNS = [
    ([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}], {"a": [1, 2], "b": ["x", "y"]}),
    ([{"b": "y", "a": 2}, {"a": 1, "b": "x"}], {"b": ["y", "x"], "a": [2, 1]}),
    ([{"a": [1, 2], "b": [3, 4]}, {"a": [5], "b": [6]}], {"a": [1, 2, 5], "b": [3, 4, 6]}),
    ([[{"a": 1}, {"a": 2}], [{"a": 3}]], {"a": [1, 2, 3]}),
    ([{"a": 1}, {"b": 2}], {"a": [1, None], "b": [None, 2]}),
]


@pytest.mark.parametrize(("instances", "wanted"), COLUMNS)
def test_objects_are_named_columns(instances: Any, wanted: Any):
    assert v1.decode(body({"instances": instances})) == wanted


BAD = [
    (b"{", "Unrecognized request format: "),
    (b"", "Unrecognized request format: "),
    (b"\xff", "Unrecognized request format: "),
    (b'{"instances": [NaN]}', "Unrecognized request format: "),
    (b"[" * 100_000, "Unrecognized request format: "),
    (b"[1]", 'Expected a JSON object with "instances", a list'),
    (b"{}", 'Expected a JSON object with "instances", a list'),
    (body({"instances": "invalid"}), 'Expected "instances" to be a list'),
    (body({"inputs": 1, "instances": []}), 'Expected "inputs" to be a list'),
    (body({"instances": [[1], [2, 3]]}), "instances are ragged"),
    (body({"instances": ["a", 1]}), "instances mix texts with other values"),
    (body({"instances": [{"a": 1}, 2]}), "instance 1 is not an object"),
    (body({"instances": [[{"a": 1}, [{"a": 2}]]]}), "instance 0 is not an object"),
    (body({"instances": [{"a": [1], "b": [1, 2]}]}), "instance 0: its columns differ in length"),
    (body({"instances": [{"a": [1], "b": 1}]}), "instance 0: its columns differ in length"),
]


@pytest.mark.parametrize(("raw", "message"), BAD)
def test_a_wrong_body_is_refused_with_400(raw: bytes, message: str):
    with pytest.raises(Refusal) as caught:
        v1.decode(raw)
    assert caught.value.status == 400
    assert caught.value.message.startswith(message)


ANSWERS = [
    (np.array([0, 1]), b'{"predictions":[0,1]}'),
    (np.array([[0.5, 1e-7]]), b'{"predictions":[[0.5,1e-7]]}'),
    (np.array(["é", "b"]), '{"predictions":["é","b"]}'.encode()),
    (np.array([np.nan, np.inf]), b'{"predictions":[null,null]}'),
    (
        {"a": np.array([1, 2]), "b": np.array(["x", "y"])},
        b'{"predictions":[{"a":1,"b":"x"},{"a":2,"b":"y"}]}',
    ),
]


@pytest.mark.parametrize(("prediction", "wanted"), ANSWERS)
def test_answers_are_compact_valid_json(prediction: Any, wanted: bytes):
    assert v1.encode(prediction) == wanted


@pytest.mark.parametrize("content_type", [*v1.JSON_TYPES, "application/json; charset=utf-8", None])
def test_json_types_are_taken(content_type: str | None):
    v1.check_headers({} if content_type is None else {"content-type": content_type})


def test_other_types_are_refused():
    with pytest.raises(Refusal) as caught:
        v1.check_headers({"content-type": "text/plain"})
    assert caught.value.status == 415
    assert "send JSON with Content-Type: application/json" in caught.value.message
