"""What a server does by itself about access: fills Secrets with tokens, and roles that gather others' rules.

The rules are those of upstream's `tokens_controller` and `clusterroleaggregation_controller`.
"""

import base64
from collections.abc import Callable, Iterable
from typing import Any

from tradewind.apiserver.access.bootstrap import aggregated_rules
from tradewind.apiserver.tokens import Claims, Reference, TokenKey, sign
from tradewind.controller.plan import NOTHING, Delete, Key, Plan, Put
from tradewind.controller.view import Controller, View, Watch, own_key
from tradewind.resources.core import Secret, ServiceAccount
from tradewind.resources.core_checks import ACCOUNT_NAME, ACCOUNT_TOKEN
from tradewind.resources.core_kinds import SECRET, SERVICE_ACCOUNT
from tradewind.resources.meta import Manifest
from tradewind.resources.rbac_kinds import CLUSTER_ROLE
from tradewind.resources.times import time_ms

ACCOUNT_UID = "kubernetes.io/service-account.uid"
ACCOUNT_COMES_MS = 10_000  # how long a Secret may wait for an account that is made in the same breath

Mint = Callable[[str, Reference, str], str]


def account_controllers(key: TokenKey, authority: str) -> tuple[Controller, ...]:
    """Both controllers; `authority` is the certificate that clients with such a token should trust, PEM."""

    def mint(namespace: str, account: Reference, secret: str) -> str:
        return sign(key, Claims(namespace, account, (), secret=Reference(secret, ""), legacy=True))

    def fill(key: Key, view: View, now_ms: int) -> Plan:
        return fill_token_secret(key, view, now_ms, mint, authority)

    return (
        Controller("token-secrets", (Watch(SECRET, own_key), Watch(SERVICE_ACCOUNT, _secrets_of)), fill),
        Controller("role-aggregation", (Watch(CLUSTER_ROLE, _gathering),), gather_rules),
    )


def fill_token_secret(key: Key, view: View, now_ms: int, mint: Mint, authority: str) -> Plan:
    """A Secret of type service-account-token gets what a Pod would read: token, authority, namespace. One
    without its account goes."""
    secret = view.get_manifest(SECRET, key.namespace, key.name)
    if secret is None or secret.get("type") != ACCOUNT_TOKEN or "deletionTimestamp" in secret["metadata"]:
        return NOTHING
    annotations = secret["metadata"].get("annotations", {})
    name, uid = annotations.get(ACCOUNT_NAME, ""), annotations.get(ACCOUNT_UID, "")
    account: ServiceAccount | None = view.get(SERVICE_ACCOUNT, key.namespace, name)
    if account is None or uid not in ("", account.metadata.uid):
        gives_up_ms = time_ms(secret["metadata"]["creationTimestamp"]) + ACCOUNT_COMES_MS
        if not uid and now_ms < gives_up_ms:
            return Plan(wake_at_ms=gives_up_ms)
        return Plan((Delete(SECRET, key.namespace, key.name, secret["metadata"]["uid"]),))
    data = secret.get("data", {})
    fixed = {"ca.crt": _base64(authority), "namespace": _base64(key.namespace)}
    if data.get("token") and uid and fixed.items() <= data.items():
        return NOTHING
    reference = Reference(name, account.metadata.uid)
    token = data.get("token") or _base64(mint(key.namespace, reference, key.name))
    metadata = secret["metadata"] | {"annotations": annotations | {ACCOUNT_UID: reference.uid}}
    return Plan((Put(SECRET, secret | {"metadata": metadata, "data": data | fixed | {"token": token}}),))


def gather_rules(key: Key, view: View, _: int) -> Plan:
    """A ClusterRole with an aggregationRule has the rules of those that it selects, and no others."""
    role = view.get_manifest(CLUSTER_ROLE, "", key.name)
    if role is None or not role.get("aggregationRule"):
        return NOTHING
    rules = aggregated_rules(role, view.list_manifests(CLUSTER_ROLE))
    if rules == (role.get("rules") or []):
        return NOTHING
    changed: Manifest = role | {"rules": rules}
    return Plan((Put(CLUSTER_ROLE, changed),))


def _secrets_of(account: ServiceAccount, view: View) -> Iterable[Key]:
    secrets: list[Secret] = view.list(SECRET, account.metadata.namespace)
    return [
        Key(secret.metadata.namespace, secret.metadata.name)
        for secret in secrets
        if secret.type == ACCOUNT_TOKEN
        and secret.metadata.annotations.get(ACCOUNT_NAME) == account.metadata.name
    ]


def _gathering(_: Any, view: View) -> Iterable[Key]:
    """Every role that gathers: a label of any other may have come or gone."""
    return [Key("", role.metadata.name) for role in view.list(CLUSTER_ROLE) if role.aggregation_rule]


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
