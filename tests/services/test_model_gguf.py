"""The head of a GGUF file is read within limits, and a file that is not whole is named so."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from janus_platform.services.inference.models.errors import NotAModelError
from janus_platform.services.inference.models.gguf import read_head
from tests.services.small_gguf import ARRAY, STRING, gguf, pair, text


def written(folder: Path, content: bytes) -> Path:
    path = folder / "model.gguf"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("version", [2, 3])
def test_the_head_says_what_the_model_is(tmp_path: Path, version: int) -> None:
    head = read_head(written(tmp_path, gguf(version=version, context=8192)))
    assert (head.version, head.tensors, head.context) == (version, 1, 8192)
    assert (head.text("general.architecture"), head.text("general.license")) == ("tiny", "mit")


def head_with(pairs: int, rest: bytes, tensors: int = 0) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, pairs) + rest


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "does not begin with GGUF"),
        (b"PK\x03\x04 a zip archive", "does not begin with GGUF"),
        (b"GGUF", "its head ends too early"),
        (b"GGUF" + struct.pack("<I", 1) + bytes(64), "it has version 1, and 2 and 3 are read"),
        (b"GGUF" + struct.pack(">I", 3) + bytes(64), "it has version 50331648"),
        (head_with(1 << 40, b""), "it counts 0 tensors and 1099511627776 values"),
        (head_with(0, b"", tensors=1 << 60), "tensors and 0 values"),
        (head_with(1, struct.pack("<Q", 1 << 62)), "it has a text of"),
        (head_with(1, pair("k", 99, b"")), "a value is of the unknown type 99"),
        (head_with(1, pair("k", ARRAY, struct.pack("<IQ", STRING, 1 << 50))), "it has a list of"),
        (head_with(1, pair("k", ARRAY, struct.pack("<IQQ", STRING, 1, 1 << 63))), "its head has more than 64 MiB"),
        (head_with(1, pair("k", ARRAY, struct.pack("<IQ", ARRAY, 1))), "it has a list of 1 values of type 9"),
        (head_with(0, text("w") + struct.pack("<I", 1 << 31), tensors=1), "a tensor has"),
        (gguf()[:-1], "it should have"),
        (gguf()[:90], "its head ends too early"),
    ],
)
def test_what_is_no_whole_gguf_file_is_named_with_what_to_do(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(NotAModelError) as refused:
        read_head(written(tmp_path, content))
    assert said in str(refused.value)
    assert "etch" in str(refused.value)


@settings(max_examples=150, deadline=None)
@given(st.integers(4, 200), st.binary(min_size=1, max_size=8))
def test_any_damage_is_refused_or_read_and_nothing_else(tmp_path_factory, at: int, damage: bytes) -> None:
    content = gguf()
    path = written(tmp_path_factory.getbasetemp(), content[:at] + damage + content[at + len(damage) :])
    try:
        assert read_head(path).tensors >= 0
    except NotAModelError as error:
        assert str(path) in str(error)
