"""Small GGUF files, written byte by byte for the tests."""

from __future__ import annotations

import struct

STRING, UINT32, ARRAY, FLOAT32 = 8, 4, 9, 0


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def pair(key: str, kind: int, value: bytes) -> bytes:
    return text(key) + struct.pack("<I", kind) + value


def gguf(*, version: int = 3, context: int = 2048, values: int = 256, padding: int = 0) -> bytes:
    """A whole file with one tensor of `values` floats, of an architecture that llama.cpp does not know."""
    tokens = struct.pack("<IQ", STRING, 3) + b"".join(map(text, ("a", "b", "c")))
    pairs = [
        pair("general.architecture", STRING, text("tiny")),
        pair("tokenizer.ggml.tokens", ARRAY, tokens),
        pair("general.license", STRING, text("mit")),
        pair("tiny.context_length", UINT32, struct.pack("<I", context)),
    ]
    tensor = text("w") + struct.pack("<IQIQ", 1, values, FLOAT32, 0)
    head = b"GGUF" + struct.pack("<IQQ", version, 1, len(pairs)) + b"".join(pairs) + tensor
    return head.ljust(-(-len(head) // 32) * 32, b"\0") + b"\1" * (4 * values) + b"\0" * padding
