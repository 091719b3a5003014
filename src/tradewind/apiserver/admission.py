"""From what a client sent to what may be stored: nulls, defaults, validation, unknown fields. Pure."""

from dataclasses import dataclass
from typing import Any

from tradewind.resources.custom_kinds import UNCHECKED_RULES, is_custom
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.problems import Cause, Level, Problem
from tradewind.resources.pruning import without_unknown_fields
from tradewind.resources.shape import drop_nulls
from tradewind.resources.status import bad_request, invalid
from tradewind.resources.validate import check

FIELD_VALIDATIONS = ("Strict", "Warn", "Ignore")


@dataclass(frozen=True)
class Admitted:
    """A manifest that may be stored, and what its sender should hear: about fields that were dropped, and
    `advice` about those that were kept."""

    manifest: Manifest
    dropped: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


def admit(kind: Kind, manifest: Manifest, field_validation: str, old: Manifest | None = None) -> Admitted:
    """Default and validate a manifest.

    Unknown fields are refused (`Strict`, 400), dropped with a warning (`Warn`) or dropped (`Ignore`).
    Everything else that is wrong is refused with all problems at once (422). The definition of a custom kind
    may have become stricter since the `old` state was stored: what was wrong there already may stay wrong.
    """
    manifest = kind.default(drop_nulls(manifest, kind.struct))
    problems = check(manifest, kind)
    unknown = [problem for problem in problems if problem.cause is Cause.UNKNOWN]
    refusals = [problem for problem in problems if problem.level is Level.ERROR and problem not in unknown]
    if refusals and old is not None and is_custom(kind):
        known = check(old, kind)
        refusals = [problem for problem in refusals if problem not in known and problem != UNCHECKED_RULES]
    version = str(manifest.get("apiVersion", "")).rpartition("/")[2]
    if refusals:
        shown = refusals + (unknown if field_validation == "Strict" else [])
        raise invalid(kind.name, kind.resource, _name(manifest), shown)
    if unknown and field_validation == "Strict":
        listed = ", ".join(map(_unknown_text, unknown))
        raise bad_request(
            f'{kind.name} in version "{version}" cannot be handled as a {kind.name}: '
            f"strict decoding error: {listed}"
        )
    if unknown:
        manifest = without_unknown_fields(manifest, kind.schema_at(kind.versions[0]))
    return Admitted(
        manifest,
        dropped=tuple(map(_unknown_text, unknown)) if field_validation == "Warn" else (),
        advice=tuple(str(problem) for problem in problems if problem.level is Level.WARNING),
    )


def _unknown_text(problem: Problem) -> str:
    """Upstream's words, `unknown field "spec.predictor.modle"`, and after them the nearest name."""
    hint = problem.message.partition('"; ')[2]
    return f'unknown field "{problem.path}"' + (f"; {hint}" if hint else "")


def _name(manifest: Any) -> str:
    metadata = manifest.get("metadata")
    name = metadata.get("name", "") if isinstance(metadata, dict) else ""
    return name if isinstance(name, str) else ""
