"""Nobody gives what they do not have (upstream `pkg/registry/rbac/*/policybased`, NodeRestriction). Pure.

A role may be written by who has all of its rules or may `escalate` roles; a role may be bound by who has
all of its rules or may `bind` it. An agent creates only what is its own.
"""

from collections.abc import Sequence

from tradewind.apiserver.access import MASTERS, Attributes, User, forbidden_object
from tradewind.apiserver.access.agents import cluster_of, may_create
from tradewind.apiserver.access.authorizer import EVERYTHING, Authorizer
from tradewind.apiserver.access.rules import compact, missing, quoted, text_of
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest, decode
from tradewind.resources.rbac import RBAC_GROUP, ClusterRole, PolicyRule, Role, RoleBinding
from tradewind.resources.rbac_kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE
from tradewind.resources.status import not_found

_OF_THE_COLLECTOR = ("ownerReferences", "finalizers", "resourceVersion", "managedFields")


def check_write(authorizer: Authorizer, user: User, kind: Kind, new: Manifest, old: Manifest | None) -> None:
    """Nothing, or 403, for an object that is about to be created or, with `old`, changed."""
    cluster = cluster_of(user)
    metadata = new["metadata"]
    namespace, name = metadata.get("namespace", ""), metadata["name"]
    if cluster and old is None and not may_create(cluster, kind.resource, namespace, name):
        why = f'the agent of the cluster "{cluster}" may create only its own'
        raise forbidden_object(kind.group, kind.plural, name, why)
    if kind.group != RBAC_GROUP or MASTERS in user.groups:
        return
    if old is not None and _only_for_the_collector(new, old):
        return
    if kind in (ROLE, CLUSTER_ROLE):
        _check_role(authorizer, user, kind, new, old)
    else:
        _check_binding(authorizer, user, kind, new)


def _check_role(authorizer: Authorizer, user: User, kind: Kind, new: Manifest, old: Manifest | None) -> None:
    namespace, name = new["metadata"].get("namespace", ""), new["metadata"]["name"]
    known = name if old is not None else ""  # as in other requests, what is created has no name yet
    asked = Attributes("escalate", group=kind.group, plural=kind.plural, namespace=namespace, name=known)
    if authorizer.decide(user, asked).allowed:
        return
    gathers = bool(new.get("aggregationRule") or (old or {}).get("aggregationRule"))
    if gathers and _lacks(authorizer, user, namespace, EVERYTHING):
        why = "must have cluster-admin privileges to use an aggregationRule"
        raise forbidden_object(kind.group, kind.plural, name, why)
    struct: type[Role | ClusterRole] = Role if kind is ROLE else ClusterRole
    if why := _lacks(authorizer, user, namespace, decode(new, struct).rules):
        raise forbidden_object(kind.group, kind.plural, name, why)


def _check_binding(authorizer: Authorizer, user: User, kind: Kind, new: Manifest) -> None:
    metadata = new["metadata"]
    namespace = metadata.get("namespace", "") if kind is not CLUSTER_ROLE_BINDING else ""
    role = decode(new, RoleBinding).role_ref
    plural = ROLE.plural if role.kind == "Role" else CLUSTER_ROLE.plural
    asked = Attributes("bind", group=role.api_group, plural=plural, namespace=namespace, name=role.name)
    if authorizer.decide(user, asked).allowed:
        return
    rules = authorizer.policy.role_rules(role, namespace)
    if rules is None:
        raise not_found(f"{plural}.{RBAC_GROUP}", role.name)  # nobody can say what it would give
    if why := _lacks(authorizer, user, namespace, rules):
        raise forbidden_object(kind.group, kind.plural, metadata["name"], why)


def _lacks(authorizer: Authorizer, user: User, namespace: str, wanted: Sequence[PolicyRule]) -> str:
    """In upstream's words, which of these rules a user does not have; "" when they have all."""
    held, errors = authorizer.rules_of(user, namespace)
    lacking = compact(missing(held, wanted))
    if not lacking:
        return ""
    listed = "\n".join(sorted({text_of(rule) for rule in lacking}))
    message = (
        f'user "{user.name}" (groups={quoted(user.groups)}) is attempting to grant RBAC permissions not '
        f"currently held:\n{listed}"
    )
    return f"{message}; resolution errors: [{', '.join(errors)}]" if errors else message


def _only_for_the_collector(new: Manifest, old: Manifest) -> bool:
    """Whether a change is one of those that the garbage collector makes."""
    return _without(new) == _without(old)


def _without(manifest: Manifest) -> Manifest:
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in _OF_THE_COLLECTOR}
    return {**manifest, "metadata": metadata}
