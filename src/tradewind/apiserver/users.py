"""Who asks: the client certificate of the connection, which TLS has verified already, or else a token.

A certificate wins over a token, as upstream. Whoever shows neither is anonymous.
"""

import ssl
from asyncio import BaseTransport
from collections.abc import Iterable, Mapping
from ssl import SSLObject
from typing import Any
from weakref import WeakKeyDictionary

from aiohttp import web

from tradewind.apiserver.access import ANONYMOUS, AUTHENTICATED, User
from tradewind.apiserver.accounts import Accounts
from tradewind.apiserver.tokens import InvalidToken

_certified: WeakKeyDictionary[SSLObject, tuple[User, int]] = WeakKeyDictionary()


def user_of(request: web.BaseRequest, accounts: Accounts, now_ms: int) -> User:
    """The user of a request. Raises InvalidToken for credentials that do not hold."""
    tls = request.get_extra_info("ssl_object")
    user, expires_ms = _certified_user(tls) if tls is not None else (ANONYMOUS, 0)
    if expires_ms:
        if expires_ms <= now_ms:
            raise InvalidToken("the client certificate has expired")
        return user
    token = bearer_token(request.headers.get("Authorization", ""))
    return accounts.user_of(token).user if token else ANONYMOUS


def user_of_connection(transport: BaseTransport) -> User:
    """The user whose certificate was shown when this connection began, or ANONYMOUS."""
    tls = transport.get_extra_info("ssl_object")
    return ANONYMOUS if tls is None else _certified_user(tls)[0]


def user_in(certificate: Mapping[str, Any]) -> User:
    """The user that a verified certificate, as `SSLObject.getpeercert` gives it, stands for. Pure."""
    subject = certificate.get("subject", ())
    names = list(_values(subject, "commonName"))
    if not names:
        return ANONYMOUS
    return User(names[0], (*_values(subject, "organizationName"), AUTHENTICATED))


def bearer_token(authorization: str) -> str:
    """The token in an Authorization header, "" for none or credentials of another sort. Pure."""
    scheme, _, rest = authorization.strip().partition(" ")
    return rest.strip().partition(" ")[0] if scheme.lower() == "bearer" else ""


def _certified_user(tls: SSLObject) -> tuple[User, int]:
    """The certificate's user and when it ends; ANONYMOUS and 0 without one that names somebody."""
    found = _certified.get(tls)
    if found is None:
        certificate = tls.getpeercert() or {}
        user = user_in(certificate)
        known = user is not ANONYMOUS
        expires_ms = 1000 * ssl.cert_time_to_seconds(str(certificate["notAfter"])) if known else 0
        found = _certified[tls] = (user, expires_ms)
    return found


def _values(subject: Iterable[Iterable[tuple[str, str]]], wanted: str) -> Iterable[str]:
    return (value for part in subject for name, value in part if name == wanted)
