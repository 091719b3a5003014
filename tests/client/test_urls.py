"""Paths of the Kubernetes REST API."""

import pytest

from tradewind.client.urls import collection_path, creation_path, object_path, own_path, query
from tradewind.resources.core_kinds import ENDPOINT_SLICE, NODE, POD
from tradewind.resources.networking import DESTINATION_RULE
from tradewind.resources.status import ApiError


def test_collections():
    assert collection_path(POD) == "/api/v1/pods"
    assert collection_path(POD, "ml") == "/api/v1/namespaces/ml/pods"
    assert collection_path(NODE) == "/api/v1/nodes"
    assert collection_path(ENDPOINT_SLICE, "ml") == "/apis/discovery.k8s.io/v1/namespaces/ml/endpointslices"
    assert (
        collection_path(DESTINATION_RULE, version="v1beta1")
        == "/apis/networking.istio.io/v1beta1/destinationrules"
    )


def test_objects():
    assert object_path(POD, "ml", "p", "log") == "/api/v1/namespaces/ml/pods/p/log"
    assert object_path(NODE, "", "n") == "/api/v1/nodes/n"
    assert object_path(NODE, "ignored", "n") == "/api/v1/nodes/n"
    assert object_path(POD, "ml", "../x?y") == "/api/v1/namespaces/ml/pods/..%2Fx%3Fy"


@pytest.mark.parametrize(("namespace", "name"), [("", "p"), ("ml", "")])
def test_a_place_that_is_missing_is_refused(namespace: str, name: str):
    with pytest.raises(ApiError) as caught:
        object_path(POD, namespace, name)
    assert caught.value.code == 400


def test_a_manifest_is_written_in_its_own_version_if_that_is_served():
    def rule(api_version: str) -> dict[str, object]:
        return {"apiVersion": api_version, "metadata": {"name": "a", "namespace": "ml"}}

    root = "/apis/networking.istio.io"
    beta, unknown = rule("networking.istio.io/v1beta1"), rule("networking.istio.io/v9")
    assert (
        own_path(DESTINATION_RULE, beta, "status")
        == f"{root}/v1beta1/namespaces/ml/destinationrules/a/status"
    )
    assert creation_path(DESTINATION_RULE, beta) == f"{root}/v1beta1/namespaces/ml/destinationrules"
    assert creation_path(DESTINATION_RULE, unknown) == f"{root}/v1/namespaces/ml/destinationrules"
    assert creation_path(NODE, {"metadata": {"name": "n"}}) == "/api/v1/nodes"
    with pytest.raises(ApiError, match=r'Pod "p": metadata\.namespace is required'):
        creation_path(POD, {"metadata": {"name": "p"}})


def test_queries_leave_out_what_is_not_given():
    assert query({"a": None, "b": "", "c": False}) == ""
    assert query({"a": 0, "b": True, "c": "x y&z"}) == "?a=0&b=true&c=x+y%26z"
