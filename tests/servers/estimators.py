"""Estimators whose pickles behave as a test needs; the server imports them by this module's name."""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError

GATE = "TEST_GATE"
LONGEST_WAIT_SECONDS = 30.0


def wait_for_gate() -> None:
    """Block until the file named by the environment variable TEST_GATE exists."""
    gate = Path(os.environ[GATE])
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while not gate.exists():
        assert time.monotonic() < deadline, f"{gate} never appeared"
        time.sleep(0.005)


class GatedLoad:
    """Loads only when the gate opens."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        wait_for_gate()
        self.__dict__.update(state)

    def __getstate__(self) -> dict[str, Any]:
        return {"marker": 1}

    def predict(self, rows: Any) -> Any:
        return [0 for _ in rows]


class GatedPredict:
    """Answers a row of ones only when the gate opens; everything else at once."""

    n_features_in_ = 1

    def predict(self, rows: Any) -> Any:
        if np.asarray(rows).ravel()[0] == 1:
            wait_for_gate()
        return np.asarray(rows)[:, 0]


class Failing:
    """Raises what it was made with at every prediction."""

    def __init__(self, error: Exception, n_features: int | None = None) -> None:
        self.error = error
        if n_features is not None:
            self.n_features_in_ = n_features

    def predict(self, rows: Any) -> Any:
        raise self.error


class Echo:
    """Answers with its input."""

    def predict(self, rows: Any) -> Any:
        return rows


class Unfitted:
    """Says that it is not fitted, as estimators do."""

    n_features_in_ = 2

    def predict(self, rows: Any) -> Any:
        raise NotFittedError("call fit first")
