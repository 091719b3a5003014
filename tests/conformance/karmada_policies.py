"""Upstream's cases about policies: which one wins, what is admitted, what is defaulted."""

from typing import Any

from tests.conformance.karmada_placing import spec
from tradewind.federation.controllers.scheduler import is_scheduled_here
from tradewind.federation.match import Claim, Fit, best_fit, best_policy, fit
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.cluster_checks import taint_problems
from tradewind.resources.core import Taint
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Object, ObjectMeta, decode
from tradewind.resources.placement_checks import can_overflow
from tradewind.resources.policy import OVERRIDE_POLICY, PROPAGATION_POLICY
from tradewind.resources.policy_types import Placement, PropagationPolicy, PropagationSpec, ResourceSelector
from tradewind.resources.problems import errors
from tradewind.resources.registry import HUB_KINDS, find
from tradewind.resources.validate import check
from tradewind.resources.work import ResourceBinding

FITS = {
    "MisMatch": Fit.NONE,
    "MatchAll": Fit.KIND,
    "MatchLabelSelector": Fit.LABELS,
    "MatchName": Fit.NAME,
}
SELECTORS = [{"apiVersion": "v1", "kind": "Secret"}]


def _object(given: Any) -> Object:
    return decode(given, Object)


def _selector(given: Any) -> ResourceSelector:
    return decode(given, ResourceSelector)


def _selector_fit(given: Any, expect: Any) -> tuple[Any, Any]:
    return fit(_object(given["resource"]), _selector(given["selector"])), FITS[expect["implicitPriority"]]


def _selectors_fit(given: Any, expect: Any) -> tuple[Any, Any]:
    selectors = [_selector(one) for one in given["selectors"]]
    return best_fit(_object(given["resource"]), selectors), FITS[expect["implicitPriority"]]


def _resource_matches(given: Any, expect: Any) -> tuple[Any, Any]:
    found = fit(_object(given["resource"]), _selector(given["selector"]))
    return found > Fit.NONE, expect["matches"]


def _select(given: Any, expect: Any) -> tuple[Any, Any]:
    policies = [
        decode({"metadata": {"name": one["name"]}, "spec": one["spec"]}, PropagationPolicy)
        for one in given["policies"]
    ]
    best = best_policy(_object(given["resource"]), policies)
    return best.metadata.name if best else None, expect["winner"]


def _name_tiebreak(given: Any, expect: Any) -> tuple[Any, Any]:
    template = Object(api_version="v1", kind="Secret")
    selectors = [_selector(SELECTORS[0])]
    policies = [
        PropagationPolicy(metadata=ObjectMeta(name=name), spec=PropagationSpec(resource_selectors=selectors))
        for name in (given["a"], given["b"])
        if name is not None
    ]
    assert best_fit(template, selectors)
    best = best_policy(template, policies)
    return best.metadata.name if best else None, expect["winner"]


def _claim_metadata(given: Any, expect: Any) -> tuple[Any, Any]:
    name = given["policy"]["name"]
    claimed = Claim(PropagationPolicy(metadata=ObjectMeta(name=name, uid=given["policyID"])))
    wanted = expect["object"]["metadata"]
    return (claimed.labels, claimed.annotations), (wanted["labels"], wanted["annotations"])


def _admitted(kind: Kind, manifest: Any) -> bool:
    return not errors(check(kind.default(manifest), kind))


def _admit(given: Any, expect: Any) -> tuple[Any, Any]:
    manifest = given["manifest"]
    kind = find(HUB_KINDS, manifest["apiVersion"], manifest["kind"])
    assert kind is not None
    return _admitted(kind, manifest), expect["valid"]


def _default_value(given: Any, expect: Any) -> tuple[Any, Any]:
    value: Any = PROPAGATION_POLICY.default(given["manifest"])
    for name in given["pointer"].strip("/").split("/"):
        value = value[name]
    return value, expect["value"]


def _policy(parts: Any, namespace: str = "") -> Any:
    metadata = {"name": "x", **({"namespace": namespace} if namespace else {})}
    return {
        "apiVersion": PROPAGATION_POLICY.api_version,
        "kind": PROPAGATION_POLICY.name,
        "metadata": metadata,
        "spec": {"resourceSelectors": SELECTORS, **parts},
    }


def _problems(parts: Any, namespace: str = "", defaulted: bool = True) -> list[str]:
    manifest = _policy(parts, namespace)
    filled = PROPAGATION_POLICY.default(manifest) if defaulted else manifest
    return [str(problem) for problem in errors(check(filled, PROPAGATION_POLICY))]


def _judged(problems: list[str], expect: Any) -> tuple[Any, Any]:
    wanted = expect.get("errorsContain") or [expect.get("errorContains") or ""]
    told = all(any(part in problem for problem in problems) for part in wanted if part)
    return (not problems, told), (expect["valid"], True)


def _validate_spec(given: Any, expect: Any) -> tuple[Any, Any]:
    return _judged(_problems(given["spec"], given["policyNamespace"], defaulted=False), expect)


def _validate_placement(given: Any, expect: Any) -> tuple[Any, Any]:
    return _judged(_problems({"placement": given["placement"]}), expect)


def _validate_overflow(given: Any, expect: Any) -> tuple[Any, Any]:
    placement = {
        "clusterAffinities": [given["clusterAffinityTerm"]],
        "replicaScheduling": {"replicaDivisionPreference": "Aggregated"},
    }
    return _judged(_problems({"placement": placement}), expect)


def _validate_tolerations(given: Any, expect: Any) -> tuple[Any, Any]:
    tolerations = given["clusterTolerations"]
    return _judged(
        _problems({"placement": {"clusterTolerations": tolerations} if tolerations else {}}), expect
    )


def _validate_workload_affinity(given: Any, expect: Any) -> tuple[Any, Any]:
    return _judged(_problems({"placement": {"workloadAffinity": given["workloadAffinity"]}}), expect)


def _validate_application(given: Any, expect: Any) -> tuple[Any, Any]:
    application = {key: value for key, value in given["application"].items() if value is not None}
    found = _problems({"failover": {"application": application}, "propagateDeps": True}, defaulted=False)
    return not found, expect["valid"]


def _validate_cluster_failover(given: Any, expect: Any) -> tuple[Any, Any]:
    return not _problems({"failover": {"cluster": given["cluster"]}}), expect["valid"]


def _default_grace(given: Any, expect: Any) -> tuple[Any, Any]:
    filled = PROPAGATION_POLICY.default(_policy({"failover": {"application": given["application"]}}))
    application = filled["spec"]["failover"]["application"]
    return application.get("gracePeriodSeconds"), expect["application"].get("gracePeriodSeconds")


def _default_preference(given: Any, expect: Any) -> tuple[Any, Any]:
    filled = PROPAGATION_POLICY.default(
        _policy({"placement": {"replicaScheduling": given["replicaScheduling"]}})
    )
    strategy = filled["spec"]["placement"]["replicaScheduling"]
    return strategy.get("replicaDivisionPreference") == "Weighted", expect["becomesWeighted"]


def _default_spread(given: Any, expect: Any) -> tuple[Any, Any]:
    filled = PROPAGATION_POLICY.default(
        _policy({"placement": {"spreadConstraints": given["spreadConstraints"]}})
    )
    return filled["spec"]["placement"]["spreadConstraints"], expect["spreadConstraints"]


def _overflow_supported(given: Any, expect: Any) -> tuple[Any, Any]:
    strategy = given.get("replicaScheduling")
    placement = decode({"replicaScheduling": strategy} if strategy else {}, Placement)
    return can_overflow(placement.replica_scheduling), expect["supported"]


def _validate_override(given: Any, expect: Any) -> tuple[Any, Any]:
    """Upstream's cases leave out an operator, which its schema requires before the rules are looked at."""
    given_spec = given["overrideSpec"]
    rules = [given_spec.get("overriders", {})]
    rules += [rule.get("overriders", {}) for rule in given_spec.get("overrideRules", [])]
    for rule in rules:
        for one in rule.get("plaintext", []):
            one.setdefault("operator", "replace")
    manifest = {
        "apiVersion": OVERRIDE_POLICY.api_version,
        "kind": OVERRIDE_POLICY.name,
        "metadata": {"name": "x"},
        "spec": given_spec,
    }
    return _admitted(OVERRIDE_POLICY, manifest), expect["valid"]


def _validate_cluster(given: Any, expect: Any) -> tuple[Any, Any]:
    one = given["cluster"]
    manifest = {
        "apiVersion": CLUSTER.api_version,
        "kind": CLUSTER.name,
        "metadata": {"name": one["name"]},
        "spec": one["spec"],
    }
    return not errors(check(manifest, CLUSTER)), expect["valid"]


def _validate_taints(given: Any, expect: Any) -> tuple[Any, Any]:
    taints = [decode(one, Taint) for one in given["taints"]]
    return len(errors(taint_problems("spec.taints", taints))), expect["errorCount"]


def _binding_filter(given: Any, expect: Any) -> tuple[Any, Any]:
    """Upstream's scheduler of the case has another name; here there is one, the default."""
    raw = given["object"]
    name = raw["spec"].get("schedulerName")
    own = "default-scheduler" if name == given["schedulerName"] else name or ""
    binding = ResourceBinding(
        metadata=ObjectMeta(name="x", labels=raw["metadata"].get("labels") or {}),
        spec=spec({"schedulerName": own, "suspension": raw["spec"].get("suspension")}),
    )
    return is_scheduled_here(binding), expect["enqueue"]


HANDLERS = {
    ("policy-priority", "selector-priority"): _selector_fit,
    ("policy-priority", "selectors-priority"): _selectors_fit,
    ("policy-priority", "resource-matches"): _resource_matches,
    ("policy-priority", "select-policy"): _select,
    ("policy-priority", "select-cluster-policy"): _select,
    ("policy-priority", "name-tiebreak"): _name_tiebreak,
    ("policy-priority", "claim-metadata-cluster"): _claim_metadata,
    ("policy-validation", "validate-propagation-spec"): _validate_spec,
    ("policy-validation", "validate-placement"): _validate_placement,
    ("policy-validation", "validate-overflow"): _validate_overflow,
    ("policy-validation", "validate-tolerations"): _validate_tolerations,
    ("policy-validation", "validate-workload-affinity"): _validate_workload_affinity,
    ("policy-validation", "default-division-preference"): _default_preference,
    ("spread-cluster", "default-spread-constraints"): _default_spread,
    ("overflow-affinity", "overflow-supported"): _overflow_supported,
    ("override-validation", "validate-override-spec"): _validate_override,
    ("crd-schema", "admit-override-policy"): _admit,
    ("crd-schema", "admit-propagation-policy"): _admit,
    ("crd-schema", "default-value"): _default_value,
    ("failover", "validate-application-failover"): _validate_application,
    ("failover", "validate-cluster-failover"): _validate_cluster_failover,
    ("failover", "default-grace-period"): _default_grace,
    ("cluster-validation", "validate-cluster"): _validate_cluster,
    ("taint-toleration", "validate-taints"): _validate_taints,
    ("rescheduling-trigger", "binding-event-filter"): _binding_filter,
}
