"""From method and path to kind and verb."""

import pytest

from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.urls import target_of, verb_of
from tradewind.resources.registry import ALL_KINDS
from tradewind.resources.status import ApiError

SERVED = catalog(ALL_KINDS)
ISVC = "/apis/serving.kserve.io/v1beta1/namespaces/ml/inferenceservices"


@pytest.mark.parametrize(
    ("path", "kind", "namespace", "name", "subresource"),
    [
        ("/api/v1/pods", "Pod", "", "", ""),
        ("/api/v1/namespaces/d/pods", "Pod", "d", "", ""),
        ("/api/v1/namespaces/d/pods/p", "Pod", "d", "p", ""),
        ("/api/v1/namespaces/d/pods/p/log", "Pod", "d", "p", "log"),
        ("/api/v1/namespaces/d/pods/p/status", "Pod", "d", "p", "status"),
        ("/api/v1/namespaces", "Namespace", "", "", ""),
        ("/api/v1/namespaces/d", "Namespace", "", "d", ""),
        ("/api/v1/namespaces/d/status", "Namespace", "", "d", "status"),
        ("/api/v1/nodes/n/", "Node", "", "n", ""),
        (ISVC, "InferenceService", "ml", "", ""),
        (f"{ISVC}/fraud/status", "InferenceService", "ml", "fraud", "status"),
    ],
)
def test_targets(path, kind, namespace, name, subresource):
    target = target_of(SERVED, path)
    found = (target.kind.name, target.namespace, target.name, target.subresource)
    assert found == (kind, namespace, name, subresource)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/v1",
        "/api/v2/pods",
        "/api/v1/podz",
        "/api/v1/pods/p",  # namespaced, without its namespace
        "/api/v1/namespaces/d/nodes",  # not namespaced
        "/api/v1/namespaces/d/pods/p/exec",
        "/api/v1/namespaces/d/configmaps/c/status",  # has none
        "/api/v1/namespaces/d/pods//log",
        "/apis/serving.kserve.io/v9/namespaces/ml/inferenceservices",
        "/apis/v1/pods",
    ],
)
def test_nothing_is_served_there(path):
    assert target_of(SERVED, path) is None


@pytest.mark.parametrize(
    ("method", "path", "watch", "verb"),
    [
        ("GET", "/api/v1/pods", False, "list"),
        ("GET", "/api/v1/pods", True, "watch"),
        ("GET", "/api/v1/namespaces/d/pods/p", False, "get"),
        ("GET", "/api/v1/namespaces/d/pods/p", True, "watch"),
        ("GET", "/api/v1/namespaces/d/pods/p/status", True, "get"),
        ("POST", "/api/v1/namespaces/d/pods", False, "create"),
        ("POST", "/api/v1/nodes", False, "create"),
        ("PUT", "/api/v1/nodes/n", False, "update"),
        ("PUT", "/api/v1/nodes/n/status", False, "update"),
        ("PATCH", "/api/v1/nodes/n/status", False, "patch"),
        ("DELETE", "/api/v1/nodes/n", False, "delete"),
        ("POST", "/api/v1/pods", False, None),  # into which namespace?
        ("POST", "/api/v1/nodes/n", False, None),
        ("PUT", "/api/v1/nodes", False, None),
        ("DELETE", "/api/v1/nodes", False, "deletecollection"),
        ("DELETE", "/api/v1/namespaces/d/pods", False, "deletecollection"),
        ("DELETE", "/api/v1/pods", False, None),
        ("DELETE", "/api/v1/namespaces", False, None),
        ("GET", "/apis/serving.kserve.io/v1beta1/namespaces/d/inferenceservices/a/scale", True, "get"),
        ("PUT", "/apis/serving.kserve.io/v1beta1/namespaces/d/inferenceservices/a/scale", False, "update"),
        ("DELETE", "/apis/serving.kserve.io/v1beta1/namespaces/d/inferenceservices/a/scale", False, None),
        ("DELETE", "/api/v1/nodes/n/status", False, None),
        ("PUT", "/api/v1/namespaces/d/pods/p/log", False, None),
        ("BREW", "/api/v1/nodes", False, None),
    ],
)
def test_verbs(method, path, watch, verb):
    target = target_of(SERVED, path)
    if verb:
        assert verb_of(method, target, watch) == verb
    else:
        with pytest.raises(ApiError) as raised:
            verb_of(method, target, watch)
        assert raised.value.code == 405
