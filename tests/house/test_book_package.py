"""`janus_book` stands beside the platform: it imports little, and nothing leans on it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.test_dependencies import modules
from tools.environment import ROOT, variables
from tools.imports import imports

EXERCISES = ROOT / "janus_book" / "exercises"
HOME = "janus_bench.home"
# What a kernel has loaded by then: `check` must not add a second to a page's first exercise.
LOADED = """
import sys
before = set(sys.modules)
import janus_book
from janus_book import check, solution
roots = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(roots - sys.stdlib_module_names - {"janus_book", "janus_bench"}))
print(sorted(name for name in sys.modules if name.startswith("janus_bench.")))
"""


def imported_at_once(path: Path) -> set[str]:
    """The modules that importing a file imports: those that no function holds back until it is called."""
    tree = ast.parse(path.read_text("utf-8"))
    later = {
        id(node)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef) or (isinstance(outer, ast.If) and "TYPE_CHECKING" in ast.unparse(outer))
        for node in ast.walk(outer)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and id(node) not in later:
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and id(node) not in later and node.module:
            names.add(node.module)
    return names


# What the pages on building an implementation call, and nobody else: their next line asks or benches.
OF_PAGES = {"chapter.py", "road.py", "road_kept.py"}
LIGHT = [path for path in modules("janus_book") if EXERCISES not in path.parents and path.name not in OF_PAGES]


@pytest.mark.parametrize("path", LIGHT, ids=lambda path: path.stem)
def test_module_imports_the_standard_library_and_the_readers_home_alone(path: Path) -> None:
    allowed = {*sys.stdlib_module_names, "janus_book"}
    foreign = {name for name in imported_at_once(path) if name.partition(".")[0] not in allowed and name != HOME}
    assert foreign == set()


def test_importing_check_loads_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], env=variables(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["[]", "['janus_bench.home', 'janus_bench.leaderboard', 'janus_bench.run']"]


def test_of_platform_and_bench_only_the_command_line_knows_the_book() -> None:
    knows = {
        path.relative_to(ROOT).as_posix()
        for package in ("janus_platform", "janus_bench")
        for path in modules(package)
        for _, name in imports(path)
        if name.partition(".")[0] == "janus_book"
    }
    assert knows == {f"janus_platform/cli/{file}.py" for file in ("main", "learn", "exercise")}


def test_imports_that_wait_in_functions_are_told_from_those_that_do_not(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("import httpx\nif TYPE_CHECKING:\n    import rich\ndef f():\n    import numpy\n", encoding="utf-8")
    assert imported_at_once(path) == {"httpx"}
