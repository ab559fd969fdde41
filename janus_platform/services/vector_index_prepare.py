"""Set-up of the vector index, done once by `janus prepare`: fetch the model, quantise it, encode the knowledge base.

Each step is skipped where its result is there already, so a second run takes a moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from janus_bench.home import home
from janus_platform.corpus import Corpus
from janus_platform.services.embedding import Encoder, ModelDamaged, is_prepared, quantise
from janus_platform.services.model_files import (
    TOKENIZER,
    WEIGHTS,
    ModelUnavailable,
    Progress,
    Source,
    checked,
    fetch_model,
)
from janus_platform.services.vector_index_chunks import chunks_of
from janus_platform.services.vector_index_store import load_vectors, save_vectors

METHOD_SEMANTIC = "semantic"
METHOD_LEXICAL = "lexical"


@dataclass(frozen=True)
class PrepareReport:
    """How the vector index will answer, over how many chunks, and why not semantically ("" where it does)."""

    method: str
    chunks: int
    notice: str = ""


def model_folder() -> Path:
    """The user's folder for the model and the vectors made with it."""
    return home() / "cache" / "minilm"


def prepare(
    corpus: Corpus, progress: Progress, *, folder: Path | None = None, sources: tuple[Source, ...] | None = None
) -> PrepareReport:
    """Make everything that semantic answers need, in `folder` (default: `model_folder()`).

    Without a network this is no failure: the report says that the index answers lexically, and why. Raises OSError
    when the folder cannot be written.
    """
    folder = folder or model_folder()
    chunks = chunks_of(corpus)
    try:
        encoder = _encoder(folder, progress, sources)
    except (ModelUnavailable, ModelDamaged) as error:
        return PrepareReport(METHOD_LEXICAL, len(chunks), str(error))
    if load_vectors(chunks, folder) is None:
        save_vectors(encoder, chunks, folder, progress)
    return PrepareReport(METHOD_SEMANTIC, len(chunks))


def _encoder(folder: Path, progress: Progress, sources: tuple[Source, ...] | None) -> Encoder:
    if is_prepared(folder):
        try:
            return Encoder.load(folder)
        except ModelDamaged:
            progress("the cached model is damaged and is fetched again", 0, 1)
    if not all(checked(folder / file.name, file.sha256) for file in (WEIGHTS, TOKENIZER)):
        fetch_model(folder, progress, sources)
    progress("quantising the model", 0, 1)
    quantise(folder)
    # A quarter of its size is left now, and nothing reads the original any more.
    (folder / WEIGHTS.name).unlink()
    progress("quantising the model", 1, 1)
    return Encoder.load(folder)
