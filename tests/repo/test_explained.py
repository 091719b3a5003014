"""Every kind and every field is explained, and the explanation says what docs/fidelity.md says."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repo.test_docs import SECTIONS, expanded, plain, section
from tradewind.resources import describe
from tradewind.resources.describe import describe_field, descriptions, remark
from tradewind.resources.kinds import Kind
from tradewind.resources.metrics import NODE_METRICS, POD_METRICS
from tradewind.resources.registry import ALL_KINDS
from tradewind.resources.review_kinds import REVIEW_KINDS, TOKEN_REQUEST
from tradewind.resources.schema import Schema

KINDS = (*ALL_KINDS, *REVIEW_KINDS, TOKEN_REQUEST, POD_METRICS, NODE_METRICS)
TABLE = Path(describe.__file__).parent / "descriptions" / "fidelity.tsv"
KINDS_OF = {title: re.split(r" and ", title) for title in SECTIONS if title != "Fleet"}


def rows_with_notes(title: str) -> Iterator[tuple[str, str, str]]:
    """Path, state and note of each row of a section, the note without its links."""
    tables = re.findall(r"^\| field \| state \|.*\n\|[-|]+\n((?:\|.*\n?)+)", section(title), re.M)
    for line in (line for table in tables for line in table.splitlines()):
        path, state, *notes = line.removeprefix("| ").rstrip(" |").split(" | ")
        words = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", " ".join(notes))
        yield from ((plain(one), state, words) for one in expanded(path.strip("`")))


def table() -> str:
    lines = [
        "\t".join((kind, *row))
        for title, kinds in KINDS_OF.items()
        for kind in kinds
        for row in rows_with_notes(title)
    ]
    return "\n".join(lines) + "\n"


def test_the_table_is_that_of_the_page():
    """`REWRITE=1` writes it anew."""
    if os.environ.get("REWRITE"):
        TABLE.write_text(table())
    assert TABLE.read_text() == table()


def structs(schema: Schema | None) -> Iterator[Schema]:
    """Every schema of an object, this one's own and those inside it."""
    if schema is None:
        return
    if schema.type == "object":
        yield schema
    for inner in schema.fields.values():
        yield from structs(inner)
    yield from structs(schema.items)


def schemas(kind: Kind) -> Iterator[Schema]:
    return (one for version in kind.versions for one in structs(kind.schema_at(version)))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_and_all_its_fields_are_described(kind: Kind):
    assert descriptions().get((kind.name, ""))
    lacking = {
        (one.struct, name) for one in schemas(kind) for name in one.fields if not describe_field(one, name)
    }
    assert not lacking
    assert not {one.struct for one in schemas(kind) if (one.struct, "") not in descriptions()}


def test_nothing_is_described_that_does_not_exist():
    known = {(kind.name, "") for kind in KINDS}
    for one in (one for kind in KINDS for one in schemas(kind)):
        for struct in (one.struct, *one.bases):
            known |= {(struct, name) for name in ("", *one.fields)}
    assert not set(descriptions()) - known


def test_no_two_structs_have_the_same_name():
    """Descriptions and OpenAPI definitions are found by it."""
    fields: dict[str, set[tuple[str, ...]]] = {}
    for one in (one for kind in KINDS for one in schemas(kind)):
        fields.setdefault(one.struct, set()).add(tuple(one.fields))
    assert not {name for name, found in fields.items() if len(found) > 1}


def test_descriptions_are_sentences():
    assert not {
        key
        for key, words in descriptions().items()
        if not re.match(r"[A-Z$].*[.]$", words)
        and not re.match(r"^(add|default-scheduler|kserve|kubectl)", words)
    }


NO_EFFECT = "Has no effect in Tradewind."
REMARKS = [
    ("InferenceService", "spec.predictor.model.runtime", ""),
    ("InferenceService", "spec.predictor.maxReplicas", f"{NO_EFFECT} Divided among"),
    ("InferenceService", "spec.predictor.logger", NO_EFFECT),
    ("InferenceService", "spec.predictor.logger.url", NO_EFFECT),
    ("InferenceService", "spec.transformer", f"{NO_EFFECT} Not run: requests go"),
    ("InferenceService", "spec.transformer.minReplicas", NO_EFFECT),
    ("InferenceService", "spec.predictor.model.storageUri", "In Tradewind: `s3://`"),
    ("InferenceService", "spec.predictor.model.name", "Refused. As upstream."),
    ("InferenceService", "status.url", ""),
    ("ClusterServingRuntime", "spec.multiModel", f"{NO_EFFECT} Such a runtime"),
    ("Pod", "spec.volumes", ""),
]


@pytest.mark.parametrize(("kind", "path", "says"), REMARKS)
def test_what_tradewind_does_with_a_field_is_said(kind: str, path: str, says: str):
    assert remark(kind, path).startswith(says)
    assert bool(remark(kind, path)) == bool(says)
