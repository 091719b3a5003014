"""Tensors of the Open Inference Protocol as JSON: datatypes, data to array, array to data.

Rules of KServe's `infer_type.py` and `numpy_codec.py`, with one difference: data that numpy would
silently convert (1.5 to INT32, "3" to FP32, 300 to UINT8) is refused, because a wrong number in is a
wrong prediction out. JSON has no NaN: null is NaN in a floating-point tensor and None among BYTES.
"""

import math
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from tradewind.servers.errors import bad_request
from tradewind.servers.model import Array

DATATYPES: dict[str, np.dtype[Any]] = {
    "BOOL": np.dtype(bool),
    "INT8": np.dtype(np.int8),
    "INT16": np.dtype(np.int16),
    "INT32": np.dtype(np.int32),
    "INT64": np.dtype(np.int64),
    "UINT8": np.dtype(np.uint8),
    "UINT16": np.dtype(np.uint16),
    "UINT32": np.dtype(np.uint32),
    "UINT64": np.dtype(np.uint64),
    "FP16": np.dtype(np.float16),
    "FP32": np.dtype(np.float32),
    "FP64": np.dtype(np.float64),
    "BYTES": np.dtype(object),
}
_NAMES = {dtype: name for name, dtype in DATATYPES.items()}
_BYTES_KINDS = "OSUM"
_ELEMENTS: dict[str, tuple[frozenset[type], str]] = {
    "b": (frozenset({bool}), "true or false"),
    "i": (frozenset({int}), "whole numbers"),
    "u": (frozenset({int}), "whole numbers"),
    "f": (frozenset({int, float, type(None)}), "numbers or null"),
    "O": (frozenset({str, type(None)}), "strings or null"),
}


def datatype_of(dtype: np.dtype[Any]) -> str | None:
    """The protocol's name of a numpy type; None when it has none. Texts, dates and objects are BYTES."""
    if dtype.kind in _BYTES_KINDS:
        return "BYTES"
    return _NAMES.get(dtype.newbyteorder("="))


def to_array(name: str, datatype: str, shape: Sequence[int], data: list[Any]) -> Array:
    """The array of one JSON input, flat or nested in row-major order.

    Raises Refusal (400) naming the input, what it holds and what was expected.
    """
    dtype = DATATYPES.get(datatype.upper())
    if dtype is None:
        raise bad_request(f'input "{name}": datatype "{datatype}" is not one of {", ".join(DATATYPES)}')
    if datatype.upper() == "FP16":
        raise bad_request(f'input "{name}": FP16 data via JSON is not supported; send it as FP32')
    if any(size < 0 for size in shape):
        raise bad_request(f'input "{name}": shape {list(shape)} has a negative size')
    values = _flatten(name, data)
    if len(values) != math.prod(shape):
        raise bad_request(
            f'input "{name}": shape {list(shape)} holds {math.prod(shape)} values, but data has {len(values)}'
        )
    _check_elements(name, datatype.upper(), dtype, values)
    return _convert(name, datatype.upper(), dtype, values).reshape(tuple(shape))


def to_data(array: Array) -> list[Any]:
    """The flat JSON data of an array, row-major; BYTES become strings.

    Raises UnicodeDecodeError for bytes that are not UTF-8, which JSON cannot carry.
    """
    flat = array.ravel()
    if flat.dtype.kind not in _BYTES_KINDS:
        return list(flat.tolist())
    return [_text(value) for value in flat.astype(object).tolist()]


def _flatten(name: str, data: list[Any]) -> list[Any]:
    while data and isinstance(data[0], list):
        width = len(data[0])
        for row in data:
            if not isinstance(row, list) or len(row) != width:
                raise bad_request(f'input "{name}": data is ragged; nested lists must have the same length')
        data = list(chain.from_iterable(data))
    return data


def _check_elements(name: str, datatype: str, dtype: np.dtype[Any], values: list[Any]) -> None:
    allowed, expected = _ELEMENTS[dtype.kind]
    wrong = set(map(type, values)) - allowed
    if wrong:
        place = next(place for place, value in enumerate(values) if type(value) in wrong)
        raise bad_request(
            f'input "{name}": {datatype} data must be {expected}, '
            f"but element {place} is {_quote(values[place])}"
        )


def _convert(name: str, datatype: str, dtype: np.dtype[Any], values: list[Any]) -> Array:
    try:
        with np.errstate(over="raise"):
            return np.array(values, dtype=dtype)
    except (OverflowError, FloatingPointError):
        info = np.iinfo(dtype) if dtype.kind in "iu" else np.finfo(dtype)
        place = next(place for place, value in enumerate(values) if not _fits(value, info.min, info.max))
        raise bad_request(
            f'input "{name}": element {place} is {_quote(values[place])}, '
            f"out of range for {datatype} ({info.min} to {info.max})"
        ) from None


def _fits(value: float | None, lowest: Any, highest: Any) -> bool:
    return value is None or int(lowest) <= value <= int(highest)


def _quote(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:40] + "..."


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
