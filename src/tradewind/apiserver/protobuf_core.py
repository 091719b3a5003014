"""Protobuf messages of Services and of what a deletion is asked with (k8s.io/api and apimachinery
`generated.proto`).

`kubectl create service` and `kubectl drain` speak nothing else.
"""

from tradewind.apiserver.protobuf_types import INT_OR_TEXT, Field, Message

_PORT = Message(
    {
        1: Field("name"),
        2: Field("protocol"),
        3: Field("port", "int"),
        4: Field("targetPort", INT_OR_TEXT),
        5: Field("nodePort", "int"),
        6: Field("appProtocol"),
    }
)
_SERVICE_SPEC = Message(
    {
        1: Field("ports", _PORT, repeated=True),
        2: Field("selector", map=True),
        3: Field("clusterIP"),
        4: Field("type"),
        5: Field("externalIPs", repeated=True),
        7: Field("sessionAffinity"),
        8: Field("loadBalancerIP"),
        9: Field("loadBalancerSourceRanges", repeated=True),
        10: Field("externalName"),
        11: Field("externalTrafficPolicy"),
        12: Field("healthCheckNodePort", "int"),
        13: Field("publishNotReadyAddresses", "bool"),
        17: Field("ipFamilyPolicy"),
        18: Field("clusterIPs", repeated=True),
        19: Field("ipFamilies", repeated=True),
        20: Field("allocateLoadBalancerNodePorts", "bool"),
        21: Field("loadBalancerClass"),
        22: Field("internalTrafficPolicy"),
        23: Field("trafficDistribution"),
    }
)
_SERVICE_STATUS = Message({1: Field("loadBalancer", Message())})
_PRECONDITIONS = Message({1: Field("uid"), 2: Field("resourceVersion")})
DELETE_OPTIONS = Message(
    {
        1: Field("gracePeriodSeconds", "int", optional=True),
        2: Field("preconditions", _PRECONDITIONS),
        3: Field("orphanDependents", "bool"),
        4: Field("propagationPolicy"),
        5: Field("dryRun", repeated=True),
    }
)


def service(meta: Message) -> Message:
    """A Service, whose metadata are these."""
    return Message(
        {1: Field("metadata", meta), 2: Field("spec", _SERVICE_SPEC), 3: Field("status", _SERVICE_STATUS)}
    )
