"""The Chromium on this machine, for the page tests and the diagrams, found by starting what looks like one.

A name on PATH is not enough: Ubuntu's `chromium-browser` only says that a snap is needed. tools/ imports this before
`.venv` exists: nothing but the standard library.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

VARIABLE = "JANUS_BROWSER"
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
_START_SECONDS = 20


def find_browser() -> str | None:
    """The path of a Chromium or Chrome that starts, or None. `JANUS_BROWSER` names one explicitly and wins."""
    return next((path for path in candidates() if why_not(path) is None), None)


def candidates() -> Iterator[str]:
    """What may be a Chromium, in the order it is tried."""
    if named := os.environ.get(VARIABLE):
        yield named
        return
    yield from filter(None, map(shutil.which, NAMES))
    yield from (app for app in MAC_APPS if os.access(app, os.X_OK))
    yield from _playwright_builds()


@cache
def why_not(path: str) -> str | None:
    """Why that program does not start as a browser, or None when it does; the answer is kept for this process."""
    try:
        # To nowhere and in a session of its own: what a broken one leaves running holds no pipe of ours.
        process = subprocess.Popen(
            [path, "--version"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return f"it cannot be started: {error.strerror}"
    try:
        code = process.wait(_START_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()
        return f"it did not answer within {_START_SECONDS} s"
    return f"it ends with exit code {code}" if code else None


def _playwright_builds() -> list[str]:
    default = "Library/Caches/ms-playwright" if sys.platform == "darwin" else ".cache/ms-playwright"
    root = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / default)
    builds = [path for pattern in PLAYWRIGHT_PATTERNS for path in root.glob(pattern) if os.access(path, os.X_OK)]
    return [str(path) for path in sorted(builds, reverse=True)]
