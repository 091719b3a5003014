"""Small objects as the API gives them, for tests of what is seen."""

from typing import Any

Manifest = dict[str, Any]


def pod(name: str = "fraud-1", service: str = "fraud", *, node: str = "node", **status: Any) -> Manifest:
    return {
        "metadata": {
            "name": name,
            "namespace": "ml",
            "labels": {"serving.kserve.io/inferenceservice": service} if service else {},
        },
        "spec": {"nodeName": node},
        "status": status,
    }


def container(state: Manifest, **more: Any) -> Manifest:
    return {"name": "kserve-container", "state": state, **more}


def ready_pod(name: str, service: str = "fraud") -> Manifest:
    return pod(name, service, containerStatuses=[container({"running": {}}, ready=True)])


def loading_pod(name: str, service: str = "fraud") -> Manifest:
    return pod(name, service, containerStatuses=[container({"running": {}}, ready=False)])


def failing_pod(name: str, service: str = "fraud") -> Manifest:
    waiting = {"reason": "CrashLoopBackOff", "message": "back-off 4s; last line: no such file"}
    return pod(name, service, containerStatuses=[container({"waiting": waiting}, restartCount=3)])


def condition(type_: str, status: str, reason: str = "", message: str = "") -> Manifest:
    return {"type": type_, "status": status, "reason": reason, "message": message}


def cluster(name: str, *conditions: Manifest) -> Manifest:
    return {"metadata": {"name": name}, "status": {"conditions": list(conditions)}}


def service(name: str, *conditions: Manifest, clusters: Manifest | None = None, **spec: Any) -> Manifest:
    return {
        "metadata": {"name": name, "namespace": "ml"},
        "spec": {"predictor": spec},
        "status": {
            "conditions": list(conditions),
            "url": f"http://127.0.0.1:7401/serving/ml/{name}",
            "clusters": clusters or {},
        },
    }
