"""Whether a manifest may be stored: every problem at once, so that one round of mending is enough."""

from collections import deque
from typing import Any

import msgspec

from tradewind.resources import rules
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest, ObjectMeta, Struct, decode
from tradewind.resources.problems import Cause, Problem, warning
from tradewind.resources.shape import shape_problems, shown
from tradewind.resources.syntax import (
    dns_label_problem,
    label_value_problem,
    qualified_name_problem,
)

MAX_DEPTH = 100
MAX_ANNOTATION_BYTES = 256 * 1024  # upstream TotalAnnotationSizeLimitB
HIDDEN = "(hidden)"
COMMON_FIELDS = ("apiVersion", "kind", "metadata")


def check(manifest: Any, kind: Kind) -> list[Problem]:
    """Every problem of a manifest of this kind: its shape, its metadata, and what the kind itself checks.

    Takes any JSON value and never raises. The kind's own check runs only if every type is right. No
    message quotes a value of a Secret.
    """
    if not isinstance(manifest, dict):
        return [Problem("", f"Invalid value: {shown(manifest)}: must be an object", Cause.TYPE)]
    if _too_deep(manifest):
        return [Problem("", f"nested deeper than {MAX_DEPTH} levels; flatten it")]
    problems = _check_type(manifest, kind) + _check_shape(manifest, kind)
    if not _fits(manifest.get("metadata", {}), ObjectMeta):
        return problems
    problems += check_metadata(manifest, kind)
    return problems + (kind.check(manifest) if _fits(manifest, kind.struct) else [])


def check_metadata(manifest: Manifest, kind: Kind) -> list[Problem]:
    """Name, namespace, labels, annotations, finalizers, owners: upstream's rules (`ValidateObjectMeta`).

    The types inside `metadata` must be right.
    """
    metadata = manifest.get("metadata", {})
    return [
        *_check_name(metadata, kind),
        *_check_namespace(metadata, kind),
        *_check_labels(metadata.get("labels", {})),
        *_check_annotations(metadata.get("annotations", {})),
        *_check_finalizers(metadata.get("finalizers", [])),
        *_check_owners(metadata.get("ownerReferences", [])),
    ]


def _check_shape(manifest: Manifest, kind: Kind) -> list[Problem]:
    show = (lambda _: HIDDEN) if kind.name == "Secret" and not kind.group else shown
    if kind.schemas:  # the kind itself checks the rest
        manifest = {name: value for name, value in manifest.items() if name in COMMON_FIELDS}
    problems = shape_problems(manifest, kind.struct, show=show)
    if not kind.has_status:
        return problems
    # A user's status is never stored, so that of an object read elsewhere may have fields unknown here.
    return [one for one in problems if not (one.cause is Cause.UNKNOWN and one.path.startswith("status."))]


def _check_type(manifest: Manifest, kind: Kind) -> list[Problem]:
    served = [kind.api_version_of(version) for version in kind.versions]
    return [
        *_check_constant("apiVersion", manifest.get("apiVersion"), served),
        *_check_constant("kind", manifest.get("kind"), [kind.name]),
    ]


def _check_constant(path: str, value: Any, allowed: list[str]) -> list[Problem]:
    if value is None or value == "":
        return [rules.required(path, f"must be {' or '.join(allowed)}")]
    return rules.one_of(path, value, allowed) if isinstance(value, str) else []


def _check_name(metadata: Manifest, kind: Kind) -> list[Problem]:
    name, prefix = metadata.get("name", ""), metadata.get("generateName", "")
    problems = []
    if prefix:
        # What the server appends is letters and digits, so a prefix may end with a dash.
        problems += rules.syntax("metadata.generateName", prefix, kind.name_problem(prefix + "x"))
    if name:
        problems += rules.syntax("metadata.name", name, kind.name_problem(name))
    elif not prefix:
        problems.append(
            Problem("metadata.name", "Required value: name or generateName is required", Cause.REQUIRED)
        )
    return problems


def _check_namespace(metadata: Manifest, kind: Kind) -> list[Problem]:
    namespace = metadata.get("namespace", "")
    if not namespace:
        return []
    if not kind.namespaced:
        return [warning("metadata.namespace", f"a {kind.name} belongs to no namespace; the field is ignored")]
    return rules.syntax("metadata.namespace", namespace, dns_label_problem(namespace))


def _check_labels(labels: dict[str, str]) -> list[Problem]:
    problems = []
    for key, value in labels.items():
        problems += rules.syntax("metadata.labels", key, qualified_name_problem(key))
        problems += rules.syntax("metadata.labels", value, label_value_problem(value))
    return problems


def _check_annotations(annotations: dict[str, str]) -> list[Problem]:
    problems = []
    for key in annotations:
        problems += rules.syntax("metadata.annotations", key, qualified_name_problem(key.lower()))
    size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if size > MAX_ANNOTATION_BYTES:
        limit = f"Too long: may not be more than {MAX_ANNOTATION_BYTES} bytes, is {size}"
        problems.append(Problem("metadata.annotations", limit))
    return problems


def _check_finalizers(finalizers: list[str]) -> list[Problem]:
    problems = [
        problem
        for place, name in enumerate(finalizers)
        for problem in rules.syntax(f"metadata.finalizers[{place}]", name, qualified_name_problem(name))
    ]
    if {"orphan", "foregroundDeletion"} <= set(finalizers):
        why = "finalizer orphan and foregroundDeletion cannot be both set"
        problems.append(rules.invalid("metadata.finalizers", finalizers, why))
    return problems


def _check_owners(owners: list[Manifest]) -> list[Problem]:
    problems = [
        Problem(
            f"metadata.ownerReferences[{place}].{name}", "Required value: must not be empty", Cause.REQUIRED
        )
        for place, owner in enumerate(owners)
        for name in ("apiVersion", "kind", "name", "uid")
        if not owner[name]
    ]
    for place, owner in enumerate(owners):
        group, _, version = owner["apiVersion"].rpartition("/")
        if owner["apiVersion"] and (not version or "/" in group):
            path = f"metadata.ownerReferences[{place}].apiVersion"
            why = "must be <group>/<version> or <version>"
            problems.append(rules.invalid(path, owner["apiVersion"], why))
        if (owner["apiVersion"], owner["kind"]) == ("v1", "Event"):
            why = "Invalid value: /v1, Kind=Event is disallowed from being an owner"
            problems.append(Problem(f"metadata.ownerReferences[{place}]", why))
    first, *more = [f"{owner['kind']}/{owner['name']}" for owner in owners if owner.get("controller")] or [""]
    for other in more:
        only_one = "Invalid value: Only one reference can have Controller set to true. Found "
        found = f'"true" in references for {first} and {other}'
        problems.append(Problem("metadata.ownerReferences", only_one + found))
    return problems


def _fits(value: Any, struct: type[Struct]) -> bool:
    try:
        decode(value, struct)
    except msgspec.ValidationError:
        return False
    return True


def _too_deep(value: Any) -> bool:
    waiting = deque([(value, 1)])
    while waiting:
        one, depth = waiting.popleft()
        if depth > MAX_DEPTH:
            return True
        children = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        waiting.extend((child, depth + 1) for child in children if isinstance(child, dict | list))
    return False
