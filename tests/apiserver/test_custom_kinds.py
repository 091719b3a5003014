"""CustomResourceDefinitions and the objects of their kinds, through real kubectl and over HTTP."""

import asyncio
import json
from typing import Any

import pytest

from tests.apiserver.conftest import Api
from tests.apiserver.world import World
from tests.resources.custom_objects import definition, kind_of, version, widget
from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.objects import DeleteOptions, Objects, WriteOptions
from tradewind.resources.core_kinds import CONFIG_MAP, NAMESPACE
from tradewind.resources.custom_definition import CUSTOM_RESOURCE_DEFINITION
from tradewind.resources.registry import ALL_KINDS
from tradewind.resources.status import ApiError
from tradewind.store.entries import Key, WatchEnded

WIDGETS = "/apis/example.com/v1/namespaces/d/widgets"
NAME = "widgets.example.com"


async def apply(api: Api, *manifests: dict[str, Any]) -> None:
    result = await api.kubectl("apply", "-f", "-", stdin="\n---\n".join(map(json.dumps, manifests)))
    assert result.code == 0, result.err


async def test_kubectl_uses_a_kind_as_soon_as_it_is_defined(api):
    await apply(api, definition())
    waited = await api.kubectl("wait", "--for=condition=Established", f"crd/{NAME}", "--timeout=5s")
    assert waited.code == 0, waited.err
    shown = await api.kubectl("api-resources", "--api-group=example.com", "--no-headers")
    assert shown.out.split() == ["widgets", "wi", "example.com/v1", "true", "Widget"]
    await apply(api, widget(size=3, parts=[{"name": "x"}]))
    read = json.loads((await api.kubectl("get", "widget", "a", "-o", "json")).out)
    assert read["spec"] == {"size": 3, "color": "red", "replicas": 1, "parts": [{"name": "x", "count": 1}]}
    status = {"status": {"phase": "Fine", "conditions": [{"type": "Ready", "status": "True"}]}}
    patched = await api.kubectl(
        "patch", "widget", "a", "--subresource=status", "--type=merge", "-p", json.dumps(status)
    )
    assert patched.code == 0, patched.err
    assert (await api.kubectl("wait", "--for=condition=Ready", "widget/a", "--timeout=5s")).code == 0
    scaled = await api.kubectl("scale", "widget/a", "--replicas=3")
    assert scaled.code == 0, scaled.err
    table = (await api.kubectl("get", "wi", "-o", "wide")).out.splitlines()
    assert table[0].split() == ["NAME", "SIZE", "PHASE", "READY", "AGE"]
    assert table[1].split()[:4] == ["a", "3", "Fine", "True"]
    edited = json.loads((await api.kubectl("get", "widget", "a", "-o", "json")).out)
    assert edited["spec"]["replicas"] == 3
    edited["spec"]["color"] = "green"
    assert (await api.kubectl("replace", "-f", "-", stdin=json.dumps(edited))).code == 0


async def test_kubectl_shows_definitions(api):
    await apply(api, definition(version(storage=False), version("v2")))
    table = (await api.kubectl("get", "crd", "-o", "wide")).out.splitlines()
    assert table[0].split() == [
        *("NAME", "SCOPE", "VERSIONS", "CREATED", "AT"),
        *("GROUP", "KIND", "SHORTNAMES", "ESTABLISHED"),
    ]
    row = table[1].split()
    assert row[:3] == [NAME, "Namespaced", "v1,v2(storage)"]
    assert row[-4:] == ["example.com", "Widget", "wi", "true"]


async def test_kubectl_is_told_all_that_is_wrong_at_once(api):
    await apply(api, definition())
    bad = widget(size=11, color="blue", parts=[{"name": "x"}, {"name": "x"}])
    result = await api.kubectl("apply", "-f", "-", stdin=json.dumps(bad))
    assert result.code == 1
    assert result.err.splitlines() == [
        'The Widget "a" is invalid: ',
        '* spec.color: Unsupported value: "blue": supported values: "red", "green"',
        "* spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10",
        '* spec.parts[1]: Duplicate value: {"name":"x"}',
    ]
    misspelt = await api.kubectl("apply", "-f", "-", stdin=json.dumps(widget(colour="red")))
    assert 'unknown field "spec.colour"' in misspelt.err


async def test_kubectl_refuses_a_definition_that_is_none(api):
    made = definition(version(), version("v2"))
    made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["x"] = {}
    result = await api.kubectl("apply", "-f", "-", stdin=json.dumps(made))
    assert result.code == 1
    assert "must have exactly one version marked as storage version" in result.err
    assert "properties[x].type: Required value: must not be empty for specified object fields" in result.err


async def test_deleting_a_definition_deletes_its_objects_and_ends_their_watches(api):
    await apply(api, definition())
    await apply(api, widget(), widget("b"))
    watching = await api.start_kubectl("get", "widgets", "-w", "--output-watch-events", "--no-headers")
    try:
        for _ in range(2):
            assert (await asyncio.wait_for(watching.stdout.readline(), 10)).startswith(b"ADDED")
        assert (await api.kubectl("delete", "crd", NAME)).code == 0
        rest, _ = await asyncio.wait_for(watching.communicate(), 10)
    finally:
        if watching.returncode is None:
            watching.kill()
            await watching.wait()
    assert rest.count(b"DELETED") == 2
    assert (await api.ask("GET", WIDGETS))[0] == 404
    assert api.store.tip_keys_of(NAME) == []
    assert (await api.kubectl("get", "crd")).err.startswith("No resources found")


@pytest.mark.parametrize(
    ("validation", "code", "kept"), [("Strict", 400, None), ("Warn", 201, {}), ("Ignore", 201, {})]
)
async def test_unknown_fields_are_refused_or_pruned(api, validation, code, kept):
    await apply(api, definition())
    path = f"{WIDGETS}?fieldValidation={validation}"
    got, answer, headers = await api.ask_all("POST", path, widget(nope=1, extra={"any": 1}))
    assert got == code
    if kept is not None:
        assert "nope" not in answer["spec"]
        assert answer["spec"]["extra"] == {"any": 1}
    else:
        assert 'strict decoding error: unknown field "spec.nope"' in answer["message"]
    assert ("unknown field" in headers.get("Warning", "")) == (validation == "Warn")


async def test_versions_share_their_objects_and_each_is_checked_by_its_own_schema(api):
    old = {"type": "object", "properties": {"size": {"type": "integer", "maximum": 3}}}
    await apply(api, definition(version("v1beta1", old, storage=False, subresources={}), version()))
    code, made = await api.ask("POST", WIDGETS.replace("v1", "v1beta1"), widget(version="v1beta1", size=3))
    assert (code, made["apiVersion"]) == (201, "example.com/v1beta1")
    code, refused = await api.ask("POST", WIDGETS.replace("v1", "v1beta1"), widget("b", "v1beta1", size=4))
    assert code == 422 and "less than or equal to 3" in refused["message"]
    code, read = await api.ask("GET", f"{WIDGETS}/a")
    assert (code, read["apiVersion"], read["spec"]) == (200, "example.com/v1", {"size": 3})
    _, group = await api.ask("GET", "/apis/example.com")
    assert group["preferredVersion"]["version"] == "v1"
    _, resources = await api.ask("GET", "/apis/example.com/v1beta1")
    assert [one["name"] for one in resources["resources"]] == ["widgets"]


async def test_fields_can_be_selected_when_the_definition_says_so(api):
    await apply(api, definition(version(selectableFields=[{"jsonPath": ".spec.color"}])))
    await apply(api, widget(), widget("b", color="green"))
    found = await api.kubectl("get", "widgets", "--field-selector", "spec.color=green", "-o", "name")
    assert found.out.split() == ["widget.example.com/b"]


@pytest.fixture
async def defined(world: World):
    """A world with widgets."""
    await world.create(CUSTOM_RESOURCE_DEFINITION, definition())
    return world


async def test_a_changed_definition_brings_its_objects_along(defined):
    await defined.create(kind_of(definition()), widget(size=2, extra={"a": 1}))
    spec = {
        "type": "object",
        "properties": {"size": {"type": "integer"}, "unit": {"type": "string", "default": "m"}},
    }
    known = defined.get(CUSTOM_RESOURCE_DEFINITION, NAME, "")
    known["spec"]["versions"] = [version(storage=False), version("v2", spec)]
    stored = await defined.update(CUSTOM_RESOURCE_DEFINITION, known)
    assert stored["status"]["storedVersions"] == ["v1", "v2"]
    moved = defined.get(defined.objects.served.by_resource[NAME], "a")
    assert moved["apiVersion"] == "example.com/v2"
    assert moved["spec"] == {"size": 2, "unit": "m"}
    assert moved["metadata"]["generation"] == 1


async def test_what_was_wrong_before_a_definition_became_stricter_may_stay_wrong(defined):
    kind = kind_of(definition())
    await defined.create(kind, widget(size=9))
    known = defined.get(CUSTOM_RESOURCE_DEFINITION, NAME, "")
    known["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["size"][
        "maximum"
    ] = 5
    await defined.update(CUSTOM_RESOURCE_DEFINITION, known)
    stricter = defined.objects.served.by_resource[NAME]
    obj = defined.get(stricter, "a")
    obj["metadata"]["labels"] = {"a": "b"}
    assert (await defined.update(stricter, obj))["metadata"]["labels"] == {"a": "b"}
    with pytest.raises(ApiError, match="less than or equal to 5"):
        await defined.update(stricter, widget(size=8))


async def test_rules_about_changes_are_held_to(world):
    spec = {
        "type": "object",
        "properties": {
            "size": {"type": "integer", "x-kubernetes-validations": [{"rule": "self >= oldSelf"}]}
        },
    }
    await world.create(CUSTOM_RESOURCE_DEFINITION, definition(version(spec=spec)))
    kind = world.objects.served.by_resource[NAME]
    await world.create(kind, widget(size=2))
    with pytest.raises(ApiError, match=r"spec\.size: Invalid value: 1: failed rule: self >= oldSelf"):
        await world.update(kind, widget(size=1))
    assert (await world.update(kind, widget(size=3)))["spec"]["size"] == 3


async def test_objects_with_finalizers_keep_their_definition_until_they_are_gone(defined):
    kind = kind_of(definition())
    held = widget()
    held["metadata"]["finalizers"] = ["example.com/hold"]
    await defined.create(kind, held)
    await defined.create(kind, widget("b"))
    await defined.delete(CUSTOM_RESOURCE_DEFINITION, NAME, "")
    waiting = defined.get(CUSTOM_RESOURCE_DEFINITION, NAME, "")
    assert waiting["metadata"]["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    assert "Terminating" in [one["type"] for one in waiting["status"]["conditions"]]
    assert defined.names(kind) == ["a"]
    with pytest.raises(ApiError, match="create not allowed while custom resource definition is terminating"):
        await defined.create(kind, widget("c"))
    last = defined.get(kind, "a")
    last["metadata"]["finalizers"] = []
    await defined.update(kind, last)
    assert defined.names(CUSTOM_RESOURCE_DEFINITION) == []
    assert NAME not in defined.objects.served.by_resource
    with pytest.raises(ApiError, match="could not find the requested resource"):
        await defined.create(kind, widget("c"))


async def test_a_namespace_takes_its_custom_objects_along(defined):
    kind = kind_of(definition())
    await defined.create(kind, widget())
    await defined.delete(NAMESPACE, "d", "")
    assert defined.names(kind) == []


async def test_what_belongs_to_a_custom_object_goes_with_it(defined):
    kind = kind_of(definition())
    owner = await defined.create(kind, widget())
    reference = {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "name": "a",
        "uid": owner["metadata"]["uid"],
    }
    owned = {"metadata": {"name": "m", "namespace": "d", "ownerReferences": [reference]}}
    await defined.create(CONFIG_MAP, owned)
    await defined.delete(CUSTOM_RESOURCE_DEFINITION, NAME, "")
    assert defined.names(CONFIG_MAP) == []


async def test_a_definition_that_goes_frees_its_names_for_another(defined):
    other = definition(plural="gadgets", kind="Widget")
    await defined.create(CUSTOM_RESOURCE_DEFINITION, other)
    assert "gadgets.example.com" not in defined.objects.served.by_resource
    await defined.delete(CUSTOM_RESOURCE_DEFINITION, NAME, "")
    assert "gadgets.example.com" in defined.objects.served.by_resource
    conditions = defined.get(CUSTOM_RESOURCE_DEFINITION, "gadgets.example.com", "")["status"]["conditions"]
    assert {one["type"]: one["status"] for one in conditions} == {
        "NamesAccepted": "True",
        "Established": "True",
    }


async def test_a_definition_with_the_name_of_a_built_in_kind_defines_and_deletes_nothing(world):
    shadow = definition(group="serving.kserve.io", plural="inferenceservices", kind="InferenceService")
    await world.create(CUSTOM_RESOURCE_DEFINITION, shadow)
    kind = world.objects.served.by_resource["inferenceservices.serving.kserve.io"]
    predictor = {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://a/b"}}
    await world.create(kind, {"metadata": {"name": "s", "namespace": "d"}, "spec": {"predictor": predictor}})
    await world.delete(CUSTOM_RESOURCE_DEFINITION, "inferenceservices.serving.kserve.io", "")
    assert world.names(kind) == ["s"]


async def test_a_dry_run_defines_nothing(world):
    await world.objects.create(CUSTOM_RESOURCE_DEFINITION, definition(), WriteOptions(dry_run=True))
    assert NAME not in world.objects.served.by_resource


async def test_a_server_that_starts_serves_what_its_store_defines(defined):
    await defined.create(kind_of(definition()), widget())
    again = Objects(catalog(ALL_KINDS), defined.store, lambda: 0, lambda: "")
    kind = again.served.by_resource[NAME]
    assert again.get(kind, "d", "a").key == Key(NAME, "d", "a")


async def test_a_watch_hears_of_every_deletion_before_it_ends(defined):
    kind = kind_of(definition())
    await defined.create(kind, widget())
    with defined.objects.watch(kind, "d") as stream:
        await defined.objects.delete(CUSTOM_RESOURCE_DEFINITION, "", NAME, DeleteOptions())
        assert [event.type for event in await stream.next(5)] == ["DELETED"]
        with pytest.raises(WatchEnded):
            await stream.next(5)


async def test_bad_values_never_break_the_server(defined):
    kind = kind_of(definition())
    for spec in ([], "x", 1, {"size": 2**70}, {"parts": [None, 1, "x"]}, {"size": None}):
        with pytest.raises(ApiError) as refused:
            await defined.create(kind, {**widget(), "spec": spec})
        assert refused.value.code == 422
