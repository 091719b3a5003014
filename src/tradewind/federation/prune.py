"""What of an object belongs to the API server that it came from, and is not carried to another.

Upstream: `pkg/resourceinterpreter/default/native/prune/prune.go`.
"""

import copy
from collections.abc import Callable

from tradewind.resources.meta import Manifest

SERVER_FIELDS = (
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
    "ownerReferences",
    "finalizers",
)
HEADLESS = "None"
TOKEN_SECRET = "kubernetes.io/service-account-token"  # noqa: S105 (a type, not a token)
ACCOUNT_UID = "kubernetes.io/service-account.uid"


def prune(manifest: Manifest) -> Manifest:
    """A copy without status and without what the API server or a cluster's controllers have filled in."""
    pruned = copy.deepcopy(manifest)
    pruned.pop("status", None)
    metadata = pruned.get("metadata", {})
    for field in SERVER_FIELDS:
        metadata.pop(field, None)
    by_kind = _BY_KIND.get(pruned.get("kind", ""))
    if by_kind:
        by_kind(pruned)
    return pruned


def _prune_service(service: Manifest) -> None:
    spec = service.get("spec", {})
    if spec.get("clusterIP", HEADLESS) != HEADLESS:
        spec.pop("clusterIP")
        spec.pop("clusterIPs", None)


def _prune_account(account: Manifest) -> None:
    """Token Secrets that a cluster has made for the account."""
    prefix = f"{account.get('metadata', {}).get('name', '')}-token-"
    secrets = account.get("secrets")
    if secrets:
        account["secrets"] = [one for one in secrets if not str(one.get("name", "")).startswith(prefix)]


def _prune_secret(secret: Manifest) -> None:
    if secret.get("type") == TOKEN_SECRET:
        secret.get("metadata", {}).get("annotations", {}).pop(ACCOUNT_UID, None)
        secret.pop("data", None)


def _prune_role(role: Manifest) -> None:
    """A role that gathers rules gathers those of each cluster."""
    if role.get("aggregationRule"):
        role.pop("rules", None)


_BY_KIND: dict[str, Callable[[Manifest], None]] = {
    "Service": _prune_service,
    "ServiceAccount": _prune_account,
    "Secret": _prune_secret,
    "ClusterRole": _prune_role,
}
