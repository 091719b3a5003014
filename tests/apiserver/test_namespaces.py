"""Namespaces: from the start, on demand, forever, and going."""

import pytest

from tests.apiserver.world import config_map, pod
from tradewind.apiserver.namespaces import with_remaining
from tradewind.resources.core_kinds import CONFIG_MAP, NAMESPACE, POD
from tradewind.resources.status import ApiError
from tradewind.store.entries import Key

FIRST = ["default", "kube-node-lease", "kube-public", "kube-system"]


async def test_four_namespaces_are_there_from_the_start(world):
    await world.objects.ensure_namespaces()
    assert world.names(NAMESPACE) == FIRST
    revision = world.objects.revision
    await world.objects.ensure_namespaces()
    assert world.objects.revision == revision, "once is enough"
    namespace = world.get(NAMESPACE, "default")
    assert namespace["spec"] == {"finalizers": ["kubernetes"]}
    assert namespace["status"] == {"phase": "Active"}
    assert namespace["metadata"]["labels"] == {"kubernetes.io/metadata.name": "default"}


async def test_a_start_in_the_middle_of_a_deletion_goes_well(world):
    await world.objects.ensure_namespaces()
    await world.create(POD, pod(node="n1") | {"metadata": {"name": "p", "namespace": "kube-node-lease"}})
    assert not (await world.delete(NAMESPACE, "kube-node-lease", "")).gone
    await world.objects.ensure_namespaces()
    assert world.names(NAMESPACE) == FIRST


@pytest.mark.parametrize("name", ["default", "kube-system", "kube-public"])
async def test_some_namespaces_stay(world, name):
    await world.objects.ensure_namespaces()
    with pytest.raises(ApiError) as raised:
        await world.delete(NAMESPACE, name, "")
    error = raised.value
    assert (error.code, error.reason) == (403, "Forbidden")
    assert error.message == f'namespaces "{name}" is forbidden: this namespace may not be deleted'


async def test_who_writes_into_a_namespace_that_is_not_there_is_told(world):
    written = await world.objects.create(CONFIG_MAP, config_map())
    assert written.warnings == ('namespace "d" did not exist and was created',)
    assert (await world.objects.create(CONFIG_MAP, config_map("b"))).warnings == ()


async def test_finalizers_of_the_spec_are_not_for_an_update(world):
    await world.create(NAMESPACE, {"metadata": {"name": "x"}})
    updated = await world.update(NAMESPACE, {"metadata": {"name": "x", "labels": {"a": "b"}}, "spec": {}})
    assert updated["spec"] == {"finalizers": ["kubernetes"]}
    assert updated["metadata"]["labels"] == {"a": "b", "kubernetes.io/metadata.name": "x"}


async def test_a_namespace_with_a_finalizer_of_its_own_is_terminating(world):
    await world.create(NAMESPACE, {"metadata": {"name": "x", "finalizers": ["x.io/y"]}})
    assert not (await world.delete(NAMESPACE, "x", "")).gone
    assert world.get(NAMESPACE, "x")["status"]["phase"] == "Terminating"
    await world.update(NAMESPACE, {"metadata": {"name": "x"}})
    assert "x" not in world.names(NAMESPACE)


def test_what_a_namespace_waits_for_is_said_and_since_when():
    held = {"metadata": {"finalizers": ["x.io/y"]}}
    keys = [
        Key("pods", "n", "p"),
        Key("works.work.karmada.io", "n", "a"),
        Key("works.work.karmada.io", "n", "b"),
    ]
    told = with_remaining({"status": {"phase": "Terminating"}}, dict.fromkeys(keys, held), 0)
    content, finalizers = told["status"]["conditions"][3:]
    assert content["message"] == (
        "Some resources are remaining: pods. has 1 resource instances, "
        "works.work.karmada.io has 2 resource instances"
    )
    assert finalizers["message"] == (
        "Some content in the namespace has finalizers remaining: x.io/y in 3 resource instances"
    )
    later = with_remaining(told, {keys[0]: {"metadata": {}}}, 60_000)
    content, finalizers = later["status"]["conditions"][3:]
    assert (content["status"], content["lastTransitionTime"]) == ("True", "1970-01-01T00:00:00Z")
    assert (finalizers["status"], finalizers["lastTransitionTime"]) == ("False", "1970-01-01T00:01:00Z")
    assert with_remaining(later, {keys[0]: {"metadata": {}}}, 90_000) == later
