"""What `kubectl get` prints for the core kinds besides Pods (kubernetes `pkg/printers/internalversion`)."""

from tradewind.resources.columns import AGE, NAME, NONE, UNKNOWN, at, condition, field_text, since
from tradewind.resources.kinds import Column
from tradewind.resources.meta import Manifest

ROLE_PREFIX = "node-role.kubernetes.io/"
SHOWN_ENDPOINTS = 3


def _node_status(node: Manifest, _: int) -> str:
    ready = condition(node, "Ready")
    words = [] if ready is None else ["Ready" if ready.get("status") == "True" else "NotReady"]
    if at(node, "spec", "unschedulable"):
        return ",".join([*(words or ["Unknown"]), "SchedulingDisabled"])
    return words[0] if words else "Unknown"


def _node_roles(node: Manifest, _: int) -> str:
    labels = at(node, "metadata", "labels") or {}
    roles = sorted(key.removeprefix(ROLE_PREFIX) for key in labels if key.startswith(ROLE_PREFIX))
    return ",".join(role for role in roles if role) or NONE


def _node_address(node: Manifest, type_: str) -> str:
    addresses = at(node, "status", "addresses") or []
    return next((one.get("address", "") for one in addresses if one.get("type") == type_), NONE)


NODE_COLUMNS = (
    NAME,
    Column("Status", _node_status, description="The status of the node"),
    Column("Roles", _node_roles, description="The roles of the node"),
    AGE,
    Column("Version", field_text("status", "nodeInfo", "kubeletVersion")),
    Column("Internal-IP", lambda node, _: _node_address(node, "InternalIP"), wide=True),
    Column("External-IP", lambda node, _: _node_address(node, "ExternalIP"), wide=True),
    Column("OS-Image", field_text("status", "nodeInfo", "osImage", absent=UNKNOWN), wide=True),
    Column("Kernel-Version", field_text("status", "nodeInfo", "kernelVersion", absent=UNKNOWN), wide=True),
    Column(
        "Container-Runtime",
        field_text("status", "nodeInfo", "containerRuntimeVersion", absent=UNKNOWN),
        wide=True,
    ),
)


def _service_ports(service: Manifest, _: int) -> str:
    return ",".join(_service_port(port) for port in at(service, "spec", "ports") or []) or NONE


def _service_port(port: Manifest) -> str:
    node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port.get('port')}{node_port}/{port.get('protocol', 'TCP')}"


def _external_address(service: Manifest, _: int) -> str:
    if at(service, "spec", "type") == "ExternalName":
        return str(at(service, "spec", "externalName") or NONE)
    entries = at(service, "status", "loadBalancer", "ingress") or []
    shown = [str(entry.get("ip") or entry.get("hostname") or "") for entry in entries]
    absent = "<pending>" if at(service, "spec", "type") == "LoadBalancer" else NONE
    return ",".join(text for text in shown if text) or absent


def _selector(service: Manifest, _: int) -> str:
    selector: dict[str, str] = at(service, "spec", "selector") or {}
    return ",".join(f"{key}={value}" for key, value in sorted(selector.items())) or NONE


SERVICE_COLUMNS = (
    NAME,
    Column("Type", field_text("spec", "type", absent="ClusterIP")),
    Column("Cluster-IP", field_text("spec", "clusterIP", absent=NONE)),
    Column("External-IP", _external_address),
    Column("Port(s)", _service_ports),
    AGE,
    Column("Selector", _selector, wide=True),
)


def _secret_entries(secret: Manifest, _: int) -> int:
    return len(secret.get("data") or {})


def _config_map_entries(config_map: Manifest, _: int) -> int:
    return len(config_map.get("data") or {}) + len(config_map.get("binaryData") or {})


SECRET_COLUMNS = (
    NAME,
    Column("Type", field_text("type")),
    Column("Data", _secret_entries),
    AGE,
)
CONFIG_MAP_COLUMNS = (NAME, Column("Data", _config_map_entries), AGE)
SERVICE_ACCOUNT_COLUMNS = (
    NAME,
    Column("Secrets", lambda account, _: len(account.get("secrets") or [])),
    AGE,
)
NAMESPACE_COLUMNS = (
    NAME,
    Column(
        "Status",
        field_text("status", "phase", absent="Active"),
        description="The status of the namespace",
    ),
    AGE,
)
LEASE_COLUMNS = (NAME, Column("Holder", field_text("spec", "holderIdentity")), AGE)


def _last_seen(event: Manifest, now_ms: int) -> str:
    seen = at(event, "series", "lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
    return since(seen or _first_timestamp(event), now_ms)


def _first_timestamp(event: Manifest) -> str | None:
    return event.get("firstTimestamp") or event.get("eventTime")


def _event_object(event: Manifest, _: int) -> str:
    about = event.get("involvedObject") or {}
    return f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"


def _event_source(event: Manifest, _: int) -> str:
    component = at(event, "source", "component") or event.get("reportingComponent") or ""
    host = at(event, "source", "host") or event.get("reportingInstance") or ""
    return ", ".join(text for text in (component, host) if text)


def _event_count(event: Manifest, _: int) -> int:
    return int(at(event, "series", "count") or event.get("count") or 1)


EVENT_COLUMNS = (
    Column("Last Seen", _last_seen),
    Column("Type", field_text("type")),
    Column("Reason", field_text("reason")),
    Column("Object", _event_object),
    Column("Subobject", field_text("involvedObject", "fieldPath"), wide=True),
    Column("Source", _event_source, wide=True),
    Column("Message", lambda event, _: str(event.get("message", "")).strip()),
    Column("First Seen", lambda event, now_ms: since(_first_timestamp(event), now_ms), wide=True),
    Column("Count", _event_count, wide=True),
    Column("Name", field_text("metadata", "name"), wide=True),
)


def _slice_ports(endpoint_slice: Manifest, _: int) -> str:
    ports = endpoint_slice.get("ports") or []
    return _first_few([str(port.get("port") or port.get("name") or "*") for port in ports])


def _slice_endpoints(endpoint_slice: Manifest, _: int) -> str:
    endpoints = endpoint_slice.get("endpoints") or []
    return _first_few([address for endpoint in endpoints for address in endpoint.get("addresses") or []])


def _first_few(texts: list[str]) -> str:
    hidden = len(texts) - SHOWN_ENDPOINTS
    return (",".join(texts[:SHOWN_ENDPOINTS]) or "<unset>") + (f" + {hidden} more..." if hidden > 0 else "")


ENDPOINT_SLICE_COLUMNS = (
    NAME,
    Column("AddressType", field_text("addressType", absent="IPv4")),
    Column("Ports", _slice_ports),
    Column("Endpoints", _slice_endpoints),
    AGE,
)
