"""What becomes of the dependents of an object that is deleted: background, foreground, orphan."""

import asyncio

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from tests.apiserver.world import World, config_map, owned_by, pod
from tradewind.resources.core_kinds import CONFIG_MAP, POD
from tradewind.resources.status import ApiError

HELD = "x.io/held"
BLOCKS = {"blockOwnerDeletion": True}


async def family(world, block: bool = True, **child):
    owner = await world.create(CONFIG_MAP, config_map("owner"))
    references = owned_by(owner, blockOwnerDeletion=block)
    return owner, await world.create(CONFIG_MAP, config_map("child", ownerReferences=references, **child))


async def release(world, name: str) -> None:
    held = world.get(CONFIG_MAP, name)
    held["metadata"]["finalizers"] = [one for one in held["metadata"]["finalizers"] if one != HELD]
    await world.update(CONFIG_MAP, held)


async def test_orphans_stay_without_a_trace_of_their_owner(world):
    await family(world)
    assert (await world.delete(CONFIG_MAP, "owner", propagation="Orphan")).gone
    assert world.names(CONFIG_MAP) == ["child"]
    assert "ownerReferences" not in world.get(CONFIG_MAP, "child")["metadata"]


async def test_an_orphan_finalizer_on_the_object_is_as_good_as_the_option(world):
    owner, _ = await family(world)
    owner["metadata"]["finalizers"] = ["orphan"]
    await world.update(CONFIG_MAP, owner)
    await world.delete(CONFIG_MAP, "owner")
    assert world.names(CONFIG_MAP) == ["child"]


async def test_in_the_foreground_nobody_waits_for_what_goes_at_once(world):
    await family(world)
    assert (await world.delete(CONFIG_MAP, "owner", propagation="Foreground")).gone
    assert world.names(CONFIG_MAP) == []


async def test_in_the_foreground_the_owner_goes_last(world):
    await family(world, finalizers=[HELD])
    assert not (await world.delete(CONFIG_MAP, "owner", propagation="Foreground")).gone
    waiting = world.get(CONFIG_MAP, "owner")["metadata"]
    assert waiting["finalizers"] == ["foregroundDeletion"]
    assert waiting["deletionGracePeriodSeconds"] == 0
    assert "deletionTimestamp" in world.get(CONFIG_MAP, "child")["metadata"]
    await release(world, "child")
    assert world.names(CONFIG_MAP) == []


async def test_an_owner_waits_only_for_those_that_block_it(world):
    await family(world, block=False, finalizers=[HELD])
    assert (await world.delete(CONFIG_MAP, "owner", propagation="Foreground")).gone
    assert "deletionTimestamp" in world.get(CONFIG_MAP, "child")["metadata"]


async def test_a_dependent_that_lets_go_of_its_owner_frees_it(world):
    _, child = await family(world, finalizers=[HELD])
    await world.delete(CONFIG_MAP, "owner", propagation="Foreground")
    child = world.get(CONFIG_MAP, "child")
    del child["metadata"]["ownerReferences"]
    await world.update(CONFIG_MAP, child)
    assert world.names(CONFIG_MAP) == ["child"]


async def test_a_policy_asked_for_later_counts(world):
    await family(world, finalizers=[HELD])
    await world.delete(CONFIG_MAP, "owner", propagation="Foreground")
    assert (await world.delete(CONFIG_MAP, "owner", propagation="Background")).gone


async def test_a_dependent_with_another_owner_stays_and_forgets_the_one_that_went(world):
    owner = await world.create(CONFIG_MAP, config_map("owner"))
    other = await world.create(CONFIG_MAP, config_map("other"))
    references = owned_by(owner, **BLOCKS) + owned_by(other)
    for policy in ("Background", "Foreground"):
        await world.create(CONFIG_MAP, config_map(policy.lower(), ownerReferences=references))
    await world.delete(CONFIG_MAP, "owner", propagation="Foreground")
    for name in ("background", "foreground"):
        assert world.get(CONFIG_MAP, name)["metadata"]["ownerReferences"] == owned_by(other)


async def test_pods_keep_their_grace_while_their_owner_waits_for_them(world):
    owner = await world.create(CONFIG_MAP, config_map("owner"))
    await world.create(POD, pod(node="n1", ownerReferences=owned_by(owner, **BLOCKS)))
    assert not (await world.delete(CONFIG_MAP, "owner", propagation="Foreground")).gone
    assert world.get(POD, "p")["metadata"]["deletionGracePeriodSeconds"] == 30
    assert (await world.delete(POD, "p", grace_seconds=0)).gone
    assert world.names(CONFIG_MAP) == []


async def test_the_older_finalizers_of_a_foreground_deletion_are_waited_for_too(world):
    owner = await world.create(CONFIG_MAP, config_map("owner", finalizers=[HELD]))
    await world.create(CONFIG_MAP, config_map("child", ownerReferences=owned_by(owner, **BLOCKS)))
    await world.delete(CONFIG_MAP, "owner", propagation="Foreground")
    assert world.get(CONFIG_MAP, "owner")["metadata"]["finalizers"] == [HELD]
    assert world.names(CONFIG_MAP) == ["owner"]


async def test_a_dry_run_leaves_everyone_alone(world):
    await family(world)
    for policy in ("Orphan", "Foreground", "Background"):
        before = world.objects.revision
        answered = await world.delete(CONFIG_MAP, "owner", propagation=policy, dry_run=True)
        assert answered.entry.key.name == "owner"
        assert world.objects.revision == before


async def test_both_finalizers_at_once_are_refused(world):
    with pytest.raises(ApiError, match="finalizer orphan and foregroundDeletion cannot be both set"):
        await world.create(CONFIG_MAP, config_map(finalizers=["orphan", "foregroundDeletion"]))


# An owner graph: for each object the owners it names, and whether it blocks their deletion. An owner may
# come later than its dependent, so that there are circles; number 99 never exists.
NUMBERS = range(7)
GRAPHS = st.fixed_dictionaries(
    {
        number: st.dictionaries(st.sampled_from([*NUMBERS, 99]), st.booleans(), max_size=3)
        for number in NUMBERS
    }
)


def expected_left(graph: dict[int, dict[int, bool]], victim: int, policy: str) -> set[int]:
    """Who is left once everyone has let go: those with an owner that is left, or with none named at all."""
    gone = {victim}
    if policy == "Orphan":
        return set(graph) - gone
    while more := {
        number
        for number, owners in graph.items()
        if number not in gone and owners and all(owner in gone or owner == 99 for owner in owners)
    }:
        gone |= more
    return set(graph) - gone


async def build(world: World, graph: dict[int, dict[int, bool]], held: set[int]) -> None:
    made = {}
    for number in graph:
        finalizers = [HELD] if number in held else []
        made[number] = await world.create(CONFIG_MAP, config_map(f"n{number}", finalizers=finalizers))
    absent = next(iter(made.values())) | {
        "metadata": {"name": "n99", "uid": "00000000-0000-4000-8000-999999999999"}
    }
    for number, owners in graph.items():
        references = [
            one
            for owner, block in owners.items()
            for one in owned_by(absent if owner == 99 else made[owner], blockOwnerDeletion=block)
        ]
        if references:
            metadata = world.get(CONFIG_MAP, f"n{number}")["metadata"] | {"ownerReferences": references}
            await world.update(CONFIG_MAP, config_map() | {"metadata": metadata})


def check_invariants(world: World) -> None:
    """Nobody is left without an owner unless it is going; who waits in the foreground has a reason to."""
    there = {name: world.get(CONFIG_MAP, name)["metadata"] for name in world.names(CONFIG_MAP)}
    uids = {metadata["uid"] for metadata in there.values()}
    blocked = {
        reference["uid"]
        for metadata in there.values()
        for reference in metadata.get("ownerReferences", [])
        if reference.get("blockOwnerDeletion")
    }
    for name, metadata in there.items():
        owners = metadata.get("ownerReferences", [])
        if owners and "deletionTimestamp" not in metadata:
            assert any(one["uid"] in uids for one in owners), f"{name} has lost every owner"
        if "foregroundDeletion" in metadata.get("finalizers", []):
            assert metadata["uid"] in blocked, f"{name} waits for nobody"


@settings(max_examples=200, deadline=None)
@given(
    graph=GRAPHS,
    victim=st.sampled_from(NUMBERS),
    policy=st.sampled_from(["Background", "Foreground", "Orphan"]),
    held=st.sets(st.sampled_from(NUMBERS)),
    data=st.data(),
)
def test_on_any_owner_graph_exactly_the_right_objects_are_left(graph, victim, policy, held, data):
    """Objects may be held by a finalizer; they are let go one after another, in any order."""
    # Who names only owners that never existed goes before anything is deleted; leave those out.
    graph = {number: owners for number, owners in graph.items() if set(owners) != {99}}
    graph = {
        number: {owner: block for owner, block in owners.items() if owner in graph or owner == 99}
        for number, owners in graph.items()
    }
    if victim not in graph or any(set(owners) == {99} for owners in graph.values()):
        return
    held &= set(graph)

    note(f"{graph=} {victim=} {policy=} {held=}")

    async def run() -> None:
        world = World()
        await build(world, graph, held)
        await world.delete(CONFIG_MAP, f"n{victim}", propagation=policy)
        check_invariants(world)
        going = [f"n{number}" for number in data.draw(st.permutations(sorted(held)))]
        for name in going:
            await release(world, name)
            check_invariants(world)
        left = expected_left(graph, victim, policy)
        assert set(world.names(CONFIG_MAP)) == {f"n{number}" for number in left}, graph
        for number in left:
            assert "deletionTimestamp" not in world.get(CONFIG_MAP, f"n{number}")["metadata"]
        await world.store.close()

    asyncio.run(run())
