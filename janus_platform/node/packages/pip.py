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


def explain(output: str) -> str:
    """What pip's output says went wrong: which package, and what to do."""
    for pattern, sentence in _REASONS:
        if found := re.search(pattern, output, re.MULTILINE):
            shown = "; ".join(line.strip() for line in found[1].splitlines()) if found.re.groups else ""
            shown = _FROM_FILE.sub("", shown)[:300]
            return (_NO_NETWORK if sentence is _NO_WHEEL and _OFFLINE.search(output) else sentence).format(shown)
    errors = [line for line in output.splitlines() if line.strip()]
    return f"pip failed: {errors[-1].removeprefix('ERROR: ')[:300] if errors else 'it said nothing'}"


# Where pip read it: a file that the submitter has never seen.
_FROM_FILE = re.compile(r" \(from -r [^)]{1,1000}\(line \d+\)\)")
_OFFLINE = re.compile(r"Retrying \(Retry\(|Max retries exceeded|NewConnectionError|Could not fetch URL")
_NO_NETWORK = (
    "{}: the index of this machine's pip cannot be reached. With a network, `pip download -r requirements.txt "
    "--only-binary=:all: -d wheels` fills the folder wheels/, from which it is installed without one."
)
_NO_WHEEL = (
    "{}: no wheel for this Python and machine is to be had. Look at name and version; what comes as source only is not "
    "built here, since building runs its code: `pip wheel NAME -w wheels` builds a wheel into the folder."
)
_REASONS = (
    (r"No module named pip$", f"pip is missing beside the platform: `{sys.executable} -m ensurepip` brings it."),
    (r"no such option", f"pip is too old, 22.2 is needed: `{sys.executable} -m pip install --upgrade pip`."),
    (r"No space left on device", "the disk is full."),
    (r"File too large", "a file of the packages is larger than all of them may be. Ask for less."),
    (
        r"DO NOT MATCH THE HASHES[^\0]*?^ {4}(\S[^\n]*?)(?: from |:| \(from )",
        "{}: its file has another hash than requirements.txt says. Write the hashes anew, and find out why.",
    ),
    (
        r"(?:Hashes are required|versions pinned with ==)[^\0]*?^ {4}(\S[^\n]*?) (?:from|\(from|--hash)",
        "{} is needed too, and has no version and hash in requirements.txt. Lock all of them: `uv pip compile "
        "--generate-hashes`.",
    ),
    (
        r"The conflict is caused by:\n((?: {4}[^\n]+\n)+)",
        "{}: they cannot be installed together. Loosen a version.",
    ),
    (r"No matching distribution found for (.{1,300})", _NO_WHEEL),
    (r"^ERROR: Invalid requirement: (.{1,300})", "{} is no requirement."),
)


def _places(wheels: Path | None, index: bool) -> list[str]:
    return [*(("--find-links", str(wheels)) if wheels else ()), *(() if index else ("--no-index",))]


def _environment(temporary: Path, *, index: bool) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in _KEPT}
    kept |= {"PIP_CONFIG_FILE": os.devnull, "TMPDIR": str(temporary), "PYTHONUTF8": "1"}
    if not index:
        return kept
    own = {k: v for k, v in os.environ.items() if k in _SETTINGS or k.lower() in _PROXIES}
    if "PIP_CONFIG_FILE" not in own:
        del kept["PIP_CONFIG_FILE"]
    return {**kept, **_PATIENCE, **own, **_OVERRULED}
