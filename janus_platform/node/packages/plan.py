"""What a submission's folder asks for, before anything is installed: what is here already, what is not, and the key.

The key names an environment: the same requirements and wheels, on the same Python with the same packages beside it,
are installed once.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from janus_platform.contract import PackageRules
from janus_platform.node.packages.errors import RequirementsError
from janus_platform.node.packages.here import applies, installed_digest, meets, python_tag
from janus_platform.node.packages.requirements import FILE, Wanted, read_requirements
from janus_platform.node.packages.wheels import FOLDER

_FORMAT = 1


@dataclass(frozen=True)
class Plan:
    """`here` are the packages that the platform has already, `missing` those to install, by `key`."""

    here: tuple[str, ...]
    missing: tuple[Wanted, ...]
    wheels: Path | None
    key: str

    def lines(self) -> list[str]:
        """What pip is asked for."""
        return [wanted.text() for wanted in self.missing]


def read_plan(folder: Path, rules: PackageRules) -> Plan | None:
    """The plan of a submitted folder; None where it has no requirements.txt. Blocks. Raises RequirementsError."""
    file, wheels = folder / FILE, folder / FOLDER
    if not file.is_file():
        return None
    try:
        content = _bounded(file, rules.max_requirements_bytes)
        wanted = [one for one in read_requirements(content, rules) if applies(one.requirement)]
        met = {one: found for one in wanted if (found := meets(one.requirement))}
        missing = tuple(one for one in wanted if one not in met)
        own = sorted(wheels.glob("*.whl")) if missing and wheels.is_dir() else []
        key = _key(missing, own) if missing else ""
    except OSError as error:
        raise RequirementsError(f"{FILE} or {FOLDER}/ cannot be read: {error.strerror}.") from error
    return Plan(tuple(one.requirement.name for one in met), missing, wheels if own else None, key)


def _bounded(file: Path, most: int) -> bytes:
    with file.open("rb") as opened:
        return opened.read(most + 1)


def _key(missing: tuple[Wanted, ...], wheels: list[Path]) -> str:
    of_wheels = []
    for path in wheels:
        with path.open("rb") as file:
            of_wheels.append([path.name, hashlib.file_digest(file, "sha256").hexdigest()])
    asked = sorted(one.text() for one in missing)
    parts = [_FORMAT, python_tag(), installed_digest(), asked, of_wheels]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]
