"""lightkube: typed and generic resources, apply, patches, watches."""

from collections.abc import Callable
from typing import Any

import yaml
from lightkube import ApiError, Client, KubeConfig, codecs
from lightkube import operators as op
from lightkube.core.exceptions import ConditionError
from lightkube.generic_resource import create_global_resource, create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta, OwnerReference
from lightkube.resources.coordination_v1 import Lease
from lightkube.resources.core_v1 import ConfigMap, Namespace, NodeStatus, Pod, Secret
from lightkube.resources.rbac_authorization_v1 import Role
from lightkube.types import CascadeType, PatchType

from tests.clients import manifests
from tests.clients.case import Cases
from tests.clients.documents import APPLY, CASCADING, CONCEPTS, KSERVE_TYPES, LIGHTKUBE, SELECTORS
from tests.clients.home import ADMIN
from tests.clients.sandbox import Sandbox
from tests.clients.waiting import eventually

CASES = Cases("lightkube")
Service = create_namespaced_resource("serving.kserve.io", "v1beta1", "InferenceService", "inferenceservices")
Cluster = create_global_resource("cluster.karmada.io", "v1alpha1", "Cluster", "clusters")


def connect(sandbox: Sandbox, user: str = ADMIN) -> Client:
    config = KubeConfig.from_file(str(sandbox.home.kubeconfig)).get(context_name=user)
    return Client(config=config, namespace=sandbox.namespace, field_manager="lightkube")


def config_map(name: str = "c", **metadata: Any) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, **metadata), data={"key": "value"})


def refusal(call: Callable[..., Any], *arguments: Any, **options: Any) -> ApiError:
    try:
        found = call(*arguments, **options)
    except ApiError as error:
        return error
    raise AssertionError(f"no error, but {found}")


@CASES("life", "create, get, replace, patch and delete a typed object", LIGHTKUBE)
def life(sandbox: Sandbox) -> None:
    with connect(sandbox) as client:
        made = client.create(config_map())
        assert made.metadata.uid
        made.data = {"key": "2"}
        assert client.replace(made).data == {"key": "2"}
        assert client.patch(ConfigMap, "c", {"data": {"more": "3"}}).data == {"key": "2", "more": "3"}
        assert client.get(ConfigMap, "c").data == {"key": "2", "more": "3"}
        client.delete(ConfigMap, "c")
        error = refusal(client.get, ConfigMap, "c")
        assert (error.status.code, error.status.reason) == (404, "NotFound")


@CASES("conflict", "409 Conflict of a replace with an older state", CONCEPTS + "#resource-versions")
def conflict(sandbox: Sandbox) -> None:
    with connect(sandbox) as client:
        made = client.create(config_map())
        client.patch(ConfigMap, "c", {"data": {"key": "2"}})
        error = refusal(client.replace, made)
        assert (error.status.code, error.status.reason) == (409, "Conflict")
        assert error.status.details.kind == "configmaps"


@CASES("patch-types", "JSON, merge and strategic merge patches", LIGHTKUBE)
def patch_types(sandbox: Sandbox) -> None:
    sandbox.create(manifests.POD)
    with connect(sandbox) as client:
        operations = [{"op": "add", "path": "/metadata/labels/a", "value": "b"}]
        assert client.patch(Pod, "p", operations, patch_type=PatchType.JSON).metadata.labels["a"] == "b"
        change = {"metadata": {"labels": {"a": None}}}
        assert client.patch(Pod, "p", change, patch_type=PatchType.MERGE).metadata.labels == {"app": "web"}
        change = {"spec": {"containers": [{"name": "side", "image": "example/new"}]}}
        patched = client.patch(Pod, "p", change, patch_type=PatchType.STRATEGIC)
        assert [one.image for one in patched.spec.containers] == ["example/server", "example/new"]


@CASES("apply", "apply is server-side: it creates, changes and removes what the manager owns", APPLY)
def apply(sandbox: Sandbox) -> None:
    with connect(sandbox) as client:

        def wanted(data: dict[str, str]) -> ConfigMap:
            return ConfigMap(metadata=ObjectMeta(name="c", namespace=sandbox.namespace), data=data)

        assert client.apply(wanted({"a": "1", "b": "2"})).data == {"a": "1", "b": "2"}
        assert client.apply(wanted({"a": "3"})).data == {"a": "3"}
        error = refusal(client.apply, wanted({"a": "4"}), field_manager="other")
        assert (error.status.code, error.status.reason) == (409, "Conflict")
        assert [one.field for one in error.status.details.causes] == [".data.a"]
        assert client.apply(wanted({"a": "4"}), field_manager="other", force=True).data == {"a": "4"}


@CASES("apply-generic", "apply of a generic resource", APPLY)
def apply_generic(sandbox: Sandbox) -> None:
    with connect(sandbox) as client:
        body = yaml.safe_load(manifests.INFERENCE_SERVICE)
        body["metadata"]["namespace"] = sandbox.namespace
        applied = client.apply(Service.from_dict(body))
        assert applied.metadata.generation == 1
        body["spec"]["predictor"]["minReplicas"] = 3
        assert client.apply(Service.from_dict(body)).spec["predictor"]["minReplicas"] == 3


@CASES("generic", "generic resources of custom kinds: create, list, status", KSERVE_TYPES + "v1beta1")
def generic(sandbox: Sandbox) -> None:
    with connect(sandbox) as client:
        client.create(Service.from_dict(yaml.safe_load(manifests.INFERENCE_SERVICE)))
        assert [one.metadata.name for one in client.list(Service)] == ["fraud"]
        status = client.patch(
            Service.Status, "fraud", {"status": {"url": "http://x"}}, patch_type=PatchType.MERGE
        )
        assert status.status["url"] == "http://x"
        assert client.get(Service, "fraud").metadata.generation == 1


@CASES("generic-global", "a generic resource without a namespace", LIGHTKUBE)
def generic_global(sandbox: Sandbox) -> None:
    sandbox.create(manifests.CLUSTER)
    with connect(sandbox) as client:
        found = client.get(Cluster, f"{sandbox.namespace}-cluster")
        assert found.status["kubernetesVersion"] == "v1.37.0"


@CASES(
    "list-chunks",
    "list with chunk_size follows continue tokens",
    CONCEPTS + "#retrieving-large-results-sets-in-chunks",
)
def list_chunks(sandbox: Sandbox) -> None:
    with connect(sandbox) as client:
        for number in range(5):
            client.create(config_map(f"c{number}"))
        found = client.list(ConfigMap, chunk_size=2)
        assert [one.metadata.name for one in found] == [f"c{number}" for number in range(5)]


@CASES("selectors", "labels and fields of a list, also sets and negations", SELECTORS)
def selectors(sandbox: Sandbox) -> None:
    with connect(sandbox) as client:
        client.create(config_map("a", labels={"env": "prod"}))
        client.create(config_map("b", labels={"env": "dev"}))
        client.create(config_map("c"))
        for labels, names in (
            ({"env": "prod"}, ["a"]),
            ({"env": op.in_(["prod", "dev"])}, ["a", "b"]),
            ({"env": op.not_in(["prod"])}, ["b", "c"]),
            ({"env": op.exists()}, ["a", "b"]),
            ({"env": op.not_exists()}, ["c"]),
        ):
            assert [one.metadata.name for one in client.list(ConfigMap, labels=labels)] == names, labels
        found = client.list(ConfigMap, fields={"metadata.name": op.not_equal("a")})
        assert [one.metadata.name for one in found] == ["b", "c"]


@CASES("watch", "watch gives what exists and what changes", LIGHTKUBE)
def watch(sandbox: Sandbox) -> None:
    with connect(sandbox) as client:
        client.create(config_map())
        events = client.watch(ConfigMap, server_timeout=10)
        assert [next(events)[0]] == ["ADDED"]
        client.patch(ConfigMap, "c", {"data": {"key": "2"}})
        kind, changed = next(events)
        assert (kind, changed.data["key"]) == ("MODIFIED", "2")
        client.delete(ConfigMap, "c")
        assert next(events)[0] == "DELETED"


@CASES("wait", "wait for a condition, and stop at one that means failure", LIGHTKUBE)
def wait(sandbox: Sandbox) -> None:
    sandbox.create(manifests.READY_SERVICE)
    with connect(sandbox) as client:
        ready = client.wait(Service, "fraud", for_conditions=["Ready"])
        assert ready.status["url"] == "http://fraud.example.com"
        try:
            client.wait(Service, "fraud", for_conditions=["Other"], raise_for_conditions=["Ready"])
        except ConditionError:
            return
        raise AssertionError("no ConditionError")


@CASES("delete-collection", "deletecollection empties a namespace of a kind", LIGHTKUBE)
def delete_collection(sandbox: Sandbox) -> None:
    with connect(sandbox) as client:
        for name in "ab":
            client.create(config_map(name))
        client.deletecollection(ConfigMap)
        assert list(client.list(ConfigMap)) == []


@CASES("cascade", "delete with cascade: dependents go, or are orphaned", CASCADING)
def cascade(sandbox: Sandbox) -> None:
    with connect(sandbox) as client:
        for how, left in ((CascadeType.ORPHAN, ["child"]), (CascadeType.FOREGROUND, [])):
            owner = client.create(config_map("owner"))
            reference = OwnerReference(
                apiVersion="v1",
                kind="ConfigMap",
                name="owner",
                uid=owner.metadata.uid,
                blockOwnerDeletion=True,
            )
            for old in client.list(ConfigMap, fields={"metadata.name": "child"}):
                client.delete(ConfigMap, old.metadata.name)
            client.create(config_map("child", ownerReferences=[reference]))
            client.delete(ConfigMap, "owner", cascade=how)

            def names(left: list[str] = left) -> None:
                assert [one.metadata.name for one in client.list(ConfigMap)] == left

            eventually(names)


@CASES("dry-run", "dry_run stores nothing", CONCEPTS + "#dry-run")
def dry_run(sandbox: Sandbox) -> None:
    with connect(sandbox) as client:
        assert client.create(config_map(), dry_run=True).metadata.uid
        assert refusal(client.get, ConfigMap, "c").status.code == 404


@CASES("status", "a status subresource of a core kind", LIGHTKUBE)
def status(sandbox: Sandbox) -> None:
    sandbox.create(manifests.NODE)
    with connect(sandbox) as client:
        name = f"{sandbox.namespace}-node"
        change = {"status": {"capacity": {"cpu": "8"}}}
        assert client.patch(NodeStatus, name, change).status.capacity["cpu"] == "8"


@CASES("load-all", "codecs.load_all_yaml and create of several kinds", LIGHTKUBE)
def load_all(sandbox: Sandbox) -> None:
    text = "---".join((manifests.SECRET, manifests.LEASE, manifests.ROLE))
    with connect(sandbox) as client:
        for one in codecs.load_all_yaml(text):
            client.create(one)
        assert client.get(Secret, "s").data == {"password": "c2VjcmV0"}
        assert client.get(Lease, "lock").spec.holderIdentity == "me"
        assert client.get(Role, "reader").rules[0].verbs == ["get", "list", "watch"]


@CASES("log", "the log of a Pod, following until it ends", LIGHTKUBE)
def log(sandbox: Sandbox) -> None:
    (pod,) = sandbox.create(manifests.ENDED_POD)
    sandbox.write_log(pod, "one\ntwo\n")
    with connect(sandbox) as client:
        lines = client.log("p", container="main", follow=True)
        assert list(lines) == ["one\n", "two\n"]
        assert list(client.log("p", container="main", tail_lines=1)) == ["two\n"]


@CASES("namespaces", "a namespace and what is in it", LIGHTKUBE)
def namespaces(sandbox: Sandbox) -> None:
    name = f"{sandbox.namespace}-x"
    with connect(sandbox) as client:
        client.create(Namespace(metadata=ObjectMeta(name=name)))
        client.create(config_map(namespace=name), namespace=name)
        labels = client.list(ConfigMap, namespace="*", fields={"metadata.namespace": name})
        assert [one.metadata.name for one in labels] == ["c"]
        client.delete(Namespace, name)

        def gone() -> None:
            assert refusal(client.get, Namespace, name).status.code == 404

        eventually(gone)


@CASES("forbidden", "403 Forbidden for a user without rights", CONCEPTS)
def forbidden(sandbox: Sandbox) -> None:
    with connect(sandbox, "nobody") as client:
        error = refusal(lambda: list(client.list(ConfigMap)))
        assert (error.status.code, error.status.reason) == (403, "Forbidden")
