"""The rules of `spec.canary`."""

from typing import Any

import pytest

from tests.resources.serving_objects import MODEL, refusals, service
from tradewind.resources.meta import Manifest


def canary(name: str = "v2", percent: int = 10, **predictor: Any) -> Manifest:
    return {"trafficPercent": percent, "predictor": {"name": name, "model": MODEL, **predictor}}


def with_canaries(*canaries: Manifest, mode: str = "Standard", **stable: Any) -> Manifest:
    predictor = {"model": MODEL, "minReplicas": 4, **stable}
    manifest = service(predictor, **({"deploymentMode": mode} if mode else {}))
    manifest["spec"]["canary"] = list(canaries)
    return manifest


ROWS: list[tuple[Manifest, str]] = [
    (with_canaries(canary(percent=25), canary("v3", 75, minReplicas=4)), ""),
    (with_canaries(canary(), mode=""), "canary is only supported in Standard deployment mode"),
    (with_canaries(canary("")), "canary[0] predictor.name is required"),
    (with_canaries(canary(), canary()), 'canary predictor.name "v2" is duplicated'),
    (with_canaries(canary(), name="v2"), 'canary predictor.name "v2" conflicts with stable predictor name'),
    (with_canaries(canary(percent=-1)), 'canary "v2" trafficPercent must be between 0 and 100, got -1'),
    (
        with_canaries(canary(percent=60), canary("v3", 60)),
        "sum of canary trafficPercent values (120) must be <= 100",
    ),
    (
        with_canaries(canary(maxReplicas=2)),
        'canary "v2" must not set maxReplicas (canary uses fixed replicas)',
    ),
    (
        with_canaries(canary(scaleTarget=2)),
        'canary "v2" must not set scaleTarget (canary uses fixed replicas)',
    ),
    (
        with_canaries(canary(minReplicas=5)),
        'canary "v2" minReplicas (5) must not exceed stable predictor minReplicas (4)',
    ),
    (
        with_canaries(canary(containerConcurrency=-1)),
        'canary "v2" predictor: parallelism cannot be less than 0',
    ),
    (
        with_canaries(canary(workerSpec={})),
        'canary "v2" must not set workerSpec (multi-node is not yet supported for canary)',
    ),
]


@pytest.mark.parametrize(("manifest", "text"), ROWS)
def test_canaries(manifest: Manifest, text: str):
    assert refusals(manifest) == ([text] if text else [])


def test_the_stable_predictor_has_a_model():
    manifest = service(
        {"containers": [{"name": "kserve-container", "image": "a:1"}]}, deploymentMode="Standard"
    )
    manifest["spec"]["canary"] = [canary()]
    assert refusals(manifest) == [
        "canary requires a stable predictor with a model (multi-model serving is not supported with canary)"
    ]
