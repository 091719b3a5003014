"""What a request is taken for before anybody looks at what is served."""

import pytest

from tradewind.apiserver.access import Attributes
from tradewind.apiserver.access.requests import attributes_of
from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.urls import subresources, target_of
from tradewind.resources.registry import ALL_KINDS
from tradewind.resources.review_kinds import REVIEW_KINDS


def words(asked: Attributes) -> str:
    """verb group/version/plural/subresource namespace/name"""
    return f"{asked.verb} {asked.group}/{asked.version}/{asked.resource} {asked.namespace}/{asked.name}"


CASES = [
    ("GET", "/api/v1/pods", {}, "list /v1/pods /"),
    ("GET", "/api/v1/pods", {"watch": "true"}, "watch /v1/pods /"),
    ("GET", "/api/v1/pods", {"watch": "1"}, "watch /v1/pods /"),
    ("GET", "/api/v1/pods", {"watch": "0"}, "list /v1/pods /"),
    ("GET", "/api/v1/namespaces/ml/pods", {}, "list /v1/pods ml/"),
    ("POST", "/api/v1/namespaces/ml/pods", {}, "create /v1/pods ml/"),
    ("GET", "/api/v1/namespaces/ml/pods/p", {}, "get /v1/pods ml/p"),
    ("HEAD", "/api/v1/namespaces/ml/pods/p", {}, "get /v1/pods ml/p"),
    ("PUT", "/api/v1/namespaces/ml/pods/p/status", {}, "update /v1/pods/status ml/p"),
    ("PATCH", "/api/v1/namespaces/ml/pods/p", {}, "patch /v1/pods ml/p"),
    ("DELETE", "/api/v1/namespaces/ml/pods/p", {}, "delete /v1/pods ml/p"),
    ("DELETE", "/api/v1/namespaces/ml/pods", {}, "deletecollection /v1/pods ml/"),
    ("GET", "/api/v1/namespaces/ml/pods/p/log", {"watch": "true"}, "get /v1/pods/log ml/p"),
    ("GET", "/api/v1/namespaces", {}, "list /v1/namespaces /"),
    ("GET", "/api/v1/namespaces/ml", {}, "get /v1/namespaces ml/ml"),
    ("PUT", "/api/v1/namespaces/ml/status", {}, "update /v1/namespaces/status ml/ml"),
    ("PUT", "/api/v1/namespaces/ml/finalize", {}, "update /v1/namespaces/finalize ml/ml"),
    ("GET", "/apis/g/v2/things/t/scale", {}, "get g/v2/things/scale /t"),
    ("GET", "/apis/g/v2/namespaces/ml/things/", {}, "list g/v2/things ml/"),
    ("GET", "/apis/g/v2/things", {"fieldSelector": "metadata.name=t"}, "list g/v2/things /t"),
    ("GET", "/apis/g/v2/things", {"fieldSelector": "a=b,metadata.name==t"}, "list g/v2/things /t"),
    ("GET", "/apis/g/v2/things", {"fieldSelector": "metadata.name!=t"}, "list g/v2/things /"),
    ("GET", "/apis/g/v2/things", {"fieldSelector": "metadata.name=a/b"}, "list g/v2/things /"),
    ("GET", "/api/v1/watch/namespaces/ml/pods", {}, "watch /v1/pods ml/"),
    ("GET", "/apis/g/v2/watch/things/t", {}, "watch g/v2/things /t"),
    ("DELETE", "/api/v1/watch/pods", {}, "watch /v1/pods /"),
    ("GET", "/apis/g/v2/watch", {}, "list g/v2/watch /"),
    ("PUT", "/apis/g/v2/things/t", {"fieldSelector": "metadata.name=x"}, "update g/v2/things /t"),
]


@pytest.mark.parametrize(("method", "path", "query", "expected"), CASES)
def test_resources(method, path, query, expected):
    assert words(attributes_of(method, path, query)) == expected


@pytest.mark.parametrize(
    ("method", "path", "verb"),
    [
        ("GET", "/", "get"),
        ("GET", "/version", "get"),
        ("GET", "/api", "get"),
        ("GET", "/api/v1", "get"),
        ("GET", "/apis/g/v1", "get"),
        ("GET", "/openapi/v3/api/v1", "get"),
        ("POST", "/metrics", "post"),
    ],
)
def test_paths_that_are_no_resource(method, path, verb):
    assert attributes_of(method, path, {}) == Attributes(verb, path)


SERVED = catalog([*ALL_KINDS, *REVIEW_KINDS])


@pytest.mark.parametrize("kind", SERVED.kinds, ids=lambda kind: kind.resource)
def test_what_is_allowed_is_what_is_then_done(kind):
    """Every path that leads to a kind is taken for exactly that kind, object and subresource."""
    root = f"/apis/{kind.group}/{kind.versions[0]}" if kind.group else f"/api/{kind.versions[0]}"
    folder = f"{root}/namespaces/ml/{kind.plural}" if kind.namespaced else f"{root}/{kind.plural}"
    paths = [
        folder,
        f"{folder}/x",
        *(f"{folder}/x/{one}" for one in subresources(kind)),
        f"{root}/{kind.plural}",
    ]
    for path in paths:
        target, asked = target_of(SERVED, path), attributes_of("GET", path, {})
        assert target is not None
        assert (asked.group, asked.plural) == (target.kind.group, target.kind.plural)
        assert (asked.name, asked.subresource) == (target.name, target.subresource)
        assert asked.namespace == target.namespace or kind.name == "Namespace"
