"""Loading real files, good and bad, and asking the model what its estimator would be asked."""

import json
import pickle
import sys
import types
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

from tests.servers.estimators import Echo
from tradewind.servers import sklearn_model
from tradewind.servers.errors import StartError
from tradewind.servers.model import Features
from tradewind.servers.pickles import saved_version
from tradewind.servers.sklearn_model import SklearnModel, as_array, in_fit_order, load, to_prediction

ROWS = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [3.0, 1.0]])
CLASSES = np.array([0, 1, 1, 0])
OLD = "1.3.2"
HERE = sklearn.__version__


def fitted() -> LogisticRegression:
    return LogisticRegression().fit(ROWS, CLASSES)


def save(folder: Path, value: object, protocol: int = 4) -> Path:
    path = folder / "model.pkl"
    path.write_bytes(pickle.dumps(value, protocol))
    return path


def save_old(folder: Path, monkeypatch: pytest.MonkeyPatch, protocol: int = 4) -> Path:
    """A file as another scikit-learn would have written it."""
    with monkeypatch.context() as patch:
        patch.setattr("sklearn.base.__version__", OLD)
        return save(folder, fitted(), protocol)


@pytest.mark.parametrize("name", ["model.joblib", "model.pkl", "model.pickle"])
def test_a_saved_estimator_answers_as_before(tmp_path: Path, name: str):
    joblib.dump(fitted(), tmp_path / name)
    model = load(tmp_path, {})
    assert model.features == Features(2)
    assert np.array_equal(model.predict(ROWS), fitted().predict(ROWS))


def test_predict_proba_is_answered_when_the_environment_says_so(tmp_path: Path):
    save(tmp_path, fitted())
    got = load(tmp_path, {"PREDICT_PROBA": "true"}).predict(ROWS)
    assert np.array_equal(got, fitted().predict_proba(ROWS))


def test_predict_proba_without_probabilities_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    estimator = LinearRegression().fit(ROWS, CLASSES)
    save(tmp_path, estimator)
    got = load(tmp_path, {"PREDICT_PROBA": "true"}).predict(ROWS)
    assert np.array_equal(got, estimator.predict(ROWS))
    assert "LinearRegression has no predict_proba()" in json.loads(capsys.readouterr().out)["warning"]


def test_a_text_pipeline_takes_texts(tmp_path: Path):
    estimator = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(["good", "bad"], ["yes", "no"])
    save(tmp_path, estimator)
    model = load(tmp_path, {})
    assert model.features == Features()
    assert model.predict(["good", "bad"]).tolist() == ["yes", "no"]  # type: ignore[union-attr]


def whole(folder: Path) -> bytes:
    return save(folder, fitted()).read_bytes()


BROKEN: dict[str, tuple[Any, str]] = {
    "empty": (lambda _: b"", "is empty; upload the model again"),
    "truncated": (lambda folder: whole(folder)[:-100], "is damaged or not a pickle ("),
    "garbage": (lambda _: b"\x89PNG not a pickle", "is damaged or not a pickle ("),
    "text": (lambda _: b"version https://git-lfs.github.com/spec/v1\n", "is damaged or not a pickle ("),
    "a dict": (lambda _: pickle.dumps({"model": 1}), "holds a dict, which has no predict()"),
    "a missing module": (
        lambda _: b"cno_such_package.models\nModel\n.",
        "needs Python module 'no_such_package', which is not installed",
    ),
    "code of a notebook": (
        lambda _: b"c__main__\nNoSuchEstimator\n.",
        "refers to code of the program that saved it",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_told_in_one_line(tmp_path: Path, case: str):
    make, message = BROKEN[case]
    (tmp_path / "model.pkl").write_bytes(make(tmp_path))
    with pytest.raises(StartError) as caught:
        load(tmp_path, {})
    assert message in str(caught.value)
    assert str(tmp_path / "model.pkl") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_may_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = save(tmp_path, fitted())

    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tradewind.servers.pickles.joblib.load", refuse)
    with pytest.raises(StartError, match=f"cannot read {path}: Permission denied"):
        load(tmp_path, {})


def test_another_version_is_refused_with_both_versions_and_the_fix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = save_old(tmp_path, monkeypatch)
    with pytest.raises(StartError) as caught:
        load(tmp_path, {})
    assert str(caught.value) == (
        f"{path} was saved by scikit-learn {OLD}, but this is scikit-learn {HERE}; save it again with this "
        f"version, or set TRADEWIND_ALLOW_VERSION_MISMATCH=true on the predictor to load it anyway"
    )


def test_another_version_is_loaded_when_allowed_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    save_old(tmp_path, monkeypatch)
    model = load(tmp_path, {"TRADEWIND_ALLOW_VERSION_MISMATCH": "true"})
    assert np.array_equal(model.predict(ROWS), fitted().predict(ROWS))
    assert json.loads(capsys.readouterr().out)["event"] == "version_mismatch"


@pytest.mark.parametrize(
    ("here", "gone"), [("LogisticRegression", "LogisticRegressiom"), ("_logistic", "_logistid")]
)
@pytest.mark.parametrize("allowed", ["true", ""])
def test_another_version_that_cannot_even_be_unpickled_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: str, gone: str, allowed: str
):
    path = save_old(tmp_path, monkeypatch)
    path.write_bytes(path.read_bytes().replace(here.encode(), gone.encode()))
    with pytest.raises(StartError) as caught:
        load(tmp_path, {"TRADEWIND_ALLOW_VERSION_MISMATCH": allowed})
    assert str(caught.value).startswith(
        f"{path} was saved by scikit-learn {OLD} and scikit-learn {HERE} cannot read it ("
    )
    assert gone in str(caught.value)


def test_a_missing_foreign_module_is_named_whatever_the_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = save_old(tmp_path, monkeypatch)
    path.write_bytes(b"\x80\x04cno_such_package\nModel\n0" + path.read_bytes())
    with pytest.raises(StartError, match="needs Python module 'no_such_package'"):
        load(tmp_path, {})


@pytest.mark.parametrize("protocol", range(6))
def test_the_version_is_found_in_every_pickle_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, protocol: int
):
    assert saved_version(save_old(tmp_path, monkeypatch, protocol)) == OLD


@pytest.mark.parametrize("compress", [("zlib", 3), ("gzip", 3), ("bz2", 3), ("xz", 3), 0])
def test_the_version_is_found_in_every_compression(tmp_path: Path, compress: Any):
    joblib.dump(fitted(), tmp_path / "model.joblib", compress=compress)
    assert saved_version(tmp_path / "model.joblib") == HERE


@pytest.mark.parametrize("version", ["1.4.0", "0.24.2", "1.5.dev0", "1.5rc1", "1.6.0.post1"])
def test_every_form_of_version_is_found(tmp_path: Path, version: str):
    path = save(tmp_path, {"_sklearn_version": version, "more": 1})
    assert saved_version(path) == version


def test_the_version_is_found_across_the_border_of_two_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = save_old(tmp_path, monkeypatch)
    for size in range(64, 164):
        monkeypatch.setattr("tradewind.servers.pickles.CHUNK_BYTES", size)
        assert saved_version(path) == OLD


@pytest.mark.parametrize("content", [b"", b"\x1f\x8bnot gzip", b"no version"])
def test_a_file_without_a_version_has_none(tmp_path: Path, content: bytes):
    (tmp_path / "model.pkl").write_bytes(content)
    assert saved_version(tmp_path / "model.pkl") is None


NAMED = SklearnModel(Features(2, ("age", "height")), Echo().predict)


def test_named_columns_are_put_in_the_order_of_the_fit():
    got = NAMED.predict({"height": [1.5, 1.7], "age": np.array([3, 4])})
    assert got.tolist() == [[3, 1.5], [4, 1.7]]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("columns", "wanted"),
    [
        ({"a": [1, 2], "b": [3.5, 4]}, [[1, 3.5], [2, 4]]),
        ({"a": [1, None]}, [[1.0], [None]]),
        ({"a": [1, 2], "b": ["x", None]}, [[1, "x"], [2, None]]),
    ],
)
def test_columns_without_names_stand_as_given(columns: dict[str, Any], wanted: Any):
    got = as_array(columns, ())
    assert np.where(got != got, None, got.astype(object)).tolist() == wanted


def test_missing_and_unknown_columns_are_named():
    with pytest.raises(ValueError, match="columns do not match the model: missing height; unknown hight"):
        as_array({"age": [1], "hight": [2]}, ("age", "height"))


def test_a_frame_is_made_for_a_model_of_named_columns_when_pandas_is_there(
    monkeypatch: pytest.MonkeyPatch,
):
    pandas = types.ModuleType("pandas")
    pandas.DataFrame = lambda columns: ("frame", columns)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: pandas if name == "pandas" else None)
    maker = sklearn_model._frame_maker(Features(2, ("age", "height")))
    asked: list[Any] = []
    model = SklearnModel(Features(2, ("age", "height")), lambda frame: asked.append(frame) or [0], maker)  # type: ignore[func-returns-value]
    model.predict({"extra": [9], "height": [1], "age": [2]})
    assert asked == [("frame", {"age": [2], "height": [1], "extra": [9]})]
    assert list(asked[0][1]) == ["age", "height", "extra"]
    assert sklearn_model._frame_maker(Features(2)) is None


def test_the_order_of_the_fit_keeps_what_the_fit_did_not_know():
    assert list(in_fit_order({"z": [1], "b": [2], "a": [3]}, ("a", "b", "c"))) == ["a", "b", "z"]


class Sparse:
    def toarray(self) -> Any:
        return np.eye(2)


class Frame:
    columns = ("a",)

    def __getitem__(self, name: str) -> Any:
        return types.SimpleNamespace(to_numpy=lambda: np.array([name]))

    def to_numpy(self) -> Any:
        raise AssertionError("a frame is not one array")


def test_what_estimators_return_becomes_arrays():
    assert to_prediction([1, 2]).tolist() == [1, 2]  # type: ignore[union-attr]
    assert to_prediction(Sparse()).tolist() == [[1, 0], [0, 1]]  # type: ignore[union-attr]
    assert to_prediction(Frame()) == {"a": np.array(["a"])}
    with pytest.raises(RuntimeError, match=r"predict\(\) returned a str, not an array, list or DataFrame"):
        to_prediction("text")
    with pytest.raises(RuntimeError, match=r"predict\(\) returned a list that is no array"):
        to_prediction([[1], [2, 3]])
