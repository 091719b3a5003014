"""What the clusters say of an object, gathered in its binding (upstream `pkg/util/helper/workstatus.go`)."""

from collections.abc import Iterable, Sequence

from tradewind.federation.names import cluster_of_namespace
from tradewind.resources.meta import Condition, Manifest, condition_of
from tradewind.resources.work import AggregatedStatusItem, ManifestStatus, ObjectReference, Work


def aggregate(works: Iterable[Work], resource: ObjectReference) -> list[AggregatedStatusItem]:
    """One item for each Work that is not being deleted, by cluster.

    An object that a cluster has not applied is of Unknown health, and says why if it was refused.
    """
    items = [_item(work, resource) for work in works if not work.metadata.deletion_timestamp]
    return sorted(items, key=lambda item: item.cluster_name)


def fully_applied(items: Sequence[AggregatedStatusItem], clusters: Iterable[str]) -> Condition:
    """True when every cluster that is to have the object, and no other, has applied it."""
    applied = {item.cluster_name for item in items if item.applied}
    if items and applied == set(clusters) and len(items) == len(applied):
        return Condition(
            type="FullyApplied",
            status="True",
            reason="FullyAppliedSuccess",
            message="All works have been successfully applied",
        )
    return Condition(
        type="FullyApplied",
        status="False",
        reason="FullyAppliedFailed",
        message="Failed to apply all works, see status.aggregatedStatus for details",
    )


def place_in_work(manifests: Sequence[Manifest], resource: ObjectReference) -> int:
    """The place of an object among the manifests of a Work; -1 if it is not among them."""
    wanted = (resource.api_version, resource.kind, resource.namespace, resource.name)
    return next((place for place, one in enumerate(manifests) if _identity(one) == wanted), -1)


def _item(work: Work, resource: ObjectReference) -> AggregatedStatusItem:
    cluster = cluster_of_namespace(work.metadata.namespace)
    applied = condition_of(work.status.conditions, "Applied")
    if applied is None or applied.status != "True":
        message = applied.message if applied else ""
        return AggregatedStatusItem(cluster_name=cluster, applied_message=message, health="Unknown")
    found = _status_of(work, resource)
    return AggregatedStatusItem(
        cluster_name=cluster,
        applied=True,
        status=found.status if found else None,
        health=found.health if found else "Unknown",
    )


def _status_of(work: Work, resource: ObjectReference) -> ManifestStatus | None:
    place = place_in_work(work.spec.workload.manifests, resource)
    group, _, version = resource.api_version.rpartition("/")
    wanted = (place, group, version, resource.kind, resource.namespace, resource.name)
    for status in work.status.manifest_statuses:
        own = status.identifier
        if (own.ordinal, own.group, own.version, own.kind, own.namespace, own.name) == wanted:
            return status
    return None


def _identity(manifest: Manifest) -> tuple[str, str, str, str]:
    metadata = manifest.get("metadata", {})
    return (
        manifest.get("apiVersion", ""),
        manifest.get("kind", ""),
        metadata.get("namespace", ""),
        metadata.get("name", ""),
    )
