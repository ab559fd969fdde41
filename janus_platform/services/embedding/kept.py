"""Embeddings kept on disk, by the hash of their text, so that nothing is encoded twice."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from janus_platform.services.embedding.encoder import DIMENSIONS, MODEL_KEY, write_whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# Embeddings kept beyond those of the newest index, for other versions of the same packages.
KEPT_BESIDES = 10_000


def embeddings_file(folder: Path) -> Path:
    """Where every text's embedding is kept, by the hash of the text; the name changes with the model."""
    return folder / f"embeddings-{MODEL_KEY}.npy"


def load_embeddings(folder: Path) -> dict[bytes, Floats]:
    """Every kept embedding; none where the file is missing or damaged."""
    import numpy as np

    try:
        kept = np.load(embeddings_file(folder), allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return {}
    if kept.dtype != _row_type() or kept.ndim != 1 or not np.isfinite(kept["vector"]).all():
        return {}
    return dict(zip((bytes(key) for key in kept["key"]), kept["vector"], strict=True))


def save_embeddings(folder: Path, first: Sequence[bytes], known: dict[bytes, Floats]) -> None:
    """Keep the embeddings of `first`, as far as they are known, and the newest of the others."""
    import numpy as np

    wanted = [key for key in dict.fromkeys(first) if key in known]
    others = [key for key in known if key not in set(wanted)][:KEPT_BESIDES]
    rows = np.empty(len(wanted) + len(others), _row_type())
    for i, key in enumerate((*wanted, *others)):
        rows[i] = (np.void(key), known[key])
    stream = io.BytesIO()
    np.save(stream, rows, allow_pickle=False)
    write_whole(embeddings_file(folder), stream.getvalue())


def _row_type() -> np.dtype[np.void]:
    import numpy as np

    return np.dtype([("key", "V16"), ("vector", "<f4", (DIMENSIONS,))])
