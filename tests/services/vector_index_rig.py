"""A small knowledge base with its index, for the tests of the vector index."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from janus_platform.services.embedding.download import TOKENIZER, Progress
from janus_platform.services.embedding.encoder import MANIFEST_FILE, QUANTISED_FILE, Encoder
from janus_platform.services.vector_index.app import VectorIndex, build
from janus_platform.services.vector_index.chunks import Chunk
from janus_platform.services.vector_index.knowledge import Knowledge, save
from janus_platform.services.vector_index.vectors import save_vectors, vectors_of
from tests.services.asgi import CONTRACT, ask, context
from tests.services.model import shared_model

SERVICE = CONTRACT.services["vector_index"]
KEY = "facts"
FACTS = (
    Chunk("Yeast gives off gas, and its bubbles lift the dough.", "https://kitchen.example/bread", "Bread", "Rising"),
    Chunk("The Moon pulls the sea, twice a day.", "https://sea.example/tides", "Tides", ""),
    Chunk("SYN, SYN-ACK and ACK open a connection.", "https://net.example/tcp#open", "TCP", "Handshake"),
)


def copy_model(folder: Path) -> Path:
    """Put the prepared model into `folder`; skips the test when there is none."""
    for name in (QUANTISED_FILE, MANIFEST_FILE, TOKENIZER.name):
        shutil.copy(shared_model() / name, folder / name)
    return folder


def write_index(folder: Path, chunks: tuple[Chunk, ...] = FACTS, key: str = KEY) -> None:
    """Make and keep the index of `chunks` under `key`."""
    save(Knowledge(key, chunks), folder)
    save_vectors(vectors_of(chunks, Encoder.load(folder), folder, lambda *_: None), folder, key)


async def no_build(folder: Path, progress: Progress) -> None:
    """A build that must not be needed."""
    raise AssertionError("nothing is to be built here")


def index_of(folder: Path, **options: Any) -> VectorIndex:
    """An index over FACTS whose current key is KEY."""
    return VectorIndex(FACTS, folder, **{"key": lambda: KEY, "build": no_build, **options})


def ask_about(index: VectorIndex, query: str, **options: Any) -> dict[str, Any]:
    """The body of the service's answer, which must be 200."""
    answer = ask(build(context(), index), "POST", SERVICE.url, json={"query": query, **options})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def health(index: VectorIndex) -> dict[str, Any]:
    """What the service says of itself."""
    state: dict[str, Any] = ask(build(context(), index), "GET", SERVICE.origin + "/health").json()
    return state
