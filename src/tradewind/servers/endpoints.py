"""The HTTP endpoints: KServe's V1 and V2 REST paths, health and metrics.

Differences from KServe, which are on purpose: `/v2/health/ready` answers 503 until the model is ready
and while the server drains (KServe: always 200); model metadata tells the inputs and outputs that the
warm-up proved (KServe: empty lists); the model repository extension is not offered.
"""

import asyncio
import functools
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import msgspec
from aiohttp import web

from tradewind.servers import cloudevents, v1, v2
from tradewind.servers.errors import NOT_IMPLEMENTED, REQUEST_TIMEOUT, TIMED_OUT, TOO_LARGE, Refusal
from tradewind.servers.events import emit
from tradewind.servers.metrics import exposition
from tradewind.servers.prediction import Answer, answer_v1, answer_v2
from tradewind.servers.state import STATE, ServerState

BODY_TIMEOUT_SECONDS = 60.0
JSON = "application/json"


def add_routes(app: web.Application) -> None:
    """Every path of the server; aiohttp tries them in this order, so predictions come first."""
    app.router.add_post("/v1/models/{name}:predict", predict_v1)
    app.router.add_post("/v2/models/{name}/infer", infer_v2)
    app.router.add_get("/", live_v1)
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/v1/models", list_models)
    app.router.add_get("/v1/models/{name}", model_ready)
    app.router.add_post("/v1/models/{name}:explain", explain_v1)
    app.router.add_get("/v2", server_metadata)
    app.router.add_get("/v2/health/live", live_v2)
    app.router.add_get("/v2/health/ready", server_ready)
    app.router.add_get("/v2/models", list_models)
    app.router.add_get("/v2/models/{name}", model_metadata)
    app.router.add_get("/v2/models/{name}/ready", model_ready)
    app.router.add_get("/v2/models/{name}/versions/{version}", refuse_version)
    app.router.add_get("/v2/models/{name}/versions/{version}/ready", refuse_version)
    app.router.add_post("/v2/models/{name}/versions/{version}/infer", refuse_version)


async def live_v1(_: web.Request) -> web.Response:
    """The process runs."""
    return _json({"status": "alive"})


async def live_v2(_: web.Request) -> web.Response:
    """The process runs."""
    return _json({"live": True})


async def server_ready(request: web.Request) -> web.Response:
    """Whether the server takes new requests; 503 with the reason when not."""
    if refusal := request.app[STATE].check_server_ready():
        raise refusal
    return _json({"ready": True})


async def metrics(request: web.Request) -> web.Response:
    """Prometheus text."""
    body, content_type = exposition(request.app[STATE].metrics, request.headers.get("Accept", ""))
    return web.Response(body=body, headers={"Content-Type": content_type})


async def list_models(request: web.Request) -> web.Response:
    """The name of the one model, loaded or not."""
    return _json({"models": [request.app[STATE].settings.model_name]})


async def model_ready(request: web.Request) -> web.Response:
    """Whether the model takes new requests; 404 for another name, 503 with the reason when not ready."""
    name = request.match_info["name"]
    request.app[STATE].require_ready(name)
    return _json({"name": name, "ready": True})


async def server_metadata(_: web.Request) -> web.Response:
    """Name, version and protocol extensions of the server."""
    return _json({"name": "tradewind", "version": _own_version(), "extensions": []})


async def model_metadata(request: web.Request) -> web.Response:
    """What the model takes and gives, as far as its warm-up showed."""
    served = request.app[STATE].require_loaded(request.match_info["name"])
    return _json(
        {
            "name": served.name,
            "versions": None,
            "platform": served.framework,
            "inputs": served.inputs,
            "outputs": served.outputs,
        }
    )


async def refuse_version(_: web.Request) -> web.Response:
    """KServe's answer to any versioned path."""
    raise Refusal(NOT_IMPLEMENTED, "Model versioning not supported yet.")


async def explain_v1(request: web.Request) -> web.Response:
    """KServe's answer of a predictor without an explainer."""
    request.app[STATE].require_loaded(request.match_info["name"])
    raise Refusal(NOT_IMPLEMENTED, "Could not find explainer_host.")


async def predict_v1(request: web.Request) -> web.Response:
    """A V1 prediction, in a CloudEvent if the request is one."""
    state = request.app[STATE]
    served = state.require_loaded(request.match_info["name"])
    with state.admission.admit():
        v1.check_headers(request.headers)
        event, body = cloudevents.unwrap(request.headers, await _read_body(request, state))
        answer = await _run(state, request, functools.partial(answer_v1, served, body, state.metrics))
    if event is None:
        return web.Response(body=answer, content_type=JSON)
    now = datetime.now(UTC).isoformat()
    headers, wrapped = cloudevents.wrap(event, served.name, answer, str(uuid.uuid4()), now, state.environment)
    return web.Response(body=wrapped, headers=headers)


async def infer_v2(request: web.Request) -> web.Response:
    """A V2 inference."""
    state = request.app[STATE]
    served = state.require_loaded(request.match_info["name"])
    with state.admission.admit():
        v2.check_headers(request.headers)
        body = await _read_body(request, state)
        call = functools.partial(answer_v2, served, body, state.metrics, str(uuid.uuid4()))
        answer = await _run(state, request, call)
    return web.Response(body=answer, content_type=JSON)


async def _read_body(request: web.Request, state: ServerState) -> bytes:
    try:
        if (request.content_length or 0) > state.settings.max_body_bytes:
            raise web.HTTPRequestEntityTooLarge(state.settings.max_body_bytes)
        if request.content.is_eof():  # all of it is here: spare the timer
            return await request.read()
        async with asyncio.timeout(BODY_TIMEOUT_SECONDS):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise Refusal(
            TOO_LARGE,
            f"the request body is larger than {state.settings.max_body_bytes} bytes, the limit of this "
            f"replica; send smaller batches, or raise --max_body_bytes",
        ) from None
    except TimeoutError:
        raise Refusal(
            REQUEST_TIMEOUT, f"the request body did not arrive within {BODY_TIMEOUT_SECONDS:g} s"
        ) from None


async def _run(state: ServerState, request: web.Request, call: Callable[[], Answer]) -> bytes:
    timeout_seconds = state.settings.predict_timeout_seconds
    try:
        answer = await state.workers.run(call, timeout_seconds)
    except TimeoutError:
        raise Refusal(TIMED_OUT, f"the model did not answer within {timeout_seconds:g} s") from None
    if state.settings.logs_latency:
        _log_latency(request, answer)
    return answer.body


def _log_latency(request: web.Request, answer: Answer) -> None:
    emit(
        "latency",
        requestId=request.headers.get("x-request-id", "N.A."),
        preprocess_ms=round(answer.preprocess_seconds * 1000, 3),
        explain_ms=0,
        predict_ms=round(answer.predict_seconds * 1000, 3),
        postprocess_ms=round(answer.postprocess_seconds * 1000, 3),
    )


@functools.cache
def _own_version() -> str:
    return version("tradewind")


def _json(content: Any) -> web.Response:
    return web.Response(body=msgspec.json.encode(content), content_type=JSON)
