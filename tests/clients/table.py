"""All cases, in the order of docs/conformance.md, and which of them are known not to hold yet."""

from tests.clients import (
    http_cases,
    kr8s_cases,
    kserve_cases,
    kubectl_access,
    kubectl_apply,
    kubectl_custom,
    kubectl_discovery,
    kubectl_objects,
    kubectl_pods,
    kubectl_printing,
    lightkube_cases,
    python_cases,
    watch_cases,
)
from tests.clients.case import Case

MODULES = (
    kubectl_discovery,
    kubectl_printing,
    kubectl_objects,
    kubectl_apply,
    kubectl_access,
    kubectl_custom,
    kubectl_pods,
    python_cases,
    watch_cases,
    kr8s_cases,
    lightkube_cases,
    kserve_cases,
    http_cases,
)
CASES: tuple[Case, ...] = tuple(case for module in MODULES for case in module.CASES.rows)

# Case by id: what is missing. A case that begins to hold fails until it is taken from here.
PENDING: dict[str, str] = {}
