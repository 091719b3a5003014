"""Every name that is derived from an InferenceService (kserve `pkg/constants`, knative revision names)."""

import hashlib

from tradewind.resources.serving import InferenceService
from tradewind.resources.serving_names import PREDICTOR

REVISION_DIGITS = 5
POD_SUFFIX_LENGTH = 5


def service_name(service: InferenceService) -> str:
    """The Service under which the whole fleet knows the predictor, whichever variant of it serves."""
    return f"{service.metadata.name}-{PREDICTOR}"


def predictor_name(service: InferenceService) -> str:
    """The stem of its revisions: `NAME-predictor`, or `NAME-VARIANT-predictor` with `predictor.name`."""
    variant = service.spec.predictor.name
    stem = f"{service.metadata.name}-{variant}" if variant else service.metadata.name
    return f"{stem}-{PREDICTOR}"


def revision_name(predictor: str, number: int) -> str:
    """`NAME-predictor-00001` and so on."""
    return f"{predictor}-{number:0{REVISION_DIGITS}}"


def revision_number(name: str) -> int:
    """The number at the end of a revision's name; 0 when there is none."""
    digits = name.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else 0


def pod_name(revision: str, revision_uid: str, ordinal: int) -> str:
    """One of the names that a revision's Pods may have; the same for the same arguments."""
    digest = hashlib.sha256(f"{revision_uid}/{ordinal}".encode()).hexdigest()
    return f"{revision}-{digest[:POD_SUFFIX_LENGTH]}"


def url(service: InferenceService, cluster: str, gateway_port: int) -> str:
    """Where any client on this machine reaches the service through its cluster's gateway."""
    return f"http://{service.metadata.name}-{service.metadata.namespace}.{cluster}.localhost:{gateway_port}"


def address(service: InferenceService) -> str:
    """The address inside the cluster, as upstream writes it into `status.address.url`."""
    return f"http://{service_name(service)}.{service.metadata.namespace}.svc.cluster.local"
