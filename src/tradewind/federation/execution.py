"""A Work in its cluster: what to write so that the cluster has what the Work holds, and what to report.

Existing objects that nobody has handed to the hub are left alone unless the Work says overwrite. What
the cluster's own controllers write (status, finalizers, owners, labels of their own) is retained.

Upstream: `pkg/controllers/execution`, `pkg/util/objectwatcher`, `pkg/controllers/status`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tradewind.controller.plan import Delete, Effect, Put
from tradewind.federation.conditions import with_condition
from tradewind.federation.interpret import health_of, interpreter_of
from tradewind.federation.keys import (
    BINDING_ID,
    BINDING_NAME,
    BINDING_NAMESPACE,
    CLUSTER_BINDING_ID,
    CLUSTER_BINDING_NAME,
    CONFLICT_RESOLUTION,
    MANAGED_ANNOTATIONS,
    MANAGED_LABELS,
    TEMPLATE_GENERATION,
    TEMPLATE_UID,
    WORK_ID,
)
from tradewind.federation.match import CLAIM_ANNOTATIONS, CLAIM_LABELS
from tradewind.federation.prune import SERVER_FIELDS
from tradewind.federation.retain import retain
from tradewind.federation.works import OVERWRITE
from tradewind.resources.kinds import Kind
from tradewind.resources.labels import MANAGED, WORK_NAME, WORK_NAMESPACE
from tradewind.resources.meta import Condition, Manifest
from tradewind.resources.problems import errors
from tradewind.resources.validate import check
from tradewind.resources.work import ManifestStatus, ResourceIdentifier, Work, WorkStatus

HUB_LABELS = (MANAGED, WORK_ID, BINDING_ID, CLUSTER_BINDING_ID, *CLAIM_LABELS)
HUB_ANNOTATIONS = (
    WORK_NAME,
    WORK_NAMESPACE,
    BINDING_NAMESPACE,
    BINDING_NAME,
    CLUSTER_BINDING_NAME,
    CONFLICT_RESOLUTION,
    TEMPLATE_UID,
    TEMPLATE_GENERATION,
    MANAGED_LABELS,
    MANAGED_ANNOTATIONS,
    *CLAIM_ANNOTATIONS,
)


@dataclass(frozen=True)
class Copy:
    """One manifest of a Work, the kind it is of in this cluster, and the object that is there."""

    wanted: Manifest
    kind: Kind | None
    observed: Manifest | None


@dataclass(frozen=True)
class Outcome:
    """What is to be written for one manifest, or why it cannot be."""

    effects: tuple[Effect, ...] = ()
    problem: str = ""


def apply(copy: Copy, cluster: str) -> Outcome:
    """Bring one object to what the Work holds."""
    kind, wanted, observed = copy.kind, copy.wanted, copy.observed
    if kind is None:
        missing = f"serves no kind {wanted.get('kind', '')} of {wanted.get('apiVersion', '')}"
        fix = "propagate its CustomResourceDefinition as well, for example with a ClusterPropagationPolicy"
        return Outcome(problem=f"{_title(wanted)}: cluster {cluster} {missing}; {fix}")
    normal = kind.default({**wanted, "apiVersion": kind.api_version})
    refusals = errors(check(normal, kind))
    if refusals:
        return Outcome(problem=f"{_title(wanted)}: {'; '.join(map(str, refusals))}")
    if observed is None:
        return Outcome((Put(kind, normal),))
    if not _may_write(wanted, observed):
        return Outcome(problem=_conflict(wanted, cluster))
    if observed["metadata"].get("deletionTimestamp"):
        return Outcome(problem=f"{_title(wanted)}: is still being deleted in cluster {cluster}")
    updated = kind.default(retain(normal, observed))
    return Outcome(() if _content(updated) == _content(observed) else (Put(kind, updated),))


def remove(kind: Kind, observed: Manifest, preserve: bool) -> Effect | None:
    """Take an object away from the cluster or, to preserve it, only the hub's marks from the object."""
    metadata = observed["metadata"]
    if preserve:
        return Put(kind, without_marks(observed))
    if metadata.get("deletionTimestamp"):
        return None
    return Delete(kind, metadata.get("namespace", ""), metadata["name"], metadata.get("uid", ""))


def without_marks(manifest: Manifest) -> Manifest:
    """An object as if the hub had never touched it."""
    metadata = manifest["metadata"]
    labels = {key: value for key, value in metadata.get("labels", {}).items() if key not in HUB_LABELS}
    notes = metadata.get("annotations", {})
    annotations = {key: value for key, value in notes.items() if key not in HUB_ANNOTATIONS}
    return {**manifest, "metadata": {**metadata, "labels": labels, "annotations": annotations}}


def work_status(work: Work, copies: Sequence[Copy], outcomes: Sequence[Outcome], now_ms: int) -> WorkStatus:
    """The Work's status once the effects of `outcomes` have been performed."""
    conditions = with_condition(work.status.conditions, _dispatching(work), now_ms)
    if not work.spec.suspend_dispatching:
        conditions = with_condition(conditions, _applied(outcomes), now_ms)
    told = (_manifest_status(place, copy) for place, copy in enumerate(copies))
    return WorkStatus(conditions=conditions, manifest_statuses=[one for one in told if one])


def is_of_work(observed: Manifest, work: Work) -> bool:
    """Whether an object says that it comes from this Work."""
    notes = observed["metadata"].get("annotations", {})
    return (notes.get(WORK_NAMESPACE), notes.get(WORK_NAME)) == (work.metadata.namespace, work.metadata.name)


def left_over(found: Iterable[tuple[Kind, Manifest]], work: Work) -> list[tuple[Kind, Manifest]]:
    """Those objects of a Work that it no longer holds."""
    held = {_identity(manifest) for manifest in work.spec.workload.manifests}
    return [(kind, manifest) for kind, manifest in found if _identity(manifest) not in held]


def _may_write(wanted: Manifest, observed: Manifest) -> bool:
    own, notes = observed["metadata"].get("labels", {}), observed["metadata"].get("annotations", {})
    asked = wanted["metadata"].get("annotations", {})
    ours = all(asked.get(key) == notes.get(key) for key in (WORK_NAMESPACE, WORK_NAME))
    return own.get(MANAGED) == "true" or ours or asked.get(CONFLICT_RESOLUTION) == OVERWRITE


def _conflict(wanted: Manifest, cluster: str) -> str:
    return (
        f"{_title(wanted)}: already exists in cluster {cluster} and is not managed by the hub, so it is left "
        f"alone; to take it over, set spec.conflictResolution: Overwrite in the policy or the annotation "
        f"{CONFLICT_RESOLUTION}: {OVERWRITE} on the object at the hub"
    )


def _content(manifest: Manifest) -> Manifest:
    """What makes two states of an object differ for the hub."""
    metadata = {
        name: value for name, value in manifest["metadata"].items() if name not in SERVER_FIELDS and value
    }
    return {name: value for name, value in manifest.items() if name != "status"} | {"metadata": metadata}


def _applied(outcomes: Sequence[Outcome]) -> Condition:
    problems = [outcome.problem for outcome in outcomes if outcome.problem]
    if not problems:
        return Condition(
            type="Applied",
            status="True",
            reason="AppliedSuccessful",
            message="Manifest has been successfully applied",
        )
    done = f"{len(outcomes) - len(problems)}/{len(outcomes)}"
    message = f"Failed to apply all manifests ({done}): {'; '.join(problems)}"
    return Condition(type="Applied", status="False", reason="AppliedFailed", message=message)


def _dispatching(work: Work) -> Condition:
    if work.spec.suspend_dispatching:
        return Condition(
            type="Dispatching",
            status="False",
            reason="SuspendDispatching",
            message="Work dispatching is in a suspended state.",
        )
    return Condition(
        type="Dispatching",
        status="True",
        reason="Dispatching",
        message="Work is being dispatched to member clusters.",
    )


def _manifest_status(place: int, copy: Copy) -> ManifestStatus | None:
    if copy.kind is None or copy.observed is None:
        return None
    metadata = copy.observed["metadata"]
    return ManifestStatus(
        identifier=ResourceIdentifier(
            ordinal=place,
            group=copy.kind.group,
            version=copy.kind.versions[0],
            kind=copy.kind.name,
            resource=copy.kind.plural,
            namespace=metadata.get("namespace", ""),
            name=metadata["name"],
        ),
        status=reflect(copy.observed),
        health=health_of(copy.observed),
    )


def reflect(observed: Manifest) -> Manifest | None:
    """An object's status as the hub is told it; None if it has none.

    Kinds that are understood also tell their generation and that of the template they come from, as
    upstream does for Deployments, so that the hub knows which change the status speaks of.
    """
    status = observed.get("status")
    if not status or interpreter_of(observed) is None:
        return status or None
    metadata = observed["metadata"]
    template = metadata.get("annotations", {}).get(TEMPLATE_GENERATION, "")
    told = {**status, "generation": metadata.get("generation", 0)}
    return {**told, "resourceTemplateGeneration": int(template)} if template.isdecimal() else told


def _identity(manifest: Manifest) -> tuple[str, str, str, str]:
    metadata = manifest["metadata"]
    group = str(manifest.get("apiVersion", "")).rpartition("/")[0]
    return group, manifest.get("kind", ""), metadata.get("namespace", ""), metadata.get("name", "")


def _title(manifest: Manifest) -> str:
    metadata = manifest.get("metadata", {})
    namespace = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{manifest.get('kind', 'object')} {namespace}{metadata.get('name', '')}"
