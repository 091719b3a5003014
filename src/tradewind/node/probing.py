"""Carries out probes (shell). Every way of failing is an answer, never an exception."""

import asyncio
import contextlib
from collections.abc import Mapping

import aiohttp

from tradewind.node.probes import Action, Exec, HttpGet, Probe, TcpSocket

Answer = tuple[bool, str]


async def ask(probe: Probe, http: aiohttp.ClientSession, environment: Mapping[str, str]) -> Answer:
    """Whether the probe passed within its timeout and, if not, why in kubelet's words where it has some.

    `environment` is for commands.
    """
    try:
        async with asyncio.timeout(probe.timeout_ms / 1000):
            return await _ask(probe.action, http, environment)
    except TimeoutError:
        return False, f"no answer within {probe.timeout_ms} ms"
    except (OSError, aiohttp.ClientError, ValueError) as error:
        return False, f"{error}" or type(error).__name__


async def _ask(action: Action, http: aiohttp.ClientSession, environment: Mapping[str, str]) -> Answer:
    match action:
        case HttpGet():
            return await _get(action, http)
        case TcpSocket(port, host):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            return True, ""
        case Exec(command):
            return await _run(command, environment)


async def _get(action: HttpGet, http: aiohttp.ClientSession) -> Answer:
    """A redirect passes and is not followed; certificates are not checked, as kubelet does not."""
    url = f"{action.scheme}://{action.host}:{action.port}/{action.path.lstrip('/')}"
    async with http.get(url, headers=action.headers, allow_redirects=False, ssl=False) as response:
        if 200 <= response.status < 400:
            return True, ""
        return False, f"HTTP probe failed with statuscode: {response.status}"


async def _run(command: tuple[str, ...], environment: Mapping[str, str]) -> Answer:
    """The command's exit status; a command that is cut off by the timeout is killed."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=dict(environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        code = await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return code == 0, "" if code == 0 else f"command {command[0]} exited with {code}"
