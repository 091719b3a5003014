"""What the hub must know of a kind to divide it: its replicas, what one needs, a cluster's part, its health.

Karmada asks a *resource interpreter*; a kind without one has no replicas, goes whole to every cluster and
is always healthy. Upstream ships none for InferenceService; this one divides `predictor.minReplicas`, as
upstream does for `spec.replicas` of a Deployment.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tradewind.federation.divide import static_weights, strategy_of, weight_rules
from tradewind.federation.webster import webster
from tradewind.resources.cluster_types import Cluster
from tradewind.resources.core import Container, RequestedResources
from tradewind.resources.meta import Manifest, condition_of, decode
from tradewind.resources.policy_types import Placement
from tradewind.resources.quantity import format_quantity, parse_quantity
from tradewind.resources.serving import InferenceService, PredictorSpec
from tradewind.resources.work import BindingSpec, Health, NodeClaim, ReplicaRequirements

DEFAULT_REPLICAS = 1  # KServe's, where minReplicas is not set
UNLIMITED = 0  # maxReplicas that KServe takes for no limit


@dataclass(frozen=True)
class Part:
    """One cluster's part of an object: its replicas, and the most it may scale to (0: no limit)."""

    replicas: int
    most: int = UNLIMITED


@dataclass(frozen=True)
class Interpreter:
    """How one kind is understood. All functions take a manifest and leave it unchanged."""

    replicas: Callable[[Manifest], tuple[int, ReplicaRequirements | None]]
    most_replicas: Callable[[Manifest], int]
    revise: Callable[[Manifest, Part], Manifest]
    health: Callable[[Manifest], Health]


def interpreter_of(manifest: Manifest) -> Interpreter | None:
    """The interpreter of a manifest's kind; None for one that has no replicas."""
    group = str(manifest.get("apiVersion", "")).rpartition("/")[0]
    return _INTERPRETERS.get((group, str(manifest.get("kind", ""))))


def health_of(manifest: Manifest) -> Health:
    """The health of an object in a cluster; a kind without an interpreter is Healthy, as upstream."""
    interpreter = interpreter_of(manifest)
    return interpreter.health(manifest) if interpreter else "Healthy"


def parts(template: Manifest, spec: BindingSpec, clusters: Sequence[Cluster]) -> dict[str, Part]:
    """The part of each cluster that the binding names.

    The maximum is divided by the same weights as the replicas, so that autoscalers together do not go
    beyond it; a part is at least the cluster's replicas and at least 1, since 0 would mean no limit.
    """
    interpreter = interpreter_of(template)
    most = interpreter.most_replicas(template) if interpreter else UNLIMITED
    shares = {target.name: target.replicas for target in spec.clusters}
    placement = spec.placement or Placement()
    if most == UNLIMITED or strategy_of(placement.replica_scheduling) == "Duplicated":
        return {name: Part(share, most) for name, share in shares.items()}
    divided = webster(most, _weights(placement, shares, clusters), spec.resource.uid)
    return {name: Part(share, max(divided[name], share, 1)) for name, share in shares.items()}


def _weights(placement: Placement, shares: Mapping[str, int], clusters: Sequence[Cluster]) -> dict[str, int]:
    """The weights by which replicas were divided; those of dynamic strategies are the shares themselves."""
    strategy = placement.replica_scheduling
    if strategy_of(strategy) == "StaticWeight":
        targets = [cluster for cluster in clusters if cluster.metadata.name in shares]
        weights = static_weights(targets, weight_rules(strategy))
        if all(name in weights for name in shares):
            return weights
    return dict(shares) if any(shares.values()) else dict.fromkeys(shares, 1)


def _service_replicas(manifest: Manifest) -> tuple[int, ReplicaRequirements | None]:
    """`minReplicas` (1 if not set, 0 if it may sleep), and what a replica asks for.

    Never None: a sleeping service still is a workload, so that a weight of a cluster keeps its meaning.
    """
    service = decode(manifest, InferenceService)
    predictor = service.spec.predictor
    replicas = DEFAULT_REPLICAS if predictor.min_replicas is None else predictor.min_replicas
    return replicas, ReplicaRequirements(
        node_claim=_node_claim(predictor),
        resource_request=_sum_of_requests(_containers(predictor)),
        namespace=service.metadata.namespace,
        priority_class_name=predictor.priority_class_name,
    )


def _node_claim(predictor: PredictorSpec) -> NodeClaim | None:
    node_affinity = (predictor.affinity or {}).get("nodeAffinity") or {}
    claim = NodeClaim(
        hard_node_affinity=node_affinity.get("requiredDuringSchedulingIgnoredDuringExecution"),
        node_selector=predictor.node_selector,
        tolerations=predictor.tolerations,
    )
    return None if claim == NodeClaim() else claim


def _containers(predictor: PredictorSpec) -> list[Container]:
    return [*([predictor.model] if predictor.model else []), *predictor.containers]


def _sum_of_requests(containers: Sequence[Container]) -> RequestedResources:
    """The sum over containers; a limit stands for a request that is not written."""
    total: dict[str, Fraction] = {}
    for container in containers:
        for name, amount in (container.resources.limits | container.resources.requests).items():
            total[name] = total.get(name, Fraction(0)) + parse_quantity(amount)
    return {name: format_quantity(total[name], binary=name == "memory") for name in sorted(total)}


def _most_service_replicas(manifest: Manifest) -> int:
    return decode(manifest, InferenceService).spec.predictor.max_replicas


def _revise_service(manifest: Manifest, part: Part) -> Manifest:
    spec = manifest.get("spec", {})
    predictor = {**spec.get("predictor", {}), "minReplicas": part.replicas}
    if part.most != UNLIMITED:
        predictor["maxReplicas"] = part.most
    return {**manifest, "spec": {**spec, "predictor": predictor}}


def _service_health(manifest: Manifest) -> Health:
    """Ready says it; without that condition, or while it is Unknown, a service is still on its way."""
    ready = condition_of(decode(manifest, InferenceService).status.conditions, "Ready")
    if ready is None or ready.status == "Unknown":
        return "Unknown"
    return "Healthy" if ready.status == "True" else "Unhealthy"


_INTERPRETERS = {
    ("serving.kserve.io", "InferenceService"): Interpreter(
        replicas=_service_replicas,
        most_replicas=_most_service_replicas,
        revise=_revise_service,
        health=_service_health,
    )
}
