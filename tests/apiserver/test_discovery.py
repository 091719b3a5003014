"""Discovery, health and tables, as clients read them."""

import base64
import hashlib
from dataclasses import replace
from typing import Any

import pytest

from tests.apiserver.world import START_MS, config_map
from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.discovery import AGGREGATED, aggregated, resource_list
from tradewind.apiserver.health import all_checks, one_check
from tradewind.apiserver.introspection import discovered
from tradewind.apiserver.media import preferred
from tradewind.apiserver.tables import NONE, OBJECT, table
from tradewind.resources.core_kinds import CONFIG_MAP, POD
from tradewind.resources.kinds import Column
from tradewind.resources.registry import ALL_KINDS, HUB_KINDS
from tradewind.resources.status import ApiError

SERVED = catalog(ALL_KINDS)
JSON = "application/json"


def ask(path: str) -> Any:
    return discovered(SERVED, path.strip("/").split("/"), "10.0.0.1:6443")


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
    assert ask("/api") == {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "10.0.0.1:6443"}],
    }


def test_resources_of_a_version():
    resources = {one["name"]: one for one in ask("/api/v1")["resources"]}
    assert resources["pods"]["shortNames"] == ["po"]
    assert resources["pods"]["namespaced"] is True
    assert {"pods/log", "pods/status"} <= set(resources)
    assert "configmaps/status" not in resources
    assert resources["nodes"]["singularName"] == "node"
    assert ask("/apis/serving.kserve.io/v1beta1")["groupVersion"] == "serving.kserve.io/v1beta1"
    assert ask("/apis/serving.kserve.io/v9") is None


def test_the_storage_version_hash_is_upstreams():
    """The first half of a SHA-256, as base64; that of a DestinationRule is of the version that is stored."""
    (rule,) = (one for one in ask("/apis/networking.istio.io/v1beta1")["resources"] if "/" not in one["name"])
    digest = hashlib.sha256(b"networking.istio.io/v1/DestinationRule").digest()
    assert rule["storageVersionHash"] == base64.b64encode(digest[:8]).decode()
    pods = {one["name"]: one for one in ask("/api/v1")["resources"]}
    assert pods["pods"]["storageVersionHash"] == "xPOwRZ+Yhw8="  # what every Kubernetes cluster says
    assert "storageVersionHash" not in pods["pods/status"]


def test_resources_are_sorted_as_upstream():
    for path in ("/api/v1", "/apis/serving.kserve.io/v1beta1"):
        names = [one["name"] for one in ask(path)["resources"]]
        assert names == sorted(names)


@pytest.mark.parametrize("version", AGGREGATED)
def test_the_aggregated_form_says_the_same_as_the_older_one(version):
    documents = [aggregated(SERVED, core=core, version=version) for core in (True, False)]
    assert {one["apiVersion"] for one in documents} == {f"apidiscovery.k8s.io/{version}"}
    found = {
        (item["metadata"].get("name", ""), served["version"], resource["resource"])
        for document in documents
        for item in document["items"]
        for served in item["versions"]
        for resource in served["resources"]
    }
    assert found == {(kind.group, one, kind.plural) for kind in ALL_KINDS for one in kind.versions}


V2, V2BETA1 = AGGREGATED.values()
PREFERRED = [
    ("", JSON),
    (JSON, JSON),
    ("*/*", JSON),
    ("application/*", JSON),
    (f"{V2},{JSON}", V2),
    (f"{V2BETA1},{V2},{JSON}", V2BETA1),
    (f"{JSON},{V2}", JSON),
    ("application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io", V2),
    (f"{V2};profile=nopeer", V2),
    ("application/json;as=APIGroupDiscoveryList;v=v3;g=apidiscovery.k8s.io, */*;q=0.1", JSON),
    ("text/html, application/json;q=0.9", JSON),
    ("application/vnd.kubernetes.protobuf,application/json", JSON),
]


@pytest.mark.parametrize(("accept", "chosen"), PREFERRED)
def test_the_form_is_the_first_that_the_client_accepts(accept, chosen):
    assert preferred(accept, (JSON, V2, V2BETA1)) == chosen


@pytest.mark.parametrize("accept", ["text/html", "application/vnd.kubernetes.protobuf", ";", "a/b;as=c"])
def test_a_form_that_does_not_exist_is_not_acceptable(accept):
    with pytest.raises(ApiError) as refused:
        preferred(accept, (JSON, V2))
    assert (refused.value.code, refused.value.reason) == (406, "NotAcceptable")
    assert JSON in refused.value.message


def test_no_name_stands_for_two_kinds_of_a_server():
    for kinds in (HUB_KINDS, ALL_KINDS):
        core = [name for kind in kinds for name in (kind.plural, *kind.short_names)]
        assert len(core) == len(set(core))


def test_version():
    version = ask("/version")
    assert version["gitVersion"].startswith(f"v{version['major']}.{version['minor']}.")
    assert version["platform"].startswith("linux/")


def test_the_root_lists_every_path():
    """Each of them is answered; see test_introspection."""
    paths = ask("/")["paths"]
    assert paths == sorted(paths) == ask("/index.html")["paths"]
    assert {"/api", "/api/v1", "/apis", "/apis/serving.kserve.io", "/livez/ping", "/version"} <= set(paths)


FINE, BROKEN = {"ping": "", "started": ""}, {"ping": "", "started": "waiting for Envoy"}
HEALTH = [
    (FINE, [], False, 200, "ok"),
    (FINE, [], True, 200, "[+]ping ok\n[+]started ok\nreadyz check passed\n"),
    (FINE, ["ping"], True, 200, "[+]ping excluded: ok\n[+]started ok\nreadyz check passed\n"),
    (
        FINE,
        ["etcd", "disk"],
        True,
        200,
        "[+]ping ok\n[+]started ok\n"
        'warn: some health checks cannot be excluded: no matches for "disk","etcd"\nreadyz check passed\n',
    ),
    (BROKEN, [], False, 500, "[+]ping ok\n[-]started failed: waiting for Envoy\nreadyz check failed\n"),
    (BROKEN, ["started"], False, 200, "ok"),
]


@pytest.mark.parametrize(("checks", "exclude", "verbose", "code", "text"), HEALTH)
def test_health(checks, exclude, verbose, code, text):
    assert all_checks("readyz", checks, exclude, verbose=verbose) == (code, text)


def test_the_health_of_one_thing():
    assert one_check("") == (200, "ok")
    assert one_check("no disk") == (500, "internal server error: no disk\n")


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
