"""Which InferenceServices are refused, in upstream's words, and that what people write is accepted."""

from typing import Any

import pytest

from tests.resources.serving_objects import MODEL, findings, refusals, service, with_model
from tradewind.resources.meta import Manifest
from tradewind.resources.serving_kinds import INFERENCE_SERVICE

EXACTLY_ONE = "exactly one of [Name, SKLearn, XGBoost, Tensorflow, PyTorch, Triton, ONNX, HuggingFace, "
CUSTOM = {"name": "kserve-container", "image": "mine:1"}


def custom(*environment: Manifest, name: str = "kserve-container") -> Manifest:
    return {"containers": [{**CUSTOM, "name": name, "env": list(environment)}]}


ACCEPTED: dict[str, Manifest] = {
    "model": service(),
    "short form": service({"sklearn": {"storageUri": "s3://models/iris"}}),
    "custom": service(custom({"name": "STORAGE_URI", "value": "s3://models/iris"})),
    "collocated transformer": service(
        {"containers": [CUSTOM, {"name": "transformer-container", "image": "t:1"}]}
    ),
    "helper beside a model": service({"model": MODEL, "containers": [{"name": "helper", "image": "h:1"}]}),
    "no upper limit": service({"model": MODEL, "minReplicas": 3, "maxReplicas": 0}),
    "canary": service({"model": MODEL, "canaryTrafficPercent": 10}),
    "concurrency": service({"model": MODEL, "scaleMetric": "concurrency", "scaleTarget": 10}),
    "named metric": service({"model": MODEL, "scaleMetric": "gpu_memory_utilization", "scaleTarget": 70}),
    "logger": service({"model": MODEL, "logger": {"mode": "all", "url": "http://sink"}}),
    "longest name": service(name="a" * 47),
    "mode that stays": service(deploymentMode="Knative") | {"status": {"deploymentMode": "Serverless"}},
    "minimum of ready replicas": service(**{"min-ready-replicas": "1"}),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str):
    assert refusals(ACCEPTED[name]) == []


REFUSED: list[tuple[str, Manifest, str, str]] = [
    (
        "upper case",
        service(name="Iris"),
        "metadata.name",
        'the InferenceService "Iris" is invalid: a InferenceService name must consist of lower case '
        "alphanumeric characters or '-', and must start with alphabetical character. (e.g. \"my-name\" or "
        "\"abc-123\", regex used for validation is '^[a-z]([-a-z0-9]*[a-z0-9])?$')",
    ),
    ("too long for its revisions", service(name="a" * 48), "metadata.name", "64 characters"),
    (
        "class",
        service(autoscalerClass="kpa"),
        "[serving.kserve.io/autoscalerClass]",
        "[kpa] is not a supported",
    ),
    ("mode", service(deploymentMode="ModelMesh"), "[serving.kserve.io/deploymentMode]", "ModelMesh is not"),
    (
        "other mode",
        service(deploymentMode="Standard") | {"status": {"deploymentMode": "Knative"}},
        "[serving.kserve.io/deploymentMode]",
        "update rejected: deploymentMode cannot be changed from 'Knative' to 'Standard'",
    ),
    ("ready replicas", service(**{"min-ready-replicas": "0"}), "min-ready-replicas]", '"0" is not a number'),
    (
        "python path of the model",
        service(with_model(env=[{"name": "PYTHONPATH", "value": "/evil"}])),
        "spec.predictor.model",
        'the InferenceService "iris" is invalid: setting PYTHONPATH in container "" is not allowed for '
        "security reasons",
    ),
    (
        "python path of an init container",
        service({"model": MODEL, "initContainers": [{"name": "i", "env": [{"name": "PYTHONPATH"}]}]}),
        "spec.predictor.initContainers",
        'setting PYTHONPATH in container "i"',
    ),
    (
        "storage of a transformer",
        service(
            {
                "containers": [
                    CUSTOM,
                    {"name": "transformer-container", "image": "t", "env": [{"name": "STORAGE_URI"}]},
                ]
            }
        ),
        "spec.predictor.containers[1].env",
        "storage uri should not be specified in transformer container",
    ),
    (
        "name of a model",
        service(with_model(name="x")),
        "spec.predictor.model.name",
        "the 'name' field is not allowed in standard predictor",
    ),
    ("nothing", service({}), "spec.predictor", EXACTLY_ONE),
    ("two forms", service({"sklearn": {}, "xgboost": {}}), "spec.predictor", EXACTLY_ONE),
    ("form and model", service({"sklearn": {}, "model": MODEL}), "spec.predictor", EXACTLY_ONE),
    ("model and container", service({"model": MODEL, "containers": [CUSTOM]}), "spec.predictor", EXACTLY_ONE),
    (
        "concurrency",
        service({"model": MODEL, "containerConcurrency": -1}),
        "spec.predictor.containerConcurrency",
        "parallelism cannot be less than 0",
    ),
    (
        "minimum",
        service({"model": MODEL, "minReplicas": -1}),
        "spec.predictor.minReplicas",
        "'MinReplicas' cannot be less than 0",
    ),
    (
        "maximum",
        service({"model": MODEL, "maxReplicas": -1}),
        "spec.predictor.maxReplicas",
        "'MaxReplicas' cannot be less than 0",
    ),
    (
        "minimum above maximum",
        service({"model": MODEL, "minReplicas": 3, "maxReplicas": 2}),
        "spec.predictor.minReplicas",
        "'MinReplicas' cannot be greater than MaxReplicas",
    ),
    ("logger", service({"model": MODEL, "logger": {}}), "spec.predictor.logger.mode", "invalid logger type"),
    (
        "logger's storage",
        service({"model": MODEL, "logger": {"mode": "all", "storage": {"path": "p", "key": "k"}}}),
        "spec.predictor.logger.storage",
        "invalid logger storage configuration",
    ),
    (
        "protocol",
        service(custom({"name": "PROTOCOL", "value": "v9"})),
        "spec.predictor.containers[0].env",
        "invalid protocol v1, v2. Must be one of [v9]",
    ),
    (
        "requests above limits",
        service(with_model(resources={"requests": {"cpu": "2"}, "limits": {"cpu": "1"}})),
        "spec.predictor.model.resources.requests[cpu]",
        "must be less than or equal to cpu limit of 1",
    ),
    (
        "variant",
        service({"model": MODEL, "name": "V_2"}),
        "spec.predictor.name",
        "a lowercase RFC 1123 label",
    ),
]


@pytest.mark.parametrize(
    ("manifest", "path", "text"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refused(manifest: Manifest, path: str, text: str):
    found = findings(manifest)
    told = [message for at, message in found.items() if at.endswith(path)]
    assert any(text in message for message in told), found


@pytest.mark.parametrize(
    ("part", "content", "text"),
    [
        (
            "transformer",
            {},
            "exactly one of [PodSpec, ComponentExtensionSpec] must be specified in TransformerSpec",
        ),
        ("explainer", {}, "exactly one of [ART, PodSpec, ComponentExtensionSpec] must be specified in"),
        ("explainer", {"art": {}, "containers": [CUSTOM]}, "exactly one of [ART, PodSpec"),
        ("transformer", {"containers": [CUSTOM], "minReplicas": -1}, "'MinReplicas' cannot be less than 0"),
        ("explainer", {"art": {}, "maxReplicas": -1}, "'MaxReplicas' cannot be less than 0"),
        (
            "transformer",
            {"containers": [{**CUSTOM, "env": [{"name": "PYTHONPATH"}]}]},
            "setting PYTHONPATH in container",
        ),
        ("explainer", {"art": {"env": [{"name": "PYTHONPATH"}]}}, "setting PYTHONPATH in container"),
    ],
)
def test_refused_transformers_and_explainers(part: str, content: Manifest, text: str):
    manifest = service()
    manifest["spec"][part] = content
    assert any(text in message for message in refusals(manifest))


def test_every_problem_is_told_at_once():
    manifest = service(
        {"model": MODEL, "minReplicas": -1, "maxReplicas": -1, "containerConcurrency": -1}, name="A"
    )
    assert len(refusals(manifest)) == 4


def test_name_and_namespace_fit_into_a_host_name():
    manifest = service(name="a" * 40)
    manifest["metadata"]["namespace"] = "b" * 30
    (message,) = refusals(manifest)
    assert "71 characters" in message and "shorten the name or the namespace by 8" in message


def test_a_service_that_is_being_deleted_is_not_judged():
    manifest: dict[str, Any] = service({})
    manifest["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert INFERENCE_SERVICE.check(manifest) == []
