"""What the hub would do with objects: the controllers' decisions, one after another, with nothing running."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed

from tradewind.federation.bindings import is_of, make_binding
from tradewind.federation.estimate import room_for
from tradewind.federation.interpret import Part, interpreter_of, parts
from tradewind.federation.match import PolicyT, at_stored_version, claim, is_propagatable
from tradewind.federation.overrides import NotOverridden, override
from tradewind.federation.place import Attempt, NotPlaced, Placed
from tradewind.federation.schedule import attempts
from tradewind.federation.works import merge_targets, render
from tradewind.resources.cluster_types import Cluster
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest, Object, decode, replace
from tradewind.resources.policy_types import OverridePolicy, PropagationPolicy
from tradewind.resources.work import BindingStatus, ResourceBinding, TargetCluster


@dataclass(frozen=True)
class Template:
    """An object that could be propagated, at its stored version and with defaults."""

    kind: Kind
    manifest: Manifest

    @property
    def namespace(self) -> str:
        """Its namespace, "" if it has none."""
        return str(self.manifest["metadata"].get("namespace", "")) if self.kind.namespaced else ""

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.manifest["metadata"]["name"])


@dataclass(frozen=True)
class World:
    """All that decisions look at. Bindings matter for what is placed already."""

    clusters: Sequence[Cluster] = ()
    policies: Sequence[PropagationPolicy] = ()
    overrides: Sequence[OverridePolicy] = ()
    templates: Sequence[Template] = ()
    bindings: Sequence[ResourceBinding] = ()


@dataclass(frozen=True)
class WorkloadPlan:
    """What becomes of one object.

    `policy` is `namespace/name` or `name` of what propagates it; `clusters` where it goes; `manifests` what
    each of them gets, and `failures` why some do not get it; `notes` where there is too little room for a
    share that was not divided by room; `error` why it goes nowhere.
    """

    template: Template
    policy: str = ""
    attempts: tuple[Attempt, ...] = ()
    clusters: tuple[TargetCluster, ...] = ()
    manifests: dict[str, Manifest] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    error: str = ""

    @property
    def rejected(self) -> dict[str, str]:
        """Every cluster that does not get it, and why."""
        if not self.attempts:
            return {}
        last = self.attempts[-1]
        chosen = {target.name for target in self.clusters}
        found = {name: why for name, why in last.reasons.items() if why}
        for name in last.reasons:
            if name not in found and name not in chosen:
                found[name] = _why_not_chosen(name, last, self.error)
        return {name: found[name] for name in sorted(found)}


def plan(world: World, without: str = "") -> list[WorkloadPlan]:
    """The plan of every template that could be propagated; `without` names a cluster that is lost."""
    return [_plan(one, world, without) for one in world.templates if is_propagatable(_typed(one))]


def _plan(template: Template, world: World, without: str) -> WorkloadPlan:
    own, general = _of(template, world.policies)
    claimed = claim(_typed(template), own, general)
    if claimed is None:
        return WorkloadPlan(template, error="no PropagationPolicy or ClusterPropagationPolicy selects it")
    known = next((one for one in world.bindings if _is_bound(one, template)), None)
    binding = make_binding(_typed(template), template.manifest, claimed, known)
    tried, binding = _placed(binding, world.clusters)
    remaining = [one for one in world.clusters if one.metadata.name != without]
    if without and any(target.name == without for target in binding.spec.clusters):
        left = [target for target in binding.spec.clusters if target.name != without]
        tried, binding = _placed(replace(binding, spec=replace(binding.spec, clusters=left)), remaining)
    meta = claimed.policy.metadata
    policy = f"{meta.namespace}/{meta.name}" if meta.namespace else meta.name
    outcome = tried[-1].outcome
    if isinstance(outcome, NotPlaced):
        first = tried[0].outcome
        error = first.message if isinstance(first, NotPlaced) else outcome.message
        return WorkloadPlan(template, policy, tuple(tried), error=error)
    made = WorkloadPlan(template, policy, tuple(tried), tuple(binding.spec.clusters))
    return _rendered(made, binding, changed(world, clusters=remaining))


def _placed(binding: ResourceBinding, clusters: Sequence[Cluster]) -> tuple[list[Attempt], ResourceBinding]:
    tried = attempts(binding.spec, binding.status or BindingStatus(), clusters)
    outcome = tried[-1].outcome
    if not isinstance(outcome, Placed):
        return tried, binding
    return tried, replace(binding, spec=replace(binding.spec, clusters=list(outcome.clusters)))


def _rendered(made: WorkloadPlan, binding: ResourceBinding, world: World) -> WorkloadPlan:
    template = made.template
    shares = parts(template.manifest, binding.spec, world.clusters)
    by_name = {one.metadata.name: one for one in world.clusters}
    own, general = _of(template, world.overrides)
    manifests, failures, notes = {}, {}, {}
    for target in merge_targets(binding.spec):
        if target.name not in by_name:
            continue
        part = shares.get(target.name, Part(target.replicas))
        rendered = render(template.manifest, binding.spec, part)
        outcome = override(rendered, _typed(template), by_name[target.name], general, own)
        if isinstance(outcome, NotOverridden):
            failures[target.name] = outcome.message
        else:
            manifests[target.name] = outcome.manifest
            notes[target.name] = _shortage(outcome.manifest, binding, by_name[target.name])
    return changed(made, manifests=manifests, failures=failures, notes=notes)


def _shortage(manifest: Manifest, binding: ResourceBinding, cluster: Cluster) -> str:
    """That a cluster has too little room for its share, as overrides have left it; "" if it has enough, or
    does not say."""
    interpreter = interpreter_of(manifest)
    if interpreter is None or cluster.status.resource_summary is None:
        return ""
    replicas, requirements = interpreter.replicas(manifest)
    known = next((one for one in binding.spec.clusters if one.name == cluster.metadata.name), None)
    there = known.replicas if known and binding.status.last_scheduled_time else 0
    room = room_for(cluster, requirements) + there
    return f"has room for {room} of {replicas} replicas" if room < replicas else ""


def _typed(template: Template) -> Object:
    return decode(template.manifest, template.kind.struct)


def _of(template: Template, policies: Iterable[PolicyT]) -> tuple[list[PolicyT], list[PolicyT]]:
    """Policies of the template's namespace, and those of all namespaces."""
    stored = [at_stored_version(one, template.kind) for one in policies]
    own = [one for one in stored if one.metadata.namespace and one.metadata.namespace == template.namespace]
    return own, [one for one in stored if not one.metadata.namespace]


def _is_bound(binding: ResourceBinding, template: Template) -> bool:
    return binding.metadata.namespace == template.namespace and is_of(binding, template.kind, template.name)


def _why_not_chosen(name: str, tried: Attempt, error: str) -> str:
    """Why a cluster that passed every filter does not get the object."""
    if error:
        return error
    if tried.selected and name not in tried.selected:
        return "the spread constraints are met without it"
    if tried.measure == "weight" and name not in tried.amounts:
        return "no rule of staticWeightList gives it a weight"
    return f"its share is 0 ({tried.measure} {tried.amounts.get(name, 0)})"
