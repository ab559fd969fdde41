"""pip in a process of its own: with the index settings of this machine's pip.

Only wheels are taken, so nothing of a package runs while it is installed. This module is used in the installing
process (install.py), never in the platform's own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

# The variables that say where packages come from and how the way there is trusted. A configuration file is pip's own to
# read; what else it may say is overruled, by option or by variable.
_SETTINGS = (
    "PIP_CONFIG_FILE", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_TRUSTED_HOST",
    "PIP_CERT", "PIP_CLIENT_CERT", "PIP_PROXY", "PIP_DEFAULT_TIMEOUT", "PIP_TIMEOUT", "PIP_RETRIES", "PIP_CONSTRAINT",
    "PIP_KEYRING_PROVIDER", "PIP_CACHE_DIR", "PIP_NO_CACHE_DIR",
)  # fmt: skip
_OVERRULED = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_QUIET": "0", "PIP_VERBOSE": "0"}
# A network that is not there shows after seconds, not after pip's usual minute.
_PATIENCE = {"PIP_RETRIES": "1"}
_KEPT = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NETRC", "SYSTEMROOT")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_QUIET = ("--disable-pip-version-check", "--no-input", "--no-color")
_WHEELS_ONLY = ("--only-binary", ":all:", "--progress-bar", "off")
_MAX_OUTPUT = 200_000
_DOWNLOAD = re.compile(r"\s*(?:Downloading|Using cached) (\S+\.whl) \(([^)]{1,40})\)")


class Pip:
    """Runs pip with `temporary` as its folder for temporary files; `say` gets a line for each download."""

    def __init__(self, temporary: Path, say: Callable[[str], None]) -> None:
        self._temporary, self._say = temporary, say
        self._said: set[str] = set()

    def resolve(self, requirements: Path, report: Path, *, wheels: Path | None, index: bool) -> tuple[int, str]:
        """Write a report of what is to be installed beside what is installed here. pip's exit code and output."""
        to = ("install", "--dry-run", "--report", str(report), *_WHEELS_ONLY, "-r", str(requirements))
        return self._run((*to, *_places(wheels, index)), index=index)

    def download(self, requirements: Path, into: Path, *, wheels: Path | None) -> tuple[int, str]:
        """Fetch the wheels of requirements that are pinned. pip's exit code and output."""
        to = ("download", "--no-deps", "-d", str(into), *_WHEELS_ONLY, "-r", str(requirements))
        return self._run((*to, *_places(wheels, True)), index=True)

    def unpack(self, wheels: Sequence[Path], into: Path) -> tuple[int, str]:
        """Install wheels, and nothing but them, into a folder. pip's exit code and output."""
        to = ("install", "--no-deps", "--no-compile", "--target", str(into), *_WHEELS_ONLY, "--no-index")
        return self._run((*to, *map(str, wheels)), index=False)

    def _run(self, arguments: Sequence[str], *, index: bool) -> tuple[int, str]:
        environment = _environment(self._temporary, index=index)
        command = [sys.executable, "-I", "-m", "pip", *arguments, *_QUIET]
        with subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            assert process.stdout is not None
            lines, size = list[str](), 0
            while line := process.stdout.readline(_MAX_OUTPUT).decode("utf-8", "replace"):
                size += len(line)
                if size <= _MAX_OUTPUT:
                    lines.append(line)
                self._show(line)
            return process.wait(), "".join(lines)

    def _show(self, line: str) -> None:
        if (found := _DOWNLOAD.match(line)) and found[1] not in self._said:
            self._said.add(found[1])
            self._say(f"downloading {found[1].rpartition('/')[2]} ({found[2]})")


def _places(wheels: Path | None, index: bool) -> list[str]:
    return [*(("--find-links", str(wheels)) if wheels else ()), *(() if index else ("--no-index",))]


def _is_egress(proxy: str) -> bool:
    """Whether it is a platform's egress proxy, in the variables of a notebook that started this platform."""
    return "NODE_USE_ENV_PROXY" in os.environ and urlsplit(proxy).hostname in ("127.0.0.1", "localhost")


def _environment(temporary: Path, *, index: bool) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in _KEPT}
    kept |= {"PIP_CONFIG_FILE": os.devnull, "TMPDIR": str(temporary), "PYTHONUTF8": "1"}
    if not index:
        return kept
    own = {k: v for k, v in os.environ.items() if k in _SETTINGS or (k.lower() in _PROXIES and not _is_egress(v))}
    if "PIP_CONFIG_FILE" not in own:
        del kept["PIP_CONFIG_FILE"]
    return {**kept, **_PATIENCE, **own, **_OVERRULED}
