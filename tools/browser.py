"""How the page tests and the diagrams start a browser: the same quiet way everywhere.

It installs nothing itself: `missing_browser_help` names the command that does.
"""

from __future__ import annotations

import shutil

from janus_platform.cli.browsers import find_browser

__all__ = ["FLAGS", "find_browser", "missing_browser_help"]

# No update checks, no metrics, no speculative connections: the pages under test are the only traffic.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def missing_browser_help() -> str:
    """One sentence naming the command that installs a browser on this machine."""
    if shutil.which("apt-get"):
        return "No Chromium was found. Install one with: sudo apt-get update && sudo apt-get install -y chromium"
    return "No Chromium was found. Install one with: .venv/bin/python -m playwright install chromium"
