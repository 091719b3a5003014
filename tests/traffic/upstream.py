"""A small replica as a process of its own: says who it is and what it was asked. Arguments: NAME PORT."""

import asyncio
import sys

from aiohttp import web


async def answer(request: web.Request) -> web.Response:
    body = await request.read()
    await asyncio.sleep(float(request.query.get("delay_ms", 0)) / 1000)
    said = {
        "name": sys.argv[1],
        "path": request.path_qs,
        "host": request.host,
        "body_bytes": len(body),
        "headers": {key.lower(): value for key, value in request.headers.items()},
    }
    status = 503 if request.query.get("refuse") == sys.argv[1] else int(request.query.get("status", 200))
    return web.json_response(said, status=status)


async def ready(_: web.Request) -> web.Response:
    return web.Response(text="ready")


async def tokens(request: web.Request) -> web.StreamResponse:
    """One event each 20 ms, as a language model streams."""
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    for number in range(int(request.query["count"])):
        await response.write(f"data: {number}\n\n".encode())
        await asyncio.sleep(0.02)
    await response.write(b"data: [DONE]\n\n")
    return response


if __name__ == "__main__":
    application = web.Application(client_max_size=32 * 1024 * 1024)
    application.router.add_get("/v2/health/ready" if len(sys.argv) < 4 else sys.argv[3], ready)
    application.router.add_post("/tokens", tokens)
    application.router.add_route("*", "/{path:.*}", answer)
    web.run_app(application, host="127.0.0.1", port=int(sys.argv[2]), print=None, access_log=None)
