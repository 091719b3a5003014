"""Whether a cluster is among those that an affinity names (upstream `pkg/util/selector.go`)."""

from tradewind.resources.cluster_types import Cluster
from tradewind.resources.meta import LabelSelector, LabelSelectorRequirement, selects
from tradewind.resources.policy_types import ClusterAffinity, ClusterAffinityTerm

ZONE = "zone"


def cluster_matches(cluster: Cluster, affinity: ClusterAffinity) -> bool:
    """Exclusion first, then labels, fields and names, each only if set; an empty affinity takes all clusters.

    `provider` and `region` are compared as text, and one that is not set has no value at all, so that
    NotIn matches it. `zone` is compared with the list of the cluster's zones.
    """
    name = cluster.metadata.name
    if name in affinity.exclude:
        return False
    if affinity.label_selector and not selects(affinity.label_selector, cluster.metadata.labels):
        return False
    if affinity.field_selector and not _fields_match(cluster, affinity.field_selector.match_expressions):
        return False
    return not affinity.cluster_names or name in affinity.cluster_names


def tier_of(cluster: Cluster, affinity: ClusterAffinity | None) -> int | None:
    """0 for a cluster that matches, 1 and more for one of the group's overflow clusters; None for others.

    A cluster of several tiers is of the first. No affinity matches all.
    """
    overflow = affinity.overflow_affinities if isinstance(affinity, ClusterAffinityTerm) else []
    for place, one in enumerate([affinity, *overflow]):
        if one is None or cluster_matches(cluster, one):
            return place
    return None


def zones_match(expression: LabelSelectorRequirement, zones: list[str]) -> bool:
    """In means any zone in common, NotIn none; an unknown operator matches nothing."""
    common = any(zone in expression.values for zone in zones)
    match expression.operator:
        case "In":
            return common
        case "NotIn":
            return not common
        case "Exists":
            return bool(zones)
        case "DoesNotExist":
            return not zones
    return False


def start_index(terms: list[ClusterAffinityTerm], observed_name: str) -> int:
    """The group to try first: the one that was last used, or the first if that is unknown."""
    names = [term.affinity_name for term in terms]
    return names.index(observed_name) if observed_name in names else 0


def _fields_match(cluster: Cluster, expressions: list[LabelSelectorRequirement]) -> bool:
    spec = cluster.spec
    fields = {key: value for key, value in (("provider", spec.provider), ("region", spec.region)) if value}
    others = [expression for expression in expressions if expression.key != ZONE]
    zones = [expression for expression in expressions if expression.key == ZONE]
    return all(zones_match(expression, spec.zones) for expression in zones) and selects(
        LabelSelector(match_expressions=others), fields
    )
