"""Server-side apply as a function: ownership, conflicts, giving up, and what holds whatever is applied."""

import pytest
from hypothesis import given

from tests.apiserver.fields.values import ROOT, SPEC, flat, specs
from tradewind.apiserver.fields.apply import Applying, Conflicts, apply_config
from tradewind.apiserver.fields.collect import field_set
from tradewind.apiserver.fields.managed import Manager, Owned
from tradewind.apiserver.fields.tracked import stripped

ALICE, BOB, CONTROLLER = Manager("alice", "Apply"), Manager("bob", "Apply"), Manager("c", "Update", "v1")


NOTHING = {"metadata": {}}


def manifest(**spec):
    return {"metadata": {}, "spec": spec}


def apply(live, managed, manager, config, *, force=False, now="t"):
    return apply_config(live, ROOT, managed, Applying(config, manager, "v1", now, force))


def all_owned(manager, managed):
    return managed[manager].fields if manager in managed else {}


def owned(manager, managed):
    return all_owned(manager, managed).get("f:spec", {})


def updated(**spec):
    """An object that a controller has made, and which owns all of it."""
    live = manifest(**spec)
    return live, {CONTROLLER: Owned(field_set(live, ROOT), "v1", "t0")}


def test_who_applies_owns_what_he_applied_and_nothing_else():
    live, managed = apply(*updated(text="a", inner={"a": 1}), ALICE, manifest(inner={"b": 2}))
    assert live == manifest(text="a", inner={"a": 1, "b": 2})
    assert owned(ALICE, managed) == {"f:inner": {"f:b": {}}}
    assert owned(CONTROLLER, managed) == {"f:inner": {"f:a": {}}, "f:text": {}}


def test_two_may_own_a_field_as_long_as_they_agree():
    live, managed = apply(*updated(text="a"), ALICE, manifest(text="a"))
    assert owned(ALICE, managed) == owned(CONTROLLER, managed) == {"f:text": {}}
    live, managed = apply(live, managed, ALICE, manifest(tags=["t"]))
    assert live == manifest(text="a", tags=["t"])  # given up by one, kept for the other


def test_another_value_is_a_conflict_unless_it_is_forced():
    live, managed = updated(text="a", labels={"x": "1", "y": "1"})
    config = manifest(text="b", labels={"x": "2", "y": "1"})
    with pytest.raises(Conflicts) as raised:
        apply(live, managed, ALICE, config)
    assert raised.value.owners == {CONTROLLER: {"f:spec": {"f:text": {}, "f:labels": {"f:x": {}}}}}
    live, managed = apply(live, managed, ALICE, config, force=True)
    assert live == config
    assert owned(CONTROLLER, managed) == {"f:labels": {"f:y": {}}}


def test_a_manager_that_updates_is_another_than_one_of_that_name_that_applies():
    live, managed = updated(text="a")
    with pytest.raises(Conflicts):
        apply(live, managed, Manager("c", "Apply"), manifest(text="b"))


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [
        # what is left out goes
        ({"text": "a", "tags": ["t", "u"]}, {"tags": ["u"]}, {"tags": ["u"]}),
        ({"labels": {"x": "1", "y": "2"}}, {"labels": {"y": "2"}}, {"labels": {"y": "2"}}),
        ({"items": [{"name": "a"}, {"name": "b"}]}, {"items": [{"name": "b"}]}, {"items": [{"name": "b"}]}),
        ({"items": [{"name": "a", "value": 1}]}, {"items": [{"name": "a"}]}, {"items": [{"name": "a"}]}),
        ({"selector": {"x": "1"}}, {}, {}),
        ({"inner": {"a": 1}}, {}, {}),
        ({"whatever": {"a": {"b": 1}}}, {"whatever": {"c": 1}}, {"whatever": {"c": 1}}),
    ],
)
def test_what_is_left_out_goes(first, second, left):
    live, managed = apply(*updated(args=["kept"]), ALICE, manifest(**first))
    live, managed = apply(live, managed, ALICE, manifest(**second))
    assert live == manifest(args=["kept"], **left)
    assert owned(ALICE, managed) == field_set(second, SPEC)


def test_an_item_stays_with_what_others_own_in_it():
    live, managed = apply(NOTHING, {}, ALICE, manifest(items=[{"name": "a", "value": 1}]))
    live, managed = apply(live, managed, BOB, manifest(items=[{"name": "a", "map": {"k": "v"}}]))
    live, managed = apply(live, managed, ALICE, NOTHING)
    assert live == manifest(items=[{"name": "a", "map": {"k": "v"}}])
    assert ALICE not in managed


def test_an_item_goes_with_what_nobody_owns_in_it():
    config = manifest(items=[{"name": "a", "ports": [{"port": 1}]}])
    live, managed = apply(NOTHING, {}, ALICE, config)
    live["spec"]["items"][0]["ports"][0]["protocol"] = "TCP"  # a default, owned by nobody
    live, managed = apply(live, managed, ALICE, config)
    assert live["spec"]["items"][0]["ports"] == [{"port": 1, "protocol": "TCP"}]
    live, managed = apply(live, managed, ALICE, manifest(text="a"))
    assert live == manifest(text="a")


def test_time_changes_only_with_the_object():
    live, managed = apply(NOTHING, {}, ALICE, manifest(text="a"), now="t1")
    assert managed[ALICE].time == "t1"
    live, managed = apply(live, managed, ALICE, manifest(text="a"), now="t2")
    assert managed[ALICE].time == "t1"
    live, managed = apply(live, managed, ALICE, manifest(text="b"), now="t3")
    assert managed[ALICE].time == "t3"


configs = specs.map(lambda spec: manifest(**spec))


@given(configs, configs)
def test_applying_again_changes_nothing(start, config):
    live, managed = apply(*updated(**start["spec"]), ALICE, config, force=True)
    assert apply(live, managed, ALICE, config, now="later") == (live, managed)


@given(configs, configs)
def test_what_is_applied_is_there(start, config):
    live, managed = apply(*updated(**start["spec"]), ALICE, config, force=True)
    assert flat(config, ROOT).items() <= flat(live, ROOT).items()
    assert all_owned(ALICE, managed) == stripped(field_set(config, ROOT))
    gone = flat(start, ROOT).keys() - flat(live, ROOT).keys()
    assert all(path.startswith("/f:spec/f:whatever") for path in gone)


@given(configs, configs)
def test_two_who_apply_different_fields_come_to_the_same_in_either_order(one, other):
    one = manifest(**{name: one["spec"][name] for name in ("text", "items", "inner") if name in one["spec"]})
    other = manifest(
        **{name: other["spec"][name] for name in ("labels", "tags", "args") if name in other["spec"]}
    )
    live, managed = apply(*apply(NOTHING, {}, ALICE, one), BOB, other)
    other_way, managed_so = apply(*apply(NOTHING, {}, BOB, other), ALICE, one)
    assert live == other_way
    assert all(all_owned(who, managed) == all_owned(who, managed_so) for who in (ALICE, BOB))


@given(configs, configs)
def test_giving_up_everything_leaves_what_others_have(start, config):
    try:
        live, managed = apply(*updated(**start["spec"]), ALICE, config)
    except Conflicts:
        return
    live, managed = apply(live, managed, ALICE, NOTHING)
    lost = flat(start, ROOT).items() - flat(live, ROOT).items()
    # What has no schema may turn from an object into a value: nobody owned that.
    assert all(path.startswith("/f:spec/f:whatever") for path, _ in lost)
    assert ALICE not in managed
