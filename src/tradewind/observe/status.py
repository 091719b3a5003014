"""The state of a fleet in one value: what `tradewind status` prints.

Three sources, in order of trust. Process records say what is dead at once, before any lease expires.
The members' Pods say how far each replica is. The hub's objects say everything else, as last known:
for a cluster whose control process is dead they may be some seconds old, and the reason says so. With the
hub down, clusters are judged by their processes and services are counted from the members' Pods.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tradewind.base.ports import LOOPBACK, hub_ports, member_ports
from tradewind.observe.replicas import FAILING, READY, replica_state, service_of
from tradewind.resources.fleet import Fleet
from tradewind.resources.meta import Manifest

UP = "tradewind up"


@dataclass(frozen=True)
class MemberFacts:
    """What the process records of one cluster say; `live_replicas` counts running replica processes."""

    control_alive: bool
    gateway_alive: bool
    live_replicas: int


@dataclass(frozen=True)
class ProcessFacts:
    """What the process records of a fleet say; `members` has an entry for every cluster."""

    hub_alive: bool
    front_door_alive: bool
    members: Mapping[str, MemberFacts]


@dataclass(frozen=True)
class HubObjects:
    """The hub's Cluster and InferenceService objects."""

    clusters: list[Manifest]
    services: list[Manifest]


@dataclass(frozen=True)
class ClusterStatus:
    """One row of clusters; `reason` is "" when it is ready."""

    name: str
    region: str
    ready: bool
    reason: str
    api: str
    gateway: str
    next_command: str = ""


@dataclass(frozen=True)
class Share:
    """What one cluster has of a service; `why` says what keeps the rest from being ready."""

    replicas: int
    ready_replicas: int
    why: str = ""


@dataclass(frozen=True)
class ReplicaStatus:
    """One replica and how far it is."""

    namespace: str
    service: str
    cluster: str
    pod: str
    state: str
    why: str


@dataclass(frozen=True)
class ServiceStatus:
    """One row of services. `clusters` goes by cluster name; `pods` are the replicas that members show."""

    namespace: str
    name: str
    ready: bool
    why: str
    url: str
    clusters: Mapping[str, Share]
    replicas: int
    ready_replicas: int
    pods: tuple[ReplicaStatus, ...] = ()
    next_command: str = ""


@dataclass(frozen=True)
class FleetStatus:
    """A whole fleet. `problems` are about the hub and the front door, each with its fix."""

    fleet: str
    front_door: str
    clusters: tuple[ClusterStatus, ...]
    services: tuple[ServiceStatus, ...]
    problems: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """The stable form for scripts: camel case, every field always there."""
        return {
            "fleet": self.fleet,
            "frontDoor": self.front_door,
            "clusters": [_cluster_json(cluster) for cluster in self.clusters],
            "services": [_service_json(service) for service in self.services],
        }


def fleet_status(
    fleet: Fleet, hub: HubObjects | None, pods: Mapping[str, list[Manifest] | None], facts: ProcessFacts
) -> FleetStatus:
    """Join what is known. `hub` is None when the hub does not answer, and so is a cluster's entry in
    `pods` when its member does not; clusters come in the fleet file's order, services by name."""
    front_door = f"http://{LOOPBACK}:{hub_ports(fleet.spec.ports.base).front_door}"
    clusters = _clusters(fleet, hub, pods, facts)
    replicas = _replicas(pods)
    down = {cluster.name: cluster.reason for cluster in clusters if not cluster.ready}
    if hub is None:
        services = _services_from_pods(replicas, front_door)
    else:
        services = [_service(manifest, replicas, facts, down) for manifest in hub.services]
    return FleetStatus(
        fleet=fleet.metadata.name,
        front_door=front_door,
        clusters=tuple(clusters),
        services=tuple(sorted(services, key=lambda service: (service.namespace, service.name))),
        problems=_problems(hub, facts),
    )


def _problems(hub: HubObjects | None, facts: ProcessFacts) -> tuple[str, ...]:
    problems = []
    if not facts.hub_alive:
        problems.append(f"the hub is down; serving goes on; start it again with: {UP}")
    elif hub is None:
        problems.append("the hub runs but does not answer; look at its log: tradewind logs hub")
    if not facts.front_door_alive:
        problems.append(f"the front door is down; the clusters' gateways still answer; repair it with: {UP}")
    return tuple(problems)


def _clusters(
    fleet: Fleet, hub: HubObjects | None, pods: Mapping[str, list[Manifest] | None], facts: ProcessFacts
) -> list[ClusterStatus]:
    objects = {_name(manifest): manifest for manifest in hub.clusters} if hub else None
    rows = []
    for index, cluster in enumerate(fleet.spec.clusters):
        ports = member_ports(fleet.spec.ports.base, index)
        answers = pods.get(cluster.name) is not None
        reason, command = _cluster_trouble(cluster.name, objects, facts.members[cluster.name], answers)
        rows.append(
            ClusterStatus(
                name=cluster.name,
                region=cluster.region,
                ready=not reason,
                reason=reason,
                api=f"https://{LOOPBACK}:{ports.api}",
                gateway=f"http://{LOOPBACK}:{ports.gateway}",
                next_command=command,
            )
        )
    return rows


def _cluster_trouble(
    name: str, objects: Mapping[str, Manifest] | None, facts: MemberFacts, answers: bool
) -> tuple[str, str]:
    """Why a cluster is not ready, and the command to run next; both "" when it is."""
    revive = f"tradewind drill revive {name}"
    if not facts.control_alive:
        return f"process is not running; revive it with: {revive}", revive
    if not facts.gateway_alive:
        return f"gateway is not running; its member starts it again, or repair it with: {UP}", UP
    if objects is None:
        return ("", "") if answers else ("its API does not answer", f"tradewind logs {name}")
    if name not in objects:
        return "has not joined the hub yet", f"tradewind logs {name}"
    ready = _condition(objects[name], "Ready")
    if ready is None:
        return "has not reported its health yet", f"tradewind describe cluster {name}"
    if ready.get("status") != "True":
        return _said(ready) or "the hub does not hold it ready", f"tradewind describe cluster {name}"
    return "", ""


def _replicas(pods: Mapping[str, list[Manifest] | None]) -> list[ReplicaStatus]:
    replicas = []
    for cluster, manifests in pods.items():
        for pod in manifests or []:
            if not service_of(pod):
                continue
            state, why = replica_state(pod)
            replicas.append(ReplicaStatus(_namespace(pod), service_of(pod), cluster, _name(pod), state, why))
    return replicas


def _service(
    manifest: Manifest, replicas: list[ReplicaStatus], facts: ProcessFacts, down: Mapping[str, str]
) -> ServiceStatus:
    namespace, name, status = _namespace(manifest), _name(manifest), manifest.get("status") or {}
    shares = {
        cluster: _share(counts, facts.members.get(cluster), down.get(cluster, ""))
        for cluster, counts in sorted((status.get("clusters") or {}).items())
    }
    ready_replicas = sum(share.ready_replicas for share in shares.values())
    wanted = sum(share.replicas for share in shares.values()) if shares else _min_replicas(manifest)
    condition = _condition(manifest, "Ready") or {}
    ready = condition.get("status") == "True" and (ready_replicas > 0 or wanted == 0)
    own = tuple(one for one in replicas if (one.namespace, one.service) == (namespace, name))
    return ServiceStatus(
        namespace=namespace,
        name=name,
        ready=ready,
        why=_service_why(ready, condition, shares, ready_replicas < wanted),
        url=str(status.get("url") or ""),
        clusters=shares,
        replicas=wanted,
        ready_replicas=ready_replicas,
        pods=own,
        next_command="" if ready else _next_for_service(namespace, name, own),
    )


def _share(counts: Manifest, facts: MemberFacts | None, down: str) -> Share:
    replicas, ready, why = counts.get("replicas", 0), counts.get("readyReplicas", 0), counts.get("why", "")
    if facts is not None and not facts.control_alive:
        # The count is from before the member died: replicas outlive it, but no more than are running.
        return Share(replicas, min(ready, facts.live_replicas), down)
    return Share(replicas, ready, str(why))


def _service_why(ready: bool, condition: Manifest, shares: Mapping[str, Share], short: bool) -> str:
    if ready and not short:
        return ""
    by_cluster = "; ".join(f"{cluster}: {share.why}" for cluster, share in shares.items() if share.why)
    if by_cluster:
        return by_cluster
    if condition.get("status") == "True":
        return "" if ready else "none of its replicas is running"
    return _said(condition) or ("starting" if shares else "no cluster runs it yet")


def _next_for_service(namespace: str, name: str, pods: tuple[ReplicaStatus, ...]) -> str:
    failing = next((one for one in pods if one.state == FAILING), None)
    if failing is not None:
        return f"tradewind logs {failing.pod} -n {namespace} --cluster {failing.cluster}"
    return f"tradewind describe inferenceservice {name} -n {namespace}"


def _services_from_pods(replicas: list[ReplicaStatus], front_door: str) -> list[ServiceStatus]:
    names = sorted({(one.namespace, one.service) for one in replicas})
    return [_service_from_pods(namespace, name, replicas, front_door) for namespace, name in names]


def _service_from_pods(
    namespace: str, name: str, replicas: list[ReplicaStatus], front_door: str
) -> ServiceStatus:
    own = tuple(one for one in replicas if (one.namespace, one.service) == (namespace, name))
    clusters = sorted({one.cluster for one in own})
    shares = {cluster: _share_of_pods([one for one in own if one.cluster == cluster]) for cluster in clusters}
    ready = sum(share.ready_replicas for share in shares.values())
    return ServiceStatus(
        namespace=namespace,
        name=name,
        ready=ready > 0,
        why="" if ready else "none of its replicas is ready",
        url=f"{front_door}/serving/{namespace}/{name}",
        clusters=shares,
        replicas=len(own),
        ready_replicas=ready,
        pods=own,
        next_command="" if ready else UP,
    )


def _share_of_pods(pods: list[ReplicaStatus]) -> Share:
    why = next(
        (f"{one.state}: {one.why}" if one.why else one.state for one in pods if one.state != READY), ""
    )
    return Share(len(pods), sum(1 for one in pods if one.state == READY), why)


def _min_replicas(manifest: Manifest) -> int:
    wanted = ((manifest.get("spec") or {}).get("predictor") or {}).get("minReplicas")
    return 1 if wanted is None else int(wanted)


def _condition(manifest: Manifest, type_: str) -> Manifest | None:
    conditions = (manifest.get("status") or {}).get("conditions") or []
    return next((one for one in conditions if one.get("type") == type_), None)


def _said(condition: Manifest) -> str:
    return ": ".join(str(part) for part in (condition.get("reason"), condition.get("message")) if part)


def _name(manifest: Manifest) -> str:
    return str(manifest["metadata"]["name"])


def _namespace(manifest: Manifest) -> str:
    return str(manifest["metadata"].get("namespace", ""))


def _cluster_json(cluster: ClusterStatus) -> dict[str, Any]:
    return {
        "name": cluster.name,
        "region": cluster.region,
        "ready": cluster.ready,
        "reason": cluster.reason,
        "api": cluster.api,
        "gateway": cluster.gateway,
    }


def _service_json(service: ServiceStatus) -> dict[str, Any]:
    return {
        "namespace": service.namespace,
        "name": service.name,
        "ready": service.ready,
        "why": service.why,
        "url": service.url,
        "replicas": service.replicas,
        "readyReplicas": service.ready_replicas,
        "clusters": {
            name: {"replicas": share.replicas, "readyReplicas": share.ready_replicas, "why": share.why}
            for name, share in service.clusters.items()
        },
    }
