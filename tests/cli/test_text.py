"""The pure parts: tables, descriptions, the ends of files, and errors in words."""

import errno
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.cli.describing import describe_text
from tradewind.cli.errors import CliError, message_of
from tradewind.cli.logs_tail import follow, last_lines
from tradewind.cli.tables import table
from tradewind.resources.manifests import ManifestError
from tradewind.resources.problems import Problem
from tradewind.resources.status import ApiError, invalid

NOW_MS = 1_785_585_600_000  # 2026-08-01T12:00:00Z


def test_a_table_is_aligned_and_has_no_blanks_at_line_ends():
    assert table(("NAME", "N", "WHY"), [("a", 10, ""), ("longer", 2, "so")]) == (
        "NAME     N    WHY\na        10\nlonger   2    so"
    )


DESCRIBED = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {
        "name": "settings",
        "namespace": "ml",
        "labels": {"b": "2", "a": "1"},
        "creationTimestamp": "2026-08-01T11:58:00Z",
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
        "managedFields": [{"manager": "x"}],
        "uid": "u",
    },
    "data": {"text": "one\ntwo", "empty": {}},
    "spec": {"flag": True, "list": [{"a": 1, "b": [2]}, "plain"]},
    "status": {"conditions": [{"type": "Ready", "status": "True"}], "url": "http://x"},
}


def test_a_description():
    events = [
        {
            "reason": "Second",
            "message": "b\n",
            "type": "Normal",
            "lastTimestamp": "2026-08-01T11:59:50Z",
            "count": 2,
        },
        {"reason": "First", "message": "a", "type": "Warning", "lastTimestamp": "2026-08-01T11:59:00Z"},
    ]
    assert describe_text(DESCRIBED, events, NOW_MS) == (
        """\
Name:         settings
Namespace:    ml
Kind:         ConfigMap (v1)
Age:          2m
Labels:       a=1
              b=2
metadata:
  creationTimestamp: 2026-08-01T11:58:00Z
  uid: u
data:
  text: one
    two
spec:
  flag: true
  list:
    - a: 1
      b:
        - 2
    - plain
status:
  url: http://x

Conditions:
TYPE    STATUS   REASON   MESSAGE
Ready   True

Events:
LAST SEEN   TYPE      REASON   COUNT   MESSAGE
60s         Warning   First    1       a
10s         Normal    Second   2       b"""
    )


def test_a_description_without_events_says_so():
    assert describe_text({"metadata": {"name": "a"}}, [], NOW_MS).endswith("Events: none")


TWO_PROBLEMS = [Problem("spec.a", "Required value"), Problem("spec.b", "Invalid value: 3")]
ERRORS = {
    "a command's own": (CliError("write KIND/NAME"), "write KIND/NAME"),
    "manifests": (ManifestError(["a.yaml:1: x", "b.yaml:2: y"]), "a.yaml:1: x\nb.yaml:2: y"),
    "a file": (
        FileNotFoundError(errno.ENOENT, "No such file or directory", "a.yaml"),
        "a.yaml: No such file or directory",
    ),
    "the network": (OSError("it is down"), "it is down"),
    "one problem of an object": (
        invalid("Work", "works.work.karmada.io", "w", TWO_PROBLEMS[:1]),
        'Work.work.karmada.io "w" is invalid: spec.a: Required value',
    ),
    "two problems of an object": (
        invalid("Work", "works.work.karmada.io", "w", TWO_PROBLEMS),
        'Work.work.karmada.io "w" is invalid:\n  spec.a: Required value\n  spec.b: Invalid value: 3',
    ),
    "an answer without a message": (ApiError(500, "InternalError", ""), "InternalError"),
    "a bug": (KeyError("x"), "internal error, KeyError: 'x'; this is a bug in tradewind, please report it"),
}


@pytest.mark.parametrize(("error", "said"), ERRORS.values(), ids=ERRORS)
def test_errors_in_words(error, said):
    assert message_of(error) == said


@given(st.lists(st.sampled_from([b"", b"a", b"\xff\r", b"x" * 40_000])), st.booleans(), st.integers(0, 6))
def test_the_last_lines_are_those_of_the_obvious_slow_way(tmp_path_factory, lines, ended, count):
    path: Path = tmp_path_factory.mktemp("logs") / "log"
    text = b"\n".join(lines) + (b"\n" if ended else b"")
    path.write_bytes(text)
    every = text.split(b"\n")
    whole = [line + b"\n" for line in every[:-1]] + ([every[-1]] if every[-1] else [])
    wanted = whole[max(0, len(whole) - count) :]
    assert last_lines(path, count) == (b"".join(wanted), len(text))
    assert last_lines(path, None) == (text, len(text))


def test_follow_gives_what_is_appended_and_ends_after_the_last_of_it(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"old")
    rounds = iter([b"one", b"", b"two"])

    def go_on() -> bool:
        more = next(rounds, None)
        if more is not None:
            with path.open("ab") as file:
                file.write(more)
        return more is not None

    assert b"".join(follow(path, 3, go_on)) == b"onetwo"


def test_follow_goes_on_with_a_file_that_was_emptied(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"a long line before it was rotated\n")
    rounds = iter([b"", b"new\n"])

    def go_on() -> bool:
        content = next(rounds, None)
        if content is not None:
            path.write_bytes(content)
        return content is not None

    assert b"".join(follow(path, path.stat().st_size, go_on)) == b"new\n"
