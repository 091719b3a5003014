"""What is told of overrides: on the binding where they do not apply, on a Work which ones have."""

from collections.abc import Sequence

import msgspec

from tradewind.federation.keys import APPLIED_CLUSTER_OVERRIDES, APPLIED_OVERRIDES
from tradewind.federation.overrides import AppliedOverride, NotOverridden
from tradewind.resources.meta import Condition, condition_of, encode

CONDITION = "OverridesApplied"


def override_condition(failures: Sequence[NotOverridden]) -> Condition:
    """What the binding says of its overrides: one line for each cluster where they do not apply."""
    if not failures:
        return Condition(
            type=CONDITION,
            status="True",
            reason="ApplyOverridePolicySucceed",
            message="Override policies have been applied for every cluster.",
        )
    lines = "\n".join(one.message for one in failures)
    return Condition(type=CONDITION, status="False", reason="ApplyOverridePolicyFailed", message=lines)


def failures_by_cluster(conditions: Sequence[Condition]) -> dict[str, str]:
    """The other way round: why overrides do not apply, by cluster, from a binding's conditions."""
    found = condition_of(list(conditions), CONDITION)
    if found is None or found.status != "False":
        return {}
    lines = (line.removeprefix("cluster ").partition(": ") for line in found.message.splitlines())
    return {cluster: why for cluster, _, why in lines}


def override_notes(applied: Sequence[AppliedOverride]) -> dict[str, str]:
    """The annotations of a Work that tell which overrides have changed its object."""
    notes = {}
    for key, namespaced in ((APPLIED_CLUSTER_OVERRIDES, False), (APPLIED_OVERRIDES, True)):
        told = [
            {"policyName": one.policy.metadata.name, "overriders": encode(one.overriders)}
            for one in applied
            if bool(one.policy.metadata.namespace) == namespaced
        ]
        if told:
            notes[key] = msgspec.json.encode(told, order="deterministic").decode()
    return notes
