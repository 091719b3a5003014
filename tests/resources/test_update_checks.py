"""What an update may not change."""

from typing import Any

import pytest

from tradewind.resources.core_kinds import CONFIG_MAP, ENDPOINT_SLICE, POD, SECRET, SERVICE
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.policy import CLUSTER_PROPAGATION_POLICY, PROPAGATION_POLICY
from tradewind.resources.serving_kinds import INFERENCE_SERVICE, REVISION

WHEN_SET = "Forbidden: field is immutable when `immutable` is set"
CONTAINER = {
    "name": "c",
    "image": "i",
    "env": [{"name": "A", "value": "1"}],
    "ports": [{"containerPort": 80}],
}
INIT = {"name": "init", "image": "i"}
TOLERATION = {"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}
GATE = {"name": "x.io/wait"}


def pod(spec: Manifest | None = None, **container: Any) -> Manifest:
    return {"spec": {"containers": [CONTAINER | container]} | (spec or {})}


def predictor(**parts: Any) -> Manifest:
    return {"spec": {"predictor": parts}}


FORBIDDEN: list[tuple[Kind, Manifest, Manifest, list[str]]] = [
    (CONFIG_MAP, {"immutable": True, "data": {"a": "b"}}, {"immutable": True}, [f"data: {WHEN_SET}"]),
    (
        CONFIG_MAP,
        {"immutable": True},
        {"immutable": True, "binaryData": {"a": ""}},
        [f"binaryData: {WHEN_SET}"],
    ),
    (CONFIG_MAP, {"immutable": True}, {"immutable": False}, [f"immutable: {WHEN_SET}"]),
    (
        CONFIG_MAP,
        {"immutable": True, "data": {"a": "b"}},
        {},
        [f"immutable: {WHEN_SET}", f"data: {WHEN_SET}"],
    ),
    (SECRET, {"immutable": True, "data": {"a": "Yg=="}}, {"immutable": True}, [f"data: {WHEN_SET}"]),
    (SECRET, {"type": "Opaque"}, {"type": "x.io/y"}, ['type: Invalid value: "x.io/y": field is immutable']),
    (
        ENDPOINT_SLICE,
        {"addressType": "IPv4"},
        {"addressType": "IPv6"},
        ['addressType: Invalid value: "IPv6": field is immutable'],
    ),
    (
        SERVICE,
        {"spec": {"clusterIP": "10.0.0.1"}},
        {"spec": {"clusterIP": "10.0.0.2"}},
        ['spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set'],
    ),
    (
        REVISION,
        pod({"containerConcurrency": 1}),
        pod({"containerConcurrency": 2}),
        ["spec: Immutable fields changed (-old +new): containerConcurrency"],
    ),
    *(
        (
            kind,
            {"spec": {"schedulerName": "a"}},
            {"spec": {"schedulerName": "b"}},
            ["spec.schedulerName: the schedulerName should not be updated"],
        )
        for kind in (PROPAGATION_POLICY, CLUSTER_PROPAGATION_POLICY)
    ),
    (
        INFERENCE_SERVICE,
        predictor(model={"storageUri": "s3://a"}),
        predictor(model={"storageUri": "s3://a"}, name="v2"),
        [
            'spec.predictor.name: Invalid value: "v2": predictor.name change requires a model change '
            "(e.g. storageUri)"
        ],
    ),
    (
        POD,
        pod(),
        pod({"containers": [CONTAINER, CONTAINER]}),
        ["spec.containers: Forbidden: pod updates may not add or remove containers"],
    ),
    (
        POD,
        pod({"activeDeadlineSeconds": 5}),
        pod({"activeDeadlineSeconds": 6}),
        ["spec.activeDeadlineSeconds: Invalid value: 6: must be less than or equal to previous value"],
    ),
    (
        POD,
        pod({"activeDeadlineSeconds": 5}),
        pod(),
        [
            "spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil "
            "value"
        ],
    ),
    (
        POD,
        pod({"tolerations": [TOLERATION]}),
        pod({"tolerations": [TOLERATION | {"key": "b"}]}),
        ["spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"],
    ),
    (
        POD,
        pod(),
        pod({"schedulingGates": [GATE]}),
        [
            "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling "
            "gate 'x.io/wait'"
        ],
    ),
]


@pytest.mark.parametrize(("kind", "old", "new", "says"), FORBIDDEN)
def test_what_may_not_change(kind, old, new, says):
    assert [str(problem) for problem in kind.check_update(new, old)] == says
    assert kind.check_update(old, old) == []


ALLOWED: list[tuple[Kind, Manifest, Manifest]] = [
    (CONFIG_MAP, {"data": {"a": "b"}}, {"data": {"a": "c"}, "immutable": True}),
    (CONFIG_MAP, {"immutable": True}, {"immutable": True, "metadata": {"labels": {"a": "b"}}}),
    (SECRET, {"type": "Opaque", "data": {"a": "Yg=="}}, {"type": "Opaque"}),
    (SERVICE, {"spec": {"clusterIP": "None"}}, {"spec": {}}),
    (SERVICE, {"spec": {"clusterIP": ""}}, {"spec": {"clusterIP": "10.0.0.2"}}),
    (SERVICE, {"spec": {"clusterIP": "10.0.0.1"}}, {"spec": {"type": "ExternalName", "clusterIP": "x"}}),
    (
        INFERENCE_SERVICE,
        predictor(model={"storageUri": "a"}),
        predictor(model={"storageUri": "b"}, name="v2"),
    ),
    (POD, pod(), pod(image="j")),
    (POD, pod(), pod({"activeDeadlineSeconds": 5})),
    (POD, pod({"activeDeadlineSeconds": 5}), pod({"activeDeadlineSeconds": 4})),
    (
        POD,
        pod({"tolerations": [TOLERATION]}),
        pod({"tolerations": [TOLERATION | {"tolerationSeconds": 9}, {"key": "z", "operator": "Exists"}]}),
    ),
    (POD, pod({"schedulingGates": [GATE]}), pod()),
    (POD, pod({"terminationGracePeriodSeconds": -1}), pod({"terminationGracePeriodSeconds": 1})),
    (POD, pod(), pod({"nodeName": "n"}, ports=[{"containerPort": 80, "hostPort": 9}])),
    (POD, pod({"initContainers": [INIT]}), pod({"initContainers": [INIT], "nodeName": "n"})),
    (POD, pod({"nodeSelector": {}}), pod()),
    (POD, pod(env=[{"name": "A", "value": ""}], stdin=None), pod(env=[{"name": "A"}])),
    (REVISION, pod(env=[{"name": "A", "value": ""}]), pod(env=[{"name": "A"}])),
]


@pytest.mark.parametrize(("kind", "old", "new"), ALLOWED)
def test_what_may_change(kind, old, new):
    assert kind.check_update(new, old) == []


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        (pod(), pod(env=[]), "spec.containers"),
        (pod(), pod({"nodeSelector": {"a": "b"}}), "spec.nodeSelector"),
        (pod({"nodeName": "n"}), pod({"nodeName": "m"}), "spec.nodeName"),
        (
            pod({"nodeName": "n"}),
            pod({"nodeName": "n"}, ports=[{"containerPort": 80, "hostPort": 9}]),
            "spec.containers",
        ),
        (pod(), pod({"nodeName": "n"}, ports=[{"containerPort": 81, "hostPort": 9}]), "spec.containers"),
        (
            pod({"hostNetwork": True, "nodeSelector": {"a": "b"}}),
            pod(),
            "spec.hostNetwork, spec.nodeSelector",
        ),
    ],
)
def test_what_a_pod_is_stays_as_it_is(old, new, changed):
    (problem,) = POD.check_update(new, old)
    assert problem.path == "spec"
    assert problem.message.startswith(
        "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
    )
    assert problem.message.endswith(f"\nchanged: {changed}")
