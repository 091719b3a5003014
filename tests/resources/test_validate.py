"""Whole manifests: metadata by Kubernetes' rules, all problems together, and no value that crashes it."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import inspect

from tradewind.resources.core_kinds import CONFIG_MAP, NAMESPACE, NODE, POD, SECRET
from tradewind.resources.kinds import Kind
from tradewind.resources.networking import DESTINATION_RULE
from tradewind.resources.problems import Cause, Level, errors
from tradewind.resources.registry import ALL_KINDS
from tradewind.resources.shape import shape_problems
from tradewind.resources.validate import MAX_DEPTH, check


def config_map(**metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"} | metadata}


def texts(manifest: Any, kind: Kind = CONFIG_MAP) -> list[str]:
    return [str(problem) for problem in check(manifest, kind)]


def test_a_plain_manifest_has_no_problems():
    labels = {"app": "x", "example.com/role": "A.b_c"}
    annotations = {"Example.com/Any": "any text"}
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": True}
    manifest = config_map(
        namespace="ml",
        labels=labels,
        annotations=annotations,
        finalizers=["karmada.io/x"],
        ownerReferences=[owner],
    )
    assert texts(manifest) == []
    assert texts(config_map(name="", generateName="a-")) == []


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"name": ""}, "metadata.name: Required value: name or generateName is required"),
        ({"name": "Fraud"}, 'metadata.name: Invalid value: "Fraud": a lowercase RFC 1123 subdomain'),
        ({"name": "a" * 254}, "metadata.name: Invalid value"),
        (
            {"name": "", "generateName": "A-"},
            'metadata.generateName: Invalid value: "A-": a lowercase RFC 1123',
        ),
        ({"namespace": "a_b"}, 'metadata.namespace: Invalid value: "a_b": a lowercase RFC 1123'),
        ({"labels": {"a b": "x"}}, 'metadata.labels: Invalid value: "a b": name part must consist of'),
        ({"labels": {"a": "x y"}}, 'metadata.labels: Invalid value: "x y": a valid label must be'),
        (
            {"annotations": {"/a": ""}},
            'metadata.annotations: Invalid value: "/a": prefix part must be non-empty',
        ),
        (
            {"annotations": {"a": "x" * 2**18}},
            "metadata.annotations: Too long: may not be more than 262144 bytes",
        ),
        ({"finalizers": ["a b"]}, 'metadata.finalizers[0]: Invalid value: "a b": name part must consist of'),
        (
            {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": ""}]},
            "metadata.ownerReferences[0].uid: Required value",
        ),
        (
            {
                "ownerReferences": [
                    {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": True}
                ]
                * 2
            },
            "metadata.ownerReferences: Invalid value: Only one reference can have Controller set to true. "
            'Found "true" in references for Pod/p and Pod/p',
        ),
        (
            {"ownerReferences": [{"apiVersion": "a/b/c", "kind": "Pod", "name": "p", "uid": "u"}]},
            'metadata.ownerReferences[0].apiVersion: Invalid value: "a/b/c": must be <group>/<version> or',
        ),
        (
            {"ownerReferences": [{"apiVersion": "v1", "kind": "Event", "name": "p", "uid": "u"}]},
            "metadata.ownerReferences[0]: Invalid value: /v1, Kind=Event is disallowed from being an owner",
        ),
        ({"lables": {}}, 'metadata.lables: unknown field "lables"; did you mean "labels"?'),
    ],
)
def test_metadata_is_held_to_kubernetes_rules(metadata: dict[str, Any], expected: str):
    (found,) = texts(config_map(**metadata))
    assert found.startswith(expected)


def test_version_and_kind_must_be_the_kinds_own():
    assert texts({**config_map(), "apiVersion": "v2"}) == [
        'apiVersion: Unsupported value: "v2": supported values: "v1"'
    ]
    assert texts({**config_map(), "kind": "Configmap"}) == [
        'kind: Unsupported value: "Configmap": supported values: "ConfigMap"; did you mean "ConfigMap"?'
    ]
    missing = check({"metadata": {"name": "a"}}, CONFIG_MAP)
    assert [(problem.path, problem.cause) for problem in missing] == [
        ("apiVersion", Cause.REQUIRED),
        ("kind", Cause.REQUIRED),
    ]
    rule = {"apiVersion": "networking.istio.io/v1beta1", "kind": "DestinationRule", "metadata": {"name": "a"}}
    assert errors(check({**rule, "spec": {"host": "h"}}, DESTINATION_RULE)) == []


def test_problems_of_shape_metadata_and_kind_come_together():
    manifest = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "A"},
        "spec": {"containers": [{"name": "c", "imge": "i"}]},
    }
    assert [problem.path for problem in check(manifest, POD)] == [
        "spec.containers[0].imge",
        "metadata.name",
        "spec.containers[0].image",
    ]


def test_the_kinds_own_check_waits_for_right_types():
    manifest = {**config_map(), "data": {"a/b": 1}}
    assert texts(manifest) == ["data[a/b]: Invalid value: 1: must be a string; put the value in quotes"]


def test_a_namespace_on_a_cluster_scoped_kind_is_a_warning():
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a", "namespace": "b"}}
    (problem,) = check(manifest, NAMESPACE)
    assert (problem.level, problem.path) == (Level.WARNING, "metadata.namespace")


def test_unknown_fields_of_a_status_are_let_through_but_its_types_are_not():
    node = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "a"},
        "status": {"images": [], "capacity": 1},
    }
    assert [problem.path for problem in check(node, NODE)] == ["status.capacity"]


def test_a_secrets_values_are_never_quoted():
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}
    found = texts({**secret, "data": {"a": 12345}, "stringData": {"b": ["hunter2"]}, "type": 777}, SECRET)
    assert len(found) == 3
    assert not any(value in " ".join(found) for value in ("12345", "hunter2", "777"))


@pytest.mark.parametrize("value", [None, 3, "text", [], [{}]])
def test_what_is_no_object_is_one_problem(value: Any):
    (found,) = texts(value)
    assert found.endswith("must be an object")


def test_depth_is_bounded_even_in_untyped_parts():
    deep: Any = 1
    for _ in range(50_000):
        deep = [deep]
    rule = {"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": {"name": "a"}}
    (problem,) = check({**rule, "spec": {"host": "h", "trafficPolicy": {"a": deep}}}, DESTINATION_RULE)
    assert str(problem) == f"nested deeper than {MAX_DEPTH} levels; flatten it"


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
NAMES = st.text(max_size=4) | st.sampled_from(
    [
        "metadata",
        "spec",
        "status",
        "name",
        "labels",
        "data",
        "containers",
        "predictor",
        "model",
        "placement",
        "rules",
    ]
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.name)
@settings(max_examples=60, deadline=None)
@given(value=JSON, spec=JSON, metadata=JSON)
def test_no_json_value_crashes_the_check_or_the_defaults(kind: Kind, value: Any, spec: Any, metadata: Any):
    check(value, kind)
    manifest = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata, "spec": spec}
    check(manifest, kind)
    check({**manifest, "metadata": {"name": "a"}, "status": value}, kind)
    if isinstance(value, dict):
        check({**manifest, "metadata": {"name": "a"}, **value}, kind)


TEXTS = ("", "a", "A b", "64Gi", "-1", "30s", "2026-08-01T12:00:00Z", "/spec", "x" * 300, "é\n")


def fitting(type_: inspect.Type, random: Random, depth: int = 0) -> Any:
    """A random value of a type; the deeper, the fewer fields it has."""
    match type_:
        case inspect.StructType(fields=fields):
            chosen = [one for one in fields if one.required or random.random() < 0.7 / (depth + 1)]
            return {one.encode_name: fitting(one.type, random, depth + 1) for one in chosen}
        case inspect.Metadata(type=inner):
            return fitting(inner, random, depth)
        case inspect.ListType(item_type=item):
            return [fitting(item, random, depth + 1) for _ in range(random.randrange(3))]
        case inspect.DictType(value_type=item):
            return {
                random.choice(TEXTS): fitting(item, random, depth + 1) for _ in range(random.randrange(3))
            }
        case inspect.UnionType(types=types):
            return fitting(random.choice(types), random, depth)
        case inspect.LiteralType(values=values):
            return random.choice(values)
        case inspect.AnyType():
            return random.choice((None, 0, "a", True, [], {}, {"name": "a"}, [{"key": 1}], -1.5))
        case inspect.BoolType():
            return random.random() < 0.5
        case inspect.IntType():
            return random.choice((-1, 0, 1, 100, 2**40))
        case inspect.FloatType():
            return random.choice((-1.5, 0.0, 0.5))
        case inspect.NoneType():
            return None
    return random.choice(TEXTS)


@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.name)
def test_whatever_fits_a_kind_can_be_defaulted_checked_and_printed(kind: Kind):
    whole = inspect.type_info(kind.struct)
    for seed in range(100):
        manifest = fitting(whole, Random(seed)) | {"apiVersion": kind.api_version, "kind": kind.name}
        assert shape_problems(manifest, kind.struct) == []
        defaulted = kind.default(manifest)
        assert shape_problems(defaulted, kind.struct) == [], "a default has the wrong type"
        check(defaulted, kind)
        for column in kind.columns:
            assert isinstance(column.value(defaulted, 0), str | int), column.name
