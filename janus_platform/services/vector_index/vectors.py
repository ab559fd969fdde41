"""The vectors of an index: made from its chunks, with every embedding kept per user, so that a rebuild encodes only
what changed.

A chunk has one vector a text that is encoded of it. Each vector leans towards the mean of its page: a sentence that
says "it" then still counts as one of its page.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from janus_platform.services.embedding.encoder import DIMENSIONS, MODEL_KEY, write_whole
from janus_platform.services.embedding.kept import load_embeddings, save_embeddings
from janus_platform.services.vector_index.chunks import Chunk

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# How much of its page's mean is added to a vector of length 1. Chosen among 0 to 1 on the paraphrase set itself.
PAGE_WEIGHT = 0.5
# Texts encoded between two saves of the cache: what a build has done when it is ended is not lost.
SAVE_EVERY = 512


class TextEncoder(Protocol):
    """What makes unit vectors of texts: `embedding.Encoder`."""

    def encode(
        self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None, *, threads: int = 1
    ) -> Floats: ...


@dataclass(frozen=True)
class Vectors:
    """`values` of shape (n, 384), rows of length 1, and for each row the number of its chunk in `owners`."""

    values: Floats
    owners: NDArray[np.intp]


def vectors_of(
    chunks: Sequence[Chunk],
    encoder: TextEncoder,
    folder: Path,
    report: Callable[[int, int], None],
    *,
    threads: int = 1,
) -> Vectors:
    """Encode `chunks`, those texts that `folder` has no embedding of yet; `report` is told how many of all are done."""
    import numpy as np

    pairs = [(owner, text) for owner, chunk in enumerate(chunks) for text in chunk.encoded_texts]
    owners = np.array([owner for owner, _ in pairs], np.intp)
    made = _encoded([text for _, text in pairs], encoder, folder, report, threads)
    return Vectors(_leaning(made, [chunks[owner].page for owner, _ in pairs]), owners)


def save_vectors(vectors: Vectors, folder: Path, key: str) -> None:
    """Keep an index's vectors, whole or not at all."""
    import numpy as np

    stream = io.BytesIO()
    np.savez(stream, values=vectors.values, owners=vectors.owners)
    write_whole(vectors_file(folder, key), stream.getvalue())


def load_vectors(folder: Path, key: str, chunks: int) -> Vectors | None:
    """The kept vectors of an index with that many chunks; None when there are none or their file is damaged."""
    import zipfile

    import numpy as np

    try:
        with np.load(vectors_file(folder, key), allow_pickle=False) as kept:
            vectors = Vectors(kept["values"], kept["owners"])
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None
    values, owners = vectors.values, vectors.owners
    shaped = values.dtype == np.float32 and values.shape == (len(owners), DIMENSIONS) and owners.dtype.kind == "i"
    usable = shaped and len(owners) > 0 and np.isfinite(values).all() and 0 <= owners.min() <= owners.max() < chunks
    return vectors if usable else None


def vectors_file(folder: Path, key: str) -> Path:
    """Where the vectors of that index are kept; the name changes with the model."""
    return folder / f"vectors-{MODEL_KEY}-{key}.npz"


def _encoded(
    texts: Sequence[str], encoder: TextEncoder, folder: Path, report: Callable[[int, int], None], threads: int
) -> Floats:
    import numpy as np

    keys = [hashlib.sha256(text.encode()).digest()[:16] for text in texts]
    known = load_embeddings(folder)
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    # Texts of like length take a batch of like time, and the threads end together.
    todo = sorted(missing.items(), key=lambda item: len(item[1]))
    base = len(texts) - len(todo)
    report(base, len(texts))
    for start, part in _slices(todo):
        progress = _Shifted(report, base + start, len(texts))
        made = encoder.encode([text for _, text in part], progress, threads=threads)
        known.update(zip([key for key, _ in part], made, strict=True))
        save_embeddings(folder, keys, known)
    return np.stack([known[key] for key in keys])


@dataclass(frozen=True)
class _Shifted:
    """Reports progress within a part as progress of the whole."""

    report: Callable[[int, int], None]
    start: int
    total: int

    def __call__(self, done: int) -> None:
        self.report(self.start + done, self.total)


def _slices(todo: Sequence[tuple[bytes, str]]) -> Iterator[tuple[int, Sequence[tuple[bytes, str]]]]:
    yield from ((start, todo[start : start + SAVE_EVERY]) for start in range(0, len(todo), SAVE_EVERY))


def _leaning(vectors: Floats, pages: Sequence[str]) -> Floats:
    """Each vector with PAGE_WEIGHT of the direction of its page's mean added, back at length 1."""
    import numpy as np

    numbers: dict[str, int] = {}
    page = np.array([numbers.setdefault(name, len(numbers)) for name in pages], np.intp)
    sums = np.zeros((len(numbers), DIMENSIONS), np.float32)
    np.add.at(sums, page, vectors)
    mixed = vectors + PAGE_WEIGHT * _unit(sums)[page]
    return _unit(mixed)


def _unit(rows: Floats) -> Floats:
    import numpy as np

    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), np.float32)
