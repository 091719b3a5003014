"""The OpenAPI documents as they are sent (shell): made when first asked for, off the event loop, and kept."""

import asyncio
import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from tradewind.apiserver.catalog import Catalog
from tradewind.apiserver.draft import encode_json
from tradewind.apiserver.openapi import gnostic
from tradewind.apiserver.openapi.documents import document, prefixes, swagger
from tradewind.resources.kinds import Kind

JSON = "application/json"
GZIP_LEVEL = 5


@dataclass(frozen=True)
class Published:
    """A document. `etag` is a digest of it, under which clients keep it."""

    body: bytes = field(repr=False)
    zipped: bytes = field(repr=False)
    etag: str
    content_type: str


Documents = dict[str, Published]


class Publisher:
    """The documents of a catalog, by path; made anew when the catalog is another one."""

    def __init__(self) -> None:
        self._served: Catalog | None = None
        self._made: dict[Callable[[tuple[Kind, ...]], Documents], Documents] = {}
        self._making = asyncio.Lock()

    async def v3(self, served: Catalog) -> Documents:
        """The index at "" and each document at its prefix, such as `apis/apps/v1`."""
        return await self._of(served, _v3)

    async def v2(self, served: Catalog) -> Published:
        """The document of OpenAPI v2 as JSON."""
        return (await self._of(served, _v2))[""]

    async def v2_protobuf(self, served: Catalog) -> Published:
        """The document of OpenAPI v2 as protobuf."""
        return (await self._of(served, _v2_protobuf))[""]

    async def _of(self, served: Catalog, make: Callable[[tuple[Kind, ...]], Documents]) -> Documents:
        async with self._making:
            if self._served is not served:
                self._served, self._made = served, {}
            if make not in self._made:
                self._made[make] = await asyncio.to_thread(make, served.kinds)
            return self._made[make]


def _v3(kinds: tuple[Kind, ...]) -> Documents:
    found = {prefix: _published(encode_json(document(kinds, prefix))) for prefix in prefixes(kinds)}
    listed = {prefix: {"serverRelativeURL": url(prefix, one)} for prefix, one in found.items()}
    return found | {"": _published(encode_json({"paths": listed}))}


def url(prefix: str, published: Published) -> str:
    """Where a document is. Clients keep it for as long as this is the same."""
    return f"/openapi/v3/{prefix}?hash={published.etag}"


def _v2(kinds: tuple[Kind, ...]) -> Documents:
    return {"": _published(encode_json(swagger(kinds)))}


def _v2_protobuf(kinds: tuple[Kind, ...]) -> Documents:
    return {"": _published(gnostic.encode_document(swagger(kinds)), gnostic.MEDIA_TYPE)}


def _published(body: bytes, content_type: str = JSON) -> Published:
    etag = hashlib.sha512(body).hexdigest().upper()
    return Published(body, gzip.compress(body, GZIP_LEVEL, mtime=0), etag, content_type)
