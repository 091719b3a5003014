"""The API over TLS: what is answered to whom, and that nothing is answered with a traceback."""

import asyncio
import json
import re
import ssl

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.apiserver.conftest import now_ms
from tests.apiserver.world import config_map, pod
from tradewind.apiserver import responses
from tradewind.apiserver.http import MAX_BODY_BYTES, application
from tradewind.apiserver.responses import ENTRIES_PER_CHUNK
from tradewind.apiserver.serving import TlsFiles, serve
from tradewind.base.certificates import issue, make_authority, write_credentials
from tradewind.base.pod_logs import log_file
from tradewind.resources.core_kinds import CONFIG_MAP

MAPS = "/api/v1/namespaces/d/configmaps"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


async def test_a_life_over_http(api):
    code, created = await api.ask("POST", MAPS, config_map())
    assert code == 201
    assert await api.ask("GET", f"{MAPS}/a") == (200, created)
    code, updated = await api.ask("PUT", f"{MAPS}/a", created | {"data": {"x": "y"}})
    assert (code, updated["data"]) == (200, {"x": "y"})
    code, patched = await api.ask(
        "PATCH", f"{MAPS}/a", {"data": {"x": None}}, Content_Type="application/merge-patch+json"
    )
    assert (code, patched["data"]) == (200, {})
    code, status = await api.ask("DELETE", f"{MAPS}/a")
    assert (code, status["status"]) == (200, "Success")
    assert status["details"] == {"name": "a", "kind": "configmaps", "uid": created["metadata"]["uid"]}
    assert (await api.ask("GET", f"{MAPS}/a"))[0] == 404


async def test_a_deletion_that_waits_answers_with_the_object(api):
    await api.ask("POST", MAPS, config_map(finalizers=["x.io/y"]))
    code, marked = await api.ask("DELETE", f"{MAPS}/a", {"propagationPolicy": "Background"})
    assert (code, marked["kind"]) == (200, "ConfigMap")
    assert marked["metadata"]["deletionTimestamp"]


async def test_lists(api):
    for name in "cab":
        await api.ask("POST", MAPS, config_map(name, labels={"n": name}))
    code, found = await api.ask("GET", "/api/v1/configmaps")
    assert (code, found["kind"], found["apiVersion"]) == (200, "ConfigMapList", "v1")
    assert [item["metadata"]["name"] for item in found["items"]] == ["a", "b", "c"]
    assert found["metadata"] == {"resourceVersion": str(api.objects.revision)}
    _, found = await api.ask("GET", f"{MAPS}?labelSelector=n+in+(a,b)&fieldSelector=metadata.name!%3Da")
    assert [item["metadata"]["name"] for item in found["items"]] == ["b"]
    assert (await api.ask("GET", "/api/v1/pods"))[1]["items"] == []


async def test_the_parts_of_a_list_join_and_share_a_version(api):
    for number in range(450):
        await api.objects.create(CONFIG_MAP, config_map(f"c{number:03}"))
    names, token, versions = [], "", set()
    while True:
        _, part = await api.ask("GET", f"{MAPS}?limit=200&continue={token}")
        names += [item["metadata"]["name"] for item in part["items"]]
        versions.add(part["metadata"]["resourceVersion"])
        token = part["metadata"].get("continue", "")
        if not token:
            break
        assert part["metadata"]["remainingItemCount"] == 450 - len(names)
        await api.objects.create(CONFIG_MAP, config_map(f"a{len(names)}"))
    assert names == [f"c{number:03}" for number in range(450)]
    assert len(versions) == 1
    _, whole = await api.ask("GET", MAPS)
    assert len(whole["items"]) == 452, "a list of several chunks is one JSON object"


async def test_tables(api):
    await api.ask("POST", MAPS, config_map())
    code, shown = await api.ask("GET", MAPS, Accept=f"{TABLE},application/json")
    assert (code, shown["kind"], shown["rows"][0]["cells"][0]) == (200, "Table", "a")
    _, one = await api.ask("GET", f"{MAPS}/a?includeObject=Object", Accept=TABLE)
    assert one["rows"][0]["object"]["data"] == {"key": "value"}
    assert (await api.ask("GET", f"{MAPS}?includeObject=All", Accept=TABLE))[0] == 400


async def test_every_served_version_of_a_kind_sees_the_same_objects(api):
    path = "/apis/networking.istio.io/{}/namespaces/d/destinationrules"
    rule = {"kind": "DestinationRule", "metadata": {"name": "r"}, "spec": {"host": "x"}}
    code, created = await api.ask("POST", path.format("v1beta1"), rule)
    assert (code, created["apiVersion"]) == (201, "networking.istio.io/v1beta1")
    _, found = await api.ask("GET", path.format("v1"))
    assert (found["apiVersion"], found["items"][0]["apiVersion"]) == ("networking.istio.io/v1",) * 2
    merge = {"Content_Type": "application/merge-patch+json"}
    code, patched = await api.ask("PATCH", path.format("v1") + "/r", {"spec": {"host": "y"}}, **merge)
    assert (code, patched["apiVersion"], patched["spec"]["host"]) == (200, "networking.istio.io/v1", "y")


async def test_a_status_is_written_on_its_own(api):
    await api.ask("POST", "/api/v1/namespaces/d/pods", pod())
    code, _ = await api.ask(
        "PUT", "/api/v1/namespaces/d/pods/p/status", pod() | {"status": {"phase": "Running"}}
    )
    assert code == 200
    merge = {"Content_Type": "application/merge-patch+json"}
    patch = {"status": {"reason": "x"}, "metadata": {"labels": {"not": "taken"}}}
    _, found = await api.ask("PATCH", "/api/v1/namespaces/d/pods/p/status", patch, **merge)
    assert found["status"] == {"phase": "Running", "reason": "x"}
    assert "labels" not in found["metadata"]
    assert (await api.ask("GET", "/api/v1/namespaces/d/pods/p/status"))[1] == found


async def test_warnings_are_headers(api):
    bad = config_map() | {"dta": {}}
    code, _, headers = await api.ask_all("POST", MAPS, bad)
    assert (code, headers["Warning"]) == (201, '299 - "unknown field \\"dta\\""')
    _, _, headers = await api.ask_all("POST", MAPS + "?fieldValidation=Ignore", config_map("b") | {"dta": {}})
    assert "Warning" not in headers


MERGE = {"Content_Type": "application/merge-patch+json"}
REFUSED = [
    ("GET", "/nowhere", None, {}, 404, "NotFound", "could not find the requested resource"),
    ("GET", "/api/v1/podz", None, {}, 404, "NotFound", "could not find"),
    ("GET", "/apis/nobody.io/v1", None, {}, 404, "NotFound", "could not find"),
    (
        "POST",
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        {},
        {},
        422,
        "Invalid",
        "exactly one of",
    ),
    ("POST", "/apis", {}, {}, 405, "MethodNotAllowed", "does not allow this method"),
    ("DELETE", "/api/v1/configmaps", None, {}, 405, "MethodNotAllowed", "does not allow this method"),
    ("DELETE", "/api/v1/namespaces", None, {}, 405, "MethodNotAllowed", "does not allow this method"),
    ("GET", f"{MAPS}/b", None, {}, 404, "NotFound", 'configmaps "b" not found'),
    ("PUT", f"{MAPS}/b", config_map("b"), {}, 404, "NotFound", 'configmaps "b" not found'),
    ("PATCH", f"{MAPS}/b", {}, MERGE, 404, "NotFound", 'configmaps "b" not found'),
    ("DELETE", f"{MAPS}/b", None, {}, 404, "NotFound", 'configmaps "b" not found'),
    ("POST", MAPS, config_map(), {}, 409, "AlreadyExists", 'configmaps "a" already exists'),
    ("PUT", f"{MAPS}/a", config_map(resourceVersion="1"), {}, 409, "Conflict", "has been modified"),
    ("DELETE", f"{MAPS}/a", {"preconditions": {"uid": "x"}}, {}, 409, "Conflict", "UID in the precondition"),
    ("POST", MAPS, b"{", {}, 400, "BadRequest", "not valid JSON"),
    ("POST", MAPS, b"", {}, 400, "BadRequest", "not valid JSON"),
    ("POST", MAPS, b"[]", {}, 400, "BadRequest", "must be of type ConfigMap"),
    ("POST", MAPS, b"a: [", {"Content_Type": "application/yaml"}, 400, "BadRequest", "not valid YAML"),
    ("POST", MAPS, b"x", {"Content_Type": "text/plain"}, 415, "UnsupportedMediaType", "unknown format"),
    ("POST", MAPS, pod(), {}, 400, "BadRequest", "Pod in version"),
    ("POST", MAPS, config_map(namespace="e"), {}, 400, "BadRequest", "namespace of the provided object"),
    ("PUT", f"{MAPS}/a", config_map("b"), {}, 400, "BadRequest", "does not match the name on the URL"),
    ("POST", MAPS, config_map("A"), {}, 422, "Invalid", "RFC 1123"),
    ("POST", MAPS, config_map("b") | {"data": {"a": 1}}, {}, 422, "Invalid", "must be a string"),
    (
        "POST",
        f"{MAPS}?fieldValidation=Strict",
        config_map("b") | {"x": 1},
        {},
        400,
        "BadRequest",
        'unknown field "x"',
    ),
    ("POST", f"{MAPS}?fieldValidation=Maybe", config_map("b"), {}, 422, "Invalid", "fieldValidation"),
    ("PATCH", f"{MAPS}/a", {}, {}, 415, "UnsupportedMediaType", "application/merge-patch+json"),
    (
        "PATCH",
        f"{MAPS}/a",
        {},
        {"Content_Type": "application/apply-patch+cbor"},
        415,
        "UnsupportedMediaType",
        "application/apply-patch+yaml",
    ),
    (
        "PATCH",
        f"{MAPS}/a",
        [{"op": "remove", "path": "/x"}],
        {"Content_Type": "application/json-patch+json"},
        422,
        "Invalid",
        "the server rejected our request due to an error in our request",
    ),
    ("PATCH", f"{MAPS}/a", {"metadata": {"name": "b"}}, MERGE, 400, "BadRequest", "does not match the name"),
    (
        "PATCH",
        f"{MAPS}/a",
        {"metadata": {"resourceVersion": "1"}},
        MERGE,
        409,
        "Conflict",
        "has been modified",
    ),
    ("PATCH", f"{MAPS}/a", {"kind": "Secret"}, MERGE, 400, "BadRequest", "cannot be handled as a ConfigMap"),
    ("PATCH", f"{MAPS}/a", {"data": 5}, MERGE, 422, "Invalid", "must be an object"),
    ("GET", f"{MAPS}?labelSelector=%3D", None, {}, 400, "BadRequest", "unable to parse requirement"),
    ("GET", f"{MAPS}?fieldSelector=data.x%3D1", None, {}, 400, "BadRequest", "is not a known field selector"),
    ("GET", f"{MAPS}?continue=xyz", None, {}, 400, "BadRequest", "continue key is not valid"),
    ("GET", f"{MAPS}?limit=many", None, {}, 400, "BadRequest", "limit"),
    ("GET", f"{MAPS}?watch=1&sendInitialEvents=1", None, {}, 422, "Invalid", "requires setting resourceVer"),
    ("GET", f"{MAPS}?resourceVersion=999999", None, {}, 504, "Timeout", "Too large resource version"),
    ("GET", f"{MAPS}?watch=1&resourceVersion=999999", None, {}, 504, "Timeout", "Too large resource version"),
    ("GET", f"{MAPS}?resourceVersionMatch=Exact", None, {}, 422, "Invalid", "unless resourceVersion"),
    ("GET", MAPS, None, {"Accept": "text/html"}, 406, "NotAcceptable", "application/json"),
    ("DELETE", f"{MAPS}/a?propagationPolicy=All", None, {}, 422, "Invalid", "Unsupported value"),
    ("DELETE", f"{MAPS}/a", [], {}, 400, "BadRequest", "DeleteOptions"),
    ("POST", MAPS, b"\x1f\x8b", {"Content_Encoding": "gzip"}, 400, "BadRequest", "not valid JSON"),
    ("GET", "/api/v1/namespaces/d/pods/p/log", None, {}, 404, "NotFound", 'pods "p" not found'),
    ("GET", MAPS, None, {"Impersonate-Group": "x"}, 400, "BadRequest", "without impersonating"),
]


@pytest.mark.parametrize(("method", "path", "body", "headers", "code", "reason", "says"), REFUSED)
async def test_refusals_are_statuses(api, method, path, body, headers, code, reason, says):
    await api.objects.create(CONFIG_MAP, config_map())
    before = api.objects.revision
    found, status = await api.ask(method, path, body, **headers)
    assert (found, status["kind"], status["status"]) == (code, "Status", "Failure")
    assert (status["code"], status["reason"]) == (code, reason)
    assert says in status["message"]
    assert api.objects.revision == before


async def test_a_body_that_is_too_large(api):
    big = json.dumps(config_map(data={"x": "y" * MAX_BODY_BYTES})).encode()
    code, status = await api.ask("POST", MAPS, big)
    assert (code, status["reason"]) == (413, "RequestEntityTooLarge")
    assert f"limit is {MAX_BODY_BYTES}" in status["message"]


async def test_what_is_unexpected_is_a_status_and_logged(api, monkeypatch, caplog):
    def fail(*_):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(api.objects, "get", fail)
    code, status = await api.ask("GET", f"{MAPS}/a")
    assert (code, status["reason"]) == (500, "InternalError")
    assert "secret detail" not in status["message"]
    assert "secret detail" in caplog.text


async def test_an_answer_that_breaks_off_is_cut_and_not_taken_for_whole(api, monkeypatch, caplog):
    for number in range(2 * ENTRIES_PER_CHUNK):
        await api.objects.create(CONFIG_MAP, config_map(f"c{number}"))
    rendered = iter(range(ENTRIES_PER_CHUNK))

    def render(target, entry):
        next(rendered)
        return entry.data

    monkeypatch.setattr(responses, "object_bytes", render)
    with pytest.raises(aiohttp.ClientError):
        await api.ask("GET", MAPS)
    assert "unexpected error while answering" in caplog.text


@pytest.mark.parametrize(
    ("user", "path", "code"),
    [
        ("", "/healthz", 200),
        ("", "/livez", 200),
        ("", "/readyz", 200),
        ("", "/version", 200),
        ("", "/apis", 403),
        ("", MAPS, 403),
        ("nobody", "/apis", 200),
        ("nobody", MAPS, 403),
        ("agent", "/api/v1/namespaces/karmada-es-m1/secrets", 200),
        ("agent", "/api/v1/namespaces/karmada-es-m2/secrets", 403),
        ("agent", "/apis/cluster.karmada.io/v1alpha1/clusters?fieldSelector=metadata.name%3Dm1", 200),
        ("agent", "/apis/cluster.karmada.io/v1alpha1/clusters", 403),
    ],
)
async def test_who_may_see_what(api, user, path, code):
    found, answer = await api.ask("GET", path, user=user)
    assert found == code
    if code == 403:
        assert answer["reason"] == "Forbidden"


async def test_the_name_in_the_body_decides_about_a_creation(api):
    path = "/apis/coordination.k8s.io/v1/namespaces/karmada-cluster/leases"
    for name, wanted in (("m1", 201), ("m2", 403)):
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name}}
        assert (await api.ask("POST", path, lease, user="agent"))[0] == wanted


async def test_a_certificate_of_another_authority_is_refused(api, tmp_path):
    stranger = issue(make_authority("other", now_ms()), "admin", now_ms(), organizations=["system:masters"])
    write_credentials(stranger, tmp_path / "stranger.crt", tmp_path / "stranger.key")
    with pytest.raises((aiohttp.ClientError, ssl.SSLError)):
        await api.session("stranger").get("/healthz")


async def test_a_server_that_is_not_ready_says_why(world, tls_home):
    missing = ["its gateway"]
    tls = TlsFiles(tls_home / "tls.crt", tls_home / "tls.key", tls_home / "ca.crt")
    why_not = lambda: f"waiting for {missing[0]}" if missing else ""  # noqa: E731
    server = await serve(application(world.objects, None, why_not), 0, tls)
    context = ssl.create_default_context(cafile=str(tls_home / "ca.crt"))
    async with aiohttp.ClientSession(server.url, connector=aiohttp.TCPConnector(ssl=context)) as session:
        failed = "[+]ping ok\n[-]started failed: waiting for its gateway\nreadyz check failed\n"
        for path, code, text in (("/readyz", 500, failed), ("/livez", 200, "ok")):
            async with session.get(path) as answer:
                assert (answer.status, await answer.text()) == (code, text)
        missing.clear()
        async with session.get("/readyz") as answer:
            assert answer.status == 200
    await server.close()


async def test_a_port_that_is_taken_is_an_error(api, tls_home):
    tls = TlsFiles(tls_home / "tls.crt", tls_home / "tls.key", tls_home / "ca.crt")
    with pytest.raises(OSError, match="address already in use"):
        await serve(application(api.objects), api.server.port, tls)


LOG = "/api/v1/namespaces/d/pods/p/log"


async def run_pod(api, text: str) -> None:
    """As its node: container `c` of the Pod `p` runs and has written this."""
    await api.ask("POST", "/api/v1/namespaces/d/pods", pod(node="n1"))
    status = {"name": "c", "restartCount": 0, "state": {"running": {}}}
    manifest = pod(node="n1") | {"status": {"phase": "Running", "containerStatuses": [status]}}
    assert (await api.ask("PUT", "/api/v1/namespaces/d/pods/p/status", manifest))[0] == 200
    log_file(api.logs, "c", 0).parent.mkdir(parents=True)
    log_file(api.logs, "c", 0).write_text(text)


async def test_logs(api):
    await run_pod(api, "1\n2\n3\n")
    assert await api.ask("GET", LOG) == (200, "1\n2\n3\n")
    assert await api.ask("GET", f"{LOG}?tailLines=1&sinceSeconds=60") == (200, "3\n")
    _, text = await api.ask("GET", f"{LOG}?tailLines=1&timestamps=true")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z 3\n", text)
    assert (await api.ask("GET", f"{LOG}?previous=true"))[0] == 400
    code, status = await api.ask("GET", f"{LOG}?limitBytes=0")
    message = 'PodLogOptions "p" is invalid: limitBytes: Invalid value: 0: must be greater than 0'
    assert (code, status["reason"], status["message"]) == (422, "Invalid", message)


async def test_the_log_of_a_pod_without_a_node_is_empty(api):
    await api.ask("POST", "/api/v1/namespaces/d/pods", pod())
    assert await api.ask("GET", LOG) == (200, "")


async def test_following_a_log_ends_with_its_pod(api):
    await run_pod(api, "1\n")
    async with api.session().get(f"{LOG}?follow=true") as answer:
        assert await answer.content.readline() == b"1\n"
        with log_file(api.logs, "c", 0).open("a") as log:
            log.write("2\n")
        assert await asyncio.wait_for(answer.content.readline(), 5) == b"2\n"
        await api.ask("DELETE", "/api/v1/namespaces/d/pods/p?gracePeriodSeconds=0")
        assert await asyncio.wait_for(answer.content.read(), 5) == b""


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["metadata", "name", "namespace", "spec", "data", "labels", "finalizers", "kind", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=json_values, what=st.sampled_from(["create", "update", "merge", "json", "strategic", "delete"]))
async def test_no_body_is_answered_with_a_server_error(api, body, what):
    """Whatever a client sends, it hears what is wrong with it."""
    if (await api.ask("GET", f"{MAPS}/a"))[0] == 404:
        await api.ask("POST", MAPS, config_map())
    patch = {"merge": "merge-patch", "json": "json-patch", "strategic": "strategic-merge-patch"}
    if what in patch:
        code, answer = await api.ask(
            "PATCH", f"{MAPS}/a", body, Content_Type=f"application/{patch[what]}+json"
        )
    else:
        method, path = {
            "create": ("POST", MAPS),
            "update": ("PUT", f"{MAPS}/a"),
            "delete": ("DELETE", f"{MAPS}/a"),
        }[what]
        code, answer = await api.ask(method, path, body)
    assert code < 500, answer
