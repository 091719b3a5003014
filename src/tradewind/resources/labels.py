"""Labels and annotations that parts meet in. A key is spelled here and nowhere else."""

# `kubectl apply` keeps here what it has applied last.
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

# KServe and Knative
INFERENCE_SERVICE = "serving.kserve.io/inferenceservice"
COMPONENT = "component"
REVISION = "serving.knative.dev/revision"

# discovery.k8s.io
SERVICE_NAME = "kubernetes.io/service-name"
SLICE_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"

# Karmada
MANAGED = "karmada.io/managed"
WORK_NAME = "work.karmada.io/name"
WORK_NAMESPACE = "work.karmada.io/namespace"
EXECUTION_NAMESPACE_PREFIX = "karmada-es-"
CLUSTER_LEASE_NAMESPACE = "karmada-cluster"

# Tradewind. On a Cluster: where its gateway answers users and other gateways (`host:port`), and its
# place in the fleet file. On an EndpointSlice: the cluster that it stands for.
GATEWAY_URL = "tradewind.dev/gateway"
PEER_GATEWAY = "tradewind.dev/peer-gateway"
FLEET_ORDER = "tradewind.dev/order"
ROUND_TRIP_MS = "tradewind.dev/rtt-ms"  # JSON object: milliseconds to other regions, by name
CLUSTER = "tradewind.dev/cluster"
PRIORITY = "tradewind.dev/priority"  # on an imported EndpointSlice: 1 is tried first when nothing local works
HEALTH_PATH = "tradewind.dev/health-path"  # on a Service and its EndpointSlices: where replicas tell health


def execution_namespace(cluster: str) -> str:
    """Where the hub keeps the Works of a cluster."""
    return EXECUTION_NAMESPACE_PREFIX + cluster
