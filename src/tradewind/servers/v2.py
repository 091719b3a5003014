"""The Open Inference Protocol (KServe's V2) as JSON: request body to batch, prediction to answer body.

Which batch a request means, after KServe's `get_predict_input`:
- one input is the batch itself: an array of its shape, or a list of texts for BYTES of shape [n] or [n, 1]
  when the model does not take a known number of columns;
- several inputs, or `parameters.content_type` = "pd", are named columns of shape [n] or [n, 1].
  KServe reads the first of several inputs and ignores the rest unless content_type is "pd".
A wrong number of columns is refused here, before the model sees it. NaN and infinity become null in
an answer, as KServe's orjson writes them. The binary tensor extension is refused with 501.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from tradewind.servers.errors import (
    NOT_IMPLEMENTED,
    UNPROCESSABLE,
    UNSUPPORTED_MEDIA_TYPE,
    Refusal,
    bad_request,
)
from tradewind.servers.model import Array, Batch, Columns, Features, Prediction
from tradewind.servers.tensors import datatype_of, to_array, to_data
from tradewind.servers.v1 import CURL_DEFAULT

BINARY_HEADER = "inference-header-content-length"
NO_BINARY = "The binary tensor data extension is not supported; send and ask for tensors as JSON."
PANDAS = "pd"

Parameters = dict[str, str | int | float | bool]


class InputTensor(msgspec.Struct, frozen=True):
    """`request_input` of the protocol; data is missing when it follows in binary form."""

    name: str
    shape: list[int]
    datatype: str
    parameters: Parameters | None = None
    data: list[Any] | None = None


class RequestedOutput(msgspec.Struct, frozen=True):
    """`request_output` of the protocol."""

    name: str
    parameters: Parameters | None = None


class InferenceRequest(msgspec.Struct, frozen=True):
    """`inference_request` of the protocol."""

    inputs: list[InputTensor]
    id: str | None = None
    parameters: Parameters | None = None
    outputs: list[RequestedOutput] | None = None


class OutputTensor(msgspec.Struct, frozen=True):
    """`response_output` of the protocol, keys in KServe's order."""

    name: str
    shape: list[int]
    datatype: str
    parameters: Parameters | None
    data: list[Any]


class InferenceResponse(msgspec.Struct, frozen=True):
    """`inference_response` of the protocol, keys in KServe's order, nulls included."""

    model_name: str
    model_version: str | None
    id: str
    parameters: Parameters | None
    outputs: list[OutputTensor]


@dataclass(frozen=True)
class Request:
    """A decoded request: what the model is asked, and what the answer must name."""

    id: str | None
    batch: Batch
    requested_outputs: tuple[str, ...]


_decoder = msgspec.json.Decoder(InferenceRequest)
_encoder = msgspec.json.Encoder()


def check_headers(headers: Mapping[str, str]) -> None:
    """Refuse bodies that are not JSON: 501 for binary tensors, 400 and 415 as the message says."""
    if BINARY_HEADER in headers:
        raise Refusal(NOT_IMPLEMENTED, NO_BINARY)
    content_type = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if content_type == "application/octet-stream":
        raise bad_request(f"received byte inputs, but the '{BINARY_HEADER}' header is missing.")
    if content_type not in ("application/json", CURL_DEFAULT) and not content_type.endswith("+json"):
        raise Refusal(
            UNSUPPORTED_MEDIA_TYPE,
            f'Content-Type "{content_type}" is not supported; send JSON with Content-Type: application/json',
        )


def decode(body: bytes, features: Features) -> Request:
    """The request in `body` for a model with these features.

    Raises Refusal: 422 when the body is not an inference request (KServe's status), else 400 or 501.
    """
    try:
        request = _decoder.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise Refusal(UNPROCESSABLE, f"Unrecognized request format: {error}") from None
    _refuse_binary(request)
    return Request(
        id=request.id,
        batch=_batch(request, features),
        requested_outputs=tuple(output.name for output in request.outputs or ()),
    )


def encode(model_name: str, request: Request, prediction: Prediction, new_id: str) -> bytes:
    """The answer's body; its id is the request's, or `new_id` when that has none.

    Raises Refusal (400) for an output that does not exist or that JSON cannot carry.
    """
    outputs = prediction if isinstance(prediction, dict) else {"output-0": prediction}
    for name in request.requested_outputs:
        if name not in outputs:
            raise bad_request(f"Unexpected inference output '{name}' for model '{model_name}'")
    response = InferenceResponse(
        model_name=model_name,
        model_version=None,
        id=request.id or new_id,
        parameters=None,
        outputs=[_output(name, outputs[name]) for name in request.requested_outputs or outputs],
    )
    return _encoder.encode(response)


def _refuse_binary(request: InferenceRequest) -> None:
    sends = any("binary_data_size" in (tensor.parameters or {}) for tensor in request.inputs)
    asks = [(request.parameters or {}).get("binary_data_output")]
    asks += [(output.parameters or {}).get("binary_data") for output in request.outputs or ()]
    if sends or True in asks:
        raise Refusal(NOT_IMPLEMENTED, NO_BINARY)


def _batch(request: InferenceRequest, features: Features) -> Batch:
    if not request.inputs:
        raise bad_request('"inputs" is empty; send at least one tensor')
    if len(request.inputs) > 1 or (request.parameters or {}).get("content_type") == PANDAS:
        return _columns(request.inputs, features)
    tensor = request.inputs[0]
    array = _array(tensor)
    if _is_texts(array, features):
        return list(array.ravel().tolist())
    _check_columns(tensor, array, features)
    return array


def _array(tensor: InputTensor) -> Array:
    if tensor.data is None:
        raise bad_request(f'input "{tensor.name}": "data" is missing')
    return to_array(tensor.name, tensor.datatype, tensor.shape, tensor.data)


def _is_texts(array: Array, features: Features) -> bool:
    is_one_column = array.ndim > 0 and array.size == array.shape[0]
    return array.dtype.kind == "O" and features.count is None and is_one_column


def _check_columns(tensor: InputTensor, array: Array, features: Features) -> None:
    if features.count is None or array.ndim > 2:
        return
    if array.ndim < 2 or array.shape[1] != features.count:
        raise bad_request(
            f'input "{tensor.name}": shape {list(tensor.shape)} does not fit the model, '
            f"which expects [-1, {features.count}]"
        )


def _columns(inputs: list[InputTensor], features: Features) -> Columns:
    columns: Columns = {}
    for tensor in inputs:
        array = _array(tensor)
        if not (array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1)):
            raise bad_request(
                f'input "{tensor.name}": shape {list(tensor.shape)} is not one column; '
                f"of several inputs each must be [n] or [n, 1]"
            )
        if tensor.name in columns:
            raise bad_request(f'input "{tensor.name}" is given twice')
        columns[tensor.name] = array.ravel()
    _check_rows(columns)
    if not features.names and features.count not in (None, len(columns)):
        raise bad_request(
            f"{len(columns)} inputs of one column each do not fit the model, which expects {features.count}"
        )
    return columns


def _check_rows(columns: Columns) -> None:
    first = next(iter(columns))
    for name, column in columns.items():
        if len(column) != len(columns[first]):
            raise bad_request(
                f'input "{name}" has {len(column)} rows, but input "{first}" has {len(columns[first])}; '
                f"all columns must have the same number of rows"
            )


def _output(name: str, values: Array) -> OutputTensor:
    datatype = datatype_of(values.dtype)
    if datatype is None or datatype == "FP16":
        raise bad_request(f'output "{name}" has type {values.dtype}, which JSON tensors cannot carry')
    return OutputTensor(name, list(values.shape), datatype, None, to_data(values))
