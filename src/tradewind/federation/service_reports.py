"""What each cluster says of an InferenceService, or why it says nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from tradewind.federation.override_report import failures_by_cluster
from tradewind.resources.cluster_types import Cluster
from tradewind.resources.meta import Condition, condition_of, decode
from tradewind.resources.serving import InferenceServiceStatus, ReplicaCounts
from tradewind.resources.work import AggregatedStatusItem, BindingSpec, BindingStatus, TargetCluster

UNREACHABLE = "ClusterUnreachable"


@dataclass(frozen=True)
class Report:
    """One cluster's word on a service. `trouble` says why `status` is missing or out of date; None when it
    is neither. `generation` is that of the template that the cluster has caught up with."""

    cluster: str
    share: int
    status: InferenceServiceStatus | None
    trouble: Condition | None
    generation: int

    def condition(self, type_: str) -> Condition:
        """The cluster's condition of this type, or what stands in its way."""
        if self.trouble is not None:
            return self.trouble
        known = condition_of(self.status.conditions, type_) if self.status else None
        return known or _pending("Starting", "the cluster does not say yet")

    @property
    def was_ready(self) -> bool:
        """Whether the service was ready there when the cluster last said something."""
        known = condition_of(self.status.conditions, "Ready") if self.status else None
        return known is not None and known.status == "True"

    @property
    def is_ready(self) -> bool:
        """Whether the service is ready there now."""
        return self.trouble is None and self.was_ready

    @property
    def counts(self) -> ReplicaCounts:
        """The last known counts. `why` names the trouble, else what the cluster says, else its reason."""
        known = self.status.replicas if self.status else None
        counts = known or ReplicaCounts(replicas=self.share)
        ready = self.condition("Ready")
        why = counts.why or ("" if ready.status == "True" else ready.message or ready.reason)
        return ReplicaCounts(
            replicas=counts.replicas,
            ready_replicas=counts.ready_replicas,
            why=self.trouble.message if self.trouble else why,
        )


def reports(spec: BindingSpec, status: BindingStatus, clusters: Iterable[Cluster]) -> list[Report]:
    """One report for each cluster that the binding names, in its order."""
    items = {item.cluster_name: item for item in status.aggregated_status}
    known = {cluster.metadata.name: cluster for cluster in clusters}
    refused = failures_by_cluster(status.conditions)
    return [
        _report(target, items.get(target.name), known.get(target.name), refused.get(target.name, ""))
        for target in spec.clusters
    ]


def _report(
    target: TargetCluster, item: AggregatedStatusItem | None, cluster: Cluster | None, refused: str
) -> Report:
    raw = (item.status if item else None) or {}
    return Report(
        cluster=target.name,
        share=target.replicas,
        status=_status(raw),
        trouble=_absence(cluster) or _refusal(refused) or _propagation(item),
        generation=_generation(raw),
    )


def _status(raw: Mapping[str, Any]) -> InferenceServiceStatus | None:
    """A status that does not fit counts as none: a cluster of another version may write one."""
    try:
        return decode(raw, InferenceServiceStatus) if raw else None
    except msgspec.ValidationError:
        return None


def _generation(raw: Mapping[str, Any]) -> int:
    """The template's generation, if the cluster's own controllers have seen what came of it."""
    if raw.get("observedGeneration", 0) < raw.get("generation", 0):
        return 0
    return int(raw.get("resourceTemplateGeneration", 0))


def _absence(cluster: Cluster | None) -> Condition | None:
    """That the hub does not hear from the cluster. Its replicas may well go on serving."""
    if cluster is None:
        return _pending(UNREACHABLE, "the cluster is no longer part of the fleet")
    ready = condition_of(cluster.status.conditions, "Ready")
    if ready is None or ready.status == "True":
        return None
    since = f" since {ready.last_transition_time}" if ready.last_transition_time else ""
    return _pending(UNREACHABLE, f"unreachable{since}; these are the last known figures")


def _refusal(why: str) -> Condition | None:
    """That an override policy does not apply to the object for this cluster."""
    if not why:
        return None
    return Condition(type="", status="False", reason="ApplyOverridePolicyFailed", message=why)


def _propagation(item: AggregatedStatusItem | None) -> Condition | None:
    """That the cluster does not have the object yet, or refuses it."""
    if item is None or (not item.applied and not item.applied_message):
        return _pending("Propagating", "the cluster has not applied it yet")
    if not item.applied:
        return Condition(type="", status="False", reason="AppliedFailed", message=item.applied_message)
    if item.status is None:
        return _pending("Starting", "applied; the cluster does not say more yet")
    return None


def _pending(reason: str, message: str) -> Condition:
    return Condition(type="", status="Unknown", reason=reason, message=message)
