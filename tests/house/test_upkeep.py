"""Upkeep: releases carry their tag's version, Binder gets few packages at the book's versions."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tools.environment import PINS, ROOT
from tools.pins import BINDER_PINS
from tools.release import check_tag
from tools.terminal import StepError


def test_a_release_needs_the_tag_of_its_version() -> None:
    check_tag(None)
    with pytest.raises(StepError, match=r"the tag v9\.9\.9 is not v"):
        check_tag("v9.9.9")


def test_binder_gets_the_platform_alone_at_the_versions_of_the_book() -> None:
    pinned = _pins(PINS)
    few = _pins(BINDER_PINS)
    assert few <= pinned
    assert len(few) < len(pinned) / 2
    assert not any(line.startswith(("sphinx", "jupyterlab==")) for line in few)
    assert BINDER_PINS.read_text("utf-8").endswith("\n.[platform]\n"), "Binder installs from the repository's root"


def test_binder_post_build_is_a_program_that_bash_can_read() -> None:
    script = ROOT / "binder" / "postBuild"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    assert script.read_text("utf-8").startswith("#!/bin/bash\n")


def _pins(file: Path) -> set[str]:
    """The pins without their markers, which differ: what is needed always is then needed on some systems only."""
    return {line.partition(" ;")[0] for line in file.read_text("utf-8").splitlines() if "==" in line}
