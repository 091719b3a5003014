"""The lean world treats the writes that controllers make as the real API does."""

import itertools
from random import Random
from typing import NamedTuple

import pytest

from tests.federation.fleet import START_MS
from tests.federation.simulation.process import Client
from tests.federation.simulation.world import World
from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.objects import Objects
from tradewind.client.local import LocalClient
from tradewind.resources.core_kinds import CONFIG_MAP, NAMESPACE
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.registry import HUB_KINDS
from tradewind.resources.status import ApiError
from tradewind.resources.work import WORK
from tradewind.store.store import memory_store

KINDS = (WORK, CONFIG_MAP)
STEPS = 150
HIDDEN = ("resourceVersion", "managedFields", "uid", "ownerReferences")


class Write(NamedTuple):
    """What is written; versions and uids are each side's own."""

    verb: str
    kind: Kind
    namespace: str
    name: str
    value: str
    finalizers: tuple[str, ...]
    owner: str
    which: str  # the version or uid that is sent: "current", "old" or "none"


class Side:
    """One of the two worlds, and what of it a writer knows that has not looked for a while."""

    def __init__(self, client: Client | LocalClient) -> None:
        self.client = client
        self._old: dict[tuple[str, str, str], Manifest] = {}

    async def perform(self, write: Write) -> str:
        """Returns the reason of an error, "" if there is none."""
        try:
            await self._perform(write)
        except ApiError as error:
            return error.reason
        return ""

    async def find(self, kind: Kind, namespace: str, name: str) -> Manifest | None:
        try:
            return await self.client.get(kind, namespace, name)
        except (ApiError, AssertionError):
            return None

    async def _perform(self, write: Write) -> None:
        kind, at = write.kind, (write.kind.resource, write.namespace, write.name)
        current = await self.find(kind, write.namespace, write.name)
        known = {"current": current, "old": self._old.get(at, current), "none": None}[write.which] or {}
        meta = known.get("metadata", {})
        if current is not None and write.which == "none":
            self._old[at] = current
        if write.verb == "delete":
            await self.client.delete(kind, write.namespace, write.name, uid=meta.get("uid", ""))
            return
        about = {"namespace": write.namespace, "name": write.name, "labels": {"value": write.value}}
        if write.finalizers:
            about["finalizers"] = list(write.finalizers)
        if write.owner and (owner := await self._owner(write, write.owner)):
            about["ownerReferences"] = [owner]
        whole = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": about}
        if write.verb == "create":
            await self.client.create(kind, whole | _body(kind, write.value))
            return
        sent = {name: meta[name] for name in ("uid", "resourceVersion") if name in meta}
        whole["metadata"] = about | sent
        if write.verb == "update":
            await self.client.update(kind, whole | _body(kind, write.value))
        else:
            applied = {"type": "Applied", "status": write.value}
            await self.client.update_status(
                kind, whole | _body(kind, "") | {"status": {"conditions": [applied]}}
            )

    async def _owner(self, write: Write, name: str) -> Manifest | None:
        found = await self.find(CONFIG_MAP, write.namespace, name)
        if found is None or (write.kind is CONFIG_MAP and name == write.name):
            return None
        return {"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": found["metadata"]["uid"]}


def _body(kind: Kind, value: str) -> Manifest:
    if kind is CONFIG_MAP:
        return {"data": {"value": value}}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"value": value}}
    return {"spec": {"workload": {"manifests": [config]}}}


def drawn(rng: Random) -> Write:
    if rng.random() < 0.04:
        return Write("delete", NAMESPACE, "", rng.choice(("one", "two")), "", (), "", "current")
    kind = rng.choice(KINDS)
    verbs = ("create", "create", "update", "update", "delete", *(("status",) if kind is WORK else ()))
    return Write(
        rng.choice(verbs),
        kind,
        rng.choice(("one", "two")),
        rng.choice(("a", "b", "c")),
        rng.choice(("True", "False")),
        rng.choice(((), (), ("example.com/hold",))),
        rng.choice(("", "", "a")),
        rng.choice(("current", "current", "old", "none")),
    )


def _plain(manifest: Manifest) -> Manifest:
    meta = {name: value for name, value in manifest["metadata"].items() if name not in HIDDEN}
    owners = sorted(one["name"] for one in manifest["metadata"].get("ownerReferences", ()))
    # What a namespace that goes tells of its content, nobody here reads.
    hidden = ("status",) if manifest["kind"] == "Namespace" else ()
    rest = {name: value for name, value in manifest.items() if name not in hidden}
    return rest | {"metadata": meta | {"ownerReferences": owners}}


EXPECTED = {
    ("create", "AlreadyExists"),
    ("create", "Forbidden"),
    ("update", "Conflict"),
    ("update", "NotFound"),
    ("status", "Conflict"),
    ("delete", "Conflict"),
    ("delete", "NotFound"),
}


@pytest.mark.parametrize("seeds", [12, pytest.param(400, marks=pytest.mark.long)])
async def test_the_lean_world_answers_as_the_real_one(seeds: int) -> None:
    seen: set[tuple[str, str]] = set()
    for seed in range(seeds):
        seen |= await _compared(Random(seed))
    assert seen >= EXPECTED


async def _compared(rng: Random) -> set[tuple[str, str]]:
    """The answers to random writes, each compared, with all that is there then."""
    numbers = itertools.count(1)
    new_uid = lambda: f"00000000-0000-4000-8000-{next(numbers):012d}"  # noqa: E731
    lean = World(lambda: START_MS)
    real = LocalClient(Objects(catalog(HUB_KINDS), memory_store(), lambda: START_MS, new_uid))
    sides = Side(Client(lean, lambda: "")), Side(real)
    seen = set()
    for _ in range(STEPS):
        write = drawn(rng)
        answers = [await side.perform(write) for side in sides]
        assert answers[0] == answers[1], write
        seen.add((write.verb, answers[0]))
        for kind in (*KINDS, NAMESPACE):
            expected = [_plain(one) for one in (await real.list(kind)).items]
            assert [_plain(one) for one in lean.all_of(kind)] == expected, write
    return seen
