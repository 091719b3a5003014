"""How a member presents itself at the hub: its Cluster, what it reports in it, and its Lease."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from tradewind.federation.capacity import modelings, node_capacities, summarize
from tradewind.federation.conditions import with_condition
from tradewind.federation.health import GRACE_MS, RENEW_MS
from tradewind.federation.keys import DECLARED
from tradewind.federation.taints import change_taints
from tradewind.resources import labels
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.cluster_types import (
    ApiEnablement,
    ApiResource,
    Cluster,
    ClusterSpec,
    ClusterStatus,
    NodeSummary,
    ResourceModel,
)
from tradewind.resources.core import Lease, LeaseSpec, Node, Pod, Taint
from tradewind.resources.core_kinds import LEASE
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Condition, ObjectMeta, Struct, decode, encode, is_true, replace
from tradewind.resources.times import micro_time_text, time_ms


@dataclass(frozen=True)
class MemberIdentity:
    """What a member knows of itself. `order` is its place in the fleet file, `gateway_url` where users and
    `peer_gateway` (`host:port`) where other gateways reach it, `rtt_ms` its distance to other regions;
    `version` is what `kubectl get clusters` prints."""

    name: str
    api_endpoint: str
    gateway_url: str
    peer_gateway: str
    provider: str = ""
    region: str = ""
    zone: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    order: int = 0
    rtt_ms: Mapping[str, int] = field(default_factory=dict)
    version: str = ""


class _Declaration(Struct):
    """What a fleet file declared."""

    labels: dict[str, str] = {}
    taints: list[Taint] = []


def make_cluster(identity: MemberIdentity, known: Cluster | None) -> Cluster:
    """The member's Cluster; of a `known` one, what others have written stays.

    Labels and taints are the member's only as far as the fleet file declares them, and only when it
    declares something else than before: what people change at the hub in between is not undone.
    """
    before = known or Cluster(api_version=CLUSTER.api_version, kind=CLUSTER.name)
    meta, spec = before.metadata, before.spec
    own_labels, taints = _declare(identity, meta, spec)
    return replace(
        before,
        metadata=replace(
            meta,
            name=identity.name,
            labels=own_labels,
            annotations={**meta.annotations, **_annotations(identity)},
        ),
        spec=replace(
            spec,
            sync_mode="Pull",
            api_endpoint=identity.api_endpoint,
            provider=identity.provider,
            region=identity.region,
            zones=[identity.zone] if identity.zone else [],
            taints=taints,
        ),
    )


def make_status(
    identity: MemberIdentity,
    known: ClusterStatus,
    models: Sequence[ResourceModel],
    kinds: Iterable[Kind],
    nodes: Sequence[Node],
    pods: Sequence[Pod],
    now_ms: int,
) -> ClusterStatus:
    """What the member reports: that it is ready, the kinds it serves, and its capacity, also by the grades
    of `models`."""
    ready = Condition(
        type="Ready",
        status="True",
        reason="ClusterReady",
        message="cluster is healthy and ready to accept workloads",
    )
    return replace(
        known,
        kubernetes_version=identity.version,
        api_enablements=api_enablements(kinds),
        conditions=with_condition(known.conditions, ready, now_ms),
        node_summary=NodeSummary(
            total_num=len(nodes),
            ready_num=sum(1 for node in nodes if is_true(node.status.conditions, "Ready")),
        ),
        resource_summary=replace(
            summarize(nodes, pods), allocatable_modelings=modelings(models, nodes, pods)
        ),
        nodes=node_capacities(nodes, pods),
    )


def make_lease(identity: MemberIdentity, known: Lease | None, now_ms: int) -> Lease:
    """The member's Lease, renewed now."""
    renewed = micro_time_text(now_ms)
    before = known or Lease(
        api_version=LEASE.api_version,
        kind=LEASE.name,
        metadata=ObjectMeta(name=identity.name, namespace=labels.CLUSTER_LEASE_NAMESPACE),
        spec=LeaseSpec(acquire_time=renewed),
    )
    spec = replace(
        before.spec,
        holder_identity=identity.name,
        lease_duration_seconds=GRACE_MS // 1000,
        renew_time=renewed,
    )
    return replace(before, spec=spec)


def renewal_due_ms(lease: Lease | None) -> int:
    """When a Lease is to be renewed; at once if there is none."""
    if lease is None or not lease.spec.renew_time:
        return 0
    return time_ms(lease.spec.renew_time) + RENEW_MS


def api_enablements(kinds: Iterable[Kind]) -> list[ApiEnablement]:
    """The kinds that are served, by group and version."""
    found: dict[str, list[ApiResource]] = {}
    for kind in kinds:
        for version in kind.versions:
            resource = ApiResource(name=kind.plural, kind=kind.name)
            found.setdefault(kind.api_version_of(version), []).append(resource)
    return [
        ApiEnablement(group_version=name, resources=sorted(found[name], key=lambda one: one.name))
        for name in sorted(found)
    ]


def _annotations(identity: MemberIdentity) -> dict[str, str]:
    return {
        labels.GATEWAY_URL: identity.gateway_url,
        labels.PEER_GATEWAY: identity.peer_gateway,
        labels.FLEET_ORDER: str(identity.order),
        labels.ROUND_TRIP_MS: json.dumps(dict(identity.rtt_ms), sort_keys=True),
        DECLARED: _declaration(identity),
    }


def _declaration(identity: MemberIdentity) -> str:
    declared = _Declaration(labels=dict(identity.labels), taints=list(identity.taints))
    return json.dumps(encode(declared), sort_keys=True)


def _declare(
    identity: MemberIdentity, meta: ObjectMeta, spec: ClusterSpec
) -> tuple[dict[str, str], list[Taint]]:
    """Labels and taints after the fleet file has had its say."""
    text = meta.annotations.get(DECLARED, "{}")
    if text == _declaration(identity):
        return meta.labels, spec.taints
    before = _read(text)
    kept = {key: value for key, value in meta.labels.items() if key not in before.labels}
    taints = change_taints(spec.taints, add=identity.taints, remove=before.taints)
    return {**kept, **identity.labels}, taints


def _read(text: str) -> _Declaration:
    """What cannot be read counts as nothing declared."""
    try:
        return decode(json.loads(text), _Declaration)
    except (ValueError, msgspec.ValidationError):
        return _Declaration()
