"""What KServe's admission fills in (kserve `inference_service_defaults.go`).

The configured default mode is Knative, as upstream ships it, so it is not written down. Defaults that
depend on the chosen runtime are not filled in here but used when the Pod is rendered.
"""

import copy
from typing import Any

from tradewind.resources.meta import Manifest
from tradewind.resources.serving import SHORT_FORMS
from tradewind.resources.serving_names import (
    DEPLOYMENT_MODE,
    KSERVE_CONTAINER,
    MODEL_FORMAT,
    MODEL_MESH,
    normal_mode,
)

# Upstream's order: of several short forms the first becomes the model, and the check refuses the rest.
CONVERTED = (
    "sklearn",
    "tensorflow",
    "xgboost",
    *(form for form in SHORT_FORMS if form not in ("sklearn", "tensorflow", "xgboost")),
)
V2_SHORT_FORMS = ("triton", "onnx", "huggingface")
V2_FORMATS = ("triton", "vLLM")
CUSTOM_RESOURCES = {"cpu": "1", "memory": "2Gi"}


def default_inference_service(manifest: Manifest) -> Manifest:
    """Modes under today's names, short forms as `model`, and resources of custom containers.

    A part of a wrong type stays as it is for the check to refuse.
    """
    filled = copy.deepcopy(manifest)
    metadata, spec = _mapping(filled.get("metadata")), _mapping(filled.get("spec"))
    annotations = _mapping(metadata.get("annotations"))
    mode = annotations.get(DEPLOYMENT_MODE)
    if isinstance(mode, str):
        annotations[DEPLOYMENT_MODE] = mode = normal_mode(mode)
    if mode != MODEL_MESH:
        _default_predictor(_mapping(spec.get("predictor")), metadata)
    _default_first_container(_mapping(spec.get("transformer")))
    _default_explainer(_mapping(spec.get("explainer")))
    return filled


def _default_predictor(predictor: Manifest, metadata: Manifest) -> None:
    short_form = next((form for form in CONVERTED if isinstance(predictor.get(form), dict)), None)
    if short_form and "model" not in predictor:
        predictor["model"] = {"modelFormat": {"name": short_form}, **predictor.pop(short_form)}
        if short_form in V2_SHORT_FORMS:
            predictor["model"].setdefault("protocolVersion", "v2")
    model = predictor.get("model")
    if isinstance(model, dict):
        _default_model(model, metadata)
    elif not any(form in predictor for form in SHORT_FORMS):
        _default_custom(predictor)


def _default_model(model: Manifest, metadata: Manifest) -> None:
    name = _mapping(model.get("modelFormat")).get("name")
    if name in V2_FORMATS:
        model.setdefault("protocolVersion", "v2")
    if name and isinstance(name, str) and isinstance(metadata.setdefault("annotations", {}), dict):
        metadata["annotations"].setdefault(MODEL_FORMAT, name)


def _default_custom(predictor: Manifest) -> None:
    """The custom predictor's container: the only or unnamed one becomes kserve-container."""
    containers = _mappings(predictor.get("containers"))
    if not containers:
        return
    if len(containers) == 1 or not containers[0].get("name"):
        containers[0]["name"] = KSERVE_CONTAINER
    _default_resources(containers[0])


def _default_first_container(component: Manifest) -> None:
    containers = _mappings(component.get("containers"))
    if containers:
        containers[0]["name"] = KSERVE_CONTAINER
        _default_resources(containers[0])


def _default_explainer(explainer: Manifest) -> None:
    art = explainer.get("art")
    if isinstance(art, dict):
        art["name"] = KSERVE_CONTAINER
        _default_resources(art)
    else:
        _default_first_container(explainer)


def _default_resources(container: Manifest) -> None:
    """One core and 2Gi for every key that requests and limits lack (config `inferenceService.resource`)."""
    resources = container.setdefault("resources", {})
    if not isinstance(resources, dict):
        return
    for field in ("requests", "limits"):
        amounts = resources.setdefault(field, {})
        if isinstance(amounts, dict):
            resources[field] = CUSTOM_RESOURCES | amounts


def _mapping(value: Any) -> Manifest:
    """The value if it is an object, else an empty one: what is malformed is refused after defaulting."""
    return value if isinstance(value, dict) else {}


def _mappings(value: Any) -> list[Manifest]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
