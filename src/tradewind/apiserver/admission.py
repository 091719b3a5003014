"""From what a client sent to what may be stored: nulls, defaults, validation, unknown fields. Pure."""

from dataclasses import dataclass
from typing import Any

from tradewind.apiserver.duplicates import warnings_of
from tradewind.resources.custom_kinds import UNCHECKED_RULES, is_custom
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.problems import Cause, Level, Problem
from tradewind.resources.pruning import without_unknown_fields
from tradewind.resources.shape import drop_nulls
from tradewind.resources.status import ApiError, invalid
from tradewind.resources.validate import check

FIELD_VALIDATIONS = ("Strict", "Warn", "Ignore")


@dataclass(frozen=True)
class Admitted:
    """A manifest that may be stored, and what its sender should hear: about fields that were dropped, and
    `advice` about those that were kept."""

    manifest: Manifest
    dropped: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


class StrictDecodingError(ApiError):
    """Fields of a manifest that are unknown or stand twice, under `fieldValidation=Strict`.

    `hints` name what may have been meant; upstream has no place for them in its message.
    """

    def __init__(
        self, kind: Kind, manifest: Manifest, errors: tuple[str, ...], hints: tuple[str, ...]
    ) -> None:
        self.strict_message = f"strict decoding error: {', '.join(errors)}"
        version = str(manifest["apiVersion"]).rpartition("/")[2]
        what = f'{kind.name} in version "{version}" cannot be handled as a {kind.name}'
        super().__init__(400, "BadRequest", f"{what}: {self.strict_message}", warnings=hints)
        self.manifest = manifest


def admit(
    kind: Kind,
    manifest: Manifest,
    field_validation: str,
    duplicates: tuple[str, ...] = (),
    old: Manifest | None = None,
) -> Admitted:
    """Default and validate a manifest.

    Unknown fields, and `duplicates` that were found in its text, are refused (`Strict`, 400), dropped with a
    warning (`Warn`) or dropped (`Ignore`). Everything else that is wrong is refused with all problems at once
    (422). The definition of a custom kind may have become stricter since the `old` state was stored: what was
    wrong there already may stay wrong.
    """
    given = manifest
    manifest = kind.default(drop_nulls(manifest, kind.struct))
    problems = check(manifest, kind)
    unknown = [problem for problem in problems if problem.cause is Cause.UNKNOWN]
    refusals = [problem for problem in problems if problem.level is Level.ERROR and problem not in unknown]
    if refusals and old is not None and is_custom(kind):
        known = check(old, kind)
        refusals = [problem for problem in refusals if problem not in known and problem != UNCHECKED_RULES]
    if refusals:
        strict = [Problem(one.path, _unknown_text(one), one.cause) for one in unknown]
        shown = refusals + (strict if field_validation == "Strict" else [])
        raise invalid(kind.name, kind.resource, _name(manifest), shown)
    errors = (*duplicates, *map(_unknown_text, unknown))
    if errors and field_validation == "Strict":
        raise StrictDecodingError(kind, given, errors, tuple(filter(None, map(_hint, unknown))))
    if unknown:
        manifest = without_unknown_fields(manifest, kind.schema_at(kind.versions[0]))
    return Admitted(
        manifest,
        dropped=warnings_of(errors) if field_validation == "Warn" else (),
        advice=tuple(str(problem) for problem in problems if problem.level is Level.WARNING),
    )


def _unknown_text(problem: Problem) -> str:
    return f'unknown field "{problem.path}"'


def _hint(problem: Problem) -> str:
    """Which name may have been meant, if there is a near one."""
    near = problem.message.partition('"; ')[2]
    return f"{problem.path}: {near}" if near else ""


def _name(manifest: Any) -> str:
    metadata = manifest.get("metadata")
    name = metadata.get("name", "") if isinstance(metadata, dict) else ""
    return name if isinstance(name, str) else ""
