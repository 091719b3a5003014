"""Roles and bindings that are there from the start, and come back at the next one."""

import pytest

from tests.apiserver.rbac import rule
from tests.apiserver.world import World
from tradewind.apiserver.access.bootstrap import AUTOUPDATE, bootstrap_objects
from tradewind.apiserver.bootstrapping import restore_roles
from tradewind.resources.rbac_kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING

READS = ("get", "list", "watch")


def rules_of(world: World, name: str) -> list[tuple[str, str, str]]:
    """Group, resource and verb of everything that a role allows."""
    return [
        (group, resource, verb)
        for one in world.get(CLUSTER_ROLE, name)["rules"]
        for group in one.get("apiGroups", [])
        for resource in one.get("resources", [])
        for verb in one["verbs"]
    ]


@pytest.fixture
async def started(world):
    await restore_roles(world.objects)
    return world


async def test_view_reads_and_reads_no_secrets(started):
    found = rules_of(started, "view")
    assert {verb for _, _, verb in found} <= set(READS)
    assert ("serving.kserve.io", "inferenceservices", "get") in found
    assert not [one for one in found if one[1].startswith(("secrets", "role", "clusterrole", "*"))]


async def test_edit_has_all_of_view_and_admin_all_of_edit(started):
    view, edit, admin = (set(rules_of(started, name)) for name in ("view", "edit", "admin"))
    assert view < edit < admin
    assert ("", "secrets", "update") in edit
    assert not [one for one in edit if one[1].startswith("role")]
    assert ("rbac.authorization.k8s.io", "rolebindings", "create") in admin


async def test_a_second_start_writes_nothing(started):
    before = started.objects.revision
    await restore_roles(started.objects)
    assert started.objects.revision == before


async def test_what_was_taken_away_comes_back_and_what_was_added_stays(started):
    role = started.get(CLUSTER_ROLE, "system:basic-user")
    everything = {*rules_of(started, "system:basic-user"), ("", "pods", "get")}
    kept = [*role["rules"][1:], rule("get", "pods")]
    await started.update(CLUSTER_ROLE, role | {"rules": kept})
    binding = started.get(CLUSTER_ROLE_BINDING, "system:discovery")
    mine = {"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "me"}
    await started.update(CLUSTER_ROLE_BINDING, binding | {"subjects": [mine]})
    await started.delete(CLUSTER_ROLE, "cluster-admin", "")
    await restore_roles(started.objects)
    assert set(rules_of(started, "system:basic-user")) == everything
    assert started.get(CLUSTER_ROLE_BINDING, "system:discovery")["subjects"] == [mine, *binding["subjects"]]
    assert rules_of(started, "cluster-admin") == [("*", "*", "*")]


async def test_what_is_marked_so_is_left_alone(started):
    role = started.get(CLUSTER_ROLE, "system:basic-user")
    role["metadata"]["annotations"][AUTOUPDATE] = "false"
    await started.update(CLUSTER_ROLE, role | {"rules": []})
    await restore_roles(started.objects)
    assert started.get(CLUSTER_ROLE, "system:basic-user")["rules"] == []


async def test_a_binding_that_gives_another_role_is_made_anew(started):
    wanted = started.get(CLUSTER_ROLE_BINDING, "system:basic-user")
    await started.delete(CLUSTER_ROLE_BINDING, "system:basic-user", "")
    other = {"roleRef": wanted["roleRef"] | {"name": "view"}, "metadata": {"name": "system:basic-user"}}
    await started.create(CLUSTER_ROLE_BINDING, wanted | other)
    await restore_roles(started.objects)
    assert started.get(CLUSTER_ROLE_BINDING, "system:basic-user")["roleRef"] == wanted["roleRef"]


def test_every_binding_gives_a_role_that_is_there():
    roles = {one["metadata"]["name"] for kind, one in bootstrap_objects() if kind is CLUSTER_ROLE}
    given = {one["roleRef"]["name"] for _, one in bootstrap_objects() if "roleRef" in one}
    assert given <= roles
