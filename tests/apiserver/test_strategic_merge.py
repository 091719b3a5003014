"""Strategic merge patches, as kubectl makes them."""

import copy
import time

import pytest

from tradewind.apiserver.strategic_merge import strategic_merge
from tradewind.resources.core_kinds import CONFIG_MAP, ENDPOINT_SLICE, LEASE, POD, SERVICE, SERVICE_ACCOUNT
from tradewind.resources.networking import DESTINATION_RULE
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.resources.status import ApiError

A, B, C = ({"name": name, "image": name.upper()} for name in "abc")


def spec(**fields):
    return {"spec": fields}


CASES = [
    # plain fields and objects merge as in a merge patch
    (POD, spec(nodeName="n", x={"y": 1}), spec(nodeName=None, x={"z": 2}), spec(x={"y": 1, "z": 2})),
    (POD, spec(x={"y": 1}), spec(x={"$patch": "replace", "z": 2}), spec(x={"z": 2})),
    (POD, spec(x={"y": 1}), spec(x={"$patch": "delete"}), spec()),
    (POD, spec(), spec(x={"$patch": "replace", "z": 2}), spec(x={"z": 2})),
    (POD, spec(x={"y": 1, "z": 2}), spec(x={"$retainKeys": ["z"], "z": 3}), spec(x={"z": 3})),
    # lists with a key merge item by item, others are replaced
    (
        POD,
        spec(containers=[A, B]),
        spec(containers=[{"name": "b", "image": "new"}]),
        spec(containers=[A, {"name": "b", "image": "new"}]),
    ),
    (POD, spec(containers=[A]), spec(containers=[B]), spec(containers=[B, A])),
    (POD, spec(tolerations=[1]), spec(tolerations=[2]), spec(tolerations=[2])),
    (
        POD,
        spec(containers=[A, B]),
        spec(containers=[{"name": "a", "$patch": "delete"}]),
        spec(containers=[B]),
    ),
    (POD, spec(containers=[A, B]), spec(containers=[C, {"$patch": "replace"}]), spec(containers=[C])),
    (POD, spec(), spec(containers=[A, {"name": "b", "$patch": "delete"}]), spec(containers=[A])),
    # nested keys: containers[].env[], containers[].ports[]
    (
        POD,
        spec(
            containers=[{"name": "a", "env": [{"name": "X", "value": "1"}], "ports": [{"containerPort": 80}]}]
        ),
        spec(
            containers=[
                {
                    "name": "a",
                    "env": [{"name": "Y", "value": "2"}],
                    "ports": [{"containerPort": 80, "name": "h"}],
                }
            ]
        ),
        spec(
            containers=[
                {
                    "name": "a",
                    "env": [{"name": "Y", "value": "2"}, {"name": "X", "value": "1"}],
                    "ports": [{"containerPort": 80, "name": "h"}],
                }
            ]
        ),
    ),
    # order
    (
        POD,
        spec(containers=[A, B, C]),
        spec(
            **{"containers": [], "$setElementOrder/containers": [{"name": "c"}, {"name": "a"}, {"name": "b"}]}
        ),
        spec(containers=[C, A, B]),
    ),
    (
        POD,
        spec(containers=[A, B, C]),
        spec(**{"$setElementOrder/containers": [{"name": "c"}, {"name": "b"}]}),
        spec(containers=[A, C, B]),
    ),
    # lists of plain values
    (
        POD,
        {"metadata": {"finalizers": ["a", "b"]}},
        {"metadata": {"finalizers": ["c"]}},
        {"metadata": {"finalizers": ["c", "a", "b"]}},
    ),
    (
        POD,
        {"metadata": {"finalizers": ["a", "b"]}},
        {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}},
        {"metadata": {"finalizers": ["b"]}},
    ),
    (
        POD,
        {"metadata": {"finalizers": ["a", "b"]}},
        {
            "metadata": {
                "$deleteFromPrimitiveList/finalizers": ["a"],
                "$setElementOrder/finalizers": ["c", "b"],
                "finalizers": ["c"],
            }
        },
        {"metadata": {"finalizers": ["c", "b"]}},
    ),
    (POD, {"metadata": {"finalizers": ["a"]}}, {"metadata": {"finalizers": None}}, {"metadata": {}}),
    (POD, spec(containers=[A]), spec(**{"$deleteFromPrimitiveList/containers": ["a"]}), spec(containers=[A])),
    # several items of one key, such as a port for TCP and UDP, are left alone
    (
        SERVICE,
        spec(ports=[{"port": 53, "name": "t"}, {"port": 53, "name": "u"}]),
        spec(ports=[{"port": 80}]),
        spec(ports=[{"port": 80}, {"port": 53, "name": "t"}, {"port": 53, "name": "u"}]),
    ),
    # other kinds
    (
        SERVICE,
        spec(ports=[{"port": 80}]),
        spec(ports=[{"port": 80, "name": "x"}]),
        spec(ports=[{"port": 80, "name": "x"}]),
    ),
    (
        SERVICE_ACCOUNT,
        {"secrets": [{"name": "a"}]},
        {"secrets": [{"name": "b"}]},
        {"secrets": [{"name": "b"}, {"name": "a"}]},
    ),
    (
        CONFIG_MAP,
        {"data": {"a": "1", "b": "2"}},
        {"data": {"a": None, "c": "3"}},
        {"data": {"b": "2", "c": "3"}},
    ),
    # a new part of the object keeps neither nulls nor directives
    (CONFIG_MAP, {}, {"data": {"a": None, "b": "2", "$retainKeys": ["b"]}}, {"data": {"b": "2"}}),
]


@pytest.mark.parametrize(("kind", "original", "patch", "wanted"), CASES)
def test_strategic_merge(kind, original, patch, wanted):
    before = copy.deepcopy((original, patch))
    assert strategic_merge(kind, original, patch) == wanted
    assert (original, patch) == before
    assert strategic_merge(kind, wanted, patch) == wanted, "a second time changes nothing"


REFUSED = [
    ([], "is an object"),
    (spec(x={"$patch": "frob"}), "use replace or delete"),
    (spec(containers=[{"image": "no name"}]), 'its key "name"'),
    (spec(containers=["text"]), 'its key "name"'),
    (spec(containers=[{"name": {}}]), 'its key "name"'),
    ({"metadata": {"finalizers": [{}]}}, "a string or a number"),
    (spec(**{"$setElementOrder/containers": "x"}), "must be a list"),
    (spec(**{"$setElementOrder/containers": [{"$patch": "replace"}]}), 'its key "name"'),
    (spec(containers=[{"name": "a", "$patch": "frob"}]), "cannot be merged"),
    ({"metadata": {"$deleteFromPrimitiveList/finalizers": [{}]}}, "a string or a number"),
    (spec(x={"$retainKeys": 1}), "must be a list"),
]


@pytest.mark.parametrize(("patch", "says"), REFUSED)
def test_a_malformed_patch_is_refused(patch, says):
    original = {"metadata": {"finalizers": ["a"]}, "spec": {"containers": [A], "x": {}}}
    with pytest.raises(ApiError) as raised:
        strategic_merge(POD, original, patch)
    assert raised.value.code == 400
    assert says in raised.value.message


@pytest.mark.parametrize(
    ("kind", "supported"),
    [
        (POD, True),
        (LEASE, True),
        (ENDPOINT_SLICE, True),
        (INFERENCE_SERVICE, False),
        (DESTINATION_RULE, False),
    ],
)
def test_only_kinds_of_kubernetes_itself_have_strategic_merge(kind, supported):
    assert kind.is_builtin is supported


def test_long_lists_take_time_in_proportion():
    """Tens of thousands of items, as many as a request can hold, in a moment."""
    count = 30_000
    old = [{"name": f"o{number}"} for number in range(count)]
    new = [{"name": f"n{number}"} for number in range(count)] + [
        {"name": f"o{number}", "$patch": "delete"} for number in range(0, count, 2)
    ]
    start = time.perf_counter()
    merged = strategic_merge(POD, spec(containers=old), spec(containers=new))
    assert len(merged["spec"]["containers"]) == count + count // 2
    assert time.perf_counter() - start < 2
