"""Istio's DestinationRule (networking.istio.io), accepted as users write it.

Gateways of this version take fail-over order and outlier detection from the fleet itself, so a
DestinationRule changes nothing here yet. It is typed loosely and kept as written; a warning says so.
"""

from typing import Any

from tradewind.resources.columns import CUSTOM_AGE, NAME, at, field_text
from tradewind.resources.kinds import Column, Kind
from tradewind.resources.meta import Manifest, Object, Struct
from tradewind.resources.problems import Problem, warning
from tradewind.resources.rules import required

NO_EFFECT = (
    "a DestinationRule has no effect in this version: gateways send traffic to the nearest region that "
    "works and detect failing replicas on their own; the rule is kept as it is for Istio on Kubernetes"
)


class DestinationRuleSpec(Struct):
    """What Istio does with traffic to `host` after routing."""

    host: str = ""
    traffic_policy: dict[str, Any] = {}
    subsets: list[dict[str, Any]] = []
    export_to: list[str] = []
    workload_selector: dict[str, Any] | None = None


class DestinationRule(Object):
    """networking.istio.io/v1 DestinationRule."""

    spec: DestinationRuleSpec = DestinationRuleSpec()
    status: dict[str, Any] = {}


def _check(manifest: Manifest) -> list[Problem]:
    if not at(manifest, "spec", "host"):
        return [required("spec.host", "name the Service that the rule is for")]
    return [warning("spec", NO_EFFECT)]


DESTINATION_RULE = Kind(
    group="networking.istio.io",
    versions=("v1", "v1beta1"),
    name="DestinationRule",
    plural="destinationrules",
    struct=DestinationRule,
    short_names=("dr",),
    categories=("istio-io", "networking-istio-io"),
    columns=(NAME, Column("Host", field_text("spec", "host")), CUSTOM_AGE),
    check=_check,
)

KINDS = (DESTINATION_RULE,)
