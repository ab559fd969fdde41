"""The per-user data folder, for everything that must outlive a process: runs, leaderboard, caches.

Standard library only, so that whatever needs the folder can ask without importing anything heavy. This module makes
no folder: whatever writes first makes it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def home() -> Path:
    """The per-user data folder: `$JANUS_HOME`, else the system's own place for such data.

    Linux: `$XDG_DATA_HOME/janus` or `~/.local/share/janus` (XDG Base Directory specification: a relative value is
    ignored). macOS: `~/Library/Application Support/janus`. Windows: `%LOCALAPPDATA%\\janus`. Always absolute; it need
    not exist yet.
    """
    chosen = os.environ.get("JANUS_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "janus"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "janus"
    xdg = os.environ.get("XDG_DATA_HOME", "")
    return (Path(xdg) if os.path.isabs(xdg) else Path.home() / ".local" / "share") / "janus"
