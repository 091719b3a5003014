"""Roles and bindings: what is refused, and in which words; what is filled in."""

from typing import Any

import pytest

from tradewind.resources.kinds import Kind
from tradewind.resources.rbac_kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING
from tradewind.resources.validate import check

GROUP = "rbac.authorization.k8s.io"
GIVES = {"apiGroup": GROUP, "kind": "ClusterRole", "name": "view"}
JANE = {"kind": "User", "apiGroup": GROUP, "name": "jane"}


def problems(kind: Kind, name: str = "a", **parts: Any) -> list[str]:
    metadata = {"name": name} | ({"namespace": "ml"} if kind.namespaced else {})
    manifest = {"apiVersion": f"{GROUP}/v1", "kind": kind.name, "metadata": metadata} | parts
    return [str(one) for one in check(kind.default(manifest), kind)]


@pytest.mark.parametrize("name", ["system:node", "Admin", "a b", "-", "x" * 300])
def test_a_role_may_be_named_by_whatever_fits_into_a_path(name: str):
    assert problems(ROLE, name) == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (".", "may not be '.'"),
        ("..", "may not be '..'"),
        ("a/b", "may not contain '/'"),
        ("a%", "may not contain '%'"),
    ],
)
def test_names_that_are_no_part_of_a_path(name: str, why: str):
    assert problems(CLUSTER_ROLE, name) == [f'metadata.name: Invalid value: "{name}": {why}']


RULES = [
    (ROLE, {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}, []),
    (
        ROLE,
        {},
        [
            "rules[0].verbs: Required value: verbs must contain at least one value",
            "rules[0].apiGroups: Required value: resource rules must supply at least one api group",
            "rules[0].resources: Required value: resource rules must supply at least one resource",
        ],
    ),
    (CLUSTER_ROLE, {"verbs": ["get"], "nonResourceURLs": ["/metrics"]}, []),
    (
        ROLE,
        {"verbs": ["get"], "nonResourceURLs": ["/metrics"]},
        [
            'rules[0].nonResourceURLs: Invalid value: ["/metrics"]: namespaced rules cannot apply to '
            "non-resource URLs"
        ],
    ),
    (
        CLUSTER_ROLE,
        {"verbs": ["get"], "nonResourceURLs": ["/m"], "resources": ["pods"]},
        [
            'rules[0].nonResourceURLs: Invalid value: ["/m"]: rules cannot apply to both regular resources '
            "and non-resource URLs"
        ],
    ),
]


@pytest.mark.parametrize(("kind", "rule", "expected"), RULES)
def test_rules(kind: Kind, rule: dict[str, Any], expected: list[str]):
    assert problems(kind, rules=[rule]) == expected


def test_a_role_that_gathers_says_which():
    assert problems(CLUSTER_ROLE, aggregationRule={}) == [
        "aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if "
        "aggregationRule is non-nil"
    ]


BOUND = [
    (ROLE_BINDING, GIVES, JANE, []),
    (ROLE_BINDING, {"kind": "Role", "name": "x"}, {"kind": "Group", "name": "g"}, []),
    (ROLE_BINDING, GIVES, {"kind": "ServiceAccount", "name": "robot"}, []),
    (
        CLUSTER_ROLE_BINDING,
        GIVES,
        {"kind": "ServiceAccount", "name": "robot"},
        ["subjects[0].namespace: Required value"],
    ),
    (
        CLUSTER_ROLE_BINDING,
        {"kind": "Role", "name": "x"},
        JANE,
        ['roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"'],
    ),
    (
        ROLE_BINDING,
        {},
        JANE,
        [
            'roleRef.kind: Unsupported value: "": supported values: "Role", "ClusterRole"',
            "roleRef.name: Required value",
        ],
    ),
    (
        ROLE_BINDING,
        GIVES | {"apiGroup": "x"},
        JANE,
        ['roleRef.apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"'],
    ),
    (
        ROLE_BINDING,
        GIVES,
        {"kind": "Robot", "name": "r"},
        ['subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"'],
    ),
    (ROLE_BINDING, GIVES, {"kind": "User"}, ["subjects[0].name: Required value"]),
    (
        ROLE_BINDING,
        GIVES,
        JANE | {"apiGroup": "x"},
        ['subjects[0].apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"'],
    ),
    (
        ROLE_BINDING,
        GIVES,
        {"kind": "ServiceAccount", "name": "r", "apiGroup": GROUP},
        ['subjects[0].apiGroup: Unsupported value: "rbac.authorization.k8s.io": supported values: ""'],
    ),
]


@pytest.mark.parametrize(("kind", "role", "subject", "expected"), BOUND)
def test_bindings(kind: Kind, role: dict[str, Any], subject: dict[str, Any], expected: list[str]):
    assert problems(kind, roleRef=role, subjects=[subject]) == expected


def test_the_role_of_a_binding_cannot_be_changed():
    old = {"roleRef": GIVES, "subjects": []}
    assert ROLE_BINDING.check_update(old | {"subjects": [JANE]}, old) == []
    [problem] = ROLE_BINDING.check_update({"roleRef": GIVES | {"name": "edit"}}, old)
    assert str(problem) == (
        'roleRef: Invalid value: {"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole",'
        '"name":"edit"}: cannot change roleRef'
    )
