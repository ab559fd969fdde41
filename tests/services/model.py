"""The real embedding model for the tests that need it: the user's cached one, or one fetched once per test run."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pytest

from janus_platform.services.embedding.download import ModelUnavailableError, fetch_model
from janus_platform.services.embedding.encoder import Encoder, ModelDamagedError, is_prepared, quantise
from janus_platform.services.vector_index.prepare import model_folder


def quiet(step: str, done: int, total: int) -> None:
    """A progress callback that says nothing."""


@cache
def _found() -> tuple[Path | None, str]:
    folder = model_folder()
    if is_prepared(folder):
        try:
            Encoder.load(folder)
            return folder, ""
        except ModelDamagedError as error:
            return None, str(error)
    fetched = Path(tempfile.mkdtemp(prefix="janus-model-"))
    atexit.register(shutil.rmtree, fetched, ignore_errors=True)
    try:
        fetch_model(fetched, quiet)
        quantise(fetched)
    except ModelUnavailableError as error:
        return None, str(error)
    return fetched, ""


def shared_model() -> Path:
    """The folder of a prepared model; skips the test with the reason when there is none and none can be fetched."""
    folder, reason = _found()
    if folder is None:
        pytest.skip(reason)
    return folder
