"""Objects over a store in memory with a clock and uids that tests can tell."""

import itertools
from typing import Any

from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.draft import decode_manifest
from tradewind.apiserver.objects import DeleteOptions, Objects, Written
from tradewind.resources.core_kinds import CONFIG_MAP, POD
from tradewind.resources.kinds import Kind
from tradewind.resources.registry import ALL_KINDS
from tradewind.store.entries import Entry
from tradewind.store.store import Store, memory_store

START_MS = 1_800_000_000_000  # 2027-01-15T08:00:00Z


class World:
    """One server's objects, and their clock."""

    def __init__(self, store: Store | None = None) -> None:
        self.now_ms = START_MS
        self.store = store or memory_store()
        numbers = itertools.count(1)
        self.objects = Objects(
            catalog(ALL_KINDS),
            self.store,
            lambda: self.now_ms,
            lambda: f"00000000-0000-4000-8000-{next(numbers):012d}",
        )

    async def create(self, kind: Kind, manifest: dict[str, Any]) -> dict[str, Any]:
        return manifest_of((await self.objects.create(kind, manifest)).entry)

    async def update(self, kind: Kind, manifest: dict[str, Any]) -> dict[str, Any]:
        return manifest_of((await self.objects.update(kind, manifest)).entry)

    async def delete(self, kind: Kind, name: str, namespace: str = "d", **options: Any) -> Written:
        return await self.objects.delete(kind, namespace, name, DeleteOptions(**options))

    def get(self, kind: Kind, name: str, namespace: str = "d") -> dict[str, Any]:
        return manifest_of(self.objects.get(kind, namespace if kind.namespaced else "", name))

    def names(self, kind: Kind, namespace: str = "") -> list[str]:
        return [entry.key.name for entry in self.objects.page(kind, namespace).entries]


def manifest_of(entry: Entry) -> dict[str, Any]:
    return decode_manifest(entry.data)


def config_map(
    name: str = "a", namespace: str = "d", data: dict[str, str] | None = None, **metadata: Any
) -> dict[str, Any]:
    about = {"name": name, "namespace": namespace, **metadata}
    return {"apiVersion": "v1", "kind": CONFIG_MAP.name, "metadata": about, "data": data or {"key": "value"}}


def pod(name: str = "p", node: str = "", **metadata: Any) -> dict[str, Any]:
    spec = {"containers": [{"name": "c", "image": "i"}]} | ({"nodeName": node} if node else {})
    return {
        "apiVersion": "v1",
        "kind": POD.name,
        "metadata": {"name": name, "namespace": "d", **metadata},
        "spec": spec,
    }


def owned_by(owner: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    reference = {name: owner[name] for name in ("apiVersion", "kind")}
    return [reference | {"name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"], **more}]
