"""Defaults of the core kinds (kubernetes `pkg/apis/core/v1/defaults.go`), those that anything here reads.

Each function takes a manifest of right or wrong types, leaves it unchanged, and returns one with the
defaults filled in; a part of a wrong type stays as it is for the check to refuse.
"""

import base64
from typing import Any

from tradewind.resources.meta import Manifest
from tradewind.resources.quantity import canonical
from tradewind.resources.times import canonical_time

POD_GRACE_SECONDS = 30
EMPTY_EVENT: Manifest = {
    "involvedObject": {},
    "source": {},
    "reportingComponent": "",
    "reportingInstance": "",
}
NAMESPACE_LABEL = "kubernetes.io/metadata.name"


def default_pod(manifest: Manifest) -> Manifest:
    """Restart policy, grace, protocols, and requests equal to limits where only those are given."""
    spec = _fill(
        manifest.get("spec", {}), restartPolicy="Always", terminationGracePeriodSeconds=POD_GRACE_SECONDS
    )
    for field in ("initContainers", "containers"):
        spec = _each(spec, field, _default_container)
    if isinstance(spec, dict) and "overhead" in spec:
        spec = {**spec, "overhead": _quantities(spec["overhead"])}
    return {**manifest, "spec": spec}


def default_service(manifest: Manifest) -> Manifest:
    """Type, session affinity, protocols, and the target port equal to the port."""
    spec = _fill(manifest.get("spec", {}), type="ClusterIP", sessionAffinity="None")
    return {**manifest, "spec": _each(spec, "ports", _default_service_port)}


def default_endpoint_slice(manifest: Manifest) -> Manifest:
    """Protocols of the ports."""
    filled: Manifest = _each(_fill(manifest, addressType="IPv4"), "ports", _default_protocol)
    return filled


def default_event(manifest: Manifest) -> Manifest:
    """What Kubernetes always writes of an Event, if empty, and its times in UTC."""
    times = {name: canonical_time(manifest.get(name)) for name in ("firstTimestamp", "lastTimestamp")}
    times["eventTime"] = canonical_time(manifest.get("eventTime"), micro=True)
    return {**EMPTY_EVENT, **manifest, **times}


def default_lease(manifest: Manifest) -> Manifest:
    """Its times in UTC."""
    spec = manifest.get("spec")
    if not isinstance(spec, dict):
        return manifest
    times = {name: spec[name] for name in ("acquireTime", "renewTime") if spec.get(name)}
    in_utc = {name: canonical_time(value, micro=True) for name, value in times.items()}
    return {**manifest, "spec": {**spec, **in_utc}}


def default_secret(manifest: Manifest) -> Manifest:
    """Type Opaque; `stringData` moves into `data`, where it wins, so that plain text is never stored."""
    secret: Manifest = _fill(manifest, type="Opaque")
    plain, data = secret.get("stringData", {}), secret.get("data", {})
    if not isinstance(data, dict) or not _is_text_map(plain):
        return secret
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
    kept = {key: value for key, value in secret.items() if key != "stringData"}
    return {**kept, "data": {**data, **encoded}} if encoded else kept


def default_namespace(manifest: Manifest) -> Manifest:
    """Phase Active, and the label with its own name by which selectors find it."""
    metadata = manifest.get("metadata", {})
    name = metadata.get("name") if isinstance(metadata, dict) else None
    status = _fill(manifest.get("status", {}), phase="Active")
    if not name or not isinstance(metadata.get("labels", {}), dict):
        return {**manifest, "status": status}
    labels = {**metadata.get("labels", {}), NAMESPACE_LABEL: name}
    return {**manifest, "metadata": {**metadata, "labels": labels}, "status": status}


def default_node(manifest: Manifest) -> Manifest:
    """What may be allocated is the capacity, unless it is given."""
    status = manifest.get("status")
    if not isinstance(status, dict) or "capacity" not in status:
        return manifest
    filled = _fill(status, allocatable=status["capacity"])
    amounts = {name: _quantities(filled[name]) for name in ("capacity", "allocatable")}
    return {**manifest, "status": filled | amounts}


def _default_container(container: Manifest) -> Manifest:
    with_ports: Manifest = _each(container, "ports", _default_protocol)
    resources = with_ports.get("resources")
    if not isinstance(resources, dict):
        return with_ports
    amounts = {name: _quantities(resources[name]) for name in ("limits", "requests") if name in resources}
    limits, requests = amounts.get("limits"), amounts.get("requests", {})
    if isinstance(limits, dict) and isinstance(requests, dict):
        amounts["requests"] = {**limits, **requests}
    return {**with_ports, "resources": resources | amounts}


def _default_service_port(port: Manifest) -> Manifest:
    filled: Manifest = _fill(port, protocol="TCP", targetPort=port.get("port"))
    return filled


def _default_protocol(port: Manifest) -> Manifest:
    filled: Manifest = _fill(port, protocol="TCP")
    return filled


def _quantities(amounts: Any) -> Any:
    """Every amount in its canonical text, as clients with typed models expect it back."""
    if not isinstance(amounts, dict):
        return amounts
    return {name: canonical(amount) for name, amount in amounts.items()}


def _fill(part: Any, **defaults: Any) -> Any:
    """`part` with what it lacks; an empty text counts as lacking."""
    if not isinstance(part, dict):
        return part
    lacking = {name: value for name, value in defaults.items() if part.get(name) in (None, "")}
    return {**part, **{name: value for name, value in lacking.items() if value is not None}}


def _each(part: Any, field: str, default: Any) -> Any:
    if not isinstance(part, dict) or not isinstance(part.get(field), list):
        return part
    return {**part, field: [default(one) if isinstance(one, dict) else one for one in part[field]]}


def _is_text_map(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
