"""Derived names, as upstream has them."""

from tests.serving.objects import service
from tradewind.serving import names


def test_names_of_a_plain_service():
    plain = service()
    assert names.predictor_name(plain) == names.service_name(plain) == "iris-predictor"
    assert names.revision_name("iris-predictor", 7) == "iris-predictor-00007"
    assert names.url(plain, "east", 7411) == "http://iris-ml.east.localhost:7411"
    assert names.address(plain) == "http://iris-predictor.ml.svc.cluster.local"


def test_a_variant_names_revisions_and_not_the_service():
    variant = service({"name": "v2", "sklearn": {}})
    assert names.predictor_name(variant) == "iris-v2-predictor"
    assert names.service_name(variant) == "iris-predictor"


def test_numbers_of_revisions():
    assert names.revision_number("iris-predictor-00042") == 42
    assert names.revision_number("iris-predictor-123456") == 123456
    assert names.revision_number("iris-predictor") == 0


def test_pod_names_differ_by_revision_object_and_ordinal():
    found = [names.pod_name("r-00001", uid, ordinal) for uid in ("a", "b") for ordinal in range(50)]
    assert len(set(found)) == 100
    assert all(name.startswith("r-00001-") and len(name) == len("r-00001-") + 5 for name in found)
    assert names.pod_name("r", "a", 1) == names.pod_name("r", "a", 1)
