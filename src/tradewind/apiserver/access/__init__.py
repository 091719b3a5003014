"""Who asks for what, and the words of a refusal. Pure.

Users are known by a client certificate (common name and organizations) or by the token of a
ServiceAccount. Modules of this package decide what they may do: `rules` reads RBAC rules, `policy` finds
those of a user, `agents` has the rights of members, `authorizer` joins them, `escalation` keeps people
from giving what they do not have, `bootstrap` has the roles that are there from the start.
"""

from dataclasses import dataclass

from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError

MASTERS = "system:masters"
AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
SERVICE_ACCOUNTS = "system:serviceaccounts"
SERVICE_ACCOUNT_PREFIX = "system:serviceaccount:"


@dataclass(frozen=True)
class User:
    """Who asks (upstream `user.Info`). `extra` is what else is known, sorted by key."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()


ANONYMOUS = User("system:anonymous", (UNAUTHENTICATED,))


@dataclass(frozen=True)
class Attributes:
    """What is asked. `plural` is "" for a path that is no resource (upstream `authorizer.Attributes`)."""

    verb: str
    path: str = ""
    group: str = ""
    plural: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    version: str = ""

    @property
    def resource(self) -> str:
        """The resource as a rule names it: `pods` or `pods/log`."""
        return f"{self.plural}/{self.subresource}" if self.subresource else self.plural


@dataclass(frozen=True)
class Decision:
    """Whether something is allowed, and by what; or what went wrong in finding out."""

    allowed: bool
    reason: str = ""


def refusal(user: User, asked: Attributes, reason: str = "") -> ApiError:
    """403 in upstream's words (`responsewriters.ForbiddenStatus`)."""
    why = f"{_cannot(user, asked)}: {reason}" if reason else _cannot(user, asked)
    return forbidden_object(asked.group, asked.plural, asked.name, why)


def forbidden_object(group: str, plural: str, name: str, why: str) -> ApiError:
    """403 about an object, a collection (no `name`) or a path (no `plural`): upstream `NewForbidden`."""
    resource = f"{plural}.{group}" if group else plural
    if not plural:
        message = f"forbidden: {why}"
    elif not name:
        message = f"{resource} is forbidden: {why}"
    else:
        message = f'{resource} "{name}" is forbidden: {why}'
    details = {"name": name, "group": group, "kind": plural}
    return ApiError(403, "Forbidden", message, {key: value for key, value in details.items() if value})


def user_info(user: User) -> Manifest:
    """A user as reviews and the audit log show it (authentication.k8s.io UserInfo)."""
    info: Manifest = {"username": user.name}
    info |= {"uid": user.uid} if user.uid else {}
    info |= {"groups": list(user.groups)} if user.groups else {}
    return info | ({"extra": {key: list(values) for key, values in user.extra}} if user.extra else {})


def service_account_name(namespace: str, name: str) -> str:
    """The user name of a ServiceAccount."""
    return f"{SERVICE_ACCOUNT_PREFIX}{namespace}:{name}"


def service_account_groups(namespace: str) -> tuple[str, ...]:
    """The groups of a namespace's ServiceAccounts, besides that of everyone who is known."""
    return (SERVICE_ACCOUNTS, f"{SERVICE_ACCOUNTS}:{namespace}")


def _cannot(user: User, asked: Attributes) -> str:
    if not asked.plural:
        return f'User "{user.name}" cannot {asked.verb} path "{asked.path}"'
    where = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    return (
        f'User "{user.name}" cannot {asked.verb} resource "{asked.resource}" in API group "{asked.group}" '
        f"{where}"
    )
