"""What a cluster's own hands have done to an object and an update from the hub must not undo.

Upstream: `retainClusterFields` (`pkg/util/objectwatcher`), `pkg/util/{label,annotation}.go` and the native
retain hooks.
"""

from collections.abc import Mapping

from tradewind.federation.keys import MANAGED_ANNOTATIONS, MANAGED_LABELS
from tradewind.federation.prune import TOKEN_SECRET
from tradewind.resources.meta import Manifest

KEPT_FIELDS = ("uid", "resourceVersion", "finalizers", "ownerReferences")


def retain(desired: Manifest, observed: Manifest) -> Manifest:
    """`desired` as an update of `observed`.

    Kept from the cluster: identity, finalizers, owners, status, labels and annotations that the hub has
    never set, a Service's address, Secrets that were added to a ServiceAccount, its token, and the rules
    that a role has gathered.
    """
    wanted, found = desired.get("metadata", {}), observed.get("metadata", {})
    notes = found.get("annotations", {})
    metadata = {
        **{name: value for name, value in wanted.items() if name not in KEPT_FIELDS},
        **{name: found[name] for name in KEPT_FIELDS if name in found},
        "labels": merge(wanted.get("labels", {}), found.get("labels", {}), notes.get(MANAGED_LABELS, "")),
        "annotations": merge(wanted.get("annotations", {}), notes, notes.get(MANAGED_ANNOTATIONS, "")),
    }
    updated = {**desired, "metadata": metadata}
    if "status" in observed:
        updated["status"] = observed["status"]
    match desired.get("kind"):
        case "Service":
            updated["spec"] = _service_spec(desired.get("spec", {}), observed.get("spec", {}))
        case "ServiceAccount":
            updated |= _account_secrets(desired, observed)
        case "Secret" if desired.get("type") == TOKEN_SECRET and "data" in observed:
            updated["data"] = observed["data"]
        case "ClusterRole" if desired.get("aggregationRule") and "rules" in observed:
            updated["rules"] = observed["rules"]
    return updated


def merge(desired: Mapping[str, str], observed: Mapping[str, str], managed: str) -> dict[str, str]:
    """Desired labels or annotations, and the cluster's own: those that are not among `managed`, the
    comma-separated keys that the hub has set before."""
    before = managed.split(",")
    own = {key: value for key, value in observed.items() if key not in before and key not in desired}
    return {**desired, **own}


def _service_spec(desired: Manifest, observed: Manifest) -> Manifest:
    """Addresses and the health check port are given by the cluster."""
    given = ("clusterIP", "clusterIPs", "healthCheckNodePort")
    return {**desired, **{name: observed[name] for name in given if observed.get(name)}}


def _account_secrets(desired: Manifest, observed: Manifest) -> Manifest:
    return {
        field: _united(desired.get(field, []), observed.get(field, []))
        for field in ("secrets", "imagePullSecrets")
        if desired.get(field) or observed.get(field)
    }


def _united(desired: list[Manifest], observed: list[Manifest]) -> list[Manifest]:
    names = [one.get("name") for one in desired]
    return [*desired, *(one for one in observed if one.get("name") not in names)]
