"""Which room may know which: imports point one way, and the bench knows nothing of the platform."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.environment import ROOT

GROUND = {"contract", "clock", "errors"}
# A room of janus_platform, and the rooms that it may import. The ground is free to all but itself.
ALLOWED: dict[str, set[str]] = {
    "typed_entries": set(),
    "inference_contract": {"typed_entries"},
    "service_contract": {"typed_entries", "inference_contract"},
    "room_contract": set(),
    "contract_changes": {"typed_entries"},
    "contract": {"typed_entries", "service_contract", "inference_contract", "room_contract", "contract_changes"},
    "configuration": {"contract"},
    "clock": set(),
    "errors": set(),
    "damaged": {"errors"},
    "public_address": set(),
    "implementations": set(),
    "corpus": {"contract"},
    "worker_process": set(),
    "workers": {"processes", "worker_process"},
    "pipes": set(),
    "processes": {"clock", "errors", "pipes"},
    "landlock": set(),
    "bubblewrap": set(),
    "uids": set(),
    "isolation": {"landlock", "bubblewrap", "uids", "processes", "errors"},
    "confinement": set(),
    "traces": GROUND,
    "body_budget": set(),
    "http_protocol": {"body_budget"},
    "http_server": {*GROUND, "http_protocol", "body_budget"},
    "services": {
        *GROUND,
        "public_address",
        "traces",
        "corpus",
        "processes",
        "workers",
        "isolation",
        "uids",
        "landlock",
        "confinement",
    },
    "egress": {*GROUND, "http_server", "http_protocol", "traces", "processes"},
    "access": GROUND,
    "live": {*GROUND, "egress.environment"},
    "gateway": {*GROUND, "public_address", "access", "traces", "http_server", "workers"},
    "attestation": GROUND,
    "monitoring": {*GROUND, "gateway.answered"},
    "drift": {*GROUND, "access", "control_client", "services.openapi", "services.openapi_errors"},
    "node": {
        *GROUND,
        "damaged",
        "traces",
        "processes",
        "isolation",
        "uids",
        "confinement",
        "gateway.directory",
        "gateway.site",
        "attestation",
    },
}
# The rooms that put the platform together may know the bench, for the leaderboard, and `janus check` compares it. Its
# `home` module, standard library only, is everybody's.
BENCH_READERS = {"platform", "server", "cli", "drift", "room"}
BENCH_FOR_ALL = "janus_bench.home"


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every absolute module name that a file imports, with its line; relative imports stay inside a room."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            # `from janus_platform import x` imports janus_platform.x.
            bare = node.module == "janus_platform"
            yield from ((node.lineno, f"{node.module}.{a.name}" if bare else node.module) for a in node.names)


def room_of(path: Path) -> str:
    """`services` for janus_platform/services/search.py, `cli` for janus_platform/cli.py."""
    return path.relative_to(ROOT / "janus_platform").with_suffix("").parts[0]


def breaches(path: Path) -> list[str]:
    """The imports of a platform module that its room may not make."""
    room, found = room_of(path), []
    for line, name in imports(path):
        inner = name.removeprefix("janus_platform.")
        if inner != name and room in ALLOWED and not _is_allowed(inner, {room, *ALLOWED[room]}):
            found.append(f"{path.relative_to(ROOT)}:{line}: {room} may not import {name}")
        if name.partition(".")[0] == "janus_bench" and name != BENCH_FOR_ALL and room not in BENCH_READERS:
            found.append(f"{path.relative_to(ROOT)}:{line}: only {', '.join(sorted(BENCH_READERS))} may import {name}")
    return found


def _is_allowed(name: str, allowed: set[str]) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in allowed)


def test_rooms_of_the_platform_import_only_what_they_may() -> None:
    assert [breach for path in modules("janus_platform") for breach in breaches(path)] == []


def test_the_bench_imports_nothing_of_the_platform() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in modules("janus_bench")
        for line, name in imports(path)
        if name.partition(".")[0] == "janus_platform"
    ]
    assert found == []


@pytest.mark.parametrize(
    ("room", "source", "forbidden"),
    [
        ("contract.py", "from janus_platform.clock import Clock", "janus_platform.clock"),
        ("services/search.py", "from janus_platform import server", "janus_platform.server"),
        ("services/search.py", "import janus_platform.gateway.app", "janus_platform.gateway.app"),
        ("node/node.py", "from janus_platform.gateway.app import App", "janus_platform.gateway.app"),
        ("services/search.py", "from janus_bench.leaderboard import Leaderboard", "janus_bench.leaderboard"),
    ],
)
def test_a_forbidden_import_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: str, source: str, forbidden: str
) -> None:
    monkeypatch.setattr("tests.house.test_dependencies.ROOT", tmp_path)
    path = tmp_path / "janus_platform" / room
    path.parent.mkdir(parents=True)
    path.write_text(source, encoding="utf-8")
    assert [breach for breach in breaches(path) if forbidden in breach]


def test_every_import_that_rooms_may_make_exists() -> None:
    rooms = {room_of(path) for path in modules("janus_platform")}
    named = set(ALLOWED) | {name.partition(".")[0] for names in ALLOWED.values() for name in names} | BENCH_READERS
    assert named <= rooms, f"no such room: {named - rooms}"
