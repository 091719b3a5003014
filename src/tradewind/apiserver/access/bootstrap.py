"""The roles and bindings that a server has from the start (upstream `bootstrappolicy`). Pure.

Those of parts that Tradewind does not have (kubelets, the scheduler, certificate signing) are left out.
`restored` says what must be written for an object to be as it should: missing rules, subjects and
selectors are put back, what people have added stays.
"""

from collections.abc import Iterable

from tradewind.apiserver.access import AUTHENTICATED, MASTERS, UNAUTHENTICATED
from tradewind.apiserver.access.rules import compact, missing
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest, decode, encode, selects
from tradewind.resources.rbac import ANY, RBAC_GROUP, ClusterRole, PolicyRule
from tradewind.resources.rbac_kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING

AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate"
AGGREGATE_TO = "rbac.authorization.k8s.io/aggregate-to-"
_BOOTSTRAPPING = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_READ = ["get", "list", "watch"]
_WRITE = ["create", "delete", "deletecollection", "patch", "update"]
_SERVING = "serving.kserve.io"
_POLICY = "policy.karmada.io"


def _rule(verbs: list[str], group: str, *resources: str) -> PolicyRule:
    return PolicyRule(verbs=verbs, api_groups=[group], resources=list(resources))


def _paths(*urls: str) -> PolicyRule:
    return PolicyRule(verbs=["get"], non_resource_urls=list(urls))


_VIEW = [
    _rule(
        _READ,
        "",
        "configmaps",
        "endpoints",
        "persistentvolumeclaims",
        "persistentvolumeclaims/status",
        "pods",
        "serviceaccounts",
        "services",
        "services/status",
    ),
    _rule(_READ, "", "events", "limitranges", "namespaces/status", "pods/log", "pods/status"),
    _rule(_READ, "", "namespaces"),
    _rule(_READ, "discovery.k8s.io", "endpointslices"),
    _rule(_READ, "metrics.k8s.io", "pods"),
]
_EDIT = [
    _rule(_READ, "", "secrets"),
    _rule(["impersonate"], "", "serviceaccounts"),
    _rule(_WRITE, "", "pods"),
    _rule(["create"], "", "pods/eviction"),
    _rule(_WRITE, "", "configmaps", "events", "secrets", "serviceaccounts", "services"),
    _rule(["create"], "", "serviceaccounts/token"),
    _rule(_READ + _WRITE, "coordination.k8s.io", "leases"),
]
_ADMIN = [
    _rule(["create"], "authorization.k8s.io", "localsubjectaccessreviews"),
    _rule(_READ + _WRITE, RBAC_GROUP, "rolebindings", "roles"),
]
_SERVED = ("inferenceservices", "servingruntimes")
# What people write for KServe, Knative, Istio and Karmada, whose installations add such roles too.
_VIEW_SERVING = [
    _rule(_READ, _SERVING, *_SERVED, "inferenceservices/status", "inferenceservices/scale"),
    _rule(_READ, "serving.knative.dev", "revisions", "revisions/status"),
    _rule(_READ, "networking.istio.io", "destinationrules"),
    _rule(_READ, _POLICY, "propagationpolicies", "overridepolicies"),
    _rule(_READ, "work.karmada.io", "resourcebindings", "resourcebindings/status"),
]
_EDIT_SERVING = [
    _rule(_WRITE, _SERVING, *_SERVED, "inferenceservices/scale"),
    _rule(_WRITE, "networking.istio.io", "destinationrules"),
    _rule(_WRITE, _POLICY, "propagationpolicies", "overridepolicies"),
]
_HEALTH = ("/healthz", "/livez", "/readyz", "/version", "/version/")
_DISCOVERY = ("/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*")

# Rules by role; a role may also be part of another, by its label.
_ROLES: dict[str, tuple[list[PolicyRule], str]] = {
    "cluster-admin": (
        [
            _rule([ANY], ANY, ANY),
            PolicyRule(verbs=[ANY], non_resource_urls=[ANY]),
        ],
        "",
    ),
    "system:discovery": ([_paths(*_DISCOVERY, *_HEALTH)], ""),
    "system:public-info-viewer": ([_paths(*_HEALTH)], ""),
    "system:monitoring": (
        [_paths("/healthz", "/healthz/*", "/livez", "/livez/*", "/metrics", "/readyz", "/readyz/*")],
        "",
    ),
    "system:basic-user": (
        [
            _rule(["create"], "authorization.k8s.io", "selfsubjectaccessreviews", "selfsubjectrulesreviews"),
            _rule(["create"], "authentication.k8s.io", "selfsubjectreviews"),
        ],
        "",
    ),
    "system:auth-delegator": (
        [
            _rule(["create"], "authentication.k8s.io", "tokenreviews"),
            _rule(["create"], "authorization.k8s.io", "subjectaccessreviews"),
        ],
        "",
    ),
    "system:aggregate-to-admin": (_ADMIN, "admin"),
    "system:aggregate-to-edit": (_EDIT, "edit"),
    "system:aggregate-to-view": (_VIEW, "view"),
    "tradewind:aggregate-to-edit": (_EDIT_SERVING, "edit"),
    "tradewind:aggregate-to-view": (_VIEW_SERVING, "view"),
}
# Roles whose rules are those of others, and which other role each of them is part of.
_AGGREGATED = {"view": "edit", "edit": "admin", "admin": ""}
_BINDINGS = {
    "cluster-admin": (MASTERS,),
    "system:monitoring": ("system:monitoring",),
    "system:discovery": (AUTHENTICATED,),
    "system:basic-user": (AUTHENTICATED,),
    "system:public-info-viewer": (AUTHENTICATED, UNAUTHENTICATED),
}


def bootstrap_objects() -> list[tuple[Kind, Manifest]]:
    """Every role and binding as it is at first."""
    roles = [_role(name, part_of, list(map(encode, rules))) for name, (rules, part_of) in _ROLES.items()]
    for name, part_of in _AGGREGATED.items():
        selector = {"matchLabels": {f"{AGGREGATE_TO}{name}": "true"}}
        role = _role(name, part_of, []) | {"aggregationRule": {"clusterRoleSelectors": [selector]}}
        roles.append(role | {"rules": aggregated_rules(role, roles)})
    bindings = [_binding(name, groups) for name, groups in _BINDINGS.items()]
    return [
        *((CLUSTER_ROLE, role) for role in roles),
        *((CLUSTER_ROLE_BINDING, binding) for binding in bindings),
    ]


def aggregated_rules(role: Manifest, roles: Iterable[Manifest]) -> list[Manifest]:
    """The rules of a role that gathers others' (upstream `ClusterRoleAggregationController`): each once, in
    the order of the others' names."""
    rule = decode(role, ClusterRole).aggregation_rule
    selectors = rule.cluster_role_selectors if rule else []
    gathered = [
        one
        for one in sorted(roles, key=lambda one: str(one["metadata"]["name"]))
        if one["metadata"]["name"] != role["metadata"]["name"]
        and any(selects(selector, one["metadata"].get("labels", {})) for selector in selectors)
    ]
    found: list[Manifest] = []
    for one in (rule for other in gathered for rule in other.get("rules") or []):
        if one not in found:
            found.append(one)
    return found


def restored(wanted: Manifest, found: Manifest) -> Manifest:
    """`found` with all of `wanted` in it; `found` itself when it has that, or is marked as left alone."""
    annotations = found["metadata"].get("annotations", {})
    if annotations.get(AUTOUPDATE) != "true":
        return found
    metadata = {**found["metadata"]}
    for field in ("labels", "annotations"):
        metadata[field] = metadata.get(field, {}) | wanted["metadata"].get(field, {})
    result = {**found, "metadata": metadata}
    if "aggregationRule" in wanted:
        selectors = (found.get("aggregationRule") or {}).get("clusterRoleSelectors") or []
        new = [one for one in wanted["aggregationRule"]["clusterRoleSelectors"] if one not in selectors]
        return result | {"aggregationRule": {"clusterRoleSelectors": [*selectors, *new]}}
    if "rules" in wanted:
        lost = missing(decode(found, ClusterRole).rules, decode(wanted, ClusterRole).rules)
        return result | {"rules": [*(found.get("rules") or []), *map(encode, compact(lost))]}
    subjects = found.get("subjects") or []
    return result | {"subjects": [*subjects, *(one for one in wanted["subjects"] if one not in subjects)]}


def _role(name: str, part_of: str, rules: list[Manifest]) -> Manifest:
    labels = {f"{AGGREGATE_TO}{part_of}": "true"} if part_of else {}
    return _object(CLUSTER_ROLE, name, labels) | {"rules": rules}


def _binding(name: str, groups: Iterable[str]) -> Manifest:
    return _object(CLUSTER_ROLE_BINDING, name, {}) | {
        "roleRef": {"apiGroup": RBAC_GROUP, "kind": CLUSTER_ROLE.name, "name": name},
        "subjects": [{"apiGroup": RBAC_GROUP, "kind": "Group", "name": group} for group in groups],
    }


def _object(kind: Kind, name: str, labels: dict[str, str]) -> Manifest:
    about = {"name": name, "labels": _BOOTSTRAPPING | labels, "annotations": {AUTOUPDATE: "true"}}
    return {"apiVersion": kind.api_version, "kind": kind.name, "metadata": about}
