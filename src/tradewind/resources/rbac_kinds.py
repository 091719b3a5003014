"""Role, ClusterRole and their bindings, named and printed as upstream does."""

from tradewind.resources import rbac
from tradewind.resources.columns import AGE, NAME, at, field_text
from tradewind.resources.kinds import Column, Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.rbac_checks import (
    check_binding_update,
    check_cluster_role,
    check_cluster_role_binding,
    check_role,
    check_role_binding,
    default_binding,
)
from tradewind.resources.syntax import path_segment_problem


def _role(binding: Manifest, _: int) -> str:
    role = at(binding, "roleRef") or {}
    return f"{role.get('kind', '')}/{role.get('name', '')}"


def _subjects(binding: Manifest, kind: str) -> str:
    found = [one for one in at(binding, "subjects") or [] if one.get("kind") == kind]
    names = (f"{one.get('namespace', '')}/" if kind == "ServiceAccount" else "" for one in found)
    return ", ".join(prefix + one.get("name", "") for prefix, one in zip(names, found, strict=True))


_ROLE_COLUMNS = (NAME, Column("Created At", field_text("metadata", "creationTimestamp")))
_BINDING_COLUMNS = (
    NAME,
    Column("Role", _role),
    AGE,
    Column("Users", lambda one, _: _subjects(one, "User"), wide=True),
    Column("Groups", lambda one, _: _subjects(one, "Group"), wide=True),
    Column("ServiceAccounts", lambda one, _: _subjects(one, "ServiceAccount"), wide=True),
)

ROLE = Kind(
    group=rbac.RBAC_GROUP,
    versions=("v1",),
    name="Role",
    plural="roles",
    struct=rbac.Role,
    has_status=False,
    columns=_ROLE_COLUMNS,
    check=check_role,
    name_problem=path_segment_problem,
)
CLUSTER_ROLE = Kind(
    group=rbac.RBAC_GROUP,
    versions=("v1",),
    name="ClusterRole",
    plural="clusterroles",
    struct=rbac.ClusterRole,
    namespaced=False,
    has_status=False,
    columns=_ROLE_COLUMNS,
    check=check_cluster_role,
    name_problem=path_segment_problem,
)
ROLE_BINDING = Kind(
    group=rbac.RBAC_GROUP,
    versions=("v1",),
    name="RoleBinding",
    plural="rolebindings",
    struct=rbac.RoleBinding,
    has_status=False,
    columns=_BINDING_COLUMNS,
    default=default_binding,
    check=check_role_binding,
    check_update=check_binding_update,
    name_problem=path_segment_problem,
)
CLUSTER_ROLE_BINDING = Kind(
    group=rbac.RBAC_GROUP,
    versions=("v1",),
    name="ClusterRoleBinding",
    plural="clusterrolebindings",
    struct=rbac.ClusterRoleBinding,
    namespaced=False,
    has_status=False,
    columns=_BINDING_COLUMNS,
    default=default_binding,
    check=check_cluster_role_binding,
    check_update=check_binding_update,
    name_problem=path_segment_problem,
)
RBAC_KINDS = (ROLE, CLUSTER_ROLE, ROLE_BINDING, CLUSTER_ROLE_BINDING)
