"""RBAC objects as tests write them, and an authorizer over them."""

import json
from collections.abc import Iterable
from typing import Any

from tradewind.apiserver.access.authorizer import Authorizer
from tradewind.resources.rbac import RBAC_GROUP
from tradewind.resources.rbac_kinds import RBAC_KINDS
from tradewind.store.entries import Change, Entry, Key

RESOURCES = {kind.name: kind.resource for kind in RBAC_KINDS}


def change_of(manifest: dict[str, Any], *, deleted: bool = False) -> Change:
    metadata = manifest["metadata"]
    key = Key(RESOURCES[manifest["kind"]], metadata.get("namespace", ""), metadata["name"])
    return Change(Entry(key, 1, json.dumps(manifest).encode()), None, deleted)


def authorizer_of(manifests: Iterable[dict[str, Any]]) -> Authorizer:
    authorizer = Authorizer()
    for manifest in manifests:
        authorizer.policy.apply(change_of(manifest))
    return authorizer


def rule(verbs: str, resources: str = "", group: str = "", names: str = "", urls: str = "") -> dict[str, Any]:
    """A rule from words separated by blanks."""
    about = {"apiGroups": [group], "resources": resources.split()} if resources else {}
    about |= {"resourceNames": names.split()} if names else {}
    about |= {"nonResourceURLs": urls.split()} if urls else {}
    return {"verbs": verbs.split(), **about}


def role(name: str, *rules: dict[str, Any], namespace: str = "", **more: Any) -> dict[str, Any]:
    """A Role, or without a namespace a ClusterRole."""
    return _object("Role" if namespace else "ClusterRole", name, namespace) | {"rules": list(rules)} | more


def binding(
    name: str, role_name: str, *subjects: str, namespace: str = "", kind: str = "ClusterRole"
) -> dict[str, Any]:
    """A RoleBinding, or without a namespace a ClusterRoleBinding. Subjects are `user:x`, `group:x`,
    `account:ns/x` or `account:x`."""
    return _object("RoleBinding" if namespace else "ClusterRoleBinding", name, namespace) | {
        "roleRef": {"apiGroup": RBAC_GROUP, "kind": kind, "name": role_name},
        "subjects": [_subject(one) for one in subjects],
    }


def _subject(text: str) -> dict[str, str]:
    kind, _, name = text.partition(":")
    if kind == "account":
        namespace, _, account = name.rpartition("/")
        return {"kind": "ServiceAccount", "name": account} | ({"namespace": namespace} if namespace else {})
    return {"apiGroup": RBAC_GROUP, "kind": kind.capitalize(), "name": name}


def _object(kind: str, name: str, namespace: str) -> dict[str, Any]:
    about = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": f"{RBAC_GROUP}/v1", "kind": kind, "metadata": about}
