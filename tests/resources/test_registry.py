"""Finding kinds by manifest and by word, and what must hold for every kind that is served."""

import pytest

from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Object
from tradewind.resources.registry import ALL_KINDS, HUB_KINDS, MEMBER_KINDS, find, find_by_name

SERVERS = [pytest.param(HUB_KINDS, id="hub"), pytest.param(MEMBER_KINDS, id="member")]


def name_of(kind: Kind | None) -> str:
    return kind.name if kind else ""


@pytest.mark.parametrize(
    ("api_version", "kind_name", "expected"),
    [
        ("v1", "Pod", "Pod"),
        ("networking.istio.io/v1", "DestinationRule", "DestinationRule"),
        ("networking.istio.io/v1beta1", "DestinationRule", "DestinationRule"),
        ("serving.kserve.io/v1beta1", "InferenceService", "InferenceService"),
        ("serving.kserve.io/v1", "InferenceService", ""),
        ("v1", "pod", ""),
        ("policy.karmada.io/v1alpha1", "PropagationPolicy", "PropagationPolicy"),
    ],
)
def test_a_manifest_names_its_kind_exactly(api_version: str, kind_name: str, expected: str):
    assert name_of(find(ALL_KINDS, api_version, kind_name)) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("pods", "Pod"),
        ("pod", "Pod"),
        ("po", "Pod"),
        ("PODS", "Pod"),
        ("isvc", "InferenceService"),
        ("InferenceService", "InferenceService"),
        ("inferenceservices.serving.kserve.io", "InferenceService"),
        ("isvc.serving", "InferenceService"),
        ("inferenceservices.v1beta1.serving.kserve.io", "InferenceService"),
        ("inferenceservices.v1.serving.kserve.io", ""),
        ("destinationrules.v1beta1.networking.istio.io", "DestinationRule"),
        ("events.v1.", "Event"),
        ("clusters.cluster.karmada.io", "Cluster"),
        ("pods.apps", ""),
        ("nothing", ""),
        ("", ""),
    ],
)
def test_a_word_names_a_kind_as_for_kubectl(word: str, expected: str):
    assert name_of(find_by_name(ALL_KINDS, word)) == expected


@pytest.mark.parametrize("kinds", SERVERS)
def test_no_two_kinds_of_a_server_share_a_name(kinds: tuple[Kind, ...]):
    words = [word for kind in kinds for word in {kind.plural, kind.name.lower(), *kind.short_names}]
    assert sorted(words) == sorted(set(words))
    assert len({kind.resource for kind in kinds}) == len(kinds)


@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.name)
def test_every_kind_is_whole(kind: Kind):
    assert issubclass(kind.struct, Object)
    assert kind.plural == kind.plural.lower()
    assert kind.has_status == ("status" in kind.struct.__struct_fields__)
    assert find_by_name([kind], kind.resource) is kind
    assert not kind.columns or any(column.name == "Name" for column in kind.columns)


def test_what_only_runs_in_members_is_not_served_by_the_hub():
    only_in_members = {kind.name for kind in MEMBER_KINDS} - {kind.name for kind in HUB_KINDS}
    assert only_in_members == {"Pod", "Node", "Service", "EndpointSlice", "Revision"}
