"""Backup and restore of a fleet, as a user does them."""

import sqlite3
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import CLUSTERS, LiveFleet
from tradewind.backup import REVISION_JUMP
from tradewind.base.layout import FleetLayout
from tradewind.resources.core_kinds import CONFIG_MAP
from tradewind.store.database import log_of, open_database, write_database
from tradewind.store.entries import Entry, Key


def config_map(name: str) -> dict:
    return {"metadata": {"name": name, "namespace": "ml"}, "data": {"who": name}}


@pytest.fixture
def filled(fleet: LiveFleet) -> LiveFleet:
    for cluster in ("", *CLUSTERS):
        fleet.put(CONFIG_MAP, config_map(f"of-{cluster or 'hub'}"), cluster)
    return fleet


def contents(path: Path) -> tuple[dict[str, bytes], int]:
    database = open_database(path)
    entries, revision = database.load()
    database.close()
    return {entry.key.name: entry.data for entry in entries}, revision


def test_a_round_trip(filled: LiveFleet, run, tmp_path):
    layout, file = filled.running.layout, tmp_path / "fleet.tar.gz"
    answer = run("backup", str(file), "--home", filled.home)
    assert (answer.code, answer.err) == (0, "")
    assert [line.partition(" at revision ")[0] for line in answer.out.splitlines()[:3]] == [
        "copied hub",
        "copied east",
        "copied west",
    ]
    assert "holds the fleet's keys: keep it secret" in answer.out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    home = tmp_path / "elsewhere"
    answer = run("restore", str(file), "--home", str(home))
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.endswith(f"start it with: tradewind up --home {home}\n")
    again = FleetLayout(home)
    for part, name in ((again.hub, "of-hub"), *((again.member(one), f"of-{one}") for one in CLUSTERS)):
        found, revision = contents(part.database)
        assert {one for one in found if one.startswith("of-")} == {name}
        assert revision > REVISION_JUMP
        assert part.private_key.read_bytes() == layout.hub.private_key.read_bytes()
        assert stat.S_IMODE(part.private_key.stat().st_mode) == 0o600
    for path in (layout.fleet_file, layout.ca_certificate, layout.admin_key):
        assert (home / path.relative_to(layout.home)).read_bytes() == path.read_bytes()


def test_a_part_that_is_down_is_copied_from_its_file(filled: LiveFleet, run, tmp_path):
    filled.die("east")
    database = filled.running.layout.member("east").database
    write_database(database, [Entry(Key("configmaps", "ml", "old"), 4, b"{}")], 9)
    file = tmp_path / "fleet.tar.gz"
    assert "copied east at revision 9, 1 objects" in run("backup", str(file), "--home", filled.home).out
    database.write_bytes(b"x")
    answer = run("backup", str(tmp_path / "2.tar.gz"), "--home", filled.home)
    assert answer.code == 1
    assert f"{database} is damaged" in answer.err
    assert not (tmp_path / "2.tar.gz").exists()


def test_a_part_that_runs_and_does_not_answer_is_told(filled: LiveFleet, run, tmp_path):
    filled.servers.stop("west")
    answer = run("backup", str(tmp_path / "fleet.tar.gz"), "--home", filled.home)
    assert answer.code == 1
    assert "west runs, but did not give a copy of its store" in answer.err


def test_a_backup_is_not_written_over(filled: LiveFleet, run, tmp_path):
    file = tmp_path / "fleet.tar.gz"
    file.write_text("precious")
    answer = run("backup", str(file), "--home", filled.home)
    assert (answer.code, file.read_text()) == (1, "precious")
    assert "exists already" in answer.err


def test_no_fleet_no_backup(run, tmp_path):
    answer = run("backup", str(tmp_path / "x.tar.gz"), "--home", str(tmp_path / "none"))
    assert (answer.code, answer.err) == (
        1,
        f"tradewind: there is no fleet in {tmp_path / 'none'}; choose another --home\n",
    )


def snapshot(home: Path) -> dict[str, bytes]:
    return {str(one.relative_to(home)): one.read_bytes() for one in home.rglob("*") if one.is_file()}


def test_a_running_fleet_is_not_restored_over(filled: LiveFleet, run, tmp_path):
    file = tmp_path / "fleet.tar.gz"
    run("backup", str(file), "--home", filled.home)
    answer = run("restore", str(file), "--replace", "--home", filled.home)
    assert answer.code == 1
    assert "stop the fleet first: tradewind down" in answer.err


def test_a_home_is_only_replaced_when_told_and_nothing_is_lost(filled: LiveFleet, run, tmp_path):
    file, layout = tmp_path / "fleet.tar.gz", filled.running.layout
    run("backup", str(file), "--home", filled.home)
    for name in ("hub", *CLUSTERS):
        filled.die(name)
    (layout.hub.database).write_text("later")
    (layout.models / "m").parent.mkdir()
    (layout.models / "m").write_text("a model")
    before = snapshot(layout.home)
    answer = run("restore", str(file), "--home", filled.home)
    assert answer.code == 1
    assert "holds a fleet already (fleet.json, ca, hub, members)" in answer.err
    assert "--replace" in answer.err
    after = snapshot(layout.home)
    after.pop("lock", None)
    assert after == before
    answer = run("restore", str(file), "--replace", "--home", filled.home)
    assert answer.code == 0
    aside = Path(answer.out.partition("what was there before is in ")[2].split("\n")[0])
    assert (aside / "hub" / "store.db").read_text() == "later"
    assert (layout.models / "m").read_text() == "a model"
    assert "of-hub" in contents(layout.hub.database)[0]
    assert {one.name for one in layout.home.iterdir()} == {
        *("fleet.json", "ca", "hub", "members", "models", "lock", aside.name)
    }


@pytest.mark.parametrize("damage", ["cut", "foreign", "missing", "store"])
def test_what_is_no_good_backup_changes_nothing(filled: LiveFleet, run, tmp_path, damage):
    file, home = tmp_path / "fleet.tar.gz", tmp_path / "home2"
    if damage == "store":  # taken by someone who put a damaged store into a good archive
        from tradewind import archive

        folder = tmp_path / "source"
        (folder / "hub").mkdir(parents=True)
        (folder / "fleet.json").write_bytes(filled.running.layout.fleet_file.read_bytes())
        (folder / "hub" / "store.db").write_bytes(b"x" * 5000)
        archive.write_archive(file, folder, archive.Manifest(1, "", "demo", "", []))
    elif damage != "missing":
        run("backup", str(file), "--home", filled.home)
        raw = file.read_bytes()
        file.write_bytes(raw[: len(raw) // 2] if damage == "cut" else b"hello")
    answer = run("restore", str(file), "--home", str(home))
    assert answer.code == 1
    assert str(file) in answer.err or "is damaged" in answer.err
    assert "Traceback" not in answer.err + answer.out
    assert [one.name for one in home.iterdir()] == ["lock"]


def test_a_restored_store_is_closed(filled: LiveFleet, run, tmp_path):
    """It can be opened by anyone, without a log."""
    file, home = tmp_path / "fleet.tar.gz", tmp_path / "home2"
    run("backup", str(file), "--home", filled.home)
    run("restore", str(file), "--home", str(home))
    path = FleetLayout(home).hub.database
    assert not log_of(path).exists()
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        found = connection.execute("SELECT data FROM objects WHERE name = 'of-hub'").fetchone()
    connection.close()
    assert b'"who":"of-hub"' in found[0]
