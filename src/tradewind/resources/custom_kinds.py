"""From a CustomResourceDefinition to the kind that it defines."""

import re
from collections.abc import Iterable
from functools import partial
from typing import Any

from tradewind.resources.custom_columns import columns_of
from tradewind.resources.custom_definition import CUSTOM_RESOURCE_DEFINITION, is_established
from tradewind.resources.custom_list_checks import list_problems
from tradewind.resources.custom_rules import has_rules, rule_problems, transition_problems
from tradewind.resources.custom_schemas import schema_of_resource, with_defaults
from tradewind.resources.custom_types import NAMESPACED, CustomResourceDefinition, Version
from tradewind.resources.custom_validation import NO_FIELD, schema_problems
from tradewind.resources.kinds import Kind, ScalePaths
from tradewind.resources.meta import Manifest, Object, decode
from tradewind.resources.problems import Cause, Problem, warning
from tradewind.resources.pruning import unknown_fields, without_unknown_fields
from tradewind.resources.schema import Schema

DEFINITIONS = CUSTOM_RESOURCE_DEFINITION.resource
UNCHECKED_RULES = Problem(
    NO_FIELD,
    'Invalid value: "null": some validation rules were not checked because the object was invalid; correct '
    "the existing errors to complete validation",
)
_BLOCKING = (Cause.REQUIRED, Cause.TOO_LONG, Cause.TOO_MANY, Cause.TYPE)


class CustomObject(Object):
    """An object of a custom kind: what all objects have is typed, the rest is its schema's business."""


def custom_kinds(manifests: Iterable[Manifest]) -> list[Kind]:
    """The kinds that are served because of these CustomResourceDefinitions, as they are stored."""
    definitions = [decode(manifest, CustomResourceDefinition) for manifest in manifests]
    return [kind for one in definitions if is_established(one) and (kind := custom_kind(one))]


def custom_kind(definition: CustomResourceDefinition) -> Kind | None:
    """The kind that a valid definition defines; None when it serves no version.

    The kind is that of the version in which objects are stored: the storage version, or the first of those
    that are served. What it is at the other versions are its variants.
    """
    served = sorted(
        (version for version in definition.spec.versions if version.served),
        key=lambda one: (not one.storage, version_priority(one.name)),
    )
    if not served:
        return None
    stored, *others = served
    variants = {version.name: _kind(definition, served, version) for version in others}
    return _kind(definition, served, stored, variants)


def version_priority(name: str) -> tuple[int, int, int, str]:
    """Sorts versions as Kubernetes prefers them: v2, v1, v1beta2, v1beta1, v1alpha1, then others by name."""
    found = re.fullmatch(r"v(\d+)(?:(alpha|beta)(\d+))?", name)
    if found is None:
        return 3, 0, 0, name
    stage = {None: 0, "beta": 1, "alpha": 2}[found[2]]
    return stage, -int(found[1]), -int(found[3] or 0), name


def is_custom(kind: Kind) -> bool:
    """Whether a kind comes from a CustomResourceDefinition."""
    return kind.struct is CustomObject


def _kind(
    definition: CustomResourceDefinition,
    served: list[Version],
    version: Version,
    variants: dict[str, Kind] | None = None,
) -> Kind:
    spec, names = definition.spec, definition.status.accepted_names
    if not names.plural:
        names = spec.names  # as it is written in a file, before a server has accepted it
    schema = _schema_of(version)
    subresources = version.subresources
    scale = subresources.scale if subresources else None
    is_stored = variants is not None  # a variant knows no other version than its own
    return Kind(
        group=spec.group,
        versions=tuple(one.name for one in served),
        name=names.kind,
        plural=names.plural,
        struct=CustomObject,
        namespaced=spec.scope == NAMESPACED,
        short_names=tuple(names.short_names),
        categories=tuple(names.categories),
        has_status=bool(subresources and subresources.status is not None),
        columns=columns_of(version.additional_printer_columns),
        default=partial(_default, schema),
        check=partial(_check, schema, schema_of_resource(schema), _advice(version, definition)),
        check_update=partial(_check_update, schema),
        scale=ScalePaths(
            scale.spec_replicas_path, scale.status_replicas_path, scale.label_selector_path or ""
        )
        if scale
        else None,
        selectable=tuple(one.json_path.removeprefix(".") for one in version.selectable_fields),
        schemas={one.name: schema_of_resource(_schema_of(one if is_stored else version)) for one in served},
        variants=variants or {},
    )


def _schema_of(version: Version) -> Manifest:
    return (version.schema.schema if version.schema else None) or {}


def _advice(version: Version, definition: CustomResourceDefinition) -> list[Problem]:
    """What everybody hears who writes at a deprecated version."""
    if not version.deprecated:
        return []
    name = f"{definition.spec.group}/{version.name} {definition.spec.names.kind}"
    return [warning("", version.deprecation_warning or f"{name} is deprecated")]


def _default(schema: Manifest, manifest: Manifest) -> Manifest:
    filled: Any = with_defaults({**manifest}, schema)
    kept = {name: manifest[name] for name in ("apiVersion", "kind", "metadata") if name in manifest}
    return {**filled, **kept}


def _check(schema: Manifest, tree: Schema, advice: list[Problem], manifest: Manifest) -> list[Problem]:
    """Unknown fields; and of what is left of the object without these, everything that is wrong."""
    unknown = [one for one in unknown_fields(manifest, tree) if not one.path.startswith("metadata")]
    known = without_unknown_fields(manifest, tree)
    problems = schema_problems(known, schema) + list(list_problems(known, schema))
    if has_rules(schema):
        if any(problem.cause in _BLOCKING for problem in problems):
            problems.append(UNCHECKED_RULES)
        else:
            problems += rule_problems(known, schema)
    return unknown + problems + advice


def _check_update(schema: Manifest, new: Manifest, old: Manifest) -> list[Problem]:
    return transition_problems(new, old, schema) if has_rules(schema) else []
