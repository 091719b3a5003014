"""The cache under the orders in which watches and own writes can arrive."""

import pytest

from tradewind.controller.cache import Cache, Source
from tradewind.resources.core_kinds import CONFIG_MAP

SOURCE = Source("local", "configmaps")


def config(name: str, version: int, **labels: str) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"namespace": "ml", "name": name, "resourceVersion": str(version), "labels": labels},
        "data": {"version": str(version)},
    }


@pytest.fixture
def cache() -> Cache:
    made = Cache()
    made.add_source(SOURCE)
    return made


def version_in(cache: Cache, name: str) -> str | None:
    found = cache.get(CONFIG_MAP, "ml", name)
    return found.data["version"] if found else None


def test_it_is_synced_after_the_first_listing(cache: Cache):
    assert not cache.is_synced([SOURCE])
    cache.replace(SOURCE, CONFIG_MAP, [], 1)
    assert cache.is_synced([SOURCE])


def test_a_listing_reports_what_came_changed_and_went(cache: Cache):
    cache.replace(SOURCE, CONFIG_MAP, [config("same", 1), config("gone", 2)], 2)
    changed = cache.replace(SOURCE, CONFIG_MAP, [config("same", 1), config("new", 3)], 3)
    assert sorted(each.metadata.name for each in changed) == ["gone", "new"]
    assert [each.metadata.name for each in cache.list(CONFIG_MAP)] == ["new", "same"]


def test_an_own_write_is_seen_before_its_watch_event(cache: Cache):
    cache.replace(SOURCE, CONFIG_MAP, [config("a", 1)], 1)
    assert cache.upsert(SOURCE, CONFIG_MAP, config("a", 5), watched=False)
    assert version_in(cache, "a") == "5"


def test_an_own_write_that_the_watch_overtook_is_ignored(cache: Cache):
    cache.replace(SOURCE, CONFIG_MAP, [], 1)
    cache.upsert(SOURCE, CONFIG_MAP, config("a", 5), watched=True)
    cache.remove(SOURCE, config("a", 6))
    assert cache.upsert(SOURCE, CONFIG_MAP, config("a", 5), watched=False) is None
    assert version_in(cache, "a") is None


def test_an_older_watch_event_does_not_undo_an_own_write(cache: Cache):
    cache.replace(SOURCE, CONFIG_MAP, [config("a", 1)], 1)
    cache.upsert(SOURCE, CONFIG_MAP, config("a", 5), watched=False)
    assert cache.upsert(SOURCE, CONFIG_MAP, config("a", 3), watched=True) is None
    assert version_in(cache, "a") == "5"


def test_labels_select(cache: Cache):
    cache.replace(SOURCE, CONFIG_MAP, [config("a", 1, app="x"), config("b", 2, app="y")], 2)
    assert [each.metadata.name for each in cache.list(CONFIG_MAP, "ml", {"app": "y"})] == ["b"]


def test_an_object_that_does_not_fit_its_kind_is_left_out(cache: Cache):
    broken = config("a", 1) | {"data": "not a map"}
    cache.replace(SOURCE, CONFIG_MAP, [broken, config("b", 2)], 2)
    assert [each.metadata.name for each in cache.list(CONFIG_MAP)] == ["b"]


def test_reading_what_no_watch_brings_is_an_error(cache: Cache):
    with pytest.raises(LookupError, match="no watch on configmaps at hub"):
        cache.list(CONFIG_MAP, at="hub")
