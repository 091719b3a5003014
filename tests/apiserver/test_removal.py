"""Deletion and what follows from it."""

import pytest

from tests.apiserver.world import config_map, owned_by, pod
from tradewind.resources.core_kinds import CONFIG_MAP, NAMESPACE, NODE, POD, SECRET
from tradewind.resources.status import ApiError


async def test_an_object_without_finalizers_goes_at_once(world):
    await world.create(CONFIG_MAP, config_map())
    assert (await world.delete(CONFIG_MAP, "a")).gone
    with pytest.raises(ApiError, match="not found"):
        world.get(CONFIG_MAP, "a")
    with pytest.raises(ApiError, match="not found"):
        await world.delete(CONFIG_MAP, "a")


async def test_finalizers_come_first(world):
    await world.create(CONFIG_MAP, config_map(finalizers=["x.io/y", "x.io/z"]))
    assert not (await world.delete(CONFIG_MAP, "a")).gone
    marked = world.get(CONFIG_MAP, "a")
    assert marked["metadata"]["deletionTimestamp"] == "2027-01-15T08:00:00Z"
    assert not (await world.delete(CONFIG_MAP, "a")).gone, "asking again changes nothing"
    assert world.get(CONFIG_MAP, "a") == marked
    await world.update(CONFIG_MAP, config_map(finalizers=["x.io/z"]))
    assert world.names(CONFIG_MAP) == ["a"]
    with pytest.raises(ApiError, match="no new finalizers"):
        await world.update(CONFIG_MAP, config_map(finalizers=["x.io/z", "x.io/new"]))
    written = await world.objects.update(CONFIG_MAP, config_map())
    assert written.gone
    assert world.names(CONFIG_MAP) == []


async def test_a_pod_on_a_node_goes_when_its_node_says_so(world):
    await world.create(POD, pod(node="n1"))
    await world.delete(POD, "p")
    assert world.get(POD, "p")["metadata"]["deletionGracePeriodSeconds"] == 30
    await world.objects.update_status(POD, pod(node="n1") | {"status": {"phase": "Running"}})
    assert (await world.delete(POD, "p", grace_seconds=0)).gone


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"uid": "other"}, "the UID in the precondition (other) does not match"),
        ({"resource_version": "1"}, "the ResourceVersion in the precondition (1) does not match"),
    ],
)
async def test_a_deletion_can_say_which_object_it_means(world, options, says):
    stored = await world.create(CONFIG_MAP, config_map())
    with pytest.raises(ApiError) as raised:
        await world.delete(CONFIG_MAP, "a", **options)
    assert raised.value.code == 409
    assert says in raised.value.message
    await world.delete(
        CONFIG_MAP, "a", uid=stored["metadata"]["uid"], resource_version=stored["metadata"]["resourceVersion"]
    )


async def test_dependents_go_with_their_owner_in_one_step_and_so_on(world):
    owner = await world.create(CONFIG_MAP, config_map("owner"))
    child = await world.create(CONFIG_MAP, config_map("child", ownerReferences=owned_by(owner)))
    await world.create(CONFIG_MAP, config_map("grandchild", ownerReferences=owned_by(child)))
    await world.create(POD, pod("bound", "n1", ownerReferences=owned_by(child)))
    await world.create(CONFIG_MAP, config_map("held", ownerReferences=owned_by(owner), finalizers=["x.io/y"]))
    await world.create(CONFIG_MAP, config_map("bystander"))
    await world.delete(CONFIG_MAP, "owner")
    assert world.names(CONFIG_MAP) == ["bystander", "held"]
    assert "deletionTimestamp" in world.get(CONFIG_MAP, "held")["metadata"]
    assert world.get(POD, "bound")["metadata"]["deletionGracePeriodSeconds"] == 30


async def test_one_of_several_owners_is_enough(world):
    one = await world.create(CONFIG_MAP, config_map("one"))
    two = await world.create(CONFIG_MAP, config_map("two"))
    await world.create(CONFIG_MAP, config_map("child", ownerReferences=owned_by(one) + owned_by(two)))
    await world.delete(CONFIG_MAP, "one")
    assert world.names(CONFIG_MAP) == ["child", "two"]
    await world.delete(CONFIG_MAP, "two")
    assert world.names(CONFIG_MAP) == []


async def test_dependents_of_an_owner_that_waits_for_its_finalizer_wait_too(world):
    owner = await world.create(CONFIG_MAP, config_map("owner", finalizers=["x.io/y"]))
    await world.create(CONFIG_MAP, config_map("child", ownerReferences=owned_by(owner)))
    await world.delete(CONFIG_MAP, "owner")
    assert world.names(CONFIG_MAP) == ["child", "owner"]
    await world.update(CONFIG_MAP, config_map("owner"))
    assert world.names(CONFIG_MAP) == []


async def test_what_is_created_for_an_owner_that_is_gone_goes_at_once(world):
    """A controller may be late: its owner was deleted, and perhaps another of the same name created."""
    owner = await world.create(CONFIG_MAP, config_map("owner"))
    await world.delete(CONFIG_MAP, "owner")
    await world.create(CONFIG_MAP, config_map("owner"))
    with world.objects.watch(CONFIG_MAP, "d", world.objects.revision) as stream:
        created = await world.create(CONFIG_MAP, config_map("late", ownerReferences=owned_by(owner)))
        assert created["metadata"]["name"] == "late"
        assert [event.type for event in await stream.next(5)] == ["ADDED", "DELETED"]


async def test_an_owner_of_a_kind_that_is_not_served_here_counts_as_existing(world):
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "x", "uid": "y"}
    await world.create(CONFIG_MAP, config_map(ownerReferences=[reference]))
    assert world.names(CONFIG_MAP) == ["a"]


async def test_a_cluster_scoped_owner(world):
    node = await world.create(NODE, {"metadata": {"name": "n1"}})
    await world.create(CONFIG_MAP, config_map(ownerReferences=owned_by(node)))
    await world.delete(NODE, "n1", "")
    assert world.names(CONFIG_MAP) == []


async def test_new_owners_of_an_object_count(world):
    first = await world.create(CONFIG_MAP, config_map("first"))
    second = await world.create(CONFIG_MAP, config_map("second"))
    await world.create(CONFIG_MAP, config_map("child", ownerReferences=owned_by(first)))
    await world.update(CONFIG_MAP, config_map("child", ownerReferences=owned_by(second)))
    await world.delete(CONFIG_MAP, "first")
    assert world.names(CONFIG_MAP) == ["child", "second"]


async def test_a_namespace_takes_its_content_with_it(world):
    await world.create(CONFIG_MAP, config_map())
    await world.create(SECRET, {"metadata": {"name": "s", "namespace": "d"}})
    await world.create(CONFIG_MAP, config_map(namespace="other"))
    assert (await world.delete(NAMESPACE, "d", "")).gone
    assert world.names(NAMESPACE) == ["other"]
    assert (world.names(CONFIG_MAP), world.names(SECRET)) == (["a"], [])


async def test_a_namespace_waits_for_what_must_wait_and_takes_nothing_new(world):
    await world.create(POD, pod(node="n1"))
    await world.create(CONFIG_MAP, config_map())
    assert not (await world.delete(NAMESPACE, "d", "")).gone
    status = world.get(NAMESPACE, "d")["status"]
    assert status["phase"] == "Terminating"
    assert {one["type"]: (one["status"], one["message"]) for one in status["conditions"][3:]} == {
        "NamespaceContentRemaining": ("True", "Some resources are remaining: pods. has 1 resource instances"),
        "NamespaceFinalizersRemaining": ("False", "All content-preserving finalizers finished"),
    }
    assert world.names(CONFIG_MAP) == []
    with pytest.raises(ApiError) as raised:
        await world.create(CONFIG_MAP, config_map("late"))
    assert raised.value.code == 403
    assert "because it is being terminated" in raised.value.message
    labelled = world.get(NAMESPACE, "d")
    labelled["metadata"]["labels"]["x"] = "y"
    await world.update(NAMESPACE, labelled)
    assert world.names(NAMESPACE) == ["d"], "a change of the namespace does not remove it before its content"
    await world.delete(NAMESPACE, "d", "")
    assert world.names(POD) == ["p"]
    await world.delete(POD, "p", grace_seconds=0)
    assert world.names(NAMESPACE) == []


async def test_a_large_namespace_goes_in_one_step(world):
    owner = await world.create(CONFIG_MAP, config_map("owner"))
    for number in range(500):
        await world.create(CONFIG_MAP, config_map(f"c{number}", ownerReferences=owned_by(owner)))
    before = world.objects.revision
    await world.delete(NAMESPACE, "d", "")
    assert world.names(CONFIG_MAP) == []
    assert world.objects.revision - before <= 503, "every object was written once, the namespace twice"
