"""The cluster runtimes that every member has from the start, as upstream ships them (`config/runtimes`)."""

from tradewind.resources.core import Container, ResourceRequirements
from tradewind.resources.meta import Manifest, ObjectMeta, encode
from tradewind.resources.serving import ServingRuntime, ServingRuntimeSpec, SupportedModelFormat
from tradewind.resources.serving_kinds import CLUSTER_SERVING_RUNTIME
from tradewind.resources.serving_names import KSERVE_CONTAINER, SERVER_TYPE
from tradewind.resources.serving_parts import MODEL_MOUNT_PATH

KSERVE_VERSION = "v0.20.0"  # whose images and runtimes these are
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "privileged": False,
    "runAsNonRoot": True,
    "capabilities": {"drop": ["ALL"]},
}


def builtin_runtimes() -> tuple[Manifest, ...]:
    """ClusterServingRuntimes to create where they are absent; what a user made of one stays as it is."""
    return (encode(_python_server("sklearnserver", "sklearn", "1")),)


def _python_server(server: str, model_format: str, version: str) -> ServingRuntime:
    """One of KServe's Python model servers."""
    amounts: dict[str, str | int | float] = {"cpu": "1", "memory": "2Gi"}
    container = Container(
        name=KSERVE_CONTAINER,
        image=f"kserve/{server}:{KSERVE_VERSION}",
        args=["--model_name={{.Name}}", f"--model_dir={MODEL_MOUNT_PATH}", "--http_port=8080"],
        security_context=RESTRICTED,
        resources=ResourceRequirements(requests=amounts, limits=amounts),
    )
    return ServingRuntime(
        api_version=CLUSTER_SERVING_RUNTIME.api_version,
        kind=CLUSTER_SERVING_RUNTIME.name,
        metadata=ObjectMeta(name=f"kserve-{server}", annotations={SERVER_TYPE: server}),
        spec=ServingRuntimeSpec(
            annotations={"prometheus.kserve.io/port": "8080", "prometheus.kserve.io/path": "/metrics"},
            supported_model_formats=[
                SupportedModelFormat(name=model_format, version=version, auto_select=True, priority=1)
            ],
            protocol_versions=["v1", "v2"],
            containers=[container],
        ),
    )
