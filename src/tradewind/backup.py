"""Backup and restore of a whole fleet (shell): every part's store, and what its clients trust.

Each store is copied at one revision while its process serves. The copies are not of the same moment; what
that leaves to do, the controllers do after a restore, as after an outage.
"""

import http.client
import importlib.metadata
import shutil
import ssl
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from tradewind import archive
from tradewind.apiserver.backup import BACKUP_PATH
from tradewind.archive import ArchiveError, Manifest
from tradewind.base.layout import FleetLayout, PartLayout
from tradewind.base.ports import LOOPBACK
from tradewind.client.connection import ssl_context
from tradewind.parts import FleetError, Part, admin_connection, live_records, part_alive, parts_of
from tradewind.resources.fleet import Fleet
from tradewind.resources.times import time_text
from tradewind.store.database import check_database, open_database, write_database
from tradewind.store.entries import StoreError

COPY_SECONDS = 60.0
CREDENTIALS = ("*.crt", "*.key")
# Clients may have seen revisions that were given out after the backup. As `etcdutl snapshot restore
# --bump-revision` is advised to be used, none of those is given out again: whoever watches starts anew.
REVISION_JUMP = 1_000_000_000

Report = Callable[[str], None]


def back_up(layout: FleetLayout, fleet: Fleet, target: Path, now_ms: int, report: Report) -> Manifest:
    """Write a backup of a fleet, running or not, to a new file. Raises FleetError."""
    if target.exists():
        raise FleetError(f"{target} exists already; choose another name, or remove it first")
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as name:
        folder = Path(name)
        for path in (layout.fleet_file, *_credentials(layout, fleet)):
            copy = folder / path.relative_to(layout.home)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        copies = []
        for part in parts_of(layout, fleet):
            copy = folder / part.layout.database.relative_to(layout.home)
            if _copy(layout, part, copy):
                copies.append(_checked(part.name, copy))
                report(f"copied {part.name} at revision {copies[-1].revision}, {copies[-1].objects} objects")
        version = importlib.metadata.version("tradewind")
        about = Manifest(archive.FORMAT, version, fleet.metadata.name, time_text(now_ms), copies)
        try:
            return archive.write_archive(target, folder, about)
        except ArchiveError as error:
            raise FleetError(f"the backup could not be read again after it was written: {error}") from error


def restore(layout: FleetLayout, source: Path, replace: bool, now_ms: int) -> tuple[Manifest, Path | None]:
    """Make a home what it was when a backup was taken; returns the backup's manifest, and where what was
    there before is now. Raises FleetError, and then nothing has changed."""
    if running := live_records(layout):
        raise FleetError(
            f"{', '.join(running)} of {layout.home} runs; stop the fleet first: "
            f"tradewind down --home {layout.home}"
        )
    present = [path for path in _restored(layout) if path.exists()]
    if present and not replace:
        raise FleetError(
            f"{layout.home} holds a fleet already ({', '.join(path.name for path in present)}); choose "
            "another --home, or let --replace move what is there aside"
        )
    layout.home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=layout.home) as name:
        unpacked = FleetLayout(Path(name))
        manifest = _unpack(source, unpacked)
        aside = _move_aside(layout, present, now_ms) if present else None
        for path in sorted(unpacked.home.iterdir(), key=lambda one: one == unpacked.fleet_file):
            path.rename(layout.home / path.name)
    return manifest, aside


def _restored(layout: FleetLayout) -> tuple[Path, ...]:
    """What a restore puts in place; logs and the models' cache stay."""
    members = layout.home / "members"
    return layout.fleet_file, layout.ca_certificate.parent, layout.hub.folder, members, layout.kubeconfig


def _credentials(layout: FleetLayout, fleet: Fleet) -> Iterator[Path]:
    folders = [layout.ca_certificate.parent, *(part.layout.folder for part in parts_of(layout, fleet))]
    return (path for folder in folders for pattern in CREDENTIALS for path in sorted(folder.glob(pattern)))


def _copy(layout: FleetLayout, part: Part, copy: Path) -> bool:
    """Copy the store of a part; False when it has none yet."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    if part_alive(part.layout):
        _fetch(layout, part, copy)
    elif part.layout.database.exists():
        _copy_file(part.layout, copy)
    else:
        return False
    return True


def _fetch(layout: FleetLayout, part: Part, copy: Path) -> None:
    """Have a running process copy its store: it alone may open it."""
    connection = http.client.HTTPSConnection(
        LOOPBACK, part.api_port, timeout=COPY_SECONDS, context=_tls(layout, part)
    )
    try:
        connection.request("POST", BACKUP_PATH)
        answer = connection.getresponse()
        if answer.status != 200:
            text = answer.read().decode(errors="replace")[:500]
            raise FleetError(f"{part.name} did not copy its store: {answer.status} {text}")
        with copy.open("wb") as out:
            shutil.copyfileobj(answer, out)
    except (OSError, http.client.HTTPException) as error:
        raise FleetError(
            f"{part.name} runs, but did not give a copy of its store ({error!r}); "
            f"see: tradewind logs {part.name} --home {layout.home}"
        ) from error
    finally:
        connection.close()


def _tls(layout: FleetLayout, part: Part) -> ssl.SSLContext:
    return ssl_context(admin_connection(layout, part.api_port))


def _copy_file(part: PartLayout, copy: Path) -> None:
    try:
        database = open_database(part.database)
        try:
            entries, revision = database.load()
        finally:
            database.close()
        write_database(copy, entries, revision)
    except StoreError as error:
        raise FleetError(str(error)) from error


def _checked(name: str, copy: Path) -> archive.Part:
    try:
        revision, objects = check_database(copy)
    except StoreError as error:
        raise FleetError(f"the copy of {name} is not good: {error}") from error
    return archive.Part(name, revision, objects)


def _unpack(source: Path, unpacked: FleetLayout) -> Manifest:
    """Everything of a backup, checked, with revisions that were never given out."""
    try:
        manifest = archive.read_archive(source, unpacked.home)
        fleet = msgspec.json.decode(unpacked.fleet_file.read_bytes(), type=Fleet)
        for part in parts_of(unpacked, fleet):
            if part.layout.database.exists():
                _jump(part.layout.database)
    except (ArchiveError, StoreError) as error:
        raise FleetError(str(error)) from error
    except (FileNotFoundError, msgspec.DecodeError) as error:
        raise FleetError(f"{source} holds no fleet: {error}; take another backup") from error
    return manifest


def _jump(path: Path) -> None:
    revision, _ = check_database(path)
    database = open_database(path)
    try:
        database.set_revision(revision + REVISION_JUMP)
    finally:
        database.close()


def _move_aside(layout: FleetLayout, present: list[Path], now_ms: int) -> Path:
    stamp = time_text(now_ms).replace(":", "").replace("-", "")
    aside = Path(tempfile.mkdtemp(prefix=f"replaced-{stamp}-", dir=layout.home))
    for path in present:
        path.rename(aside / path.name)
    return aside
