"""The rules of `spec.canary` (kserve `inference_service_validation.go`, validateCanarySpecs)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from tradewind.resources.problems import Cause, Problem
from tradewind.resources.serving import CanarySpec, InferenceService, PredictorSpec
from tradewind.resources.serving_names import DEPLOYMENT_MODE, STANDARD
from tradewind.resources.shape import join

CheckPredictor = Callable[[str, PredictorSpec], Iterable[Problem]]


def check_canaries(service: InferenceService, check_predictor: CheckPredictor) -> Iterator[Problem]:
    """Mode, names, shares and sizes of all canaries; `check_predictor` holds for each one's predictor."""
    canaries, stable = service.spec.canary, service.spec.predictor
    if not canaries:
        return
    if service.metadata.annotations.get(DEPLOYMENT_MODE) != STANDARD:
        yield Problem(
            "spec.canary", f"canary is only supported in {STANDARD} deployment mode", Cause.FORBIDDEN
        )
    if stable.model is None:
        text = (
            "canary requires a stable predictor with a model "
            "(multi-model serving is not supported with canary)"
        )
        yield Problem("spec.canary", text)
    names = [canary.predictor.name for canary in canaries]
    for place, canary in enumerate(canaries):
        path = f"spec.canary[{place}]"
        yield from _check_name(path, place, names, stable)
        yield from _check_shares(path, canary, stable)
        yield from _check_fixed(join(path, "predictor"), canary)
        for problem in check_predictor(join(path, "predictor"), canary.predictor):
            text = f'canary "{canary.predictor.name}" predictor: {problem.message}'
            yield replace(problem, message=text)
    total = sum(canary.traffic_percent for canary in canaries)
    if total > 100:
        yield Problem("spec.canary", f"sum of canary trafficPercent values ({total}) must be <= 100")


def _check_name(path: str, place: int, names: list[str], stable: PredictorSpec) -> Iterator[Problem]:
    name, at = names[place], join(path, "predictor.name")
    if not name:
        yield Problem(at, f"canary[{place}] predictor.name is required", Cause.REQUIRED)
    elif name in names[:place]:
        yield Problem(at, f'canary predictor.name "{name}" is duplicated', Cause.DUPLICATE)
    elif name == stable.name:
        text = f'canary predictor.name "{name}" conflicts with stable predictor name'
        yield Problem(at, text, Cause.DUPLICATE)


def _check_shares(path: str, canary: CanarySpec, stable: PredictorSpec) -> Iterator[Problem]:
    name, percent = canary.predictor.name, canary.traffic_percent
    if not 0 <= percent <= 100:
        text = f'canary "{name}" trafficPercent must be between 0 and 100, got {percent}'
        yield Problem(join(path, "trafficPercent"), text)
    most = 1 if stable.min_replicas is None else stable.min_replicas
    wanted = canary.predictor.min_replicas
    if wanted is not None and wanted > most:
        text = f'canary "{name}" minReplicas ({wanted}) must not exceed stable predictor minReplicas ({most})'
        yield Problem(join(path, "predictor.minReplicas"), text)


def _check_fixed(path: str, canary: CanarySpec) -> Iterator[Problem]:
    """Canaries have a fixed number of replicas and no workers."""
    predictor, fixed = canary.predictor, "canary uses fixed replicas"
    given = (
        ("workerSpec", predictor.worker_spec is not None, "multi-node is not yet supported for canary"),
        ("maxReplicas", predictor.max_replicas > 0, fixed),
        ("scaleTarget", predictor.scale_target is not None, fixed),
        ("scaleMetric", predictor.scale_metric is not None, fixed),
        ("autoScaling", predictor.auto_scaling is not None, fixed),
    )
    for field, is_set, why in given:
        if is_set:
            text = f'canary "{predictor.name}" must not set {field} ({why})'
            yield Problem(join(path, field), text, Cause.FORBIDDEN)
