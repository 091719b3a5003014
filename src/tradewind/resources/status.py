"""The errors of the API: Kubernetes `Status` objects (metav1 Status), with upstream's reasons and codes."""

from tradewind.resources.meta import Manifest
from tradewind.resources.problems import Problem


class ApiError(Exception):
    """A request that the API refused. `status` is the `Status` object as sent to the client, `warnings` what
    it is told besides."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: Manifest | None = None,
        metadata: Manifest | None = None,
        warnings: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details or {}
        self.metadata = metadata or {}
        self.warnings = warnings

    @property
    def status(self) -> Manifest:
        """The `Status` object of this error."""
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            **({"details": self.details} if self.details else {}),
            "code": self.code,
        }


def error_from_status(status: Manifest) -> ApiError:
    """The error that a server's `Status` object stands for."""
    return ApiError(
        int(status.get("code", 500)),
        str(status.get("reason", "")),
        str(status.get("message", "the server gave no message")),
        status.get("details") or {},
    )


def not_found(resource: str, name: str) -> ApiError:
    """404: no object of this name."""
    return ApiError(404, "NotFound", f'{resource} "{name}" not found', _about(resource, name))


def already_exists(resource: str, name: str) -> ApiError:
    """409 on create: the name is taken."""
    return ApiError(409, "AlreadyExists", f'{resource} "{name}" already exists', _about(resource, name))


def conflict(resource: str, name: str, why: str) -> ApiError:
    """409 on update: the object changed since it was read."""
    message = f'Operation cannot be fulfilled on {resource} "{name}": {why}'
    return ApiError(409, "Conflict", message, _about(resource, name))


STALE = "the object has been modified; please apply your changes to the latest version and try again"


def invalid(kind: str, resource: str, name: str, problems: list[Problem]) -> ApiError:
    """422: every problem of the object at once, each as a cause with its field."""
    text = ", ".join(str(problem) for problem in problems)
    shown = text if len(problems) == 1 else f"[{text}]"
    details = _about(resource, name) | {
        "kind": kind,
        "causes": [
            {"reason": problem.cause.value, "message": problem.message, "field": problem.path}
            for problem in problems
        ],
    }
    group = _group(resource)
    called = f"{kind}.{group}" if group else kind
    return ApiError(422, "Invalid", f'{called} "{name}" is invalid: {shown}', details)


def bad_request(message: str) -> ApiError:
    """400: the request itself makes no sense."""
    return ApiError(400, "BadRequest", message)


def forbidden(message: str) -> ApiError:
    """403: who asks may not do this."""
    return ApiError(403, "Forbidden", message)


def gone(message: str) -> ApiError:
    """410: the resource version asked for is no longer kept; list again."""
    return ApiError(410, "Expired", message)


def _group(resource: str) -> str:
    return resource.partition(".")[2]


def _about(resource: str, name: str) -> Manifest:
    plural, _, group = resource.partition(".")
    return {"name": name, "kind": plural} | ({"group": group} if group else {})
