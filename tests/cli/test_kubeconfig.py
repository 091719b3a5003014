"""`tradewind kubeconfig`: for whom it is made, and for whom not."""

import stat
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import now_ms
from tradewind.base.layout import FleetLayout
from tradewind.credentials import prepare
from tradewind.resources.fleet import builtin_fleet


@pytest.fixture
def home(tmp_path: Path) -> Path:
    prepare(FleetLayout(tmp_path / "home"), builtin_fleet(), now_ms())
    return tmp_path / "home"


def test_it_is_printed_or_written_for_its_owner_alone(run, home, tmp_path):
    printed = run("kubeconfig", "--user", "jane", "--group", "ml-team", "--home", str(home))
    assert printed.code == 0
    assert yaml.safe_load(printed.out)["current-context"] == "hub"
    file = tmp_path / "jane.kubeconfig"
    written = run("kubeconfig", "--user", "jane", "--days", "7", "-o", str(file), "--home", str(home))
    assert written.out == f"{file}: jane, for 7 days\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--user", "system:admin"), "does not begin with system:"),
        (("--user", "jane", "--group", "system:masters"), "does not begin with system:"),
        (("--user", ""), "1 to 64 printable characters"),
        (("--user", "x" * 65), "1 to 64 printable characters"),
    ],
)
def test_names_that_nobody_is_given(run, home, arguments, says):
    answer = run("kubeconfig", *arguments, "--home", str(home))
    assert answer.code == 1
    assert says in answer.err


def test_without_a_fleet_there_is_no_authority(run, tmp_path):
    answer = run("kubeconfig", "--user", "jane", "--home", str(tmp_path / "none"))
    assert answer.code == 1
    assert "there is no fleet in" in answer.err
