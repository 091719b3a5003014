"""What can go wrong between a client and a server, as `ApiError`."""

import contextlib
import ssl
from collections.abc import Iterator

import msgspec

from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError, error_from_status

MAX_QUOTED = 200
TLS_FIX = "is the kubeconfig that of this fleet?"

# What upstream's servers say when they answer without a Status object.
REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    410: "Expired",
    422: "Invalid",
    429: "TooManyRequests",
    503: "ServiceUnavailable",
    504: "Timeout",
}


@contextlib.contextmanager
def api_errors(url: str) -> Iterator[None]:
    """Turn errors of the network and of TLS into ApiError: 503 when the server was not reached or broke
    off, 504 when it took too long. The message names the URL and what to look at."""
    import aiohttp

    try:
        yield
    except (ssl.SSLError, aiohttp.ClientSSLError) as error:
        raise unavailable(f"{url}: TLS failed: {_tls_reason(error)}") from error
    except aiohttp.ConnectionTimeoutError as error:
        raise unavailable(f"{url}: no connection in time; is the server running?") from error
    except TimeoutError as error:
        raise ApiError(504, "Timeout", f"{url}: no answer in time") from error
    except aiohttp.ServerDisconnectedError as error:
        # With TLS 1.3 a server refuses a client's certificate only after the handshake, by hanging up.
        raise unavailable(
            f"{url}: the server hung up; is it being restarted? If it stays so: {TLS_FIX}"
        ) from error
    except (aiohttp.ClientError, OSError) as error:
        raise unavailable(f"{url}: not reachable: {_reason(error)}; is the server running?") from error


def error_of_response(url: str, code: int, raw: bytes) -> ApiError:
    """The error of a response with status 400 or more: its Status object, else the code and its text."""
    with contextlib.suppress(msgspec.DecodeError):
        status = msgspec.json.decode(raw)
        if isinstance(status, dict) and status.get("kind") == "Status":
            return error_from_status({"code": code} | status)
    text = raw[:MAX_QUOTED].decode(errors="replace").strip()
    return ApiError(code, REASONS.get(code, "InternalError"), f"{url}: HTTP {code}: {text or 'no message'}")


def decoded(url: str, raw: bytes) -> Manifest:
    """The object in a response; an empty one is an empty object. ApiError 502 when it is no object."""
    if not raw:
        return {}
    with contextlib.suppress(msgspec.DecodeError):
        found = msgspec.json.decode(raw)
        if isinstance(found, dict):
            return found
    text = raw[:MAX_QUOTED].decode(errors="replace")
    raise ApiError(502, "InternalError", f"{url}: not a Kubernetes API: it answered {text!r}")


def unavailable(message: str) -> ApiError:
    """503: the server cannot be reached."""
    return ApiError(503, "ServiceUnavailable", message)


def _tls_reason(error: BaseException) -> str:
    cause = error.__cause__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the server's certificate is not trusted: {cause.verify_message}; {TLS_FIX}"
    return f"{_reason(cause)}; {TLS_FIX}"


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
