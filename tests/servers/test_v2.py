"""V2 requests: which batch they mean for which model, and what a wrong one is told."""

import json
from typing import Any

import numpy as np
import pytest

from tradewind.servers import v2
from tradewind.servers.errors import Refusal
from tradewind.servers.model import Features
from tradewind.servers.v1 import CURL_DEFAULT

UNKNOWN = Features()
TWO = Features(2)
NAMED = Features(2, ("age", "height"))


def tensor(name: str, shape: list[int], data: Any, datatype: str = "FP64") -> dict[str, Any]:
    return {"name": name, "shape": shape, "datatype": datatype, "data": data}


def body(*inputs: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"inputs": inputs, **more}).encode()


BATCHES: list[tuple[bytes, Features, Any]] = [
    (body(tensor("x", [1, 2], [1, 2])), TWO, np.array([[1.0, 2.0]])),
    (body(tensor("x", [1, 2], [[1, 2]], "INT32")), UNKNOWN, np.array([[1, 2]], np.int32)),
    (body(tensor("x", [2], [1, 2])), UNKNOWN, np.array([1.0, 2.0])),
    (body(tensor("x", [1, 2, 1], [1, 2])), TWO, np.array([[[1.0], [2.0]]])),
    (body(tensor("x", [2], ["a", "b"], "BYTES")), UNKNOWN, ["a", "b"]),
    (body(tensor("x", [2, 1], ["a", "b"], "BYTES")), UNKNOWN, ["a", "b"]),
    (body(tensor("x", [2, 1], ["a", "b"], "BYTES")), Features(1), np.array([["a"], ["b"]], object)),
    (body(tensor("x", [1, 2], ["a", "b"], "BYTES")), UNKNOWN, np.array([["a", "b"]], object)),
]


@pytest.mark.parametrize(("raw", "features", "wanted"), BATCHES)
def test_one_input_is_the_batch(raw: bytes, features: Features, wanted: Any):
    got = v2.decode(raw, features).batch
    assert type(got) is type(wanted)
    if isinstance(wanted, np.ndarray):
        assert isinstance(got, np.ndarray)
        assert (got.dtype, got.shape, got.tolist()) == (wanted.dtype, wanted.shape, wanted.tolist())
    else:
        assert got == wanted


COLUMNS = [
    body(tensor("height", [2], [1, 2]), tensor("age", [2, 1], [3, 4], "INT32")),
    body(tensor("height", [2], [1, 2]), tensor("age", [2], [3, 4]), parameters={"content_type": "pd"}),
]


@pytest.mark.parametrize("raw", COLUMNS)
@pytest.mark.parametrize("features", [UNKNOWN, TWO, NAMED])
def test_several_inputs_are_named_columns(raw: bytes, features: Features):
    got = v2.decode(raw, features).batch
    assert isinstance(got, dict)
    assert {name: np.asarray(column).tolist() for name, column in got.items()} == {
        "height": [1, 2],
        "age": [3, 4],
    }


def test_one_input_of_content_type_pd_is_a_column():
    got = v2.decode(body(tensor("age", [1], [3]), parameters={"content_type": "pd"}), UNKNOWN).batch
    assert isinstance(got, dict)
    assert list(got) == ["age"]


ONE = tensor("x", [1], [1])
BINARY = "The binary tensor data extension is not supported"
BAD: list[tuple[bytes, Features, int, str]] = [
    (b"{", UNKNOWN, 422, "Unrecognized request format: "),
    (b"[" * 100_000, UNKNOWN, 422, "Unrecognized request format: "),
    (b"{}", UNKNOWN, 422, "missing required field `inputs`"),
    (b'{"inputs":[{"name":"x"}]}', UNKNOWN, 422, "missing required field `shape` - at `$.inputs[0]`"),
    (body({**ONE, "shape": [1.5]}), UNKNOWN, 422, "Expected `int`, got `float` - at `$.inputs[0].shape[0]`"),
    (body({**ONE, "data": 1}), UNKNOWN, 422, "at `$.inputs[0].data`"),
    (body(), UNKNOWN, 400, '"inputs" is empty'),
    (
        body(tensor("x", [1, 3], [1, 2, 3])),
        TWO,
        400,
        '"x": shape [1, 3] does not fit the model, which expects [-1',
    ),
    (
        body(tensor("x", [2], [1, 2])),
        TWO,
        400,
        '"x": shape [2] does not fit the model, which expects [-1, 2]',
    ),
    (body(tensor("x", [2, 2], [1, 2])), TWO, 400, '"x": shape [2, 2] holds 4 values, but data has 2'),
    (body({**ONE, "data": None}), UNKNOWN, 400, 'input "x": "data" is missing'),
    (body(tensor("a", [1, 2], [1, 2]), ONE), UNKNOWN, 400, 'input "a": shape [1, 2] is not one column'),
    (body(ONE, ONE), UNKNOWN, 400, 'input "x" is given twice'),
    (body(ONE, tensor("b", [2], [1, 2])), UNKNOWN, 400, 'input "b" has 2 rows, but input "x" has 1'),
    (
        body(ONE, {**ONE, "name": "y"}, {**ONE, "name": "z"}),
        TWO,
        400,
        "3 inputs of one column each do not fit",
    ),
    (body({**ONE, "data": None, "parameters": {"binary_data_size": 8}}), UNKNOWN, 501, BINARY),
    (body(ONE, parameters={"binary_data_output": True}), UNKNOWN, 501, BINARY),
    (body(ONE, outputs=[{"name": "o", "parameters": {"binary_data": True}}]), UNKNOWN, 501, BINARY),
]


@pytest.mark.parametrize(("raw", "features", "status", "message"), BAD)
def test_a_wrong_request_is_refused(raw: bytes, features: Features, status: int, message: str):
    with pytest.raises(Refusal) as caught:
        v2.decode(raw, features)
    assert caught.value.status == status
    assert message in caught.value.message


def test_binary_data_that_is_not_asked_for_is_fine():
    raw = body(tensor("x", [1], [1]), outputs=[{"name": "o", "parameters": {"binary_data": False}}])
    assert v2.decode(raw, UNKNOWN).requested_outputs == ("o",)


def request(request_id: str | None = None, *outputs: str) -> v2.Request:
    return v2.Request(request_id, np.zeros(0), outputs)


def test_an_answer_has_upstreams_keys_in_upstreams_order():
    got = v2.encode("m", request("7"), np.array([[1, 2]]), "new")
    assert got == (
        b'{"model_name":"m","model_version":null,"id":"7","parameters":null,"outputs":[{"name":"output-0",'
        b'"shape":[1,2],"datatype":"INT64","parameters":null,"data":[1,2]}]}'
    )


ANSWERS = [
    (request(), np.array([np.nan, 1.5]), [("output-0", [2], "FP64", [None, 1.5])]),
    (request(), np.array(["a"]), [("output-0", [1], "BYTES", ["a"])]),
    (
        request(),
        {"a": np.array([1]), "b": np.array(["x"])},
        [("a", [1], "INT64", [1]), ("b", [1], "BYTES", ["x"])],
    ),
    (request(None, "b"), {"a": np.array([1]), "b": np.array([2])}, [("b", [1], "INT64", [2])]),
]


@pytest.mark.parametrize(("asked", "prediction", "wanted"), ANSWERS)
def test_predictions_are_outputs(asked: v2.Request, prediction: Any, wanted: list[Any]):
    got = json.loads(v2.encode("m", asked, prediction, "new"))
    assert got["id"] == "new"
    assert [(o["name"], o["shape"], o["datatype"], o["data"]) for o in got["outputs"]] == wanted


@pytest.mark.parametrize(
    ("asked", "prediction", "message"),
    [
        (request(None, "z"), np.array([1]), "Unexpected inference output 'z' for model 'm'"),
        (request(), np.array([1], np.float16), 'output "output-0" has type float16'),
        (request(), np.array([1j]), 'output "output-0" has type complex128'),
    ],
)
def test_an_output_that_cannot_be_given_is_refused(asked: v2.Request, prediction: Any, message: str):
    with pytest.raises(Refusal) as caught:
        v2.encode("m", asked, prediction, "new")
    assert (caught.value.status, message in caught.value.message) == (400, True)


@pytest.mark.parametrize(
    ("headers", "status", "message"),
    [
        ({"content-type": "application/octet-stream"}, 400, "received byte inputs, but the"),
        ({v2.BINARY_HEADER: "10"}, 501, "The binary tensor data extension is not supported"),
        ({"content-type": "text/plain"}, 415, 'Content-Type "text/plain" is not supported'),
    ],
)
def test_other_bodies_than_json_are_refused(headers: dict[str, str], status: int, message: str):
    with pytest.raises(Refusal) as caught:
        v2.check_headers(headers)
    assert caught.value.status == status
    assert caught.value.message.startswith(message)


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", CURL_DEFAULT]
)
def test_json_is_taken(content_type: str):
    v2.check_headers({"content-type": content_type})
    v2.check_headers({})
