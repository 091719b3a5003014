"""What an object needs beside itself in its clusters: Secrets, ConfigMaps, ServiceAccounts, runtimes. Pure.

Upstream finds them in Pod templates (`pkg/util/lifted/podtemplate.go`) and does not know InferenceServices.
Here every component of a service is read like a Pod, and so is the runtime that a model names. What a
ServiceAccount and a runtime need follows as well.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tradewind.resources.core_kinds import CONFIG_MAP, SECRET, SERVICE_ACCOUNT
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.serving_kinds import CLUSTER_SERVING_RUNTIME, INFERENCE_SERVICE, SERVING_RUNTIME
from tradewind.resources.serving_names import STORAGE_SECRET
from tradewind.resources.work import BindingSnapshot

KINDS = (SECRET, CONFIG_MAP, SERVICE_ACCOUNT, SERVING_RUNTIME, CLUSTER_SERVING_RUNTIME)
DEFAULT_ACCOUNT = "default"  # every cluster has its own
STORAGE_CONFIG = "storage-config"  # the Secret of `storage:` where no other is named, as KServe
_COMPONENTS = ("predictor", "transformer", "explainer")


@dataclass(frozen=True, order=True)
class Dependency:
    """One object, by kind (one of KINDS), namespace ("" for a cluster-scoped one) and name."""

    kind_name: str
    namespace: str
    name: str

    @property
    def kind(self) -> Kind:
        """Its kind."""
        return next(kind for kind in KINDS if kind.name == self.kind_name)


Find = Callable[[Dependency], Manifest | None]


def dependencies(manifest: Manifest, namespace: str, find: Find) -> list[Dependency]:
    """Everything that exists and that the object needs, directly or through what it needs; sorted.

    `find` gives an object; what it does not find is left out, as it may come later.
    """
    found: dict[Dependency, None] = {}
    waiting = [manifest]
    while waiting:
        for one in _direct(waiting.pop(), namespace):
            needed = find(one) if one not in found else None
            if needed is not None:
                found[one] = None
                waiting.append(needed)
    return sorted(_without_shadowed(found))


def attach(snapshots: Iterable[BindingSnapshot], snapshot: BindingSnapshot) -> list[BindingSnapshot]:
    """The parents of a dependency with this one in its present state, in order."""
    others = detach(snapshots, snapshot.namespace, snapshot.name)
    return sorted([*others, snapshot], key=lambda one: (one.namespace, one.name))


def detach(snapshots: Iterable[BindingSnapshot], namespace: str, name: str) -> list[BindingSnapshot]:
    """The parents of a dependency without this one."""
    return [one for one in snapshots if (one.namespace, one.name) != (namespace, name)]


def _without_shadowed(found: Iterable[Dependency]) -> list[Dependency]:
    """A runtime of the namespace comes before one of the cluster with the same name."""
    listed = list(found)
    own = {one.name for one in listed if one.kind_name == SERVING_RUNTIME.name}
    return [one for one in listed if not (one.kind_name == CLUSTER_SERVING_RUNTIME.name and one.name in own)]


def _direct(manifest: Manifest, namespace: str) -> Iterator[Dependency]:
    """What one object names. Names that are no text are passed over: validation speaks of them."""
    spec = manifest.get("spec") or {}
    match manifest.get("kind"):
        case INFERENCE_SERVICE.name:
            annotations = manifest["metadata"].get("annotations") or {}
            yield from _named(SECRET, namespace, annotations.get(STORAGE_SECRET))
            for component in _COMPONENTS:
                yield from _of_component(spec.get(component) or {}, namespace)
        case SERVING_RUNTIME.name | CLUSTER_SERVING_RUNTIME.name | "Pod":
            yield from _of_pod(spec, namespace)
        case SERVICE_ACCOUNT.name:
            for field in ("secrets", "imagePullSecrets"):
                for one in manifest.get(field) or []:
                    yield from _named(SECRET, namespace, one.get("name"))


def _of_component(component: Manifest, namespace: str) -> Iterator[Dependency]:
    yield from _of_pod(component, namespace)
    model = component.get("model")
    if not isinstance(model, dict):
        return
    yield from _of_container(model, namespace)
    if "storage" in model:
        yield Dependency(SECRET.name, namespace, STORAGE_CONFIG)
    yield from _named(SERVING_RUNTIME, namespace, model.get("runtime"))
    yield from _named(CLUSTER_SERVING_RUNTIME, "", model.get("runtime"))


def _of_pod(spec: Manifest, namespace: str) -> Iterator[Dependency]:
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account != DEFAULT_ACCOUNT:
        yield from _named(SERVICE_ACCOUNT, namespace, account)
    for one in spec.get("imagePullSecrets") or []:
        yield from _named(SECRET, namespace, one.get("name"))
    for volume in spec.get("volumes") or []:
        yield from _of_volume(volume, namespace)
    for field in ("containers", "initContainers"):
        for container in spec.get(field) or []:
            yield from _of_container(container, namespace)


def _of_volume(volume: Manifest, namespace: str) -> Iterator[Dependency]:
    projected = (volume.get("projected") or {}).get("sources") or []
    for source in (volume, *projected):
        secret, config_map = source.get("secret") or {}, source.get("configMap") or {}
        yield from _named(SECRET, namespace, secret.get("secretName") or secret.get("name"))
        yield from _named(CONFIG_MAP, namespace, config_map.get("name"))


def _of_container(container: Manifest, namespace: str) -> Iterator[Dependency]:
    sources = [one.get("valueFrom") or {} for one in container.get("env") or []]
    for source in sources:
        yield from _named(SECRET, namespace, (source.get("secretKeyRef") or {}).get("name"))
        yield from _named(CONFIG_MAP, namespace, (source.get("configMapKeyRef") or {}).get("name"))
    for source in container.get("envFrom") or []:
        yield from _named(SECRET, namespace, (source.get("secretRef") or {}).get("name"))
        yield from _named(CONFIG_MAP, namespace, (source.get("configMapRef") or {}).get("name"))


def _named(kind: Kind, namespace: str, name: Any) -> Iterator[Dependency]:
    if isinstance(name, str) and name:
        yield Dependency(kind.name, namespace, name)
