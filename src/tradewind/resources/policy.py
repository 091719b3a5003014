"""Karmada's policy kinds: named, defaulted and printed as upstream does.

Defaults: upstream's CRDs and `pkg/webhook/propagationpolicy/mutating.go`.
"""

import copy
from typing import Any

from tradewind.resources.columns import CUSTOM_AGE, NAME, field_text
from tradewind.resources.kinds import Column, Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.override_checks import check_override
from tradewind.resources.policy_checks import check_propagation
from tradewind.resources.policy_types import DEFAULT_SCHEDULER, OverridePolicy, PropagationPolicy
from tradewind.resources.update_checks import policy_update

GRACEFUL = ("Gracefully", "Graciously")
DEFAULT_TOLERATION_SECONDS = 300
DEFAULT_GRACE_PERIOD_SECONDS = 600


def default_propagation(manifest: Manifest) -> Manifest:
    """A policy with every default of upstream; the selectors of a namespaced one stay in its namespace."""
    filled = copy.deepcopy(manifest)
    spec = filled.get("spec")
    if not isinstance(spec, dict):
        return filled
    spec.setdefault("priority", 0)
    spec.setdefault("preemption", "Never")
    spec.setdefault("schedulerName", DEFAULT_SCHEDULER)
    spec.setdefault("conflictResolution", "Abort")
    _default_selectors(spec, filled)
    _default_placement(_mapping(spec.get("placement")))
    _default_failover(_mapping(spec.get("failover")))
    return filled


def default_override(manifest: Manifest) -> Manifest:
    """A policy whose selectors, if it is namespaced, stay in its namespace."""
    filled = copy.deepcopy(manifest)
    _default_selectors(_mapping(filled.get("spec")), filled)
    return filled


def _default_selectors(spec: Manifest, policy: Manifest) -> None:
    namespace = _mapping(policy.get("metadata")).get("namespace")
    for selector in _mappings(spec.get("resourceSelectors")):
        if namespace and not selector.get("namespace"):
            selector["namespace"] = namespace


def _default_placement(placement: Manifest) -> None:
    for constraint in _mappings(placement.get("spreadConstraints")):
        if not constraint.get("spreadByField") and not constraint.get("spreadByLabel"):
            constraint["spreadByField"] = "cluster"
        if constraint.get("minGroups", 0) == 0:
            constraint["minGroups"] = 1
    strategy = placement.get("replicaScheduling")
    if isinstance(strategy, dict):
        strategy.setdefault("replicaSchedulingType", "Divided")
        if strategy["replicaSchedulingType"] == "Divided" and not strategy.get("replicaDivisionPreference"):
            strategy["replicaDivisionPreference"] = "Weighted"


def _default_failover(failover: Manifest) -> None:
    cluster = failover.get("cluster")
    if isinstance(cluster, dict):
        cluster.setdefault("purgeMode", "Gracefully")
    application = failover.get("application")
    if not isinstance(application, dict):
        return
    conditions = application.setdefault("decisionConditions", {})
    _mapping(conditions).setdefault("tolerationSeconds", DEFAULT_TOLERATION_SECONDS)
    if application.setdefault("purgeMode", "Gracefully") in GRACEFUL:
        application.setdefault("gracePeriodSeconds", DEFAULT_GRACE_PERIOD_SECONDS)


def _mapping(value: Any) -> Manifest:
    """The value if it is an object, else an empty one: what is malformed is refused after defaulting."""
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> list[Manifest]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


_PROPAGATION_COLUMNS = (
    NAME,
    Column("Conflict-Resolution", field_text("spec", "conflictResolution")),
    Column("Priority", field_text("spec", "priority")),
    CUSTOM_AGE,
)

PROPAGATION_POLICY = Kind(
    group="policy.karmada.io",
    versions=("v1alpha1",),
    name="PropagationPolicy",
    plural="propagationpolicies",
    struct=PropagationPolicy,
    short_names=("pp",),
    categories=("karmada-io",),
    has_status=False,
    columns=_PROPAGATION_COLUMNS,
    default=default_propagation,
    check=check_propagation,
    check_update=policy_update,
)
CLUSTER_PROPAGATION_POLICY = Kind(
    group="policy.karmada.io",
    versions=("v1alpha1",),
    name="ClusterPropagationPolicy",
    plural="clusterpropagationpolicies",
    struct=PropagationPolicy,
    namespaced=False,
    short_names=("cpp",),
    categories=("karmada-io",),
    has_status=False,
    columns=_PROPAGATION_COLUMNS,
    default=default_propagation,
    check=check_propagation,
    check_update=policy_update,
)
OVERRIDE_POLICY = Kind(
    group="policy.karmada.io",
    versions=("v1alpha1",),
    name="OverridePolicy",
    plural="overridepolicies",
    struct=OverridePolicy,
    short_names=("op",),
    categories=("karmada-io",),
    has_status=False,
    columns=(NAME, CUSTOM_AGE),
    default=default_override,
    check=check_override,
)
CLUSTER_OVERRIDE_POLICY = Kind(
    group="policy.karmada.io",
    versions=("v1alpha1",),
    name="ClusterOverridePolicy",
    plural="clusteroverridepolicies",
    struct=OverridePolicy,
    namespaced=False,
    short_names=("cop",),
    categories=("karmada-io",),
    has_status=False,
    columns=(NAME, CUSTOM_AGE),
    default=default_override,
    check=check_override,
)

KINDS = (PROPAGATION_POLICY, CLUSTER_PROPAGATION_POLICY, OVERRIDE_POLICY, CLUSTER_OVERRIDE_POLICY)
