"""What goes wrong, in words for the user: the thing, the value, what is allowed, the fix."""


class CliError(Exception):
    """A command that cannot go on; its text is all that the user sees, on stderr, with exit code 1."""


def message_of(error: Exception) -> str:
    """One error as the user reads it; what nobody foresaw is called an internal error. Never a traceback."""
    from tradewind.parts import FleetError  # here, because it is only wanted when a command has failed
    from tradewind.resources.manifests import ManifestError
    from tradewind.resources.status import ApiError

    if isinstance(error, CliError | FleetError | ManifestError):
        return str(error)
    if isinstance(error, ApiError):
        return api_message(error.reason, error.message, error.details)
    if isinstance(error, OSError):
        return _os_message(error)
    return f"internal error, {type(error).__name__}: {error}; this is a bug in tradewind, please report it"


def api_message(reason: str, message: str, details: dict[str, object]) -> str:
    """A refusal of the API: every problem of the object on a line of its own when there are several."""
    causes = details.get("causes")
    if not isinstance(causes, list) or len(causes) < 2:
        return message or reason
    head = message.partition(" is invalid:")[0]
    lines = [f"  {cause.get('field', '')}: {cause.get('message', '')}" for cause in causes]
    return "\n".join([f"{head} is invalid:", *lines])


def _os_message(error: OSError) -> str:
    text = error.strerror or str(error)
    return f"{error.filename}: {text}" if error.filename else text
