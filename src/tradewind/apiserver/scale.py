"""`/scale`: an object seen as autoscaling/v1 Scale, its number of replicas and nothing else. Pure.

As upstream's scale subresource of CustomResourceDefinitions (apiextensions `ScaleREST`).
"""

from typing import Any

from tradewind.apiserver.identity import name_mismatch
from tradewind.resources import rules
from tradewind.resources.kinds import ScalePaths
from tradewind.resources.meta import Manifest
from tradewind.resources.status import bad_request, invalid

GROUP, VERSION = "autoscaling", "v1"
SCALE = "Scale"
LARGEST = 2**31 - 1


def scale_of(paths: ScalePaths, manifest: Manifest) -> Manifest:
    """The Scale of an object."""
    metadata = manifest["metadata"]
    shown = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    status: Manifest = {"replicas": _number(manifest, paths.status_replicas)}
    if selector := _at(manifest, paths.label_selector):
        status["selector"] = str(selector)
    return {
        "kind": SCALE,
        "apiVersion": f"{GROUP}/{VERSION}",
        "metadata": {name: metadata[name] for name in shown if name in metadata},
        "spec": {"replicas": _number(manifest, paths.spec_replicas, paths.default)},
        "status": status,
    }


def scaled(paths: ScalePaths, old: Manifest, scale: Any) -> Manifest:
    """`old` with the number of replicas that a Scale asks for. An upper limit below it is raised to it.

    400 when it is no Scale, 422 when the number makes no sense.
    """
    replicas = _asked(old["metadata"]["name"], scale)
    new = _with(old, paths.spec_replicas, replicas)
    limit = _number(old, paths.upper_limit)
    if 0 < limit < replicas:
        new = _with(new, paths.upper_limit, replicas)
    metadata = scale.get("metadata") or {}
    identity = {name: metadata[name] for name in ("uid", "resourceVersion") if metadata.get(name)}
    kept = {name: value for name, value in new["metadata"].items() if name != "resourceVersion"}
    return {**new, "metadata": kept | identity}


def _asked(name: str, scale: Any) -> int:
    if not isinstance(scale, dict) or scale.get("kind", SCALE) != SCALE:
        raise bad_request(f"the object provided is unrecognized (must be of type {SCALE})")
    metadata, spec = scale.get("metadata") or {}, scale.get("spec") or {}
    if not isinstance(metadata, dict) or not isinstance(spec, dict):
        raise bad_request(f"metadata and spec of a {SCALE} must be objects")
    if metadata.get("name", name) != name:
        raise name_mismatch(str(metadata["name"]), name)
    replicas = spec.get("replicas", 0)
    path = "spec.replicas"
    if isinstance(replicas, bool) or not isinstance(replicas, int) or replicas > LARGEST:
        raise bad_request(
            f'{SCALE} in version "{VERSION}" cannot be handled as a {SCALE}: {path}: not an int32'
        )
    if replicas < 0:
        problem = rules.invalid(path, replicas, "must be greater than or equal to 0")
        raise invalid(SCALE, f"scales.{GROUP}", name, [problem])
    return replicas


def _at(manifest: Manifest, path: str) -> Any:
    """What is at `.a.b`; None when nothing is, or the path is ""."""
    value: Any = manifest if path else None
    for name in path.split(".")[1:]:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _number(manifest: Manifest, path: str, default: int = 0) -> int:
    value = _at(manifest, path)
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _with(part: Manifest, path: str, value: int) -> Manifest:
    name, _, below = path.removeprefix(".").partition(".")
    if not below:
        return {**part, name: value}
    inner = part.get(name)
    return {**part, name: _with(inner if isinstance(inner, dict) else {}, below, value)}
