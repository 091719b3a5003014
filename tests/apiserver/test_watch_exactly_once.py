"""A watch tells every event once and in order, however often and wherever it is cut."""

import asyncio
import json
import random

import pytest

from tests.apiserver.world import config_map
from tradewind.apiserver import watching
from tradewind.resources.core_kinds import CONFIG_MAP

WRITES = 150
SELECTED = "/api/v1/namespaces/x/configmaps?labelSelector=color%3Dred&watch=1&allowWatchBookmarks=true"
ALL = "/api/v1/configmaps?watch=1&allowWatchBookmarks=true"


Happened = tuple[int, str, str, dict[str, str] | None]


async def write_at_random(api, chance: random.Random) -> list[Happened]:
    """Some creates, changes of colour and deletions; returns what happened: version, object, labels."""
    there: set[tuple[str, str]] = set()
    happened = []
    for number in range(WRITES):
        namespace, name = chance.choice("xy"), f"n{chance.randrange(6)}"
        color = chance.choice(("red", "blue"))
        labels = {"color": color}
        manifest = config_map(name, namespace, {"n": str(number)}, labels=labels)
        key = (namespace, name)
        if key not in there:
            entry = (await api.objects.create(CONFIG_MAP, manifest)).entry
            there.add(key)
        elif chance.random() < 0.3:
            entry = (await api.objects.delete(CONFIG_MAP, namespace, name)).entry
            there.remove(key)
            happened.append((entry.revision, *key, None))
            continue
        else:
            entry = (await api.objects.update(CONFIG_MAP, manifest)).entry
        happened.append((entry.revision, *key, labels))
        if chance.random() < 0.2:
            await asyncio.sleep(0.001)
    return happened


def expected(happened: list[Happened], wanted) -> list[tuple[str, int, str, str]]:
    """What must be told of all this to one who sees only what is `wanted`: a slow twin."""
    told = []
    seen: set[tuple[str, str]] = set()
    for revision, namespace, name, labels in happened:
        key, fits = (namespace, name), labels is not None and wanted(namespace, labels)
        if key in seen:
            told.append(("MODIFIED" if fits else "DELETED", revision, *key))
        elif fits:
            told.append(("ADDED", revision, *key))
        (seen.add if fits else seen.discard)(key)
    return told


async def follow(api, path: str, chance: random.Random, last: asyncio.Future[int]) -> list:
    """Watch from the start, with the connection cut after some lines, again and again."""
    told: list[tuple[str, int, str, str]] = []
    version, reconnects = 1, 0
    while not (last.done() and version >= last.result()):
        async with api.session().get(f"{path}&resourceVersion={version}&timeoutSeconds=20") as answer:
            assert answer.status == 200, await answer.text()
            for _ in range(chance.randrange(1, 12)):
                line = json.loads(await asyncio.wait_for(answer.content.readline(), 10))
                metadata = line["object"]["metadata"]
                at = int(metadata["resourceVersion"])
                assert at >= version
                version = at
                if line["type"] != "BOOKMARK":
                    told.append((line["type"], at, metadata["namespace"], metadata["name"]))
                if last.done() and version >= last.result():
                    break
        reconnects += 1
    assert reconnects > 3
    return told


@pytest.mark.parametrize("seed", range(4))
async def test_cut_at_random_points(api, monkeypatch, seed):
    monkeypatch.setattr(watching, "BOOKMARK_SECONDS", 0.02)
    chance = random.Random(seed)
    last: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    await api.objects.create(CONFIG_MAP, config_map("first", "z"))
    watches = [
        asyncio.create_task(follow(api, path, random.Random(seed * 10 + number), last))
        for number, path in enumerate((SELECTED, ALL, SELECTED, ALL))
    ]
    happened = await write_at_random(api, chance)
    await api.objects.create(CONFIG_MAP, config_map("last", "z"))
    last.set_result(api.objects.revision)
    told = await asyncio.wait_for(asyncio.gather(*watches), 30)
    selected = expected(happened, lambda namespace, labels: namespace == "x" and labels["color"] == "red")
    everything = expected(happened, lambda *_: True)
    for number, one in enumerate(told):
        own = [event for event in one if event[2] != "z"]
        assert own == (everything if number % 2 else selected)
