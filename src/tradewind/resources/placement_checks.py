"""What typing cannot see in a placement: upstream's rules (`ValidatePlacement`), and what has no effect."""

from tradewind.resources import rules
from tradewind.resources.policy_types import (
    ClusterAffinityTerm,
    Placement,
    ReplicaSchedulingStrategy,
    SpreadConstraint,
    WorkloadAffinity,
)
from tradewind.resources.problems import Cause, Problem, warning
from tradewind.resources.selector_checks import affinity_problems
from tradewind.resources.shape import join, shown
from tradewind.resources.syntax import qualified_name_problem

AFFINITY_NAME_LENGTH = 32


def placement_problems(path: str, placement: Placement) -> list[Problem]:
    """Every problem of a placement."""
    problems = _affinities(path, placement)
    problems += _spread(join(path, "spreadConstraints"), placement)
    problems += rules.tolerations(join(path, "clusterTolerations"), placement.cluster_tolerations)
    if placement.replica_scheduling:
        problems += _weights(join(path, "replicaScheduling"), placement.replica_scheduling)
    if placement.workload_affinity:
        problems += _workload_affinity(join(path, "workloadAffinity"), placement.workload_affinity)
    return problems


def can_overflow(strategy: ReplicaSchedulingStrategy | None) -> bool:
    """Whether overflow groups make sense: only where replicas follow free capacity."""
    if strategy is None or strategy.replica_scheduling_type != "Divided":
        return False
    dynamic = strategy.weight_preference is not None and bool(strategy.weight_preference.dynamic_weight)
    return strategy.replica_division_preference == "Aggregated" or dynamic


def _affinities(path: str, placement: Placement) -> list[Problem]:
    problems = affinity_problems(join(path, "clusterAffinity"), placement.cluster_affinity)
    terms = placement.cluster_affinities
    if placement.cluster_affinity is not None and terms:
        problems.append(Problem(path, "clusterAffinities cannot co-exist with clusterAffinity; keep one"))
    within = join(path, "clusterAffinities")
    names = [term.affinity_name for term in terms]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        rule = f"each affinity term in a policy must have a unique name, {shown(name)} occurs twice"
        problems.append(Problem(within, rule, Cause.DUPLICATE))
    for place, term in enumerate(terms):
        at = f"{within}[{place}]"
        problems += _affinity_name(join(at, "affinityName"), term.affinity_name)
        problems += affinity_problems(at, term)
        problems += _overflow(join(at, "overflowAffinities"), term, placement.replica_scheduling)
    return problems


def _affinity_name(path: str, name: str) -> list[Problem]:
    if not name:
        return [rules.required(path)]
    if len(name) > AFFINITY_NAME_LENGTH:
        return [rules.invalid(path, name, f"must be no more than {AFFINITY_NAME_LENGTH} characters")]
    return rules.syntax(path, name, qualified_name_problem(name))


def _overflow(
    path: str, term: ClusterAffinityTerm, strategy: ReplicaSchedulingStrategy | None
) -> list[Problem]:
    overflow = term.overflow_affinities
    if not overflow:
        return []
    problems = []
    if not can_overflow(strategy):
        rule = "overflowAffinities can only be used together with dynamic weight or aggregated scheduling"
        problems.append(Problem(path, rule))
    if not (term.label_selector or term.field_selector or term.cluster_names or term.exclude):
        rule = "overflowAffinities can only be used together with the inline ClusterAffinity"
        problems.append(Problem(path, rule))
    seen = [term.affinity_name]
    for place, one in enumerate(overflow):
        at = f"{path}[{place}]"
        problems += _affinity_name(join(at, "affinityName"), one.affinity_name)
        if one.affinity_name in seen:
            rule = (
                "overflow affinity name must be unique and must not duplicate the primary group's "
                "affinityName"
            )
            problems.append(rules.invalid(join(at, "affinityName"), one.affinity_name, rule))
        seen.append(one.affinity_name)
        problems += affinity_problems(at, one)
    return problems


def _spread(path: str, placement: Placement) -> list[Problem]:
    constraints = placement.spread_constraints
    problems = []
    for place, constraint in enumerate(constraints):
        problems += _spread_constraint(f"{path}[{place}]", constraint)
    fields = [constraint.spread_by_field for constraint in constraints if constraint.spread_by_field]
    for name in dict.fromkeys(name for name in fields if fields.count(name) > 1):
        rule = f"multiple {name} spread constraints are not allowed"
        problems.append(Problem(path, rule, Cause.DUPLICATE))
    if fields and "cluster" not in fields:
        rule = (
            "the cluster spread constraint must be enabled in one of the constraints in case of "
            "SpreadByField is enabled; add one with spreadByField: cluster"
        )
        problems.append(Problem(path, rule))
    return problems


def _spread_constraint(path: str, constraint: SpreadConstraint) -> list[Problem]:
    fewest, most = constraint.min_groups, constraint.max_groups
    problems = []
    if constraint.spread_by_field and constraint.spread_by_label:
        problems.append(Problem(path, "spreadByLabel should not co-exist with spreadByField"))
    if constraint.spread_by_label:
        problems.append(warning(join(path, "spreadByLabel"), "has no effect, as on Karmada"))
    elif most == 0:
        text = "is not set, which is no limit here; Karmada takes it for 0 and selects no cluster: set it"
        problems.append(warning(join(path, "maxGroups"), text))
    if fewest < 0:
        problems.append(
            rules.invalid(join(path, "minGroups"), fewest, "minGroups lower than 0 is not allowed")
        )
    if most < 0:
        problems.append(rules.invalid(join(path, "maxGroups"), most, "maxGroups lower than 0 is not allowed"))
    if 0 < most < fewest:
        rule = f"maxGroups lower than minGroups is not allowed, minGroups is {fewest}"
        problems.append(rules.invalid(join(path, "maxGroups"), most, rule))
    return problems


def _weights(path: str, strategy: ReplicaSchedulingStrategy) -> list[Problem]:
    preference = strategy.weight_preference
    if preference is None:
        return []
    within = join(path, "weightPreference.staticWeightList")
    problems = []
    for place, rule in enumerate(preference.static_weight_list):
        at = f"{within}[{place}]"
        problems += affinity_problems(join(at, "targetCluster"), rule.target_cluster)
        if rule.weight < 1:
            too_small = "must be greater than or equal to 1; leave the cluster out to give it nothing"
            problems.append(rules.invalid(join(at, "weight"), rule.weight, too_small))
    if preference.static_weight_list and preference.dynamic_weight:
        problems.append(warning(within, "has no effect beside dynamicWeight, as upstream"))
    if strategy.replica_scheduling_type == "Duplicated":
        problems.append(
            warning(path, "weightPreference has no effect while replicaSchedulingType is Duplicated")
        )
    elif strategy.replica_division_preference == "Aggregated":
        problems.append(warning(path, "weightPreference has no effect while the preference is Aggregated"))
    return problems


def _workload_affinity(path: str, affinity: WorkloadAffinity) -> list[Problem]:
    problems = []
    keys = []
    for name, term in (("affinity", affinity.affinity), ("antiAffinity", affinity.anti_affinity)):
        if term is not None:
            key = term.group_by_label_key
            problems += rules.syntax(f"{path}.{name}.groupByLabelKey", key, qualified_name_problem(key))
            keys.append(key)
    if len(keys) == 2 and keys[0] == keys[1]:
        problems.append(Problem(path, "affinity and antiAffinity must not use the same groupByLabelKey"))
    return [
        *problems,
        warning(path, "has no effect in this version (upstream: feature gate WorkloadAffinity)"),
    ]
