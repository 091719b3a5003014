"""metadata.managedFields of every write, through the rules of objects."""

from itertools import count

import pytest

from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.draft import decode_manifest
from tradewind.apiserver.objects import Objects, WriteOptions
from tradewind.resources.core_kinds import CONFIG_MAP, NAMESPACE, POD
from tradewind.resources.kinds import Kind
from tradewind.resources.networking import DESTINATION_RULE
from tradewind.resources.registry import ALL_KINDS
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.resources.status import ApiError
from tradewind.resources.times import time_text
from tradewind.store.entries import Key
from tradewind.store.store import memory_store

CM = {"metadata": {"name": "a", "namespace": "d", "labels": {"x": "1"}}, "data": {"k": "1"}}
CM_FIELDS = {"f:data": {".": {}, "f:k": {}}, "f:metadata": {"f:labels": {".": {}, "f:x": {}}}}


class Desk:
    """Objects whose clock says one second more for every write, and a short way to write to them."""

    def __init__(self) -> None:
        self.seconds = 0
        uids = count(1)
        self.objects = Objects(
            catalog(ALL_KINDS),
            memory_store(),
            lambda: 1000 * self.seconds,
            lambda: f"{next(uids):032x}",
        )

    def _options(self, manager, **options):
        self.seconds += 1
        return WriteOptions(manager=manager, **options)

    async def create(self, manifest, manager="m", kind=CONFIG_MAP):
        return _read(await self.objects.create(kind, manifest, self._options(manager)))

    async def update(self, manifest, manager="m", kind=CONFIG_MAP, **options):
        return _read(await self.objects.update(kind, manifest, self._options(manager, **options)))

    async def status(self, manifest, manager="m", kind=POD):
        return _read(await self.objects.update_status(kind, manifest, self._options(manager)))

    async def patch(self, manager, change, kind: Kind = CONFIG_MAP):
        key = Key(kind.resource, "d", "a")
        return _read(await self.objects.modify(kind, key, change, self._options(manager)))

    async def apply(self, config, manager="m", kind=CONFIG_MAP, status_only=False, **options):
        config = {"apiVersion": kind.api_version, "kind": kind.name} | config
        options = self._options(manager, **options)
        return _read(await self.objects.apply(kind, config, options, status_only=status_only))


@pytest.fixture
async def desk():
    return Desk()


def _read(written):
    return decode_manifest(written.entry.data)


def entries(manifest):
    return manifest["metadata"].get("managedFields", [])


def owners(manifest):
    """Manager, operation and subresource -> fields."""
    return {
        (one["manager"], one["operation"], one.get("subresource", "")): one["fieldsV1"]
        for one in entries(manifest)
    }


def data(**values):
    return {"metadata": {"name": "a", "namespace": "d"}, "data": values}


async def test_who_creates_owns_all_that_he_wrote(desk):
    made = await desk.create(CM, "kubectl-create")
    assert entries(made) == [
        {
            "manager": "kubectl-create",
            "operation": "Update",
            "apiVersion": "v1",
            "time": time_text(1000),
            "fieldsType": "FieldsV1",
            "fieldsV1": CM_FIELDS,
        }
    ]


async def test_a_client_without_a_name_is_unknown(desk):
    assert entries(await desk.create(CM, ""))[0]["manager"] == "unknown"


async def test_structs_of_kubernetes_kinds_are_nobodys_those_of_custom_kinds_are_owned(desk):
    """Upstream compares typed objects, whose structs are always there; those of custom kinds are not."""
    pod = {"metadata": {"name": "a", "namespace": "d"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    assert "." not in owners(await desk.create(pod, kind=POD))["m", "Update", ""]["f:spec"]
    service = {
        "metadata": {"name": "a", "namespace": "d"},
        "spec": {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://a/b"}}},
    }
    made = await desk.create(service, kind=INFERENCE_SERVICE)
    assert "." in owners(made)["m", "Update", ""]["f:spec"]


async def test_what_the_server_fills_in_is_nobodys(desk):
    made = await desk.create({"metadata": {"name": "team"}}, kind=NAMESPACE)
    assert made["spec"]["finalizers"] == ["kubernetes"]
    assert owners(made)["m", "Update", ""] == {
        "f:metadata": {"f:labels": {".": {}, "f:kubernetes.io/metadata.name": {}}}
    }


async def test_who_changes_a_field_takes_it_from_its_owner(desk):
    await desk.create(CM, "one")
    changed = await desk.patch("two", lambda old: old | {"data": {"k": "2", "l": "1"}})
    assert owners(changed) == {
        ("one", "Update", ""): CM_FIELDS | {"f:data": {}},
        ("two", "Update", ""): {"f:data": {"f:k": {}, "f:l": {}}},
    }


async def test_what_is_removed_is_nobodys(desk):
    await desk.create(CM, "one")
    changed = await desk.patch("two", lambda old: {**old, "data": {}})
    assert owners(changed)["one", "Update", ""]["f:data"] == {}
    changed = await desk.patch("two", lambda old: {name: one for name, one in old.items() if name != "data"})
    assert owners(changed) == {("one", "Update", ""): {"f:metadata": CM_FIELDS["f:metadata"]}}


async def test_a_write_that_changes_nothing_is_none(desk):
    made = await desk.create(CM, "one")
    assert await desk.update(CM, "two") == made
    assert await desk.update(made, "two") == made
    assert await desk.patch("two", lambda old: old) == made


async def test_times_are_those_of_the_last_change(desk):
    await desk.create(CM, "one")
    await desk.update(CM | {"data": {"k": "2"}}, "one")
    changed = await desk.update(CM | {"data": {"k": "2", "l": "1"}}, "two")
    assert [entry["time"] for entry in entries(changed)] == [time_text(2000), time_text(3000)]


async def test_status_is_owned_through_its_subresource(desk):
    pod = {"metadata": {"name": "a", "namespace": "d"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    made = await desk.create(pod | {"status": {"phase": "Running"}}, kind=POD)
    assert "f:status" not in owners(made)["m", "Update", ""]
    conditions = [{"type": "Ready", "status": "True"}, {"type": "Other", "status": "True"}]
    changed = await desk.status(made | {"status": {"phase": "Running", "conditions": conditions}}, "kubelet")
    assert owners(changed)["kubelet", "Update", "status"] == {
        "f:status": {
            "f:conditions": {
                ".": {},
                'k:{"type":"Other"}': {".": {}, "f:status": {}, "f:type": {}},
                'k:{"type":"Ready"}': {".": {}, "f:status": {}, "f:type": {}},
            },
            "f:phase": {},
        }
    }


async def test_at_most_ten_who_update_are_remembered(desk):
    await desk.create(data(k="0"), "first")
    for number in range(12):
        last = await desk.patch(
            f"m{number}", lambda old, n=number: old | {"data": old["data"] | {f"k{n}": "1"}}
        )
    found = owners(last)
    assert len(found) == 10
    assert set(found["ancient-changes", "Update", ""]["f:data"]) == {".", "f:k", "f:k0", "f:k1", "f:k2"}
    assert list(found)[-1] == ("m11", "Update", "")


@pytest.mark.parametrize("sent", [None, [{"manager": "x"}], [{"manager": "x", "operation": "Frob"}]])
async def test_owners_that_a_client_does_not_know_or_garbles_stay(desk, sent):
    made = await desk.create(CM, "one")
    again = CM | {"metadata": CM["metadata"] | ({} if sent is None else {"managedFields": sent})}
    assert await desk.update(again, "two") == made


@pytest.mark.parametrize("sent", [[], [{}]])
async def test_owners_are_forgotten_on_request_until_somebody_applies(desk, sent):
    await desk.create(CM, "one")
    reset = CM | {"metadata": CM["metadata"] | {"managedFields": sent}}
    assert entries(await desk.update(reset, "two")) == []
    assert entries(await desk.update(CM | {"data": {"k": "9"}}, "two")) == []
    applied = await desk.apply(data(l="1"), "three")
    assert owners(applied) == {
        ("three", "Apply", ""): {"f:data": {"f:l": {}}},
        ("before-first-apply", "Update", ""): CM_FIELDS,
    }


async def test_owners_can_be_rewritten(desk):
    """As `kubectl apply --server-side` does with those of client-side apply."""
    made = await desk.create(CM, "kubectl-client-side-apply")
    moved = [entries(made)[0] | {"manager": "kubectl", "operation": "Apply"}]
    changed = await desk.update(CM | {"metadata": CM["metadata"] | {"managedFields": moved}}, "kubectl")
    assert owners(changed) == {("kubectl", "Apply", ""): CM_FIELDS}
    assert changed["metadata"]["resourceVersion"] != made["metadata"]["resourceVersion"]


async def test_owners_that_are_no_list_are_an_error(desk):
    await desk.create(CM)
    with pytest.raises(ApiError, match="managedFields"):
        await desk.update(CM | {"metadata": CM["metadata"] | {"managedFields": "x"}})


async def test_owners_in_a_version_that_is_not_served_are_forgotten(desk):
    made = await desk.create(CM, "one")
    old = [entries(made)[0] | {"apiVersion": "v0"}, entries(made)[0]]
    changed = await desk.update(
        CM | {"metadata": CM["metadata"] | {"managedFields": old}, "data": {"k": "2"}}, "one"
    )
    assert {entry["apiVersion"] for entry in entries(changed)} == {"v1"}


async def test_versions_of_a_kind_are_remembered(desk):
    rule = {"metadata": {"name": "a", "namespace": "d"}, "spec": {"host": "h"}}
    await desk.create(rule, kind=DESTINATION_RULE)
    changed = await desk.update(
        rule | {"spec": {"host": "i"}}, kind=DESTINATION_RULE, api_version="networking.istio.io/v1"
    )
    assert [entry["apiVersion"] for entry in entries(changed)][-1] == "networking.istio.io/v1"


async def test_applying_creates(desk):
    made = await desk.apply(CM, "alice")
    assert owners(made) == {
        ("alice", "Apply", ""): {"f:data": {"f:k": {}}, "f:metadata": {"f:labels": {"f:x": {}}}}
    }
    assert await desk.apply(CM, "alice") == made


async def test_a_conflict_names_owners_and_fields(desk):
    await desk.create(data(k="1", l="1"), "one")
    with pytest.raises(ApiError) as raised:
        await desk.apply(data(k="2"), "alice")
    error = raised.value
    assert (error.code, error.reason) == (409, "Conflict")
    assert error.message == 'Apply failed with 1 conflict: conflict with "one" using v1: .data.k'
    assert error.details["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "one" using v1', "field": ".data.k"}
    ]
    await desk.apply(data(l="1"), "bob")
    with pytest.raises(ApiError) as raised:
        await desk.apply(data(k="2", l="2"), "alice")
    assert raised.value.message == (
        'Apply failed with 3 conflicts: conflicts with "bob":\n- .data.l\n'
        'conflicts with "one" using v1:\n- .data.k\n- .data.l'
    )


async def test_force_takes_and_co_owners_lose(desk):
    await desk.create(data(k="1"), "one")
    await desk.apply(data(k="1"), "alice")
    forced = await desk.apply(data(k="2"), "bob", force=True)
    assert owners(forced) == {
        ("bob", "Apply", ""): {"f:data": {"f:k": {}}},
        ("one", "Update", ""): {"f:data": {}},
    }


async def test_status_is_applied_through_its_subresource(desk):
    pod = {"metadata": {"name": "a", "namespace": "d"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    made = await desk.create(pod, kind=POD)
    config = {"metadata": pod["metadata"], "spec": {"nodeName": "x"}, "status": {"phase": "Running"}}
    changed = await desk.apply(config, "kubelet", POD, status_only=True)
    assert (changed["spec"], changed["status"]) == (
        made["spec"],
        {"phase": "Running", "qosClass": "BestEffort"},
    )
    assert owners(changed)["kubelet", "Apply", "status"] == {"f:status": {"f:phase": {}}}
    with pytest.raises(ApiError) as raised:
        await desk.apply({"metadata": {"name": "b", "namespace": "d"}}, "kubelet", POD, status_only=True)
    assert raised.value.reason == "NotFound"


async def test_an_apply_may_name_the_object_that_it_means(desk):
    with pytest.raises(ApiError, match="uid mismatch: the provided object specified uid u, and no existing"):
        await desk.apply({"metadata": {"name": "a", "namespace": "d", "uid": "u"}})
    made = await desk.apply(CM, "alice")
    stale = {"metadata": {"name": "a", "namespace": "d", "resourceVersion": "999999"}, "data": {"k": "2"}}
    with pytest.raises(ApiError, match="the object has been modified"):
        await desk.apply(stale, "alice")
    fresh = stale | {"metadata": stale["metadata"] | {"resourceVersion": made["metadata"]["resourceVersion"]}}
    assert (await desk.apply(fresh, "alice"))["data"] == {"k": "2"}


async def test_one_is_not_true(desk):
    """Equal in Python, not in JSON: the change must not be lost."""
    rule = {"metadata": {"name": "a", "namespace": "d"}, "spec": {"host": "h", "trafficPolicy": {"x": 1}}}
    await desk.create(rule, kind=DESTINATION_RULE)
    rule["spec"]["trafficPolicy"] = {"x": True}
    changed = await desk.update(rule, "two", DESTINATION_RULE)
    assert changed["spec"]["trafficPolicy"]["x"] is True
    assert ("two", "Update", "") in owners(changed)
