"""`tradewind demo` is the README's first promise: it tells the whole story and leaves nothing behind."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.fleet

BASE_PORT = 16400


def processes_under(folder: Path) -> list[str]:
    lines = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                text = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            lines += [text] if str(folder) in text else []
    return lines


@pytest.mark.timeout(180)
def test_the_demo_shows_two_outages_without_a_failed_request(tmp_path: Path):
    result = subprocess.run(
        [sys.executable, "-m", "tradewind.cli", "demo", "--base-port", str(BASE_PORT)],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=150,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-2000:]
    outages = re.findall(r"(\d+) of (\d+) requests failed", result.stdout.partition("Summary")[2])
    assert [failed for failed, _ in outages] == ["0", "0"], result.stdout[-3000:]
    assert all(int(sent) > 150 for _, sent in outages)
    for stage in ("loading", "ready, 6 of 6 replicas", "is back"):
        assert stage in result.stdout
    assert processes_under(tmp_path) == []
    assert list(tmp_path.iterdir()) == []
