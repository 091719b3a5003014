"""Endpoints of an InferenceService for every gateway of the fleet: where else it runs, nearest first.

Each cluster gets one Work with an EndpointSlice for every *other* cluster that the service is scheduled to.
Clusters that do not run it get them too, so that every gateway serves every service. A slice has one
endpoint, the other cluster's peer gateway, which is ready if that cluster had ready replicas when last heard
of. Whether the cluster still lives is not asked here: gateways check each other's health, sooner than the hub
could, and a cluster whose control process is dead serves on. All slices of a service on one cluster carry a
rank: 1 is asked first.

The shape is that of upstream's MultiClusterService (`imported-CLUSTER-NAME` slices).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tradewind.federation.keys import DISPATCHED_SLICE, PROVISION_CLUSTER, SERVICE_NAME, SERVICE_NAMESPACE
from tradewind.federation.names import imported_slice_name, work_name
from tradewind.federation.service_reports import Report
from tradewind.federation.works import wrap
from tradewind.resources import labels
from tradewind.resources.cluster_types import Cluster
from tradewind.resources.core import Endpoint, EndpointConditions, EndpointPort, EndpointSlice
from tradewind.resources.core_kinds import ENDPOINT_SLICE
from tradewind.resources.labels import execution_namespace
from tradewind.resources.locality import failover_order, site_of
from tradewind.resources.meta import ObjectMeta, encode
from tradewind.resources.serving_names import PREDICTOR
from tradewind.resources.work import Work, WorkSpec

PREFIX = "endpoints-"


@dataclass(frozen=True)
class Provider:
    """A cluster that runs the service, as others reach it: the address of its peer gateway."""

    cluster: Cluster
    host: str
    port: int
    is_ready: bool
    health_path: str


def providers(found: Sequence[Report], clusters: Sequence[Cluster]) -> list[Provider]:
    """The clusters of a service that have a peer gateway, by name."""
    by_name = {cluster.metadata.name: cluster for cluster in clusters}
    made = [_provider(report, by_name[report.cluster]) for report in found if report.cluster in by_name]
    return sorted((one for one in made if one), key=lambda one: one.cluster.metadata.name)


def make_endpoint_works(
    namespace: str, name: str, serving: Sequence[Provider], clusters: Sequence[Cluster]
) -> list[Work]:
    """The Works of one InferenceService: one for each cluster that others can help out."""
    works = [_work(namespace, name, serving, cluster) for cluster in clusters]
    return [work for work in works if work is not None]


def service_labels(namespace: str, name: str) -> dict[str, str]:
    """The labels by which the endpoint Works of an InferenceService are found."""
    return {SERVICE_NAMESPACE: namespace, SERVICE_NAME: f"{name}-{PREDICTOR}"}


def service_of_labels(own: Mapping[str, str]) -> tuple[str, str] | None:
    """Namespace and name of the InferenceService whose endpoint Work has these labels; None for others."""
    service = own.get(SERVICE_NAME, "")
    if not service.endswith(f"-{PREDICTOR}"):
        return None
    return own.get(SERVICE_NAMESPACE, ""), service.removesuffix(f"-{PREDICTOR}")


def _provider(report: Report, cluster: Cluster) -> Provider | None:
    host, _, port = cluster.metadata.annotations.get(labels.PEER_GATEWAY, "").rpartition(":")
    if not host or not port.isdecimal():
        return None
    notes: Mapping[str, str] = report.status.annotations if report.status else {}
    return Provider(
        cluster=cluster,
        host=host,
        port=int(port),
        is_ready=report.counts.ready_replicas > 0,
        health_path=notes.get(labels.HEALTH_PATH, ""),
    )


def _work(namespace: str, name: str, serving: Sequence[Provider], home: Cluster) -> Work | None:
    by_name = {one.cluster.metadata.name: one for one in serving}
    nearest = failover_order(site_of(home), [site_of(one.cluster) for one in serving])
    slices = [
        encode(_slice(namespace, name, by_name[other], rank)) for rank, other in enumerate(nearest, start=1)
    ]
    if not slices:
        return None
    meta = ObjectMeta(
        name=PREFIX + work_name(ENDPOINT_SLICE.name, f"{name}-{PREDICTOR}", namespace),
        namespace=execution_namespace(home.metadata.name),
        labels=service_labels(namespace, name),
    )
    return wrap(slices, meta, WorkSpec())


def _slice(namespace: str, name: str, provider: Provider, rank: int) -> EndpointSlice:
    cluster = provider.cluster.metadata.name
    service = f"{name}-{PREDICTOR}"
    notes = {labels.PRIORITY: str(rank), PROVISION_CLUSTER: cluster}
    if provider.health_path:
        notes[labels.HEALTH_PATH] = provider.health_path
    return EndpointSlice(
        api_version=ENDPOINT_SLICE.api_version,
        kind=ENDPOINT_SLICE.name,
        metadata=ObjectMeta(
            name=imported_slice_name(cluster, service),
            namespace=namespace,
            labels={
                labels.SERVICE_NAME: service,
                labels.INFERENCE_SERVICE: name,
                labels.COMPONENT: PREDICTOR,
                labels.CLUSTER: cluster,
                labels.SLICE_MANAGED_BY: DISPATCHED_SLICE,
            },
            annotations=notes,
        ),
        endpoints=[
            Endpoint(
                addresses=[provider.host],
                conditions=EndpointConditions(ready=provider.is_ready),
                zone=site_of(provider.cluster).zone or None,
            )
        ],
        ports=[EndpointPort(name="http", port=provider.port, protocol="TCP")],
    )
