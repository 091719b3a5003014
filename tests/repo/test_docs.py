"""The documentation is held to the code: fields and their states, kinds, metrics, links and command lines."""

import re
import shlex
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import typer
from msgspec import inspect

from tradewind.cli.main import build_app
from tradewind.resources import registry
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.core_kinds import CONFIG_MAP, SECRET, SERVICE_ACCOUNT
from tradewind.resources.custom_definition import CUSTOM_RESOURCE_DEFINITION
from tradewind.resources.fleet import FLEET
from tradewind.resources.kinds import Kind
from tradewind.resources.networking import DESTINATION_RULE
from tradewind.resources.policy import OVERRIDE_POLICY, PROPAGATION_POLICY
from tradewind.resources.problems import Level
from tradewind.resources.rbac_kinds import CLUSTER_ROLE, ROLE_BINDING
from tradewind.resources.rebalancer import WORKLOAD_REBALANCER
from tradewind.resources.serving import SHORT_FORMS
from tradewind.resources.serving_kinds import INFERENCE_SERVICE, SERVING_RUNTIME
from tradewind.resources.serving_warnings import ANNOTATION_WARNINGS
from tradewind.servers.admission import Admission
from tradewind.servers.metrics import make_metrics

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
FIDELITY = (ROOT / "docs" / "fidelity.md").read_text()

WARNED, SILENT, HONOURED = "no effect (warned)", "no effect", "honoured"
STATES = (HONOURED, "approximated", WARNED, SILENT, "refused")
SECTIONS = {
    "InferenceService": INFERENCE_SERVICE,
    "ServingRuntime and ClusterServingRuntime": SERVING_RUNTIME,
    "PropagationPolicy and ClusterPropagationPolicy": PROPAGATION_POLICY,
    "OverridePolicy and ClusterOverridePolicy": OVERRIDE_POLICY,
    "WorkloadRebalancer": WORKLOAD_REBALANCER,
    "Cluster": CLUSTER,
    "DestinationRule": DESTINATION_RULE,
    "Secret": SECRET,
    "ServiceAccount": SERVICE_ACCOUNT,
    "ConfigMap": CONFIG_MAP,
    "Role and ClusterRole": CLUSTER_ROLE,
    "RoleBinding and ClusterRoleBinding": ROLE_BINDING,
    "CustomResourceDefinition": CUSTOM_RESOURCE_DEFINITION,
    "Fleet": FLEET,
}
NOT_WRITTEN = ("apiVersion", "kind", "metadata", "status")
# What a field must hold for its warning to be due; every other one is filled by its type.
VALUES = {
    "maxReplicas": 9,
    "schedulerName": "another",
    "syncMode": "Push",
    "effect": "NoExecute",
    "replicaDivisionPreference": "Weighted",
    "replicaSchedulingType": "Divided",
    "dynamicWeight": "",
    "disabled": False,  # a disabled runtime is not looked at
    "name": "kserve-container",
}


def section(title: str, level: str = "##") -> str:
    """The text under a heading of fidelity.md, up to the next one of the same level."""
    found = re.search(rf"^{level} {re.escape(title)}\n(.*?)(?=^{level} |\Z)", FIDELITY, re.M | re.S)
    assert found, title
    return found[1]


def expanded(path: str) -> list[str]:
    """`a.{b,c}` as `a.b` and `a.c`."""
    parts = [part.split(",") for part in re.split(r"[{}]", path)]
    fixed = [[",".join(part)] if place % 2 == 0 else part for place, part in enumerate(parts)]
    return ["".join(choice) for choice in product(*fixed)]


def plain(path: str) -> str:
    """A path without the places of lists, be they `[]` or `[0]`."""
    return re.sub(r"\[\d*\]", "", path)


def rows(text: str, header: str = "field") -> list[tuple[str, str]]:
    """First cell and state of every row of the tables that begin with this header."""
    tables = re.findall(rf"^\| {header} \| state \|.*\n\|[-|]+\n((?:\|.*\n?)+)", text, re.M)
    cells = [line.split(" | ") for table in tables for line in table.splitlines()]
    return [(cell[0].removeprefix("| ").strip("`"), cell[1]) for cell in cells]


def documented(title: str) -> dict[str, str]:
    """State by path (`.*` kept), for every path that a section names."""
    found = [(plain(path), state) for text, state in rows(section(title)) for path in expanded(text)]
    assert len(found) == len(dict(found)), f"named twice: {sorted(path for path, _ in found)}"
    return dict(found)


def is_below(path: str, above: str) -> bool:
    return path == above or path.startswith(f"{above}.")


def covers(row: str, path: str) -> bool:
    return is_below(path, row.removesuffix(".*")) if row.endswith(".*") else path == row


def leaves(type_: inspect.Type, path: str) -> Iterator[str]:
    """Every field without fields of its own, below a type."""
    match type_:
        case inspect.Metadata(type=inner):
            yield from leaves(inner, path)
        case inspect.UnionType(types=types):
            choices = [one for one in types if not isinstance(one, inspect.NoneType)]
            if len(choices) == 1:
                yield from leaves(choices[0], path)
            else:
                yield path
        case inspect.ListType(item_type=item):
            yield from leaves(item, path)
        case inspect.StructType(fields=fields):
            for field in fields:
                yield from leaves(field.type, f"{path}.{field.encode_name}")
        case _:
            yield path


def fields_of(kind: Kind) -> list[str]:
    """Every path that a user can write in an object of this kind, besides metadata."""
    found = inspect.type_info(kind.struct)
    assert isinstance(found, inspect.StructType)
    written = [field for field in found.fields if field.encode_name not in NOT_WRITTEN]
    return [path for field in written for path in leaves(field.type, field.encode_name)]


def sample(type_: inspect.Type) -> Any:
    """A value of this type with every field set."""
    match type_:
        case inspect.Metadata(type=inner):
            return sample(inner)
        case inspect.UnionType(types=types):
            return sample(next(one for one in types if not isinstance(one, inspect.NoneType)))
        case inspect.ListType(item_type=item):
            return [sample(item)]
        case inspect.StructType(fields=fields):
            return {one.encode_name: VALUES.get(one.encode_name, sample(one.type)) for one in fields}
        case inspect.DictType(value_type=item):
            return {"a": "1" if isinstance(item, inspect.UnionType) else sample(item)}
        case inspect.LiteralType(values=values):
            return values[-1]
        case inspect.BoolType():
            return True
        case inspect.IntType():
            return 7
        case inspect.StrType():
            return "1"
    return {}


def warned_paths(kind: Kind) -> set[str]:
    """Where an object of this kind with every field set is warned of."""
    manifest = sample(inspect.type_info(kind.struct)) | {"metadata": {"name": "a", "namespace": "a"}}
    manifests = [manifest]
    if kind is INFERENCE_SERVICE:  # containers beside a model are warned of as a whole
        own = manifest["spec"]["predictor"]
        custom = {name: value for name, value in own.items() if name not in (*SHORT_FORMS, "model")}
        predictors = (own | {"containers": []}, custom)
        manifests = [manifest | {"spec": {**manifest["spec"], "predictor": one}} for one in predictors]
    return {plain(path) for one in manifests for path in warnings_of(kind, one)}


def warnings_of(kind: Kind, manifest: dict[str, Any]) -> list[str]:
    return [one.path for one in kind.check(manifest) if one.level is Level.WARNING]


@pytest.mark.parametrize("title", SECTIONS)
def test_every_field_has_a_row(title: str):
    named = documented(title)
    missing = [path for path in fields_of(SECTIONS[title]) if not any(covers(row, path) for row in named)]
    assert not missing


@pytest.mark.parametrize("title", SECTIONS)
def test_no_row_names_a_field_that_does_not_exist(title: str):
    known = fields_of(SECTIONS[title])
    assert not [row for row in documented(title) if not any(covers(row, path) for path in known)]


@pytest.mark.parametrize("title", SECTIONS)
def test_states_are_those_that_are_explained(title: str):
    assert set(documented(title).values()) <= set(STATES)


@pytest.mark.parametrize("title", SECTIONS)
def test_what_is_called_warned_is_warned_of(title: str):
    """And nothing else: a field that starts to work, or to be warned of, changes this page."""
    warned = warned_paths(SECTIONS[title])
    for row, state in documented(title).items():
        field = row.removesuffix(".*")
        told = any(is_below(field, path) or is_below(path, field) for path in warned)
        at_or_above = any(is_below(field, path) for path in warned)
        assert told or state != WARNED, f"{row}: no warning comes, the page says {WARNED}"
        assert not at_or_above or state not in (SILENT, HONOURED), f"{row}: is warned of, not {state}"


def test_annotations_that_are_called_warned_are_warned_of():
    states = dict(rows(section("InferenceService"), header="key"))
    assert set(ANNOTATION_WARNINGS) <= set(states)
    for key, state in states.items():
        service = {"metadata": {"name": "a", "annotations": {key: "hpa"}}, "spec": {"predictor": {}}}
        warned = f"metadata.annotations[{key}]" in warnings_of(INFERENCE_SERVICE, service)
        assert state in STATES
        assert warned == (state == WARNED) or state == "approximated", key


def kind_rows() -> dict[str, tuple[str, str, str]]:
    cells = [line.strip("| ").split(" | ") for line in section("Kinds").splitlines() if "`" in line]
    return {one[0]: (one[1], one[2], one[3]) for one in cells if len(one) == 5}


def test_every_kind_is_listed_with_where_it_is_served():
    expected = {
        kind.name: (
            ", ".join(f"`{kind.api_version_of(version)}`" for version in kind.versions),
            "yes" if kind in registry.HUB_KINDS else "no",
            "yes" if kind in registry.MEMBER_KINDS else "no",
        )
        for kind in (*registry.ALL_KINDS, FLEET)
    }
    assert kind_rows() == expected


def test_every_metric_of_the_predict_server_is_documented():
    text = (ROOT / "docs" / "metrics.md").read_text()
    described = {
        f"{one.name}_total" if one.type == "counter" else one.name
        for one in make_metrics("model", Admission(1)).registry.collect()
        if not one.name.endswith("_created")
    }
    named = set(re.findall(r"^\| `(\w+)` \| (?:histogram|gauge|counter) \|", text, re.M))
    assert named == described


def links() -> list[tuple[Path, str]]:
    """Every relative link of the documentation, with the file that has it."""
    return [
        (doc, target)
        for doc in DOCS
        for target in re.findall(r"\]\(([^)\s]+)\)", doc.read_text())
        if "://" not in target
    ]


def anchors(doc: Path) -> set[str]:
    """The anchors that a Markdown page gives its headings."""
    titles = re.findall(r"^#+ (.+)$", doc.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize(("doc", "target"), links(), ids=lambda one: getattr(one, "name", one))
def test_relative_links_lead_somewhere(doc: Path, target: str):
    name, _, anchor = target.partition("#")
    found = doc.parent / name if name else doc
    assert found.exists()
    assert not anchor or anchor in anchors(found)


def command_lines() -> list[str]:
    """Every line of a code block, and every `code` in a text, that calls tradewind with a command.

    design.md also speaks of commands to come, so only its code blocks count.
    """
    found: list[str] = []
    for doc in DOCS:
        text = doc.read_text()
        blocks = re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S)
        found += [line for block in blocks for line in block.splitlines() if line.startswith("tradewind ")]
        found += re.findall(r"`(tradewind [a-z][^`\n]*)`", text) if doc.name != "design.md" else []
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("line", command_lines())
def test_command_lines_are_understood(line: str):
    """Commands, options, their values and required arguments are parsed, and nothing is run. In a text, a
    command may stand for itself, without what it needs."""
    words = shlex.split(line, comments=True)[1:]
    command: Any = typer.main.get_command(build_app(words[:1]))
    while words and hasattr(command, "commands"):
        assert words[0] in command.commands, f"no command {words[0]}"
        command = command.commands[words.pop(0)]
    if words:
        command.make_context(command.name, words)
