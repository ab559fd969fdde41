"""Set-up of the vector index, done once by `janus prepare`: fetch the model, quantise it, make the index.

Each step is skipped where its result is there already, so a second run takes a moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from janus_bench.home import home
from janus_platform.contract import load_contract
from janus_platform.corpus import Corpus
from janus_platform.services.embedding.download import (
    TOKENIZER,
    WEIGHTS,
    ModelUnavailableError,
    Progress,
    Source,
    checked,
    fetch_model,
)
from janus_platform.services.embedding.encoder import Encoder, ModelDamagedError, is_prepared, quantise
from janus_platform.services.vector_index.build import build_at_once
from janus_platform.services.vector_index.knowledge import current_key, head, kept_keys, knowledge_file
from janus_platform.services.vector_index.vectors import vectors_file

METHOD_SEMANTIC = "semantic"
METHOD_LEXICAL = "lexical"

Build = Callable[[Path, Progress], Awaitable[None]]


@dataclass(frozen=True)
class PrepareReport:
    """How the vector index will answer, over how many chunks, and why not semantically ("" where it does)."""

    method: str
    chunks: int
    notice: str = ""


def model_folder() -> Path:
    """The user's folder for the model and the indexes made with it."""
    return home() / "cache" / "minilm"


def prepare(
    corpus: Corpus,
    progress: Progress,
    *,
    folder: Path | None = None,
    sources: tuple[Source, ...] | None = None,
    build: Build = build_at_once,
) -> PrepareReport:
    """Make everything that semantic answers need, in `folder` (default: `model_folder()`).

    Without a network this is no failure: the report says that the index answers lexically, and why. Raises OSError
    when the folder cannot be written, BuildError when the index cannot be made.
    """
    folder = folder or model_folder()
    folder.mkdir(parents=True, exist_ok=True)
    key = current_key(corpus, load_contract().repository)
    reason = _get_model(folder, progress, sources)
    complete = knowledge_file(folder, key).is_file() and (reason or vectors_file(folder, key).is_file())
    if not complete:
        asyncio.run(_awaited(build(folder, progress)))
    method = METHOD_LEXICAL if reason else METHOD_SEMANTIC
    # A page that somebody saved meanwhile gave the index another key.
    made = key if knowledge_file(folder, key).is_file() else next(iter(kept_keys(folder)), key)
    return PrepareReport(method, int(head(folder, made).get("chunks", 0)), reason)


async def _awaited(building: Awaitable[None]) -> None:
    await building


def _get_model(folder: Path, progress: Progress, sources: tuple[Source, ...] | None) -> str:
    """Have a model in `folder` that loads; "", or why there is none."""
    try:
        if is_prepared(folder):
            try:
                Encoder.load(folder)
                return ""
            except ModelDamagedError:
                progress("the cached model is damaged and is fetched again", 0, 1)
        if not all(checked(folder / file.name, file.sha256) for file in (WEIGHTS, TOKENIZER)):
            fetch_model(folder, progress, sources)
        progress("quantising the model", 0, 1)
        quantise(folder)
    except (ModelUnavailableError, ModelDamagedError) as error:
        return str(error)
    # A quarter of its size is left now, and nothing reads the original any more.
    (folder / WEIGHTS.name).unlink()
    progress("quantising the model", 1, 1)
    return ""
