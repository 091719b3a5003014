"""Traffic's controller, and the two functions that turn cached objects into an Envoy's configuration."""

from collections.abc import Iterable

from tradewind.controller.plan import Key, Plan
from tradewind.controller.view import Controller, View, Watch, own_key
from tradewind.resources import labels
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.core import EndpointSlice, Pod
from tradewind.resources.core_kinds import ENDPOINT_SLICE, POD, SERVICE
from tradewind.traffic.endpoints import MANAGER, plan_endpoints, plan_removal, services_of
from tradewind.traffic.front_door import front_door_proxy, gateway_sites
from tradewind.traffic.gateway import GatewayIdentity, gateway_proxy
from tradewind.traffic.render import Resources, render


def step(key: Key, view: View, _: int) -> Plan:
    """Keep the EndpointSlices of the Service `key` as its Pods are."""
    own = {labels.SERVICE_NAME: key.name, labels.SLICE_MANAGED_BY: MANAGER}
    slices = view.list(ENDPOINT_SLICE, key.namespace, own)
    service = view.get(SERVICE, key.namespace, key.name)
    if service is None or service.metadata.deletion_timestamp:
        return plan_removal(slices)
    pods = view.list(POD, key.namespace, service.spec.selector)
    return plan_endpoints(service, pods, slices)


def keys_of_pod(pod: Pod, view: View) -> Iterable[Key]:
    """The Services whose endpoints a Pod may be."""
    namespace = pod.metadata.namespace
    return [Key(namespace, name) for name in services_of(pod, view.list(SERVICE, namespace))]


def keys_of_slice(one: EndpointSlice, _: View) -> Iterable[Key]:
    """The Service of a slice."""
    name = one.metadata.labels.get(labels.SERVICE_NAME)
    return [Key(one.metadata.namespace, name)] if name else []


ENDPOINTS = Controller(
    name="endpoints",
    watches=(
        Watch(SERVICE, own_key),
        Watch(POD, keys_of_pod),
        Watch(ENDPOINT_SLICE, keys_of_slice),
    ),
    step=step,
)


def gateway_snapshot(view: View, identity: GatewayIdentity) -> Resources:
    """The gateway's configuration, from every EndpointSlice that the view has.

    To be published only once the view is synced: what is not in it is not routed.
    """
    return render(gateway_proxy(view.list(ENDPOINT_SLICE), identity))


def front_door_snapshot(view: View, port: int) -> Resources:
    """The front door's configuration, from every Cluster that the view has (synced, as above)."""
    return render(front_door_proxy(gateway_sites(view.list(CLUSTER)), port))
