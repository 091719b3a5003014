"""Discovery, health and OpenAPI over HTTP."""

import json

import pytest

from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.discovery import AGGREGATED
from tradewind.apiserver.openapi.gnostic import ASKED_TYPE, MEDIA_TYPE
from tradewind.resources.core_kinds import POD
from tradewind.resources.serving_kinds import REVISION

V2 = AGGREGATED["v2"]


async def test_every_path_of_the_root_is_answered(api):
    _, root = await api.ask("GET", "/")
    for path in root["paths"]:
        for method in ("GET", "HEAD"):
            async with api.session().request(method, path) as answer:
                assert answer.status == 200, path


@pytest.mark.parametrize("path", ["/api", "/apis"])
@pytest.mark.parametrize("type_", AGGREGATED.values())
async def test_aggregated_discovery_is_kept_by_its_etag(api, path, type_):
    code, _, headers = await api.ask_all("GET", path, Accept=f"{type_},application/json")
    assert (code, headers["Content-Type"], headers["Vary"]) == (200, type_, "Accept")
    same = {"Accept": type_, "If_None_Match": headers["ETag"]}
    code, body, again = await api.ask_all("GET", path, **same)
    assert (code, body, again["ETag"]) == (304, "", headers["ETag"])
    code, _ = await api.ask("GET", path, Accept=type_, If_None_Match='"another"')
    assert code == 200


async def test_the_older_form_has_no_etag(api):
    code, _, headers = await api.ask_all("GET", "/apis")
    assert (code, "ETag" in headers, headers["Content-Type"]) == (200, False, "application/json")


@pytest.mark.parametrize("path", ["/openapi/v2", "/openapi/v3", "/openapi/v3/api/v1"])
async def test_an_openapi_document_is_kept_by_its_etag(api, path):
    code, document, headers = await api.ask_all("GET", path)
    assert code == 200
    code, body, _ = await api.ask_all("GET", path, If_None_Match=headers["ETag"])
    assert (code, body) == (304, "")
    code, plain, other = await api.ask_all("GET", path, Accept_Encoding="identity")
    assert (plain, other["ETag"]) == (document, headers["ETag"])
    assert (headers["Content-Encoding"], "Content-Encoding" in other) == ("gzip", False)


async def test_a_document_stays_under_its_hash(api):
    _, index = await api.ask("GET", "/openapi/v3")
    url = index["paths"]["api/v1"]["serverRelativeURL"]
    code, document, headers = await api.ask_all("GET", url)
    assert (code, headers["Cache-Control"]) == (200, "public, immutable")
    assert "/api/v1/namespaces/{namespace}/pods" in document["paths"]
    async with api.session().get("/openapi/v3/api/v1?hash=OLD", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (301, url)


V3_PROTOBUF = MEDIA_TYPE.replace("v2", "v3")  # kubectl then asks for JSON
REFUSED = [
    ("GET", "/openapi/v3/api/v1", {"Accept": V3_PROTOBUF}, 406),
    ("GET", "/openapi/v2", {"Accept": "text/html"}, 406),
    ("GET", "/apis", {"Accept": "application/vnd.kubernetes.protobuf"}, 406),
    ("GET", "/openapi/v3/apis/nobody.io/v1", {}, 404),
    ("GET", "/openapi", {}, 404),
    ("GET", "/openapi/v1", {}, 404),
    ("GET", "/livez/nothing", {}, 404),
    ("GET", "/livez/ping/more", {}, 404),
    ("GET", "/apis/nobody.io", {}, 404),
    ("POST", "/apis", {}, 405),
    ("PUT", "/openapi/v2", {}, 405),
    ("DELETE", "/version", {}, 405),
]


@pytest.mark.parametrize(("method", "path", "headers", "code"), REFUSED)
async def test_what_does_not_exist_is_refused_with_a_status(api, method, path, headers, code):
    found, status = await api.ask(method, path, **headers)
    assert (found, status["kind"], status["code"]) == (code, "Status", code)


@pytest.mark.parametrize("accept", [MEDIA_TYPE, ASKED_TYPE])
async def test_kubectl_gets_openapi_v2_as_protobuf(api, accept):
    async with api.session().get("/openapi/v2", headers={"Accept": accept}) as answer:
        assert (answer.status, answer.content_type) == (200, MEDIA_TYPE)
        assert (await answer.read()).startswith(b"\x0a\x032.0")  # field 1, `swagger`


GONE = (POD, REVISION)


async def test_documents_change_with_the_kinds_that_are_served(api):
    """A CustomResourceDefinition that comes or goes shows at once."""
    _, before = await api.ask("GET", "/openapi/v3")
    api.objects.served = catalog([kind for kind in api.objects.served.kinds if kind not in GONE])
    _, after = await api.ask("GET", "/openapi/v3")
    before, after = before["paths"], after["paths"]
    assert set(before) - set(after) == {"apis/serving.knative.dev/v1"}
    assert before["api/v1"] != after["api/v1"]
    assert before["apis/work.karmada.io/v1alpha2"] == after["apis/work.karmada.io/v1alpha2"]


async def test_health_of_a_server_that_is_ready(api):
    assert await api.ask("GET", "/livez?verbose") == (200, "[+]ping ok\nlivez check passed\n")
    assert await api.ask("GET", "/readyz?verbose&exclude=ping&exclude=x") == (
        200,
        "[+]ping excluded: ok\n[+]started ok\n"
        'warn: some health checks cannot be excluded: no matches for "x"\nreadyz check passed\n',
    )
    assert await api.ask("GET", "/readyz/started") == (200, "ok")
    _, _, headers = await api.ask_all("HEAD", "/healthz")
    assert headers["X-Content-Type-Options"] == "nosniff"


async def test_kubectl_names_every_resource(api):
    listed = await api.kubectl("api-resources", "-o", "wide", "--no-headers")
    assert (listed.code, len(listed.out.splitlines())) == (0, len(api.objects.served.kinds))
    found = await api.kubectl("get", "isvc,pp,cpp,op,cop,rb,crb,wk,dr,cm,sa,po,no,svc,ns,ev", "-A")
    assert (found.code, found.err.strip()) == (0, "No resources found")
    missing = await api.kubectl("get", "csr")
    assert "the server doesn't have a resource type" in missing.err
    version = json.loads((await api.kubectl("version", "-o", "json")).out)
    assert version["serverVersion"]["minor"] == "37"
    info = await api.kubectl("cluster-info")
    assert "control plane" in info.out
