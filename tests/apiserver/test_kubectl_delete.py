"""How the real kubectl deletes, waits and lists in parts."""

import asyncio

import pytest

from tests.apiserver.world import config_map, manifest_of, owned_by, pod
from tradewind.resources.core_kinds import CONFIG_MAP, POD

SECONDS = 15.0
MAPS = "/api/v1/namespaces/d/configmaps"


async def create(api, kind, manifest):
    return manifest_of((await api.objects.create(kind, manifest)).entry)


async def until(holds) -> None:
    deadline = asyncio.get_running_loop().time() + SECONDS
    while not holds():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)


def left(api, kind=CONFIG_MAP) -> list[str]:
    return [entry.key.name for entry in api.objects.page(kind, "d").entries]


async def family(api, **child):
    owner = await create(api, CONFIG_MAP, config_map("owner"))
    references = owned_by(owner, blockOwnerDeletion=True)
    await create(api, CONFIG_MAP, config_map("child", ownerReferences=references, **child))


@pytest.mark.parametrize(
    ("cascade", "stays"), [("background", []), ("foreground", []), ("orphan", ["child"])]
)
async def test_cascade(api, cascade, stays):
    await family(api)
    done = await api.kubectl("delete", "configmap", "owner", f"--cascade={cascade}")
    assert (done.code, left(api)) == (0, stays), done.err


async def test_foreground_waits_for_the_dependents(api):
    await family(api, finalizers=["x.io/held"])
    deleting = await api.start_kubectl(
        "delete", "configmap", "owner", "--cascade=foreground", "--timeout=20s"
    )
    await until(lambda: b"deletionTimestamp" in api.objects.get(CONFIG_MAP, "d", "child").data)
    assert deleting.returncode is None
    patch = '{"metadata": {"finalizers": null}}'
    assert (await api.kubectl("patch", "configmap", "child", "--type=merge", "-p", patch)).code == 0
    await asyncio.wait_for(deleting.communicate(), 20)
    assert (deleting.returncode, left(api)) == (0, [])


@pytest.mark.parametrize(
    ("flags", "grace"),
    [(["--wait=false"], 30), (["--now", "--wait=false"], 1), (["--grace-period=7", "--wait=false"], 7)],
)
async def test_the_grace_of_pods(api, flags, grace):
    await create(api, POD, pod(node="n1"))
    done = await api.kubectl("delete", "pod", "p", *flags)
    assert done.code == 0, done.err
    assert manifest_of(api.objects.get(POD, "d", "p"))["metadata"]["deletionGracePeriodSeconds"] == grace


async def test_force(api):
    await create(api, POD, pod(node="n1"))
    done = await api.kubectl("delete", "pod", "p", "--force")
    assert (done.code, "force deleted" in done.out, left(api, POD)) == (0, True, []), done.err


async def test_all_of_a_kind_and_by_label(api):
    for name in "abc":
        await create(api, CONFIG_MAP, config_map(name, labels={"x": "y"} if name == "a" else {}))
    assert (await api.kubectl("delete", "configmaps", "-l", "x=y")).code == 0
    assert left(api) == ["b", "c"]
    assert (await api.kubectl("delete", "configmaps", "--all", "--dry-run=server")).code == 0
    assert left(api) == ["b", "c"]
    assert (await api.kubectl("delete", "configmaps", "--all")).code == 0
    assert left(api) == []


@pytest.mark.parametrize(
    ("condition", "change"),
    [
        ("--for=delete", "delete"),
        ("--for=jsonpath={.data.key}=new", "update"),
        ("--for=create", "create"),
    ],
)
async def test_wait(api, condition, change):
    if change != "create":
        await create(api, CONFIG_MAP, config_map())
    waiting = await api.start_kubectl("wait", "configmap/a", condition, "--timeout=15s")
    if change == "create":  # asked for again and again, not watched
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(waiting.wait(), 0.5)
    else:
        await until(lambda: api.store._watches.get("configmaps"))
    if change == "delete":
        await api.objects.delete(CONFIG_MAP, "d", "a")
    elif change == "update":
        await api.objects.update(CONFIG_MAP, config_map(data={"key": "new"}))
    else:
        await create(api, CONFIG_MAP, config_map())
    _, err = await asyncio.wait_for(waiting.communicate(), 20)
    assert waiting.returncode == 0, err.decode()


async def test_wait_for_a_condition(api):
    await create(api, POD, pod())
    waiting = await api.start_kubectl("wait", "pod/p", "--for=condition=Ready", "--timeout=15s")
    await until(lambda: api.store._watches.get("pods"))
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    await api.objects.update_status(POD, pod() | {"status": ready})
    _, err = await asyncio.wait_for(waiting.communicate(), 20)
    assert waiting.returncode == 0, err.decode()


async def test_lists_in_chunks_and_raw(api):
    for number in range(25):
        await create(api, CONFIG_MAP, config_map(f"n{number:02}"))
    shown = await api.kubectl("get", "configmaps", "--chunk-size=4", "-o", "name")
    assert shown.out.split() == [f"configmap/n{number:02}" for number in range(25)]
    raw = await api.kubectl("get", "--raw", f"{MAPS}/n00")
    assert raw.out == api.objects.get(CONFIG_MAP, "d", "n00").data.decode()


async def test_a_namespace_that_was_not_there(api):
    done = await api.kubectl("create", "configmap", "a", "-n", "fresh")
    assert done.code == 0
    assert 'Warning: namespace "fresh" did not exist and was created' in done.err
    await api.objects.ensure_namespaces()
    refused = await api.kubectl("delete", "namespace", "default")
    assert (refused.code, "this namespace may not be deleted" in refused.err) == (1, True)
    assert (await api.kubectl("delete", "namespace", "fresh")).code == 0


async def test_an_immutable_object_and_a_pod_say_what_may_change(api):
    await create(api, CONFIG_MAP, config_map() | {"immutable": True})
    await create(api, POD, pod())
    for what, patch, says in (
        (
            "configmap/a",
            '{"data": {"key": "new"}}',
            "data: Forbidden: field is immutable when `immutable` is",
        ),
        ("pod/p", '{"spec": {"hostNetwork": true}}', "pod updates may not change fields other than"),
    ):
        refused = await api.kubectl("patch", what, "-p", patch)
        assert (refused.code, says in refused.err) == (1, True), refused.err
