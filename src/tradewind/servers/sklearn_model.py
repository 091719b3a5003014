"""scikit-learn models, as KServe's sklearnserver serves them.

`PREDICT_PROBA=true` in the environment answers class probabilities instead of predictions, for
estimators that have them (KServe's variable).
"""

import importlib.util
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tradewind.servers import pickles
from tradewind.servers.errors import StartError
from tradewind.servers.events import emit
from tradewind.servers.model import Array, Batch, Columns, Features, Prediction
from tradewind.servers.model_files import find_model_file

EXTENSIONS = (".joblib", ".pkl", ".pickle")
PREDICT_PROBA = "PREDICT_PROBA"


@dataclass(frozen=True)
class SklearnModel:
    """A fitted estimator; `make_frame` builds a DataFrame for one that was fitted on named columns."""

    features: Features
    answer: Callable[[Any], Any]
    make_frame: Callable[[Columns], Any] | None = None

    def predict(self, batch: Batch) -> Prediction:
        """Answer a batch. Raises ValueError or TypeError for input that the estimator refuses."""
        return to_prediction(self.answer(self._input(batch)))

    def _input(self, batch: Batch) -> Any:
        if not isinstance(batch, dict):
            return batch
        if self.make_frame is not None:
            return self.make_frame(in_fit_order(batch, self.features.names))
        return as_array(batch, self.features.names)


def load(folder: Path, environment: Mapping[str, str]) -> SklearnModel:
    """Load the one model file in `folder`. Raises StartError with a line that says why it cannot."""
    path = find_model_file(folder, EXTENSIONS)
    estimator = pickles.read(path, _is_true(environment, pickles.ALLOW_MISMATCH))
    if not callable(getattr(estimator, "predict", None)):
        raise StartError(
            f"{path} holds a {type(estimator).__name__}, which has no predict(); "
            f"save the fitted estimator or pipeline itself"
        )
    # a tensor carries no column names, so this would be said of every model that was fitted with names
    warnings.filterwarnings("ignore", message="X does not have valid feature names")
    features = _features(estimator)
    return SklearnModel(features, _answer(estimator, environment), _frame_maker(features))


def in_fit_order(columns: Columns, names: tuple[str, ...]) -> Columns:
    """The same columns, those the estimator was fitted with first and in its order."""
    known = {name: columns[name] for name in names if name in columns}
    return known | columns


def as_array(columns: Columns, names: tuple[str, ...]) -> Array:
    """Named columns side by side: in the order of `names`, or as given when the model knows no names.

    Raises ValueError that names missing and unknown columns.
    """
    missing = [name for name in names if name not in columns]
    unknown = [name for name in columns if names and name not in names]
    if missing or unknown:
        problems = [f"missing {', '.join(missing)}"] if missing else []
        problems += [f"unknown {', '.join(unknown)}"] if unknown else []
        raise ValueError(f"columns do not match the model: {'; '.join(problems)}")
    arrays = [_column(columns[name]) for name in names or columns]
    if any(array.dtype.kind == "O" for array in arrays):
        arrays = [array.astype(object) for array in arrays]
    return np.column_stack(arrays)


def to_prediction(result: Any) -> Prediction:
    """What an estimator returned, as an array or (for a DataFrame) named columns.

    Raises RuntimeError for anything else: then the model is wrong, not its input.
    """
    if hasattr(result, "columns") and hasattr(result, "to_numpy"):
        return {str(name): result[name].to_numpy() for name in result.columns}
    if hasattr(result, "toarray"):
        result = result.toarray()
    if isinstance(result, np.ndarray):
        return result
    if isinstance(result, list | tuple):
        try:
            return np.array(result)
        except ValueError as error:
            raise RuntimeError(f"predict() returned a list that is no array: {error}") from None
    raise RuntimeError(f"predict() returned a {type(result).__name__}, not an array, list or DataFrame")


def _features(estimator: Any) -> Features:
    count = getattr(estimator, "n_features_in_", None)
    names = getattr(estimator, "feature_names_in_", ())
    return Features(None if count is None else int(count), tuple(str(name) for name in names))


def _answer(estimator: Any, environment: Mapping[str, str]) -> Callable[[Any], Any]:
    method = "predict"
    if _is_true(environment, PREDICT_PROBA):
        if hasattr(estimator, "predict_proba"):
            method = "predict_proba"
        else:
            kind = type(estimator).__name__
            emit("load_warning", warning=f"{PREDICT_PROBA} has no effect: {kind} has no predict_proba()")
    answer: Callable[[Any], Any] = getattr(estimator, method)
    return answer


def _frame_maker(features: Features) -> Callable[[Columns], Any] | None:
    if not features.names or importlib.util.find_spec("pandas") is None:
        return None
    maker: Callable[[Columns], Any] = importlib.import_module("pandas").DataFrame
    return maker


def _column(values: Any) -> Array:
    array = np.asarray(values)
    if array.dtype.kind not in "UO":
        return array
    kinds = set(map(type, values))
    if kinds <= {int, float, type(None)}:
        return np.array(values, dtype=float)
    return np.array(values, dtype=object)


def _is_true(environment: Mapping[str, str], name: str) -> bool:
    return environment.get(name, "").strip().lower() == "true"
