"""Which requirements the platform's own packages meet already: those are used, and not installed again."""

from __future__ import annotations

import hashlib
import os
import sys
import sysconfig
from collections.abc import Set as AbstractSet
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.markers import UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name


def applies(requirement: Requirement, extra: str = "") -> bool:
    """Whether its marker holds for this Python on this machine."""
    try:
        return requirement.marker is None or requirement.marker.evaluate({"extra": extra})
    except UndefinedEnvironmentName:
        return True


def meets(requirement: Requirement, seen: AbstractSet[tuple[str, str]] = frozenset()) -> Distribution | None:
    """The installed package that meets `requirement`, with what its extras need; None where there is none."""
    try:
        found = distribution(requirement.name)
    except (PackageNotFoundError, ValueError):
        return None
    if not requirement.specifier.contains(found.version, prereleases=True):
        return None
    for extra in requirement.extras:
        step = (canonicalize_name(requirement.name), canonicalize_name(extra))
        if step not in seen and not _has_extra(found, extra, {*seen, step}):
            return None
    return found


def _has_extra(found: Distribution, extra: str, seen: AbstractSet[tuple[str, str]]) -> bool:
    if canonicalize_name(extra) not in map(canonicalize_name, found.metadata.get_all("Provides-Extra") or ()):
        return False
    try:
        needs = [Requirement(line) for line in found.requires or ()]
    except InvalidRequirement:
        return False
    return all(meets(need, seen) for need in needs if applies(need, extra) and not applies(need))


def python_tag() -> str:
    """What compiled packages are made for: implementation, version and machine."""
    return f"{sys.implementation.cache_tag} {sysconfig.get_platform()}"


def installed_digest() -> str:
    """A digest of the names and versions beside this interpreter: another set may resolve otherwise."""
    names = {name for folder in sys.path if os.path.isdir(folder) for name in os.listdir(folder)}
    lines = sorted(name for name in names if name.endswith(".dist-info"))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
