"""A client of a Kubernetes API server over HTTPS: Tradewind's own or any other."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import msgspec

from tradewind.client.base import Listing, WatchEvent
from tradewind.client.connection import Connection, ssl_context
from tradewind.client.http_errors import api_errors, decoded, error_of_response, unavailable
from tradewind.client.lines import json_lines
from tradewind.client.urls import (
    Parameters,
    collection_path,
    creation_path,
    name_selector,
    object_path,
    own_path,
    query,
)
from tradewind.client.warnings import warning_text
from tradewind.resources.core_kinds import POD
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.status import error_from_status

if TYPE_CHECKING:
    import aiohttp
    import yarl

CONNECT_SECONDS = 5.0
REQUEST_SECONDS = 30.0
WATCH_SECONDS = 240  # the server ends a watch after this long; the caller goes on from where it was
WATCH_SILENCE_SECONDS = 75.0  # servers send a bookmark about once a minute; silence means that it is gone
LOG_CHUNK_BYTES = 64 * 1024
MAX_CONNECTIONS = 256
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
MERGE_PATCH = "application/merge-patch+json"


class HttpClient:
    """Implements `Client` (see client/base.py) with one session; close it, or use it in `async with`.

    `on_warning` is called with the text of every `Warning` header that the server sends. The server takes
    `user_agent` for who writes (`metadata.managedFields`).
    """

    def __init__(
        self,
        connection: Connection,
        on_warning: Callable[[str], None] | None = None,
        user_agent: str = "tradewind",
    ) -> None:
        self.connection = connection
        self._user_agent = user_agent
        self._on_warning = on_warning
        self._tls_server_name = connection.tls_server_name or None
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "HttpClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the session and its connections; requests after that are ApiError 503."""
        if self._session is not None:
            await self._session.close()

    async def get(self, kind: Kind, namespace: str, name: str) -> Manifest:
        """See `Client.get`."""
        return await self._request("GET", object_path(kind, namespace, name))

    async def list(
        self, kind: Kind, namespace: str = "", label_selector: str = "", name: str = ""
    ) -> Listing:
        """See `Client.list`."""
        selectors = {"labelSelector": label_selector, "fieldSelector": name_selector(name)}
        path = collection_path(kind, namespace) + query(selectors)
        found = await self._request("GET", path)
        items = [_with_type(item, kind) for item in found.get("items") or []]
        return Listing(sorted(items, key=_place), str(found.get("metadata", {}).get("resourceVersion", "")))

    async def watch(
        self, kind: Kind, namespace: str = "", resource_version: str = "", name: str = ""
    ) -> AsyncIterator[WatchEvent]:
        """See `Client.watch`. A server that falls silent ends the watch like one that closes it."""
        parameters: Parameters = {
            "watch": True,
            "allowWatchBookmarks": True,
            "resourceVersion": resource_version,
            "timeoutSeconds": WATCH_SECONDS,
            "fieldSelector": name_selector(name),
        }
        path = collection_path(kind, namespace) + query(parameters)
        async with self._stream(path, WATCH_SILENCE_SECONDS) as response:
            async for line in json_lines(_until_silence(response.content.iter_any())):
                yield _event(line)

    async def create(self, kind: Kind, manifest: Manifest) -> Manifest:
        """See `Client.create`."""
        return await self._request("POST", creation_path(kind, manifest), manifest)

    async def update(self, kind: Kind, manifest: Manifest) -> Manifest:
        """See `Client.update`."""
        return await self._request("PUT", own_path(kind, manifest), manifest)

    async def update_status(self, kind: Kind, manifest: Manifest) -> Manifest:
        """See `Client.update_status`."""
        return await self._request("PUT", own_path(kind, manifest, "status"), manifest)

    async def patch(self, kind: Kind, namespace: str, name: str, patch: Manifest) -> Manifest:
        """See `Client.patch`."""
        return await self._request(
            "PATCH", object_path(kind, namespace, name), patch, content_type=MERGE_PATCH
        )

    async def delete(
        self, kind: Kind, namespace: str, name: str, *, uid: str = "", grace_seconds: int | None = None
    ) -> None:
        """See `Client.delete`."""
        options: Manifest = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
        if uid:
            options["preconditions"] = {"uid": uid}
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        await self._request("DELETE", object_path(kind, namespace, name), options)

    async def get_table(
        self, kind: Kind, namespace: str = "", name: str = "", label_selector: str = ""
    ) -> Manifest:
        """A meta.k8s.io/v1 Table of one object or of all, as the server prints it."""
        path = object_path(kind, namespace, name) if name else collection_path(kind, namespace)
        return await self._request("GET", path + query({"labelSelector": label_selector}), accept=TABLE)

    async def pod_log(
        self,
        namespace: str,
        name: str,
        *,
        container: str = "",
        follow: bool = False,
        tail_lines: int | None = None,
        previous: bool = False,
    ) -> AsyncIterator[bytes]:
        """The output of a Pod in chunks as they come; with `follow` it goes on until the Pod ends."""
        parameters: Parameters = {
            "container": container,
            "follow": follow,
            "tailLines": tail_lines,
            "previous": previous,
        }
        path = object_path(POD, namespace, name, "log") + query(parameters)
        async with self._stream(path, None if follow else REQUEST_SECONDS) as response:
            async for chunk in response.content.iter_chunked(LOG_CHUNK_BYTES):
                yield chunk

    async def _request(
        self,
        method: str,
        path: str,
        body: Manifest | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> Manifest:
        headers = {"Accept": accept} | ({"Content-Type": content_type} if body is not None else {})
        data = None if body is None else msgspec.json.encode(body)
        url = self.connection.server + path
        with api_errors(url):
            async with self._open().request(
                method, _exact(url), data=data, headers=headers, server_hostname=self._tls_server_name
            ) as response:
                self._tell_warnings(response)
                raw = await response.read()
        if response.status >= 400:
            raise error_of_response(url, response.status, raw)
        return decoded(url, raw)

    @contextlib.asynccontextmanager
    async def _stream(
        self, path: str, silence_seconds: float | None
    ) -> AsyncIterator["aiohttp.ClientResponse"]:
        import aiohttp

        url = self.connection.server + path
        timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=silence_seconds)
        with api_errors(url):
            async with self._open().get(
                _exact(url), timeout=timeout, server_hostname=self._tls_server_name
            ) as response:
                self._tell_warnings(response)
                if response.status >= 400:
                    raise error_of_response(url, response.status, await response.read())
                yield response

    def _open(self) -> "aiohttp.ClientSession":
        # Imported on first use: a command that sends no request starts a tenth of a second sooner.
        import aiohttp

        if self._session is None:
            connection = self.connection
            with api_errors(connection.server):
                secure = ssl_context(connection) if connection.server.startswith("https://") else True
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=secure, limit=MAX_CONNECTIONS),
                timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS, connect=CONNECT_SECONDS),
                headers=self._headers(),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        if self._session.closed:
            raise unavailable(f"{self.connection.server}: this client is closed")
        return self._session

    def _headers(self) -> dict[str, str]:
        token = self.connection.token
        return {"User-Agent": self._user_agent} | ({"Authorization": f"Bearer {token}"} if token else {})

    def _tell_warnings(self, response: "aiohttp.ClientResponse") -> None:
        if self._on_warning is not None:
            for header in response.headers.getall("Warning", []):
                self._on_warning(warning_text(header))


def _exact(url: str) -> "yarl.URL":
    """The URL as it is; without this the library would quote it anew."""
    import yarl

    return yarl.URL(url, encoded=True)


def _with_type(item: Manifest, kind: Kind) -> Manifest:
    """Upstream leaves the type out of the items of a list of core kinds."""
    return {"apiVersion": kind.api_version, "kind": kind.name} | item


def _place(manifest: Manifest) -> tuple[str, str]:
    metadata = manifest.get("metadata", {})
    return metadata.get("namespace", ""), metadata.get("name", "")


async def _until_silence(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    with contextlib.suppress(TimeoutError):
        async for chunk in chunks:
            yield chunk


def _event(line: Manifest) -> WatchEvent:
    if line.get("type") == "ERROR":
        raise error_from_status(line.get("object") or {})
    return WatchEvent(line["type"], line["object"])
