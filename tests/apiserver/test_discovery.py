"""Discovery, OpenAPI and tables, as clients read them."""

from dataclasses import replace

from tests.apiserver.world import START_MS, config_map
from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.discovery import AGGREGATED, resource_list, wants_aggregated
from tradewind.apiserver.introspection import introspect
from tradewind.apiserver.tables import NONE, OBJECT, table
from tradewind.resources.core_kinds import CONFIG_MAP, POD
from tradewind.resources.kinds import Column
from tradewind.resources.registry import ALL_KINDS, HUB_KINDS

SERVED = catalog(ALL_KINDS)
JSON = "application/json"


def ask(path: str, accept: str = JSON):
    return introspect(SERVED, path, accept)


def test_groups_and_their_preferred_versions():
    groups = {group["name"]: group for group in ask("/apis")["groups"]}
    assert groups["serving.kserve.io"]["preferredVersion"]["groupVersion"] == "serving.kserve.io/v1beta1"
    istio = groups["networking.istio.io"]
    assert [one["version"] for one in istio["versions"]] == list(
        next(kind for kind in ALL_KINDS if kind.name == "DestinationRule").versions
    )
    assert ask("/apis/networking.istio.io")["name"] == "networking.istio.io"
    assert ask("/apis/nobody.io") is None
    assert ask("/apis/") == ask("/apis")
    assert ask("/api")["versions"] == ["v1"]


def test_resources_of_a_version():
    resources = {one["name"]: one for one in ask("/api/v1")["resources"]}
    assert resources["pods"]["shortNames"] == ["po"]
    assert resources["pods"]["namespaced"] is True
    assert {"pods/log", "pods/status"} <= set(resources)
    assert "configmaps/status" not in resources
    assert resources["nodes"]["singularName"] == "node"
    assert ask("/apis/serving.kserve.io/v1beta1")["groupVersion"] == "serving.kserve.io/v1beta1"
    assert ask("/apis/serving.kserve.io/v9") is None


def test_the_aggregated_form_says_the_same_as_the_older_one():
    accept = f"{AGGREGATED},application/json"
    found = {
        (item["metadata"].get("name", ""), version["version"], resource["resource"])
        for path in ("/api", "/apis")
        for item in ask(path, accept)["items"]
        for version in item["versions"]
        for resource in version["resources"]
    }
    assert found == {(kind.group, version, kind.plural) for kind in ALL_KINDS for version in kind.versions}


def test_only_the_version_that_is_spoken_is_aggregated():
    assert wants_aggregated(AGGREGATED)
    assert wants_aggregated("application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io")
    assert not wants_aggregated(JSON)
    assert not wants_aggregated(AGGREGATED.replace("v=v2", "v=v2beta1"))


def test_no_name_stands_for_two_kinds_of_a_server():
    for kinds in (HUB_KINDS, ALL_KINDS):
        core = [name for kind in kinds for name in (kind.plural, *kind.short_names)]
        assert len(core) == len(set(core))


def test_openapi_tells_kubectl_that_the_server_validates():
    paths = ask("/openapi/v3")["paths"]
    assert set(paths) >= {"api/v1", "apis/serving.kserve.io/v1beta1"}
    document = ask(paths["apis/serving.kserve.io/v1beta1"]["serverRelativeURL"].partition("?")[0])
    path = "/apis/serving.kserve.io/v1beta1/namespaces/{namespace}/inferenceservices/{name}"
    operation = document["paths"][path]["patch"]
    assert operation["x-kubernetes-group-version-kind"]["kind"] == "InferenceService"
    assert "fieldValidation" in [parameter["name"] for parameter in operation["parameters"]]
    assert ask("/openapi/v3/apis/nobody.io/v1") is None
    assert ask("/openapi/v2")["swagger"] == "2.0"


def test_the_url_of_a_document_changes_with_its_content():
    """kubectl keeps a document for as long as its URL is the same."""

    def url(kinds):
        return introspect(catalog(kinds), "/openapi/v3", JSON)["paths"]["api/v1"]["serverRelativeURL"]

    assert url(ALL_KINDS) == url(ALL_KINDS)
    assert url(ALL_KINDS) != url([POD])


def test_version():
    version = ask("/version")
    assert version["gitVersion"].startswith(f"v{version['major']}.{version['minor']}.")


def test_a_kind_that_is_not_served_is_not_listed():
    assert resource_list(catalog([POD]), "", "v1")["resources"][0]["name"] == "pods"
    assert resource_list(catalog([POD]), "apps", "v1") is None


def test_a_table_has_the_kinds_columns_and_as_much_of_the_object_as_asked():
    kind = replace(
        CONFIG_MAP,
        columns=(
            Column("Name", lambda manifest, _: manifest["metadata"]["name"]),
            Column("Keys", lambda manifest, _: len(manifest["data"]), type="integer", wide=True),
            Column("Now", lambda _, now_ms: str(now_ms)),
        ),
    )
    shown = table(kind, [config_map()], START_MS, metadata={"resourceVersion": "5"})
    assert [column["name"] for column in shown["columnDefinitions"]] == ["Name", "Keys", "Now"]
    assert [column["priority"] for column in shown["columnDefinitions"]] == [0, 1, 0]
    assert shown["columnDefinitions"][0]["format"] == "name"
    (row,) = shown["rows"]
    assert row["cells"] == ["a", 1, str(START_MS)]
    assert row["object"]["kind"] == "PartialObjectMetadata"
    assert "data" not in row["object"]
    whole = table(kind, [config_map()], START_MS, metadata={}, include=OBJECT, headers=False)
    assert whole["columnDefinitions"] is None
    assert whole["rows"][0]["object"] == config_map()
    assert "object" not in table(kind, [config_map()], START_MS, metadata={}, include=NONE)["rows"][0]


def test_a_kind_without_columns_shows_name_and_age():
    manifest = config_map(creationTimestamp="2027-01-15T07:00:00Z")
    shown = table(replace(CONFIG_MAP, columns=()), [manifest], START_MS, metadata={})
    assert shown["rows"][0]["cells"] == ["a", "60m"]
