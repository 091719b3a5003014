"""Every command and every option stands in docs/cli.md, and nothing else does."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from tradewind.cli.main import COMMANDS, build_app

DOCS = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
SHARED = ("--home", "--help", "--namespace", "--cluster", "--install-completion", "--show-completion")


def commands(group: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its full name."""
    if not hasattr(group, "commands"):
        yield path.strip(), group
        return
    for name, command in group.commands.items():
        yield from commands(command, f"{path} {name}")


ALL = dict(commands(typer.main.get_command(build_app([]))))


def documented() -> dict[str, set[str]]:
    """Options by command, from the tables; those of a table for all commands under ""."""
    found: dict[str, set[str]] = {}
    subject = ""
    for line in DOCS.splitlines():
        if header := re.match(r"\| (?:`(\w+)` )?option \|", line):
            subject = header[1] or ""
        elif row := re.match(r"\| `([^`]*?)(--[a-z-]+)`", line):
            found.setdefault(row[1].strip() or subject, set()).add(row[2])
    return found


def test_the_table_of_commands_is_that_of_the_application():
    assert {name.partition(" ")[0] for name in ALL} == set(COMMANDS)


@pytest.mark.parametrize("name", ALL)
def test_command_is_documented(name: str):
    assert f"tradewind {name}" in DOCS


@pytest.mark.parametrize("name", ALL)
def test_options_are_documented(name: str):
    options = {param.opts[0] for param in ALL[name].params if param.opts[0].startswith("--")}
    tables = documented()
    assert options - set(SHARED) <= tables.get(name, set())
    assert set(SHARED) <= tables[""]


def test_nothing_is_documented_that_does_not_exist():
    for name, options in documented().items():
        existing = {param.opts[0] for param in ALL[name].params} if name else set(SHARED)
        assert options <= existing | {"--namespace", "--cluster"}, name


@pytest.mark.parametrize("name", ALL)
def test_every_command_shows_examples(name: str):
    help_text = ALL[name].help or ""
    assert name in ("version",) or f"tradewind {name}" in help_text
