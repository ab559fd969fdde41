"""Which module imports which, read from the sources: for the test that holds the direction, and for the drawing of it.

Every import counts: one for type checking and one inside a function tie two files together as well.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tools.environment import ROOT

PACKAGES = ("janus_platform", "janus_bench", "janus_book")


@cache
def imports(path: Path) -> list[tuple[int, str]]:
    """Every module that a file imports, with its line; of `from a import b`, `a.b`."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} imports relatively"
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def is_program(path: Path) -> bool:
    """Whether a file belongs to a program that imports by its folder: an implementation, an exercise."""
    is_implementation = "implementations" in path.parts and path.parent.name != "implementations"
    return "exercises" in path.parts or is_implementation


def modules(root: Path = ROOT) -> dict[str, Path]:
    """The modules of the packages by their dotted names; a package stands for its `__init__`."""
    return {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path
        for package in PACKAGES
        for path in sorted((root / package).rglob("*.py"))
        if not is_program(path.relative_to(root))
    }


def imported_modules(root: Path = ROOT) -> dict[str, set[str]]:
    """Each module, and which of the others it imports."""
    named = modules(root)
    graph: dict[str, set[str]] = defaultdict(set)
    for module, path in named.items():
        for _, name in imports(path):
            imported = name if name in named else name.rpartition(".")[0]
            if imported in named and imported != module:
                graph[module].add(imported)
    return graph


def package_of(module: str, split: Collection[str] = ("janus_platform",)) -> str:
    """The package that a module counts to: `janus_bench`, or one inside a package that is `split`, and so on."""
    parts = module.split(".")
    depth = 1
    while depth < len(parts) and ".".join(parts[:depth]) in split:
        depth += 1
    return ".".join(parts[:depth])


def imported_packages(root: Path = ROOT, split: Collection[str] = ("janus_platform",)) -> dict[str, set[str]]:
    """Each package and loose module, and which of the others it imports; see `package_of`."""
    graph: dict[str, set[str]] = {package_of(module, split): set() for module in modules(root)}
    for module, imported in imported_modules(root).items():
        own = package_of(module, split)
        graph[own] |= {package_of(name, split) for name in imported} - {own}
    return graph


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """One circle of a graph, as its nodes in order; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def floors(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The nodes by floors, the lowest first: each node stands above all that it imports. Raises CycleError."""
    height: dict[str, int] = {}
    for node in TopologicalSorter(graph).static_order():
        height[node] = 1 + max((height[below] for below in graph.get(node, ())), default=-1)
    return [sorted(node for node in height if height[node] == floor) for floor in range(max(height.values()) + 1)]


def without_shortcuts(graph: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The same graph without each arrow that others already lead around (its transitive reduction)."""
    reached: dict[str, set[str]] = {}
    for node in TopologicalSorter(graph).static_order():
        below = graph.get(node, set())
        reached[node] = below.union(*(reached[one] for one in below))
    return {
        node: {one for one in below if not any(one in reached[other] for other in below if other != one)}
        for node, below in graph.items()
    }
