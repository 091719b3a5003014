"""What must hold: after every step, and once everything has come to rest."""

from collections.abc import Mapping

from tests.federation.simulation.process import Process
from tests.federation.simulation.script import NAMESPACE, SERVICES
from tests.federation.simulation.simulation import SERVED, Simulation
from tradewind.controller.plan import Delete, Effect, Key, Plan, Put
from tradewind.federation.evict import ends_at_ms
from tradewind.federation.match import CLAIM_LABELS
from tradewind.federation.names import binding_name, cluster_of_namespace, work_name
from tradewind.federation.taints import untolerated
from tradewind.federation.works import clusters_with_work, merge_targets
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.labels import WORK_NAME, WORK_NAMESPACE
from tradewind.resources.meta import Manifest, condition_of, decode
from tradewind.resources.policy_types import Placement
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.resources.work import RESOURCE_BINDING, WORK, ResourceBinding

EXCUSED_MS = 15_000  # what a user has asked for may take copies away for so long


class Guard:
    """Watches a simulation while it runs. `excuse` a service ("*": all) whose copies a user's wish moves."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._excused_until_ms = dict.fromkeys(SERVICES, 0)
        self.abandoned: set[tuple[str, str]] = set()
        self._healthy = {name: self._healthy_in(name) for name in SERVICES}
        simulation.watchers.append(self._keeps_a_healthy_copy)
        simulation.deciders.append(_avoids_taints)

    def excuse(self, service: str) -> None:
        """A user has asked for something that may take copies away."""
        for name in SERVICES if service == "*" else (service,) if service else ():
            self._excused_until_ms[name] = self._simulation.now_ms + EXCUSED_MS

    def _healthy_in(self, name: str) -> set[str]:
        """The clusters whose Work stays and says that the service is Healthy there."""
        own = work_name(INFERENCE_SERVICE.name, name, NAMESPACE)
        return {
            cluster_of_namespace(work["metadata"]["namespace"])
            for work in self._simulation.hub.all_of(WORK)
            if work["metadata"]["name"] == own
            and "deletionTimestamp" not in work["metadata"]
            and any(
                one.get("health") == "Healthy" for one in work.get("status", {}).get("manifestStatuses", ())
            )
        }

    def _keeps_a_healthy_copy(self, _: Process, controller: str, effect: Effect, __: str) -> None:
        if getattr(effect, "kind", None) is not WORK:
            return
        if controller == "cluster" and isinstance(effect, Put):
            meta = effect.manifest["metadata"]
            self.abandoned.add((meta["namespace"], meta["name"]))
        for name in SERVICES:
            before, after = self._healthy[name], self._healthy_in(name)
            self._healthy[name] = after
            if not before or after or not isinstance(effect, Delete):
                continue
            if not self._is_excused(name) and not self._is_over(name, before):
                raise AssertionError(f"{controller} takes the last healthy copy of {name}, in {before}")

    def _is_excused(self, name: str) -> bool:
        """A hub that has slept does late what was asked for before."""
        woken_ms = self._simulation.processes["hub"].asleep_until_ms
        return self._simulation.now_ms <= max(self._excused_until_ms[name], woken_ms + EXCUSED_MS)

    def _is_over(self, name: str, clusters: set[str]) -> bool:
        """Whether the grace in one of these clusters has ended, as the binding's history tells."""
        ends = [
            ends_at_ms(task)
            for change in self._simulation.hub.history[RESOURCE_BINDING.resource]
            if change.manifest["metadata"]["name"] == binding_name(INFERENCE_SERVICE.name, name)
            for task in decode(change.manifest, ResourceBinding).spec.graceful_eviction_tasks
            if task.from_cluster in clusters and task.creation_timestamp
        ]
        return any(end <= self._simulation.now_ms for end in ends)


def _avoids_taints(process: Process, controller: str, key: Key, plan: Plan) -> None:
    """The scheduler places nothing new in a cluster with a taint that it knows of."""
    for effect in plan.effects if controller == "scheduler" else ():
        if not isinstance(effect, Put):
            continue
        before = process.cache.get(RESOURCE_BINDING, key.namespace, key.name)
        after = decode(effect.manifest, ResourceBinding)
        tolerations = (after.spec.placement or Placement()).cluster_tolerations
        for name in _names(after) - _names(before):
            taint = untolerated(process.cache.get(CLUSTER, "", name).spec.taints, tolerations)
            assert taint is None, f"{key} is placed in {name}, which has {taint}"


def _names(binding: ResourceBinding) -> set[str]:
    return {target.name for target in binding.spec.clusters}


def at_rest(simulation: Simulation, abandoned: set[tuple[str, str]]) -> None:
    """Once nothing is to be done any more, everything is as the hub wants it. What `abandoned` Works brought
    to a cluster that left while nobody heard of it may still be there."""
    bindings = [decode(one, ResourceBinding) for one in simulation.hub.all_of(RESOURCE_BINDING)]
    for binding in bindings:
        _shares_fit(binding)
    _works_fit(simulation, bindings)
    for name in simulation.members:
        _member_fits(simulation, name, abandoned)


def _shares_fit(binding: ResourceBinding) -> None:
    meta, spec = binding.metadata, binding.spec
    if (
        not any(label in meta.labels for label in CLAIM_LABELS)
        or spec.resource.kind != INFERENCE_SERVICE.name
    ):
        return
    scheduled = condition_of(binding.status.conditions, "Scheduled")
    assert scheduled is not None, f"{meta.name} was never looked at by the scheduler"
    if scheduled.status == "False":
        assert scheduled.message
        return
    strategy = spec.placement.replica_scheduling if spec.placement else None
    shares = [target.replicas for target in spec.clusters]
    assert shares, f"{meta.name} is scheduled, but nowhere"
    if strategy is None or strategy.replica_scheduling_type == "Duplicated":
        assert set(shares) == {spec.replicas}, f"{meta.name}: {shares} instead of {spec.replicas} each"
    else:
        assert sum(shares) == spec.replicas, f"{meta.name}: {shares} instead of {spec.replicas} together"


def _works_fit(simulation: Simulation, bindings: list[ResourceBinding]) -> None:
    """Every target has its Work, and there is no other that a binding would have made."""
    clusters = {one["metadata"]["name"] for one in simulation.hub.all_of(CLUSTER)}
    works = {
        (work["metadata"]["namespace"], work["metadata"]["name"])
        for work in simulation.hub.all_of(WORK)
        if not work["metadata"]["name"].startswith("endpoints-")
    }
    failed = _not_overridden(bindings)
    for binding in bindings:
        resource = binding.spec.resource
        name = work_name(resource.kind, resource.name, resource.namespace)
        wanted = {target.name for target in merge_targets(binding.spec)} & clusters
        allowed = set(clusters_with_work(binding.spec))
        found = {cluster_of_namespace(place) for place, one in works if one == name}
        if binding.metadata.name not in failed:
            assert wanted <= found, f"{name} is missing in {wanted - found}"
        assert found <= allowed, f"{name} is too much in {found - allowed}"
        works = {one for one in works if one[1] != name}
    assert not works, f"nobody wants {works}"


def _not_overridden(bindings: list[ResourceBinding]) -> set[str]:
    """Bindings that say that an override fails: what it is for may be missing."""
    said = {one.metadata.name: condition_of(one.status.conditions, "OverridesApplied") for one in bindings}
    return {name for name, condition in said.items() if condition and condition.status == "False"}


def _member_fits(simulation: Simulation, cluster: str, abandoned: set[tuple[str, str]]) -> None:
    """A member has exactly the objects of its Works, as they are there."""
    wanted = {
        _identity(manifest): manifest
        for work in simulation.hub.all_of(WORK, f"karmada-es-{cluster}")
        for manifest in work["spec"]["workload"]["manifests"]
    }
    found = {
        _identity(manifest): manifest
        for kind in SERVED
        for manifest in simulation.members[cluster].all_of(kind)
        if _work_of(manifest) and (_identity(manifest) in wanted or _work_of(manifest) not in abandoned)
    }
    assert set(found) == set(wanted), f"{cluster} has {sorted(found)} instead of {sorted(wanted)}"
    for identity, manifest in wanted.items():
        notes = {name: manifest["metadata"]["annotations"][name] for name in (WORK_NAME, WORK_NAMESPACE)}
        assert notes.items() <= found[identity]["metadata"]["annotations"].items()
        for part in ("spec", "data"):
            if part in manifest:
                assert manifest[part] == found[identity][part], f"{identity} has drifted in {cluster}"


def _work_of(manifest: Manifest) -> tuple[str, str] | None:
    notes = manifest["metadata"].get("annotations", {})
    return (notes[WORK_NAMESPACE], notes[WORK_NAME]) if WORK_NAME in notes else None


def _identity(manifest: Manifest) -> tuple[str, str, str]:
    meta = manifest["metadata"]
    return manifest["kind"], meta.get("namespace", ""), meta["name"]


def end_state(simulation: Simulation) -> Mapping[str, object]:
    """What users see of the end: where everything is, and what is said of it; nothing of when."""
    bindings = simulation.hub.all_of(RESOURCE_BINDING)
    return {
        "clusters": {one["metadata"]["name"]: one["spec"].get("clusters") for one in bindings},
        "conditions": {
            one["metadata"]["name"]: sorted(
                (each["type"], each["status"], each.get("message", ""))
                for each in one["status"]["conditions"]
            )
            for one in bindings
        },
        "members": {
            name: sorted(
                (_identity(manifest), repr(manifest.get("spec")))
                for kind in SERVED
                for manifest in world.all_of(kind)
            )
            for name, world in simulation.members.items()
        },
    }
