"""Fixtures of the tests of the Lighthouse benchmark."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from tests.benchmarks import figures, lighthouse, lighthouse_pages
from tests.house.lighthouse_rig import FAKE_NPM, Rig
from tools import book


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


@pytest.fixture
def npm(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """The rig, with a PATH on which nothing is but a node and an npm of ours."""
    (rig.folder / "npm.py").write_text(FAKE_NPM, encoding="utf-8")
    programs = rig.folder / "bin"
    programs.mkdir()
    for name, words in {"node": [sys.executable], "npm": [sys.executable, str(rig.folder / "npm.py")]}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    return rig


@pytest.fixture
def command_line(npm: Rig, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """The rig as what `main` finds: its book, its room, its folder for what is kept, a browser."""
    browser = npm.folder / "bin" / "browser"
    browser.write_text("#!/bin/sh\n", encoding="utf-8")
    browser.chmod(0o755)
    monkeypatch.setenv("JANUS_BROWSER", str(browser))
    monkeypatch.setattr(book, "HTML", npm.html)
    monkeypatch.setattr(figures, "KEPT", npm.kept.parent)
    monkeypatch.setattr(lighthouse, "lighthouse", lambda: lighthouse_pages.lighthouse(npm.room))
    return npm
