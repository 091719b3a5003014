"""Upstream's cases about choosing clusters and dividing replicas."""

from typing import Any

import msgspec

from tradewind.federation.affinity import cluster_matches, start_index, zones_match
from tradewind.federation.divide import (
    Division,
    Shortage,
    divide,
    divide_by_tiers,
    needs_room,
    shortest_prefix,
)
from tradewind.federation.estimate import free_amount, room_by_resources, room_for
from tradewind.federation.filters import (
    Candidacy,
    api_enablement,
    cluster_affinity,
    cluster_eviction,
    spread_constraint,
    taint_toleration,
)
from tradewind.federation.health import STARTUP_GRACE_MS, Vigil, examine, expected_taints
from tradewind.federation.place import NotPlaced, is_workload
from tradewind.federation.schedule import placement_changed, replicas_changed, reschedule_pending, schedule
from tradewind.federation.taints import change_taints, tolerates
from tradewind.federation.webster import webster
from tradewind.resources.cluster_types import Cluster, ResourceSummary
from tradewind.resources.core import Taint, Toleration
from tradewind.resources.meta import LabelSelectorRequirement, condition_of, decode, encode
from tradewind.resources.policy_types import ClusterAffinity, ClusterAffinityTerm, Placement
from tradewind.resources.times import time_text
from tradewind.resources.work import BindingSpec, BindingStatus, ReplicaRequirements, TargetCluster

NOW_MS = 1_800_000_000_000


def cluster(given: dict[str, Any]) -> Cluster:
    """A cluster of a case: name and labels stand at the top."""
    metadata = {"name": given.get("name", ""), "labels": given.get("labels") or {}}
    for enablement in given.get("status", {}).get("apiEnablements", []):
        for resource in enablement["resources"]:
            resource.setdefault("name", "")
    return decode({"spec": {}, "status": {}, **given, "metadata": metadata}, Cluster)


def spec(given: dict[str, Any]) -> BindingSpec:
    """A binding's spec of a case; what is left out is empty."""
    whole = {"resource": {"apiVersion": "", "kind": "", "name": ""}, **given}
    resource = {"name": "", **whole["resource"]}
    whole = {**whole, "resource": resource}
    for task in whole.get("gracefulEvictionTasks") or []:
        task.setdefault("reason", "")
    return decode({key: value for key, value in whole.items() if value is not None}, BindingSpec)


def targets(given: list[dict[str, Any]] | None) -> list[TargetCluster]:
    return [decode(one, TargetCluster) for one in given or []]


def _cluster_matches(given: Any, expect: Any) -> tuple[Any, Any]:
    try:
        affinity = decode(given["clusterAffinity"], ClusterAffinity)
    except msgspec.ValidationError:
        return False, expect["matches"]  # the API server's types refuse it, so it never matches
    return cluster_matches(cluster(given["cluster"]), affinity), expect["matches"]


def _zone_matches(given: Any, expect: Any) -> tuple[Any, Any]:
    expression = {key: value for key, value in given["matchExpression"].items() if value is not None}
    return zones_match(decode(expression, LabelSelectorRequirement), given["zones"]), expect["matches"]


def _filter(one: Any) -> Any:
    def run(given: Any, expect: Any) -> tuple[Any, Any]:
        binding = spec(given["binding"])
        placement = binding.placement or Placement()
        candidacy = Candidacy(binding, placement, placement.cluster_affinity)
        reason = one(candidacy, cluster(given["cluster"]))
        wanted = expect.get("reasonContains", "")
        return (not reason, wanted in reason), (expect["result"] == "Success", True)

    return run


def _division(given: Any) -> Any:
    placement = decode(given.get("placement") or {}, Placement)
    return Division(
        replicas=given.get("replicas", 0),
        uid=given.get("uid", ""),
        strategy=placement.replica_scheduling,
        candidates=[cluster({"name": one["name"]}) for one in given["clusters"]],
        previous=targets(given.get("previous")),
        room={one["name"]: one.get("allocatableReplicas", 0) for one in given["clusters"]},
    )


def _divide(given: Any, expect: Any) -> tuple[Any, Any]:
    if not given["clusters"]:
        outcome = schedule(spec({"replicas": given.get("replicas", 0), "placement": {}}), BindingStatus(), [])
        return isinstance(outcome, NotPlaced), expect["error"]
    division = _division(given)
    orders = {one.get("overflowOrder", 0) for one in given["clusters"]}
    tiers = [
        [cluster({"name": one["name"]}) for one in given["clusters"] if one.get("overflowOrder", 0) == order]
        for order in sorted(orders)
    ]
    shares = divide_by_tiers(division, tiers) if len(tiers) > 1 else divide(division)
    if isinstance(shares, Shortage):
        return True, expect["error"]
    if expect.get("stage") == "final":
        shares = {name: share for name, share in shares.items() if share}
    return _among(shares, expect)


def _among(shares: dict[str, int], expect: Any) -> tuple[Any, Any]:
    """The shares, and that of several accepted answers which they equal, else the first."""
    accepted = expect.get("anyOf") or [expect.get("assignment")]
    answers = [{one["name"]: one["replicas"] for one in answer or []} for answer in accepted]
    return shares, next((answer for answer in answers if answer == shares), answers[0])


def _whole(given: Any, expect: Any) -> tuple[Any, Any]:
    """Objects that are not divided: through the whole scheduler."""
    asked = {name: given[name] for name in ("replicas", "components", "placement") if name in given}
    outcome = schedule(spec({"placement": {}, **asked}), BindingStatus(), _serving(given["clusters"]))
    found = [{"name": one.name, "replicas": one.replicas} for one in getattr(outcome, "clusters", ())]
    wanted = [{"name": one["name"], "replicas": one["replicas"]} for one in expect["assignment"]]
    return found, wanted


def _serving(given: Any) -> list[Cluster]:
    enablements = [{"groupVersion": "", "resources": [{"name": "", "kind": ""}]}]
    return [cluster({"name": one["name"], "status": {"apiEnablements": enablements}}) for one in given]


def _webster(given: Any, expect: Any) -> tuple[Any, Any]:
    weights = {one["name"]: one["weight"] for one in given["weights"]}
    initial = {one["name"]: one["replicas"] for one in given["initial"]}
    return _among(webster(given["replicas"], weights, given.get("uid", ""), initial), expect)


def _by_available(given: Any, expect: Any) -> tuple[Any, Any]:
    room = {one["name"]: one["replicas"] for one in given["weights"]}
    if sum(room.values()) < given["targetReplicas"]:
        return True, expect["error"]
    if given["strategy"] == "aggregated":
        used = [one["name"] for one in given["previous"]]
        room = shortest_prefix(room, used, given["targetReplicas"])
    return _among(webster(given["targetReplicas"], room), expect)


def _merge(given: Any, expect: Any) -> tuple[Any, Any]:
    """An old division and what is added to it, by way of a division that adds exactly that."""
    previous, delta = targets(given["previous"]), targets(given["delta"])
    names = sorted({one.name for one in (*previous, *delta)})
    total = sum(one.replicas for one in (*previous, *delta))
    strategy = {
        "replicaDivisionPreference": "Weighted",
        "weightPreference": {"dynamicWeight": "AvailableReplicas"},
    }
    shares = divide(
        Division(
            replicas=total,
            uid="",
            strategy=decode({"replicaScheduling": strategy}, Placement).replica_scheduling,
            candidates=[cluster({"name": name}) for name in names],
            previous=previous,
            room={one.name: one.replicas for one in delta},
        )
    )
    assert not isinstance(shares, Shortage)
    return _among({name: share for name, share in shares.items() if share}, expect)


def _fits(given: Any, expect: Any) -> tuple[Any, Any]:
    requirements = _requirements(given["replicaRequirements"])
    return room_for(cluster(given["cluster"]), requirements), expect["maxReplicas"]


def _fits_each(given: Any, expect: Any) -> tuple[Any, Any]:
    requirements = _requirements(given["replicaRequirements"])
    found = [
        {"name": one["name"], "replicas": room_for(cluster(one), requirements)} for one in given["clusters"]
    ]
    return found, expect["maxReplicas"]


def _by_summary(given: Any, expect: Any) -> tuple[Any, Any]:
    summary = decode(given["resourceSummary"], ResourceSummary)
    requirements = _requirements(given["replicaRequirements"])
    assert requirements is not None
    return room_by_resources(summary, requirements.resource_request, 2**31), expect["maxReplicas"]


def _requirements(given: Any) -> ReplicaRequirements | None:
    return decode(given, ReplicaRequirements) if given is not None else None


def _free_pods(given: Any, expect: Any) -> tuple[Any, Any]:
    return free_amount(decode(given["resourceSummary"], ResourceSummary), "pods"), expect["pods"]


def _matching_tolerations(given: Any, expect: Any) -> tuple[Any, Any]:
    taints = [decode(one, Taint) for one in given["taints"]]
    tolerations = [decode(one, Toleration) for one in given["tolerations"]]
    all_tolerated = all(any(tolerates(one, taint) for one in tolerations) for taint in taints)
    return all_tolerated, expect["allTolerated"]


def _change_taints(given: Any, expect: Any) -> tuple[Any, Any]:
    taints, add, remove = (
        [decode(one, Taint) for one in given.get(name) or []] for name in ("taints", "add", "remove")
    )
    return [encode(one) for one in change_taints(taints, add, remove)], expect["taints"]


def _reconcile_cluster(given: Any, expect: Any) -> tuple[Any, Any]:
    one = cluster(given["cluster"])
    ready = condition_of(one.status.conditions, "Ready")
    found = expected_taints(one.spec.taints, ready, lasts=False, now_ms=0)
    return [encode(taint) for taint in found], expect["taints"]


def _monitor(given: Any, expect: Any) -> tuple[Any, Any]:
    """Without a lease and after the longest grace; upstream's case with a condition is within it."""
    one = cluster(given["cluster"])
    at_ms = NOW_MS + (0 if one.status.conditions else STARTUP_GRACE_MS)
    found = examine(one, None, Vigil(NOW_MS, at_ms), at_ms).conditions
    named = [
        {key: value for key, value in encode(each).items() if key != "lastTransitionTime"} for each in found
    ]
    return named, expect["cluster"]["status"]["conditions"]


def _start_index(given: Any, expect: Any) -> tuple[Any, Any]:
    terms = [decode(one, ClusterAffinityTerm) for one in given["clusterAffinities"]]
    return start_index(terms, given["observedAffinityName"]), expect["index"]


def _placement_changed(given: Any, expect: Any) -> tuple[Any, Any]:
    applied = given["appliedPlacement"]
    text = applied if isinstance(applied, str) else msgspec.json.encode(applied).decode()
    placement = decode(given["placement"], Placement)
    return placement_changed(placement, text, given["observedAffinityName"]), expect["changed"]


def _replicas_changed(given: Any, expect: Any) -> tuple[Any, Any]:
    strategy = decode({"replicaScheduling": given["replicaScheduling"]}, Placement).replica_scheduling
    return replicas_changed(spec(given["binding"]), strategy), expect["needReschedule"]


def _fresh(given: Any, expect: Any) -> tuple[Any, Any]:
    asked = spec({"rescheduleTriggeredAt": _time(given["rescheduleTriggeredAt"])})
    status = BindingStatus(last_scheduled_time=_time(given["lastScheduledTime"]))
    return reschedule_pending(asked, status), expect["fresh"]


def _time(text: str | None) -> str | None:
    if text is None:
        return None
    ago = text.removeprefix("now").removeprefix("-").removesuffix("s") or "0"
    return time_text(NOW_MS - int(ago) * 1000)


def _is_dynamic(given: Any, expect: Any) -> tuple[Any, Any]:
    strategy = given["replicaScheduling"]
    placement = decode({"replicaScheduling": strategy} if strategy else {}, Placement)
    return needs_room(placement), expect["dynamic"]


HANDLERS = {
    ("affinity", "cluster-matches"): _cluster_matches,
    ("affinity", "zone-matches"): _zone_matches,
    ("affinity", "filter:ClusterAffinity"): _filter(cluster_affinity),
    ("filter-plugins", "filter:APIEnablement"): _filter(api_enablement),
    ("filter-plugins", "filter:ClusterEviction"): _filter(cluster_eviction),
    ("filter-plugins", "filter:SpreadConstraint"): _filter(spread_constraint),
    ("taint-toleration", "filter:TaintToleration"): _filter(taint_toleration),
    ("taint-toleration", "matching-tolerations"): _matching_tolerations,
    ("overflow-affinity", "divide"): _divide,
    ("aggregated", "divide"): _divide,
    ("aggregated", "divide-by-available"): _by_available,
    ("dynamic-weight", "divide"): _divide,
    ("dynamic-weight", "divide-by-available"): _by_available,
    ("dynamic-weight", "webster"): _webster,
    ("static-weight", "divide"): _divide,
    ("static-weight", "webster"): _webster,
    ("webster", "webster"): _webster,
    ("scale-with-previous", "divide"): _divide,
    ("scale-with-previous", "merge"): _merge,
    ("non-workload", "divide"): _whole,
    ("non-workload", "is-workload"): lambda given, expect: (
        is_workload(spec(given["binding"])),
        expect["isWorkload"],
    ),
    ("estimator", "allowed-pods"): _free_pods,
    ("estimator", "max-available-replicas"): _fits,
    ("estimator", "max-available-replicas-multi"): _fits_each,
    ("estimator", "max-replicas-by-summary"): _by_summary,
    ("condition-taint", "set-taints"): _change_taints,
    ("condition-taint", "reconcile-cluster"): _reconcile_cluster,
    ("condition-taint", "monitor-health"): _monitor,
    ("rescheduling-trigger", "affinity-start-index"): _start_index,
    ("rescheduling-trigger", "placement-changed"): _placement_changed,
    ("rescheduling-trigger", "placement-changed-simple"): _placement_changed,
    ("rescheduling-trigger", "replicas-changed"): _replicas_changed,
    ("rescheduling-trigger", "fresh-reschedule-required"): _fresh,
    ("policy-validation", "is-dynamic-divided"): _is_dynamic,
}
