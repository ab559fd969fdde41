"""The measurement before an implementation's process exists: code, dependencies, configuration, egress list.

Every measurement is made of the platform's own copy, on the host, before the process starts. Of installed packages it
takes the RECORD file, in which the installer wrote the SHA-256 of each file; the files themselves are not read again:
a package changed in place without its RECORD goes unnoticed. A TEE measures the whole root file system instead.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from importlib.metadata import Distribution, distributions
from pathlib import Path

from janus_platform.attestation.registers import Event

# What linters leave beside a source; no interpreter looks there.
LINTER_CACHES = {".mypy_cache", ".ruff_cache"}
CODE, DEPENDENCIES, CONFIGURATION, EGRESS = "code", "dependencies", "configuration", "egress"
LOCK_FILES = re.compile(
    r"requirements[\w.-]*\.(txt|lock)|pylock[\w.-]*\.toml|(uv|poetry|Pipfile|Cargo)\.lock"
    r"|package-lock\.json|pnpm-lock\.yaml|yarn\.lock|go\.sum"
)


def code(folder: Path) -> list[Event]:
    """One event for each file below `folder`, by path: its mode, its size and the SHA-384 of its bytes.

    Compiled files (`__pycache__`) are files like any other: Python would run them. Raises OSError.
    """
    return [Event(CODE, path.relative_to(folder).as_posix(), _file_value(path)) for path in _files(folder)]


def dependencies(folder: Path, command: Sequence[str], packages: Path | None = None) -> list[Event]:
    """The program, Python and its packages with their versions, and the lock files in `folder`. Raises OSError.

    `packages` are those of the implementation's own: every file of them is read, and one event stands for all.
    """
    program = command[0] if not command[0].startswith("./") else str((folder / command[0]).absolute())
    events = [Event(DEPENDENCIES, f"program {Path(program).name}", _program_value(program))]
    if packages is not None:
        events += _own_packages(packages)
    if command[0] == sys.executable:
        events += _python(_state_of_path())
    locks = (path for path in _files(folder) if LOCK_FILES.fullmatch(path.name))
    events += (Event(DEPENDENCIES, f"lock file {p.relative_to(folder).as_posix()}", _file_value(p)) for p in locks)
    return events


def configuration(
    command: Sequence[str], environment: Iterable[str], limits: Mapping[str, int], isolation: str
) -> list[Event]:
    """The command line, the names of the environment variables (never a value), the limits and the isolation layer."""
    shown = ["python" if part == sys.executable else part for part in command]
    events = [Event(CONFIGURATION, "command", json.dumps(shown))]
    events += (Event(CONFIGURATION, f"environment {name}", "set") for name in sorted(environment))
    events += (Event(CONFIGURATION, f"limit {name}", str(value)) for name, value in sorted(limits.items()))
    return [*events, Event(CONFIGURATION, "isolation", isolation)]


def egress(hosts: Iterable[str], port: int) -> list[Event]:
    """The hosts that the implementation may reach, in alphabetical order."""
    return [Event(EGRESS, f"{host}:{port}", "allowed") for host in sorted(hosts)]


def changes(before: Iterable[Event], after: Iterable[Event]) -> list[tuple[str, str]]:
    """What differs between two measurements of one register: names, each with "changed", "gone" or "new"."""
    old, new = ({event.name: event.value for event in events} for events in (before, after))
    differences = [(name, "changed") for name in old if name in new and old[name] != new[name]]
    differences += [(name, "gone") for name in old if name not in new]
    return differences + [(name, "new") for name in new if name not in old]


def _files(folder: Path) -> Iterator[Path]:
    for parent, directories, names in os.walk(folder, onerror=_unreadable):
        directories[:] = sorted(set(directories) - LINTER_CACHES)
        yield from (Path(parent, name) for name in sorted(names))


def _unreadable(error: OSError) -> None:
    raise error


def _file_value(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha384").hexdigest()
        status = os.fstat(file.fileno())
    return f"mode {stat.S_IMODE(status.st_mode):04o}, {status.st_size} bytes, sha384 {digest}"


def _program_value(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        return "not found"
    status = os.stat(path)
    return _program_digest(os.path.realpath(path), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=32)
def _program_digest(path: str, _changed: int, _size: int) -> str:
    with open(path, "rb") as file:
        return f"sha384 {hashlib.file_digest(file, 'sha384').hexdigest()}"


def _state_of_path() -> tuple[tuple[str, int], ...]:
    """The folders that hold packages, and when something was installed into or removed from each."""
    return tuple((path, os.stat(path).st_mtime_ns) for path in sys.path if path and os.path.isdir(path))


def _own_packages(folder: Path) -> Iterator[Event]:
    files = list(_files(folder))
    states = tuple((str(path), status.st_mtime_ns, status.st_size) for path in files if (status := path.lstat()))
    yield Event(DEPENDENCIES, "own packages", _tree_value(str(folder), states))
    for distribution in sorted(distributions(path=[str(folder)]), key=_distribution_name):
        yield Event(DEPENDENCIES, f"own package {_distribution_name(distribution)}", _package_value(distribution))


@lru_cache(maxsize=32)
def _tree_value(folder: str, states: tuple[tuple[str, int, int], ...]) -> str:
    """One digest over every file; read again when one has another time or size."""
    lines = [f"{Path(path).relative_to(folder).as_posix()}: {_file_value(Path(path))}" for path, _, _ in states]
    return f"{len(lines)} files, sha384 {hashlib.sha384(chr(10).join(lines).encode()).hexdigest()}"


def _distribution_name(distribution: Distribution) -> str:
    return re.sub(r"[-_.]+", "-", distribution.metadata["Name"] or "unnamed").lower()


@lru_cache(maxsize=2)
def _python(_state: tuple[tuple[str, int], ...]) -> tuple[Event, ...]:
    packages: dict[str, str] = {}
    for distribution in distributions():
        # Python imports the one that comes first.
        packages.setdefault(_distribution_name(distribution), _package_value(distribution))
    version = Event(DEPENDENCIES, "python", f"{platform.python_implementation()} {platform.python_version()}")
    return (version, *(Event(DEPENDENCIES, f"package {name}", packages[name]) for name in sorted(packages)))


def _package_value(distribution: Distribution) -> str:
    record = distribution.read_text("RECORD") or distribution.read_text("METADATA") or ""
    return f"{distribution.version}, sha384 of RECORD {hashlib.sha384(record.encode()).hexdigest()}"
