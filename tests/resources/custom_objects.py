"""CustomResourceDefinitions and objects for tests."""

import copy
from typing import Any

from tradewind.resources.custom_definition import CUSTOM_RESOURCE_DEFINITION, with_status
from tradewind.resources.custom_kinds import custom_kinds
from tradewind.resources.kinds import Kind

WIDGET_SPEC: dict[str, Any] = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"type": "integer", "minimum": 1, "maximum": 10, "description": "How big it is."},
        "color": {"type": "string", "enum": ["red", "green"], "default": "red"},
        "replicas": {"type": "integer", "default": 1},
        "parts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}, "count": {"type": "integer", "default": 1}},
            },
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
        },
        "extra": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
}
WIDGET_STATUS = {
    "type": "object",
    "properties": {
        "replicas": {"type": "integer"},
        "selector": {"type": "string"},
        "phase": {"type": "string"},
        "conditions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"type": {"type": "string"}, "status": {"type": "string"}},
            },
        },
    },
}
SCALE = {
    "specReplicasPath": ".spec.replicas",
    "statusReplicasPath": ".status.replicas",
    "labelSelectorPath": ".status.selector",
}
COLUMNS = [
    {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
    {"name": "Phase", "type": "string", "jsonPath": ".status.phase"},
    {
        "name": "Ready",
        "type": "string",
        "jsonPath": '.status.conditions[?(@.type=="Ready")].status',
        "priority": 1,
    },
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
]


def schema(spec: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    properties = copy.deepcopy({"spec": spec or WIDGET_SPEC, "status": WIDGET_STATUS})
    return {"type": "object", "properties": properties, **more}


def version(name: str = "v1", spec: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema(spec)},
        "subresources": {"status": {}, "scale": SCALE},
        "additionalPrinterColumns": COLUMNS,
        **more,
    }


def definition(
    *versions: dict[str, Any], plural: str = "widgets", group: str = "example.com", **names: Any
) -> dict[str, Any]:
    kind = plural.removesuffix("s").title()
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": CUSTOM_RESOURCE_DEFINITION.name,
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "names": {"plural": plural, "kind": kind, "shortNames": [plural[:2]], **names},
            "scope": "Namespaced",
            "versions": list(versions) or [version()],
        },
    }


def kind_of(manifest: dict[str, Any]) -> Kind:
    """The kind that a server serves for a definition."""
    stored = with_status(CUSTOM_RESOURCE_DEFINITION.default(manifest), [], [], 0)
    (found,) = custom_kinds([stored])
    return found


def widget(name: str = "a", version: str = "v1", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": f"example.com/{version}",
        "kind": "Widget",
        "metadata": {"name": name, "namespace": "d"},
        "spec": {"size": 1} | spec,
    }
