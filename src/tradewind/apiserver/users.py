"""Who asks: read from the client certificate of the connection, which TLS has verified already."""

from asyncio import BaseTransport
from collections.abc import Iterable, Mapping
from ssl import SSLObject
from typing import Any
from weakref import WeakKeyDictionary

from aiohttp import web

from tradewind.apiserver.access import ANONYMOUS, AUTHENTICATED, User
from tradewind.resources.status import ApiError

_users: WeakKeyDictionary[SSLObject, User] = WeakKeyDictionary()


def user_of(request: web.BaseRequest) -> User:
    """The user of a request; ANONYMOUS without a certificate. 401 for credentials of another sort."""
    if "Authorization" in request.headers:
        raise ApiError(401, "Unauthorized", "Unauthorized: only client certificates are accepted here")
    return ANONYMOUS if request.transport is None else user_of_connection(request.transport)


def user_of_connection(transport: BaseTransport) -> User:
    """The user whose certificate was shown when this connection began, or ANONYMOUS."""
    tls = transport.get_extra_info("ssl_object")
    if tls is None:
        return ANONYMOUS
    user = _users.get(tls)
    if user is None:
        user = _users[tls] = user_in(tls.getpeercert() or {})
    return user


def user_in(certificate: Mapping[str, Any]) -> User:
    """The user that a verified certificate, as `SSLObject.getpeercert` gives it, stands for. Pure."""
    subject = certificate.get("subject", ())
    names = list(_values(subject, "commonName"))
    if not names:
        return ANONYMOUS
    return User(names[0], (*_values(subject, "organizationName"), AUTHENTICATED))


def _values(subject: Iterable[Iterable[tuple[str, str]]], wanted: str) -> Iterable[str]:
    return (value for part in subject for name, value in part if name == wanted)
