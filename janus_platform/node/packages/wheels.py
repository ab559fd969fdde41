"""Wheels from outside, looked through before anything of them is written: what they claim to hold, and where.

A zip file's own directory says each file's size; no more than that comes out of it. This module unpacks nothing.
Source: PEP 427, PKWARE's APPNOTE (general purpose bit 0, external attributes).
"""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from janus_platform.contract import PackageRules
from janus_platform.node.packages.errors import WheelError

FOLDER = "wheels"
MAX_METADATA_BYTES = 1_000_000
MAX_RECORD_BYTES = 20_000_000
_ENCRYPTED = 0x1
_NEEDED = ("METADATA", "RECORD", "WHEEL")


def check_wheel(path: Path, rules: PackageRules) -> tuple[int, int]:
    """How many bytes and files the wheel holds. Raises WheelError for what is none or may not be installed."""
    name = ascii(path.name[:120])[1:-1]
    try:
        parse_wheel_filename(path.name)
    except InvalidWheelFilename:
        raise WheelError(f"{name} is not a valid wheel name: NAME-VERSION-PYTHON-ABI-PLATFORM.whl.") from None
    if path.stat().st_size > rules.max_wheel_bytes:
        raise WheelError(f"{name} has more than {rules.max_wheel_bytes:,} bytes.")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            scripts = [archive.read(entry) for entry in entries if _names_scripts(entry)]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, MemoryError) as error:
        raise WheelError(f"{name} cannot be read: {str(error)[:120] or type(error).__name__}. Build it anew.") from None
    if len(entries) > rules.max_files:
        raise WheelError(f"{name} holds more than {rules.max_files:,} files.")
    if (size := sum(entry.file_size for entry in entries)) > rules.max_bytes:
        raise WheelError(f"{name} unpacks to {size:,} bytes; {rules.max_bytes:,} are allowed.")
    for entry in entries:
        if wrong := _wrong(entry):
            raise WheelError(f"{name} holds {entry.filename[:80]!a}, {wrong}. It is not installed.")
    if len({entry.filename for entry in entries}) < len(entries):
        raise WheelError(f"{name} contains two files with the same name. It is not installed.")
    _check_metadata(name, entries)
    if any(_leads_out(content) for content in scripts):
        raise WheelError(f"{name} has a script whose name is a path. It is not installed.")
    return size, len(entries)


def _wrong(entry: zipfile.ZipInfo) -> str:
    original, parts = entry.orig_filename, entry.filename.split("/")
    if original.startswith("/") or "\\" in original or "\0" in original or ".." in parts or ":" in parts[0]:
        return "a path that leads out of the environment"
    if entry.flag_bits & _ENCRYPTED:
        return "which is encrypted"
    kind = stat.S_IFMT(entry.external_attr >> 16)
    return "which is a link or a device" if kind not in (0, stat.S_IFREG, stat.S_IFDIR) else ""


def _names_scripts(entry: zipfile.ZipInfo) -> bool:
    return entry.filename.endswith(".dist-info/entry_points.txt") and entry.file_size <= MAX_METADATA_BYTES


def _leads_out(entry_points: bytes) -> bool:
    """Whether one of the scripts that an installer would write has a path for a name."""
    names = (line.partition(b"=")[0] for line in entry_points.splitlines() if not line.lstrip().startswith(b"#"))
    return any(character in name for name in names for character in b"/\\")


def _check_metadata(name: str, entries: list[zipfile.ZipInfo]) -> None:
    sizes = {
        entry.filename.rpartition("/")[2]: entry.file_size
        for entry in entries
        if entry.filename.count("/") == 1 and entry.filename.partition("/")[0].endswith(".dist-info")
    }
    if missing := [needed for needed in _NEEDED if needed not in sizes]:
        raise WheelError(f"{name} has no {missing[0]} in its .dist-info, so it is not a wheel. Build it again.")
    if any(sizes.get(part, 0) > MAX_METADATA_BYTES for part in ("METADATA", "WHEEL", "entry_points.txt")):
        raise WheelError(f"{name} has a description of more than {MAX_METADATA_BYTES:,} bytes.")
    if sizes["RECORD"] > MAX_RECORD_BYTES:
        raise WheelError(f"{name} has a list of files of more than {MAX_RECORD_BYTES:,} bytes.")
