"""Whether a CustomResourceDefinition may be stored.

Upstream: apiextensions-apiserver `pkg/apis/apiextensions/validation`.
"""

import re
from collections.abc import Iterator

from tradewind.resources.custom_rule_checks import rule_check_problems
from tradewind.resources.custom_schema_checks import json_schema_problems
from tradewind.resources.custom_types import (
    CLUSTER,
    ESTABLISHED,
    NAMESPACED,
    CustomResourceDefinition,
    DefinitionSpec,
    Names,
    PrinterColumn,
    Subresources,
    Version,
)
from tradewind.resources.json_path import PathError, compiled
from tradewind.resources.meta import Manifest, decode, is_true
from tradewind.resources.problems import Cause, Level, Problem
from tradewind.resources.rules import invalid, one_of, required
from tradewind.resources.syntax import dns_subdomain_problem

COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
COLUMN_FORMATS = ("byte", "date", "date-time", "double", "float", "int32", "int64", "password", "binary")
MAX_SELECTABLE_FIELDS = 8
APPROVAL = "api-approved.kubernetes.io"
_PROTECTED = re.compile(r"(.*\.)?(k8s\.io|kubernetes\.io)")
_LABEL = "[a-z]([-a-z0-9]*[a-z0-9])?"
_LABEL_LENGTH = 63
_DEPRECATION_LENGTH = 256


def check_definition(manifest: Manifest) -> list[Problem]:
    """Every problem of a CustomResourceDefinition whose types are right."""
    definition = decode(manifest, CustomResourceDefinition)
    spec = definition.spec
    return [
        *_name(definition),
        *_group(spec, definition.metadata.annotations),
        *one_of("spec.scope", spec.scope, (CLUSTER, NAMESPACED)),
        *([] if spec.scope else [required("spec.scope")]),
        *_versions(spec),
        *_names(spec.names),
        *_conversion(spec),
        *_no_pruning(spec),
    ]


def check_definition_update(new: Manifest, old: Manifest) -> list[Problem]:
    """What an update may not change: what objects are stored under."""
    after, before = decode(new, CustomResourceDefinition), decode(old, CustomResourceDefinition)
    fixed = {
        "spec.group": (after.spec.group, before.spec.group),
        "spec.names.plural": (after.spec.names.plural, before.spec.names.plural),
    }
    if is_true(before.status.conditions, ESTABLISHED):
        fixed["spec.scope"] = (after.spec.scope, before.spec.scope)
        fixed["spec.names.kind"] = (after.spec.names.kind, before.spec.names.kind)
    problems = [invalid(path, one, "field is immutable") for path, (one, was) in fixed.items() if one != was]
    names = [version.name for version in after.spec.versions]
    for place, name in enumerate(before.status.stored_versions):
        if name not in names:
            why = (
                f"missing from spec.versions; {name} was previously a storage version, and must remain in "
                f"spec.versions until a storage migration ensures no data remains persisted in {name} and "
                f"removes {name} from status.storedVersions"
            )
            problems.append(invalid(f"status.storedVersions[{place}]", name, why))
    return problems


def _name(definition: CustomResourceDefinition) -> Iterator[Problem]:
    spec, name = definition.spec, definition.metadata.name
    if name and name != f"{spec.names.plural}.{spec.group}":
        yield invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group')


def _group(spec: DefinitionSpec, notes: dict[str, str]) -> Iterator[Problem]:
    if not spec.group:
        yield required("spec.group")
    elif why := dns_subdomain_problem(spec.group):
        yield invalid("spec.group", spec.group, why)
    elif "." not in spec.group:
        yield invalid("spec.group", spec.group, "should be a domain with at least one dot")
    approval = notes.get(APPROVAL, "")
    if _PROTECTED.fullmatch(spec.group) and not approval.startswith(("http", "unapproved")):
        path = f"metadata.annotations[{APPROVAL}]"
        why = "protected groups must have approval annotation, see https://github.com/kubernetes/enhancements/pull/1111"
        yield invalid(path, approval, why) if approval else required(path, why)


def _versions(spec: DefinitionSpec) -> Iterator[Problem]:
    names = [version.name for version in spec.versions]
    for place, version in enumerate(spec.versions):
        path = f"spec.versions[{place}]"
        if why := _label_problem(version.name):
            yield invalid(f"{path}.name", version.name, why)
        yield from _version(version, path)
    if len(set(names)) < len(names):
        yield invalid("spec.versions", names, "must contain unique version names")
    if sum(1 for version in spec.versions if version.storage) != 1:
        why = "must have exactly one version marked as storage version"
        yield invalid("spec.versions", names, why)


def _version(version: Version, path: str) -> Iterator[Problem]:
    yield from _deprecation(version, f"{path}.deprecationWarning")
    schema = version.schema.schema if version.schema else None
    if schema is None:
        yield required(f"{path}.schema.openAPIV3Schema")
    else:
        at = f"{path}.schema.openAPIV3Schema"
        has_status = bool(version.subresources and version.subresources.status is not None)
        problems = json_schema_problems(schema, at, has_status=has_status)
        yield from problems
        if not any(problem.level is Level.ERROR for problem in problems):
            yield from rule_check_problems(schema, at)
    if version.subresources:
        yield from _scale(version.subresources, f"{path}.subresources")
    for place, column in enumerate(version.additional_printer_columns):
        yield from _column(column, f"{path}.additionalPrinterColumns[{place}]")
    yield from _selectable(version, f"{path}.selectableFields")


def _deprecation(version: Version, path: str) -> Iterator[Problem]:
    text = version.deprecation_warning
    if text is None:
        return
    if not version.deprecated:
        yield invalid(path, text, "can only be set for deprecated versions")
    if len(text) > _DEPRECATION_LENGTH:
        yield invalid(path, text, f"must be <= {_DEPRECATION_LENGTH} characters long")
    if not text:
        yield invalid(path, text, "must not be an empty string")
    if not text.isprintable():
        yield invalid(path, text, "must only contain printable UTF-8 characters")


def _scale(subresources: Subresources, path: str) -> Iterator[Problem]:
    scale = subresources.scale
    if scale is None:
        return
    paths = (
        ("specReplicasPath", scale.spec_replicas_path, (".spec.",), "should be a json path under .spec"),
        (
            "statusReplicasPath",
            scale.status_replicas_path,
            (".status.",),
            "should be a json path under .status",
        ),
        (
            "labelSelectorPath",
            scale.label_selector_path,
            (".spec.", ".status."),
            "should be a json path under either .spec or .status",
        ),
    )
    for name, written, roots, why in paths:
        field = f"{path}.scale.{name}"
        if not written:
            if name != "labelSelectorPath":
                yield required(field)
        elif not written.startswith("."):
            yield invalid(field, written, "must be a simple json path starting with .")
        elif not written.startswith(roots):
            yield invalid(field, written, why)


def _column(column: PrinterColumn, path: str) -> Iterator[Problem]:
    if not column.name:
        yield required(f"{path}.name")
    types = f"must be one of {','.join(COLUMN_TYPES)}"
    if not column.type:
        yield required(f"{path}.type", types)
    elif column.type not in COLUMN_TYPES:
        yield invalid(f"{path}.type", column.type, types)
    if column.format and column.format not in COLUMN_FORMATS:
        yield invalid(f"{path}.format", column.format, f"must be one of {','.join(sorted(COLUMN_FORMATS))}")
    if not column.json_path:
        yield required(f"{path}.jsonPath")
    else:
        yield from _json_path(column.json_path, f"{path}.jsonPath")


def _json_path(written: str, path: str) -> Iterator[Problem]:
    if not written.startswith("."):
        yield invalid(path, written, "must be a simple json path starting with .")
        return
    try:
        compiled(written)
    except PathError as error:
        yield invalid(path, written, str(error))


def _selectable(version: Version, path: str) -> Iterator[Problem]:
    schema = version.schema.schema if version.schema else None
    for place, field in enumerate(version.selectable_fields):
        at = f"{path}[{place}].jsonPath"
        if not field.json_path:
            yield required(at)
            continue
        names = field.json_path.split(".")[1:]
        below: Manifest | None = schema
        for name in names:
            below = ((below or {}).get("properties") or {}).get(name)
        if names[:1] == ["metadata"]:
            yield invalid(at, field.json_path, "must not point to fields in metadata")
        elif below is None:
            yield invalid(at, field.json_path, "is an invalid path: does not refer to a valid field")
        elif below.get("type") not in ("string", "boolean", "integer"):
            why = (
                "must point to a field of type string, boolean or integer. Enum string fields and strings "
                "with formats are allowed."
            )
            yield invalid(at, field.json_path, why)
    if len(version.selectable_fields) > MAX_SELECTABLE_FIELDS:
        count = len(version.selectable_fields)
        message = f"Too many: {count}: must have at most {MAX_SELECTABLE_FIELDS} items"
        yield Problem(path, message, Cause.TOO_MANY)


def _names(names: Names) -> Iterator[Problem]:
    words = {"plural": names.plural, "singular": names.singular, "kind": names.kind}
    for field, word in (words | {"listKind": names.list_kind}).items():
        path = f"spec.names.{field}"
        mixed = field in ("kind", "listKind")
        if not word:
            yield required(path)
        elif why := _label_problem(word.lower() if mixed else word):
            said = f"may have mixed case, but should otherwise match: {why}" if mixed else why
            yield invalid(path, word, said)
    lists = {"shortNames": names.short_names, "categories": names.categories}
    for field, found in lists.items():
        for place, word in enumerate(found):
            if why := _label_problem(word):
                yield invalid(f"spec.names.{field}[{place}]", word, why)
    if names.kind and names.kind == names.list_kind:
        yield invalid("spec.names.listKind", names.list_kind, "kind and listKind may not be the same")


def _conversion(spec: DefinitionSpec) -> Iterator[Problem]:
    conversion = spec.conversion
    if conversion is None:
        return
    path = "spec.conversion"
    yield from one_of(f"{path}.strategy", conversion.strategy, ("None", "Webhook"))
    if not conversion.strategy:
        yield required(f"{path}.strategy")
    if conversion.strategy == "Webhook":
        why = (
            "conversion webhooks are not supported here; use strategy None, which changes only apiVersion, "
            "and keep the versions' schemas compatible"
        )
        yield invalid(f"{path}.strategy", conversion.strategy, why)
    elif conversion.webhook:
        why = "should not be set when strategy is not set to Webhook"
        yield Problem(f"{path}.webhook", f"Forbidden: {why}", Cause.FORBIDDEN)


def _no_pruning(spec: DefinitionSpec) -> Iterator[Problem]:
    if spec.preserve_unknown_fields:
        why = (
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
            "spec.versions[*].schema instead"
        )
        yield invalid("spec.preserveUnknownFields", True, why)


def _label_problem(text: str) -> str:
    """apimachinery `IsDNS1035Label`."""
    if len(text) > _LABEL_LENGTH:
        return f"must be no more than {_LABEL_LENGTH} characters"
    if re.fullmatch(_LABEL, text):
        return ""
    return (
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
        "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
        f"regex used for validation is '{_LABEL}')"
    )
