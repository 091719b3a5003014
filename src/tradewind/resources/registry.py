"""Which kinds the hub and the members serve, and how to find one by what people and manifests call it."""

from collections.abc import Iterable

from tradewind.resources import cluster, networking, policy, rebalancer, serving_kinds, work
from tradewind.resources.core_kinds import (
    CONFIG_MAP,
    ENDPOINT_SLICE,
    EVENT,
    LEASE,
    NAMESPACE,
    NODE,
    POD,
    SECRET,
    SERVICE,
    SERVICE_ACCOUNT,
)
from tradewind.resources.custom_definition import CUSTOM_RESOURCE_DEFINITION
from tradewind.resources.kinds import Kind
from tradewind.resources.rbac_kinds import RBAC_KINDS

# What users write once at the hub and what then works in every member alike.
PROPAGATED_KINDS: tuple[Kind, ...] = (
    serving_kinds.INFERENCE_SERVICE,
    serving_kinds.SERVING_RUNTIME,
    serving_kinds.CLUSTER_SERVING_RUNTIME,
    networking.DESTINATION_RULE,
    NAMESPACE,
    SECRET,
    CONFIG_MAP,
    SERVICE_ACCOUNT,
    *RBAC_KINDS,
    CUSTOM_RESOURCE_DEFINITION,
)

# The hub runs nothing itself: Pods, Nodes, Services, EndpointSlices and Revisions exist in members only.
# EndpointSlices for members travel inside Works, so the hub does not serve them as objects.
HUB_KINDS: tuple[Kind, ...] = (
    *PROPAGATED_KINDS,
    policy.PROPAGATION_POLICY,
    policy.CLUSTER_PROPAGATION_POLICY,
    policy.OVERRIDE_POLICY,
    policy.CLUSTER_OVERRIDE_POLICY,
    cluster.CLUSTER,
    work.RESOURCE_BINDING,
    work.CLUSTER_RESOURCE_BINDING,
    work.WORK,
    rebalancer.WORKLOAD_REBALANCER,
    EVENT,
    LEASE,
)

MEMBER_KINDS: tuple[Kind, ...] = (
    *PROPAGATED_KINDS,
    serving_kinds.REVISION,
    POD,
    NODE,
    SERVICE,
    ENDPOINT_SLICE,
    EVENT,
    LEASE,
)

ALL_KINDS: tuple[Kind, ...] = (*HUB_KINDS, *(kind for kind in MEMBER_KINDS if kind not in HUB_KINDS))


def find(kinds: Iterable[Kind], api_version: str, kind_name: str) -> Kind | None:
    """The kind that a manifest's `apiVersion` (any served version) and `kind` name."""
    for kind in kinds:
        if kind.name == kind_name and api_version in map(kind.api_version_of, kind.versions):
            return kind
    return None


def find_by_name(kinds: Iterable[Kind], text: str) -> Kind | None:
    """The kind that a word of a command line names, whatever its case.

    A word is a plural, a singular, a short name, or one of these with the group or a beginning of
    it (`clusters.cluster.karmada.io`), optionally with a version as kubectl writes it
    (`events.v1.`, `destinationrules.v1.networking.istio.io`). The first kind that fits wins.
    """
    word, _, qualifier = text.lower().partition(".")
    for kind in kinds:
        if word in _names(kind) and _qualifies(kind, qualifier):
            return kind
    return None


def _names(kind: Kind) -> tuple[str, ...]:
    return (kind.plural, kind.name.lower(), *kind.short_names)


def _qualifies(kind: Kind, qualifier: str) -> bool:
    if not qualifier:
        return True
    version, _, group = qualifier.partition(".")
    return kind.group.startswith(qualifier) or (version in kind.versions and kind.group == group)
