"""What typing cannot see in a PropagationPolicy: upstream's rules, and what has no effect in this version.

Rules and their wording: upstream `ValidatePropagationSpec` (`pkg/util/validation/validation.go`).
"""

from collections.abc import Iterable

from tradewind.resources import rules
from tradewind.resources.meta import Manifest, decode
from tradewind.resources.placement_checks import placement_problems
from tradewind.resources.policy_types import (
    DEFAULT_SCHEDULER,
    ApplicationFailoverBehavior,
    FailoverBehavior,
    PropagationPolicy,
    PropagationSpec,
    StatePreservation,
)
from tradewind.resources.problems import Problem, warning
from tradewind.resources.selector_checks import resource_selector_problems
from tradewind.resources.shape import join
from tradewind.resources.syntax import qualified_name_problem

RENAMED_PURGE_MODES = {"Immediately": "Directly", "Graciously": "Gracefully"}


def check_propagation(manifest: Manifest) -> list[Problem]:
    """Every problem of a PropagationPolicy or ClusterPropagationPolicy; unused fields are warnings."""
    policy = decode(manifest, PropagationPolicy)
    spec = policy.spec
    problems = _selectors(spec, policy.metadata.namespace)
    problems += placement_problems("spec.placement", spec.placement)
    problems += _suspension(spec)
    if spec.failover:
        problems += _failover("spec.failover", spec.failover, spec.propagate_deps)
    return problems + _unused(spec)


def _selectors(spec: PropagationSpec, namespace: str) -> list[Problem]:
    path = "spec.resourceSelectors"
    if not spec.resource_selectors:
        return [rules.required(path, "at least one selector with apiVersion and kind")]
    problems = resource_selector_problems(path, spec.resource_selectors, namespace)
    if spec.preemption == "Always":
        rule = (
            "name cannot be empty if preemption is Always, the empty name may cause unexpected "
            "resources preemption"
        )
        problems += [
            rules.invalid(f"{path}[{place}].name", selector.name, rule)
            for place, selector in enumerate(spec.resource_selectors)
            if not selector.name
        ]
    return problems


def _suspension(spec: PropagationSpec) -> list[Problem]:
    suspension = spec.suspension
    if suspension is None or not suspension.dispatching or suspension.dispatching_on_clusters is None:
        return []
    names = suspension.dispatching_on_clusters.cluster_names
    rule = "suspension dispatching cannot co-exist with dispatchingOnClusters.clusterNames"
    return [rules.invalid("spec.suspension.dispatchingOnClusters.clusterNames", names, rule)] if names else []


def _failover(path: str, failover: FailoverBehavior, propagates_dependencies: bool) -> list[Problem]:
    problems = []
    if failover.application:
        problems += _application(join(path, "application"), failover.application)
        if not propagates_dependencies:
            text = "Karmada requires `propagateDeps: true` beside it and refuses this policy; add it"
            problems.append(warning(join(path, "application"), text))
    if failover.cluster:
        within = join(path, "cluster.statePreservation")
        problems += _state_preservation(within, failover.cluster.state_preservation)
    return problems


def _application(path: str, application: ApplicationFailoverBehavior) -> list[Problem]:
    problems = _renamed(join(path, "purgeMode"), application.purge_mode)
    tolerated = application.decision_conditions.toleration_seconds
    if tolerated is not None and tolerated < 0:
        at = join(path, "decisionConditions.tolerationSeconds")
        problems.append(rules.invalid(at, tolerated, "must be greater than or equal to 0"))
    at = join(path, "gracePeriodSeconds")
    mode = RENAMED_PURGE_MODES.get(application.purge_mode, application.purge_mode)
    grace = application.grace_period_seconds
    if grace is None:
        missing = mode == "Gracefully"
        problems += (
            [rules.required(at, "should not be empty when purgeMode is gracefully")] if missing else []
        )
    elif mode != "Gracefully":
        problems.append(rules.invalid(at, grace, "only takes effect when purgeMode is gracefully"))
    elif grace <= 0:
        problems.append(rules.invalid(at, grace, "must be greater than 0"))
    return problems + _state_preservation(join(path, "statePreservation"), application.state_preservation)


def _renamed(path: str, mode: str) -> list[Problem]:
    if mode not in RENAMED_PURGE_MODES:
        return []
    name = RENAMED_PURGE_MODES[mode]
    return [warning(path, f'"{mode}" is now called "{name}"; Karmada refuses the old name since v1.19')]


def _state_preservation(path: str, preservation: StatePreservation | None) -> list[Problem]:
    if preservation is None:
        return []
    text = "has no effect in this version (upstream: feature gate StatefulFailoverInjection)"
    return [
        warning(path, text),
        *_preservation_rules(path, preservation),
    ]


def _preservation_rules(path: str, preservation: StatePreservation) -> list[Problem]:
    return [
        problem
        for place, rule in enumerate(preservation.rules)
        for problem in rules.syntax(
            f"{path}.rules[{place}].aliasLabelName",
            rule.alias_label_name,
            qualified_name_problem(rule.alias_label_name),
        )
    ]


def _unused(spec: PropagationSpec) -> list[Problem]:
    """One warning for each field that is accepted but changes nothing in this version."""
    found: Iterable[tuple[object, str, str]] = (
        (spec.association, "association", "is deprecated and has no effect"),
        (
            spec.dependent_overrides,
            "dependentOverrides",
            "has no effect in this version: the policy is applied without waiting",
        ),
        (
            spec.schedule_priority,
            "schedulePriority",
            "has no effect in this version: bindings are scheduled in the order in which they come",
        ),
        (
            spec.scheduler_name not in ("", DEFAULT_SCHEDULER),
            "schedulerName",
            f'no scheduler of this name runs here, so nothing is scheduled; use "{DEFAULT_SCHEDULER}"',
        ),
    )
    return [warning(f"spec.{name}", text) for is_set, name, text in found if is_set]
