"""Apply: the three-way patch by table and by invariant, and the steps against an API in memory."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.client.apply import apply, last_applied, three_way_patch, with_last_applied
from tradewind.resources.core_kinds import CONFIG_MAP, NAMESPACE
from tradewind.resources.kinds import Kind
from tradewind.resources.labels import LAST_APPLIED
from tradewind.resources.meta import Manifest
from tradewind.resources.networking import DESTINATION_RULE
from tradewind.resources.status import ApiError, already_exists, not_found


def merged(target: Any, patch: Any) -> Any:
    """RFC 7386, word by word."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


@pytest.mark.parametrize(
    ("name", "original", "modified", "current", "patch"),
    [
        ("nothing to do", {"a": 1}, {"a": 1}, {"a": 1, "b": 2}, {}),
        ("a change", {"a": 1}, {"a": 2}, {"a": 1}, {"a": 2}),
        ("an addition", {}, {"a": {"b": 1}}, {}, {"a": {"b": 1}}),
        ("a field that the user dropped", {"a": 1, "b": 1}, {"a": 1}, {"a": 1, "b": 1}, {"b": None}),
        ("a dropped field that is gone already", {"b": 1}, {}, {}, {}),
        ("a field of others", {}, {"a": 1}, {"a": 1, "b": 1}, {}),
        ("a dropped field that others changed", {"b": 1}, {}, {"b": 2}, {"b": None}),
        ("others changed what the user wants", {"a": 1}, {"a": 1}, {"a": 5}, {"a": 1}),
        ("others removed what the user wants", {"a": 1}, {"a": 1}, {}, {"a": 1}),
        (
            "inside an object",
            {"a": {"x": 1, "y": 1}},
            {"a": {"x": 2}},
            {"a": {"x": 1, "y": 1, "z": 1}},
            {"a": {"x": 2, "y": None}},
        ),
        ("a list is replaced whole", {"a": [1, 2]}, {"a": [1]}, {"a": [1, 2]}, {"a": [1]}),
        ("an equal list is left alone", {}, {"a": [{"x": 1, "y": 2}]}, {"a": [{"y": 2, "x": 1}]}, {}),
        ("an object in place of a text", {}, {"a": {"x": 1}}, {"a": "t"}, {"a": {"x": 1}}),
        ("a text in place of an object", {"a": {"x": 1}}, {"a": "t"}, {"a": {"x": 1}}, {"a": "t"}),
        ("true is not one", {}, {"a": True}, {"a": 1}, {"a": True}),
        ("a null is no field", {"a": None}, {"a": None, "b": {"c": None, "d": 1}}, {"a": 1}, {"b": {"d": 1}}),
        ("a field set to null was dropped", {"a": 1}, {"a": None}, {"a": 1}, {"a": None}),
        ("an empty object", {}, {"a": {}}, {}, {"a": {}}),
        ("a whole object dropped", {"a": {"x": 1}}, {}, {"a": {"x": 1, "y": 1}}, {"a": None}),
    ],
)
def test_the_patch(name: str, original: Manifest, modified: Manifest, current: Manifest, patch: Manifest):
    assert three_way_patch(original, modified, current) == patch, name


NAMES = st.sampled_from("abc")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.lists(st.integers(0, 2), max_size=2),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=3)
STORED = OBJECTS.map(lambda value: merged({}, value))  # what a server has holds no nulls


def same(one: Any, other: Any) -> bool:
    return repr(one) == repr(other)  # 1 is not True


def says(modified: Any, result: Any) -> bool:
    """Whether everything in `modified` that is not null is in `result`."""
    if not isinstance(modified, dict):
        return same(modified, result)
    return isinstance(result, dict) and all(
        name in result and says(value, result[name]) for name, value in modified.items() if value is not None
    )


@settings(max_examples=500)
@given(original=OBJECTS, modified=OBJECTS, current=STORED)
def test_afterwards_the_object_is_what_the_manifest_says(
    original: Manifest, modified: Manifest, current: Manifest
):
    result = merged(current, three_way_patch(original, modified, current))
    assert says(modified, result)
    for name in original.keys() - modified.keys():
        assert original[name] is None or name not in result
    for name in current.keys() - original.keys() - modified.keys():
        assert same(result[name], current[name])


@settings(max_examples=500)
@given(original=OBJECTS, modified=OBJECTS, current=STORED)
def test_a_second_time_there_is_nothing_to_do(original: Manifest, modified: Manifest, current: Manifest):
    result = merged(current, three_way_patch(original, modified, current))
    assert three_way_patch(modified, modified, result) == {}
    assert three_way_patch(original, modified, result) == {}


def test_the_annotation_is_kubectls_own():
    manifest = {
        "kind": "ConfigMap",
        "apiVersion": "v1",
        "metadata": {"name": "a", "namespace": "ns", "annotations": {LAST_APPLIED: "old"}},
        "data": {"html": "<b>&é"},
    }
    annotated = with_last_applied(manifest)
    text = annotated["metadata"]["annotations"][LAST_APPLIED]
    assert text == (
        '{"apiVersion":"v1","data":{"html":"\\u003cb\\u003e\\u0026é"},"kind":"ConfigMap",'
        '"metadata":{"annotations":{},"name":"a","namespace":"ns"}}\n'
    )
    assert with_last_applied(annotated) == annotated
    assert last_applied(annotated)["data"] == {"html": "<b>&é"}


@pytest.mark.parametrize("text", ["", "{", "3", "null"])
def test_a_damaged_annotation_is_an_empty_one(text: str):
    assert last_applied({"metadata": {"annotations": {LAST_APPLIED: text}}}) == {}
    assert last_applied({"metadata": {}}) == {}


class MemoryClient:
    """The API of one object, with the races that a test asks for."""

    def __init__(self) -> None:
        self.stored: Manifest | None = None
        self.calls: list[str] = []
        self.lost_races = 0
        self.version = 0

    async def get(self, kind: Kind, namespace: str, name: str) -> Manifest:
        self.calls.append(f"get {namespace}/{name}")
        if self.stored is None or self.lost_races:
            raise not_found(kind.resource, name)
        return self.stored

    async def create(self, kind: Kind, manifest: Manifest) -> Manifest:
        self.calls.append("create")
        if self.lost_races:
            self.lost_races -= 1
            raise already_exists(kind.resource, "a")
        return self._store(manifest)

    async def patch(self, kind: Kind, namespace: str, name: str, patch: Manifest) -> Manifest:
        self.calls.append("patch")
        result = merged(self.stored, patch)
        return self.stored if result == self.stored else self._store(result)

    def _store(self, manifest: Manifest) -> Manifest:
        self.version += 1
        metadata = {**manifest["metadata"], "resourceVersion": str(self.version)}
        self.stored = {**manifest, "metadata": metadata}
        return self.stored


def config_map(**data: str | None) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "labels": None}, "data": data}


async def test_an_object_is_created_then_unchanged_then_configured():
    client = MemoryClient()
    outcomes = [(await apply(client, CONFIG_MAP, config_map(x="1", y="1"), "ml")).outcome for _ in range(2)]
    outcomes.append((await apply(client, CONFIG_MAP, config_map(x="2"), "ml")).outcome)
    assert outcomes == ["created", "unchanged", "configured"]
    assert client.stored is not None
    assert client.stored["data"] == {"x": "2"}
    assert client.stored["metadata"]["namespace"] == "ml"
    assert "labels" not in client.stored["metadata"]
    assert client.calls == ["get ml/a", "create", "get ml/a", "get ml/a", "patch"]


async def test_a_patch_that_changes_nothing_leaves_the_object_unchanged():
    client = MemoryClient()
    await apply(client, CONFIG_MAP, config_map(x="1"))
    assert client.stored is not None
    client.stored["data"] = {"x": "1", "y": "of others"}
    applied = await apply(client, CONFIG_MAP, config_map(x="1"))
    assert (applied.outcome, applied.manifest["data"]) == ("unchanged", {"x": "1", "y": "of others"})


async def test_another_served_version_of_the_same_object_is_no_change():
    client = MemoryClient()
    rule = {"apiVersion": "networking.istio.io/v1beta1", "kind": "DestinationRule", "metadata": {"name": "a"}}
    await apply(client, DESTINATION_RULE, rule)
    assert client.stored is not None
    client.stored["apiVersion"] = "networking.istio.io/v1"
    assert (await apply(client, DESTINATION_RULE, rule)).outcome == "unchanged"


async def test_a_race_for_the_name_is_tried_again_a_few_times():
    client = MemoryClient()
    client.lost_races = 4
    assert (await apply(client, CONFIG_MAP, config_map())).outcome == "created"
    client.lost_races = 5
    with pytest.raises(ApiError, match="already exists"):
        await apply(client, CONFIG_MAP, config_map())


async def test_cluster_scoped_kinds_have_no_namespace():
    client = MemoryClient()
    await apply(client, NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}})
    assert client.calls[0] == "get /a"


async def test_a_name_is_needed():
    with pytest.raises(ApiError, match=r"apply needs metadata\.name"):
        await apply(MemoryClient(), CONFIG_MAP, {"metadata": {"generateName": "a-"}})
