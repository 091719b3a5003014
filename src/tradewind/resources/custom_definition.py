"""The kind CustomResourceDefinition, and what the server says of one: whose names it has got."""

from collections.abc import Iterable

from tradewind.resources.columns import NAME, field_text
from tradewind.resources.custom_checks import check_definition, check_definition_update
from tradewind.resources.custom_types import (
    ESTABLISHED,
    NAMES_ACCEPTED,
    CustomResourceDefinition,
    DefinitionStatus,
    Names,
)
from tradewind.resources.kinds import Column, Kind
from tradewind.resources.meta import Condition, Manifest, condition_of, decode, encode, is_true, replace
from tradewind.resources.times import time_text

GROUP = "apiextensions.k8s.io"


def _default(manifest: Manifest) -> Manifest:
    """Upstream `SetDefaults_CustomResourceDefinitionSpec`. What is not of the right type stays as it is."""
    spec = manifest.get("spec")
    if not isinstance(spec, dict):
        return manifest
    filled = {**spec, "conversion": spec.get("conversion") or {"strategy": "None"}}
    names = spec.get("names")
    if isinstance(names, dict) and isinstance(names.get("kind"), str):
        kind = names["kind"]
        filled["names"] = {
            **names,
            "singular": names.get("singular") or kind.lower(),
            "listKind": names.get("listKind") or (f"{kind}List" if kind else ""),
        }
    return {**manifest, "spec": filled}


def _versions(manifest: Manifest, _: int) -> str:
    versions = decode(manifest, CustomResourceDefinition).spec.versions
    return ",".join(sorted(f"{one.name}{'(storage)' * one.storage}" for one in versions if one.served))


def _short_names(manifest: Manifest, _: int) -> str:
    return ",".join(decode(manifest, CustomResourceDefinition).spec.names.short_names)


def _established(manifest: Manifest, _: int) -> bool:
    return is_established(decode(manifest, CustomResourceDefinition))


CUSTOM_RESOURCE_DEFINITION = Kind(
    group=GROUP,
    versions=("v1",),
    name="CustomResourceDefinition",
    plural="customresourcedefinitions",
    struct=CustomResourceDefinition,
    namespaced=False,
    short_names=("crd", "crds"),
    categories=("api-extensions",),
    columns=(
        NAME,
        Column("Scope", field_text("spec", "scope")),
        Column("Versions", _versions),
        Column("Created At", field_text("metadata", "creationTimestamp"), "date"),
        Column("Group", field_text("spec", "group"), wide=True),
        Column("Kind", field_text("spec", "names", "kind"), wide=True),
        Column("ShortNames", _short_names, wide=True),
        Column("Established", _established, "boolean", wide=True),
    ),
    default=_default,
    check=check_definition,
    check_update=check_definition_update,
)


def is_established(definition: CustomResourceDefinition) -> bool:
    """Whether its kind is served."""
    return is_true(definition.status.conditions, ESTABLISHED)


def with_status(
    manifest: Manifest, others: Iterable[CustomResourceDefinition], built_in: Iterable[Kind], now_ms: int
) -> Manifest:
    """A definition as the server stores it: with the names that it has got, and whether it is established.

    Names belong to who had them first; another definition of the same group, or a built-in kind, keeps its
    own (upstream `NamingConditionController`). Established is decided in the same write: nothing has to be
    installed first.
    """
    definition = decode(manifest, CustomResourceDefinition)
    known = definition.status
    resources, kinds = _taken(definition, others, built_in)
    accepted, conflict = _accepted(definition.spec.names, known.accepted_names, resources, kinds)
    conditions = _conditions(known.conditions, conflict, now_ms, definition.metadata.generation)
    stored = [version.name for version in definition.spec.versions if version.storage]
    status = DefinitionStatus(
        conditions=conditions,
        accepted_names=accepted,
        stored_versions=list(dict.fromkeys([*known.stored_versions, *stored])),
        observed_generation=definition.metadata.generation,
    )
    return manifest | {"status": encode(status)}


def _taken(
    definition: CustomResourceDefinition, others: Iterable[CustomResourceDefinition], built_in: Iterable[Kind]
) -> tuple[set[str], set[str]]:
    """The words for resources, and those for kinds, that others of the group have."""
    group = definition.spec.group
    resources: set[str] = set()
    kinds: set[str] = set()
    for other in others:
        if other.spec.group == group and other.metadata.name != definition.metadata.name:
            names = other.status.accepted_names
            resources |= {names.plural, names.singular, *names.short_names}
            kinds |= {names.kind, names.list_kind}
    for kind in built_in:
        if kind.group == group:
            resources |= {kind.plural, kind.name.lower(), *kind.short_names}
            kinds |= {kind.name, f"{kind.name}List"}
    return resources - {""}, kinds - {""}


def _accepted(
    wanted: Names, known: Names, resources: set[str], kinds: set[str]
) -> tuple[Names, tuple[str, str]]:
    """The names that it gets, and the reason and message of the last conflict ("" when there is none)."""
    conflict = ("", "")
    got = replace(known, categories=wanted.categories)
    for field, reason, taken in (
        ("plural", "PluralConflict", resources),
        ("singular", "SingularConflict", resources),
        ("short_names", "ShortNamesConflict", resources),
        ("kind", "KindConflict", kinds),
        ("list_kind", "ListKindConflict", kinds),
    ):
        asked, had = getattr(wanted, field), getattr(known, field)
        words, own = (asked, had) if field == "short_names" else ([asked], [had])
        used = [f'"{word}" is already in use' for word in words if word not in own and word in taken]
        if used:
            conflict = (reason, used[0] if len(used) == 1 else f"[{', '.join(used)}]")
        else:
            got = replace(got, **{field: asked})
    return got, conflict


def _conditions(
    known: list[Condition], conflict: tuple[str, str], now_ms: int, generation: int
) -> list[Condition]:
    reason, message = conflict
    names = ("False", reason, message) if reason else ("True", "NoConflicts", "no conflicts found")
    established = ("True", "InitialNamesAccepted", "the initial names have been accepted")
    if reason and not is_true(known, ESTABLISHED):
        established = ("False", "NotAccepted", "not all names are accepted")
    said = {NAMES_ACCEPTED: names, ESTABLISHED: established}
    others = [one for one in known if one.type not in said]
    return [_condition(known, type_, *what, now_ms, generation) for type_, what in said.items()] + others


def _condition(
    known: list[Condition],
    type_: str,
    status: str,
    reason: str,
    message: str,
    now_ms: int,
    generation: int,
) -> Condition:
    before = condition_of(known, type_)
    changed = before is None or before.status != status
    assert changed or before is not None
    return Condition(
        type=type_,
        status=status,
        reason=reason,
        message=message,
        last_transition_time=time_text(now_ms) if changed or before is None else before.last_transition_time,
        observed_generation=generation,
    )
