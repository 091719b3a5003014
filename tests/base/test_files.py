"""A file is whole or as it was."""

import subprocess
import sys
from pathlib import Path

import pytest

from tradewind.base.files import exclusive_lock, write_atomic


def test_a_file_is_written_with_its_folders_and_its_mode(tmp_path: Path):
    path = tmp_path / "a" / "b" / "key.pem"
    write_atomic(path, "secret", mode=0o600)
    assert path.read_text() == "secret"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_failed_write_leaves_the_old_content_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "state.json"
    write_atomic(path, "old")

    def full_disk(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        write_atomic(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_lock_is_held_against_other_processes_and_ends_with_its_holder(tmp_path: Path):
    script = (
        "import sys, time; from pathlib import Path; from tradewind.base.files import exclusive_lock\n"
        "with exclusive_lock(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    lock = tmp_path / "lock"
    with subprocess.Popen([sys.executable, "-c", script, str(lock)], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"held\n"
        with pytest.raises(BlockingIOError), exclusive_lock(lock, blocking=False):
            pass
        other.kill()
        other.wait()
    with exclusive_lock(lock, blocking=False):
        pass
