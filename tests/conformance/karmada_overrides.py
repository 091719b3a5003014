"""Upstream's cases about override policies."""

from typing import Any

from tradewind.apiserver.json_patch import json_patch
from tradewind.federation.images import parse_image
from tradewind.federation.overriders import DoesNotApply, apply_overriders
from tradewind.federation.overrides import matching
from tradewind.resources.cluster_types import Cluster
from tradewind.resources.meta import Object, ObjectMeta, decode, encode
from tradewind.resources.policy_types import OverridePolicy, Overriders


def _apply(field: str) -> Any:
    def run(given: Any, expect: Any) -> tuple[Any, Any]:
        listed = given[field] if isinstance(given[field], list) else [given[field]]
        try:
            changed = apply_overriders(given["object"], decode({field: listed}, Overriders))
        except DoesNotApply:
            return "an error", "an error" if expect.get("error") else expect
        return _compared(given["object"], changed, expect)

    return run


def _compared(before: Any, changed: Any, expect: Any) -> tuple[Any, Any]:
    if expect.get("error"):
        return changed, "an error"
    if "patches" in expect:
        return changed, json_patch(before, expect["patches"])
    if "object" in expect:
        return changed, expect["object"]
    for name in ("labels", "annotations"):
        if name in expect:
            return changed["metadata"].get(name), expect[name]
    return {"data": changed["data"]}, expect


def _matching(given: Any, expect: Any) -> tuple[Any, Any]:
    policies = [
        OverridePolicy(
            kind=one["kind"],
            metadata=ObjectMeta(name=one["name"], namespace=one.get("namespace", "")),
            spec=decode(one, OverridePolicy).spec,
        )
        for one in given["policies"]
    ]
    cluster = Cluster(metadata=ObjectMeta(name=given["cluster"]["name"]))
    template = decode(given["resource"], Object)
    general = [one for one in policies if not one.metadata.namespace]
    own = [one for one in policies if one.metadata.namespace]
    found = [
        {
            "name": one.policy.metadata.name,
            "namespace": one.policy.metadata.namespace,
            "overriders": encode(one.overriders),
        }
        for one in matching(template, cluster, general, own)
    ]
    return found, expect["applied"]


def _parse(given: Any, expect: Any) -> tuple[Any, Any]:
    image = parse_image(given["image"])
    return {name: getattr(image, name) for name in ("registry", "repository", "tag", "digest")}, expect


def _split(given: Any, expect: Any) -> tuple[Any, Any]:
    image = parse_image(given["name"])
    return {"registry": image.registry, "repository": image.repository}, expect


def _is_empty(given: Any, expect: Any) -> tuple[Any, Any]:
    operations = [{"operator": "add", **one} for one in given["overriders"].get("plaintext", [])]
    return decode(given["overriders"] | {"plaintext": operations}, Overriders) == Overriders(), expect[
        "empty"
    ]


HANDLERS: dict[tuple[str, str], Any] = {
    ("override-annotations", "annotations-overrider"): _apply("annotationsOverrider"),
    ("override-args", "args-overrider"): _apply("argsOverrider"),
    ("override-command", "command-overrider"): _apply("commandOverrider"),
    ("override-field", "field-overrider"): _apply("fieldOverrider"),
    ("override-image", "image-overrider"): _apply("imageOverrider"),
    ("override-image", "parse-image"): _parse,
    ("override-image", "split-registry"): _split,
    ("override-labels", "labels-overrider"): _apply("labelsOverrider"),
    ("override-order", "matching-overrides"): _matching,
    ("override-plaintext", "plaintext-overrider"): _apply("plaintext"),
    ("override-validation", "empty-overrides"): _is_empty,
}
