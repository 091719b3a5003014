"""Who may do what. Pure.

Users are known by their client certificate: the common name is the user, the organizations are the
groups. `system:masters` may do everything. A cluster's agent may touch what the hub keeps for that
cluster, and nothing of another's. Everybody may ask for health and version.
"""

from dataclasses import dataclass

from tradewind.resources.labels import CLUSTER_LEASE_NAMESPACE, execution_namespace
from tradewind.resources.status import ApiError, forbidden

MASTERS = "system:masters"
AGENTS = "system:karmada:agents"
AGENT_PREFIX = "system:karmada:agent:"
AUTHENTICATED = "system:authenticated"

_HEALTH = ("/healthz", "/livez", "/readyz", "/version")
_DISCOVERY = ("/api", "/apis", "/openapi")
_READ = frozenset({"get", "list", "watch"})
_WRITE = frozenset({"create", "update", "patch"})
_ALL = _READ | _WRITE | {"delete", "deletecollection"}


@dataclass(frozen=True)
class User:
    """Who asks."""

    name: str
    groups: tuple[str, ...] = ()


ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))


@dataclass(frozen=True)
class Attributes:
    """What is asked. `plural` is "" for a path that is no resource (upstream `authorizer.Attributes`)."""

    verb: str
    path: str = ""
    group: str = ""
    plural: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True)
class Rule:
    """What is allowed. `resources` are `plural.group`; what is empty means any."""

    verbs: frozenset[str]
    resources: tuple[str, ...] = ()
    namespace: str = ""
    name: str = ""


def authorize(user: User, asked: Attributes) -> None:
    """Nothing, or 403 in upstream's words."""
    if not asked.plural:
        if not _may_see(user, asked.path):
            raise forbidden(f'forbidden: User "{user.name}" cannot {asked.verb} path "{asked.path}"')
    elif not any(_allows(rule, asked) for rule in rules_of(user)):
        raise _refusal(user, asked)


def rules_of(user: User) -> tuple[Rule, ...]:
    """What a user may do with resources."""
    if MASTERS in user.groups:
        return (Rule(_ALL),)
    if AGENTS in user.groups and user.name.startswith(AGENT_PREFIX):
        return _agent_rules(user.name.removeprefix(AGENT_PREFIX))
    return ()


def _agent_rules(cluster: str) -> tuple[Rule, ...]:
    return (
        Rule(_ALL, namespace=execution_namespace(cluster)),
        Rule(_ALL, ("clusters.cluster.karmada.io",), name=cluster),
        Rule(_ALL, ("leases.coordination.k8s.io",), namespace=CLUSTER_LEASE_NAMESPACE, name=cluster),
        Rule(_READ | _WRITE, ("events",)),
    )


def _allows(rule: Rule, asked: Attributes) -> bool:
    resource = f"{asked.plural}.{asked.group}" if asked.group else asked.plural
    return (
        asked.verb in rule.verbs
        and (not rule.resources or resource in rule.resources)
        and rule.namespace in ("", asked.namespace)
        and rule.name in ("", asked.name)
    )


def _may_see(user: User, path: str) -> bool:
    if path.startswith(_HEALTH):
        return True
    return MASTERS in user.groups or (user != ANONYMOUS and path.startswith(_DISCOVERY))


def _refusal(user: User, asked: Attributes) -> ApiError:
    resource = f"{asked.plural}.{asked.group}" if asked.group else asked.plural
    subject = f'{resource} "{asked.name}"' if asked.name else resource
    what = f"{asked.plural}/{asked.subresource}" if asked.subresource else asked.plural
    where = f'in the namespace "{asked.namespace}"' if asked.namespace else "at the cluster scope"
    error = forbidden(
        f'{subject} is forbidden: User "{user.name}" cannot {asked.verb} resource "{what}" in API group '
        f'"{asked.group}" {where}'
    )
    error.details = {"name": asked.name, "group": asked.group, "kind": asked.plural}
    return error
