"""The two ways the predict server says no: to one request, or to starting at all.

`Refusal` is an answer to a client; its text and status follow KServe's `errors.py`. `StartError` ends
the process; its text is one line, because the last line of a replica's log is shown to the user as
the reason why it is not ready.
"""

from collections.abc import Mapping

BAD_REQUEST = 400
REQUEST_TIMEOUT = 408
TOO_LARGE = 413
UNSUPPORTED_MEDIA_TYPE = 415
UNPROCESSABLE = 422
MODEL_FAILED = 500
NOT_IMPLEMENTED = 501
UNAVAILABLE = 503
TIMED_OUT = 504

LONGEST_QUOTE = 300


class Refusal(Exception):
    """A request that is answered with `{"error": message}`, `status` and, if any, more headers."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


class StartError(Exception):
    """The server cannot start; the text is one line that names the thing and the fix."""


def bad_request(message: str) -> Refusal:
    """The client's fault: sending the same request again gives the same answer."""
    return Refusal(BAD_REQUEST, message)


def model_not_found(name: str) -> Refusal:
    """KServe's ModelNotFound."""
    return Refusal(404, f"Model with name {name} does not exist.")


def model_not_ready(name: str, why: str) -> Refusal:
    """KServe's ModelNotReady with its optional detail."""
    return Refusal(UNAVAILABLE, f"Model with name {name} is not ready. {why}")


def server_not_ready(why: str) -> Refusal:
    """KServe's ServerNotReady with its optional detail."""
    return Refusal(UNAVAILABLE, f"Server is not ready. {why}")


def describe(error: BaseException) -> str:
    """An exception as a part of one line: its type and the beginning of its text."""
    text = " ".join(str(error).split())
    short = text if len(text) <= LONGEST_QUOTE else text[:LONGEST_QUOTE] + "..."
    return f"{type(error).__name__}: {short}" if short else type(error).__name__
