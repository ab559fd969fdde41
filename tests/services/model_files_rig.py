"""What the tests of model files share: a small model at a real HTTPS server, and a home folder of their own."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from janus_platform.services.inference.models.table import Entry
from tests.services.model_server import Served, https_server
from tests.services.small_gguf import gguf

CONTENT = gguf(values=100_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("JANUS_HOME", str(folder))
    return folder


@pytest.fixture
def served(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Served]:
    with https_server(tmp_path, monkeypatch.setenv, Served(CONTENT)) as served:
        yield served


def entry(served: Served, **other: object) -> Entry:
    known = Entry("tiny", "Tiny", "MIT", len(CONTENT), "tiny.gguf", source={}, sha256=SHA256, address=served.address)
    return dataclasses.replace(known, **other)  # type: ignore[arg-type]


def left(home: Path) -> set[str]:
    """What lies in the folder of models, without the empty files that are locked."""
    return {path.name for path in (home / "models").iterdir() if path.suffix != ".lock"}
