"""Tokens of ServiceAccounts: what they say, whom they are for, and every way in which they do not hold."""

import base64
import json
import time

import jwt
import pytest

from tradewind.apiserver.accounts import Accounts
from tradewind.apiserver.tokens import (
    AUDIENCE,
    ISSUER,
    Claims,
    InvalidToken,
    Reference,
    check_claims,
    make_key,
    read_key,
    read_token,
    sign,
)
from tradewind.resources.core_kinds import SERVICE_ACCOUNT

NOW_MS = 1_800_000_000_000
KEY, OTHER_KEY = read_key(make_key()), read_key(make_key())
CLAIMS = Claims(
    namespace="ml",
    account=Reference("robot", "uid-1"),
    audiences=(AUDIENCE, "vault"),
    id="jti-1",
    pod=Reference("p", "uid-2"),
    not_before_ms=NOW_MS,
    expires_ms=NOW_MS + 3_600_000,
)
ACCOUNTS = "/api/v1/namespaces/ml/serviceaccounts"
MAPS = "/api/v1/namespaces/ml/configmaps"
BINDINGS = "/apis/rbac.authorization.k8s.io/v1/namespaces/ml/rolebindings"
UNAUTHORIZED = {
    "kind": "Status",
    "apiVersion": "v1",
    "metadata": {},
    "status": "Failure",
    "message": "Unauthorized",
    "reason": "Unauthorized",
    "code": 401,
}


def payload_of(token: str) -> dict:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_a_token_says_what_upstreams_say():
    assert payload_of(sign(KEY, CLAIMS)) == {
        "aud": [AUDIENCE, "vault"],
        "exp": NOW_MS // 1000 + 3600,
        "iat": NOW_MS // 1000,
        "iss": ISSUER,
        "jti": "jti-1",
        "kubernetes.io": {
            "namespace": "ml",
            "pod": {"name": "p", "uid": "uid-2"},
            "serviceaccount": {"name": "robot", "uid": "uid-1"},
        },
        "nbf": NOW_MS // 1000,
        "sub": "system:serviceaccount:ml:robot",
    }


def test_what_is_signed_is_read_back():
    legacy = Claims("ml", Reference("robot", "u"), (), secret=Reference("s", ""), legacy=True)
    assert read_token(KEY, sign(KEY, CLAIMS)) == CLAIMS
    assert read_token(KEY, sign(KEY, legacy)) == legacy


def none_signed() -> str:
    return jwt.encode(payload_of(sign(KEY, CLAIMS)), None, "none")


def symmetric() -> str:
    """Signed with the public key as if it were a shared secret, the classic confusion of algorithms."""
    header = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()).rstrip(b"=")
    return f"{header.decode()}.{sign(KEY, CLAIMS).split('.')[1]}.AAAA"


def changed() -> str:
    head, _, signature = sign(KEY, CLAIMS).split(".")
    other = base64.urlsafe_b64encode(json.dumps({"sub": "admin"}).encode()).rstrip(b"=").decode()
    return f"{head}.{other}.{signature}"


FORGED = [
    sign(OTHER_KEY, CLAIMS),
    none_signed(),
    symmetric(),
    changed(),
    jwt.encode({"iss": ISSUER}, KEY.private, "ES256"),
    jwt.encode({"iss": "elsewhere", "kubernetes.io": {}}, KEY.private, "ES256"),
    jwt.encode({"iss": ISSUER, "kubernetes.io": []}, KEY.private, "ES256"),
    "",
    "x",
    "a.b.c",
    "é.é.é",
    "." * 10_000,
    sign(KEY, CLAIMS)[:-2],
]


@pytest.mark.parametrize("token", FORGED, ids=range(len(FORGED)))
def test_what_is_not_ours_is_refused(token):
    with pytest.raises(InvalidToken) as raised:
        read_token(KEY, token)
    assert not token or len(token) < 4 or token not in str(raised.value)


@pytest.mark.parametrize(
    ("now_ms", "audiences", "says"),
    [
        (NOW_MS, [AUDIENCE], ""),
        (NOW_MS + 3_599_999, ["vault", "other"], ""),
        (NOW_MS + 3_600_000, [AUDIENCE], "service account token has expired"),
        (NOW_MS - 1, [AUDIENCE], "service account token is not valid yet"),
        (NOW_MS, ["other"], "is invalid for the target audiences [other]"),
    ],
)
def test_times_and_audiences(now_ms, audiences, says):
    if not says:
        assert check_claims(CLAIMS, now_ms, audiences) == tuple(one for one in audiences if one != "other")
        return
    with pytest.raises(InvalidToken) as raised:
        check_claims(CLAIMS, now_ms, audiences)
    assert says in str(raised.value)


async def test_an_account_is_who_shows_its_token_until_that_has_expired(world):
    await world.create(SERVICE_ACCOUNT, {"metadata": {"name": "robot", "namespace": "ml"}})
    accounts = Accounts(world.objects, KEY)
    token = accounts.issue("ml", "robot", {"spec": {"expirationSeconds": 600}}, "jti")["status"]["token"]
    assert accounts.user_of(token).user.name == "system:serviceaccount:ml:robot"
    world.now_ms += 600_000
    with pytest.raises(InvalidToken, match="has expired"):
        accounts.user_of(token)


# Over HTTP.


async def robot(api) -> None:
    """An account that may read ConfigMaps."""
    made, _ = await api.ask("POST", ACCOUNTS, {"metadata": {"name": "robot"}})
    bound, _ = await api.ask(
        "POST",
        BINDINGS,
        {
            "metadata": {"name": "viewers"},
            "roleRef": {"kind": "ClusterRole", "name": "view"},
            "subjects": [{"kind": "ServiceAccount", "name": "robot"}],
        },
    )
    assert (made, bound) == (201, 201)


async def token_of(api, **spec) -> str:
    code, answer = await api.ask("POST", f"{ACCOUNTS}/robot/token", {"spec": spec})
    assert code == 201, answer
    return answer["status"]["token"]


async def reads(api, token: str, user: str = "") -> tuple[int, dict]:
    return await api.ask("GET", MAPS, user=user, Authorization=f"Bearer {token}")


async def test_a_token_request_is_answered_as_upstream_does(api):
    await robot(api)
    code, answer = await api.ask("POST", f"{ACCOUNTS}/robot/token", {"spec": {"expirationSeconds": 600}})
    assert code == 201
    assert (answer["apiVersion"], answer["kind"]) == ("authentication.k8s.io/v1", "TokenRequest")
    assert answer["metadata"]["name"] == "robot"
    assert answer["spec"] == {"audiences": [AUDIENCE], "expirationSeconds": 600}
    said = payload_of(answer["status"]["token"])
    assert said["exp"] - said["iat"] == 600
    assert abs(said["iat"] - time.time()) < 60


async def test_a_token_holds_until_its_account_goes(api):
    await robot(api)
    token = await token_of(api)
    assert (await reads(api, token))[0] == 200
    await api.ask("DELETE", f"{ACCOUNTS}/robot")
    assert await reads(api, token) == (401, UNAUTHORIZED)
    await api.ask("POST", ACCOUNTS, {"metadata": {"name": "robot"}})
    assert await reads(api, token) == (401, UNAUTHORIZED)
    assert (await reads(api, await token_of(api)))[0] == 200


async def test_a_token_ends_with_the_object_it_is_bound_to(api):
    await robot(api)
    secrets = "/api/v1/namespaces/ml/secrets"
    await api.ask("POST", secrets, {"metadata": {"name": "s"}})
    token = await token_of(api, boundObjectRef={"apiVersion": "v1", "kind": "Secret", "name": "s"})
    assert (await reads(api, token))[0] == 200
    await api.ask("DELETE", f"{secrets}/s")
    assert await reads(api, token) == (401, UNAUTHORIZED)


@pytest.mark.parametrize("token", ["garbage", "a.b.c", none_signed(), sign(OTHER_KEY, CLAIMS)])
async def test_tokens_that_do_not_hold_are_unauthorized(api, token):
    assert await reads(api, token) == (401, UNAUTHORIZED)


async def test_a_token_for_somebody_else_is_unauthorized_here(api):
    await robot(api)
    assert await reads(api, await token_of(api, audiences=["vault"])) == (401, UNAUTHORIZED)


async def test_a_certificate_wins_over_a_token(api):
    await robot(api)
    assert (await reads(api, "garbage", user="admin"))[0] == 200
    code, answer = await reads(api, await token_of(api), user="nobody")
    assert code == 403 and 'User "nobody"' in answer["message"]


async def test_other_credentials_are_nobodys(api):
    code, answer = await api.ask("GET", MAPS, user="", Authorization="Basic YTpi")
    assert code == 403 and 'User "system:anonymous"' in answer["message"]


REFUSED = [
    ("nobody", {}, 404, 'serviceaccounts "nobody" not found'),
    ("robot", {"expirationSeconds": 599}, 422, "may not specify a duration less than 10 minutes"),
    ("robot", {"expirationSeconds": 2**33}, 422, "may not specify a duration larger than 2^32 seconds"),
    ("robot", {"expirationSeconds": "x"}, 400, "cannot be handled as a TokenRequest"),
    (
        "robot",
        {"boundObjectRef": {"kind": "Node", "apiVersion": "v1", "name": "n"}},
        400,
        "cannot bind token",
    ),
    ("robot", {"boundObjectRef": {"kind": "Secret", "apiVersion": "v1", "name": "n"}}, 404, "not found"),
]


@pytest.mark.parametrize(("name", "spec", "code", "says"), REFUSED)
async def test_requests_that_make_no_sense(api, name, spec, code, says):
    await robot(api)
    found, answer = await api.ask("POST", f"{ACCOUNTS}/{name}/token", {"spec": spec})
    assert found == code, answer
    assert says in answer["message"]


async def test_a_token_review_names_the_user(api):
    await robot(api)
    token = await token_of(api)
    reviews = "/apis/authentication.k8s.io/v1/tokenreviews"
    code, answer = await api.ask("POST", reviews, {"spec": {"token": token}})
    assert code == 201
    assert answer["status"]["authenticated"] is True
    assert answer["status"]["user"]["username"] == "system:serviceaccount:ml:robot"
    assert answer["status"]["audiences"] == [AUDIENCE]
    code, answer = await api.ask("POST", reviews, {"spec": {"token": "x"}})
    assert code == 201 and "authenticated" not in answer["status"]
    assert "invalid bearer token" in answer["status"]["error"]
    code, answer = await api.ask("POST", reviews, {"spec": {}})
    assert (code, answer["message"]) == (400, "token is required for TokenReview in authentication")
    code, _ = await api.ask("POST", reviews, {"spec": {"token": token}}, user="nobody")
    assert code == 403
