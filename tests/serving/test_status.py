"""Status of a service in the situations that a user asks about."""

import pytest

from tests.serving.cluster import START_MS
from tests.serving.objects import LOADING, NO_MODEL, NO_ROOM, READY, pod, revision, service
from tradewind.resources.core import Pod
from tradewind.resources.meta import Condition, condition_of, decode, encode
from tradewind.resources.serving import InferenceService, InferenceServiceStatus
from tradewind.resources.serving_names import deployment_mode
from tradewind.serving.conditions import HOLDS
from tradewind.serving.errors import InvalidService
from tradewind.serving.revision_status import revision_status
from tradewind.serving.rollout import Rollout
from tradewind.serving.status import NO_ROUTE, Progress, service_status, stopped_status

ONE, TWO = "iris-predictor-00001", "iris-predictor-00002"
MISSING = InvalidService("RuntimeNotRecognized", "no runtime mine; apply it", "Waiting")


def progress(
    rollout: Rollout | None,
    pods: dict[str, list[Pod]],
    wanted: int = 2,
    route: bool = True,
    invalid: InvalidService | None = None,
) -> Progress:
    statuses = {
        name: revision_status(revision(name), wanted, found, 1, START_MS) for name, found in pods.items()
    }
    return Progress(wanted, rollout, statuses, pods, HOLDS if route else NO_ROUTE, invalid=invalid)


def status_of(found: Progress, before: dict | None = None) -> InferenceServiceStatus:
    return service_status(with_status(before or {}), found, "east", 7411, START_MS)


def with_status(status: dict) -> InferenceService:
    return decode({**encode(service(generation=3)), "status": status}, InferenceService)


def shown(found: InferenceServiceStatus, type_: str) -> Condition:
    condition = condition_of(found.conditions, type_)
    assert condition is not None
    return condition


OVER = Rollout(ONE, ONE, {ONE: 2})
ROLLING = Rollout(ONE, TWO, {ONE: 2, TWO: 2})
GOOD = [pod("a", READY), pod("b", READY)]

ROWS = [
    ("all is well", progress(OVER, {ONE: GOOD}), "True", "True", ""),
    (
        "nothing yet",
        progress(None, {}, route=False),
        "Unknown",
        "Unknown",
        "the first revision is being created",
    ),
    (
        "created",
        progress(OVER, {ONE: []}, route=False),
        "Unknown",
        "Unknown",
        "its replicas are being created",
    ),
    (
        "loading",
        progress(OVER, {ONE: [pod("a", LOADING), pod("b", READY)]}),
        "Unknown",
        "Unknown",
        "a: Loading",
    ),
    (
        "no model",
        progress(OVER, {ONE: [pod("a", NO_MODEL), pod("b", NO_MODEL)]}),
        "False",
        "False",
        "a: ModelLoadFailed: no such key",
    ),
    (
        "half fits",
        progress(OVER, {ONE: [pod("a", READY), pod("b", NO_ROOM)]}),
        "True",
        "True",
        "b: Unschedulable: 0/1 nodes are available: 1 Insufficient cpu",
    ),
    (
        "rolling",
        progress(ROLLING, {ONE: GOOD, TWO: [pod("c", LOADING)]}),
        "True",
        "Unknown",
        f"{TWO} is not ready, {ONE} keeps serving: c: Loading",
    ),
    ("rolling, no Pods yet", progress(ROLLING, {ONE: GOOD, TWO: []}), "True", "Unknown", f"{TWO} is being"),
    (
        "rolling without room",
        progress(ROLLING, {ONE: GOOD, TWO: [pod("c", NO_ROOM)]}),
        "True",
        "False",
        f"{TWO} has no room beside {ONE}, which keeps serving: 0/1 nodes are available: 1 Insufficient cpu; ",
    ),
    (
        "no runtime at first",
        progress(None, {}, route=False, invalid=MISSING),
        "False",
        "False",
        "no runtime mine; apply it",
    ),
    (
        "no runtime any more",
        progress(OVER, {ONE: GOOD}, invalid=MISSING),
        "True",
        "False",
        "no runtime mine; apply it",
    ),
    (
        "taking over",
        progress(ROLLING, {ONE: GOOD, TWO: GOOD}),
        "True",
        "Unknown",
        f"{TWO} is being rolled out",
    ),
]


@pytest.mark.parametrize(
    ("found", "ready", "latest", "why"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_what_is_told(found: Progress, ready: str, latest: str, why: str):
    status = status_of(found)
    assert shown(status, "Ready").status == ready
    assert shown(status, "LatestDeploymentReady").status == latest
    assert status.replicas is not None
    assert status.replicas.why.startswith(why) and bool(status.replicas.why) == bool(why)
    assert status.observed_generation == 3


def test_ready_needs_the_route():
    status = status_of(progress(OVER, {ONE: GOOD}, route=False))
    assert shown(status, "PredictorReady").status == "True"
    assert shown(status, "Ready").reason == "Predictor ingress not created"
    assert status.url == "" and status.address == {}


def test_where_it_is_reached():
    status = status_of(progress(OVER, {ONE: GOOD}))
    assert status.url == "http://iris-ml.east.localhost:7411"
    assert status.address == {"url": "http://iris-predictor.ml.svc.cluster.local"}
    assert status.components["predictor"].url == status.url


def test_a_revision_is_rolled_out_when_it_serves_ready():
    before = {"components": {"predictor": {"latestRolledoutRevision": ONE, "latestReadyRevision": ONE}}}
    rolling = status_of(progress(ROLLING, {ONE: GOOD, TWO: [pod("c", LOADING)]}), before)
    component = rolling.components["predictor"]
    assert (component.latest_rolledout_revision, component.latest_created_revision) == (ONE, TWO)
    assert component.latest_ready_revision == ONE
    over = status_of(progress(Rollout(TWO, TWO, {TWO: 2}), {ONE: GOOD, TWO: GOOD}), before)
    component = over.components["predictor"]
    assert (component.latest_rolledout_revision, component.previous_rolledout_revision) == (TWO, ONE)
    assert [(one.revision_name, one.percent, one.latest_revision) for one in component.traffic] == [
        (TWO, 100, True)
    ]


def test_a_revision_that_took_over_half_ready_is_not_rolled_out():
    before = {"components": {"predictor": {"latestRolledoutRevision": ONE}}}
    taking = progress(
        Rollout(TWO, TWO, {TWO: 2, ONE: 2}), {ONE: [], TWO: [pod("a", READY), pod("b", LOADING)]}
    )
    component = status_of(taking, before).components["predictor"]
    assert component.latest_rolledout_revision == ONE
    assert component.traffic == []


@pytest.mark.parametrize(
    ("annotations", "recorded", "wanted"),
    [
        ({}, "", "Knative"),
        ({"serving.kserve.io/deploymentMode": "Standard"}, "", "Standard"),
        ({"serving.kserve.io/deploymentMode": "Sideways"}, "", "Knative"),
        ({"serving.kserve.io/deploymentMode": "Standard"}, "Serverless", "Knative"),
    ],
)
def test_the_mode_is_recorded(annotations: dict[str, str], recorded: str, wanted: str):
    assert deployment_mode(recorded, annotations) == wanted


def test_a_stopped_service_forgets():
    before = {"url": "http://x", "components": {"predictor": {"latestRolledoutRevision": ONE}}}
    status = stopped_status(with_status(before), START_MS)
    assert status.url == "" and status.components == {}
    assert shown(status, "Stopped").status == "True"
    assert {shown(status, one).reason for one in ("Ready", "PredictorReady", "IngressReady")} == {"Stopped"}
