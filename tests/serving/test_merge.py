"""A service's fields over those of its runtime."""

from typing import Any

import pytest

from tradewind.resources.core import Container
from tradewind.resources.meta import Manifest, decode, encode
from tradewind.resources.serving import ComponentExtension, ServingRuntimeSpec
from tradewind.serving.errors import InvalidService
from tradewind.serving.merge import merge_container, merge_pod_fields

REFERENCE = {"secretKeyRef": {"name": "s", "key": "k"}}


def merged(runtime: Manifest, own: Manifest) -> Manifest:
    spec = decode(
        {"containers": [{"name": "helper"}, {"name": "kserve-container", **runtime}]}, ServingRuntimeSpec
    )
    return encode(merge_container(spec, decode(own, Container)))


def env(*pairs: tuple[str, Any]) -> list[Manifest]:
    return [
        {"name": name, **({"valueFrom": value} if isinstance(value, dict) else {"value": value})}
        for name, value in pairs
    ]


@pytest.mark.parametrize(
    ("field", "runtime", "own", "wanted"),
    [
        ("image", "a:1", "b:2", "b:2"),
        ("command", ["a", "b"], ["c"], ["c"]),
        ("args", ["--a"], ["--b"], ["--a", "--b"]),
        (
            "env",
            env(("A", "1"), ("B", "2")),
            env(("B", "3"), ("C", "4")),
            env(("A", "1"), ("B", "3"), ("C", "4")),
        ),
        ("env", env(("A", "1")), env(("A", REFERENCE)), env(("A", REFERENCE))),
        ("env", env(("A", REFERENCE)), env(("A", "1")), env(("A", "1"))),
        (
            "resources",
            {"limits": {"cpu": "1", "memory": "2Gi"}},
            {"limits": {"cpu": "4"}, "requests": {"cpu": "2"}},
            {"limits": {"cpu": "4", "memory": "2Gi"}, "requests": {"cpu": "2"}},
        ),
        (
            "ports",
            [{"containerPort": 8080, "name": "http1"}],
            [{"containerPort": 8081, "name": "h2c"}],
            [{"containerPort": 8081, "name": "h2c"}, {"containerPort": 8080, "name": "http1"}],
        ),
        (
            "volumeMounts",
            [{"name": "a", "mountPath": "/a"}],
            [{"name": "b", "mountPath": "/a"}],
            [{"name": "b", "mountPath": "/a"}],
        ),
    ],
)
def test_fields_of_the_container(field: str, runtime: Any, own: Any, wanted: Any):
    assert merged({field: runtime}, {field: own}) == {"name": "kserve-container", field: wanted}
    assert merged({field: runtime}, {}) == {"name": "kserve-container", field: runtime}
    assert merged({}, {field: own}) == {"name": "kserve-container", field: own}


def test_what_is_no_containers_is_left_out():
    own = decode({"args": ["--b"], "image": "b:1"}, Container)
    assert "storageUri" not in encode(own)
    assert merged({"image": "a:1"}, encode(own)) == {
        "name": "kserve-container",
        "image": "b:1",
        "args": ["--b"],
    }


def test_a_runtime_without_the_container():
    with pytest.raises(InvalidService, match="failed to find kserve-container in ServingRuntime containers"):
        merge_container(decode({"containers": [{"name": "other"}]}, ServingRuntimeSpec), Container())


def pod_fields(runtime: Manifest, own: Manifest) -> Manifest:
    return merge_pod_fields(decode(runtime, ServingRuntimeSpec), decode(own, ComponentExtension))


def test_pod_fields():
    runtime = {
        "nodeSelector": {"foo": "bar", "aaa": "bbb"},
        "volumes": [{"name": "foo", "emptyDir": {}}, {"name": "aaa", "emptyDir": {}}],
        "tolerations": [{"key": "a"}],
        "imagePullSecrets": [{"name": "foo"}],
    }
    own = {
        "nodeSelector": {"foo": "baz"},
        "volumes": [{"name": "foo", "emptyDir": {"medium": "Memory"}}, {"name": "xxx", "emptyDir": {}}],
        "imagePullSecrets": [{"name": "bar"}],
        "serviceAccountName": "reader",
        "minReplicas": 2,
        "labels": {"a": "b"},
    }
    assert pod_fields(runtime, own) == {
        "nodeSelector": {"foo": "baz", "aaa": "bbb"},
        "volumes": [
            {"name": "foo", "emptyDir": {"medium": "Memory"}},
            {"name": "xxx", "emptyDir": {}},
            {"name": "aaa", "emptyDir": {}},
        ],
        "tolerations": [{"key": "a"}],
        "imagePullSecrets": [{"name": "bar"}, {"name": "foo"}],
        "serviceAccountName": "reader",
    }


def test_what_a_replica_does_not_have_is_left_out():
    own = {"initContainers": [{"name": "a"}], "nodeName": "b", "containers": [{"name": "c"}]}
    assert pod_fields({}, own) == {}


def test_lists_that_cannot_be_merged_are_told():
    with pytest.raises(InvalidService, match=r"failed to merge: .*volumes"):
        pod_fields({"volumes": [{"name": "a"}]}, {"volumes": [{"emptyDir": {}}]})
