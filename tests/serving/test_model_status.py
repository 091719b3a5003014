"""How far the model is, by upstream's rules."""

import pytest

from tests.serving.cluster import crashed
from tests.serving.objects import (
    CRASHING,
    DOWNLOADING,
    LOADING,
    NO_MODEL,
    NO_ROOM,
    READY,
    SCHEDULED,
    pod,
)
from tradewind.resources.core import Pod
from tradewind.resources.meta import Manifest
from tradewind.resources.serving import FailureInfo, ModelStates, ModelStatus
from tradewind.serving.errors import InvalidService
from tradewind.serving.model_status import invalid_model_status, model_status

RETRYING = SCHEDULED | {
    "initContainerStatuses": [crashed("storage-initializer", "no such key") | {"state": {"running": {}}}]
}


def states(found: ModelStatus) -> tuple[str, str]:
    assert found.states is not None
    return found.states.target_model_state, found.transition_status


@pytest.mark.parametrize(
    ("status", "loaded", "wanted"),
    [
        ({}, False, ("Pending", "InProgress")),
        (NO_ROOM, False, ("Pending", "InProgress")),
        (DOWNLOADING, False, ("Loading", "InProgress")),
        (LOADING, False, ("Pending", "InProgress")),
        (NO_MODEL, False, ("FailedToLoad", "BlockedByFailedLoad")),
        (NO_MODEL, True, ("FailedToLoad", "BlockedByFailedLoad")),
        (CRASHING, False, ("FailedToLoad", "BlockedByFailedLoad")),
        (CRASHING, True, ("Loaded", "UpToDate")),
        (READY, True, ("Loaded", "UpToDate")),
    ],
)
def test_states(status: Manifest, loaded: bool, wanted: tuple[str, str]):
    assert states(model_status(None, "r", [pod("a", status)], loaded, loaded)) == wanted


def test_no_pods():
    assert states(model_status(None, "r", [], False, False)) == ("Pending", "InProgress")
    assert states(model_status(None, "r", [pod("a", NO_MODEL, leaving=True)], False, False))[0] == "Pending"


@pytest.mark.parametrize("before", ["Loaded", "FailedToLoad", "Pending", ""])
def test_a_download_that_is_tried_again_says_nothing_new(before: str):
    known = ModelStatus(states=ModelStates(target_model_state=before))
    assert states(model_status(known, "r", [pod("a", RETRYING)], False, False))[0] == (before or "Pending")


def test_the_newest_pod_decides():
    pods = [pod("a", NO_MODEL, created_s=1), pod("b", LOADING, created_s=2)]
    assert states(model_status(None, "r", pods, False, False))[0] == "Pending"


def test_a_failure_is_put_on_record_and_stays_there():
    failed = model_status(None, "r-00002", [pod("a", CRASHING)], False, True)
    assert failed.last_failure_info == FailureInfo(
        location="a",
        reason="ModelLoadFailed",
        message="cannot unpickle",
        model_revision_name="r-00002",
        time="2026-01-01T00:00:30Z",
        exit_code=3,
    )
    mended = model_status(failed, "r-00003", [pod("a", READY)], True, True)
    assert mended.transition_status == "UpToDate"
    assert mended.last_failure_info == failed.last_failure_info


@pytest.mark.parametrize(("serves", "active"), [(True, "Loaded"), (False, "Pending")])
def test_the_active_model_is_the_one_that_serves(serves: bool, active: str):
    found = model_status(None, "r", [pod("a", NO_MODEL)], False, serves)
    assert found.states is not None and found.states.active_model_state == active


def test_only_ready_copies_count():
    pods: list[Pod] = [pod("a", READY), pod("b", LOADING), pod("c", READY, leaving=True)]
    found = model_status(None, "r", pods, False, True)
    assert found.copies is not None
    assert (found.copies.total_copies, found.copies.failed_copies) == (1, 0)


def test_a_spec_that_cannot_be_rendered():
    error = InvalidService("RuntimeNotRecognized", "apply it", "Waiting for runtime to become available")
    found = invalid_model_status(None, error, serves=True)
    assert states(found) == ("FailedToLoad", "InvalidSpec")
    assert found.states is not None and found.states.active_model_state == "Loaded"
    assert found.last_failure_info == FailureInfo(
        reason="RuntimeNotRecognized", message="Waiting for runtime to become available"
    )
