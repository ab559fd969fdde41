"""Sentence embeddings with all-MiniLM-L6-v2 in plain numpy: text in, unit vectors of 384 numbers out.

The network is BERT (Devlin et al. 2019): six layers of self-attention and feed-forward, averaged over the tokens as
Sentence-BERT does (Reimers and Gurevych 2019). Its matrices are stored as int8 with one scale per output channel: a
quarter of the disk, and a cosine of more than 0.99 to the original. Importing this module imports neither numpy nor
tokenizers; loading takes 0.2 s and belongs in a thread.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from janus_platform.services.model_files import MODEL_NAME, TOKENIZER, WEIGHTS, checked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    Floats = NDArray[np.float32]

DIMENSIONS = 384
LAYERS = 6
HEADS = 12
# What the model was trained to read (its sentence_bert_config.json); longer text is cut there.
MAX_TOKENS = 256
LAYER_NORM_EPSILON = 1e-12
BATCH = 8

QUANTISED_FILE = "minilm-int8.safetensors"
MANIFEST_FILE = "minilm-int8.json"
# Part of every cached index's key: raise it when quantisation or the forward pass changes what comes out.
MODEL_KEY = f"minilm-int8-1-{WEIGHTS.sha256[:16]}"
_SCALE = ".scale"


class ModelDamaged(Exception):
    """The cached model is incomplete or altered; `janus prepare` makes it anew."""


def quantise(folder: Path) -> None:
    """Turn `folder`'s original weights into `QUANTISED_FILE` and its manifest (about 23 MB), each placed atomically.

    Raises ModelDamaged when the original does not have the expected SHA-256.
    """
    import hashlib

    import numpy as np
    from safetensors.numpy import load_file, save

    source = folder / WEIGHTS.name
    if not checked(source, WEIGHTS.sha256):
        raise ModelDamaged(f"{source.name} is not the expected file")
    tensors = {}
    for name, tensor in load_file(source).items():
        if name == "embeddings.position_ids":
            continue
        if _is_matrix(name, tensor):
            scale = np.abs(tensor).max(axis=1) / 127
            tensors[name] = np.round(tensor / scale[:, None]).astype(np.int8)
            tensors[name + _SCALE] = scale.astype(np.float32)
        else:
            tensors[name] = tensor.astype(np.float32)
    data = save(tensors)
    _place(folder / QUANTISED_FILE, data)
    manifest = {"model": MODEL_NAME, "key": MODEL_KEY, "sha256": hashlib.sha256(data).hexdigest()}
    _place(folder / MANIFEST_FILE, json.dumps(manifest).encode())


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

    def __init__(self, tokenizer: Tokenizer, tensors: dict[str, Any]) -> None:
        self._tokenizer = tokenizer
        words = "embeddings.word_embeddings.weight"
        # The vocabulary stays int8 and is scaled row by row when looked up: 12 MB instead of 47.
        self._words, self._word_scale = tensors.pop(words), tensors.pop(words + _SCALE)
        self._tensors = _dequantised(tensors)

    @classmethod
    def load(cls, folder: Path) -> Encoder:
        """Read the quantised model from `folder`. Raises ModelDamaged when a file is missing or altered."""
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        manifest = _manifest(folder)
        if not checked(folder / QUANTISED_FILE, manifest["sha256"]):
            raise ModelDamaged(f"{QUANTISED_FILE} does not match its manifest")
        if not checked(folder / TOKENIZER.name, TOKENIZER.sha256):
            raise ModelDamaged(f"{TOKENIZER.name} is not the expected file")
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER.name))
        tokenizer.no_padding()
        tokenizer.enable_truncation(MAX_TOKENS)
        return cls(tokenizer, load_file(folder / QUANTISED_FILE))

    def encode(self, texts: Sequence[str], on_batch: Callable[[int], None] | None = None) -> Floats:
        """Unit vectors of `texts`, shape (len(texts), 384); `on_batch` is told how many are done."""
        import numpy as np

        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        # Texts of like length share a batch, so that little is computed for padding.
        order = sorted(range(len(texts)), key=lambda i: len(tokens[i]))
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            vectors[rows] = self._forward([tokens[i] for i in rows])
            if on_batch:
                on_batch(start + len(rows))
        return vectors

    def _forward(self, batch: list[list[int]]) -> Floats:
        import numpy as np

        ids, mask = _padded(batch)
        # Padding gets a score so low that softmax gives it no weight.
        bias = ((mask - 1) * np.float32(1e9))[:, None, None, :]
        x = self._embed(ids)
        for layer in range(LAYERS):
            x = self._layer(x, bias, f"encoder.layer.{layer}.")
        summed = (x * mask[:, :, None]).sum(axis=1)
        mean = summed / mask.sum(axis=1, keepdims=True)
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), np.float32)

    def _embed(self, ids: NDArray[np.intp]) -> Floats:
        t = self._tensors
        words = self._words[ids] * self._word_scale[ids][:, :, None]
        positions = t["embeddings.position_embeddings.weight"][: ids.shape[1]]
        x: Floats = words + positions + t["embeddings.token_type_embeddings.weight"][0]
        return self._norm(x, "embeddings.LayerNorm")

    def _layer(self, x: Floats, bias: Floats, at: str) -> Floats:
        attended = self._linear(self._attention(x, bias, at + "attention.self."), at + "attention.output.dense")
        x = self._norm(x + attended, at + "attention.output.LayerNorm")
        fed = self._linear(_gelu(self._linear(x, at + "intermediate.dense")), at + "output.dense")
        return self._norm(x + fed, at + "output.LayerNorm")

    def _attention(self, x: Floats, bias: Floats, at: str) -> Floats:
        rows, length, width = x.shape

        def heads(name: str) -> Floats:
            return self._linear(x, at + name).reshape(rows, length, HEADS, -1).transpose(0, 2, 1, 3)

        query, key, value = heads("query"), heads("key"), heads("value")
        scores = query @ key.transpose(0, 1, 3, 2)
        scores *= (width // HEADS) ** -0.5
        scores += bias
        return (_softmax(scores) @ value).transpose(0, 2, 1, 3).reshape(rows, length, width)

    def _linear(self, x: Floats, name: str) -> Floats:
        y: Floats = x @ self._tensors[name + ".weight"].T
        y += self._tensors[name + ".bias"]
        return y

    def _norm(self, x: Floats, name: str) -> Floats:
        import numpy as np

        x = x - x.mean(axis=-1, keepdims=True)
        x /= np.sqrt((x * x).mean(axis=-1, keepdims=True) + LAYER_NORM_EPSILON)
        x *= self._tensors[name + ".weight"]
        x += self._tensors[name + ".bias"]
        return x


def _softmax(scores: Floats) -> Floats:
    import numpy as np

    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    return scores


def _gelu(x: Floats) -> Floats:
    """GELU in its tanh form (Hendrycks and Gimpel 2016), in place: numpy has no erf."""
    import numpy as np

    u = x * x
    u *= 0.044715
    u += 1
    u *= x
    u *= 0.7978845608  # sqrt(2 / pi)
    np.tanh(u, out=u)
    u += 1
    u *= x
    u *= 0.5
    return u


def _padded(batch: list[list[int]]) -> tuple[NDArray[np.intp], Floats]:
    import numpy as np

    length = max(map(len, batch))
    ids = np.zeros((len(batch), length), np.intp)
    mask = np.zeros((len(batch), length), np.float32)
    for row, tokens in enumerate(batch):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return ids, mask


def _dequantised(tensors: dict[str, Any]) -> dict[str, Any]:
    import numpy as np

    result = {}
    for name, tensor in tensors.items():
        if not name.endswith(_SCALE):
            scale = tensors.get(name + _SCALE)
            result[name] = tensor if scale is None else np.multiply(tensor, scale[:, None], dtype=np.float32)
    return result


def _is_matrix(name: str, tensor: Any) -> bool:
    """Position and type tables are small and added to every token: they stay exact."""
    return tensor.ndim == 2 and "position" not in name and "token_type" not in name


def _manifest(folder: Path) -> dict[str, str]:
    try:
        manifest = json.loads((folder / MANIFEST_FILE).read_bytes())
    except (OSError, ValueError):
        raise ModelDamaged(f"{MANIFEST_FILE} cannot be read") from None
    if _key_of(manifest) != MODEL_KEY or not isinstance(manifest.get("sha256"), str):
        raise ModelDamaged(f"{MANIFEST_FILE} belongs to another version")
    return dict(manifest)


def _key_of(manifest: Any) -> str | None:
    return manifest.get("key") if isinstance(manifest, dict) else None


def _place(path: Path, data: bytes) -> None:
    scratch = path.with_name(f"{path.name}.{os.getpid()}")
    scratch.write_bytes(data)
    os.replace(scratch, path)
