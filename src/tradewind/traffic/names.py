"""Every name that traffic derives from another."""

from collections.abc import Iterable


def slice_name(service: str, ports: Iterable[int]) -> str:
    """The EndpointSlice of a Service for endpoints on these ports; without any, the Service's own name.

    No Service has a dot in its name, so that slices of two Services never share one.
    """
    return ".".join([service, *map(str, ports)])


def service_host(namespace: str, service: str) -> str:
    """The host name of a Service inside a cluster; gateways know each other's services by it."""
    return f"{service}.{namespace}.svc.cluster.local"


def public_host(namespace: str, name: str) -> str:
    """Host of an InferenceService under any domain, as KServe's `{name}-{namespace}.{domain}`."""
    return f"{name}-{namespace}.*"


def public_path(namespace: str, name: str) -> str:
    """Path of an InferenceService on every gateway and on the front door."""
    return f"/serving/{namespace}/{name}"


def backend(namespace: str, service: str) -> str:
    """The backend of a Service in all clusters."""
    return f"{namespace}/{service}"


def local_backend(namespace: str, service: str) -> str:
    """The backend of a Service's replicas in this cluster alone."""
    return f"{namespace}/{service}/local"


def region_backend(region: str) -> str:
    """The front door's backend for clients of a region."""
    return f"region/{region}"
