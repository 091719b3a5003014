"""Waiting for objects, with a bound: for a condition, or until they are gone."""

import time
from collections.abc import Callable

from tradewind.cli.api import Server, get_object
from tradewind.cli.errors import CliError
from tradewind.cli.targets import NOT_FOUND
from tradewind.resources.duration import parse_duration
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError

POLL_SECONDS = 0.2
UNREACHABLE = 503


def timeout_seconds(text: str) -> float:
    """The seconds of a --timeout. Raises CliError when it is no duration or negative."""
    try:
        milliseconds = parse_duration(text)
    except ValueError as error:
        raise CliError(f"--timeout: {error}") from error
    if milliseconds < 0:
        raise CliError(f'--timeout: "{text}" is negative; give a time such as 60s')
    return milliseconds / 1000


def wait_until(look: Callable[[], str], what: str, seconds: float) -> None:
    """Call `look` until it returns ""; anything else that it returns is why the wait goes on.

    A server that does not answer is waited for too. Raises CliError with the last reason after `seconds`,
    and ApiError when the server refuses.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            reason = look()
        except ApiError as error:
            if error.code != UNREACHABLE:
                raise
            reason = error.message
        if not reason:
            return
        if time.monotonic() >= deadline:
            raise CliError(f"timed out waiting for {what}: {reason}")
        time.sleep(POLL_SECONDS)


def why_still_there(server: Server, kind: Kind, namespace: str, name: str, uid: str = "") -> str:
    """ "" when the object is gone, or another (not `uid`) has taken its name; else what holds it."""
    try:
        metadata = get_object(server, kind, namespace, name)["metadata"]
    except ApiError as error:
        if error.code == NOT_FOUND:
            return ""
        raise
    if uid and metadata.get("uid") != uid:
        return ""
    finalizers = ", ".join(metadata.get("finalizers") or [])
    if not metadata.get("deletionTimestamp"):
        return "it is there, and nobody has asked for its deletion"
    return f"it is still there, held by {finalizers}" if finalizers else "it is still there"


def unmet(manifest: Manifest, type_: str, wanted: str) -> str:
    """ "" when the condition has the wanted status and speaks of the current spec, as for `kubectl wait`;
    else what it says instead."""
    status = manifest.get("status") or {}
    condition = next((one for one in status.get("conditions") or [] if one.get("type") == type_), None)
    if condition is None:
        return f"it has no condition {type_} yet"
    if str(condition.get("status", "")).lower() != wanted.lower():
        said = ": ".join(str(part) for part in (condition.get("reason"), condition.get("message")) if part)
        return f"{type_} is {condition.get('status', 'Unknown')}" + (f" ({said})" if said else "")
    observed = condition.get("observedGeneration") or status.get("observedGeneration")
    if observed is not None and observed < manifest["metadata"].get("generation", 0):
        return f"{type_} is {wanted}, but of the object before its last change"
    return ""
