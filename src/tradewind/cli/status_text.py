"""A fleet's status as text: ready rows first, then the others, each with a reason and a next command."""

import re

from tradewind.cli.tables import table
from tradewind.observe.brief import brief
from tradewind.observe.replicas import READY
from tradewind.observe.status import ClusterStatus, FleetStatus, ReplicaStatus, ServiceStatus

CLUSTER_HEADER = ("CLUSTER", "REGION", "READY", "API", "GATEWAY", "WHY")
SERVICE_HEADER = ("NAMESPACE", "SERVICE", "READY", "REPLICAS", "CLUSTERS", "URL", "WHY")
REPAIR = re.compile(r"tradewind (?:up|logs hub|drill revive [\w.-]+)")  # commands that reasons tell to run
REPLICA_HEADER = ("REPLICA", "CLUSTER", "STATE", "WHY")


def status_text(status: FleetStatus, wide: bool, home_option: str) -> str:
    """The whole status; `wide` shows ready replicas too. `home_option` is added to every command that the
    text tells to run: "" or like ` --home /srv/fleet`."""
    blocks = [_headline(status, home_option), _cluster_table(status, home_option)]
    blocks.append(_service_table(status, home_option) if status.services else "no services yet")
    replicas = [replica for service in status.services for replica in _shown_replicas(service, wide)]
    if replicas:
        blocks.append(table(REPLICA_HEADER, [_replica_row(replica) for replica in replicas]))
    return "\n\n".join(blocks)


def up_text(status: FleetStatus, kubeconfig: str) -> str:
    """What `up` prints once all is ready: where everything is, and how to go on."""
    rows = [(one.name, one.region, one.api, one.gateway) for one in status.clusters]
    return "\n".join(
        [
            table(("CLUSTER", "REGION", "API", "GATEWAY"), rows),
            "",
            f"front door  {status.front_door}",
            f"kubectl     KUBECONFIG={kubeconfig} kubectl --context hub get inferenceservices -A",
        ]
    )


def _headline(status: FleetStatus, home_option: str) -> str:
    ready = sum(1 for cluster in status.clusters if cluster.ready)
    counts = f"{len(status.clusters)} clusters, {ready} ready"
    line = f"fleet {status.fleet}: {counts}; front door {status.front_door}"
    return "\n".join([line, *(_with_next(problem, "", home_option) for problem in status.problems)])


def _cluster_table(status: FleetStatus, home_option: str) -> str:
    ordered = sorted(status.clusters, key=lambda cluster: not cluster.ready)
    return table(CLUSTER_HEADER, [_cluster_row(cluster, home_option) for cluster in ordered])


def _cluster_row(cluster: ClusterStatus, home_option: str) -> tuple[str, ...]:
    why = _with_next(cluster.reason, cluster.next_command, home_option)
    return (cluster.name, cluster.region, _yes(cluster.ready), cluster.api, cluster.gateway, why)


def _service_table(status: FleetStatus, home_option: str) -> str:
    ordered = sorted(status.services, key=lambda service: not service.ready)
    return table(SERVICE_HEADER, [_service_row(service, home_option) for service in ordered])


def _service_row(service: ServiceStatus, home_option: str) -> tuple[str, ...]:
    shares = (
        f"{cluster} {share.ready_replicas}/{share.replicas}" for cluster, share in service.clusters.items()
    )
    return (
        service.namespace,
        service.name,
        _yes(service.ready),
        f"{service.ready_replicas}/{service.replicas}",
        ", ".join(shares),
        service.url,
        _with_next(brief(service), service.next_command, home_option),
    )


def _shown_replicas(service: ServiceStatus, wide: bool) -> list[ReplicaStatus]:
    return [pod for pod in service.pods if wide or pod.state != READY]


def _replica_row(replica: ReplicaStatus) -> tuple[str, ...]:
    return (f"{replica.namespace}/{replica.pod}", replica.cluster, replica.state, replica.why)


def _with_next(why: str, command: str, home_option: str) -> str:
    """The reason, and the next command unless the reason names it already."""
    named = REPAIR.sub(lambda found: found[0] + home_option, why)
    return f"{named}; next: {command}{home_option}" if command and command not in why else named


def _yes(ready: bool) -> str:
    return "yes" if ready else "no"
