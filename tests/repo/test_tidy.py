"""The code base holds itself to its limits: sizes, pure decisions, no dead code."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tradewind"
FILE_LINES_MAX = 450
FUNCTION_LINES_MAX = 70

# Folders whose modules decide. Their shells, listed here, are the only ones that may wait or touch the world.
DECIDING = ("resources", "federation", "serving", "traffic", "node", "controller")
SHELLS = {
    "controller/perform.py",
    "controller/run.py",
}
WORLD = {"asyncio", "threading", "subprocess", "socket", "sqlite3", "uuid", "time", "aiohttp", "shutil"}


def modules() -> Iterator[Path]:
    return (path for path in sorted(SOURCE.rglob("*.py")))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def is_shell(path: Path) -> bool:
    """A module that waits or does IO says so in the first line of its docstring: "(shell)"."""
    docstring = ast.get_docstring(tree_of(path)) or ""
    return str(path.relative_to(SOURCE)) in SHELLS or "(shell)" in docstring.split("\n")[0]


def test_files_are_short():
    long = {
        str(path): lines
        for path in modules()
        if (lines := len(path.read_text().splitlines())) > FILE_LINES_MAX
    }
    assert not long


def test_functions_are_short():
    long = [
        f"{path.relative_to(SOURCE)}:{node.lineno} {node.name}"
        for path in modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES_MAX
    ]
    assert not long


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize("folder", DECIDING)
def test_decisions_do_not_touch_the_world(folder: str):
    """Time, chance, IO and waiting come in as arguments; only modules marked as shells may have them."""
    impure = {
        str(path.relative_to(SOURCE)): found
        for path in sorted((SOURCE / folder).rglob("*.py"))
        if not is_shell(path) and (found := imported(path) & WORLD)
    }
    assert not impure


def test_decisions_do_not_read_the_clock():
    calls = [
        f"{path.relative_to(SOURCE)}:{node.lineno}"
        for folder in DECIDING
        for path in sorted((SOURCE / folder).rglob("*.py"))
        if not is_shell(path)
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today", "monotonic", "random")
    ]
    assert not calls


def test_there_is_no_dead_code():
    """vulture over the product, its benchmarks and its tests: what nothing uses is deleted, not kept."""
    result = subprocess.run(
        [sys.executable, "-m", "vulture", "src", "tests", "bench", "--min-confidence", "80"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stdout


def test_layers_hold():
    """Imports point downward, and parts that meet in objects do not import each other."""
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stdout
