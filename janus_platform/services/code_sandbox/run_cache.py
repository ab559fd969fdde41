"""The cache of runs, prepared once: matplotlib's list of fonts, and Go's compiled standard library.

The list is made by an ordinary run, whose fonts it must describe; the library by Go on the host, from a program that
stands here. A run gets a copy of the small one and links to the files of the large one, which it can only read, so no
run can change what another one finds.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from janus_platform.processes.child import NoAnswerError, ask
from janus_platform.services.code_sandbox.scratch import CACHE, TEMPORARY, Scratch, WrittenFile
from janus_platform.services.code_sandbox.toolchains import BACKEND, PYTHON_FOLDER, Toolchain

FONT_PROGRAM = """
import os
os.environ["MPLCONFIGDIR"] = os.environ["OUTPUT_DIR"]
import matplotlib.font_manager
"""
# What programs import that need no network; each brings what it needs itself.
_GO_PACKAGES = """
bufio bytes cmp container/heap container/list context crypto/md5 crypto/rand crypto/sha256 encoding/base64
encoding/binary encoding/csv encoding/hex encoding/json errors flag fmt hash/fnv io iter log maps math/big math/bits
math/cmplx math/rand math/rand/v2 net net/url os os/exec os/signal path/filepath reflect regexp runtime/debug slices
sort strconv strings sync sync/atomic syscall text/tabwriter text/template time unicode/utf8 unsafe
""".split()
_FONTS, _GO = "sandbox-matplotlib", "sandbox-go"
_TRIMMED = "trim.txt"  # Go looks through its whole cache when this does not say that it did so today.
_GO_TELEMETRY = f"{TEMPORARY}/.config/go/telemetry"  # Left on, Go starts a further process that counts its use.
_PICTURES = Path(__file__).with_name("pictures.py")  # Imported in the runs only: here it would bring matplotlib in.
_BUILD_SECONDS = 300  # six times what two cores need


@dataclass(frozen=True)
class RunCache:
    """The folder that was prepared, or None: then a first plot and every Go program take seconds."""

    folder: Path | None = None

    def ready(self, toolchain: Toolchain) -> bool:
        """Whether what programs of this language need is there."""
        if toolchain.language == "python":
            return self.folder is not None and (self.folder / _FONTS).is_dir()
        return toolchain.language != "go" or self._go_cache(toolchain) is not None

    def widen(self, toolchain: Toolchain) -> Toolchain:
        """`toolchain` with what must be visible besides."""
        directory = self._go_cache(toolchain)
        return toolchain if directory is None else replace(toolchain, binds=(*toolchain.binds, directory))

    def fill(self, toolchain: Toolchain, scratch: Scratch) -> None:
        """Put into a run's private directory what its language finds there. Raises OSError."""
        if toolchain.language == "python":
            scratch.put(f"{BACKEND}.py", _PICTURES.read_bytes(), folder=PYTHON_FOLDER)
        if toolchain.language == "python" and self.folder is not None:
            for name, content in _contents(self.folder / _FONTS).items():
                scratch.put(name, content, folder=f"{CACHE}/matplotlib")
        if toolchain.language == "go":
            scratch.put("mode", b"off", folder=_GO_TELEMETRY)
        if (directory := self._go_cache(toolchain)) is not None:
            scratch.link_tree(_listing(directory), directory, folder=f"{CACHE}/go")
            scratch.put(_TRIMMED, str(int(time.time())).encode(), folder=f"{CACHE}/go")

    def keep_fonts(self, files: Sequence[WrittenFile]) -> None:
        """Keep what FONT_PROGRAM wrote. Raises OSError."""
        with _AtomicFolder(self.made(), _FONTS) as directory:
            for file in files:
                (directory / file.name).write_bytes(file.content)

    def compile_go(self, toolchain: Toolchain) -> None:
        """Compile Go's standard library, which takes the better part of a minute. Raises OSError."""
        with _AtomicFolder(self.made(), _go_name(toolchain)) as directory, tempfile.TemporaryDirectory() as work:
            imports = "".join(f'import _ "{package}"\n' for package in _GO_PACKAGES)
            Path(work, "main.go").write_text(f"package main\n{imports}func main() {{}}\n", encoding="utf-8")
            environment = {**toolchain.environment, "GOCACHE": str(directory), "HOME": work, "PATH": os.defpath}
            command = [f"{toolchain.environment['GOROOT']}/bin/go", "build", "-o", os.devnull, "main.go"]
            try:
                ask(command, cwd=Path(work), env=environment, seconds=_BUILD_SECONDS)
            except NoAnswerError as error:
                raise OSError(f"{command[0]} cannot compile Go's library: {error}") from error
            (directory / _TRIMMED).unlink(missing_ok=True)
            _make_readable(directory)

    def made(self) -> Path:
        """The folder, which exists from now on. Raises OSError when it cannot be made."""
        if self.folder is None:
            raise OSError("there is no folder to prepare")
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder

    def _go_cache(self, toolchain: Toolchain) -> Path | None:
        if self.folder is None or toolchain.language != "go":
            return None
        directory = self.folder / _go_name(toolchain)
        return directory if directory.is_dir() else None


class _AtomicFolder:
    """A new folder that gets its name at the block's end, all at once: a run never sees half of it."""

    def __init__(self, parent: Path, name: str) -> None:
        self._target = parent / name
        self._temporary = tempfile.TemporaryDirectory(dir=parent)

    def __enter__(self) -> Path:
        self._place = Path(self._temporary.__enter__(), "ready")
        self._place.mkdir()
        return self._place

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and not self._target.is_dir():
            os.replace(self._place, self._target)
        self._temporary.cleanup()


def _go_name(toolchain: Toolchain) -> str:
    # A compiled package fits the one version at the one place that compiled it.
    root = Path(toolchain.environment["GOROOT"])
    key = f"{root}\n{(root / 'VERSION').read_text(encoding='utf-8')}\n{' '.join(_GO_PACKAGES)}"
    return f"{_GO}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


@cache
def _listing(directory: Path) -> Mapping[str, Sequence[str]]:
    folders = sorted(path.name for path in directory.iterdir() if path.is_dir())
    return {name: sorted(os.listdir(directory / name)) for name in folders}


def _contents(directory: Path) -> Mapping[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.glob("*.json"))}


def _make_readable(directory: Path) -> None:
    for folder, _, files in os.walk(directory):
        os.chmod(folder, 0o755)
        for file in files:
            os.chmod(Path(folder, file), 0o644)
