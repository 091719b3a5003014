"""Tokens of ServiceAccounts: JSON Web Tokens signed with a key of the server's own (ES256). Pure.

Claims are upstream's (kubernetes `pkg/serviceaccount`): bound tokens end with the account, with the object
they are bound to and with their time; the older ones, kept in Secrets, end with the Secret. Who checks a
token looks those objects up; here it is only read.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.types import Options

ISSUER = "https://kubernetes.default.svc.cluster.local"
AUDIENCE = ISSUER
LEGACY_ISSUER = "kubernetes/serviceaccount"
_ALGORITHM = "ES256"
_LEGACY = "kubernetes.io/serviceaccount/"
_BOUND = "kubernetes.io"
# Times and audiences are checked by `check_claims`, against the clock it is given.
_LATER: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}


class InvalidToken(Exception):
    """A token that is not one of ours, or no longer; the message says why and never quotes it."""


@dataclass(frozen=True)
class TokenKey:
    """The key that signs a server's tokens; `id` tells it from others."""

    private: ec.EllipticCurvePrivateKey = field(repr=False)
    id: str


@dataclass(frozen=True)
class Reference:
    """An object that must still be the same for a token to hold."""

    name: str
    uid: str


@dataclass(frozen=True)
class Claims:
    """What a token says that was signed by us. `expires_ms` is 0 for one that lasts until its Secret goes."""

    namespace: str
    account: Reference
    audiences: tuple[str, ...]
    id: str = ""
    pod: Reference | None = None
    secret: Reference | None = None
    not_before_ms: int = 0
    expires_ms: int = 0
    legacy: bool = False


def make_key() -> bytes:
    """A new key, PEM."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def read_key(pem: bytes) -> TokenKey:
    """The key in a file that `make_key` filled. Raises ValueError."""
    private = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise ValueError("the key of tokens must be an elliptic curve key, as `make_key` makes it")
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return TokenKey(private, hashlib.sha256(public).hexdigest()[:40])


def sign(key: TokenKey, claims: Claims) -> str:
    """The token that says this."""
    payload = _legacy_payload(claims) if claims.legacy else _payload(claims)
    return jwt.encode(payload, key.private, _ALGORITHM, headers={"kid": key.id})


def read_token(key: TokenKey, token: str) -> Claims:
    """What a token says, if it was signed with this key. Raises InvalidToken. Looks at no clock."""
    try:
        payload = jwt.decode(token, key.private.public_key(), [_ALGORITHM], options=_LATER)
    except (jwt.InvalidTokenError, ValueError, RecursionError) as error:
        raise InvalidToken(f"invalid bearer token: {type(error).__name__}") from None
    try:
        if payload.get("iss") == LEGACY_ISSUER:
            return _legacy_claims(payload)
        return _claims(payload)
    except (KeyError, TypeError, AttributeError):
        raise InvalidToken("invalid bearer token: it lacks claims that all of ours have") from None


def check_claims(claims: Claims, now_ms: int, audiences: Sequence[str]) -> tuple[str, ...]:
    """The audiences, of those asked for, that a token is for. Raises InvalidToken; see also upstream's
    `validator.Validate`."""
    if claims.legacy:
        return tuple(audiences)
    if claims.expires_ms <= now_ms:
        raise InvalidToken("service account token has expired")
    if claims.not_before_ms > now_ms:
        raise InvalidToken("service account token is not valid yet")
    common = tuple(one for one in audiences if one in claims.audiences)
    if not common:
        raise InvalidToken(
            f"token audiences [{' '.join(claims.audiences)}] is invalid for the target audiences "
            f"[{' '.join(audiences)}]"
        )
    return common


def _payload(claims: Claims) -> dict[str, Any]:
    bound: dict[str, Any] = {"namespace": claims.namespace, "serviceaccount": _pair(claims.account)}
    bound |= {"pod": _pair(claims.pod)} if claims.pod else {}
    bound |= {"secret": _pair(claims.secret)} if claims.secret else {}
    return {
        "aud": list(claims.audiences),
        "exp": claims.expires_ms // 1000,
        "iat": claims.not_before_ms // 1000,
        "iss": ISSUER,
        "jti": claims.id,
        _BOUND: bound,
        "nbf": claims.not_before_ms // 1000,
        "sub": f"system:serviceaccount:{claims.namespace}:{claims.account.name}",
    }


def _claims(payload: Mapping[str, Any]) -> Claims:
    bound = payload[_BOUND]
    if payload.get("iss") != ISSUER:
        raise InvalidToken("invalid bearer token: another issuer")
    return Claims(
        namespace=bound["namespace"],
        account=_reference(bound["serviceaccount"]),
        audiences=tuple(payload["aud"]),
        id=payload["jti"],
        pod=_reference(bound["pod"]) if "pod" in bound else None,
        secret=_reference(bound["secret"]) if "secret" in bound else None,
        not_before_ms=1000 * payload["nbf"],
        expires_ms=1000 * payload["exp"],
    )


def _legacy_payload(claims: Claims) -> dict[str, Any]:
    assert claims.secret is not None
    return {
        "iss": LEGACY_ISSUER,
        f"{_LEGACY}namespace": claims.namespace,
        f"{_LEGACY}secret.name": claims.secret.name,
        f"{_LEGACY}service-account.name": claims.account.name,
        f"{_LEGACY}service-account.uid": claims.account.uid,
        "sub": f"system:serviceaccount:{claims.namespace}:{claims.account.name}",
    }


def _legacy_claims(payload: Mapping[str, Any]) -> Claims:
    return Claims(
        namespace=payload[f"{_LEGACY}namespace"],
        account=Reference(
            payload[f"{_LEGACY}service-account.name"], payload[f"{_LEGACY}service-account.uid"]
        ),
        audiences=(),
        secret=Reference(payload[f"{_LEGACY}secret.name"], ""),
        legacy=True,
    )


def _pair(reference: Reference) -> dict[str, str]:
    return {"name": reference.name, "uid": reference.uid}


def _reference(pair: Mapping[str, str]) -> Reference:
    return Reference(pair["name"], pair["uid"])
