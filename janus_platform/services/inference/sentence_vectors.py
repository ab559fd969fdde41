"""Unit vectors of the sentences that the local engine compares, each kept once it was computed.

A sentence costs some 5 ms of a core, and the passages of the bundled web come again and again.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from janus_platform.services.embedding.encoder import Encoder, ModelDamagedError, is_prepared
from janus_platform.services.embedding.kept import load_embeddings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# 1.5 KB each.
KEPT = 16_000
MAX_CHARACTERS = 600


class SentenceVectors:
    """Vectors by the model in `folder`, as a function of texts. Used from several threads."""

    def __init__(self, folder: Path, load: Callable[[Path], Encoder] = Encoder.load) -> None:
        self._folder, self._load = folder, load
        self._encoder: Encoder | None = None
        self._kept: OrderedDict[bytes, Floats] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, texts: Sequence[str]) -> Floats | None:
        """A row for each text, in order; None where no model is set up, or a damaged one."""
        import numpy as np

        cut = [text[:MAX_CHARACTERS] for text in texts]
        keys = [hashlib.sha256(text.encode("utf-8", "replace")).digest()[:16] for text in cut]
        with self._lock:
            encoder = self._ready()
            if encoder is None:
                return None
            missing = {key: text for key, text in zip(keys, cut, strict=True) if key not in self._kept}
            if missing:
                # One by one: a vector then does not depend on what it was computed with.
                for key, text in missing.items():
                    self._kept[key] = encoder.encode([text])[0]
            for key in keys:
                self._kept.move_to_end(key)
            vectors = np.stack([self._kept[key] for key in keys])
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return vectors

    def _ready(self) -> Encoder | None:
        if self._encoder is None and is_prepared(self._folder):
            try:
                self._encoder = self._load(self._folder)
            except ModelDamagedError:
                return None
            self._kept.update(load_embeddings(self._folder))
        return self._encoder
