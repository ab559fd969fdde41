"""The network of all-MiniLM-L6-v2 in numpy: token ids in, unit vectors out. BERT (Devlin et al. 2019), six layers, and
the mean over the tokens, as Sentence-BERT takes it (Reimers and Gurevych 2019).

Texts are laid end to end, so that nothing is computed for padding and the large matrix products run over some hundred
tokens at once; only attention goes text by text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

DIMENSIONS = 384
LAYERS = 6
HEADS = 12
LAYER_NORM_EPSILON = 1e-12
# Added to a quantised matrix's name: the name of its scales, one a row.
SCALE = ".scale"


@dataclass(frozen=True)
class _Linear:
    """x @ weight + bias; `weight` has shape (inputs, outputs)."""

    weight: Floats
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        y: Floats = x @ self.weight
        y += self.bias
        return y


@dataclass(frozen=True)
class _Norm:
    """Layer normalisation (Ba et al. 2016), in place."""

    weight: Floats
    bias: Floats

    def __call__(self, x: Floats) -> Floats:
        import numpy as np

        x -= x.mean(axis=1, keepdims=True)
        variance = np.einsum("ij,ij->i", x, x) / x.shape[1]
        x *= (1 / np.sqrt(variance + LAYER_NORM_EPSILON))[:, None]
        x *= self.weight
        x += self.bias
        return x


@dataclass(frozen=True)
class _Layer:
    query_key_value: _Linear
    attended: _Linear
    attention_norm: _Norm
    widen: _Linear
    narrow: _Linear
    output_norm: _Norm

    def __call__(self, x: Floats, lengths: Sequence[int]) -> Floats:
        y = self.attended(_attention(self.query_key_value(x), lengths))
        y += x
        x = self.attention_norm(y)
        y = self.narrow(_gelu(self.widen(x)))
        y += x
        return self.output_norm(y)


class Network:
    """The weights, ready to multiply. `forward` may be called from several threads at once."""

    def __init__(self, tensors: Mapping[str, Any]) -> None:
        """`tensors` as `embedding.quantise` stores them: matrices in int8 with their scales, the rest in float32."""
        words = "embeddings.word_embeddings.weight"
        # The vocabulary stays int8 and is scaled row by row when looked up: 12 MB instead of 47.
        self._words, self._word_scale = tensors[words], tensors[words + SCALE]
        self._positions = tensors["embeddings.position_embeddings.weight"]
        self._type = tensors["embeddings.token_type_embeddings.weight"][0]
        self._norm = _norm(tensors, "embeddings.LayerNorm")
        self._layers = [_layer(tensors, f"encoder.layer.{i}.") for i in range(LAYERS)]

    def forward(self, texts: Sequence[Sequence[int]]) -> Floats:
        """Unit vectors, shape (len(texts), 384), of texts given as token ids; each has at least one."""
        import numpy as np

        lengths = [len(ids) for ids in texts]
        ids = np.concatenate([np.asarray(text, np.intp) for text in texts])
        x = self._words[ids] * self._word_scale[ids][:, None]
        x += self._positions[np.concatenate([np.arange(length) for length in lengths])]
        x += self._type
        x = self._norm(x)
        for layer in self._layers:
            x = layer(x, lengths)
        starts = np.cumsum([0, *lengths[:-1]])
        mean = np.add.reduceat(x, starts, axis=0) / np.asarray(lengths, np.float32)[:, None]
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), np.float32)


def _layer(tensors: Mapping[str, Any], at: str) -> _Layer:
    return _Layer(
        _linear(tensors, *(f"{at}attention.self.{name}" for name in ("query", "key", "value"))),
        _linear(tensors, at + "attention.output.dense"),
        _norm(tensors, at + "attention.output.LayerNorm"),
        _linear(tensors, at + "intermediate.dense"),
        _linear(tensors, at + "output.dense"),
        _norm(tensors, at + "output.LayerNorm"),
    )


def _linear(tensors: Mapping[str, Any], *names: str) -> _Linear:
    """One linear map, or several over the same input beside each other, in float32."""
    import numpy as np

    weights = [_floats(tensors, name + ".weight") for name in names]
    biases = [tensors[name + ".bias"] for name in names]
    return _Linear(np.ascontiguousarray(np.concatenate(weights).T), np.concatenate(biases))


def _floats(tensors: Mapping[str, Any], name: str) -> Floats:
    import numpy as np

    return np.asarray(np.multiply(tensors[name], tensors[name + SCALE][:, None], dtype=np.float32))


def _norm(tensors: Mapping[str, Any], name: str) -> _Norm:
    return _Norm(tensors[name + ".weight"], tensors[name + ".bias"])


def _attention(query_key_value: Floats, lengths: Sequence[int]) -> Floats:
    """Every token of a text looks at every other of it; `query_key_value` has shape (tokens, 3 * 384)."""
    import numpy as np

    out = np.empty((len(query_key_value), DIMENSIONS), np.float32)
    start = 0
    for length in lengths:
        rows = slice(start, start + length)
        query, key, value = query_key_value[rows].reshape(length, 3, HEADS, -1).transpose(1, 2, 0, 3)
        scores = query @ key.transpose(0, 2, 1)
        scores *= (DIMENSIONS // HEADS) ** -0.5
        out[rows].reshape(length, HEADS, -1)[:] = (_softmax(scores) @ value).transpose(1, 0, 2)
        start += length
    return out


def _softmax(scores: Floats) -> Floats:
    import numpy as np

    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    return scores


def _gelu(x: Floats) -> Floats:
    """GELU in its tanh form (Hendrycks and Gimpel 2016): numpy has no erf."""
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
