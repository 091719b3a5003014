"""Acting as somebody else: `kubectl --as` (upstream `filters/impersonation.go`). Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from tradewind.apiserver.access import (
    ANONYMOUS,
    AUTHENTICATED,
    SERVICE_ACCOUNT_PREFIX,
    UNAUTHENTICATED,
    Attributes,
    User,
    service_account_groups,
)
from tradewind.apiserver.access.authorizer import Authorizer
from tradewind.resources.status import bad_request
from tradewind.resources.syntax import dns_label_problem, dns_subdomain_problem

_USER, _GROUP, _UID = "impersonate-user", "impersonate-group", "impersonate-uid"
_EXTRA = "impersonate-extra-"


@dataclass(frozen=True)
class Wish:
    """Who somebody wants to act as."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def wish_in(headers: Iterable[tuple[str, str]]) -> Wish | None:
    """What the headers of a request, in order, say; None when they say nothing of it. 400 without a user."""
    name = uid = ""
    groups: list[str] = []
    extra: dict[str, tuple[str, ...]] = {}
    for header, value in headers:
        called = header.lower()
        if not called.startswith("impersonate-"):
            continue
        if not _is_text(value) or not _is_text(key := unquote(called.removeprefix(_EXTRA))):
            raise bad_request(f"the header {called!a} is not text in UTF-8")
        if called == _USER:
            name = name or value
        elif called == _UID:
            uid = uid or value
        elif called == _GROUP:
            groups.append(value)
        elif called.startswith(_EXTRA):
            extra[key] = (*extra.get(key, ()), value)
    if not name and (groups or uid or extra):
        raise bad_request(
            "requested impersonation of a group, uid or extra without impersonating a user name"
        )
    return Wish(name, tuple(groups), uid, extra) if name else None


def impersonated(authorizer: Authorizer, user: User, wish: Wish) -> User:
    """The user that `user` acts as from here on; 403 unless every part of that is allowed."""
    for asked in _questions(wish):
        authorizer.require(user, asked)
    groups = _groups(wish)
    return User(wish.name, groups, wish.uid, tuple(sorted(wish.extra.items())))


def _questions(wish: Wish) -> Iterable[Attributes]:
    account = _account(wish.name)
    if account is not None:
        yield _asked("serviceaccounts", account[1], namespace=account[0])
    else:
        yield _asked("users", wish.name)
    for group in wish.groups:
        yield _asked("groups", group)
    for key, values in wish.extra.items():
        for value in values:
            yield _asked("userextras", value, "authentication.k8s.io", key)
    if wish.uid:
        yield _asked("uids", wish.uid, "authentication.k8s.io")


def _asked(plural: str, name: str, group: str = "", subresource: str = "", namespace: str = "") -> Attributes:
    return Attributes(
        "impersonate", group=group, plural=plural, subresource=subresource, namespace=namespace, name=name
    )


def _groups(wish: Wish) -> tuple[str, ...]:
    """Those that are asked for, else those that the user has by nature; and the one of all who are known."""
    account = _account(wish.name)
    groups = wish.groups or (service_account_groups(account[0]) if account else ())
    if wish.name == ANONYMOUS.name:
        return groups if UNAUTHENTICATED in groups else (*groups, UNAUTHENTICATED)
    if AUTHENTICATED in groups or UNAUTHENTICATED in groups:
        return groups
    return (*groups, AUTHENTICATED)


def _is_text(value: str) -> bool:
    """Headers may hold any bytes; those that are no text come as lone surrogates."""
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def _account(name: str) -> tuple[str, str] | None:
    """Namespace and name of the ServiceAccount that a user name stands for."""
    if not name.startswith(SERVICE_ACCOUNT_PREFIX):
        return None
    namespace, colon, account = name.removeprefix(SERVICE_ACCOUNT_PREFIX).partition(":")
    if not colon or dns_label_problem(namespace) or dns_subdomain_problem(account):
        return None
    return namespace, account
