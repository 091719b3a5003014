"""rbac.authorization.k8s.io/v1: who may do what, as objects."""

from typing import Annotated

from msgspec import field

from tradewind.resources.meta import LabelSelector, Object, Struct
from tradewind.resources.schema import ATOMIC

RBAC_GROUP = "rbac.authorization.k8s.io"
ANY = "*"


class PolicyRule(Struct):
    """What is allowed: verbs on resources, or on paths that are no resources. `*` is any."""

    verbs: list[str] = []
    api_groups: list[str] = []
    resources: list[str] = []
    resource_names: list[str] = []
    non_resource_urls: list[str] = field(default_factory=list, name="nonResourceURLs")


class AggregationRule(Struct):
    """Which ClusterRoles' rules make up the rules of this one."""

    cluster_role_selectors: list[LabelSelector] = []


class Role(Object):
    """What is allowed in one namespace to those that a RoleBinding names."""

    rules: list[PolicyRule] = []


class ClusterRole(Object):
    """What is allowed everywhere, or, named by a RoleBinding, in its namespace."""

    rules: list[PolicyRule] = []
    aggregation_rule: AggregationRule | None = None


class RoleRef(Struct):
    """The role that a binding gives; it cannot be changed."""

    api_group: str = ""
    kind: str = ""
    name: str = ""


class Subject(Struct):
    """Who gets it: a User, a Group or a ServiceAccount."""

    kind: str = ""
    api_group: str = ""
    name: str = ""
    namespace: str = ""


class RoleBinding(Object):
    """Gives a Role or a ClusterRole in one namespace."""

    role_ref: Annotated[RoleRef, ATOMIC] = RoleRef()
    subjects: list[Subject] = []


class ClusterRoleBinding(Object):
    """Gives a ClusterRole everywhere."""

    role_ref: Annotated[RoleRef, ATOMIC] = RoleRef()
    subjects: list[Subject] = []
