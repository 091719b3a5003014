"""The core kinds: Pods, Nodes, Services and what goes with them, named and printed as upstream does."""

from tradewind.resources import core
from tradewind.resources.core_checks import (
    check_config_map,
    check_endpoint_slice,
    check_label_name,
    check_lease,
    check_node,
    check_secret,
    check_service,
)
from tradewind.resources.core_columns import (
    CONFIG_MAP_COLUMNS,
    ENDPOINT_SLICE_COLUMNS,
    EVENT_COLUMNS,
    LEASE_COLUMNS,
    NAMESPACE_COLUMNS,
    NODE_COLUMNS,
    SECRET_COLUMNS,
    SERVICE_ACCOUNT_COLUMNS,
    SERVICE_COLUMNS,
)
from tradewind.resources.core_defaults import (
    default_endpoint_slice,
    default_event,
    default_lease,
    default_namespace,
    default_node,
    default_pod,
    default_secret,
    default_service,
)
from tradewind.resources.kinds import VERBS, Kind
from tradewind.resources.pod_checks import check_pod
from tradewind.resources.pod_columns import POD_COLUMNS
from tradewind.resources.pod_quality import first_pod_status
from tradewind.resources.update_checks import (
    config_map_update,
    endpoint_slice_update,
    pod_update,
    secret_update,
    service_update,
)

POD = Kind(
    group="",
    versions=("v1",),
    name="Pod",
    plural="pods",
    struct=core.Pod,
    short_names=("po",),
    categories=("all",),
    columns=POD_COLUMNS,
    first_status=first_pod_status,
    default=default_pod,
    check=check_pod,
    check_update=pod_update,
)
NODE = Kind(
    group="",
    versions=("v1",),
    name="Node",
    plural="nodes",
    struct=core.Node,
    namespaced=False,
    short_names=("no",),
    columns=NODE_COLUMNS,
    default=default_node,
    check=check_node,
)
SERVICE = Kind(
    group="",
    versions=("v1",),
    name="Service",
    plural="services",
    struct=core.Service,
    short_names=("svc",),
    categories=("all",),
    columns=SERVICE_COLUMNS,
    first_status=lambda _: {"loadBalancer": {}},
    default=default_service,
    check=check_service,
    check_update=service_update,
)
SECRET = Kind(
    group="",
    versions=("v1",),
    name="Secret",
    plural="secrets",
    struct=core.Secret,
    has_status=False,
    columns=SECRET_COLUMNS,
    default=default_secret,
    check=check_secret,
    check_update=secret_update,
)
CONFIG_MAP = Kind(
    group="",
    versions=("v1",),
    name="ConfigMap",
    plural="configmaps",
    struct=core.ConfigMap,
    short_names=("cm",),
    has_status=False,
    columns=CONFIG_MAP_COLUMNS,
    check=check_config_map,
    check_update=config_map_update,
)
SERVICE_ACCOUNT = Kind(
    group="",
    versions=("v1",),
    name="ServiceAccount",
    plural="serviceaccounts",
    struct=core.ServiceAccount,
    short_names=("sa",),
    has_status=False,
    columns=SERVICE_ACCOUNT_COLUMNS,
)
NAMESPACE = Kind(
    group="",
    versions=("v1",),
    name="Namespace",
    plural="namespaces",
    struct=core.Namespace,
    namespaced=False,
    short_names=("ns",),
    columns=NAMESPACE_COLUMNS,
    first_status=lambda _: {"phase": "Active"},
    default=default_namespace,
    check=check_label_name,
    verbs=tuple(verb for verb in VERBS if verb != "deletecollection"),
)
EVENT = Kind(
    group="",
    versions=("v1",),
    name="Event",
    plural="events",
    struct=core.Event,
    short_names=("ev",),
    has_status=False,
    columns=EVENT_COLUMNS,
    default=default_event,
)
ENDPOINT_SLICE = Kind(
    group="discovery.k8s.io",
    versions=("v1",),
    name="EndpointSlice",
    plural="endpointslices",
    struct=core.EndpointSlice,
    has_status=False,
    columns=ENDPOINT_SLICE_COLUMNS,
    default=default_endpoint_slice,
    check=check_endpoint_slice,
    check_update=endpoint_slice_update,
)
LEASE = Kind(
    group="coordination.k8s.io",
    versions=("v1",),
    name="Lease",
    plural="leases",
    struct=core.Lease,
    has_status=False,
    columns=LEASE_COLUMNS,
    default=default_lease,
    check=check_lease,
)
