"""Defaults and rules of the RBAC kinds (kubernetes `pkg/apis/rbac`, its wording)."""

import json
from collections.abc import Iterable

from tradewind.resources import rules
from tradewind.resources.meta import Manifest, decode
from tradewind.resources.problems import Cause, Problem
from tradewind.resources.rbac import (
    RBAC_GROUP,
    ClusterRole,
    ClusterRoleBinding,
    PolicyRule,
    Role,
    RoleBinding,
    Subject,
)
from tradewind.resources.shape import join
from tradewind.resources.syntax import dns_subdomain_problem, path_segment_problem

SUBJECT_KINDS = ("ServiceAccount", "User", "Group")


def default_binding(manifest: Manifest) -> Manifest:
    """The API groups that are left out: of the role, and of users and groups."""
    role, subjects = manifest.get("roleRef"), manifest.get("subjects")
    filled = dict(manifest)
    if isinstance(role, dict) and not role.get("apiGroup"):
        filled["roleRef"] = role | {"apiGroup": RBAC_GROUP}
    if isinstance(subjects, list):
        filled["subjects"] = [_default_subject(one) for one in subjects]
    return filled


def _default_subject(subject: object) -> object:
    needs = isinstance(subject, dict) and subject.get("kind") in ("User", "Group")
    if isinstance(subject, dict) and needs and not subject.get("apiGroup"):
        return subject | {"apiGroup": RBAC_GROUP}
    return subject


def check_role(manifest: Manifest) -> list[Problem]:
    """The rules of a Role: no paths, which belong to no namespace."""
    return _rules(decode(manifest, Role).rules, namespaced=True)


def check_cluster_role(manifest: Manifest) -> list[Problem]:
    """The rules and selectors of a ClusterRole."""
    role = decode(manifest, ClusterRole)
    problems = _rules(role.rules, namespaced=False)
    if role.aggregation_rule is not None and not role.aggregation_rule.cluster_role_selectors:
        path = "aggregationRule.clusterRoleSelectors"
        problems.append(
            rules.required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil")
        )
    return problems


def check_role_binding(manifest: Manifest) -> list[Problem]:
    """Role and subjects of a RoleBinding."""
    return _binding(decode(manifest, RoleBinding), ("Role", "ClusterRole"), namespaced=True)


def check_cluster_role_binding(manifest: Manifest) -> list[Problem]:
    """Role and subjects of a ClusterRoleBinding."""
    return _binding(decode(manifest, ClusterRoleBinding), ("ClusterRole",), namespaced=False)


def check_binding_update(new: Manifest, old: Manifest) -> list[Problem]:
    """A binding gives the same role for ever, so that who may bind one role cannot give another."""
    if new.get("roleRef") == old.get("roleRef"):
        return []
    return [_invalid_value("roleRef", new.get("roleRef"), "cannot change roleRef")]


def _rules(found: Iterable[PolicyRule], namespaced: bool) -> list[Problem]:
    return [
        problem for place, rule in enumerate(found) for problem in _rule(f"rules[{place}]", rule, namespaced)
    ]


def _rule(path: str, rule: PolicyRule, namespaced: bool) -> list[Problem]:
    problems = []
    if not rule.verbs:
        problems.append(rules.required(join(path, "verbs"), "verbs must contain at least one value"))
    if rule.non_resource_urls:
        return problems + _paths(join(path, "nonResourceURLs"), rule, namespaced)
    if not rule.api_groups:
        what = "resource rules must supply at least one api group"
        problems.append(rules.required(join(path, "apiGroups"), what))
    if not rule.resources:
        what = "resource rules must supply at least one resource"
        problems.append(rules.required(join(path, "resources"), what))
    return problems


def _paths(path: str, rule: PolicyRule, namespaced: bool) -> list[Problem]:
    problems = []
    if namespaced:
        why = "namespaced rules cannot apply to non-resource URLs"
        problems.append(_invalid_value(path, rule.non_resource_urls, why))
    if rule.api_groups or rule.resources or rule.resource_names:
        why = "rules cannot apply to both regular resources and non-resource URLs"
        problems.append(_invalid_value(path, rule.non_resource_urls, why))
    return problems


def _binding(
    binding: RoleBinding | ClusterRoleBinding, roles: tuple[str, ...], namespaced: bool
) -> list[Problem]:
    role = binding.role_ref
    problems = _one_of("roleRef.apiGroup", role.api_group, (RBAC_GROUP,))
    problems += _one_of("roleRef.kind", role.kind, roles)
    if not role.name:
        problems.append(rules.required("roleRef.name"))
    problems += rules.syntax("roleRef.name", role.name, path_segment_problem(role.name))
    for place, subject in enumerate(binding.subjects):
        problems += _subject(f"subjects[{place}]", subject, namespaced)
    return problems


def _subject(path: str, subject: Subject, namespaced: bool) -> list[Problem]:
    problems = [] if subject.name else [rules.required(join(path, "name"))]
    group = join(path, "apiGroup")
    if subject.kind not in SUBJECT_KINDS:
        return problems + _one_of(join(path, "kind"), subject.kind, SUBJECT_KINDS)
    if subject.kind != "ServiceAccount":
        return problems + _one_of(group, subject.api_group, (RBAC_GROUP,))
    if subject.name:
        problems += rules.syntax(join(path, "name"), subject.name, dns_subdomain_problem(subject.name))
    problems += _one_of(group, subject.api_group, ("",))
    if not namespaced and not subject.namespace:
        problems.append(rules.required(join(path, "namespace")))
    return problems


def _one_of(path: str, value: str, allowed: tuple[str, ...]) -> list[Problem]:
    """As `rules.one_of`, but an empty text is a value like any other."""
    if value in allowed:
        return []
    listed = ", ".join(json.dumps(choice) for choice in allowed)
    message = f"Unsupported value: {json.dumps(value)}: supported values: {listed}"
    return [Problem(path, message, Cause.NOT_SUPPORTED)]


def _invalid_value(path: str, value: object, why: str) -> Problem:
    return Problem(path, f"Invalid value: {json.dumps(value, separators=(',', ':'))}: {why}")
