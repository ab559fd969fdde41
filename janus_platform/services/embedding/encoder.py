"""Sentence embeddings with all-MiniLM-L6-v2 in plain numpy: text in, unit vectors of 384 numbers out.

The matrices are stored as int8 with one scale per output channel: a quarter of the disk, and a cosine of more than 0.99
to the original. They are computed with in float32, for passages and for queries alike: numpy's matrix product
is quick for floats alone. Importing this module imports neither numpy nor tokenizers; loading takes 0.2 s and
belongs in a thread.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from janus_platform.services import ServiceError
from janus_platform.services.embedding.download import MODEL_NAME, TOKENIZER, WEIGHTS, checked
from janus_platform.services.embedding.network import DIMENSIONS as DIMENSIONS
from janus_platform.services.embedding.network import SCALE, Network

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    Floats = NDArray[np.float32]

# What the model was trained to read (its sentence_bert_config.json); longer text is cut there.
MAX_TOKENS = 256
# Enough rows for the matrix products to run at full speed; more would leave the processor's cache.
BATCH_TOKENS = 800

QUANTISED_FILE = "minilm-int8.safetensors"
MANIFEST_FILE = "minilm-int8.json"
# Part of every cached index's key: raise it when quantisation or the forward pass changes what comes out.
MODEL_KEY = f"minilm-int8-1-{WEIGHTS.sha256[:16]}"


class ModelDamagedError(ServiceError):
    """The cached model is incomplete or altered; `janus prepare` makes it anew."""


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path`; whoever reads meanwhile finds the old file or the new one. Raises OSError."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(data)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def quantise(folder: Path) -> None:
    """Turn `folder`'s original weights into `QUANTISED_FILE` and its manifest (about 23 MB), each placed atomically.

    Raises ModelDamagedError when the original does not have the expected SHA-256.
    """
    import hashlib

    import numpy as np
    from safetensors.numpy import load_file, save

    source = folder / WEIGHTS.name
    if not checked(source, WEIGHTS.sha256):
        raise ModelDamagedError(f"{source.name} is not the expected file")
    tensors = {}
    for name, tensor in load_file(source).items():
        if name == "embeddings.position_ids":
            continue
        if _is_matrix(name, tensor):
            scale = np.abs(tensor).max(axis=1) / 127
            tensors[name] = np.round(tensor / scale[:, None]).astype(np.int8)
            tensors[name + SCALE] = scale.astype(np.float32)
        else:
            tensors[name] = tensor.astype(np.float32)
    data = save(tensors)
    write_whole(folder / QUANTISED_FILE, data)
    manifest = {"model": MODEL_NAME, "key": MODEL_KEY, "sha256": hashlib.sha256(data).hexdigest()}
    write_whole(folder / MANIFEST_FILE, json.dumps(manifest).encode())


def is_prepared(folder: Path) -> bool:
    """Whether `folder` holds a quantised model of this version. Its content is checked when it is loaded."""
    try:
        manifest = json.loads((folder / MANIFEST_FILE).read_bytes())
    except (OSError, ValueError):
        return False
    files = (folder / QUANTISED_FILE, folder / TOKENIZER.name)
    return _key_of(manifest) == MODEL_KEY and all(path.is_file() for path in files)


class Encoder:
    """The loaded model. It may be used from several threads at once."""

    def __init__(self, tokenizer: Tokenizer, network: Network) -> None:
        self._tokenizer, self._network = tokenizer, network

    @classmethod
    def load(cls, folder: Path) -> Encoder:
        """Read the quantised model from `folder`. Raises ModelDamagedError when a file is missing or altered."""
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        manifest = _manifest(folder)
        if not checked(folder / QUANTISED_FILE, manifest["sha256"]):
            raise ModelDamagedError(f"{QUANTISED_FILE} does not match its manifest")
        if not checked(folder / TOKENIZER.name, TOKENIZER.sha256):
            raise ModelDamagedError(f"{TOKENIZER.name} is not the expected file")
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER.name))
        tokenizer.no_padding()
        tokenizer.enable_truncation(MAX_TOKENS)
        return cls(tokenizer, Network(load_file(folder / QUANTISED_FILE)))

    def encode(
        self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None, *, threads: int = 1
    ) -> Floats:
        """Unit vectors of `texts`, shape (len(texts), 384); `on_batch` is told how many are done.

        `threads` batches are computed at once. That pays where each may have a core to itself, and numpy's own threads
        are off (OPENBLAS_NUM_THREADS=1).
        """
        import numpy as np

        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        batches = _batches([len(ids) for ids in tokens])
        done = 0
        with ThreadPoolExecutor(threads, "encode") as pool:
            compute = pool.map if threads > 1 else map
            for rows, batch_vectors in zip(
                batches, compute(self._network.forward, [[tokens[i] for i in rows] for rows in batches]), strict=True
            ):
                vectors[rows] = batch_vectors
                done += len(rows)
                if on_batch:
                    on_batch(done)
        return vectors


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """The texts' numbers, in batches of at most BATCH_TOKENS tokens (a longer text is alone in its batch)."""
    batches: list[list[int]] = []
    tokens_left = 0
    for i, length in enumerate(lengths):
        if not batches or length > tokens_left:
            batches.append([])
            tokens_left = BATCH_TOKENS
        batches[-1].append(i)
        tokens_left -= length
    return batches


def _is_matrix(name: str, tensor: Any) -> bool:
    """Position and type tables are small and added to every token: they stay exact."""
    return tensor.ndim == 2 and "position" not in name and "token_type" not in name


def _manifest(folder: Path) -> dict[str, str]:
    try:
        manifest = json.loads((folder / MANIFEST_FILE).read_bytes())
    except (OSError, ValueError):
        raise ModelDamagedError(f"{MANIFEST_FILE} cannot be read") from None
    if _key_of(manifest) != MODEL_KEY or not isinstance(manifest.get("sha256"), str):
        raise ModelDamagedError(f"{MANIFEST_FILE} belongs to another version")
    return dict(manifest)


def _key_of(manifest: Any) -> str | None:
    return manifest.get("key") if isinstance(manifest, dict) else None
