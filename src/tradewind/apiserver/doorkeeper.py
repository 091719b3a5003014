"""Whom a server lets do what, and what it writes down of it (shell): the way into every request."""

from dataclasses import replace
from uuid import uuid4

import msgspec
from aiohttp import web

from tradewind.apiserver.access import User, refusal
from tradewind.apiserver.access.authorizer import Authorizer
from tradewind.apiserver.access.impersonation import impersonated, wish_in
from tradewind.apiserver.access.requests import attributes_of
from tradewind.apiserver.accounts import Accounts
from tradewind.apiserver.audit import Asked, Heard, event_of, is_audited
from tradewind.apiserver.audit_log import AuditLog
from tradewind.apiserver.draft import encode_json
from tradewind.apiserver.objects import Objects
from tradewind.apiserver.requester import guard_of, requester
from tradewind.apiserver.tokens import InvalidToken, TokenKey
from tradewind.apiserver.users import user_of
from tradewind.resources.rbac_kinds import RBAC_KINDS
from tradewind.resources.status import ApiError

ASKED = web.RequestKey("asked", Asked)
AUDIT_ID = "Audit-Id"
MAX_AUDIT_ID_LENGTH = 64


class Doorkeeper:
    """Authentication, impersonation, authorization and audit of one server's requests.

    From its making on, what the objects' writers may give away is checked too.
    """

    def __init__(self, objects: Objects, key: TokenKey, audit_log: AuditLog | None) -> None:
        self.authorizer = Authorizer()
        self.accounts = Accounts(objects, key)
        self._now_ms = objects.now_ms
        self._audit_log = audit_log
        for kind in RBAC_KINDS:
            objects.follow(kind, self.authorizer.policy.apply)
        objects.guard = guard_of(self.authorizer)

    def hear(self, request: web.Request) -> Asked:
        """What is known of a request before anything is checked."""
        heard = Heard(
            audit_id=_audit_id(request.headers.get(AUDIT_ID, "")),
            uri=_text(request.raw_path),
            source=request.remote or "",
            user_agent=_text(request.headers.get("User-Agent", "")),
            received_ms=self._now_ms(),
        )
        asked = Asked(heard, attributes_of(request.method, request.path, request.query))
        request[ASKED] = asked
        return asked

    def admit(self, request: web.Request, asked: Asked) -> User:
        """The user as whom a request is answered: 401 or 403 if it is not to be."""
        try:
            user = asked.user = user_of(request, self.accounts, self._now_ms())
        except InvalidToken as error:
            asked.why_unknown = str(error)
            raise ApiError(401, "Unauthorized", "Unauthorized") from None
        if (wish := wish_in(request.headers.items())) is not None:
            user = asked.acting_as = impersonated(self.authorizer, user, wish)
        asked.decision = self.authorizer.decide(user, asked.attributes)
        if not asked.decision.allowed:
            raise refusal(user, asked.attributes, asked.decision.reason)
        requester.set(user)
        return user

    def admit_creation(self, user: User, asked: Asked) -> None:
        """403 unless the user of a request that turns out to create its object may do that too."""
        attributes = replace(asked.attributes, verb="create")
        decision = self.authorizer.decide(user, attributes)
        if not decision.allowed:
            raise refusal(user, attributes, decision.reason)

    def complete(self, asked: Asked, code: int, body: object = None) -> None:
        """Write down a request that has been answered, if it is one of those."""
        if self._audit_log is not None and is_audited(asked, code):
            event = event_of(asked, code, _reason(code, body), self._now_ms())
            self._audit_log.append(encode_json(event))


async def show_audit_id(request: web.Request, response: web.StreamResponse) -> None:
    """Tell the client under which id its request is in the audit log."""
    asked = request.get(ASKED)
    if asked is not None:
        response.headers[AUDIT_ID] = asked.heard.audit_id


def _text(header: str) -> str:
    """A header may hold any bytes; what is no text in it becomes a question mark."""
    return header.encode(errors="replace").decode()


def _audit_id(given: str) -> str:
    """The client's, as upstream, if it is fit for a header; else a new one."""
    fits = len(given) <= MAX_AUDIT_ID_LENGTH and given.isascii() and given.isprintable()
    return given if given and fits else str(uuid4())


def _reason(code: int, body: object) -> str:
    """The reason in the Status that answers a failure."""
    if code < 400 or not isinstance(body, bytes):
        return ""
    try:
        return str(msgspec.json.decode(body, type=_Status).reason)
    except msgspec.DecodeError:
        return ""


class _Status(msgspec.Struct):
    reason: str = ""
