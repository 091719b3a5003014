"""Log files: the last line and the bound."""

from pathlib import Path

import pytest

from tradewind.node.logs import LONGEST_MESSAGE, last_line, older, remove, rotate, size_of


@pytest.mark.parametrize(
    ("content", "from_byte", "line"),
    [
        (b"one\ntwo\n", 0, "two"),
        (b"one\ntwo", 0, "two"),
        (b"one\n  \n\n", 0, "one"),
        (b"", 0, ""),
        (b"an earlier run\n", 15, ""),
        (b"an earlier run\nthis one\n", 15, "this one"),
        (b"rotated since\n", 5_000, "rotated since"),
        (b"\xff\xfe broken \n", 0, "\ufffd\ufffd broken"),
        (b"x" * 5_000, 0, "x" * LONGEST_MESSAGE),
        (b"long ago\n" + b"y" * 20_000 + b"\nlast\n", 0, "last"),
    ],
)
def test_last_line(tmp_path: Path, content: bytes, from_byte: int, line: str) -> None:
    log = tmp_path / "log"
    log.write_bytes(content)
    assert last_line(log, from_byte) == line


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    assert (last_line(tmp_path / "log", 0), size_of(tmp_path / "log")) == ("", 0)
    rotate(tmp_path / "log")
    remove(tmp_path / "log")


def test_rotation_keeps_what_was_and_the_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"a" * 11)
        rotate(log, limit_bytes=11)
        assert size_of(log) == 11
        writer.write(b"a")
        rotate(log, limit_bytes=11)
        writer.write(b"after\n")
    assert log.read_bytes() == b"after\n"
    assert older(log).read_bytes() == b"a" * 12
    remove(log)
    assert list(tmp_path.iterdir()) == []
