"""What a server does by itself: Secrets get tokens, roles gather rules."""

import base64
from typing import Any

import pytest

from tests.apiserver.rbac import role, rule
from tests.federation.objects import view_of
from tradewind.accounts import ACCOUNT_COMES_MS, ACCOUNT_UID, account_controllers
from tradewind.apiserver.tokens import make_key, read_key, read_token
from tradewind.controller.plan import LOCAL, NOTHING, Delete, Key, Plan, Put
from tradewind.resources.core_kinds import SECRET, SERVICE_ACCOUNT
from tradewind.resources.rbac_kinds import CLUSTER_ROLE

NOW_MS = 1_800_000_000_000
TOKENS = read_key(make_key())
FILL, GATHER = account_controllers(TOKENS, "authority")


def secret(uid: str = "", data: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    annotations = {"kubernetes.io/service-account.name": "robot"} | ({ACCOUNT_UID: uid} if uid else {})
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "s",
            "namespace": "ml",
            "uid": "secret-uid",
            "creationTimestamp": "2027-01-15T08:00:00Z",
            "annotations": annotations,
            **more,
        },
        "type": "kubernetes.io/service-account-token",
        "data": data or {},
    }


def account(uid: str = "u1") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "robot", "namespace": "ml", "uid": uid},
    }


def filled(secrets: list[dict[str, Any]], accounts: list[dict[str, Any]], now_ms: int = NOW_MS) -> Plan:
    view = view_of(FILL, {(SECRET, LOCAL): secrets, (SERVICE_ACCOUNT, LOCAL): accounts})
    return FILL.step(Key("ml", "s"), view, now_ms)


def decoded(found: dict[str, str]) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in found.items()}


def test_a_secret_is_filled_once():
    [effect] = filled([secret()], [account()]).effects
    assert isinstance(effect, Put)
    held = decoded(effect.manifest["data"])
    assert (held["namespace"], held["ca.crt"]) == ("ml", "authority")
    claims = read_token(TOKENS, held["token"])
    assert (claims.namespace, claims.account.name, claims.account.uid) == ("ml", "robot", "u1")
    assert claims.secret is not None and claims.secret.name == "s"
    assert effect.manifest["metadata"]["annotations"][ACCOUNT_UID] == "u1"
    assert filled([effect.manifest], [account()]) == NOTHING


def test_what_is_lost_of_it_comes_back_and_the_token_stays():
    [effect] = filled([secret("u1", {"token": "dA=="})], [account()]).effects
    assert isinstance(effect, Put)
    assert set(effect.manifest["data"]) == {"token", "ca.crt", "namespace"}
    assert effect.manifest["data"]["token"] == "dA=="


GONE = Plan((Delete(SECRET, "ml", "s", "secret-uid"),))


@pytest.mark.parametrize(
    ("found", "accounts", "now_ms", "plan"),
    [
        ([secret("u1")], [], NOW_MS, GONE),
        ([secret("u1")], [account("u2")], NOW_MS, GONE),
        ([secret()], [], NOW_MS, Plan(wake_at_ms=NOW_MS + ACCOUNT_COMES_MS)),
        ([secret()], [], NOW_MS + ACCOUNT_COMES_MS, GONE),
        ([secret("u1", deletionTimestamp="2027-01-15T08:00:00Z")], [], NOW_MS, NOTHING),
        ([secret() | {"type": "Opaque"}], [account()], NOW_MS, NOTHING),
        ([], [account()], NOW_MS, NOTHING),
    ],
)
def test_a_secret_without_its_account_goes(found, accounts, now_ms, plan):
    assert filled(found, accounts, now_ms) == plan


def labelled(name: str, label: str, *rules: dict[str, Any]) -> dict[str, Any]:
    made = role(name, *rules)
    made["metadata"]["labels"] = {label: "true"}
    return made


def gathered(*roles: dict[str, Any]) -> Plan:
    return GATHER.step(Key("", "all"), view_of(GATHER, {(CLUSTER_ROLE, LOCAL): list(roles)}), NOW_MS)


def test_a_role_has_the_rules_of_those_it_selects_each_once_and_no_others():
    selectors = {"clusterRoleSelectors": [{"matchLabels": {"a": "true"}}, {"matchLabels": {"b": "true"}}]}
    whole = role("all", rule("get", "own"), aggregationRule=selectors)
    parts = [
        labelled("z", "a", rule("get", "x"), rule("get", "y")),
        labelled("m", "b", rule("get", "y")),
        labelled("other", "c", rule("get", "w")),
    ]
    [effect] = gathered(whole, *parts).effects
    assert isinstance(effect, Put)
    assert effect.manifest["rules"] == [rule("get", "y"), rule("get", "x")]
    assert gathered(effect.manifest, *parts) == NOTHING
    assert gathered(role("all", rule("get", "own")), *parts) == NOTHING


def test_any_role_that_changes_may_concern_all_that_gather():
    selectors = {"clusterRoleSelectors": [{"matchLabels": {"a": "true"}}]}
    view = view_of(GATHER, {(CLUSTER_ROLE, LOCAL): [role("all", aggregationRule=selectors), role("x")]})
    assert list(GATHER.watches[0].keys(None, view)) == [Key("", "all")]


def test_an_account_wakes_its_secrets():
    view = view_of(FILL, {(SECRET, LOCAL): [secret()], (SERVICE_ACCOUNT, LOCAL): [account()]})
    robot = view.get(SERVICE_ACCOUNT, "ml", "robot")
    assert list(FILL.watches[1].keys(robot, view)) == [Key("ml", "s")]
