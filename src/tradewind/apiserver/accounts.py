"""Whether the token of a ServiceAccount holds, and new ones: tokens beside the objects they are bound to.

Reads are of what is committed, so that a token ends with the deletion of its account, at once.
"""

import base64
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from tradewind.apiserver.access import AUTHENTICATED, User, service_account_groups, service_account_name
from tradewind.apiserver.draft import decode_manifest
from tradewind.apiserver.objects import Objects
from tradewind.apiserver.tokens import (
    AUDIENCE,
    Claims,
    InvalidToken,
    Reference,
    TokenKey,
    check_claims,
    read_token,
    sign,
)
from tradewind.resources.core_kinds import POD, SECRET, SERVICE_ACCOUNT
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest, decode
from tradewind.resources.reviews import BoundObjectReference, TokenRequest
from tradewind.resources.status import ApiError, bad_request, conflict
from tradewind.resources.times import time_text

MAX_REMEMBERED = 1024
_EXTRA = "authentication.kubernetes.io/"


@dataclass(frozen=True)
class TokenUser:
    """Who a token stands for, and which of the audiences asked for it is for."""

    user: User
    audiences: tuple[str, ...]


class Accounts:
    """The ServiceAccounts of one server as users. Signatures are checked once, all else with every use."""

    def __init__(self, objects: Objects, key: TokenKey) -> None:
        self._objects = objects
        self._key = key
        self._read: dict[str, Claims] = {}

    def user_of(self, token: str, audiences: Sequence[str] = (AUDIENCE,)) -> TokenUser:
        """Who shows this token. Raises InvalidToken."""
        claims = self._read.get(token)
        if claims is None:
            claims = read_token(self._key, token)
            if len(self._read) >= MAX_REMEMBERED:
                self._read.clear()
            self._read[token] = claims
        common = check_claims(claims, self._objects.now_ms(), audiences)
        self._check_objects(claims, token)
        return TokenUser(_user(claims), common)

    def issue(self, namespace: str, name: str, request: Manifest, token_id: str) -> Manifest:
        """The answer to a TokenRequest: itself with a token. 404 without such an account."""
        account = decode_manifest(self._objects.get(SERVICE_ACCOUNT, namespace, name).data)
        spec = decode(request, TokenRequest).spec
        now_ms = self._objects.now_ms() // 1000 * 1000
        bound = self._bound(namespace, name, spec.bound_object_ref)
        audiences = tuple(spec.audiences or (AUDIENCE,))
        claims = Claims(
            namespace=namespace,
            account=Reference(name, account["metadata"]["uid"]),
            audiences=audiences,
            id=token_id,
            pod=bound.get(POD.name),
            secret=bound.get(SECRET.name),
            not_before_ms=now_ms,
            expires_ms=now_ms + 1000 * spec.expiration_seconds,
        )
        about = {"name": name, "namespace": namespace, "creationTimestamp": time_text(now_ms)}
        given = request.get("spec") or {}
        asked = {"audiences": list(audiences), "expirationSeconds": spec.expiration_seconds}
        status = {"token": sign(self._key, claims), "expirationTimestamp": time_text(claims.expires_ms)}
        return {**request, "metadata": about, "spec": {**given, **asked}, "status": status}

    def _bound(
        self, namespace: str, account: str, reference: BoundObjectReference | None
    ) -> dict[str, Reference]:
        """The object that a token is to be bound to, by kind."""
        if reference is None:
            return {}
        kind = {("v1", "Pod"): POD, ("v1", "Secret"): SECRET}.get((reference.api_version, reference.kind))
        if kind is None or kind.resource not in self._objects.served.by_resource:
            of = f"{reference.api_version}, Kind={reference.kind}"
            raise bad_request(f"cannot bind token to object of type {of}")
        found = decode_manifest(self._objects.get(kind, namespace, reference.name).data)
        uid, runs_as = found["metadata"]["uid"], found.get("spec", {}).get("serviceAccountName", "")
        if kind is POD and runs_as != account:
            raise bad_request(
                f'cannot bind token for serviceaccount "{account}" to pod running with serviceaccount '
                f'"{runs_as}"'
            )
        if reference.uid and reference.uid != uid:
            why = (
                f"the UID in the bound object reference ({reference.uid}) does not match the UID in record. "
                "The object might have been deleted and then recreated"
            )
            raise conflict(kind.resource, reference.name, why)
        return {kind.name: Reference(reference.name, uid)}

    def _check_objects(self, claims: Claims, token: str) -> None:
        self._same(SERVICE_ACCOUNT, claims.namespace, claims.account)
        if claims.pod is not None:
            self._same(POD, claims.namespace, claims.pod)
        if claims.secret is not None:
            secret = self._same(SECRET, claims.namespace, claims.secret)
            kept = base64.b64decode(secret.get("data", {}).get("token", ""))
            if claims.legacy and not hmac.compare_digest(kept, token.encode()):
                raise InvalidToken("token does not match the one in its secret")

    def _same(self, kind: Kind, namespace: str, reference: Reference) -> Manifest:
        """The object, if it is still there and still the same one."""
        try:
            found = decode_manifest(self._objects.get(kind, namespace, reference.name).data)
        except ApiError as error:
            raise InvalidToken(error.message) from None
        metadata = found["metadata"]
        if reference.uid and metadata["uid"] != reference.uid:
            raise InvalidToken(f"{kind.name} UID ({metadata['uid']}) does not match claim ({reference.uid})")
        if "deletionTimestamp" in metadata:
            raise InvalidToken(f"the {kind.name} of the token is being deleted")
        return found


def _user(claims: Claims) -> User:
    extra = {f"{_EXTRA}credential-id": (f"JTI={claims.id}",)} if claims.id else {}
    if claims.pod is not None:
        extra |= {f"{_EXTRA}pod-name": (claims.pod.name,), f"{_EXTRA}pod-uid": (claims.pod.uid,)}
    return User(
        service_account_name(claims.namespace, claims.account.name),
        (*service_account_groups(claims.namespace), AUTHENTICATED),
        claims.account.uid,
        tuple(sorted(extra.items())),
    )
