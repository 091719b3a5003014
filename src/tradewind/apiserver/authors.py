"""Who a write is by: the `fieldManager` and `force` of its query, and the client's User-Agent. Pure.

The rules and messages are upstream's `ValidateFieldManager`, `ValidatePatchOptions` (apimachinery
`meta/v1/validation`) and `managerOrUserAgent` (apiserver `handlers/create.go`).
"""

from collections.abc import Mapping

from tradewind.resources.problems import Cause, Problem

MAX_MANAGER_BYTES = 128


def author_name(query: Mapping[str, str], user_agent: str) -> str:
    """The field manager that a request names, or else what its User-Agent begins with."""
    return query.get("fieldManager", "") or _from_user_agent(user_agent)


def author_problems(query: Mapping[str, str], verb: str, applies: bool) -> list[Problem]:
    """Why a request's `fieldManager` and `force` are not allowed: who applies must be named, and only who
    applies may take fields from others."""
    name, problems = query.get("fieldManager", ""), []
    if applies and not name:
        message = "Required value: is required for apply patch"
        problems.append(Problem("fieldManager", message, Cause.REQUIRED))
    if verb == "patch" and not applies and "force" in query:
        message = "Forbidden: may not be specified for non-apply patch"
        problems.append(Problem("force", message, Cause.FORBIDDEN))
    if len(name.encode()) > MAX_MANAGER_BYTES:
        message = f"Too long: may not be more than {MAX_MANAGER_BYTES} bytes"
        problems.append(Problem("fieldManager", message, Cause.TOO_LONG))
    for place, letter in enumerate(name):
        if not letter.isprintable():
            at = len(name[:place].encode())
            what = f"invalid character U+{ord(letter):04X} (at position {at})"
            problems.append(Problem("fieldManager", f'Invalid value: "{name}": {what}', Cause.INVALID))
    return problems


def _from_user_agent(user_agent: str) -> str:
    """What stands before the first slash, without what cannot be printed."""
    name = "".join(letter for letter in user_agent.partition("/")[0] if letter.isprintable())
    return name.encode()[:MAX_MANAGER_BYTES].decode(errors="ignore")
