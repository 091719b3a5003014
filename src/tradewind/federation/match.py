"""Which policy propagates an object.

1. A PropagationPolicy of the object's namespace comes before every ClusterPropagationPolicy.
2. Among equals: the higher `priority`, then the better fitting selector (name before labels before kind
   alone), then the name that comes first.
3. A claim holds: a better policy that comes later takes over only with `preemption: Always`, and then only
   from lower priorities. (A namespaced one takes from any ClusterPropagationPolicy. Upstream has
   this behind the feature gate PropagationPolicyPreemption.)
4. A claim ends when its policy is gone, is being deleted or no longer selects the object.

Upstream: `pkg/detector/{detector,compare,preemption}.go` and `pkg/util/selector.go`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from tradewind.federation.keys import (
    CLUSTER_POLICY_ID,
    CLUSTER_POLICY_NAME,
    POLICY_ID,
    POLICY_NAME,
    POLICY_NAMESPACE,
)
from tradewind.federation.names import is_reserved_namespace
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Object, ObjectMeta, replace, selects
from tradewind.resources.policy_types import OverridePolicy, PropagationPolicy, ResourceSelector

PolicyT = TypeVar("PolicyT", PropagationPolicy, OverridePolicy)

SKIPPED_NAMESPACES = re.compile(r"kube-.*")  # upstream --skipped-propagating-namespaces
RESERVED_GROUPS = ("karmada.io",)  # with every group below, such as policy.karmada.io


class Fit(IntEnum):
    """How specifically a selector names an object."""

    NONE = 0
    KIND = 1
    LABELS = 2
    NAME = 3


@dataclass(frozen=True)
class Claim:
    """That a policy propagates an object: what is written on the object and on its binding."""

    policy: PropagationPolicy

    @property
    def labels(self) -> dict[str, str]:
        """The policy's permanent id; upstream labels the policy with it, here it is the policy's uid."""
        meta = self.policy.metadata
        key = POLICY_ID if meta.namespace else CLUSTER_POLICY_ID
        return {key: meta.labels.get(key) or meta.uid}

    @property
    def annotations(self) -> dict[str, str]:
        """The policy's name."""
        meta = self.policy.metadata
        if meta.namespace:
            return {POLICY_NAMESPACE: meta.namespace, POLICY_NAME: meta.name}
        return {CLUSTER_POLICY_NAME: meta.name}


CLAIM_LABELS = (POLICY_ID, CLUSTER_POLICY_ID)
CLAIM_ANNOTATIONS = (POLICY_NAMESPACE, POLICY_NAME, CLUSTER_POLICY_NAME)


def claim(
    template: Object, policies: Sequence[PropagationPolicy], cluster_policies: Sequence[PropagationPolicy]
) -> Claim | None:
    """The policy that propagates `template`; None when there is none.

    `policies` are the PropagationPolicies of the template's namespace, `cluster_policies` all
    ClusterPropagationPolicies.
    """
    if not is_propagatable(template):
        return None
    own = [policy for policy in policies if _selects(policy, template)]
    general = [policy for policy in cluster_policies if _selects(policy, template)]
    held = _held(template.metadata, [*own, *general])
    if held is None:
        best = best_policy(template, own) or best_policy(template, general)
        return Claim(best) if best else None
    return Claim(_preempting(template, held, own, general) or held)


def is_propagatable(template: Object) -> bool:
    """Whether an object may be propagated at all: not those of Karmada itself and of the system."""
    group = template.api_version.rpartition("/")[0]
    namespace = template.metadata.namespace
    name = template.metadata.name if template.kind == "Namespace" else namespace
    return not (
        any(group == one or group.endswith(f".{one}") for one in RESERVED_GROUPS)
        or is_reserved_namespace(name)
        or (name and SKIPPED_NAMESPACES.fullmatch(name))
    )


def best_policy(template: Object, policies: Iterable[PropagationPolicy]) -> PropagationPolicy | None:
    """The best of those policies, all of one kind, that select the template."""

    def rank(policy: PropagationPolicy) -> tuple[int, int, str]:
        fit = best_fit(template, policy.spec.resource_selectors)
        return -policy.spec.priority, -fit, policy.metadata.name

    selecting = [policy for policy in policies if best_fit(template, policy.spec.resource_selectors)]
    return min(selecting, key=rank, default=None)


def best_fit(template: Object, selectors: Iterable[ResourceSelector]) -> Fit:
    """The fit of the selector that fits best."""
    return max((fit(template, selector) for selector in selectors), default=Fit.NONE)


def fit(template: Object, selector: ResourceSelector) -> Fit:
    """How a selector fits; one with a name looks at nothing but that."""
    meta = template.metadata
    if (template.api_version, template.kind) != (selector.api_version, selector.kind):
        return Fit.NONE
    if selector.namespace and selector.namespace != meta.namespace:
        return Fit.NONE
    if selector.name:
        return Fit.NAME if selector.name == meta.name else Fit.NONE
    if selector.label_selector is None:
        return Fit.KIND
    return Fit.LABELS if selects(selector.label_selector, meta.labels) else Fit.NONE


def at_stored_version(policy: PolicyT, kind: Kind) -> PolicyT:
    """A policy that names some served version of a kind, for templates as they are stored."""
    served = [kind.api_version_of(version) for version in kind.versions]
    selectors = [
        replace(selector, api_version=kind.api_version)
        if selector.kind == kind.name and selector.api_version in served
        else selector
        for selector in policy.spec.resource_selectors
    ]
    return replace(policy, spec=replace(policy.spec, resource_selectors=selectors))


def without_claim(values: Mapping[str, str], keys: Sequence[str]) -> dict[str, str]:
    """Labels or annotations without those of any claim (`CLAIM_LABELS`, `CLAIM_ANNOTATIONS`)."""
    return {key: value for key, value in values.items() if key not in keys}


def _selects(policy: PropagationPolicy, template: Object) -> bool:
    if policy.metadata.deletion_timestamp:
        return False
    return best_fit(template, policy.spec.resource_selectors) > Fit.NONE


def _held(meta: ObjectMeta, policies: Iterable[PropagationPolicy]) -> PropagationPolicy | None:
    """The policy of `policies` that has claimed the object."""
    for policy in policies:
        one = Claim(policy)
        if one.labels.items() <= meta.labels.items() and one.annotations.items() <= meta.annotations.items():
            return policy
    return None


def _preempting(
    template: Object,
    held: PropagationPolicy,
    own: Sequence[PropagationPolicy],
    general: Sequence[PropagationPolicy],
) -> PropagationPolicy | None:
    """The policy that takes the object over from `held`; None when it stays."""
    eager_own = [policy for policy in own if policy.spec.preemption == "Always"]
    eager_general = [policy for policy in general if policy.spec.preemption == "Always"]
    if held.metadata.namespace:
        return best_policy(template, _above(held, eager_own))
    return best_policy(template, eager_own) or best_policy(template, _above(held, eager_general))


def _above(held: PropagationPolicy, policies: Iterable[PropagationPolicy]) -> list[PropagationPolicy]:
    return [policy for policy in policies if policy.spec.priority > held.spec.priority]
