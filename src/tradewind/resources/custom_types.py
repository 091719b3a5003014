"""apiextensions.k8s.io/v1 CustomResourceDefinition, typed down to the schemas of its versions.

A schema is kept as it was written (`JSONSchemaProps`): it contains itself, and `custom_schema_checks` says
what may stand in it.
"""

from typing import Annotated, Any

import msgspec

from tradewind.resources.meta import Condition, Object, Struct
from tradewind.resources.schema import keyed

NAMESPACED, CLUSTER = "Namespaced", "Cluster"
CLEANUP_FINALIZER = "customresourcecleanup.apiextensions.k8s.io"
NAMES_ACCEPTED, ESTABLISHED, TERMINATING = "NamesAccepted", "Established", "Terminating"


class Names(Struct):
    """How the objects of the kind are called."""

    plural: str = ""
    singular: str = ""
    short_names: list[str] = []
    kind: str = ""
    list_kind: str = ""
    categories: list[str] = []


class Validation(Struct):
    """The schema of one version."""

    schema: dict[str, Any] | None = msgspec.field(default=None, name="openAPIV3Schema")


class ScaleSubresource(Struct):
    """Where `/scale` finds the numbers of replicas, each like `.spec.replicas`."""

    spec_replicas_path: str = ""
    status_replicas_path: str = ""
    label_selector_path: str | None = None


class Subresources(Struct):
    """What there is below an object; `status` is an empty object."""

    status: dict[str, Any] | None = None
    scale: ScaleSubresource | None = None


class PrinterColumn(Struct):
    """One column of `kubectl get`; those of a priority above 0 only with `-o wide`."""

    name: str = ""
    type: str = ""
    format: str = ""
    description: str = ""
    priority: int = 0
    json_path: str = ""


class SelectableField(Struct):
    """A field that field selectors may name."""

    json_path: str = ""


class Version(Struct):
    """One version of the kind."""

    name: str = ""
    served: bool = False
    storage: bool = False
    deprecated: bool = False
    deprecation_warning: str | None = None
    schema: Validation | None = None
    subresources: Subresources | None = None
    additional_printer_columns: list[PrinterColumn] = []
    selectable_fields: list[SelectableField] = []


class Conversion(Struct):
    """How objects get from one version to another: `None` changes their `apiVersion` and nothing else."""

    strategy: str = ""
    webhook: dict[str, Any] | None = None


class DefinitionSpec(Struct):
    """What a user asks for."""

    group: str = ""
    names: Names = Names()
    scope: str = ""
    versions: list[Version] = []
    conversion: Conversion | None = None
    preserve_unknown_fields: bool = False


class DefinitionStatus(Struct):
    """What the server has made of it."""

    conditions: Annotated[list[Condition], keyed("type")] = []
    accepted_names: Names = Names()
    stored_versions: list[str] = []
    observed_generation: int = 0


class CustomResourceDefinition(Object):
    """apiextensions.k8s.io/v1 CustomResourceDefinition."""

    spec: DefinitionSpec = DefinitionSpec()
    status: DefinitionStatus = DefinitionStatus()
