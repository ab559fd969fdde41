"""Where vectors are kept and searched: exact search in memory behind a small interface, and its file on disk.

Exact search over 5,000 vectors takes 0.2 ms; an approximate index or a server can take its place behind `VectorStore`
when there are a thousand times as many.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from janus_platform.services.embedding import DIMENSIONS, MODEL_KEY, Encoder
from janus_platform.services.model_files import Progress
from janus_platform.services.vector_index_chunks import Chunk, key_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


class VectorStore(Protocol):
    """Vectors that can be searched by cosine."""

    def nearest(self, vector: Floats, limit: int) -> list[tuple[int, float]]:
        """The positions of the `limit` nearest vectors and their cosines, largest first."""


class ExactStore:
    """Compares with every vector. `vectors` has shape (n, 384), each row of length 1."""

    def __init__(self, vectors: Floats) -> None:
        self._vectors = vectors

    def nearest(self, vector: Floats, limit: int) -> list[tuple[int, float]]:
        cosines = self._vectors @ vector
        best = (-cosines).argsort(kind="stable")[:limit]
        return [(int(i), max(-1.0, min(1.0, float(cosines[i])))) for i in best]


def index_file(folder: Path, chunks: Sequence[Chunk]) -> Path:
    """The file of the vectors of `chunks`; its name changes with any chunk and with the model."""
    return folder / f"vectors-{MODEL_KEY}-{key_of(chunks)[:24]}.npy"


def save_vectors(encoder: Encoder, chunks: Sequence[Chunk], folder: Path, progress: Progress) -> Floats:
    """Encode `chunks` (some 25 a second), place the file atomically, and remove older ones."""
    import numpy as np

    step, total = "encoding the knowledge base", len(chunks)
    progress(step, 0, total)
    vectors = encoder.encode([chunk.embedded_text for chunk in chunks], lambda done: progress(step, done, total))
    path = index_file(folder, chunks)
    scratch = path.with_name(f"{path.name}.{os.getpid()}")
    with scratch.open("wb") as stream:
        np.save(stream, vectors, allow_pickle=False)
    os.replace(scratch, path)
    for old in folder.glob("vectors-*.npy"):
        if old != path:
            old.unlink(missing_ok=True)
    return vectors


def load_vectors(chunks: Sequence[Chunk], folder: Path) -> Floats | None:
    """The stored vectors of exactly these chunks, or None when there are none or the file is damaged."""
    import numpy as np

    try:
        vectors = np.load(index_file(folder, chunks), allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    usable = vectors.shape == (len(chunks), DIMENSIONS) and vectors.dtype == np.float32 and np.isfinite(vectors).all()
    return vectors if usable else None
