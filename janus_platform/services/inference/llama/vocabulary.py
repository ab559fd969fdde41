"""The control tokens of a GGUF file's vocabulary: the texts that llama.cpp takes for more than text."""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from janus_platform.services.inference.models.gguf import Head

# Types of the GGUF specification: unknown, control.
_SPECIAL = (2, 3)
# llama.cpp takes tokens that look like these for control tokens, whatever type the file gives them.
_LOOKS = re.compile(
    r"<\|.+\|>|<｜.+｜>|</?s>|<[be]os>|<(?:start|end)_of_(?:turn|text|utterance)>|\[/?INST\]|_<EOT>".encode()
)
_Tree = dict[str, "_Tree"]
_END = ""
# A longer one is known by its beginning.
_LONGEST = 64


def control_tokens(path: Path, head: Head) -> tuple[str, ...]:
    """The control tokens of the model at `path`, whose checked head is `head`. For 49,152 tokens 20 ms."""
    tokens, kinds = (head.lists.get(f"tokenizer.ggml.{name}") for name in ("tokens", "token_type"))
    if tokens is None:
        return ()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        types = () if kinds is None else _numbers(data, kinds)
        return tuple(
            token.decode("utf-8", "replace")
            for position, token in enumerate(_texts(data, tokens))
            if len(token) > 1 and ((position < len(types) and types[position] in _SPECIAL) or _LOOKS.fullmatch(token))
        )


@lru_cache(maxsize=4)
def pattern_of(tokens: tuple[str, ...]) -> re.Pattern[str] | None:
    """A pattern that finds the longest of `tokens` at each place; None where there are none.

    A vocabulary may have thousands of them. Written as a tree, one character leads to one branch: half a second
    for 6,000, once.
    """
    root: _Tree = {}
    for token in tokens:
        node = root
        for character in token[:_LONGEST]:
            node = node.setdefault(character, {})
        node[_END] = {}
    return re.compile(_written(root)) if root else None


def _written(node: _Tree) -> str:
    branches = [re.escape(character) + _written(inner) for character, inner in node.items() if character != _END]
    if not branches:
        return ""
    return f"(?:{'|'.join(branches)}){'?' if _END in node else ''}"


def _numbers(data: mmap.mmap, at: int) -> tuple[int, ...]:
    count = struct.unpack_from("<Q", data, at + 4)[0]
    return struct.unpack_from(f"<{count}i", data, at + 12)


def _texts(data: mmap.mmap, at: int) -> Iterator[bytes]:
    count, at, length_of = struct.unpack_from("<Q", data, at + 4)[0], at + 12, struct.Struct("<Q").unpack_from
    for _ in range(count):
        length = length_of(data, at)[0]
        yield data[at + 8 : at + 8 + length]
        at += 8 + length
