"""What happens to an object's metadata when it is created, replaced and deleted. Pure.

The rules are upstream's `rest.BeforeCreate`, `BeforeUpdate` and `BeforeDelete`. Manifests are values: no
function changes its arguments. Times are integer milliseconds.
"""

from typing import Any

from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.problems import Cause, Problem
from tradewind.resources.rules import invalid
from tradewind.resources.times import time_ms, time_text

POD_GRACE_SECONDS = 30  # upstream's default of a Pod's terminationGracePeriodSeconds
NAMESPACES = "namespaces"
IMMUTABLE = "field is immutable"
FOREGROUND, BACKGROUND, ORPHAN = "Foreground", "Background", "Orphan"
FOREGROUND_FINALIZER, ORPHAN_FINALIZER = "foregroundDeletion", "orphan"
POLICY_OF = {FOREGROUND_FINALIZER: FOREGROUND, ORPHAN_FINALIZER: ORPHAN}
SUFFIX_LENGTH = 5
_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # upstream `utilrand`: no vowels, no look-alikes
_PREFIX_LENGTH = 63 - SUFFIX_LENGTH
_KEPT_FROM_OLD = (
    "name",
    "generateName",
    "namespace",
    "uid",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
)
_NEVER_STORED = ("managedFields", "selfLink", "resourceVersion")


def generated_name(prefix: str, uid: str) -> str:
    """A name for `generateName`: the prefix, shortened if needed, and five letters made from the uid."""
    number = int(uid.replace("-", ""), 16)
    letters = ""
    for _ in range(SUFFIX_LENGTH):
        number, place = divmod(number, len(_SUFFIX_LETTERS))
        letters += _SUFFIX_LETTERS[place]
    return prefix[:_PREFIX_LENGTH] + letters


def created(kind: Kind, manifest: Manifest, uid: str, now_ms: int) -> Manifest:
    """The object as it is stored first: system fields set, status left to those who report it."""
    given = manifest["metadata"]
    metadata = {"name": given["name"]}
    if kind.namespaced:
        metadata["namespace"] = given["namespace"]
    metadata |= {"uid": uid, "creationTimestamp": time_text(now_ms)}
    if _has_generation(kind):
        metadata["generation"] = 1
    system = {*_KEPT_FROM_OLD, *_NEVER_STORED} - {"generateName"}
    metadata |= {name: value for name, value in given.items() if name not in system and value}
    body = _without_status(kind, manifest)
    if kind.resource == NAMESPACES:
        body["spec"] = {"finalizers": ["kubernetes"]}
    if kind.first_status:
        body["status"] = kind.first_status(body)
    return _object(kind, metadata, body)


def replaced(kind: Kind, manifest: Manifest, old: Manifest) -> Manifest:
    """`old` with everything that an update may change taken from `manifest`: all but status and system
    fields. The generation counts up when anything but metadata and status is new."""
    body = _without_status(kind, manifest)
    if kind.has_status and "status" in old:
        body["status"] = old["status"]
    if kind.resource == NAMESPACES and "spec" in old:  # its finalizers have a subresource of their own
        body["spec"] = old["spec"]
    ignored = {*_KEPT_FROM_OLD, *_NEVER_STORED}
    metadata = {name: value for name, value in old["metadata"].items() if name in _KEPT_FROM_OLD}
    metadata |= {name: value for name, value in manifest["metadata"].items() if name not in ignored and value}
    if "generation" in metadata and not same_spec(body, old):
        metadata["generation"] += 1
    return _object(kind, metadata, body)


def with_status(kind: Kind, manifest: Manifest, old: Manifest) -> Manifest:
    """`old` with the status of `manifest`."""
    body = {name: value for name, value in old.items() if name != "status"}
    if manifest.get("status"):
        body["status"] = manifest["status"]
    metadata = {name: value for name, value in old["metadata"].items() if name not in _NEVER_STORED}
    return _object(kind, metadata, body)


def same_spec(one: Manifest, other: Manifest) -> bool:
    """Whether two states of an object differ in nothing but metadata and status."""
    return _spec(one) == _spec(other)


def update_problems(manifest: Manifest, old: Manifest) -> list[Problem]:
    """What an update may not do to metadata (upstream `ValidateObjectMetaUpdate`)."""
    new, stored = manifest["metadata"], old["metadata"]
    problems = [
        invalid(f"metadata.{name}", new[name], IMMUTABLE)
        for name in ("deletionTimestamp", "deletionGracePeriodSeconds")
        if new.get(name) is not None and name not in stored
    ]
    finalizers = sorted(set(new.get("finalizers", ())) - set(stored.get("finalizers", ())))
    if "deletionTimestamp" not in stored or not finalizers:
        return problems
    listed = ", ".join(f'"{one}"' for one in finalizers)
    message = (
        "Forbidden: no new finalizers can be added if the object is being deleted, "
        f"found new finalizers []string{{{listed}}}"
    )
    return [*problems, Problem("metadata.finalizers", message, Cause.FORBIDDEN)]


def propagation(manifest: Manifest, asked: str | None) -> str:
    """What happens to the dependents of an object that is deleted: what was asked for, else what its
    finalizers say, else Background (upstream `deletionFinalizersForGarbageCollection`)."""
    if asked is not None:
        return asked
    finalizers = manifest["metadata"].get("finalizers", ())
    return next((POLICY_OF[one] for one in finalizers if one in POLICY_OF), BACKGROUND)


def with_policy(manifest: Manifest, policy: str) -> Manifest:
    """The object with the finalizer that the policy needs, and none of another policy."""
    old = manifest["metadata"].get("finalizers", ())
    needed = [name for name, meant in POLICY_OF.items() if meant == policy]
    finalizers = [one for one in old if one not in POLICY_OF] + needed
    return manifest if set(finalizers) == set(old) else _with_metadata(manifest, finalizers=finalizers)


def with_owners(manifest: Manifest, references: list[Manifest]) -> Manifest:
    """The object with exactly these owner references."""
    return _with_metadata(manifest, ownerReferences=references)


def _with_metadata(manifest: Manifest, **parts: Any) -> Manifest:
    metadata = {name: value for name, value in manifest["metadata"].items() if name not in parts}
    return {**manifest, "metadata": metadata | {name: value for name, value in parts.items() if value}}


def is_in_foreground(manifest: Manifest) -> bool:
    """Whether an object is being deleted and waits for its dependents."""
    metadata = manifest["metadata"]
    return "deletionTimestamp" in metadata and FOREGROUND_FINALIZER in metadata.get("finalizers", ())


def deleted(kind: Kind, manifest: Manifest, grace_seconds: int | None, now_ms: int) -> Manifest | None:
    """What a request for deletion makes of an object: None when it goes at once, else the object marked.

    A Pod waits for its node to stop it; the wait can be shortened, not prolonged. Finalizers are
    waited for whatever the kind.
    """
    metadata = manifest["metadata"]
    if "deletionTimestamp" not in metadata:
        grace = _pod_grace_seconds(manifest, grace_seconds) if kind.resource == "pods" else 0
        marked = _marked(metadata, now_ms + 1000 * grace, grace)
        if "generation" in metadata:
            marked["generation"] += 1
    else:
        pending = metadata.get("deletionGracePeriodSeconds", 0)
        grace = pending if grace_seconds is None else _not_negative(grace_seconds)
        if grace >= pending:
            return None if is_finished(manifest) else manifest
        at_ms = time_ms(metadata["deletionTimestamp"]) + 1000 * (grace - pending)
        if at_ms < now_ms and grace:
            grace = 1  # still graceful: who stops the Pod removes it
        marked = _marked(metadata, max(at_ms, now_ms), grace)
    result = {**manifest, "metadata": marked}
    if kind.resource == NAMESPACES:
        result = terminating(result, now_ms)
    return None if is_finished(result) else result


def terminating(namespace: Manifest, now_ms: int) -> Manifest:
    """A namespace that goes as soon as it is empty."""
    return {**to_be_deleted(namespace, now_ms), "status": {"phase": "Terminating"}}


def to_be_deleted(manifest: Manifest, now_ms: int) -> Manifest:
    """An object that goes as soon as nothing keeps it any more."""
    return {**manifest, "metadata": _marked(manifest["metadata"], now_ms, 0)}


def is_finished(manifest: Manifest) -> bool:
    """Whether nothing keeps an object that is being deleted: no grace left, no finalizer."""
    metadata = manifest["metadata"]
    return (
        "deletionTimestamp" in metadata
        and not metadata.get("deletionGracePeriodSeconds")
        and not metadata.get("finalizers")
    )


def at_revision(manifest: Manifest, revision: int) -> Manifest:
    """The object with this `resourceVersion`; with 0, that of an object which is not stored, without any."""
    if not revision:
        return without_revision(manifest)
    return {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": str(revision)}}


def without_revision(manifest: Manifest) -> Manifest:
    """The object without its `resourceVersion`, for comparing content."""
    metadata = {name: value for name, value in manifest["metadata"].items() if name != "resourceVersion"}
    return {**manifest, "metadata": metadata}


def _marked(metadata: Manifest, at_ms: int, grace_seconds: int) -> Manifest:
    return metadata | {"deletionTimestamp": time_text(at_ms), "deletionGracePeriodSeconds": grace_seconds}


def _not_negative(grace_seconds: int) -> int:
    """Upstream takes a negative grace for one second."""
    return grace_seconds if grace_seconds >= 0 else 1


def _pod_grace_seconds(pod: Manifest, asked_seconds: int | None) -> int:
    """Upstream `podStrategy.CheckGracefulDelete`: none for a Pod that no node runs or that has ended."""
    spec: dict[str, Any] = pod.get("spec", {})
    if not spec.get("nodeName") or pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    if asked_seconds is None:
        asked_seconds = spec.get("terminationGracePeriodSeconds", POD_GRACE_SECONDS)
    return _not_negative(asked_seconds)


def _has_generation(kind: Kind) -> bool:
    """Core kinds that have no status have no generation upstream."""
    return kind.has_status or bool(kind.group)


def _without_status(kind: Kind, manifest: Manifest) -> Manifest:
    return {name: value for name, value in manifest.items() if name != "status" or not kind.has_status}


def _spec(manifest: Manifest) -> Manifest:
    return {
        name: value
        for name, value in manifest.items()
        if name not in ("apiVersion", "kind", "metadata", "status")
    }


def _object(kind: Kind, metadata: Manifest, body: Manifest) -> Manifest:
    first = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata}
    return first | {name: value for name, value in body.items() if name not in first}
