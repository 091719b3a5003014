"""Which runtime is chosen, and what is said when none is."""

from typing import Any

import pytest

from tests.serving.objects import runtime, sklearn_format
from tradewind.resources.meta import decode
from tradewind.resources.serving import ModelSpec, ServingRuntime
from tradewind.serving.errors import InvalidService
from tradewind.serving.runtimes import choose_runtime, supporting_runtimes


def model(name: str = "sklearn", version: str | None = None, **fields: Any) -> ModelSpec:
    model_format = {"name": name, **({"version": version} if version else {})}
    return decode({"modelFormat": model_format, **fields}, ModelSpec)


def plain(name: str, created: str = "", protocols: tuple[str, ...] = ("v1",), **entry: Any) -> ServingRuntime:
    return runtime(
        name, created, supportedModelFormats=[sklearn_format(**entry)], protocolVersions=list(protocols)
    )


def names(
    wanted: ModelSpec, *runtimes: ServingRuntime, cluster: tuple[ServingRuntime, ...] = ()
) -> list[str]:
    return [one.runtime.metadata.name for one in supporting_runtimes(wanted, False, runtimes, cluster)]


@pytest.mark.parametrize(
    ("wanted", "entry", "fits"),
    [
        (model(), {}, True),
        (model(version="1"), {}, True),
        (model(version="1"), {"version": "1.3"}, False),
        (model(version="1"), {"version": None}, False),
        (model(), {"version": None}, True),
        (model(), {"auto": False}, False),
        (model("xgboost"), {}, False),
        (model(protocolVersion="v2"), {}, False),
        (model(protocolVersion="v2"), {"protocols": ()}, True),
        (model(), {"protocols": ("v2",)}, False),
    ],
)
def test_what_fits(wanted: ModelSpec, entry: dict[str, Any], fits: bool):
    assert names(wanted, plain("a", **entry)) == (["a"] if fits else [])


@pytest.mark.parametrize(
    "spec", [{"disabled": True}, {"multiModel": True}, {"workerSpec": {}}], ids=lambda spec: next(iter(spec))
)
def test_what_is_never_chosen_for_a_plain_model(spec: dict[str, Any]):
    assert names(model(), runtime("a", supportedModelFormats=[sklearn_format()], **spec)) == []


def test_a_model_on_several_nodes_needs_a_runtime_with_workers():
    workers = runtime("a", supportedModelFormats=[sklearn_format()], workerSpec={})
    assert supporting_runtimes(model(), True, [workers, plain("b")], [])[0].runtime is workers


def test_order_of_candidates():
    found = names(
        model(),
        plain("none"),
        plain("low", priority=1),
        plain("high", priority=2),
        plain("v2-first", protocols=("v2", "v1"), priority=2),
        cluster=(plain("cluster", priority=9),),
    )
    assert found == ["high", "v2-first", "low", "none", "cluster"]


def test_among_equals_the_newest_then_the_name():
    old, new = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
    assert names(model(), plain("b", new), plain("a", old), plain("c", new)) == ["b", "c", "a"]


def test_a_lower_protocol_goes_before_age():
    newer = plain("a", "2026-02-01T00:00:00Z", protocols=("v2",))
    older = plain("b", "2026-01-01T00:00:00Z", protocols=("v2", "v1"))
    assert names(model(protocolVersion="v2"), newer, older) == ["b", "a"]


def test_priority_is_that_of_the_first_entry_of_the_format():
    entries = [sklearn_format("0", priority=5), sklearn_format("1", priority=1)]
    first = runtime("first", supportedModelFormats=entries)
    assert names(model(version="1"), plain("second", priority=3), first) == ["first", "second"]


def test_nothing_fits():
    with pytest.raises(InvalidService) as caught:
        choose_runtime(model("xgboost", "2"), False, [plain("a")], [])
    assert caught.value.reason == "NoSupportingRuntime"
    assert caught.value.summary == "No runtime found to support specified framework/version"
    assert "no runtime found to support predictor with model type: xgboost 2" in caught.value.message


@pytest.mark.parametrize(
    ("wanted", "spec", "reason", "text"),
    [
        (model(runtime="b"), {}, "RuntimeNotRecognized", "with the name: b"),
        (model(runtime="a"), {"disabled": True}, "RuntimeDisabled", "specified runtime a is disabled"),
        (
            model(runtime="a", protocolVersion="v2"),
            {"protocolVersions": ["v1"]},
            "NoSupportingRuntime",
            "does not support specified protocol version: wanted sklearn by v2, offered sklearn 1 by v1",
        ),
        (
            model("onnx", runtime="a"),
            {},
            "NoSupportingRuntime",
            "does not support specified framework/version: wanted onnx by v1, "
            "offered sklearn 1 by any protocol",
        ),
    ],
)
def test_a_named_runtime_that_will_not_do(wanted: ModelSpec, spec: dict[str, Any], reason: str, text: str):
    named = runtime("a", supportedModelFormats=[sklearn_format(auto=False)], **spec)
    with pytest.raises(InvalidService) as caught:
        choose_runtime(wanted, False, [], [named])
    assert caught.value.reason == reason
    assert text in caught.value.message


def test_a_named_runtime_of_the_namespace_goes_before_the_clusters():
    one = runtime("a", supportedModelFormats=[sklearn_format(auto=False)])
    choice = choose_runtime(model(runtime="a"), False, [one], [plain("a")])
    assert choice.runtime is one and not choice.cluster_scoped
    assert choose_runtime(model(runtime="a"), False, [], [plain("a")]).cluster_scoped
