"""The HTTPS client against a server in the same process: what it sends, what it makes of answers."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from tests.client.server import COLLECTION, OBJECT, FakeServer, config_map, lines, running, status
from tests.client.tls import Authority, server_context
from tradewind.client import http
from tradewind.client.base import WatchEvent
from tradewind.client.connection import Connection
from tradewind.client.http import HttpClient
from tradewind.client.warnings import warning_text
from tradewind.resources.core_kinds import CONFIG_MAP, NAMESPACE
from tradewind.resources.networking import DESTINATION_RULE
from tradewind.resources.status import ApiError


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
async def server(authority: Authority, tmp_path: Path) -> AsyncIterator[FakeServer]:
    async with running(server_context(authority, tmp_path)) as found:
        yield found


@pytest.fixture
def connection(server: FakeServer, authority: Authority) -> Connection:
    return authority.connection(server.url, token="secret-token")


@pytest.fixture
async def client(connection: Connection) -> AsyncIterator[HttpClient]:
    async with HttpClient(connection) as found:
        yield found


async def refusal(client: HttpClient) -> ApiError:
    with pytest.raises(ApiError) as caught:
        await client.get(CONFIG_MAP, "ns", "a")
    return caught.value


async def test_get_comes_with_certificate_and_token(server: FakeServer, client: HttpClient):
    server.on("GET", OBJECT, lambda _: config_map(key="value"))
    assert await client.get(CONFIG_MAP, "ns", "a") == config_map(key="value")
    assert server.asked[0][2]["Authorization"] == "Bearer secret-token"
    assert server.asked[0][2]["User-Agent"] == "tradewind"


async def test_a_list_is_sorted_and_its_items_are_whole(server: FakeServer, client: HttpClient):
    bare = [{key: value for key, value in config_map(name).items() if key != "kind"} for name in ("b", "a")]
    listing = {"items": bare, "metadata": {"resourceVersion": "7"}}
    server.on("GET", "/api/v1/configmaps", lambda _: listing)
    found = await client.list(CONFIG_MAP, label_selector="app in (a, b)")
    assert [item["metadata"]["name"] for item in found.items] == ["a", "b"]
    assert all(item["kind"] == "ConfigMap" for item in found.items)
    assert found.resource_version == "7"
    assert server.asked[0][1] == "/api/v1/configmaps?labelSelector=app+in+%28a%2C+b%29"


async def test_writes_go_where_the_object_is(server: FakeServer, client: HttpClient):
    for method, path in (
        ("POST", COLLECTION),
        ("PUT", OBJECT),
        ("PUT", f"{OBJECT}/status"),
        ("PATCH", OBJECT),
    ):
        server.on(method, path, lambda _: config_map(version="2"))
    for written in (
        await client.create(CONFIG_MAP, config_map()),
        await client.update(CONFIG_MAP, config_map()),
        await client.update_status(CONFIG_MAP, config_map()),
        await client.patch(CONFIG_MAP, "ns", "a", {"data": {"key": None}}),
    ):
        assert written == config_map(version="2")
    assert [(method, path) for method, path, _, _ in server.asked] == [
        ("POST", COLLECTION),
        ("PUT", OBJECT),
        ("PUT", f"{OBJECT}/status"),
        ("PATCH", OBJECT),
    ]
    assert server.asked[0][3] == config_map()
    assert server.asked[3][2]["Content-Type"] == "application/merge-patch+json"
    assert server.asked[3][3] == {"data": {"key": None}}


async def test_a_manifest_is_written_in_its_own_version(server: FakeServer, client: HttpClient):
    path = "/apis/networking.istio.io/v1beta1/namespaces/ns/destinationrules"
    server.on("POST", path, lambda _: {"kind": "DestinationRule"})
    rule = {"apiVersion": "networking.istio.io/v1beta1", "metadata": {"name": "a", "namespace": "ns"}}
    await client.create(DESTINATION_RULE, rule)
    assert server.asked[0][1] == path


async def test_deletion_names_the_uid_and_the_grace(server: FakeServer, client: HttpClient):
    server.on("DELETE", OBJECT, lambda _: {"kind": "Status", "status": "Success"})
    server.on("DELETE", "/api/v1/namespaces/a", lambda _: web.Response())
    await client.delete(CONFIG_MAP, "ns", "a", uid="u", grace_seconds=0)
    await client.delete(NAMESPACE, "", "a")
    options = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
    assert server.asked[0][3] == options | {"preconditions": {"uid": "u"}, "gracePeriodSeconds": 0}
    assert server.asked[1][3] == options


async def test_a_table_is_asked_for_as_kubectl_does(server: FakeServer, client: HttpClient):
    server.on("GET", OBJECT, lambda _: {"kind": "Table", "rows": []})
    assert (await client.get_table(CONFIG_MAP, "ns", "a"))["kind"] == "Table"
    assert server.asked[0][2]["Accept"].startswith("application/json;as=Table;v=v1;g=meta.k8s.io")


async def test_a_watch_yields_every_change_in_order_until_the_server_ends_it(
    server: FakeServer, client: HttpClient
):
    events = [
        {"type": "ADDED", "object": config_map(key="é" * 100_000)},
        {"type": "BOOKMARK", "object": config_map(version="9")},
        {"type": "DELETED", "object": config_map(version="10")},
    ]
    server.on("GET", COLLECTION, lines(*events))
    found = [event async for event in client.watch(CONFIG_MAP, "ns", "5")]
    assert found == [WatchEvent(event["type"], event["object"]) for event in events]
    query = server.asked[0][1].partition("?")[2]
    assert query == "watch=true&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=240"


async def test_an_expired_watch_is_an_error_with_its_code(server: FakeServer, client: HttpClient):
    event = {"type": "ERROR", "object": status(410, "Expired", "too old")}
    server.on("GET", COLLECTION, lines({"type": "ADDED", "object": config_map()}, event))
    found = []
    with pytest.raises(ApiError, match="too old") as caught:
        async for one in client.watch(CONFIG_MAP, "ns", "1"):
            found.append(one.type)
    assert (caught.value.code, found) == (410, ["ADDED"])


async def test_a_watch_may_be_refused_outright(server: FakeServer, client: HttpClient):
    server.on("GET", COLLECTION, lambda _: web.json_response(status(410, "Expired", "gone"), status=410))
    with pytest.raises(ApiError, match="gone"):
        await anext(client.watch(CONFIG_MAP, "ns", "1"))


async def test_a_silent_server_ends_the_watch(
    server: FakeServer, client: HttpClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(http, "WATCH_SILENCE_SECONDS", 0.1)
    released = asyncio.Event()
    server.on("GET", COLLECTION, lines({"type": "ADDED", "object": config_map()}, then=released.wait))
    async with asyncio.timeout(10):
        assert [event.type async for event in client.watch(CONFIG_MAP, "ns")] == ["ADDED"]
    released.set()


async def test_a_watch_that_is_left_gives_its_connection_back(server: FakeServer, client: HttpClient):
    left = asyncio.Event()

    async def wait_for_leaving() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            left.set()

    server.on("GET", COLLECTION, lines({"type": "ADDED", "object": config_map()}, then=wait_for_leaving))
    watch = client.watch(CONFIG_MAP, "ns")
    assert (await anext(watch)).type == "ADDED"
    await watch.aclose()
    assert client._session is not None
    assert not client._session.connector._acquired


async def test_a_log_comes_in_chunks(server: FakeServer, client: HttpClient):
    server.on("GET", "/api/v1/namespaces/ns/pods/p/log", lambda _: web.Response(body=b"x" * 200_000))
    chunks = [chunk async for chunk in client.pod_log("ns", "p", container="c", follow=True, tail_lines=0)]
    assert b"".join(chunks) == b"x" * 200_000
    assert server.asked[0][1].partition("?")[2] == "container=c&follow=true&tailLines=0"


async def test_errors_keep_reason_code_and_details(server: FakeServer, client: HttpClient):
    answer = status(422, "Invalid", "is invalid") | {"details": {"causes": []}}
    server.on("GET", OBJECT, lambda _: web.json_response(answer, status=422))
    error = await refusal(client)
    assert (error.code, error.reason, error.message, error.details) == (
        422,
        "Invalid",
        "is invalid",
        {"causes": []},
    )


@pytest.mark.parametrize(
    ("answer", "code", "reason", "said"),
    [
        (
            web.Response(status=503, text="upstream gone"),
            503,
            "ServiceUnavailable",
            "HTTP 503: upstream gone",
        ),
        (web.Response(status=418, text=""), 418, "InternalError", "HTTP 418: no message"),
        (
            web.Response(status=200, text="<html>"),
            502,
            "InternalError",
            "not a Kubernetes API: it answered '<html>'",
        ),
        (
            web.Response(status=200, text="[1]"),
            502,
            "InternalError",
            "not a Kubernetes API: it answered '[1]'",
        ),
    ],
)
async def test_answers_that_no_api_server_gives(
    server: FakeServer, client: HttpClient, answer: web.Response, code: int, reason: str, said: str
):
    server.on("GET", OBJECT, lambda _: answer)
    error = await refusal(client)
    assert (error.code, error.reason) == (code, reason)
    assert said in error.message
    assert server.url in error.message


async def test_warnings_are_told(server: FakeServer, connection: Connection):
    def answer(_: web.Request) -> web.Response:
        response = web.json_response(config_map())
        response.headers.add("Warning", '299 - "spec: no effect"')
        response.headers.add("Warning", '299 - "say \\"hi\\""')
        return response

    server.on("GET", OBJECT, answer)
    told: list[str] = []
    async with HttpClient(connection, told.append) as client:
        await client.get(CONFIG_MAP, "ns", "a")
    assert told == ["spec: no effect", 'say "hi"']
    assert warning_text("299 unquoted") == "299 unquoted"


async def test_names_are_needed_before_anything_is_sent(server: FakeServer, client: HttpClient):
    for namespace, name in (("", "a"), ("ns", "")):
        with pytest.raises(ApiError, match=r"metadata\.name.* is required"):
            await client.get(CONFIG_MAP, namespace, name)
    assert server.asked == []


async def test_a_server_that_is_not_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    async with HttpClient(Connection(url)) as client:
        error = await refusal(client)
    assert (error.code, error.reason) == (503, "ServiceUnavailable")
    assert url in error.message
    assert "is the server running?" in error.message


async def test_a_server_that_breaks_off(server: FakeServer, client: HttpClient):
    def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    server.on("GET", OBJECT, answer)
    server.on("GET", COLLECTION, answer)
    assert (await refusal(client)).code == 503
    with pytest.raises(ApiError) as caught:
        await anext(client.watch(CONFIG_MAP, "ns"))
    assert caught.value.code == 503


async def test_a_server_that_takes_too_long(
    server: FakeServer, client: HttpClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(http, "REQUEST_SECONDS", 0.1)
    released = asyncio.Event()

    async def answer() -> dict[str, object]:
        await released.wait()
        return {}

    server.on("GET", OBJECT, lambda _: answer())
    error = await refusal(client)
    released.set()
    assert (error.code, error.reason) == (504, "Timeout")


async def test_a_certificate_of_another_authority_is_named(connection: Connection):
    async with HttpClient(replace(connection, ca=Authority().pem)) as client:
        error = await refusal(client)
    assert error.code == 503
    assert "TLS failed: the server's certificate is not trusted" in error.message


async def test_a_client_certificate_of_another_authority_is_named(connection: Connection):
    stranger = Authority().connection(connection.server)
    wrong = replace(
        connection, client_certificate=stranger.client_certificate, client_key=stranger.client_key
    )
    async with HttpClient(wrong) as client:
        error = await refusal(client)
    assert error.code == 503
    assert "is the kubeconfig that of this fleet?" in error.message


async def test_a_key_that_cannot_be_read_is_named_but_not_shown(connection: Connection):
    broken = replace(connection, client_key="-----BEGIN PRIVATE KEY-----\nhunter2")
    async with HttpClient(broken) as client:
        error = await refusal(client)
    assert "TLS failed" in error.message
    assert "hunter2" not in error.message
    assert "hunter2" not in repr(broken)
    assert "secret-token" not in repr(broken)


async def test_the_name_in_the_certificate_may_be_given_or_not_asked_for(
    server: FakeServer, connection: Connection
):
    server.on("GET", OBJECT, lambda _: config_map())
    for settings in (
        {"tls_server_name": "server.test"},
        {"skip_tls_verify": True, "tls_server_name": "other.test"},
    ):
        async with HttpClient(replace(connection, **settings)) as client:
            assert await client.get(CONFIG_MAP, "ns", "a") == config_map()
    async with HttpClient(replace(connection, tls_server_name="other.test")) as client:
        assert "not trusted" in (await refusal(client)).message


async def test_closing_ends_every_connection(server: FakeServer, connection: Connection):
    server.on("GET", OBJECT, lambda _: config_map())
    client = HttpClient(connection)
    await client.close()
    async with HttpClient(connection) as client:
        await client.get(CONFIG_MAP, "ns", "a")
        session = client._session
    assert session is not None
    assert session.closed
    error = await refusal(client)
    assert (error.code, error.message) == (503, f"{server.url}: this client is closed")
