"""Revisions: one for every change of a predictor's template, numbered, never changed (knative Revision)."""

from collections.abc import Collection, Sequence

from tradewind.resources import labels
from tradewind.resources.meta import ObjectMeta, owner_reference
from tradewind.resources.serving import InferenceService, Revision
from tradewind.resources.serving_kinds import REVISION
from tradewind.serving.names import predictor_name, revision_name, revision_number
from tradewind.serving.render import Template

KEPT_REVISIONS = 10  # of those that have no replicas; as a Deployment's revisionHistoryLimit
TEMPLATE_DIGEST = "tradewind.dev/template-digest"
CONFIGURATION = "serving.knative.dev/configuration"
CONFIGURATION_GENERATION = "serving.knative.dev/configurationGeneration"
KNATIVE_SERVICE = "serving.knative.dev/service"


def in_order(revisions: Sequence[Revision]) -> list[Revision]:
    """By number, without those that are being deleted."""
    alive = [revision for revision in revisions if revision.metadata.deletion_timestamp is None]
    return sorted(alive, key=lambda revision: revision_number(revision.metadata.name))


def next_revision(
    service: InferenceService, template: Template, revisions: Sequence[Revision]
) -> Revision | None:
    """The revision to create for this template; None when the newest one is made from it.

    `revisions` are in order. Numbers go on when the predictor is renamed, so that they alone tell the age.
    """
    if revisions and revisions[-1].metadata.annotations.get(TEMPLATE_DIGEST) == template.digest:
        return None
    newest = revision_number(revisions[-1].metadata.name) if revisions else 0
    return make_revision(service, template, newest + 1)


def make_revision(service: InferenceService, template: Template, number: int) -> Revision:
    """The Revision object; it goes when the service goes."""
    predictor = predictor_name(service)
    name = revision_name(predictor, number)
    return Revision(
        api_version=REVISION.api_version,
        kind=REVISION.name,
        metadata=ObjectMeta(
            name=name,
            namespace=service.metadata.namespace,
            labels={
                **template.labels,
                CONFIGURATION: predictor,
                CONFIGURATION_GENERATION: str(number),
                KNATIVE_SERVICE: predictor,
                labels.REVISION: name,
            },
            annotations={**template.annotations, TEMPLATE_DIGEST: template.digest},
            owner_references=[owner_reference(service)],
        ),
        spec=template.spec,
    )


def outdated_revisions(revisions: Sequence[Revision], in_use: Collection[str]) -> list[Revision]:
    """The oldest of those not in use, beyond the number that is kept."""
    idle = [revision for revision in revisions if revision.metadata.name not in in_use]
    return idle[: max(0, len(idle) - KEPT_REVISIONS)]
