"""Karmada's own labels, annotations, taints and finalizers, as far as only the federation reads them.

Upstream: `well_known_constants.go` of `pkg/apis/{work,policy,cluster}` and `pkg/util/constants.go`.
"""

# Which policy has claimed an object, on the object and on its binding.
POLICY_ID = "propagationpolicy.karmada.io/permanent-id"
POLICY_NAMESPACE = "propagationpolicy.karmada.io/namespace"
POLICY_NAME = "propagationpolicy.karmada.io/name"
CLUSTER_POLICY_ID = "clusterpropagationpolicy.karmada.io/permanent-id"
CLUSTER_POLICY_NAME = "clusterpropagationpolicy.karmada.io/name"

# Which binding and which Work an object comes from.
BINDING_ID = "resourcebinding.karmada.io/permanent-id"
BINDING_NAMESPACE = "resourcebinding.karmada.io/namespace"
BINDING_NAME = "resourcebinding.karmada.io/name"
CLUSTER_BINDING_ID = "clusterresourcebinding.karmada.io/permanent-id"
CLUSTER_BINDING_NAME = "clusterresourcebinding.karmada.io/name"
BINDING_MANAGED_BY = "binding.karmada.io/managed-by"
WORK_ID = "work.karmada.io/permanent-id"

# On the template, its binding and its copies.
APPLIED_PLACEMENT = "policy.karmada.io/applied-placement"
APPLIED_OVERRIDES = "policy.karmada.io/applied-overrides"
APPLIED_CLUSTER_OVERRIDES = "policy.karmada.io/applied-cluster-overrides"
CONFLICT_RESOLUTION = "work.karmada.io/conflict-resolution"
TEMPLATE_UID = "resourcetemplate.karmada.io/uid"
TEMPLATE_GENERATION = "resourcetemplate.karmada.io/generation"
MANAGED_LABELS = "resourcetemplate.karmada.io/managed-labels"
MANAGED_ANNOTATIONS = "resourcetemplate.karmada.io/managed-annotations"
CLAIMED_BY = "resourcetemplate.karmada.io/claimed-by"

# On a Work of imported endpoints: the Service that they are for.
SERVICE_NAMESPACE = "endpointslice.karmada.io/namespace"
SERVICE_NAME = "endpointslice.karmada.io/name"
PROVISION_CLUSTER = "endpointslice.karmada.io/provision-cluster"
DISPATCHED_SLICE = "endpointslice.karmada.io"  # value of the label managed-by

# Taints that follow from a cluster's condition Ready.
NOT_READY_TAINT = "cluster.karmada.io/not-ready"
UNREACHABLE_TAINT = "cluster.karmada.io/unreachable"

# The taint of `karmadactl cordon`.
UNSCHEDULABLE_TAINT = "cluster.karmada.io/unschedulable"

CLUSTER_FINALIZER = "karmada.io/cluster-controller"
EXECUTION_FINALIZER = "karmada.io/execution-controller"

# Tradewind: since when an object has been unhealthy in a cluster, in milliseconds by cluster, as JSON.
UNHEALTHY_SINCE = "tradewind.dev/unhealthy-since"
# Tradewind: what the fleet file declared when the member last wrote its Cluster.
DECLARED = "tradewind.dev/declared"
