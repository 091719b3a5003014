"""The RBAC objects of a server, found by whom they are about (upstream `plugin/pkg/auth/authorizer/rbac`).

An index of plain data: `apply` takes one change of one object, and answers are remembered until the next
one. Whether somebody may do something is mostly one look into a dictionary.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from tradewind.apiserver.access import Attributes, Decision, User, service_account_name
from tradewind.apiserver.access.rules import matches, names
from tradewind.resources.rbac import (
    RBAC_GROUP,
    ClusterRole,
    ClusterRoleBinding,
    PolicyRule,
    Role,
    RoleBinding,
    RoleRef,
)
from tradewind.resources.rbac_kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING
from tradewind.store.entries import Change, Key

MAX_REMEMBERED = 8192
_STRUCTS: Mapping[str, type[Role | ClusterRole | RoleBinding | ClusterRoleBinding]] = {
    ROLE.resource: Role,
    CLUSTER_ROLE.resource: ClusterRole,
    ROLE_BINDING.resource: RoleBinding,
    CLUSTER_ROLE_BINDING.resource: ClusterRoleBinding,
}


@dataclass(frozen=True)
class Grant:
    """A rule that somebody has, and the binding that gives it."""

    rule: PolicyRule
    source: str


@dataclass(frozen=True)
class Grants:
    """All rules that a user has somewhere, and bindings of theirs that lead nowhere."""

    given: tuple[Grant, ...]
    errors: tuple[str, ...]


@dataclass(frozen=True)
class _Binding:
    """That of one subject: what it gives, and in upstream's words whence."""

    role: RoleRef
    source: str


class Policy:
    """See the module. Bindings are looked at in the order of their names, those of the cluster first."""

    def __init__(self) -> None:
        self._rules: dict[Key, Sequence[PolicyRule]] = {}
        self._subjects: dict[Key, tuple[str, ...]] = {}
        self._bindings: dict[tuple[str, str], dict[str, _Binding]] = {}
        self._remembered: dict[tuple[object, ...], Grants] = {}

    def apply(self, change: Change) -> None:
        """Take in a change of one of the RBAC_KINDS."""
        key = change.entry.key
        self._remembered.clear()
        self._forget(key)
        if change.deleted:
            return
        found = msgspec.json.decode(change.entry.data, type=_STRUCTS[key.resource])
        if isinstance(found, RoleBinding | ClusterRoleBinding):
            self._bind(key, found)
        else:
            self._rules[key] = found.rules

    def decide(self, user: User, asked: Attributes) -> Decision:
        """Whether a rule of the user allows this; if none does, `reason` names what could not be resolved."""
        found = self._about(user, asked)
        for grant in found.given:
            if names(grant.rule, asked.name):
                return Decision(True, f"RBAC: allowed by {grant.source}")
        return Decision(False, f"RBAC: {_joined(found.errors)}" if found.errors else "")

    def grants(self, user: User, namespace: str) -> Grants:
        """What a user has in a namespace, or, for "", in the whole cluster."""
        given: list[Grant] = []
        errors: list[str] = []
        for scope in ("", namespace) if namespace else ("",):
            for binding in self._bindings_of(user, scope):
                rules = self.role_rules(binding.role, scope)
                if rules is None:
                    kind = binding.role.kind.lower()
                    errors.append(f'{kind}.{RBAC_GROUP} "{binding.role.name}" not found')
                given += [Grant(rule, binding.source) for rule in rules or ()]
        return Grants(tuple(given), tuple(errors))

    def role_rules(self, role: RoleRef, namespace: str) -> Sequence[PolicyRule] | None:
        """The rules of the role that a binding in this namespace ("": of the cluster) names."""
        if role.kind == "Role":
            return self._rules.get(Key(ROLE.resource, namespace, role.name))
        return self._rules.get(Key(CLUSTER_ROLE.resource, "", role.name))

    def _about(self, user: User, asked: Attributes) -> Grants:
        """Those of the user's grants that are about this, whatever the name of the object."""
        what = (asked.verb, asked.group, asked.resource or asked.path, asked.namespace)
        key = (user.name, user.groups, *what)
        found = self._remembered.get(key)
        if found is None:
            grants = self.grants(user, asked.namespace)
            about = tuple(grant for grant in grants.given if matches(grant.rule, asked))
            if len(self._remembered) >= MAX_REMEMBERED:
                self._remembered.clear()
            found = self._remembered[key] = Grants(about, grants.errors)
        return found

    def _bindings_of(self, user: User, scope: str) -> Iterator[_Binding]:
        subjects = (f"User {user.name}", *(f"Group {group}" for group in user.groups))
        found: dict[str, _Binding] = {}
        for subject in subjects:
            found = self._bindings.get((scope, subject), {}) | found
        return (found[name] for name in sorted(found))

    def _bind(self, key: Key, binding: RoleBinding | ClusterRoleBinding) -> None:
        kind = "RoleBinding" if key.resource == ROLE_BINDING.resource else "ClusterRoleBinding"
        called = f"{key.name}/{key.namespace}" if key.namespace else key.name
        role = binding.role_ref
        subjects: dict[str, _Binding] = {}
        for subject in binding.subjects:
            at = subject.namespace or key.namespace
            shown, meant = subject.name, f"{subject.kind} {subject.name}"
            if subject.kind == "ServiceAccount":
                shown, meant = f"{subject.name}/{at}", f"User {service_account_name(at, subject.name)}"
            source = f'{kind} "{called}" of {role.kind} "{role.name}" to {subject.kind} "{shown}"'
            subjects.setdefault(meant, _Binding(role, source))
        for meant, bound in subjects.items():
            self._bindings.setdefault((key.namespace, meant), {})[key.name] = bound
        self._subjects[key] = tuple(subjects)

    def _forget(self, key: Key) -> None:
        self._rules.pop(key, None)
        for subject in self._subjects.pop(key, ()):
            bound = self._bindings[key.namespace, subject]
            del bound[key.name]
            if not bound:
                del self._bindings[key.namespace, subject]


def _joined(errors: Sequence[str]) -> str:
    """Several errors as upstream's `Aggregate` prints them: each once."""
    different = list(dict.fromkeys(errors))
    return different[0] if len(different) == 1 else f"[{', '.join(different)}]"
