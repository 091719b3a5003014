"""kr8s, synchronous and asynchronous."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing, closing
from typing import Any

import kr8s
import kr8s.asyncio
import yaml
from kr8s.asyncio.objects import ConfigMap as AsyncConfigMap
from kr8s.asyncio.objects import new_class as new_async_class
from kr8s.objects import ConfigMap, CustomResourceDefinition, Node, Pod, Secret, new_class

from tests.clients import manifests
from tests.clients.case import Cases
from tests.clients.documents import CONCEPTS, CUSTOM_RESOURCES, KR8S, SELECTORS
from tests.clients.sandbox import Sandbox
from tests.clients.waiting import DEADLINE_SECONDS

CASES = Cases("kr8s")
OBJECTS, CLIENT, ASYNC = KR8S + "object.html", KR8S + "client.html", KR8S + "asyncio.html"
SERVICE = ("InferenceService", "serving.kserve.io/v1beta1")


def connect(sandbox: Sandbox) -> Any:
    return kr8s.api(kubeconfig=str(sandbox.home.kubeconfig), context="admin", namespace=sandbox.namespace)


def loaded(sandbox: Sandbox, cls: Any, manifest: str) -> Any:
    """An object of a manifest, not yet stored."""
    body = yaml.safe_load(manifest.replace("$NS", sandbox.namespace))
    body["metadata"].setdefault("namespace", sandbox.namespace)
    return cls(body, api=connect(sandbox))


def asynchronous(sandbox: Sandbox, ask: Callable[[Any], Awaitable[None]]) -> None:
    """Runs `ask` with the asynchronous client, in a loop of its own."""

    async def run() -> None:
        api = await kr8s.asyncio.api(
            kubeconfig=str(sandbox.home.kubeconfig), context="admin", namespace=sandbox.namespace
        )
        await asyncio.wait_for(ask(api), 2 * DEADLINE_SECONDS)

    asyncio.run(run())


@CASES("version", "version and the resources that are served", CLIENT)
def version(sandbox: Sandbox) -> None:
    api = connect(sandbox)
    assert api.version()["minor"] == "37"
    kinds = {one["kind"] for one in api.api_resources()}
    assert {"ConfigMap", "InferenceService", "PropagationPolicy", "CustomResourceDefinition"} <= kinds


@CASES("life", "create, refresh, patch, label, annotate and delete an object", OBJECTS)
def life(sandbox: Sandbox) -> None:
    config_map = loaded(sandbox, ConfigMap, manifests.CONFIG_MAP)
    assert not config_map.exists()
    config_map.create()
    assert config_map.exists()
    config_map.patch({"data": {"more": "1"}})
    assert config_map.data == {"key": "value", "more": "1"}
    config_map.label({"team": "risk"})
    config_map.annotate({"note": "x"})
    assert (config_map.labels["team"], config_map.annotations["note"]) == ("risk", "x")
    config_map.remove_label("team")
    config_map.refresh()
    assert "team" not in config_map.labels
    config_map.delete()
    assert not config_map.exists()


@CASES("json-patch", "a JSON patch", OBJECTS)
def json_patch(sandbox: Sandbox) -> None:
    config_map = loaded(sandbox, ConfigMap, manifests.CONFIG_MAP)
    config_map.create()
    config_map.patch([{"op": "replace", "path": "/data/key", "value": "2"}], type="json")
    assert config_map.data.key == "2"


@CASES("not-found", "NotFoundError for an object that is not there", OBJECTS)
def not_found(sandbox: Sandbox) -> None:
    config_map = loaded(sandbox, ConfigMap, manifests.CONFIG_MAP)
    for ask in (config_map.refresh, config_map.delete):
        try:
            ask()
        except kr8s.NotFoundError:
            continue
        raise AssertionError(ask)


@CASES("server-error", "ServerError carries code and Status of a refusal", CLIENT)
def server_error(sandbox: Sandbox) -> None:
    config_map = loaded(sandbox, ConfigMap, manifests.CONFIG_MAP)
    config_map.create()
    try:
        config_map.create()
    except kr8s.ServerError as error:
        assert error.response is not None
        assert error.response.status_code == 409
        assert 'configmaps "c" already exists' in str(error)
    else:
        raise AssertionError("created twice")


@CASES("get", "get by name, by label and by field", SELECTORS)
def get(sandbox: Sandbox) -> None:
    sandbox.create(manifests.POD)
    api = connect(sandbox)
    for options in (
        {},
        {"label_selector": {"app": "web"}},
        {"label_selector": "app in (web, db)"},
        {"field_selector": {"status.phase": "Running"}},
    ):
        assert [pod.name for pod in api.get("pods", **options)] == ["p"], options
    assert [pod.name for pod in api.get("pods", "p")] == ["p"]
    assert list(api.get("pods", label_selector={"app": "db"})) == []
    assert Pod.get("p", namespace=sandbox.namespace, api=api).ready()


@CASES("custom-kind", "a kind that the client does not know, found by discovery", CLIENT)
def custom_kind(sandbox: Sandbox) -> None:
    sandbox.create(manifests.INFERENCE_SERVICE)
    (service,) = connect(sandbox).get("inferenceservices.serving.kserve.io")
    assert (service.name, service.spec.predictor.minReplicas) == ("fraud", 2)
    (service,) = connect(sandbox).get("isvc")
    assert service.name == "fraud"


@CASES("new-class", "a class for a custom kind: create, status, delete", OBJECTS)
def own_class(sandbox: Sandbox) -> None:
    service = loaded(sandbox, new_class(*SERVICE), manifests.INFERENCE_SERVICE)
    service.create()
    service.patch({"status": {"url": "http://x"}}, subresource="status")
    service.refresh()
    assert (service.status.url, service.metadata.generation) == ("http://x", 1)
    service.delete()
    assert not service.exists()


@CASES("wait", "wait for a condition that holds", OBJECTS)
def wait(sandbox: Sandbox) -> None:
    sandbox.create(manifests.READY_SERVICE)
    service = new_class(*SERVICE).get("fraud", namespace=sandbox.namespace, api=connect(sandbox))
    service.wait("condition=Ready", timeout=DEADLINE_SECONDS)
    service.wait("jsonpath='{.status.url}'=http://fraud.example.com", timeout=DEADLINE_SECONDS)


@CASES("watch", "watch begins with what exists", CLIENT)
def watch(sandbox: Sandbox) -> None:
    sandbox.create(manifests.CONFIG_MAP)
    with closing(connect(sandbox).watch("configmaps", namespace=sandbox.namespace)) as events:
        event, config_map = next(events)
        assert (event, config_map.name) == ("ADDED", "c")


@CASES("logs", "lines of a Pod's log", OBJECTS)
def logs(sandbox: Sandbox) -> None:
    (made,) = sandbox.create(manifests.POD)
    sandbox.write_log(made, "one\ntwo\n")
    pod = Pod.get("p", namespace=sandbox.namespace, api=connect(sandbox))
    assert list(pod.logs(container="main")) == ["one", "two"]
    assert list(pod.logs(container="main", tail_lines=1)) == ["two"]


@CASES("node", "cordon, taint and uncordon a node", OBJECTS)
def node(sandbox: Sandbox) -> None:
    sandbox.create(manifests.NODE)
    found = Node.get(f"{sandbox.namespace}-node", api=connect(sandbox))
    found.cordon()
    assert found.unschedulable
    found.uncordon()
    assert not found.unschedulable
    found.taint("gpu", "only", effect="NoSchedule")
    assert found.taints[0].key == "gpu"


@CASES("owners", "set_owner, and dependents that go with their owner", OBJECTS)
def owners(sandbox: Sandbox) -> None:
    owner = loaded(sandbox, ConfigMap, manifests.CONFIG_MAP)
    owner.create()
    child = loaded(sandbox, Secret, manifests.SECRET)
    child.create()
    child.set_owner(owner)
    assert child.metadata.ownerReferences[0].uid == owner.metadata.uid
    owner.delete(propagation_policy="Foreground")
    child.wait("delete", timeout=DEADLINE_SECONDS)


@CASES("leases", "leases of the group coordination.k8s.io", OBJECTS)
def leases(sandbox: Sandbox) -> None:
    lease = new_class("Lease", "coordination.k8s.io/v1")
    loaded(sandbox, lease, manifests.LEASE).create()
    found = lease.get("lock", namespace=sandbox.namespace, api=connect(sandbox))
    assert found.spec.holderIdentity == "me"


@CASES("crd", "a CustomResourceDefinition and its objects", CUSTOM_RESOURCES)
def crd(sandbox: Sandbox) -> None:
    definition = loaded(sandbox, CustomResourceDefinition, manifests.CRON_TAB)
    definition.create()
    definition.wait("condition=Established", timeout=DEADLINE_SECONDS)
    kind = new_class("CronTab", f"{sandbox.namespace}.example.com/v1", scalable=True)
    tab = loaded(sandbox, kind, manifests.MY_CRON_TAB)
    tab.create()
    tab.scale(5)
    tab.refresh()
    assert tab.replicas == 5
    definition.delete()


@CASES("async-life", "the asynchronous client: create, patch, exists, delete", ASYNC)
def async_life(sandbox: Sandbox) -> None:
    async def ask(api: Any) -> None:
        body = yaml.safe_load(manifests.CONFIG_MAP)
        body["metadata"]["namespace"] = sandbox.namespace
        config_map = await AsyncConfigMap(body, api=api)
        await config_map.create()
        await config_map.patch({"data": {"key": "2"}})
        assert config_map.data.key == "2"
        assert await config_map.exists()
        await config_map.delete()
        assert not await config_map.exists()

    asynchronous(sandbox, ask)


@CASES("async-watch", "the asynchronous client: a watch tells of a change made meanwhile", ASYNC)
def async_watch(sandbox: Sandbox) -> None:
    sandbox.create(manifests.CONFIG_MAP)

    async def ask(api: Any) -> None:
        seen = []
        async with aclosing(api.watch("configmaps", namespace=sandbox.namespace)) as events:
            async for event, config_map in events:
                seen.append((event, config_map.name))
                if len(seen) == 1:
                    await config_map.patch({"data": {"key": "2"}})
                else:
                    break
        assert seen == [("ADDED", "c"), ("MODIFIED", "c")]

    asynchronous(sandbox, ask)


@CASES("async-many", "the asynchronous client: many requests at once", CONCEPTS)
def async_many(sandbox: Sandbox) -> None:
    async def ask(api: Any) -> None:
        kind = new_async_class(*SERVICE)
        bodies = [yaml.safe_load(manifests.INFERENCE_SERVICE) for _ in range(10)]
        for number, body in enumerate(bodies):
            body["metadata"] |= {"name": f"s{number}", "namespace": sandbox.namespace}
        services = [await kind(body, api=api) for body in bodies]
        await asyncio.gather(*(service.create() for service in services))
        found = [one.name async for one in api.get(kind, namespace=sandbox.namespace)]
        assert sorted(found) == sorted(f"s{number}" for number in range(10))

    asynchronous(sandbox, ask)
