"""The environment of a container: Kubernetes' rules for `env`, `envFrom` and `$(NAME)`.

Order and expansion follow kubelet (`pkg/kubelet/kubelet_pods.go` makeEnvironmentVariables and
`third_party/forked/golang/expansion`): `envFrom` first, then `env` in order, each value expanded with
what stands before it; `$$` is a literal `$`; a reference to nothing stays as it is written.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tradewind.resources.core import ConfigMap, Container, Pod, Secret

_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")
_SUBSCRIPT = re.compile(r"metadata\.(labels|annotations)\['([^']+)'\]")


class ConfigError(Exception):
    """A container that cannot be created as it is written; `reason` is the waiting reason kubelet gives."""

    reason = "CreateContainerConfigError"


@dataclass(frozen=True)
class Reference:
    """A Secret or ConfigMap (`kind`) of the Pod's namespace that a container reads."""

    kind: str
    name: str


Objects = Mapping[Reference, Secret | ConfigMap]


@dataclass(frozen=True)
class Environment:
    """Variables, and the names of those that hold, or were expanded from, a Secret."""

    values: dict[str, str] = field(repr=False)
    secret: frozenset[str]


_KINDS = {
    "secretKeyRef": "Secret",
    "configMapKeyRef": "ConfigMap",
    "secretRef": "Secret",
    "configMapRef": "ConfigMap",
}


def references(container: Container) -> tuple[Reference, ...]:
    """Which objects `resolve` needs for this container, each once."""
    parts = [*container.env_from, *(variable.value_from or {} for variable in container.env)]
    named = [
        Reference(_KINDS[key], str(part[key].get("name", "")))
        for part in parts
        for key in _KINDS
        if isinstance(part.get(key), dict)
    ]
    return tuple(dict.fromkeys(named))


def resolve(container: Container, pod: Pod, objects: Objects, given: Mapping[str, str]) -> Environment:
    """All variables of the container; `given` are there before its own, which may use and replace them.

    Raises ConfigError for an object or key that is missing and not optional.
    """
    values, secret = dict(given), set[str]()
    for source in container.env_from:
        found, is_secret = _all_keys(source, pod, objects)
        values.update(found)
        secret.update(found if is_secret else ())
    for variable in container.env:
        if variable.value_from:
            value = _value_from(variable.value_from, variable.name, pod, objects)
            if value is None:
                continue
            tainted = "secretKeyRef" in variable.value_from
        else:
            value, used = expand(variable.value, values)
            tainted = not secret.isdisjoint(used)
        values[variable.name] = value
        (secret.add if tainted else secret.discard)(variable.name)
    return Environment(values, frozenset(secret))


def expand(text: str, values: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """`text` with its `$(NAME)` replaced, and the names that were."""
    used = []

    def one(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return "$"
        if name not in values:
            return match[0]
        used.append(name)
        return values[name]

    return _REFERENCE.sub(one, text), tuple(used)


def _all_keys(source: Mapping[str, Any], pod: Pod, objects: Objects) -> tuple[dict[str, str], bool]:
    """Every key of an `envFrom` entry; keys that no variable can be named are left out, as upstream does."""
    key = next((key for key in ("secretRef", "configMapRef") if key in source), "")
    if not key:
        raise ConfigError(f"envFrom {sorted(source)}: write secretRef or configMapRef")
    found = _object(source[key], _KINDS[key], objects)
    if found is None:
        return {}, False
    names = sorted(name for name in found.data if "=" not in name)
    prefix = source.get("prefix", "")
    return {prefix + name: _text(found, name, pod) for name in names}, key == "secretRef"


def _value_from(source: Mapping[str, Any], variable: str, pod: Pod, objects: Objects) -> str | None:
    """The value, or None when what it names is optional and missing."""
    if "fieldRef" in source:
        return field_value(str(source["fieldRef"].get("fieldPath", "")), variable, pod)
    key = next((key for key in ("secretKeyRef", "configMapKeyRef") if key in source), "")
    if not key:
        raise ConfigError(
            f"env {variable}: valueFrom {sorted(source)} is not supported here; "
            "write secretKeyRef, configMapKeyRef or fieldRef"
        )
    reference = source[key]
    found = _object(reference, _KINDS[key], objects)
    if found is None:
        return None
    wanted = str(reference.get("key", ""))
    if wanted in found.data:
        return _text(found, wanted, pod)
    if reference.get("optional"):
        return None
    raise ConfigError(
        f"couldn't find key {wanted} in {_KINDS[key]} {pod.metadata.namespace}/{found.metadata.name}"
    )


def _object(reference: Mapping[str, Any], kind: str, objects: Objects) -> Secret | ConfigMap | None:
    name = str(reference.get("name", ""))
    found = objects.get(Reference(kind, name))
    if found is None and not reference.get("optional"):
        raise ConfigError(f'{kind.lower()} "{name}" not found')
    return found


def _text(found: Secret | ConfigMap, key: str, pod: Pod) -> str:
    """One key's value; that of a Secret may hold bytes that are no UTF-8, which an environment can carry."""
    if isinstance(found, ConfigMap):
        return found.data[key]
    try:
        return base64.b64decode(found.data[key], validate=True).decode("utf-8", "surrogateescape")
    except binascii.Error:
        where = f"{pod.metadata.namespace}/{found.metadata.name}"
        raise ConfigError(f"key {key} in Secret {where} is not base64: apply the Secret again") from None


def field_value(path: str, variable: str, pod: Pod) -> str:
    """A field of the Pod as `fieldRef` names it (kubernetes `pkg/fieldpath`). Raises ConfigError."""
    if match := _SUBSCRIPT.fullmatch(path):
        held = pod.metadata.labels if match[1] == "labels" else pod.metadata.annotations
        return held.get(match[2], "")
    fields = pod_fields(pod)
    if path not in fields:
        allowed = ", ".join([*fields, "metadata.labels['KEY']", "metadata.annotations['KEY']"])
        raise ConfigError(f"env {variable}: fieldPath {path!r} is not supported; write one of {allowed}")
    return fields[path]


def pod_fields(pod: Pod) -> dict[str, str]:
    """What `fieldRef` can name. Replicas listen on loopback, so that is the address of Pod and host."""
    loopback = "127.0.0.1"
    return {
        "metadata.name": pod.metadata.name,
        "metadata.namespace": pod.metadata.namespace,
        "metadata.uid": pod.metadata.uid,
        "spec.nodeName": pod.spec.node_name,
        "spec.serviceAccountName": pod.spec.service_account_name or "default",
        "status.hostIP": loopback,
        "status.hostIPs": loopback,
        "status.podIP": loopback,
        "status.podIPs": loopback,
    }


def uses_secret(text: str, environment: Environment) -> Iterable[str]:
    """Names of secret variables that `$(NAME)` in `text` would reveal."""
    return [name for name in expand(text, environment.values)[1] if name in environment.secret]
