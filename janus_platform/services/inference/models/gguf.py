"""The head of a GGUF file, the format of llama.cpp: read within limits, and compared with what follows it.

Source: the GGUF specification of the ggml project, versions 2 and 3. Little-endian: magic, version, number of tensors,
number of key-value pairs, the pairs, then a name, shape, type and offset for each tensor, then the tensors' data.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from janus_platform.services.inference.models.errors import NotAModelError

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MAX_HEAD = 64 << 20
MAX_PAIRS = 10_000
MAX_TENSORS = 100_000
MAX_ELEMENTS = 2_000_000
MAX_KEY = 1_024
# Nothing that is kept is longer than this; a chat template has a few kilobytes.
MAX_KEPT = 256 << 10
_STRING, _ARRAY = 8, 9
_FORMATS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
# Bytes of a block and the values in it, by type of tensor; a type that is not here is not measured.
_F32, _F16, _BF16 = {0: (4, 1)}, {1: (2, 1)}, {30: (2, 1)}
_LEGACY = {2: (18, 32), 3: (20, 32), 6: (22, 32), 7: (24, 32), 8: (34, 32), 9: (36, 32)}  # Q4_0 to Q8_1
_SUPER = {10: (84, 256), 11: (110, 256), 12: (144, 256), 13: (176, 256), 14: (210, 256), 15: (292, 256)}  # Q2_K to Q8_K
_BLOCKS = _F32 | _F16 | _BF16 | _LEGACY | _SUPER


@dataclass(frozen=True)
class Head:
    """What a GGUF file says of itself: its scalar values and short texts by key, and at which byte each list begins."""

    version: int
    tensors: int
    values: Mapping[str, object]
    lists: Mapping[str, int] = field(default_factory=dict)

    def text(self, key: str) -> str:
        """A text, "" where there is none."""
        value = self.values.get(key)
        return value if isinstance(value, str) else ""

    @property
    def context(self) -> int:
        """For how many tokens the model was trained; 0 where the file does not say."""
        value = self.values.get(f"{self.text('general.architecture')}.context_length")
        return value if isinstance(value, int) and 0 < value < 1 << 31 else 0


def read_head(path: Path) -> Head:
    """Read and check the head of `path`. Raises NotAModelError where it is no whole GGUF file, OSError otherwise."""
    with path.open("rb") as file:
        if file.read(4) != MAGIC:
            raise NotAModelError(
                f"{path} is not a GGUF file: it does not begin with GGUF. Name a model file in the format of "
                "llama.cpp, or fetch one: `janus model list`."
            )
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                return _Reader(data).head()
            except (struct.error, IndexError):
                raise NotAModelError(_cut(path, "its head ends too early")) from None
            except _OddError as error:
                raise NotAModelError(
                    f"{path} is not a GGUF file that can be read: {error}. Fetch it again, or take another one."
                ) from None
            except _CutError as error:
                raise NotAModelError(_cut(path, str(error))) from None


def _cut(path: Path, why: str) -> str:
    return f"{path} is cut: {why}. Fetch it again."


class _OddError(Exception):
    """Something in the head that no file of ours has."""


class _CutError(Exception):
    """The head says that the file is longer than it is."""


class _Reader:
    def __init__(self, data: mmap.mmap) -> None:
        self._data, self._at = data, 4

    def head(self) -> Head:
        version = self._number("<I")
        if version not in VERSIONS:
            raise _OddError(f"it has version {version}, and {' and '.join(map(str, VERSIONS))} are read")
        tensors, pairs = self._number("<Q"), self._number("<Q")
        if tensors > MAX_TENSORS or pairs > MAX_PAIRS:
            raise _OddError(f"it counts {tensors} tensors and {pairs} values")
        values: dict[str, object] = {}
        lists: dict[str, int] = {}
        for _ in range(pairs):
            key, kind = self._text(MAX_KEY), self._number("<I")
            if kind == _ARRAY:
                lists[key] = self._at
            values[key] = self._value(kind)
        self._check_tensors(tensors, values)
        return Head(version, tensors, {key: value for key, value in values.items() if value is not None}, lists)

    def _check_tensors(self, tensors: int, values: dict[str, object]) -> None:
        end = 0
        for _ in range(tensors):
            self._text(MAX_KEY)
            dimensions = self._number("<I")
            if dimensions > 8:
                raise _OddError(f"a tensor has {dimensions} dimensions")
            count = 1
            for _ in range(dimensions):
                count *= self._number("<Q")
            kind, offset = self._number("<I"), self._number("<Q")
            size, values_in = _BLOCKS.get(kind, (0, 1))
            end = max(end, offset + count // values_in * size)
        alignment = values.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 0 < alignment <= 1 << 20:
            raise _OddError("its alignment is odd")
        begin = -(-self._at // alignment) * alignment
        if begin + end > len(self._data):
            raise _CutError(f"it should have {begin + end:,} bytes and has {len(self._data):,}")

    def _value(self, kind: int) -> object:
        """A scalar or a short text; None for an array, which is passed over."""
        if kind == _STRING:
            return self._text(MAX_HEAD)
        if kind == _ARRAY:
            self._skip_array()
            return None
        if kind not in _FORMATS:
            raise _OddError(f"a value is of the unknown type {kind}")
        return self._number(_FORMATS[kind])

    def _skip_array(self) -> None:
        kind, count = self._number("<I"), self._number("<Q")
        if count > MAX_ELEMENTS or (kind not in _FORMATS and kind != _STRING):
            raise _OddError(f"it has a list of {count} values of type {kind}")
        if kind != _STRING:
            self._advance(count * struct.calcsize(_FORMATS[kind]))
            return
        data, at, unpack = self._data, self._at, struct.Struct("<Q").unpack_from
        for _ in range(count):
            at += 8 + unpack(data, at)[0]
            if at > MAX_HEAD:
                break
        self._advance(at - self._at)

    def _text(self, limit: int) -> str:
        length = self._number("<Q")
        if length > limit:
            raise _OddError(f"it has a text of {length} bytes")
        begin = self._at
        self._advance(length)
        return self._data[begin : min(self._at, begin + MAX_KEPT)].decode("utf-8", errors="replace")

    def _number(self, form: str) -> int:
        value: int = struct.unpack_from(form, self._data, self._at)[0]
        self._advance(struct.calcsize(form))
        return value

    def _advance(self, count: int) -> None:
        self._at += count
        if self._at > MAX_HEAD:
            raise _OddError(f"its head has more than {MAX_HEAD >> 20} MiB")
        if self._at > len(self._data):
            raise IndexError
