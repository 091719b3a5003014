"""Clients with typed models (the official Python client) read and write back what is served here.

Their models refuse an object that lacks a field which Kubernetes always writes.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import kubernetes
import msgspec
import pytest
from kubernetes import client as models

from tests.apiserver.world import config_map, pod
from tradewind.controller.perform import make_event
from tradewind.controller.plan import Record
from tradewind.node.life import Ended, Phase, State, Trouble
from tradewind.node.nodes import NodeConfig, make_node, make_node_lease
from tradewind.node.status import pod_status
from tradewind.node.vitals import Vitals
from tradewind.resources import core
from tradewind.resources.core import EndpointSlice, Pod
from tradewind.resources.meta import ObjectMeta, decode, encode, replace

NOW_MS = 1_800_000_000_000
VITALS = Vitals("m", "b", "6.1", "Debian", "amd64", 2**33, 0.5, 0.5)
CORE = (
    core.Pod,
    core.Node,
    core.Service,
    core.Secret,
    core.ConfigMap,
    core.ServiceAccount,
    core.Namespace,
    core.Event,
    core.EndpointSlice,
    core.Lease,
)
MODELS = {"Event": "CoreV1Event", "EndpointPort": "DiscoveryV1EndpointPort", "Condition": "V1PodCondition"}
# What the API itself refuses to store without.
CHECKED = {"Pod": {"spec"}, "PodSpec": {"containers"}, "Container": {"name"}, "Event": {"metadata"}}


def structs(type_: Any, found: set[type]) -> Iterator[type]:
    """Every struct within a type."""
    if isinstance(type_, msgspec.inspect.StructType) and type_.cls not in found:
        found.add(type_.cls)
        yield type_.cls
        for field in type_.fields:
            yield from structs(field.type, found)
    for name in ("item_type", "value_type", "type"):
        if hasattr(type_, name):
            yield from structs(getattr(type_, name), found)
    for one in getattr(type_, "types", ()):
        yield from structs(one, found)


FOUND: set[type] = set()
STRUCTS = [one for struct in CORE for one in structs(msgspec.inspect.type_info(struct), FOUND)]


def is_required(model, name: str) -> bool:
    """Whether the client raises when it reads an object without this field."""
    lenient = models.Configuration()
    lenient.client_side_validation = False
    instance = model(local_vars_configuration=lenient)
    lenient.client_side_validation = True
    try:
        setattr(instance, name, None)
    except ValueError:
        return True
    return False


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_what_a_model_requires_is_always_on_the_wire(struct):
    model = getattr(models, MODELS.get(struct.__name__, f"V1{struct.__name__}"), None)
    if model is None:
        pytest.skip("the client has no such model")
    required = {wire for name, wire in model.attribute_map.items() if is_required(model, name)}
    fields = msgspec.inspect.type_info(struct).fields
    given = {one.name: None for one in fields if one.required}
    written = encode(struct(**given)).keys() | CHECKED.get(struct.__name__, set())
    assert required <= written


RUNNING = State(phase=Phase.RUNNING, pid=7, started_at_ms=NOW_MS, fetched=True)
BOOM = Ended(1, "Error", "boom", NOW_MS, NOW_MS, pid=7)
STATES = {
    "new": State(),
    "running": RUNNING,
    "crashing": State(
        phase=Phase.CRASH_BACKOFF, fetched=True, trouble=Trouble("CrashLoopBackOff", "x"), ended=BOOM
    ),
    "finished": State(phase=Phase.FINISHED, fetched=True, ended=BOOM),
}


async def put_status(api, path: str, manifest: dict[str, Any]) -> None:
    code, answer = await api.ask("PUT", f"{path}/status", manifest)
    assert code == 200, answer


async def put_pods(api) -> None:
    for name, state in STATES.items():
        manifest = pod(name, "n1")
        manifest["spec"]["containers"][0]["resources"] = {"requests": {"cpu": 1}, "limits": {"cpu": 1.5}}
        manifest["spec"]["initContainers"] = [
            {"name": "storage-initializer", "image": "i", "args": ["a", "b"]}
        ]
        code, created = await api.ask("POST", "/api/v1/namespaces/d/pods", manifest)
        assert code == 201, created
        known = decode(created, Pod)
        reported = encode(replace(known, status=pod_status(known, state, NOW_MS)))
        await put_status(api, f"/api/v1/namespaces/d/pods/{name}", reported)


async def put_everything(api) -> None:
    """One of every core kind, as this project's own parts write them."""
    await put_pods(api)
    node = make_node(NodeConfig("n1", {"cpu": 4}, "v1"), VITALS, NOW_MS)
    slice_ = EndpointSlice(metadata=ObjectMeta(name="s"))
    event = make_event(
        Record(pod(uid="u"), "Normal", "Started", "x", field_path="spec.containers{c}"), "kubelet", NOW_MS
    )
    for path, manifest in (
        ("/api/v1/nodes", encode(node)),
        ("/apis/coordination.k8s.io/v1/namespaces/d/leases", encode(make_node_lease(node, NOW_MS))),
        ("/apis/discovery.k8s.io/v1/namespaces/d/endpointslices", encode(slice_)),
        ("/api/v1/namespaces/d/events", event),
        ("/api/v1/namespaces/d/configmaps", config_map()),
        ("/api/v1/namespaces/d/secrets", {"metadata": {"name": "s"}, "stringData": {"a": "b"}}),
        ("/api/v1/namespaces/d/serviceaccounts", {"metadata": {"name": "a"}}),
        ("/api/v1/namespaces/d/services", {"metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}}),
    ):
        for namespaced in (manifest["metadata"],):
            if "/namespaces/" in path:
                namespaced["namespace"] = "d"
            namespaced.pop("ownerReferences", None)
        code, answer = await api.ask("POST", path, manifest)
        assert code == 201, answer
    await put_status(api, "/api/v1/nodes/n1", encode(node))


CALLS = [
    ("CoreV1Api", "pod"),
    ("CoreV1Api", "service"),
    ("CoreV1Api", "secret"),
    ("CoreV1Api", "config_map"),
    ("CoreV1Api", "service_account"),
    ("CoreV1Api", "event"),
    ("DiscoveryV1Api", "endpoint_slice"),
    ("CoordinationV1Api", "lease"),
    ("CoreV1Api", "node"),
    ("CoreV1Api", "namespace"),
]


def connect(home):
    return kubernetes.config.new_client_from_config(str(home / "kubeconfig"), context="admin")


def read_and_write_back(home, group: str, noun: str) -> int:
    """List all of a kind, send each back as it was read, and see that nothing has changed."""
    with connect(home) as client:
        api = getattr(kubernetes.client, group)(client)
        namespaced = hasattr(api, f"list_namespaced_{noun}")
        scope = {"namespace": "d"} if namespaced else {}
        middle = "_namespaced_" if namespaced else "_"
        items = getattr(api, f"list{middle}{noun}")(**scope).items
        for item in items:
            again = getattr(api, f"replace{middle}{noun}")(name=item.metadata.name, body=item, **scope)
            assert again.metadata.resource_version == item.metadata.resource_version, "nothing was lost"
    return len(items)


async def test_the_official_client_reads_and_writes_back_every_core_kind(api):
    await put_everything(api)
    for group, noun in CALLS:
        found = await asyncio.to_thread(read_and_write_back, api.home, group, noun)
        assert found == (len(STATES) if noun == "pod" else 1), noun


async def test_a_pod_as_the_official_client_sees_it(api):
    await put_pods(api)

    def read() -> Any:
        with kubernetes.config.new_client_from_config(
            str(api.home / "kubeconfig"), context="admin"
        ) as client:
            return kubernetes.client.CoreV1Api(client).read_namespaced_pod("crashing", "d")

    found = await asyncio.to_thread(read)
    [status] = found.status.container_statuses
    assert (status.ready, status.restart_count, status.image_id) == (False, 0, "")
    assert status.last_state.terminated.container_id == status.container_id == "process://7"
    assert found.status.qos_class == "Burstable"
    assert found.spec.containers[0].resources.limits == {"cpu": "1500m"}
    assert {one.type for one in found.status.conditions} == {
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodScheduled",
    }
