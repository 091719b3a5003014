"""Upstream's cases about names, rendering, retaining and gathering status."""

from typing import Any

from tests.conformance.karmada_placing import spec, targets
from tradewind.federation.aggregate import aggregate, fully_applied
from tradewind.federation.bindings import merge_suspension
from tradewind.federation.keys import CONFLICT_RESOLUTION
from tradewind.federation.names import (
    binding_name,
    cluster_of_namespace,
    is_reserved_namespace,
    work_name,
)
from tradewind.federation.prune import prune
from tradewind.federation.retain import retain
from tradewind.federation.works import (
    binding_annotations,
    clusters_with_work,
    conflict_resolution,
    is_suspended,
    merge_targets,
    record_managed,
)
from tradewind.resources.meta import ObjectMeta, decode, encode
from tradewind.resources.policy_types import Suspension
from tradewind.resources.work import (
    AggregatedStatusItem,
    BindingSuspension,
    ObjectReference,
    ResourceBinding,
    Work,
)


def _works(given: Any, expect: Any) -> tuple[Any, Any]:
    works = [decode(one, Work) for one in given["works"]]
    found = [encode(one) for one in aggregate(works, decode(given["objRef"], ObjectReference))]
    return found, [{k: v for k, v in one.items() if v is not False} for one in expect["aggregatedStatus"]]


def _fully_applied(given: Any, expect: Any) -> tuple[Any, Any]:
    items = [decode(one, AggregatedStatusItem) for one in given["aggregatedStatus"]]
    found = fully_applied(items, given["targetClusters"])
    return found.status == "True", expect["fullyApplied"]


def _cluster_from_namespace(given: Any, expect: Any) -> tuple[Any, Any]:
    return not cluster_of_namespace(given["namespace"]), expect["error"]


def _merge_suspension(given: Any, expect: Any) -> tuple[Any, Any]:
    bound, policy = given["bindingSuspension"], given["policySuspension"]
    found = merge_suspension(
        decode(bound, BindingSuspension) if bound else None, decode(policy, Suspension) if policy else None
    )
    return encode(found) if found else None, expect["suspension"]


def _merge_targets(given: Any, expect: Any) -> tuple[Any, Any]:
    required = [{"name": "", **one} for one in given["requiredBy"]]
    found = merge_targets(spec({"clusters": given["clusters"], "requiredBy": required}))
    return found, targets(expect["clusters"])


def _existing(given: Any, expect: Any) -> tuple[Any, Any]:
    binding = given["binding"]
    binding["requiredBy"] = [{"name": "", **one} for one in binding.get("requiredBy", [])]
    return sorted(clusters_with_work(spec(binding))), sorted(expect["clusters"])


def _suspended(given: Any, expect: Any) -> tuple[Any, Any]:
    suspension = given.get("suspension")
    found = is_suspended(decode(suspension, BindingSuspension) if suspension else None, given["cluster"])
    return found, expect["suspended"]


def _resolution(given: Any, expect: Any) -> tuple[Any, Any]:
    notes = given["workload"]["metadata"].get("annotations", {})
    found = conflict_resolution(notes, spec({"conflictResolution": given["conflictResolution"]}))
    return {CONFLICT_RESOLUTION: found}, expect["annotations"]


def _prune(given: Any, expect: Any) -> tuple[Any, Any]:
    pruned = prune({"metadata": {}, **given["object"]})
    left = [path for path in expect["removed"] if _has(pruned, path)]
    kept = [path for path in expect["kept"] if _has(pruned, path)]
    return (left, kept), ([], expect["kept"])


def _has(value: Any, path: list[str]) -> bool:
    for name in path:
        if not isinstance(value, dict) or name not in value:
            return False
        value = value[name]
    return True


def _work_annotations(given: Any, expect: Any) -> tuple[Any, Any]:
    meta = given["binding"]["metadata"]
    bound = ResourceBinding(metadata=ObjectMeta(name=meta["name"], namespace=meta.get("namespace", "")))
    return binding_annotations(bound), expect["annotations"]


def _managed(part: str) -> Any:
    def run(given: Any, expect: Any) -> tuple[Any, Any]:
        key = f"resourcetemplate.karmada.io/managed-{part}"
        found = record_managed(given["object"])["metadata"]["annotations"][key]
        return found, expect["object"]["metadata"]["annotations"][key]

    return run


def _retain(part: str) -> Any:
    def run(given: Any, expect: Any) -> tuple[Any, Any]:
        found = retain(given["desired"], given["observed"])["metadata"].get(part) or {}
        return found, expect["result"]["metadata"].get(part) or {}

    return run


def _service_address(given: Any, expect: Any) -> tuple[Any, Any]:
    found = retain({"kind": "Service", **given["desired"]}, given["observed"])
    address = found["spec"].get("clusterIP")
    return address, expect["clusterIP"]


def _account_secrets(given: Any, expect: Any) -> tuple[Any, Any]:
    found = retain({"kind": "ServiceAccount", **given["desired"]}, given["observed"])
    return found.get("secrets"), expect["secrets"]


HANDLERS = {
    ("status-aggregation", "assemble-work-status"): _works,
    ("status-aggregation", "fully-applied"): _fully_applied,
    ("work-naming", "binding-name"): lambda given, expect: (
        binding_name(given["kind"], given["name"]),
        expect["bindingName"],
    ),
    ("work-naming", "work-name"): lambda given, expect: (
        work_name(given["kind"], given["name"], given["namespace"]),
        expect["workName"],
    ),
    ("work-naming", "reserved-namespace"): lambda given, expect: (
        is_reserved_namespace(given["namespace"]),
        expect["reserved"],
    ),
    ("work-naming", "cluster-from-namespace"): _cluster_from_namespace,
    ("work-render", "merge-suspension"): _merge_suspension,
    ("work-render", "merge-target-clusters"): _merge_targets,
    ("work-render", "suspend-dispatching"): _suspended,
    ("work-render", "conflict-resolution"): _resolution,
    ("work-render", "prune"): _prune,
    ("work-render", "work-annotations"): _work_annotations,
    ("failover", "existing-clusters"): _existing,
    ("retain", "managed-labels"): _managed("labels"),
    ("retain", "managed-annotations"): _managed("annotations"),
    ("retain", "retain-labels"): _retain("labels"),
    ("retain", "retain-annotations"): _retain("annotations"),
    ("retain", "service-clusterip"): _service_address,
    ("retain", "serviceaccount-secrets"): _account_secrets,
}
