"""The API over a dictionary: resource versions, status of its own, graceful deletion of Pods, watches."""

import asyncio
import copy
import itertools
from collections.abc import AsyncIterator

from tradewind.client.base import Listing, WatchEvent
from tradewind.controller.cache import version_of
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError, already_exists, conflict, not_found

Name = tuple[str, str, str]


class FakeClient:
    def __init__(self) -> None:
        self.objects: dict[Name, Manifest] = {}
        self.history: list[tuple[str, WatchEvent]] = []
        self.fail_writes = 0  # the next so many writes get 503
        self._versions = itertools.count(1)
        self._news = asyncio.Condition()

    async def get(self, kind: Kind, namespace: str, name: str) -> Manifest:
        return copy.deepcopy(self._find(kind, namespace, name))

    async def list(
        self, kind: Kind, namespace: str = "", label_selector: str = "", name: str = ""
    ) -> Listing:
        found = [
            copy.deepcopy(manifest)
            for (resource, scope, _), manifest in sorted(self.objects.items())
            if resource == kind.resource and namespace in ("", scope)
        ]
        return Listing(found, str(self._latest()))

    async def watch(
        self, kind: Kind, namespace: str = "", resource_version: str = "", name: str = ""
    ) -> AsyncIterator[WatchEvent]:
        seen = int(resource_version or 0)
        while True:
            async with self._news:
                while self._latest() <= seen:
                    await self._news.wait()
            for resource, event in list(self.history):
                if version_of(event.manifest) > seen and resource == kind.resource:
                    yield event
            seen = self._latest()

    async def create(self, kind: Kind, manifest: Manifest) -> Manifest:
        meta = manifest["metadata"]
        name = (kind.resource, meta.get("namespace", ""), meta["name"])
        if name in self.objects:
            raise already_exists(kind.resource, meta["name"])
        manifest = {key: value for key, value in manifest.items() if key != "status"}
        return await self._store(
            kind, name, "ADDED", {**manifest, "metadata": {"uid": f"uid-{next(self._versions)}", **meta}}
        )

    async def update(self, kind: Kind, manifest: Manifest) -> Manifest:
        known = self._current(kind, manifest)
        status = {"status": known["status"]} if "status" in known else {}
        rest = {key: value for key, value in manifest.items() if key != "status"}
        return await self._replace(kind, {**rest, **status})

    async def update_status(self, kind: Kind, manifest: Manifest) -> Manifest:
        return await self._replace(
            kind, {**self._current(kind, manifest), "status": manifest.get("status", {})}
        )

    async def patch(self, kind: Kind, namespace: str, name: str, patch: Manifest) -> Manifest:
        return await self._replace(kind, _merged(self._find(kind, namespace, name), patch))

    async def delete(
        self, kind: Kind, namespace: str, name: str, *, uid: str = "", grace_seconds: int | None = None
    ) -> None:
        known = self._find(kind, namespace, name)
        if uid and known["metadata"]["uid"] != uid:
            raise conflict(kind.resource, name, "the UID is another's")
        grace = (
            known.get("spec", {}).get("terminationGracePeriodSeconds", 30)
            if grace_seconds is None
            else grace_seconds
        )
        if kind.resource == "pods" and grace and known["spec"].get("nodeName"):
            marked = {"deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": grace}
            await self._replace(kind, {**known, "metadata": {**known["metadata"], **marked}})
            return
        if known["metadata"].get("finalizers"):
            await self._replace(kind, known)
            return
        del self.objects[(kind.resource, namespace, name)]
        await self._publish(kind, "DELETED", known)

    def _latest(self) -> int:
        return version_of(self.history[-1][1].manifest) if self.history else 0

    def _find(self, kind: Kind, namespace: str, name: str) -> Manifest:
        known = self.objects.get((kind.resource, namespace, name))
        if known is None:
            raise not_found(kind.resource, name)
        return known

    def _current(self, kind: Kind, manifest: Manifest) -> Manifest:
        meta = manifest["metadata"]
        known = self._find(kind, meta.get("namespace", ""), meta["name"])
        if meta.get("resourceVersion", "") not in ("", known["metadata"]["resourceVersion"]):
            raise conflict(kind.resource, meta["name"], "stale")
        return known

    async def _replace(self, kind: Kind, manifest: Manifest) -> Manifest:
        meta = manifest["metadata"]
        return await self._store(
            kind, (kind.resource, meta.get("namespace", ""), meta["name"]), "MODIFIED", manifest
        )

    async def _store(self, kind: Kind, name: Name, type_: str, manifest: Manifest) -> Manifest:
        if self.fail_writes:
            self.fail_writes -= 1
            raise ApiError(503, "ServiceUnavailable", "the test says so")
        stored = await self._publish(kind, type_, manifest)
        self.objects[name] = stored
        return copy.deepcopy(stored)

    async def _publish(self, kind: Kind, type_: str, manifest: Manifest) -> Manifest:
        version = str(next(self._versions))
        stored = copy.deepcopy({**manifest, "metadata": {**manifest["metadata"], "resourceVersion": version}})
        self.history.append((kind.resource, WatchEvent(type_, copy.deepcopy(stored))))  # type: ignore[arg-type]
        async with self._news:
            self._news.notify_all()
        return stored


def _merged(old: Manifest, patch: Manifest) -> Manifest:
    merged = {
        key: _merged(old.get(key, {}), value) if isinstance(value, dict) else value
        for key, value in patch.items()
    }
    return {**old, **merged}
