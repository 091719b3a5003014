"""Quality of service, and a new Pod's status."""

from typing import Any

import pytest

from tradewind.resources.pod_quality import first_pod_status


def resources(limits: dict[str, Any] | None = None, requests: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": "c", "image": "i", "resources": {"limits": limits or {}, "requests": requests or {}}}


FULL = {"cpu": "1", "memory": "1Gi"}


@pytest.mark.parametrize(
    ("containers", "quality"),
    [
        ([resources()], "BestEffort"),
        ([resources({"nvidia.com/gpu": 1}, {"nvidia.com/gpu": 1})], "BestEffort"),
        ([resources({"cpu": 0})], "BestEffort"),
        ([resources(FULL, FULL)], "Guaranteed"),
        ([resources(FULL)], "Guaranteed"),
        ([resources(FULL, {"cpu": "1000m", "memory": "1024Mi"})], "Guaranteed"),
        ([resources({"cpu": "1"})], "Burstable"),
        ([resources(FULL, FULL | {"cpu": "500m"})], "Burstable"),
        ([resources(FULL, FULL), resources()], "Burstable"),
        ([resources({}, {"memory": "1Mi"})], "Burstable"),
    ],
)
def test_quality_of_service(containers: list[dict[str, Any]], quality: str) -> None:
    pod = {"spec": {"containers": containers}}
    assert first_pod_status(pod) == {"phase": "Pending", "qosClass": quality}
    spread = {"spec": {"containers": containers[:1], "initContainers": containers[1:]}}
    assert first_pod_status(spread)["qosClass"] == quality
