"""What typing cannot see in the core kinds besides Pods (kubernetes `pkg/apis/*/validation`, its wording)."""

import base64
import binascii
import ipaddress
from collections.abc import Iterable

from tradewind.resources import rules
from tradewind.resources.core import (
    ConfigMap,
    Endpoint,
    EndpointSlice,
    Lease,
    Node,
    Secret,
    Service,
    ServicePort,
)
from tradewind.resources.meta import Manifest, decode
from tradewind.resources.pod_checks import PROTOCOLS
from tradewind.resources.problems import Cause, Problem
from tradewind.resources.shape import join
from tradewind.resources.storage_warnings import storage_warnings
from tradewind.resources.syntax import data_key_problem, dns_label_problem, port_name_problem
from tradewind.resources.times import time_ms

SERVICE_TYPES = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")
AFFINITIES = ("None", "ClientIP")
ADDRESS_TYPES = ("IPv4", "IPv6", "FQDN")
MAX_DATA_BYTES = 1024 * 1024
MAX_ENDPOINTS = 1000
MAX_ADDRESSES = 100
ACCOUNT_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 a type of Secrets
ACCOUNT_NAME = "kubernetes.io/service-account.name"
REQUIRED_KEYS = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}


def check_label_name(manifest: Manifest) -> list[Problem]:
    """Namespaces and Services: the name is part of a host name, so it is a DNS label."""
    name = manifest.get("metadata", {}).get("name", "")
    return rules.syntax("metadata.name", name, dns_label_problem(name)) if name else []


def check_node(manifest: Manifest) -> list[Problem]:
    """Taints and the amounts of resources."""
    node = decode(manifest, Node)
    return [
        *rules.taints("spec.taints", node.spec.taints),
        *rules.quantities("status.capacity", node.status.capacity),
        *rules.quantities("status.allocatable", node.status.allocatable),
    ]


def check_service(manifest: Manifest) -> list[Problem]:
    """Name, type and ports."""
    spec = decode(manifest, Service).spec
    problems = check_label_name(manifest)
    problems += rules.one_of("spec.type", spec.type, SERVICE_TYPES)
    problems += rules.one_of("spec.sessionAffinity", spec.session_affinity, AFFINITIES)
    if not spec.ports and spec.type != "ExternalName" and spec.cluster_ip != "None":
        problems.append(rules.required("spec.ports"))
    if spec.type == "ExternalName" and not spec.external_name:
        problems.append(
            rules.required("spec.externalName", "the host name that an ExternalName Service stands for")
        )
    for place, port in enumerate(spec.ports):
        problems += _service_port(f"spec.ports[{place}]", port, name_required=len(spec.ports) > 1)
    return problems + rules.no_duplicates("spec.ports", [port.name for port in spec.ports])


def check_endpoint_slice(manifest: Manifest) -> list[Problem]:
    """Address type, endpoints and ports."""
    found = decode(manifest, EndpointSlice)
    problems = rules.one_of("addressType", found.address_type, ADDRESS_TYPES)
    if len(found.endpoints) > MAX_ENDPOINTS:
        problems.append(
            Problem("endpoints", f"Too many: {len(found.endpoints)}: must have at most {MAX_ENDPOINTS} items")
        )
    for place, endpoint in enumerate(found.endpoints):
        problems += _endpoint(f"endpoints[{place}]", endpoint, found.address_type)
    for place, port in enumerate(found.ports):
        problems += rules.one_of(f"ports[{place}].protocol", port.protocol, PROTOCOLS)
        if port.port is not None:
            problems += rules.port_number(f"ports[{place}].port", port.port)
    return problems


def check_secret(manifest: Manifest) -> list[Problem]:
    """Keys, base64, size, and the keys that its type needs. No value is quoted."""
    secret = decode(manifest, Secret)
    problems = _keys("data", secret.data) + _keys("stringData", secret.string_data)
    problems += storage_warnings(secret.metadata.annotations)
    for key, value in secret.data.items():
        if not _is_base64(value):
            fix = "encode it, or write it as it is under stringData"
            problems.append(Problem(f"data[{key}]", f"Invalid value: must be base64; {fix}"))
    size = sum(len(value) * 3 // 4 for value in secret.data.values())
    problems += _size("data", size + sum(len(value.encode()) for value in secret.string_data.values()))
    for key in REQUIRED_KEYS.get(secret.type, ()):
        if key not in secret.data and key not in secret.string_data:
            problems.append(rules.required(f"data[{key}]", f"a Secret of type {secret.type} has it"))
    if secret.type == ACCOUNT_TOKEN and not secret.metadata.annotations.get(ACCOUNT_NAME):
        problems.append(rules.required(f"metadata.annotations[{ACCOUNT_NAME}]"))
    return problems


def check_config_map(manifest: Manifest) -> list[Problem]:
    """Keys, base64 of binary data, and size."""
    config_map = decode(manifest, ConfigMap)
    problems = _keys("data", config_map.data) + _keys("binaryData", config_map.binary_data)
    for key, value in config_map.binary_data.items():
        if not _is_base64(value):
            problems.append(Problem(f"binaryData[{key}]", "Invalid value: must be base64"))
        if key in config_map.data:
            problems.append(
                Problem(f"data[{key}]", "Duplicate value: is also a key of binaryData", Cause.DUPLICATE)
            )
    size = sum(len(value) * 3 // 4 for value in config_map.binary_data.values())
    return problems + _size("data", size + sum(len(value.encode()) for value in config_map.data.values()))


def check_lease(manifest: Manifest) -> list[Problem]:
    """Durations above zero and readable times."""
    spec = decode(manifest, Lease).spec
    problems = []
    if spec.lease_duration_seconds is not None and spec.lease_duration_seconds <= 0:
        path = "spec.leaseDurationSeconds"
        problems.append(rules.invalid(path, spec.lease_duration_seconds, "must be greater than 0"))
    if spec.lease_transitions is not None and spec.lease_transitions < 0:
        path = "spec.leaseTransitions"
        problems.append(rules.invalid(path, spec.lease_transitions, "must be greater than or equal to 0"))
    return problems + _time("spec.acquireTime", spec.acquire_time) + _time("spec.renewTime", spec.renew_time)


def _service_port(path: str, port: ServicePort, name_required: bool) -> list[Problem]:
    problems = rules.port_number(join(path, "port"), port.port)
    problems += rules.one_of(join(path, "protocol"), port.protocol, PROTOCOLS)
    if port.name:
        problems += rules.syntax(join(path, "name"), port.name, dns_label_problem(port.name))
    elif name_required:
        problems.append(rules.required(join(path, "name"), "a Service with several ports names each"))
    if isinstance(port.target_port, int):
        problems += rules.port_number(join(path, "targetPort"), port.target_port)
    elif port.target_port is not None:
        problems += rules.syntax(
            join(path, "targetPort"), port.target_port, port_name_problem(port.target_port)
        )
    return problems


def _endpoint(path: str, endpoint: Endpoint, address_type: str) -> list[Problem]:
    problems = []
    if not endpoint.addresses:
        problems.append(rules.required(join(path, "addresses"), "must contain at least 1 address"))
    if len(endpoint.addresses) > MAX_ADDRESSES:
        count = len(endpoint.addresses)
        problems.append(
            Problem(join(path, "addresses"), f"Too many: {count}: must have at most {MAX_ADDRESSES} items")
        )
    for place, address in enumerate(endpoint.addresses):
        if address_type != "FQDN" and not _is_address(address, address_type):
            problems.append(
                rules.invalid(f"{path}.addresses[{place}]", address, f"must be an {address_type} address")
            )
    return problems


def _is_address(text: str, address_type: str) -> bool:
    try:
        return f"IPv{ipaddress.ip_address(text).version}" == address_type
    except ValueError:
        return False


def _keys(path: str, keys: Iterable[str]) -> list[Problem]:
    return [problem for key in keys for problem in rules.syntax(f"{path}[{key}]", key, data_key_problem(key))]


def _size(path: str, size: int) -> list[Problem]:
    if size <= MAX_DATA_BYTES:
        return []
    return [Problem(path, f"Too long: may not be more than {MAX_DATA_BYTES} bytes, is {size}")]


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _time(path: str, text: str | None) -> list[Problem]:
    if text is None:
        return []
    try:
        time_ms(text)
    except ValueError:
        return [rules.invalid(path, text, "must be an RFC 3339 time, such as 2026-08-01T12:00:00.000000Z")]
    return []
