"""One prediction from request body to answer body; runs in a worker thread."""

from dataclasses import dataclass
from time import perf_counter

from tradewind.servers import v1, v2
from tradewind.servers.errors import MODEL_FAILED, Refusal, bad_request
from tradewind.servers.metrics import Metrics
from tradewind.servers.model import Batch, Model, Prediction, ServedModel


@dataclass(frozen=True)
class Answer:
    """The answer's body, and how long its three steps took."""

    body: bytes
    preprocess_seconds: float
    predict_seconds: float
    postprocess_seconds: float


def answer_v1(served: ServedModel, body: bytes, metrics: Metrics) -> Answer:
    """A V1 `:predict`. Raises Refusal."""
    started = perf_counter()
    batch = v1.decode(body)
    decoded = perf_counter()
    prediction = _predict(served.model, batch)
    predicted = perf_counter()
    encoded = v1.encode(prediction)
    return _observed(encoded, started, decoded, predicted, metrics)


def answer_v2(served: ServedModel, body: bytes, metrics: Metrics, new_id: str) -> Answer:
    """A V2 `infer`. Raises Refusal."""
    started = perf_counter()
    request = v2.decode(body, served.model.features)
    decoded = perf_counter()
    prediction = _predict(served.model, request.batch)
    predicted = perf_counter()
    encoded = v2.encode(served.name, request, prediction, new_id)
    return _observed(encoded, started, decoded, predicted, metrics)


def _predict(model: Model, batch: Batch) -> Prediction:
    """ValueError and TypeError are how estimators say that the input is wrong: the client's 400.

    KServe answers 500 to every failure. Behind a gateway that retries 5xx on other replicas and ejects
    those that answer it, one client's bad input would then take healthy replicas out.
    """
    try:
        return model.predict(batch)
    except (ValueError, TypeError) as error:
        raise bad_request(str(error)) from error
    except Exception as error:
        raise Refusal(MODEL_FAILED, f"{type(error).__name__} : {error}") from error


def _observed(encoded: bytes, started: float, decoded: float, predicted: float, metrics: Metrics) -> Answer:
    ended = perf_counter()
    answer = Answer(encoded, decoded - started, predicted - decoded, ended - predicted)
    metrics.preprocess.observe(answer.preprocess_seconds)
    metrics.predict.observe(answer.predict_seconds)
    metrics.postprocess.observe(answer.postprocess_seconds)
    return answer
