"""Namespaces: those that are there from the start, those that stay, and what one that goes waits for. Pure.

As upstream's `NamespaceLifecycle` admission and its namespace controller
(`pkg/controller/namespace/deletion`).
"""

from collections import Counter
from collections.abc import Mapping

from tradewind.apiserver.rules import NAMESPACES
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError, forbidden
from tradewind.resources.times import time_text
from tradewind.store.entries import Key

FIRST = ("default", "kube-system", "kube-public", "kube-node-lease")
IMMORTAL = ("default", "kube-system", "kube-public")

_FAILURES = (
    ("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
    (
        "NamespaceDeletionGroupVersionParsingFailure",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    (
        "NamespaceDeletionContentFailure",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
)


def undeletable(key: Key) -> ApiError | None:
    """403 for a namespace that must stay."""
    if key.resource != NAMESPACES or key.name not in IMMORTAL:
        return None
    error = forbidden(f'namespaces "{key.name}" is forbidden: this namespace may not be deleted')
    error.details = {"name": key.name, "kind": NAMESPACES}
    return error


def with_remaining(namespace: Manifest, left: Mapping[Key, Manifest], now_ms: int) -> Manifest:
    """A namespace that is being deleted, with conditions that say what is `left` in it."""
    resources = Counter(key.resource for key in left)
    finalizers = Counter(
        name for manifest in left.values() for name in manifest["metadata"].get("finalizers", ())
    )
    conditions = [
        *((type_, "False", reason, message) for type_, reason, message in _FAILURES),
        _remaining(
            "NamespaceContentRemaining",
            "Some resources are remaining: ",
            ("SomeResourcesRemain", "ContentRemoved", "All content successfully removed"),
            [f"{_dotted(resource)} has {count} resource instances" for resource, count in resources.items()],
        ),
        _remaining(
            "NamespaceFinalizersRemaining",
            "Some content in the namespace has finalizers remaining: ",
            ("SomeFinalizersRemain", "ContentHasNoFinalizers", "All content-preserving finalizers finished"),
            [f"{name} in {count} resource instances" for name, count in finalizers.items()],
        ),
    ]
    status = namespace.get("status", {})
    old = {one["type"]: one for one in status.get("conditions", ())}
    told = [_condition(old.get(one[0], {}), one, now_ms) for one in conditions]
    return {**namespace, "status": {**status, "conditions": told}}


def _dotted(resource: str) -> str:
    """Upstream writes the group even when there is none: `pods.`."""
    return resource if "." in resource else f"{resource}."


def _remaining(
    type_: str, some: str, words: tuple[str, str, str], found: list[str]
) -> tuple[str, str, str, str]:
    remain, none, all_gone = words
    if not found:
        return type_, "False", none, all_gone
    return type_, "True", remain, some + ", ".join(sorted(found))


def _condition(old: Manifest, new: tuple[str, str, str, str], now_ms: int) -> Manifest:
    type_, status, reason, message = new
    since = old["lastTransitionTime"] if old.get("status") == status else time_text(now_ms)
    return {
        "type": type_,
        "status": status,
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    }
