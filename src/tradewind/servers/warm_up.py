"""The first prediction: a model is ready when it has answered once, not when its file was read.

The question is one row of zeros when the model knows its number of columns, else one empty text
(a text pipeline has no number of columns). A good model may refuse either: a category that it never
saw, a column of texts among numbers. So a refusal is logged and the model counts as ready, with two
exceptions that no input can cure: an estimator that was never fitted, and a module that is missing.
"""

import numpy as np

from tradewind.servers.errors import StartError, describe
from tradewind.servers.events import emit
from tradewind.servers.model import Batch, Features, Model, Prediction, ServedModel, TensorMetadata
from tradewind.servers.tensors import datatype_of

ANY_SIZE = -1


def warm_up(name: str, framework: str, model: Model) -> ServedModel:
    """Ask `model` once; the metadata of what it took and gave is kept.

    Raises StartError when it can answer nothing at all.
    """
    try:
        prediction = model.predict(_question(model.features))
    except ImportError as error:
        raise StartError(f"model {name} cannot predict: {describe(error)}; install what it needs") from None
    except Exception as error:
        if type(error).__name__ == "NotFittedError":
            raise StartError(f"model {name} is not fitted; fit it before saving it") from None
        emit("warm_up_skipped", model=name, reason=f"it refused the warm-up input ({describe(error)})")
        return ServedModel(name, framework, model)
    return ServedModel(name, framework, model, (_input(model.features),), _outputs(prediction))


def _question(features: Features) -> Batch:
    if features.count is None:
        return [""]
    if features.names:
        return {name: np.zeros(1) for name in features.names}
    return np.zeros((1, features.count))


def _input(features: Features) -> TensorMetadata:
    if features.count is None:
        return TensorMetadata("input-0", "BYTES", (ANY_SIZE,))
    return TensorMetadata("input-0", "FP64", (ANY_SIZE, features.count))


def _outputs(prediction: Prediction) -> tuple[TensorMetadata, ...]:
    columns = prediction if isinstance(prediction, dict) else {"output-0": prediction}
    return tuple(
        TensorMetadata(name, datatype, (ANY_SIZE, *column.shape[1:]))
        for name, column in columns.items()
        if (datatype := datatype_of(column.dtype)) is not None
    )
