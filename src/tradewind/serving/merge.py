"""An InferenceService's Pod fields over those of its runtime (kserve `utils.go`, `container_merge.go`)."""

from tradewind.apiserver.strategic_merge import strategic_merge
from tradewind.resources.core import Container, EnvVar, PodSpecFields
from tradewind.resources.core_kinds import POD
from tradewind.resources.meta import Manifest, Struct, decode, encode, replace
from tradewind.resources.serving import ComponentExtension, ServingRuntimeSpec
from tradewind.resources.serving_names import KSERVE_CONTAINER
from tradewind.resources.serving_parts import ServingRuntimePodFields
from tradewind.resources.status import ApiError
from tradewind.serving.errors import INVALID_PREDICTOR_SPEC, InvalidService

# A replica is its serving container alone, and the scheduler binds it.
NOT_TAKEN = ("initContainers", "ephemeralContainers", "nodeName")


def merge_container(runtime: ServingRuntimeSpec, own: Container) -> Container:
    """The runtime's serving container under the service's own: keyed lists item by item, objects field
    by field, everything else replaced; arguments are the runtime's, then the service's.

    Raises InvalidService when the runtime has no such container.
    """
    base = next((one for one in runtime.containers if one.name == KSERVE_CONTAINER), None)
    if base is None:
        raise InvalidService(
            INVALID_PREDICTOR_SPEC, f"failed to find {KSERVE_CONTAINER} in ServingRuntime containers"
        )
    patch = _fields(own, Container) | {"name": base.name}
    merged = _merge({"containers": [encode(base)]}, {"containers": [patch]})["containers"][0]
    container = decode(merged, Container)
    environment = [_without_conflict(variable, own) for variable in container.env]
    return replace(container, args=[*base.args, *own.args], env=environment)


def merge_pod_fields(runtime: ServingRuntimeSpec | None, component: ComponentExtension) -> Manifest:
    """Every PodSpec field besides the containers, in wire form: the service's own over the runtime's.

    Raises InvalidService for lists that cannot be merged.
    """
    own = {name: value for name, value in _fields(component, PodSpecFields).items() if name not in NOT_TAKEN}
    base = _fields(runtime, ServingRuntimePodFields) if runtime else {}
    return _merge(base, own)


def _merge(base: Manifest, own: Manifest) -> Manifest:
    """Strategic merge of two PodSpecs."""
    try:
        merged: Manifest = strategic_merge(POD, {"spec": base}, {"spec": own})["spec"]
    except ApiError as error:
        raise InvalidService(INVALID_PREDICTOR_SPEC, f"failed to merge: {error.message}") from error
    return merged


def _fields(value: Struct, base: type[Struct]) -> Manifest:
    """What `value` says of the fields of its base struct, in wire form."""
    known = base.__struct_encode_fields__  # type: ignore[attr-defined]
    return {name: one for name, one in encode(value).items() if name in known}


def _without_conflict(variable: EnvVar, own: Container) -> EnvVar:
    """A variable with a value from one side and a source from the other keeps the service's."""
    if not variable.value or variable.value_from is None:
        return variable
    mine = next((one for one in own.env if one.name == variable.name), None)
    if mine is not None and mine.value_from is not None:
        return EnvVar(name=variable.name, value_from=variable.value_from)
    return EnvVar(name=variable.name, value=variable.value)
