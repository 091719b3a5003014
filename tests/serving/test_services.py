"""The Service of a predictor."""

from typing import Any

import pytest

from tests.serving.objects import revision, service
from tradewind.resources.core import Container, ContainerPort, Service
from tradewind.resources.core_kinds import SERVICE
from tradewind.resources.meta import Manifest, decode, encode, replace
from tradewind.resources.serving import Revision
from tradewind.serving.services import changed_service, make_service


def with_container(**fields: Any) -> Revision:
    ports = fields.pop("ports", [ContainerPort(name="http1", container_port=8080)])
    one = revision()
    return replace(one, spec=replace(one.spec, containers=[Container(ports=ports, **fields)]))


def stored(made: Service) -> Service:
    """As the API server gives it back."""
    manifest: Manifest = SERVICE.default(encode(made))
    manifest["metadata"]["uid"] = "uid-service"
    return decode(manifest, Service)


def test_the_service():
    manifest = encode(make_service(service(), with_container()))
    shared = {"serving.kserve.io/inferenceservice": "iris", "component": "predictor"}
    assert manifest["metadata"]["name"] == "iris-predictor"
    assert manifest["metadata"]["labels"] == shared
    assert manifest["metadata"]["ownerReferences"][0]["uid"] == "uid-iris"
    assert "annotations" not in manifest["metadata"]
    assert manifest["spec"] == {
        "selector": {**shared, "serving.knative.dev/revision": "iris-predictor-00001"},
        "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http1"}],
    }


def test_it_leads_to_the_first_port():
    ports = [ContainerPort(name="h2c", container_port=9000), ContainerPort(name="http1", container_port=8080)]
    assert make_service(service(), with_container(ports=ports)).spec.ports[0].target_port == "h2c"


@pytest.mark.parametrize(
    ("probe", "wanted"),
    [
        (None, {}),
        ({"httpGet": {"path": "/health", "port": 8080}}, {"tradewind.dev/health-path": "/health"}),
        ({"tcpSocket": {"port": 8080}}, {}),
    ],
)
def test_a_readiness_probe_tells_the_health_path(probe: Manifest | None, wanted: dict[str, str]):
    made = make_service(service(), with_container(readiness_probe=probe))
    assert made.metadata.annotations == wanted


def test_a_stored_service_needs_no_change_and_another_revision_changes_only_what_is_ours():
    made = make_service(service(), with_container())
    known = stored(made)
    assert changed_service(made, None) == made
    assert changed_service(made, known) is None
    noted = replace(known, metadata=replace(known.metadata, annotations={"note": "x"}))
    moved = make_service(service(), revision("iris-predictor-00002"))
    changed = changed_service(moved, noted)
    assert changed is not None
    assert changed.metadata == noted.metadata
    assert changed.spec.selector["serving.knative.dev/revision"] == "iris-predictor-00002"
    assert changed.spec.type == "ClusterIP"


def test_a_health_path_that_is_gone_is_taken_off():
    probed = make_service(service(), with_container(readiness_probe={"httpGet": {"path": "/health"}}))
    changed = changed_service(make_service(service(), with_container()), stored(probed))
    assert changed is not None and changed.metadata.annotations == {}
