"""Finds a Chromium for the page tests and the diagrams, and starts it the same quiet way everywhere.

It installs nothing itself: `missing_browser_help` names the command that does.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_APPS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
# What a Playwright download leaves, newest revision last: Linux, then macOS.
PLAYWRIGHT_PATTERNS = (
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
)
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


def find_browser() -> str | None:
    """The path of a Chromium or Chrome, or None. `JANUS_BROWSER` names one explicitly and wins."""
    if named := os.environ.get("JANUS_BROWSER"):
        return named if os.access(named, os.X_OK) else None
    on_path = (shutil.which(name) for name in NAMES)
    apps = (app for app in MAC_APPS if os.access(app, os.X_OK))
    return next((found for found in (*on_path, *apps, *_playwright_builds()) if found), None)


def missing_browser_help() -> str:
    """One sentence naming the command that installs a browser on this machine."""
    if shutil.which("apt-get"):
        return "No Chromium was found. Install one with: sudo apt-get update && sudo apt-get install -y chromium"
    return "No Chromium was found. Install one with: .venv/bin/python -m playwright install chromium"


def _playwright_builds() -> list[str]:
    default = "Library/Caches/ms-playwright" if sys.platform == "darwin" else ".cache/ms-playwright"
    root = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / default)
    builds = [path for pattern in PLAYWRIGHT_PATTERNS for path in root.glob(pattern) if os.access(path, os.X_OK)]
    return [str(path) for path in sorted(builds, reverse=True)]
