"""Kinds that users define, on their way to members and back (examples/custom-kind)."""

from pathlib import Path
from typing import Any

import pytest

from tests.federation.fleet import Federation, exists, identities
from tradewind.resources.core_kinds import NAMESPACE
from tradewind.resources.custom_definition import CUSTOM_RESOURCE_DEFINITION
from tradewind.resources.custom_kinds import custom_kinds
from tradewind.resources.kinds import Kind
from tradewind.resources.manifests import parse_manifests
from tradewind.resources.registry import HUB_KINDS, find
from tradewind.resources.work import CLUSTER_RESOURCE_BINDING, RESOURCE_BINDING, WORK

EXAMPLE = Path(__file__).parents[2] / "examples" / "custom-kind"
DEFINITION = "datasets.data.example.com"


def manifests() -> list[dict[str, Any]]:
    """The example's, the objects before what defines and selects them."""
    names = ("definition.yaml", "object.yaml", "policies.yaml")
    return [one.manifest for name in names for one in parse_manifests((EXAMPLE / name).read_text(), name)]


async def dataset_kind(fleet: Federation) -> Kind:
    (kind,) = custom_kinds((await fleet.hub.list(CUSTOM_RESOURCE_DEFINITION)).items)
    return kind


async def create(fleet: Federation, manifest: dict[str, Any]) -> None:
    kind = find(HUB_KINDS, manifest["apiVersion"], manifest["kind"]) or await dataset_kind(fleet)
    await fleet.hub.create(kind, manifest)


@pytest.fixture
async def fleet():
    made = Federation(identities(us_east="us-east-1", eu_west="eu-west-1"))
    await made.start()
    return made


async def test_a_definition_and_its_objects_arrive_together_on_the_first_try(fleet):
    for manifest in manifests():
        await create(fleet, manifest)
    await fleet.settle()
    kind = await dataset_kind(fleet)
    for member in fleet.members.values():
        assert (await member.get(kind, "ml", "transactions"))["spec"] == {
            "uri": "s3://data/transactions",
            "format": "parquet",
            "splits": {"train": 80, "test": 20},
        }
    binding = await fleet.hub.get(RESOURCE_BINDING, "ml", "transactions-dataset")
    assert {one["name"] for one in binding["spec"]["clusters"]} == set(fleet.members)
    assert "replicas" not in binding["spec"]


async def test_status_comes_back_cluster_by_cluster(fleet):
    for manifest in manifests():
        await create(fleet, manifest)
    await fleet.settle()
    kind = await dataset_kind(fleet)
    known = await fleet.members["us-east"].get(kind, "ml", "transactions")
    await fleet.members["us-east"].update_status(kind, {**known, "status": {"rows": 7}})
    await fleet.settle()
    binding = await fleet.hub.get(RESOURCE_BINDING, "ml", "transactions-dataset")
    told = {one["clusterName"]: one.get("status") for one in binding["status"]["aggregatedStatus"]}
    assert told == {"us-east": {"rows": 7}, "eu-west": None}


async def test_a_member_without_the_definition_gets_nothing_and_the_binding_says_why(fleet):
    for manifest in manifests():
        if manifest["kind"] != "ClusterPropagationPolicy":
            await create(fleet, manifest)
    await fleet.settle()
    binding = await fleet.hub.get(RESOURCE_BINDING, "ml", "transactions-dataset")
    (scheduled,) = (one for one in binding["status"]["conditions"] if one["type"] == "Scheduled")
    assert scheduled["status"] == "False"
    assert "2 cluster(s) did not have the API resource" in scheduled["message"]


async def test_a_work_tells_which_definition_is_missing_and_is_done_when_that_comes(fleet):
    for manifest in manifests():
        await create(fleet, manifest)
    await fleet.settle()
    kind = await dataset_kind(fleet)
    fleet.processes["hub"].is_paused = True
    definition = await fleet.hub.get(CLUSTER_RESOURCE_BINDING, "", f"{DEFINITION}-customresourcedefinition")
    await remove_definition_work(fleet)
    assert not await exists(fleet.members["us-east"], CUSTOM_RESOURCE_DEFINITION, "", DEFINITION)
    work = await dataset_work(fleet)
    (applied,) = (one for one in work["status"]["conditions"] if one["type"] == "Applied")
    assert "cluster us-east serves no kind Dataset of data.example.com/v1; propagate" in applied["message"]
    assert definition["spec"]["clusters"]
    fleet.processes["hub"].is_paused = False
    await fleet.settle()
    assert await exists(fleet.members["us-east"], kind, "ml", "transactions")


async def remove_definition_work(fleet: Federation) -> None:
    works = (await fleet.hub.list(WORK, "karmada-es-us-east")).items
    (name,) = (one["metadata"]["name"] for one in works if one["metadata"]["name"].startswith(DEFINITION))
    await fleet.hub.delete(WORK, "karmada-es-us-east", name)
    await fleet.settle()


async def dataset_work(fleet: Federation) -> dict[str, Any]:
    works = (await fleet.hub.list(WORK, "karmada-es-us-east")).items
    (work,) = (one for one in works if one["metadata"]["name"].startswith("transactions"))
    return work


async def test_deleting_the_definition_at_the_hub_takes_everything_along(fleet):
    for manifest in manifests():
        await create(fleet, manifest)
    await fleet.settle()
    await fleet.hub.delete(CUSTOM_RESOURCE_DEFINITION, "", DEFINITION)
    await fleet.settle()
    for client in (fleet.hub, *fleet.members.values()):
        assert (await client.list(CUSTOM_RESOURCE_DEFINITION)).items == []
        assert await exists(client, NAMESPACE, "", "ml")
    assert (await fleet.hub.list(RESOURCE_BINDING)).items == []
    assert (await fleet.hub.list(WORK)).items == []


async def test_a_change_of_the_definition_reaches_the_members_and_their_objects(fleet):
    for manifest in manifests():
        await create(fleet, manifest)
    await fleet.settle()
    definition = await fleet.hub.get(CUSTOM_RESOURCE_DEFINITION, "", DEFINITION)
    (version,) = definition["spec"]["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    spec["owner"] = {"type": "string", "default": "nobody"}
    await fleet.hub.update(CUSTOM_RESOURCE_DEFINITION, definition)
    await fleet.settle()
    kind = await dataset_kind(fleet)
    for member in fleet.members.values():
        assert (await member.get(kind, "ml", "transactions"))["spec"]["owner"] == "nobody"
