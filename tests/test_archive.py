"""The file of a backup: what was put in comes out, or it is refused with what to do."""

import gzip
import io
import tarfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind import archive
from tradewind.archive import ArchiveError, Manifest, Part, read_archive, write_archive

ABOUT = Manifest(archive.FORMAT, "0.1.0", "demo", "2027-01-15T08:00:00Z", [Part("hub", 7, 3)])
FILES = {"fleet.json": b"{}", "ca/ca.key": b"secret", "hub/store.db": b"\0" * 3_000_000, "hub/empty": b""}


@pytest.fixture
def written(tmp_path) -> Path:
    source = tmp_path / "source"
    for name, data in FILES.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(data)
    path = tmp_path / "backup.tar.gz"
    write_archive(path, source, ABOUT)
    return path


def unpack(path: Path) -> dict[str, bytes]:
    folder = path.parent / "out"
    folder.mkdir()
    read_archive(path, folder)
    return {
        one.relative_to(folder).as_posix(): one.read_bytes() for one in folder.rglob("*") if one.is_file()
    }


def test_what_was_put_in_comes_out(written):
    assert unpack(written) == FILES
    for file in (written, *(written.parent / "out").rglob("*.*")):
        assert file.stat().st_mode & 0o077 == 0, "for nobody else"
    assert sorted(one.name for one in written.parent.iterdir()) == ["backup.tar.gz", "out", "source"]


def test_other_tools_can_read_it(written):
    with tarfile.open(written) as tar:
        assert tar.getnames() == ["manifest.json", *sorted(FILES)]
        manifest = msgspec.json.decode(tar.extractfile("manifest.json").read())
    assert manifest["parts"] == [{"name": "hub", "revision": 7, "objects": 3}]
    assert manifest["files"][0]["path"] == "ca/ca.key"


def rewritten(path: Path, change) -> None:
    """The archive with its members changed by `change`."""
    with tarfile.open(path) as tar:
        members = [(entry, tar.extractfile(entry).read()) for entry in tar]
    with tarfile.open(path, "w:gz") as tar:
        for entry, data in change(members):
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))


def other_content(members):
    return [(entry, b"Secret" if data == b"secret" else data) for entry, data in members]


def one_missing(members):
    return members[:-1]


def one_more(members):
    return [*members, (tarfile.TarInfo("hub/more"), b"x")]


def one_twice(members):
    return [*members, members[-1]]


def no_manifest(members):
    return members[1:]


def a_link(members):
    link = tarfile.TarInfo("ca/ca.key")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return [(link, b"") if entry.name == "ca/ca.key" else (entry, data) for entry, data in members]


def manifest_as(**changes):
    def change(members):
        manifest = msgspec.json.decode(members[0][1]) | changes
        return [(members[0][0], msgspec.json.encode(manifest)), *members[1:]]

    return change


OUTSIDE = [{"path": path, "size": 0, "sha256": ""} for path in ("../x", "/etc/x", "a/../../x", ".bashrc", "")]
REFUSED = [
    (other_content, "is damaged: ca/ca.key is not what was written"),
    (one_missing, "is not whole: hub/store.db is missing"),
    (one_more, "holds 'hub/more', which its manifest does not"),
    (one_twice, "holds 'hub/store.db', which its manifest does not"),
    (a_link, "holds 'ca/ca.key', which its manifest does not"),
    (no_manifest, "is not a backup"),
    (manifest_as(format=99), "has format 99 and this version reads up to 1"),
    (manifest_as(files="none"), "is not a backup"),
    *((manifest_as(files=[outside]), "is not a backup") for outside in OUTSIDE),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_what_is_not_what_was_written_is_refused(written, change, message):
    rewritten(written, change)
    with pytest.raises(ArchiveError) as raised:
        unpack(written)
    assert f"{written} {message}" in str(raised.value)
    assert not (written.parent / "x").exists()


OTHER_FILES = (
    b"",
    b"hello",
    gzip.compress(b"hello"),
    gzip.compress(b"\0" * 10240),
    b"\x1f\x8b" + b"x" * 500,
)


@pytest.mark.parametrize("content", OTHER_FILES)
def test_another_file_is_refused(tmp_path, content):
    path = tmp_path / "other.tar.gz"
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"other\.tar\.gz is not a backup|not whole"):
        unpack(path)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_byte_can_be_lost_or_changed_unnoticed(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("archive")
    source = folder / "source"
    source.mkdir()
    (source / "a").write_bytes(bytes(range(256)) * 4)
    path = folder / "backup.tar.gz"
    write_archive(path, source, ABOUT)
    raw = bytearray(path.read_bytes())
    place = data.draw(st.integers(10, len(raw) - 1))
    if data.draw(st.booleans()):
        del raw[place:]
    else:
        raw[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(raw)
    try:
        found = unpack(path)
    except ArchiveError:
        return
    assert found == {"a": bytes(range(256)) * 4}, "what is not needed to read it may be lost"


def test_a_backup_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    source = tmp_path / "source"
    source.mkdir()
    (source / "a").write_bytes(b"x")
    describe = archive._describe

    def wrong(path: Path, folder: Path) -> archive.File:
        return msgspec.structs.replace(describe(path, folder), sha256="0")

    monkeypatch.setattr(archive, "_describe", wrong)
    with pytest.raises(ArchiveError):
        write_archive(tmp_path / "backup.tar.gz", source, ABOUT)
    assert [one.name for one in tmp_path.iterdir()] == ["source"]
