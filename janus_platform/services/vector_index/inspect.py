"""The kept index for a notebook: its chunks, its vectors, and these as points in a plane."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from janus_platform.corpus import load_corpus
from janus_platform.services.vector_index.chunks import Chunk, chunks_of
from janus_platform.services.vector_index.knowledge import kept_keys, load
from janus_platform.services.vector_index.prepare import model_folder
from janus_platform.services.vector_index.vectors import Vectors, load_vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


def kept_chunks(folder: Path | None = None) -> list[Chunk]:
    """The chunks of the newest kept index; those of the corpus where `janus prepare` never ran."""
    folder = folder or model_folder()
    kept = (load(folder, key) for key in kept_keys(folder))
    knowledge = next((knowledge for knowledge in kept if knowledge is not None), None)
    return chunks_of(load_corpus()) if knowledge is None else list(knowledge.chunks)


def kept_vectors(folder: Path | None = None) -> tuple[list[Chunk], Vectors] | None:
    """The chunks and vectors of the newest kept index that has any; None without a prepared model."""
    folder = folder or model_folder()
    for key in kept_keys(folder):
        knowledge = load(folder, key)
        vectors = load_vectors(folder, key, len(knowledge.chunks)) if knowledge else None
        if knowledge and vectors:
            return list(knowledge.chunks), vectors
    return None


def in_a_plane(values: Floats) -> tuple[Floats, float]:
    """The two principal components of `values`, shape (n, 2), and the share of the variance that they keep."""
    import numpy as np

    centred = values - values.mean(axis=0)
    variances, directions = np.linalg.eigh(np.cov(centred.T))
    # eigh sorts ascending.
    points = np.asarray(centred @ directions[:, :-3:-1], np.float32)
    return points, float(variances[-2:].sum() / variances.sum())
