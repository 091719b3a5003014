"""Commands with kinds that users define, against real API servers."""

from pathlib import Path

import pytest

from tests.cli.conftest import LiveFleet
from tests.resources.custom_objects import definition, kind_of, widget
from tradewind.resources.custom_definition import CUSTOM_RESOURCE_DEFINITION

EXAMPLE = str(Path(__file__).parents[2] / "examples" / "custom-kind")
DATASET = f"{EXAMPLE}/object.yaml"


def test_a_definition_and_its_objects_are_applied_together(run, fleet: LiveFleet):
    answer = run("apply", "-f", EXAMPLE, "--home", fleet.home)
    assert answer.code == 0, answer.err
    assert answer.out.splitlines() == [
        "customresourcedefinition.apiextensions.k8s.io/datasets.data.example.com created",
        "clusterpropagationpolicy.policy.karmada.io/definitions created",
        "propagationpolicy.policy.karmada.io/datasets created",
        "dataset.data.example.com/transactions created",
    ]
    again = run("apply", "-f", DATASET, "--home", fleet.home)
    assert (again.code, again.out) == (0, "dataset.data.example.com/transactions unchanged\n")


def test_objects_are_checked_before_anything_is_written(run, fleet: LiveFleet, tmp_path: Path):
    bad = (Path(DATASET).read_text()).replace("s3://", "ftp://").replace("uri:", "colour: red\n  uri:")
    (tmp_path / "bad.yaml").write_text(bad)
    files = ("-f", f"{EXAMPLE}/definition.yaml", "-f", str(tmp_path / "bad.yaml"))
    answer = run("apply", *files, "--home", fleet.home)
    assert answer.code == 1
    assert "spec.uri: Invalid value" in answer.err
    assert 'unknown field "colour"' in answer.err
    assert run("get", "crd", "--home", fleet.home).out == ""


@pytest.fixture
def applied(run, fleet: LiveFleet) -> LiveFleet:
    assert run("apply", "-f", EXAMPLE, "--home", fleet.home).code == 0
    return fleet


@pytest.mark.parametrize("word", ["datasets", "dataset", "ds", "datasets.data.example.com"])
def test_get_finds_the_kind_by_all_its_names(run, applied: LiveFleet, word: str):
    answer = run("get", word, "-n", "ml", "--home", applied.home)
    header, row = answer.out.splitlines()
    assert header.split() == ["NAME", "FORMAT", "ROWS", "AGE"]
    assert row.split()[:2] == ["transactions", "parquet"]
    assert "spec:" in run("get", f"{word}/transactions", "-n", "ml", "-o", "yaml", "--home", applied.home).out


def test_describe_wait_and_delete_know_it_too(run, applied: LiveFleet):
    told = run("describe", "dataset", "transactions", "-n", "ml", "--home", applied.home)
    assert "s3://data/transactions" in told.out
    crd = "crd/datasets.data.example.com"
    waited = run("wait", crd, "--for=condition=Established", "--timeout", "5s", "--home", applied.home)
    assert waited.code == 0, waited.err
    gone = run("delete", "-f", DATASET, "--home", applied.home)
    assert (gone.code, gone.out) == (0, "dataset.data.example.com/transactions deleted\n")
    assert run("delete", "crd", "datasets.data.example.com", "--home", applied.home).code == 0
    unknown = run("get", "datasets", "--home", applied.home)
    assert unknown.code == 1
    assert 'unknown kind "datasets" in this fleet' in unknown.err


def test_a_member_may_have_kinds_of_its_own(run, fleet: LiveFleet):
    fleet.put(CUSTOM_RESOURCE_DEFINITION, definition(), "east")
    fleet.put(kind_of(definition()), widget(), "east")
    shown = run("get", "widgets", "-n", "d", "--cluster", "east", "-o", "name", "--home", fleet.home)
    assert shown.out == "widget.example.com/a\n"
    elsewhere = run("get", "widgets", "-n", "d", "--cluster", "west", "--home", fleet.home)
    assert 'unknown kind "widgets" in cluster west' in elsewhere.err
