"""The verbs over a store, without HTTP."""

import asyncio
import json

import pytest

from tests.apiserver.world import START_MS, World, config_map, manifest_of, owned_by, pod
from tradewind.apiserver.objects import WriteOptions
from tradewind.apiserver.selectors import parse_selection
from tradewind.resources.core_kinds import CONFIG_MAP, NAMESPACE, POD, SECRET
from tradewind.resources.networking import DESTINATION_RULE
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.resources.status import ApiError
from tradewind.store.entries import Key, StorageFailed, StorageFull
from tradewind.store.journal import NoJournal
from tradewind.store.memory import Memory
from tradewind.store.store import Store


def isvc(**predictor):
    model = {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://b/m"}
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "fraud", "namespace": "ml"},
        "spec": {"predictor": {"minReplicas": 1, "model": model} | predictor},
    }


async def refused(awaitable) -> ApiError:
    with pytest.raises(ApiError) as raised:
        await awaitable
    return raised.value


async def test_create_then_get(world):
    stored = await world.create(CONFIG_MAP, config_map())
    assert stored == world.get(CONFIG_MAP, "a")
    assert stored["metadata"]["resourceVersion"] == "2"
    assert stored["metadata"]["creationTimestamp"] == "2027-01-15T08:00:00Z"
    assert (await refused(world.create(CONFIG_MAP, config_map()))).reason == "AlreadyExists"
    with pytest.raises(ApiError, match='configmaps "b" not found'):
        world.get(CONFIG_MAP, "b")


async def test_a_namespace_is_created_with_the_first_object_in_it(world):
    await world.create(CONFIG_MAP, config_map())
    namespace = world.get(NAMESPACE, "d")
    assert namespace["status"] == {"phase": "Active"}
    assert namespace["metadata"]["labels"] == {"kubernetes.io/metadata.name": "d"}
    await world.create(CONFIG_MAP, config_map("b"))
    assert world.names(NAMESPACE) == ["d"]


async def test_generate_name(world):
    given = config_map(generateName="run-")
    del given["metadata"]["name"]
    names = {(await world.create(CONFIG_MAP, given))["metadata"]["name"] for _ in range(20)}
    assert len(names) == 20
    assert all(name.startswith("run-") and len(name) == 9 for name in names)


@pytest.mark.parametrize(
    ("kind", "manifest", "code", "says"),
    [
        (CONFIG_MAP, config_map(resourceVersion="5"), 400, "resourceVersion should not be set"),
        (CONFIG_MAP, config_map(namespace=""), 400, "an empty namespace may not be set"),
        (CONFIG_MAP, config_map(name=""), 422, "name or generateName is required"),
        (CONFIG_MAP, config_map(name="A_b"), 422, "RFC 1123"),
        (CONFIG_MAP, config_map(name="x" * 254), 422, "no more than 253"),
        (CONFIG_MAP, config_map() | {"data": {"a": 5}}, 422, "must be a string"),
        (CONFIG_MAP, config_map() | {"metadata": []}, 422, "name or generateName"),
        (CONFIG_MAP, config_map() | {"metadata": "x"}, 400, "metadata of a ConfigMap must be an object"),
        (
            CONFIG_MAP,
            config_map() | {"metadata": {"name": 5}},
            400,
            "metadata.name of a ConfigMap must be a string",
        ),
        (CONFIG_MAP, config_map() | {"kind": "Secret"}, 422, 'Unsupported value: "Secret"'),
        (CONFIG_MAP, [], 400, "a ConfigMap must be an object"),
        (
            SECRET,
            {"metadata": {"name": "s", "namespace": "d"}, "data": {"a": "no base64!"}},
            422,
            "must be base64",
        ),
        (CONFIG_MAP, config_map(ownerReferences=[{"kind": "x"}]), 422, "ownerReferences[0].uid"),
    ],
)
async def test_what_cannot_be_created(world, kind, manifest, code, says):
    if manifest == config_map() | {"metadata": []}:
        manifest = {"metadata": {"namespace": "d"}}
    error = await refused(world.create(kind, manifest))
    assert (error.code, says in error.message) == (code, True), error.message
    assert world.objects.revision == 0


async def test_all_problems_of_an_object_come_together(world):
    bad = isvc(minReplicas="2", modle={}) | {
        "metadata": {"name": "A", "namespace": "ml", "labels": {"a b": "c"}}
    }
    error = await refused(world.objects.create(INFERENCE_SERVICE, bad, WriteOptions("Strict")))
    fields = [cause["field"] for cause in error.details["causes"]]
    assert {"spec.predictor.minReplicas", "spec.predictor.modle", "metadata.name", "metadata.labels"} <= set(
        fields
    )
    assert (error.code, error.reason) == (422, "Invalid")


async def test_unknown_fields_are_refused_or_dropped_as_asked(world):
    bad = isvc(replicaz=3)
    error = await refused(world.objects.create(INFERENCE_SERVICE, bad, WriteOptions("Strict")))
    assert (error.code, error.reason) == (400, "BadRequest")
    assert 'strict decoding error: unknown field "spec.predictor.replicaz"' in error.message
    warned = await world.objects.create(INFERENCE_SERVICE, bad, WriteOptions("Warn"))
    assert warned.warnings[0].startswith('unknown field "spec.predictor.replicaz"')
    assert "replicaz" not in manifest_of(warned.entry)["spec"]["predictor"]
    ignored = await world.objects.update(INFERENCE_SERVICE, bad, WriteOptions("Ignore"))
    assert not [one for one in ignored.warnings if "unknown" in one]


async def test_nulls_mean_absent_and_plain_text_of_secrets_is_encoded(world):
    given = {
        "metadata": {"name": "s", "namespace": "d"},
        "stringData": {"a": "b"},
        "data": None,
        "immutable": None,
    }
    stored = await world.create(SECRET, given)
    assert stored["data"] == {"a": "Yg=="}
    assert "stringData" not in stored
    assert stored["type"] == "Opaque"


async def test_dry_run_answers_and_writes_nothing(world):
    options = WriteOptions(dry_run=True)
    written = await world.objects.create(CONFIG_MAP, config_map(), options)
    assert "resourceVersion" not in manifest_of(written.entry)["metadata"]
    assert world.objects.revision == 0
    stored = await world.create(CONFIG_MAP, config_map())
    written = await world.objects.update(CONFIG_MAP, config_map(data={"x": "y"}), options)
    assert manifest_of(written.entry)["metadata"]["resourceVersion"] == stored["metadata"]["resourceVersion"]
    assert world.get(CONFIG_MAP, "a") == stored


async def test_update_replaces_all_but_status(world):
    await world.create(INFERENCE_SERVICE, isvc())
    ready = isvc() | {"status": {"url": "http://x"}}
    with_status = manifest_of((await world.objects.update_status(INFERENCE_SERVICE, ready)).entry)
    assert with_status["status"]["url"] == "http://x"
    assert with_status["metadata"]["generation"] == 1
    scaled = await world.update(INFERENCE_SERVICE, isvc(minReplicas=4) | {"status": {"url": "http://y"}})
    assert scaled["metadata"]["generation"] == 2
    assert scaled["status"]["url"] == "http://x"


async def test_an_update_that_changes_nothing_writes_nothing(world):
    stored = await world.create(CONFIG_MAP, config_map())
    assert await world.update(CONFIG_MAP, config_map()) == stored
    assert await world.update(CONFIG_MAP, stored) == stored


@pytest.mark.parametrize(
    ("metadata", "code", "says"),
    [
        ({"resourceVersion": "1"}, 409, "the object has been modified"),
        ({"resourceVersion": "99"}, 409, "the object has been modified"),
        ({"uid": "other"}, 409, "Precondition failed: UID in precondition: other"),
        ({"name": "nobody"}, 404, 'configmaps "nobody" not found'),
    ],
)
async def test_an_update_must_mean_this_very_object(world, metadata, code, says):
    await world.create(CONFIG_MAP, config_map())
    error = await refused(world.update(CONFIG_MAP, config_map(data={"x": "y"}, **metadata)))
    assert (error.code, says in error.message) == (code, True), error.message


async def test_a_patch_cannot_rename_or_move(world):
    await world.create(CONFIG_MAP, config_map())
    key = Key("configmaps", "d", "a")
    for change in ({"name": "b"}, {"namespace": "e"}):
        patched = lambda old, change=change: old | {"metadata": old["metadata"] | change}  # noqa: E731
        assert (await refused(world.objects.modify(CONFIG_MAP, key, patched, WriteOptions()))).code == 400


async def test_updates_of_one_object_at_once_are_never_lost(world):
    """Every client reads, adds its own key, writes with the version it read, and tries again on conflict."""
    await world.create(CONFIG_MAP, config_map(data={"start": ""}))

    async def add(name: str) -> int:
        for attempt in range(100):
            read = world.get(CONFIG_MAP, "a")
            await asyncio.sleep(0)
            try:
                await world.update(CONFIG_MAP, read | {"data": read["data"] | {name: ""}})
            except ApiError as error:
                assert error.reason == "Conflict"
            else:
                return attempt
        raise AssertionError("never succeeded")

    attempts = await asyncio.gather(*(add(f"k{number}") for number in range(12)))
    assert len(world.get(CONFIG_MAP, "a")["data"]) == 13
    assert any(attempts), "no two writes met"


async def test_kinds_of_several_versions_are_stored_at_the_first(world):
    rule = {
        "apiVersion": DESTINATION_RULE.api_version_of(DESTINATION_RULE.versions[-1]),
        "kind": "DestinationRule",
        "metadata": {"name": "r", "namespace": "d"},
        "spec": {"host": "x"},
    }
    assert (await world.create(DESTINATION_RULE, rule))["apiVersion"] == DESTINATION_RULE.api_version


async def test_pages_join_to_the_whole_list(world):
    for namespace in ("x", "y"):
        for name in "cab":
            await world.create(CONFIG_MAP, config_map(name, namespace))
    seen, after = [], None
    while True:
        page = world.objects.page(CONFIG_MAP, "", limit=4, after=after)
        seen += [(entry.key.namespace, entry.key.name) for entry in page.entries]
        if page.last is None:
            break
        assert page.remaining == 6 - len(seen)
        after = page.last
    assert seen == [(namespace, name) for namespace in "xy" for name in "abc"]


async def test_a_page_has_only_what_is_selected(world):
    await world.create(POD, pod("a", labels={"x": "y"}))
    await world.create(POD, pod("b"))
    for selector, names in (("x=y", ["a"]), ("!x", ["b"]), ("x=z", [])):
        page = world.objects.page(POD, "d", parse_selection(POD, selector))
        assert [entry.key.name for entry in page.entries] == names
    by_name = parse_selection(POD, "", "metadata.name=b")
    assert [entry.key.name for entry in world.objects.page(POD, "d", by_name).entries] == ["b"]
    assert [entry.key.name for entry in world.objects.page(POD, "", by_name).entries] == ["b"]
    assert world.objects.page(POD, "other", by_name).entries == []


async def test_a_watch_shows_objects_coming_into_and_leaving_a_selection(world):
    selection = parse_selection(POD, "x=y")
    with world.objects.watch(POD, "d", None, selection) as stream:
        for labels in ({}, {"x": "y"}, {"x": "y", "more": "1"}, {"x": "z"}):
            if labels:
                await world.update(POD, pod(labels=labels))
            else:
                await world.create(POD, pod())
        await world.delete(POD, "p")
        events = await stream.next(5)
    assert [event.type for event in events] == ["ADDED", "MODIFIED", "DELETED"]
    assert json.loads(events[2].entry.data)["metadata"]["labels"] == {"x": "z"}


async def test_a_watch_from_the_start_begins_with_what_is_there(world):
    await world.create(CONFIG_MAP, config_map())
    with world.objects.watch(CONFIG_MAP) as stream:
        assert [(event.type, event.entry.key.name) for event in stream.initial] == [("ADDED", "a")]
        await world.delete(CONFIG_MAP, "a")
        (event,) = await stream.next(5)
        assert event.type == "DELETED"
        assert manifest_of(event.entry)["metadata"]["resourceVersion"] == str(world.objects.revision)


async def test_a_watch_from_the_future_or_the_forgotten_past_is_refused(world):
    with pytest.raises(ApiError, match="Too large resource version: 5, current: 0"):
        world.objects.watch(CONFIG_MAP, "", 5)
    later = World(Store(Memory(revision=9), NoJournal()))
    with pytest.raises(ApiError) as raised:
        later.objects.watch(CONFIG_MAP, "", 8)
    assert (raised.value.code, raised.value.reason) == (410, "Expired")


class Broken(NoJournal):
    """Fails every group while `error` is set."""

    error: StorageFailed | None = None

    def append(self, group):
        if self.error:
            asyncio.get_running_loop().call_soon(self._outcomes.failed, self.error)
        else:
            super().append(group)


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [(StorageFull("disk full"), 507, "StorageFull"), (StorageFailed("io"), 503, "ServiceUnavailable")],
)
async def test_a_store_that_cannot_write_is_a_status_and_heals(error, code, reason):
    journal = Broken()
    world = World(Store(Memory(), journal))
    owner = await world.create(CONFIG_MAP, config_map("owner"))
    dependent = await world.create(CONFIG_MAP, config_map("dependent", ownerReferences=owned_by(owner)))
    journal.error = error
    for attempt in (world.create(CONFIG_MAP, config_map("new")), world.delete(CONFIG_MAP, "owner")):
        refusal = await refused(attempt)
        assert (refusal.code, refusal.reason) == (code, reason)
    assert world.get(CONFIG_MAP, "dependent") == dependent, "reads go on"
    journal.error = None
    await world.delete(CONFIG_MAP, "owner")
    assert world.names(CONFIG_MAP) == [], "who belongs to whom is still known after the failure"


class Slow(NoJournal):
    """Makes durable what it has when it is told to."""

    waiting = 0

    def append(self, group):
        self.waiting += 1

    def finish(self):
        self.waiting, count = 0, self.waiting
        self._outcomes.durable(count)


async def test_nothing_is_answered_before_what_it_rests_upon_is_durable():
    """An update that changes nothing since a write that is still on its way waits for that write."""
    journal = Slow()
    world = World(Store(Memory(), journal))
    creating = asyncio.create_task(world.create(CONFIG_MAP, config_map()))
    await asyncio.sleep(0)
    unchanged = asyncio.create_task(world.update(CONFIG_MAP, config_map()))
    with pytest.raises(ApiError, match="already exists"):
        await world.create(CONFIG_MAP, config_map())
    await asyncio.sleep(0.01)
    assert not creating.done()
    assert not unchanged.done()
    assert world.names(CONFIG_MAP) == []
    journal.finish()
    assert await creating == await unchanged


async def test_time_comes_from_the_clock_given(world):
    world.now_ms = START_MS + 3_600_000
    assert (await world.create(POD, pod()))["metadata"]["creationTimestamp"] == "2027-01-15T09:00:00Z"
