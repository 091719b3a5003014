"""The body of a server-side apply: a part of an object, in YAML or JSON. Pure.

It must say what it is part of, know every field that it has, and must not say who owns them.
"""

from typing import Any

from tradewind.apiserver.bodies import decode_apply_body
from tradewind.apiserver.fields.conform import deviations
from tradewind.apiserver.fields.tracked import STATUS
from tradewind.apiserver.identity import name_mismatch, namespace_mismatch
from tradewind.apiserver.scale import scaled
from tradewind.apiserver.urls import Target
from tradewind.resources.kinds import ScalePaths
from tradewind.resources.meta import Manifest
from tradewind.resources.status import bad_request


def applied_config(target: Target, body: bytes) -> Manifest:
    """The configuration in a body, at the version in which the object is stored. 400 in upstream's words
    when it is none for this target.

    Upstream answers 500 to a field that it does not know; that is the client's fault and 400 here.
    """
    config = decode_apply_body(body)
    if not isinstance(config, dict):
        raise bad_request("error decoding patch: an applied configuration is an object")
    _check_type(target, config)
    metadata = config.get("metadata")
    if isinstance(metadata, dict) and metadata.get("managedFields") is not None:
        raise bad_request("metadata.managedFields must be nil")
    _check_schema(target, config)
    metadata = metadata or {}
    _check_place(target, metadata)
    placed = {"name": target.name} | ({"namespace": target.namespace} if target.kind.namespaced else {})
    return config | {"apiVersion": target.kind.api_version, "metadata": metadata | placed}


def applied_scale(target: Target, paths: ScalePaths, body: bytes) -> Manifest:
    """What applying a Scale is to the object that is scaled: its number of replicas, and which one it is."""
    scale = decode_apply_body(body)
    place = {"name": target.name} | ({"namespace": target.namespace} if target.kind.namespaced else {})
    config = {"apiVersion": target.kind.api_version, "kind": target.kind.name, "metadata": place}
    with_replicas = scaled(ScalePaths(paths.spec_replicas, ""), config, scale)
    return with_replicas if "replicas" in (scale.get("spec") or {}) else config


def _check_type(target: Target, config: Manifest) -> None:
    given = config.get("apiVersion") or "", config.get("kind") or ""
    if given != (target.api_version, target.kind.name):
        group, _, version = str(given[0]).rpartition("/")
        raise bad_request(f"invalid object type: {group}/{version}, Kind={given[1]}")


def _check_schema(target: Target, config: Manifest) -> None:
    schema = target.kind.schema_at(target.version)
    if target.kind.has_status and target.subresource != STATUS:
        # What is said about status is dropped, and that of an object read elsewhere may be unknown here.
        config = {name: value for name, value in config.items() if name != STATUS}
    found = list(deviations(config, schema))
    if found:
        text = found[0] if len(found) == 1 else "\n  ".join(["errors:", *found])
        of_kind = f"{target.kind.group}/{target.version}, Kind={target.kind.name}"
        what = f"{target.namespace}/{target.name}; {of_kind}"
        raise bad_request(f"failed to create typed patch object ({what}): {text}")


def _check_place(target: Target, metadata: dict[str, Any]) -> None:
    name = metadata.get("name")
    if not name:
        why = "undeterminable: name must be provided"
        raise bad_request(f"the name of the object ({target.name} based on URL) was {why}")
    if name != target.name:
        raise name_mismatch(name, target.name)
    if target.kind.namespaced and (metadata.get("namespace") or target.namespace) != target.namespace:
        raise namespace_mismatch()
