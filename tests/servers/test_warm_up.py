"""The first prediction proves the model; what it cannot prove does not fail a good model."""

import json

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from tests.servers.estimators import Echo, Failing, Unfitted
from tradewind.servers.errors import StartError
from tradewind.servers.model import Features, TensorMetadata
from tradewind.servers.sklearn_model import SklearnModel
from tradewind.servers.warm_up import warm_up

ROWS = np.array([[0.0, 1.0], [1.0, 0.0]])


def test_a_numeric_model_is_asked_zeros_and_tells_its_tensors():
    estimator = LinearRegression().fit(ROWS, [[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]])
    served = warm_up("m", "sklearn", SklearnModel(Features(2), estimator.predict))
    assert served.inputs == (TensorMetadata("input-0", "FP64", (-1, 2)),)
    assert served.outputs == (TensorMetadata("output-0", "FP64", (-1, 3)),)


def test_a_text_pipeline_is_asked_an_empty_text_and_tells_its_tensors():
    estimator = make_pipeline(CountVectorizer(), LogisticRegression()).fit(["a word", "other"], ["x", "y"])
    served = warm_up("m", "sklearn", SklearnModel(Features(), estimator.predict))
    assert served.inputs == (TensorMetadata("input-0", "BYTES", (-1,)),)
    assert served.outputs == (TensorMetadata("output-0", "BYTES", (-1,)),)


def test_a_model_of_named_columns_is_asked_by_name():
    served = warm_up("m", "sklearn", SklearnModel(Features(2, ("a", "b")), Echo().predict))
    assert served.inputs == (TensorMetadata("input-0", "FP64", (-1, 2)),)
    assert served.outputs == (TensorMetadata("output-0", "FP64", (-1, 2)),)


def test_a_good_model_that_refuses_the_question_is_served(capsys: pytest.CaptureFixture[str]):
    estimator = make_pipeline(OneHotEncoder(), LogisticRegression()).fit([["red"], ["blue"]], [0, 1])
    served = warm_up("m", "sklearn", SklearnModel(Features(1), estimator.predict))
    assert (served.inputs, served.outputs) == ((), ())
    event = json.loads(capsys.readouterr().out)
    assert event["event"] == "warm_up_skipped"
    assert event["reason"].startswith("it refused the warm-up input (TypeError: ")


HOPELESS = [
    (Unfitted(), "model m is not fitted; fit it before saving it"),
    (
        Failing(ModuleNotFoundError("No module named 'pandas'"), 1),
        "model m cannot predict: ModuleNotFoundError",
    ),
]


@pytest.mark.parametrize(("estimator", "message"), HOPELESS)
def test_a_model_that_no_input_can_help_is_not_served(estimator: Unfitted | Failing, message: str):
    with pytest.raises(StartError, match=message):
        warm_up("m", "sklearn", SklearnModel(Features(2), estimator.predict))
