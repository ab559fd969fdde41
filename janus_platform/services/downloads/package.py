"""A wheel from PyPI, downloaded by this machine's pip to be read as an archive: nothing is installed or run."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from janus_platform.processes.child import Child

PACKAGE_SECONDS = 600


def download_wheel(requirement: str, folder: Path) -> Path:
    """Download the wheel of `requirement` (`name==version`) into `folder`. Raises OSError, ValueError."""
    asyncio.run(_pip_download(requirement, folder))
    wheel = next(folder.glob("*.whl"), None)
    if wheel is None:
        raise ValueError(f"{requirement} has no wheel")
    return wheel


async def _pip_download(requirement: str, folder: Path) -> None:
    argv = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
    argv += ["--disable-pip-version-check", "--no-input", "--timeout", "10", "--retries", "1"]
    argv += ["--dest", str(folder), requirement]
    log = folder / "pip.log"
    with log.open("wb") as output:
        child = await Child.start(argv, env=os.environ, stdout=output, stderr=subprocess.STDOUT)
        try:
            async with asyncio.timeout(PACKAGE_SECONDS):
                code = await child.wait()
        except TimeoutError:
            raise OSError(f"no answer within {PACKAGE_SECONDS} s") from None
        finally:
            child.kill()
    if code:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise OSError(lines[-1] if lines else f"pip ended with code {code}")
