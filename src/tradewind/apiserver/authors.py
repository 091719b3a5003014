"""Who a write is by: the `fieldManager` and `force` of its query, and the client's User-Agent. Pure.

The rules and messages are upstream's `ValidateFieldManager`, `ValidatePatchOptions` (apimachinery
`meta/v1/validation`) and `managerOrUserAgent` (apiserver `handlers/create.go`).
"""

from collections.abc import Mapping

from tradewind.resources.problems import Cause, Problem
from tradewind.resources.status import ApiError, invalid

MAX_MANAGER_BYTES = 128
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def author_name(query: Mapping[str, str], user_agent: str, options: str) -> str:
    """The field manager of a create (`CreateOptions`), update or patch: the one that is named, or else what
    the User-Agent begins with. 422 for a name that cannot be one."""
    given = query.get("fieldManager", "")
    if problems := _name_problems(given):
        raise invalid_options(options, problems)
    return given or _from_user_agent(user_agent)


def check_no_force(query: Mapping[str, str]) -> None:
    """422 when a patch other than an apply has `force`."""
    if query.get("force"):
        message = "Forbidden: may not be specified for non-apply patch"
        raise invalid_options("PatchOptions", [Problem("force", message, Cause.FORBIDDEN)])


def applier(query: Mapping[str, str]) -> tuple[str, bool]:
    """The field manager of an apply, which must be named, and whether it takes fields from others."""
    given, force = query.get("fieldManager", ""), query.get("force", "").lower()
    problems = _name_problems(given)
    if not given:
        message = "Required value: is required for apply patch"
        problems.append(Problem("fieldManager", message, Cause.REQUIRED))
    if force not in ("", *_BOOLEANS):
        problems.append(Problem("force", f'Invalid value: "{force}": must be true or false', Cause.INVALID))
    if problems:
        raise invalid_options("PatchOptions", problems)
    return given, _BOOLEANS.get(force, False)


def invalid_options(options: str, problems: list[Problem]) -> ApiError:
    """422: a parameter of the request that is not allowed."""
    return invalid(options, f"{options.lower()}.meta.k8s.io", "", problems)


def _name_problems(name: str) -> list[Problem]:
    problems = []
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
