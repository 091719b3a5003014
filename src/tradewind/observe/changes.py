"""What changed between two looks at a fleet, one line each, for logs and progress."""

from collections.abc import Iterable

from tradewind.observe.brief import unexplained
from tradewind.observe.replicas import LOADING
from tradewind.observe.status import ClusterStatus, FleetStatus, ReplicaStatus, ServiceStatus


def changes(before: FleetStatus | None, after: FleetStatus) -> list[str]:
    """Lines for problems, clusters, services and replicas that are new, changed or gone.

    Against None everything is new.
    """
    old_problems = before.problems if before else ()
    old_clusters = before.clusters if before else ()
    return [
        *(problem for problem in after.problems if problem not in old_problems),
        *_changed(_cluster_lines(old_clusters), _cluster_lines(after.clusters)),
        *service_changes(before.services if before else (), after.services),
    ]


def service_changes(before: Iterable[ServiceStatus], after: Iterable[ServiceStatus]) -> list[str]:
    """The lines for services and their replicas only."""
    return _changed(_service_lines(before), _service_lines(after))


def _changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    new = [f"{name}: {text}" for name, text in after.items() if before.get(name) != text]
    return new + [f"{name}: gone" for name in before if name not in after]


def _cluster_lines(clusters: Iterable[ClusterStatus]) -> dict[str, str]:
    return {f"cluster {one.name}": "ready" if one.ready else f"not ready: {one.reason}" for one in clusters}


def _service_lines(services: Iterable[ServiceStatus]) -> dict[str, str]:
    lines: dict[str, str] = {}
    for service in services:
        lines |= {f"replica {pod.cluster}/{pod.pod}": _replica_line(pod) for pod in service.pods}
        lines[f"service {service.namespace}/{service.name}"] = _service_line(service)
    return lines


def _replica_line(replica: ReplicaStatus) -> str:
    """A replica that loads fails its probes, each time with other words; that is no news."""
    tells = replica.why and replica.state != LOADING
    return f"{replica.state}: {replica.why}" if tells else replica.state


def _service_line(service: ServiceStatus) -> str:
    word = "ready" if service.ready else "not ready"
    line = f"{word}, {service.ready_replicas} of {service.replicas} replicas"
    why = unexplained(service)
    return f"{line}: {why}" if why else line
