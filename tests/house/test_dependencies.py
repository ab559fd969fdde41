"""Which package may import which: imports point one way, without a circle, and the bench knows nothing of the platform.

Every import counts: one for type checking and one inside a function tie two files together as well.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.environment import ROOT
from tools.imports import circle, imported_modules, imported_packages, imports, is_program

# Loose modules that every package may import, and that import nothing but each other.
BASE = {"clock", "contract", "errors"}
# A package or loose module of janus_platform, and what of it that may import. A module beside the packages that is not
# named here is refused.
ALLOWED: dict[str, set[str]] = {
    "__init__": {"client", "errors"},
    "clock": set(),
    "errors": set(),
    "contract": {"errors"},
    "drawing": {"contract"},
    "public_address": set(),
    "corpus": {"errors"},
    "implementations": set(),
    "stored_files": BASE,
    "processes": BASE,
    "isolation": BASE,
    "traces": BASE,
    "http": BASE,
    "egress": {*BASE, "http"},
    "live": {*BASE, "egress"},
    "services": {*BASE, "public_address", "stored_files", "traces", "corpus", "processes", "isolation"},
    "attestation": {*BASE, "stored_files"},
    "gateway": {*BASE, "drawing", "public_address", "traces", "processes", "attestation"},
    "monitoring": {*BASE, "gateway"},
    "node": {*BASE, "stored_files", "processes", "isolation", "gateway", "attestation"},
    "runtime": {
        *BASE,
        "attestation",
        "corpus",
        "drawing",
        "stored_files",
        "egress",
        "gateway",
        "http",
        "implementations",
        "monitoring",
        "node",
        "processes",
        "services",
        "traces",
    },
    "classroom": {
        *BASE,
        "stored_files",
        "egress",
        "gateway",
        "http",
        "implementations",
        "node",
        "processes",
        "runtime",
        "traces",
    },
    "client": {*BASE, "attestation", "classroom", "drawing", "live", "runtime", "traces"},
    "conformance": {*BASE, "gateway", "runtime", "services"},
    "cli": {
        *BASE,
        "attestation",
        "classroom",
        "client",
        "conformance",
        "corpus",
        "egress",
        "gateway",
        "implementations",
        "isolation",
        "node",
        "processes",
        "runtime",
        "services",
        "stored_files",
        "traces",
    },
}
# The leaderboard is the bench's, and `janus check` compares the contract with it. Where readers' files are kept is
# everybody's.
BENCH_READERS = {"runtime", "conformance", "classroom"}
BENCH_FOR_ALL = "janus_bench.home"


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def room_of(path: Path) -> str:
    """`services` for janus_platform/services/search/app.py, `clock` for janus_platform/clock.py."""
    return path.relative_to(ROOT / "janus_platform").with_suffix("").parts[0]


def breaches(path: Path) -> list[str]:
    """The imports of a platform module that its package may not make."""
    room, found = room_of(path), []
    for line, name in imports(path):
        top, _, inner = name.partition(".")
        inner = inner.partition(".")[0]
        if top == "janus_platform" and inner not in {room, *ALLOWED[room]}:
            found.append(f"{path.relative_to(ROOT)}:{line}: {room} may not import {name}")
        if top == "janus_bench" and not name.startswith(BENCH_FOR_ALL) and room not in BENCH_READERS:
            found.append(f"{path.relative_to(ROOT)}:{line}: only {', '.join(sorted(BENCH_READERS))} may import {name}")
    return found


def test_packages_of_the_platform_import_only_what_they_may() -> None:
    assert [breach for path in modules("janus_platform") if not is_program(path) for breach in breaches(path)] == []


def test_what_packages_may_import_has_no_circle() -> None:
    assert circle(ALLOWED) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle(imported_modules()) == []


def test_no_packages_import_each_other_in_a_circle() -> None:
    assert circle(imported_packages(split=("janus_platform", "janus_platform.services", "janus_bench"))) == []


@pytest.mark.parametrize("source", ["import {}.b", "from {} import b", "if TYPE_CHECKING:\n    from {}.b import x"])
def test_a_circle_is_found_whatever_kind_its_imports_are(tmp_path: Path, source: str) -> None:
    package = tmp_path / "janus_bench"
    package.mkdir()
    (package / "a.py").write_text(source.format("janus_bench"), encoding="utf-8")
    (package / "b.py").write_text("def f():\n    from janus_bench import a", encoding="utf-8")
    assert set(circle(imported_modules(tmp_path))) == {"janus_bench.a", "janus_bench.b"}


def test_the_bench_imports_nothing_of_the_platform() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in modules("janus_bench")
        for line, name in imports(path)
        if name.partition(".")[0] == "janus_platform"
    ]
    assert found == []


@pytest.mark.parametrize(
    ("path", "source", "forbidden"),
    [
        ("contract/model.py", "from janus_platform.clock import Clock", "janus_platform.clock"),
        ("services/search/app.py", "from janus_platform.runtime import server", "janus_platform.runtime.server"),
        ("services/search/app.py", "import janus_platform.gateway.app", "janus_platform.gateway.app"),
        ("isolation/layers.py", "def f():\n    from janus_platform.node import node", "janus_platform.node"),
        ("services/search/app.py", "from janus_bench.leaderboard import Leaderboard", "janus_bench.leaderboard"),
    ],
)
def test_a_forbidden_import_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, source: str, forbidden: str
) -> None:
    monkeypatch.setattr("tests.house.test_dependencies.ROOT", tmp_path)
    file = tmp_path / "janus_platform" / path
    file.parent.mkdir(parents=True)
    file.write_text(source, encoding="utf-8")
    assert [breach for breach in breaches(file) if forbidden in breach]


def test_every_package_and_every_module_beside_them_is_named() -> None:
    rooms = {room_of(path) for path in modules("janus_platform")}
    named = set(ALLOWED) | {name for names in ALLOWED.values() for name in names} | BENCH_READERS
    assert named == rooms


def test_the_house_has_few_enough_rooms_to_be_seen_at_once() -> None:
    # Packages and loose modules of the platform, and the packages beside it.
    beside = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"janus_platform", "tests"}
    assert len(ALLOWED) + len(beside) <= 30
