"""Karmada's WorkloadRebalancer (apps.karmada.io/v1alpha1): a request to divide objects anew.

Upstream: `pkg/apis/apps/v1alpha1/workloadrebalancer_types.go`.
"""

from typing import Literal

from tradewind.resources import rules
from tradewind.resources.columns import AGE, NAME
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest, Object, Struct, decode
from tradewind.resources.problems import Problem


class RebalancedObject(Struct):
    """An object that is to be divided anew."""

    api_version: str
    kind: str
    name: str
    namespace: str = ""


class WorkloadRebalancerSpec(Struct):
    """Which objects; the request goes `ttl_seconds_after_finished` after all are done, or never if None."""

    workloads: list[RebalancedObject]
    ttl_seconds_after_finished: int | None = None


class ObservedWorkload(Struct):
    """What became of one of them."""

    workload: RebalancedObject
    result: Literal["", "Successful", "Failed"] = ""
    reason: str = ""


class WorkloadRebalancerStatus(Struct):
    """One entry for each object, by kind, namespace and name; `finish_time` once all are done."""

    observed_workloads: list[ObservedWorkload] = []
    observed_generation: int = 0
    finish_time: str | None = None


class WorkloadRebalancer(Object):
    """A request to divide objects anew, as if they were nowhere."""

    spec: WorkloadRebalancerSpec = WorkloadRebalancerSpec(workloads=[])
    status: WorkloadRebalancerStatus = WorkloadRebalancerStatus()


def check_rebalancer(manifest: Manifest) -> list[Problem]:
    """At least one object, each once, and a time that is not negative."""
    spec = decode(manifest, WorkloadRebalancer).spec
    problems = []
    if not spec.workloads:
        problems.append(
            rules.required("spec.workloads", "at least one object with apiVersion, kind and name")
        )
    for place, one in enumerate(spec.workloads):
        problems += [
            rules.required(f"spec.workloads[{place}].{name}")
            for name, value in (("apiVersion", one.api_version), ("kind", one.kind), ("name", one.name))
            if not value
        ]
    seconds = spec.ttl_seconds_after_finished
    if seconds is not None and seconds < 0:
        rule = "must be greater than or equal to 0"
        problems.append(rules.invalid("spec.ttlSecondsAfterFinished", seconds, rule))
    return problems


WORKLOAD_REBALANCER = Kind(
    group="apps.karmada.io",
    versions=("v1alpha1",),
    name="WorkloadRebalancer",
    plural="workloadrebalancers",
    struct=WorkloadRebalancer,
    namespaced=False,
    categories=("karmada-io",),
    columns=(NAME, AGE),
    check=check_rebalancer,
)
