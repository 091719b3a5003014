"""JSON tensors: every datatype in and out, and every way to be wrong with the words that say so."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tradewind.servers.errors import Refusal
from tradewind.servers.tensors import DATATYPES, datatype_of, to_array, to_data

GOOD = [
    ("BOOL", [2], [True, False], np.array([True, False])),
    ("INT8", [1, 2], [-128, 127], np.array([[-128, 127]], np.int8)),
    ("INT16", [2, 1], [1, 2], np.array([[1], [2]], np.int16)),
    ("INT32", [1], [7], np.array([7], np.int32)),
    ("INT64", [1], [-(2**63)], np.array([-(2**63)], np.int64)),
    ("UINT8", [2], [0, 255], np.array([0, 255], np.uint8)),
    ("UINT16", [1], [65535], np.array([65535], np.uint16)),
    ("UINT32", [1], [2**32 - 1], np.array([2**32 - 1], np.uint32)),
    ("UINT64", [1], [2**64 - 1], np.array([2**64 - 1], np.uint64)),
    ("FP32", [2], [1, 0.5], np.array([1, 0.5], np.float32)),
    ("FP64", [2, 2], [[1.0, 2.0], [3.0, 4.0]], np.array([[1.0, 2.0], [3.0, 4.0]])),
    ("fp64", [1], [1.5], np.array([1.5])),
    ("FP64", [2, 2], [1.0, 2.0, 3.0, 4.0], np.array([[1.0, 2.0], [3.0, 4.0]])),
    ("FP64", [4], [[1.0, 2.0], [3.0, 4.0]], np.array([1.0, 2.0, 3.0, 4.0])),
    ("FP64", [0, 4], [], np.zeros((0, 4))),
    ("FP64", [], [3.5], np.array(3.5)),
    ("BYTES", [1, 2], ["a", "é"], np.array([["a", "é"]], object)),
    ("BYTES", [2], ["a", None], np.array(["a", None], object)),
]


@pytest.mark.parametrize(("datatype", "shape", "data", "wanted"), GOOD)
def test_data_becomes_an_array(datatype: str, shape: list[int], data: list[Any], wanted: Any):
    got = to_array("x", datatype, shape, data)
    assert got.dtype == wanted.dtype
    assert got.shape == wanted.shape
    assert got.tolist() == wanted.tolist()


def test_null_is_not_a_number():
    got = to_array("x", "FP32", [2], [None, 1])
    assert math.isnan(got[0])
    assert got[1] == 1


BAD = [
    ("FP8", [1], [1], 'input "x": datatype "FP8" is not one of BOOL, INT8'),
    ("FP16", [1], [1.0], 'input "x": FP16 data via JSON is not supported'),
    ("FP32", [2, 2], [1, 2, 3], "shape [2, 2] holds 4 values, but data has 3"),
    ("FP32", [-1, 2], [1, 2], "shape [-1, 2] has a negative size"),
    ("FP32", [2, 2], [[1, 2], [3]], "data is ragged"),
    ("FP32", [2, 2], [[1, 2], 3], "data is ragged"),
    ("FP32", [2], [1, [2]], "FP32 data must be numbers or null, but element 1 is [2]"),
    ("FP32", [1], ["1"], "FP32 data must be numbers or null, but element 0 is '1'"),
    ("FP64", [1], [True], "but element 0 is True"),
    ("FP32", [2], [0, 1e300], "element 1 is 1e+300, out of range for FP32"),
    ("FP64", [1], [10**400], "out of range for FP64"),
    ("INT32", [2], [1, 1.5], "INT32 data must be whole numbers, but element 1 is 1.5"),
    ("INT32", [1], [None], "but element 0 is None"),
    ("UINT8", [2], [1, 300], "element 1 is 300, out of range for UINT8 (0 to 255)"),
    ("UINT8", [1], [-1], "out of range for UINT8 (0 to 255)"),
    ("INT64", [1], [2**63], "out of range for INT64"),
    ("BOOL", [1], [1], "BOOL data must be true or false, but element 0 is 1"),
    ("BYTES", [1], [1], "BYTES data must be strings or null, but element 0 is 1"),
]


@pytest.mark.parametrize(("datatype", "shape", "data", "message"), BAD)
def test_wrong_data_is_refused_with_400(datatype: str, shape: list[int], data: list[Any], message: str):
    with pytest.raises(Refusal) as caught:
        to_array("x", datatype, shape, data)
    assert caught.value.status == 400
    assert message in caught.value.message
    assert 'input "x"' in caught.value.message


OUT = [
    (np.array([1, 2]), "INT64", [1, 2]),
    (np.array([[1.5], [2.5]], np.float32), "FP32", [1.5, 2.5]),
    (np.array([1.0], ">f8"), "FP64", [1.0]),
    (np.array([True]), "BOOL", [True]),
    (np.array(["a", "bc"]), "BYTES", ["a", "bc"]),
    (np.array([b"a"], object), "BYTES", ["a"]),
    (np.array(["a", 1], object), "BYTES", ["a", "1"]),
    (np.array(["2026-01-02"], "datetime64[D]"), "BYTES", ["2026-01-02"]),
]


@pytest.mark.parametrize(("array", "datatype", "data"), OUT)
def test_an_array_becomes_data(array: Any, datatype: str, data: list[Any]):
    assert datatype_of(array.dtype) == datatype
    assert to_data(array) == data


def test_a_type_without_a_name_has_none():
    assert datatype_of(np.dtype(complex)) is None


@given(
    arrays.arrays(
        st.sampled_from([t for name, t in DATATYPES.items() if name not in ("BYTES", "FP16")]),
        arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4),
        elements={"allow_nan": False, "allow_infinity": False},
    )
)
def test_what_goes_out_comes_back_the_same(array: Any):
    datatype = datatype_of(array.dtype)
    assert datatype is not None
    flat = to_array("x", datatype, array.shape, to_data(array))
    assert flat.dtype == array.dtype
    assert np.array_equal(flat, array)
    if array.size:  # an empty nested list no longer tells its inner sizes
        assert np.array_equal(to_array("x", datatype, array.shape, array.tolist()), array)
