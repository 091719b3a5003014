"""The HTTP application: routes, and one place where every failure becomes an answer."""

from typing import Any

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from tradewind.servers.endpoints import add_routes
from tradewind.servers.errors import BAD_REQUEST, MODEL_FAILED, Refusal, describe
from tradewind.servers.events import emit
from tradewind.servers.lifecycle import Phase
from tradewind.servers.state import STATE, ServerState


def make_app(state: ServerState) -> web.Application:
    """The application over `state`, ready to be run."""
    app = web.Application(client_max_size=state.settings.max_body_bytes, middlewares=[answer_failures])
    app[STATE] = state
    add_routes(app)
    return app


@web.middleware
async def answer_failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn failures into KServe's JSON errors; while draining, ask the client to close its connection."""
    try:
        response = await handler(request)
    except Refusal as refusal:
        if refusal.status == MODEL_FAILED:
            emit("predict_failed", path=request.path, error=describe(refusal))
        response = _error(refusal.status, {"error": refusal.message}, refusal.headers)
    except web.HTTPException as error:
        # FastAPI's words for unknown paths and methods
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        response = _error(error.status, {"detail": error.reason}, allow)
    except (web.RequestPayloadError, HttpProcessingError, ConnectionError) as error:
        # of a client that went away, nobody reads this; raised, aiohttp would log it as our failure
        response = _error(BAD_REQUEST, {"error": f"the request body cannot be read: {error}"}, {})
    except Exception as error:
        emit("request_failed", path=request.path, error=describe(error))
        response = _error(MODEL_FAILED, {"error": f"{type(error).__name__} : {error}"}, {})
    if request.app[STATE].phase is Phase.DRAINING:
        response.force_close()
    return response


def _error(status: int, content: Any, headers: dict[str, str]) -> web.Response:
    return web.Response(
        status=status, body=msgspec.json.encode(content), content_type="application/json", headers=headers
    )
