"""What a framework gives the server: a loaded model that answers batches. See `frameworks` for the table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy.typing as npt

Array = npt.NDArray[Any]
Columns = dict[str, Array | list[Any]]
Batch = Array | list[str] | Columns
Prediction = Array | dict[str, Array]


@dataclass(frozen=True)
class Features:
    """What is known of a model's input: the number of columns, and their names if it was fitted on names."""

    count: int | None = None
    names: tuple[str, ...] = ()


class Model(Protocol):
    """A loaded model."""

    @property
    def features(self) -> Features:
        """What it expects."""

    def predict(self, batch: Batch) -> Prediction:
        """Answer one batch: an array, a list of texts, or named columns of equal length.

        Raises ValueError or TypeError for a batch that the model refuses, anything else when the model fails.
        """


Load = Callable[[Path, Mapping[str, str]], Model]


@dataclass(frozen=True)
class TensorMetadata:
    """One input or output in the model metadata of the Open Inference Protocol; -1 is any size."""

    name: str
    datatype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class ServedModel:
    """A model that is ready, with the inputs and outputs that its warm-up proved."""

    name: str
    framework: str
    model: Model
    inputs: tuple[TensorMetadata, ...] = ()
    outputs: tuple[TensorMetadata, ...] = ()
