"""Builds the package, source and wheel, into `dist/`; for a tag only when it names the version of pyproject.toml."""

from __future__ import annotations

import shutil
import tomllib

from tools.environment import OFFLINE, ROOT
from tools.pins import tool
from tools.terminal import StepError, Terminal

DIST = ROOT / "dist"


def build(terminal: Terminal, tag: str | None = None) -> None:
    """Build both. Raises StepError when the tag is another version's, or nothing can be built."""
    check_tag(tag)
    uv = tool(terminal)
    shutil.rmtree(DIST, ignore_errors=True)
    with terminal.step("build the package into dist/"):
        terminal.run([uv, "build", "--out-dir", DIST, ROOT], remedy=OFFLINE)


def check_tag(tag: str | None) -> None:
    """Raises StepError unless the tag is `v` and the version of pyproject.toml."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    if tag is not None and tag != f"v{version}":
        raise StepError(
            f"the tag {tag} is not v{version}", remedy="Set the version in pyproject.toml, or name the tag after it."
        )
