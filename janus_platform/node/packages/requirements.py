"""What a requirements.txt asks for: names with extras, versions, markers and hashes, and nothing else.

pip's own format can also name another index, other files, addresses, folders and repositories. Those are refused by
line: what is installed comes from the index that this machine's pip uses, or from the submission's own wheels.
Source: pip's reference, Requirements File Format; PEP 508.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from janus_platform.contract import PackageRules
from janus_platform.node.packages.errors import RequirementsError

FILE = "requirements.txt"
MAX_LINE = 1_000
MAX_HASHES = 200
_HASH = re.compile(r"--hash[= ](sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})")
_ARCHIVES = (".whl", ".gz", ".zip")
_SHOWN = 80


@dataclass(frozen=True)
class Wanted:
    """One requirement, the number of its line, and the hashes of which its file must have one."""

    line: int
    requirement: Requirement
    hashes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The package's name as indexes compare it."""
        return canonicalize_name(self.requirement.name)

    def text(self) -> str:
        """The requirement as a line that pip takes."""
        return " ".join([str(self.requirement), *(f"--hash={value}" for value in self.hashes)])


def read_requirements(content: bytes, rules: PackageRules) -> list[Wanted]:
    """The requirements in their order. Raises RequirementsError with the number of the line."""
    if len(content) > rules.max_requirements_bytes:
        raise RequirementsError(f"{FILE} is larger than {rules.max_requirements_bytes:,} bytes.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RequirementsError(f"{FILE} is not UTF-8. Save it as UTF-8.") from None
    wanted: list[Wanted] = []
    for number, line in _lines(text):
        if len(wanted) == rules.max_requirements:
            raise RequirementsError(f"line {number}: {FILE} asks for more than {rules.max_requirements} packages.")
        wanted.append(_wanted(number, line))
    if mixed := [one for one in wanted if not one.hashes] if any(one.hashes for one in wanted) else []:
        raise RequirementsError(
            f"line {mixed[0].line}: {mixed[0].name} has no --hash, and others have. Give all of them hashes, or none."
        )
    return wanted


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line that says something, continued ones joined, without its comment, with the number it begins at."""
    begun, parts = 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        begun = begun if parts else number
        is_comment = line.lstrip().startswith("#")
        parts.append("" if is_comment else line.removesuffix("\\"))
        if line.endswith("\\") and not is_comment:
            continue
        joined, parts = re.split(r"(?:^|\s)#", "".join(parts), maxsplit=1)[0].strip(), []
        if joined:
            yield begun, joined
    if joined := "".join(parts).strip():
        yield begun, joined


def _wanted(number: int, line: str) -> Wanted:
    if line.startswith("-"):
        option = re.split(r"[= ]", line, maxsplit=1)[0]
        raise RequirementsError(
            f"line {number}: {option[:_SHOWN]!a} is not allowed here. List packages, with versions, markers and "
            "hashes; they come from the index that this machine's pip uses, or from the folder wheels/."
        )
    hashes = _HASH.findall(line)
    plain = _HASH.sub("", line).strip()
    if len(plain) > MAX_LINE or len(hashes) > MAX_HASHES:
        raise RequirementsError(f"line {number}: it is longer than one requirement can be.")
    try:
        requirement = Requirement(plain)
    except (InvalidRequirement, RecursionError):
        raise RequirementsError(f"line {number}: {_why_none(plain)}") from None
    if requirement.url or requirement.name.endswith(_ARCHIVES):
        raise RequirementsError(f"line {number}: {_why_none(requirement.url or requirement.name)}")
    return Wanted(number, requirement, tuple(hashes))


def _why_none(text: str) -> str:
    shown = ascii(text[:_SHOWN])
    if "://" in text or text.startswith((".", "/", "~", "file:")) or text.endswith(_ARCHIVES):
        return f"{shown} is an address or a path. Name the package, and put its wheel into the folder wheels/."
    if " --" in text:
        return f"{shown} has an option that is not allowed here; only --hash=sha256:… is."
    return f"{shown} is not a requirement. A requirement looks like `httpx>=0.28`."
