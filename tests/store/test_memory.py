"""The map and its history, against a model that keeps everything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.writing import key
from tradewind.store.entries import Change, Entry, TooOld
from tradewind.store.memory import HistoryLimits, Memory

NAMES = ("a", "b", "c")
NAMESPACES = ("x", "y")
steps = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMESPACES), st.booleans(), st.integers(0, 40)),
    max_size=60,
)


def change_for(memory: Memory, name: str, namespace: str, delete: bool, size: int) -> Change | None:
    where = key(name, namespace)
    before = memory.get(where)
    if delete and before is None:
        return None
    return Change(Entry(where, memory.revision + 1, b"x" * size), before, delete)


@given(
    steps=steps, limit=st.integers(1, 12), look_every=st.integers(1, 9), namespace=st.sampled_from(("", "x"))
)
def test_a_watcher_hears_each_change_once_in_order_or_that_it_is_too_slow(
    steps, limit, look_every, namespace
):
    """However the history is cut, a watcher that is never told TooOld has heard exactly everything."""
    memory = Memory(limits=HistoryLimits(changes=limit, size_bytes=200))
    happened, heard, seen = [], [], 0
    for number, step in enumerate(steps):
        if change := change_for(memory, *step):
            memory.apply([change])
            if namespace in ("", change.entry.key.namespace):
                happened.append(change)
        if number % look_every == 0:
            try:
                heard += memory.changes("pods", namespace, seen)
            except TooOld:
                heard = list(happened)  # as a client does: it reads everything again
            seen = memory.revision
    assert heard == [change for change in happened if change.entry.revision <= seen]


@given(steps=steps)
def test_the_map_is_what_the_changes_say(steps):
    memory, model = Memory(), {}
    for step in steps:
        if change := change_for(memory, *step):
            memory.apply([change])
            model[change.entry.key] = change.entry
            if change.deleted:
                del model[change.entry.key]
    assert memory.entries("pods") == [model[one] for one in sorted(model)]
    assert sorted(memory.keys_in("x")) == sorted(one for one in model if one.namespace == "x")
    assert {entry.key for entry in memory.everything()} == set(model)


@given(steps=steps, limit=st.integers(4, 60), namespace=st.sampled_from(("", "x")))
def test_a_past_revision_is_found_as_it_was_or_not_at_all(steps, limit, namespace):
    memory, pictures = Memory(limits=HistoryLimits(changes=limit)), {}
    for step in steps:
        if change := change_for(memory, *step):
            memory.apply([change])
            pictures[memory.revision] = memory.entries("pods", namespace)
    oldest = 0
    for revision, picture in pictures.items():
        try:
            assert memory.entries_at("pods", namespace, revision) == picture
        except TooOld as error:
            oldest = error.oldest
            assert revision < oldest
    assert len(pictures) - oldest <= limit


@pytest.mark.parametrize("limits", [HistoryLimits(changes=10), HistoryLimits(size_bytes=1000)])
def test_the_history_stays_within_its_limits(limits):
    memory = Memory(limits=limits)
    for number in range(200):
        memory.apply([Change(Entry(key(f"p{number}"), number + 1, b"x" * 100), None)])
    with pytest.raises(TooOld) as raised:
        memory.changes("pods", "", 0)
    kept = memory.changes("pods", "", raised.value.oldest)
    assert 1 <= len(kept) <= 10


def test_changes_before_the_start_are_unknown():
    memory = Memory([Entry(key("a"), 5, b"")], revision=9)
    assert memory.changes("pods", "", 9) == []
    with pytest.raises(TooOld):
        memory.changes("pods", "", 8)
