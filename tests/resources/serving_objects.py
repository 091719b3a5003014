"""InferenceServices and runtimes for tests, and what the API says about them."""

import copy
from typing import Any

from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.problems import Level
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.resources.validate import check

MODEL: Manifest = {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://models/iris"}


def service(predictor: Manifest | None = None, name: str = "iris", **annotations: str) -> Manifest:
    """A service with this predictor; annotations are named without `serving.kserve.io/`."""
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {
            "name": name,
            "namespace": "ml",
            "annotations": {f"serving.kserve.io/{key}": value for key, value in annotations.items()},
        },
        "spec": {"predictor": {"model": MODEL} if predictor is None else predictor},
    }


def with_model(**fields: Any) -> Manifest:
    """A predictor whose model has these fields too."""
    return {"model": {**MODEL, **fields}}


def runtime(kind: str = "ServingRuntime", **spec: Any) -> Manifest:
    return {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": "mine"},
        "spec": {"containers": [{"name": "kserve-container", "image": "a:1"}], **spec},
    }


def findings(
    manifest: Manifest, kind: Kind = INFERENCE_SERVICE, level: Level = Level.ERROR
) -> dict[str, str]:
    """Messages by path, as the API gives them for the defaulted manifest."""
    before = copy.deepcopy(manifest)
    found = check(kind.default(manifest), kind)
    assert manifest == before, "defaulting changed its argument"
    return {problem.path: problem.message for problem in found if problem.level is level}


def refusals(manifest: Manifest, kind: Kind = INFERENCE_SERVICE) -> list[str]:
    return list(findings(manifest, kind).values())


def warnings(manifest: Manifest, kind: Kind = INFERENCE_SERVICE) -> dict[str, str]:
    return findings(manifest, kind, Level.WARNING)
