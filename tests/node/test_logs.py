"""Log files of replicas: the last line, the times, the bound."""

import os
from pathlib import Path

import pytest

from tradewind.base.pod_logs import log_file, read_times, restarts, times_file
from tradewind.node.logs import LONGEST_MESSAGE, LogCare, begin_log, last_line, older, rotate, write_line


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"one\ntwo\n", "two"),
        (b"one\ntwo", "two"),
        (b"one\n  \n\n", "one"),
        (b"", ""),
        (b"\xff\xfe broken \n", "\ufffd\ufffd broken"),
        (b"x" * 5_000, "x" * LONGEST_MESSAGE),
        (b"long ago\n" + b"y" * 20_000 + b"\nlast\n", "last"),
    ],
)
def test_last_line(tmp_path: Path, content: bytes, line: str) -> None:
    log = tmp_path / "log"
    log.write_bytes(content)
    assert last_line(log) == line


def test_a_log_that_is_not_there(tmp_path: Path) -> None:
    missing = tmp_path / "none" / "0.log"
    assert (last_line(missing), read_times(missing).end) == ("", 0)
    rotate(missing)
    write_line(missing, "nobody sees this")
    LogCare(tmp_path / "pods").note_times([missing])
    assert list(tmp_path.iterdir()) == []


def test_the_running_log_and_the_one_before_it_are_kept(tmp_path: Path) -> None:
    care = LogCare(tmp_path)
    for restart in range(12):
        log = begin_log(tmp_path, "main", restart)
        write_line(log, "hello")
        care.note_times([log])
    assert restarts(tmp_path, "main") == [10, 11]
    assert len(list((tmp_path / "main").iterdir())) == 4, "each with its times"


def write_at(log: Path, text: bytes, time_ns: int) -> None:
    with log.open("ab") as file:
        file.write(text)
    os.utime(log, ns=(time_ns, time_ns))


def test_times_are_those_of_the_last_write_before_each_look(tmp_path: Path) -> None:
    log, care = tmp_path / "0.log", LogCare(tmp_path)
    write_at(log, b"1\n", 10)
    care.note_times([log])
    care.note_times([log])
    write_at(log, b"2\n", 20)
    write_at(log, b"3\n", 30)
    LogCare(tmp_path).note_times([log])  # a member that has been started again
    times = read_times(log)
    assert [times.time_ns(byte) for byte in (2, 4, 6, 7)] == [10, 30, 30, None]
    assert [times.end_before(time_ns) for time_ns in (10, 11, 30, 31)] == [0, 2, 2, 6]
    with times_file(log).open("ab") as file:
        file.write(b"half a no")
    assert read_times(log) == times


@pytest.mark.parametrize("limits", [{"limit_bytes": 11}, {"times_limit_bytes": 16}])
def test_rotation_keeps_what_was_and_the_writer_goes_on(tmp_path: Path, limits: dict[str, int]) -> None:
    log, care = tmp_path / "0.log", LogCare(tmp_path)
    with log.open("ab", buffering=0) as writer:
        writer.write(b"a" * 11)
        care.note_times([log])
        rotate(log, **limits)
        assert log.stat().st_size == 11
        writer.write(b"a")
        care.note_times([log])
        rotate(log, **limits)
        assert not times_file(log).exists()
        writer.write(b"after\n")
        care.note_times([log])
    assert log.read_bytes() == b"after\n"
    assert older(log).read_bytes() == b"a" * 12
    assert read_times(log).end == 6


def test_the_logs_of_pods_that_are_gone_are_deleted(tmp_path: Path) -> None:
    care, kept, gone = LogCare(tmp_path), tmp_path / "ml_kept_1", tmp_path / "ml_gone_2"
    for folder in (kept, gone):
        write_line(begin_log(folder, "main", 0), "hello")
    existing = care.pods()
    write_line(begin_log(tmp_path / "ml_new_3", "main", 0), "hello")
    care.tidy(existing, [], {kept})
    assert sorted(one.name for one in care.pods()) == ["ml_kept_1", "ml_new_3"]
    assert log_file(kept, "main", 0).read_text() == "hello\n"
