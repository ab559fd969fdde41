"""Landlock: which versions know what, and what a process that has put the rules on can still do."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from janus_platform.isolation import landlock
from janus_platform.isolation.landlock import Grants, Ruleset, attributes_for
from janus_platform.isolation.layers import system_paths

needs_landlock = pytest.mark.skipif(landlock.why_not() is not None, reason=str(landlock.why_not()))


@pytest.mark.parametrize(("abi", "rights", "size"), [(1, 13, 8), (2, 14, 8), (3, 15, 8), (4, 15, 16), (5, 16, 16)])
def test_each_version_is_asked_for_what_it_knows_and_no_more(abi: int, rights: int, size: int) -> None:
    attributes, told = attributes_for(abi)
    assert (attributes.handled_fs, told) == ((1 << rights) - 1, size)
    assert bool(attributes.handled_net) == (abi >= 4) and attributes.scoped == 0


@pytest.mark.parametrize("abi", [6, 7, 99])
def test_newer_versions_keep_signals_and_abstract_sockets_in(abi: int) -> None:
    attributes, told = attributes_for(abi)
    assert (attributes.scoped, told) == (0b11, 24)


def test_a_kernel_without_it_is_told_apart_from_one_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landlock, "abi_version", lambda: 0)
    assert "5.13" in str(landlock.why_not())
    with pytest.raises(OSError, match="no Landlock"):
        Ruleset(Grants())


@needs_landlock
def test_only_what_was_granted_can_be_read_written_and_run(tmp_path: Path) -> None:
    for name in ("granted", "readable", "closed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    grants = Grants(readable=(*system_paths(), tmp_path / "readable"), writable=(tmp_path / "granted",))
    script = (
        "cat granted/file readable/file closed/file; echo new > granted/new; echo new > readable/new; "
        "echo new > closed/new; cat /proc/self/status; echo x > /dev/null && echo '|device'"
    )
    ruleset = Ruleset(grants)
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", script], cwd=tmp_path, preexec_fn=ruleset.enforcer(), capture_output=True, text=True
        )
    finally:
        ruleset.close()
    assert done.stdout == "grantedreadable|device\n"
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("new")) == ["granted/new"]


@needs_landlock
def test_children_cannot_take_the_rules_off(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    ruleset = Ruleset(Grants(readable=system_paths()))
    try:
        command = ["/bin/sh", "-c", f"sh -c 'cat {tmp_path}/secret'; cat {tmp_path}/secret"]
        done = subprocess.run(command, preexec_fn=ruleset.enforcer(), capture_output=True, text=True)
    finally:
        ruleset.close()
    assert done.stdout == "" and done.stderr.count("Permission denied") == 2
