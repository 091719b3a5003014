"""The OpenAPI documents of all kinds: sound, complete, and with what clients look for in them."""

import struct
from dataclasses import replace
from typing import Annotated, Any

import jsonschema_rs
import pytest
import schemathesis

from tradewind.apiserver.draft import encode_json
from tradewind.apiserver.openapi.documents import document, prefixes, swagger
from tradewind.apiserver.openapi.gnostic import encode_document
from tradewind.apiserver.openapi.schemas import references
from tradewind.resources.core_kinds import CONFIG_MAP, POD
from tradewind.resources.custom_schemas import schema_of_resource
from tradewind.resources.meta import Struct
from tradewind.resources.metrics import NODE_METRICS, POD_METRICS
from tradewind.resources.registry import ALL_KINDS
from tradewind.resources.review_kinds import REVIEW_KINDS
from tradewind.resources.schema import ANY, Schema, keyed, schema_of

KINDS = (*ALL_KINDS, *REVIEW_KINDS, POD_METRICS, NODE_METRICS)
DOCUMENTS = {prefix: document(KINDS, prefix) for prefix in prefixes(KINDS)}
V2 = swagger(KINDS)
BOTH = [*DOCUMENTS.values(), V2]
METHODS = ("get", "post", "put", "patch", "delete")
SERVICE_PATH = "/apis/serving.kserve.io/v1beta1/namespaces/{namespace}/inferenceservices"


def definitions(of: dict[str, Any]) -> dict[str, Any]:
    return of["definitions"] if "swagger" in of else of["components"]["schemas"]


def operations(of: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, item[method])
        for path, item in of["paths"].items()
        for method in METHODS
        if method in item
    ]


def definition(prefix: str, name: str) -> Any:
    return definitions(DOCUMENTS[prefix])[name]


def core(name: str, of: dict[str, Any] = DOCUMENTS["api/v1"]) -> Any:
    return definitions(of)[f"io.k8s.api.core.v1.{name}"]


@pytest.mark.parametrize("of", BOTH, ids=[*DOCUMENTS, "v2"])
def test_a_document_is_sound(of):
    """Every reference leads somewhere, nothing is there that nobody refers to, every id is used once."""
    known, refered = set(definitions(of)), set(references(of))
    assert refered <= known
    own = {name for name, one in definitions(of).items() if "x-kubernetes-group-version-kind" in one}
    assert known - refered - own <= {"io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent"}
    ids = [operation["operationId"] for _, _, operation in operations(of)]
    assert len(ids) == len(set(ids))
    loaded = schemathesis.openapi.from_dict(of)
    assert sum(1 for _ in loaded.get_all_operations()) == len(ids)


@pytest.mark.parametrize("kind", ALL_KINDS, ids=lambda kind: kind.name)
def test_every_version_of_a_kind_is_found_by_its_name(kind):
    """kubectl looks for the definition and the operations with this `x-kubernetes-group-version-kind`."""
    for version in kind.versions:
        wanted = {"group": kind.group, "version": version, "kind": kind.name}
        prefix = f"apis/{kind.group}/{version}" if kind.group else f"api/{version}"
        for of in (DOCUMENTS[prefix], V2):
            found = [
                name
                for name, one in definitions(of).items()
                if wanted in one.get("x-kubernetes-group-version-kind", ())
            ]
            assert len(found) == 1
            actions = {
                operation["x-kubernetes-action"]
                for _, _, operation in operations(of)
                if operation.get("x-kubernetes-group-version-kind") == wanted
            }
            assert {"list", "get", "post", "put", "patch", "delete"} <= actions


NAMES = {
    "api/v1": ["io.k8s.api.core.v1.Pod", "io.k8s.api.core.v1.PodList", "io.k8s.api.core.v1.ContainerPort"],
    "apis/discovery.k8s.io/v1": ["io.k8s.api.discovery.v1.EndpointSlice", "io.k8s.api.discovery.v1.Endpoint"],
    "apis/coordination.k8s.io/v1": ["io.k8s.api.coordination.v1.LeaseSpec"],
    "apis/serving.kserve.io/v1beta1": [
        "io.kserve.serving.v1beta1.InferenceService",
        "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
        "io.k8s.apimachinery.pkg.apis.meta.v1.Status",
        "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions",
        "io.k8s.apimachinery.pkg.apis.meta.v1.WatchEvent",
    ],
    "apis/apiextensions.k8s.io/v1": [
        "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionVersion"
    ],
    "apis/rbac.authorization.k8s.io/v1": ["io.k8s.api.rbac.v1.PolicyRule"],
    "apis/policy.karmada.io/v1alpha1": ["io.karmada.policy.v1alpha1.PropagationPolicy"],
    "apis/networking.istio.io/v1": ["io.istio.networking.v1.DestinationRuleList"],
    "apis/serving.knative.dev/v1": ["dev.knative.serving.v1.Revision"],
}


@pytest.mark.parametrize("prefix", NAMES)
def test_definitions_have_upstreams_names(prefix):
    assert set(NAMES[prefix]) <= set(definitions(DOCUMENTS[prefix]))
    assert set(NAMES[prefix]) <= set(definitions(V2))


def test_ids_and_parameters_are_upstreams():
    item = DOCUMENTS["api/v1"]["paths"]["/api/v1/namespaces/{namespace}/pods/{name}"]
    assert item["patch"]["operationId"] == "patchCoreV1NamespacedPod"
    query = [one["name"] for one in item["patch"]["parameters"]]
    assert query == ["dryRun", "fieldManager", "fieldValidation", "force"]
    assert {one["name"] for one in item["parameters"]} == {"name", "namespace", "pretty"}
    assert item["delete"]["requestBody"]["content"]["application/json"]
    paths = DOCUMENTS["api/v1"]["paths"]
    assert paths["/api/v1/pods"]["get"]["operationId"] == "listCoreV1PodForAllNamespaces"
    log = paths["/api/v1/namespaces/{namespace}/pods/{name}/log"]["get"]
    assert log["operationId"] == "readCoreV1NamespacedPodLog"
    assert "tailLines" in [one["name"] for one in log["parameters"]]
    service = DOCUMENTS["apis/serving.kserve.io/v1beta1"]["paths"][SERVICE_PATH]
    assert service["post"]["operationId"] == "createServingKserveIoV1beta1NamespacedInferenceService"
    assert service["post"]["tags"] == ["servingKserveIo_v1beta1"]
    assert set(service["post"]["responses"]) == {"200", "201", "202", "401"}
    assert service["get"]["responses"]["200"]["content"]["application/json;stream=watch"]


def test_a_custom_kind_has_everything_in_one_definition():
    """As upstream publishes a CustomResourceDefinition; Kubernetes' own kinds refer to their parts."""
    service = definitions(DOCUMENTS["apis/serving.kserve.io/v1beta1"])[
        "io.kserve.serving.v1beta1.InferenceService"
    ]
    assert set(references(service)) == {"io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"}
    logger = service["properties"]["spec"]["properties"]["predictor"]["properties"]["logger"]
    assert logger["properties"]["batchSize"]["format"] == "int64"
    limits = service["properties"]["spec"]["properties"]["predictor"]["properties"]["overhead"]
    assert limits["additionalProperties"] == {
        "x-kubernetes-int-or-string": True,
        "anyOf": [{"type": "integer"}, {"type": "string"}],
    }
    pod = core("Pod")["properties"]["spec"]
    assert pod["allOf"] == [{"$ref": "#/components/schemas/io.k8s.api.core.v1.PodSpec"}]
    assert core("Pod", V2)["properties"]["spec"]["$ref"] == "#/definitions/io.k8s.api.core.v1.PodSpec"


def test_values_of_unknown_shape_are_marked():
    lifecycle = core("Container")["properties"]["lifecycle"]
    assert (lifecycle["type"], lifecycle["x-kubernetes-preserve-unknown-fields"]) == ("object", True)


def test_enumerations_and_required_fields_are_published():
    policy = definitions(DOCUMENTS["apis/policy.karmada.io/v1alpha1"])[
        "io.karmada.policy.v1alpha1.PropagationPolicy"
    ]
    spec = policy["properties"]["spec"]["properties"]
    assert spec["conflictResolution"]["enum"] == ["Abort", "Overwrite"]
    assert spec["resourceSelectors"]["items"]["required"] == ["apiVersion", "kind"]


def patch_types(prefix: str, path: str) -> set[str]:
    return set(DOCUMENTS[prefix]["paths"][path]["patch"]["requestBody"]["content"])


class Item(Struct):
    name: str
    inner: dict[str, str] = {}


class KeyedSpec(Struct):
    items: Annotated[list[Item], keyed("name")] = []


class PlainSpec(Struct):
    items: list[Item] = []


class LooseSpec(Struct):
    anything: dict[str, Any] = {}


def published(spec: type[Struct]) -> tuple[bool, Any]:
    """Whether a kind with this spec is offered strategic merge patches, and its published spec."""
    schema = Schema("object", fields={"spec": schema_of(spec), "status": ANY})
    kind = replace(CONFIG_MAP, name="A", plural="as", schemas={"v1": schema})
    of = document((kind,), "api/v1")
    types = of["paths"]["/api/v1/namespaces/{namespace}/as/{name}"]["patch"]["requestBody"]["content"]
    return "application/strategic-merge-patch+json" in types, core(spec.__name__, of)["properties"]


def test_strategic_merge_is_offered_where_clients_can_work_it_out():
    strategic = "application/strategic-merge-patch+json"
    assert strategic in patch_types("api/v1", "/api/v1/namespaces/{namespace}/configmaps/{name}")
    assert strategic not in patch_types("apis/serving.kserve.io/v1beta1", SERVICE_PATH + "/{name}")
    assert [published(spec)[0] for spec in (KeyedSpec, PlainSpec, LooseSpec)] == [True, False, False]


def test_what_kubectl_patches_strategically():
    """Services by the published definitions; Pods, whose parts are not all typed, by what it knows itself."""
    strategic = "application/strategic-merge-patch+json"
    namespaced = "/api/v1/namespaces/{namespace}"
    assert strategic in patch_types("api/v1", f"{namespaced}/services/{{name}}")
    assert strategic not in patch_types("api/v1", f"{namespaced}/pods/{{name}}")
    ports = core("ServiceSpec")["properties"]["ports"]
    assert (ports["x-kubernetes-patch-merge-key"], ports["x-kubernetes-list-map-keys"]) == (
        "port",
        ["port", "protocol"],
    )
    assert "x-kubernetes-patch-strategy" not in core("ResourceRequirements")["properties"]["claims"]


def test_how_lists_merge_is_published():
    _, keyed_items = published(KeyedSpec)
    assert {name: one for name, one in keyed_items["items"].items() if name.startswith("x-")} == {
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        "x-kubernetes-patch-strategy": "merge",
        "x-kubernetes-patch-merge-key": "name",
    }
    _, plain = published(PlainSpec)
    assert plain["items"]["x-kubernetes-list-type"] == "atomic"
    assert "x-kubernetes-patch-strategy" not in plain["items"]


def test_what_is_published_is_a_function_of_the_kinds():
    assert encode_json(document(KINDS, "api/v1")) == encode_json(DOCUMENTS["api/v1"])
    assert document((POD,), "api/v1") != document((CONFIG_MAP,), "api/v1")


def test_the_schema_of_a_custom_resource_definition_is_published_as_it_is():
    written = {
        "description": "A backup.",
        "properties": {
            "spec": {
                "type": "object",
                "properties": {
                    "when": {"type": "string", "pattern": "^.+$", "nullable": True},
                    "size": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}]},
                    "share": {
                        "type": "number",
                        "minimum": -0.5,
                        "exclusiveMinimum": True,
                        "default": 1,
                        "x-kubernetes-validations": [{"rule": "self > 0"}],
                    },
                    "free": {"type": "object", "additionalProperties": True, "maxProperties": 5},
                    "list": {"type": "array", "items": {"type": "string", "minLength": 1}, "default": ["a"]},
                },
            }
        },
    }
    kind = replace(
        CONFIG_MAP, group="a.io", name="Backup", plural="backups", schemas={"v1": schema_of_resource(written)}
    )  # fmt: skip
    v3 = definitions(document((kind,), "apis/a.io/v1"))["io.a.v1.Backup"]
    assert v3["description"] == "A backup."
    assert v3["properties"]["spec"] == written["properties"]["spec"]
    assert {"apiVersion", "kind", "metadata"} <= set(v3["properties"])
    v2 = definitions(swagger((kind,)))["io.a.v1.Backup"]["properties"]["spec"]["properties"]
    assert v2["when"] == {"pattern": "^.+$"}
    assert v2["size"] == {"x-kubernetes-int-or-string": True}
    encoded = encode_document(swagger((kind,)))
    assert struct.pack("<d", -0.5) in encoded
    assert b"x-kubernetes-validations" in encoded


def test_every_part_of_the_v2_document_has_a_place_in_protobuf():
    """The bytes are kubectl's to read (test_explain); here nothing must be refused or lost."""
    encoded = encode_document(V2)
    for words in ("patchCoreV1NamespacedPod", "io.k8s.api.core.v1.PodSpec", "x-kubernetes-action"):
        assert words.encode() in encoded
    with pytest.raises(KeyError):
        encode_document({"definitions": {"a": {"unheardOf": 1}}})


def test_a_valid_object_is_one_by_its_published_schema():
    """To a validator that knows nothing of Kubernetes."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "labels": {"a": "b"}},
        "spec": {"containers": [{"name": "c", "resources": {"limits": {"cpu": "1", "memory": 5}}}]},
    }
    schema = {"$ref": "#/components/schemas/io.k8s.api.core.v1.Pod"} | DOCUMENTS["api/v1"]
    assert jsonschema_rs.is_valid(schema, pod)
    assert not jsonschema_rs.is_valid(schema, pod | {"spec": {"containers": [{"name": 5}]}})
