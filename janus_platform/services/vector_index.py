"""The Vector Index: `POST /query`, semantic search over the bundled knowledge base (FR-3).

With the embedding model prepared, a chunk's score is the cosine between query and chunk. Without it, or while its index
is made, chunks are ranked by BM25 and the score is BM25 / (BM25 + 5), between 0 and 1; every answer names its `method`,
and a lexical one says in `notice` what to run.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from janus_platform.corpus import Corpus
from janus_platform.services.embedding import Encoder, ModelDamaged, is_prepared
from janus_platform.services.problem import invalid_field
from janus_platform.services.search_index import Document, TextIndex
from janus_platform.services.search_query import parse_query
from janus_platform.services.service import ServiceContext, build_service, read_json
from janus_platform.services.vector_index_chunks import Chunk, chunks_of
from janus_platform.services.vector_index_prepare import METHOD_LEXICAL, METHOD_SEMANTIC, model_folder
from janus_platform.services.vector_index_store import ExactStore, VectorStore, index_file, load_vectors, save_vectors

log = logging.getLogger("janus.services.vector_index")

# The model reads 256 tokens; what goes far beyond is no query.
MAX_QUERY_CHARACTERS = 2_000
# BM25 has no upper end. At this score, a few telling words found, the lexical score is 0.5.
BM25_HALF = 5.0

BY_WORDS = "Ranked by words, not by meaning: "
NOT_PREPARED = BY_WORDS + "the embedding model is not set up. Run `janus prepare` once, with a network."
DAMAGED = BY_WORDS + "the cached embedding model is damaged. Run `janus prepare` to fetch it again."
FAILED = BY_WORDS + "the index could not be made; `janus logs` has the details."


@dataclass(frozen=True)
class _Semantic:
    encoder: Encoder
    store: VectorStore


class VectorIndex:
    """The knowledge base, answering by meaning where it can and by words where it cannot.

    Making one reads no model and imports no numpy: the first query does, in a thread. A model that `janus prepare`
    brings later is found by the next query. When the stored vectors do not fit the chunks, they are made anew in the
    background.
    """

    def __init__(self, chunks: Sequence[Chunk], folder: Path | None = None) -> None:
        self._chunks = list(chunks)
        self._folder = folder or model_folder()
        self._words = TextIndex(Document(f"{c.title} {c.heading}", c.content, c.source) for c in self._chunks)
        self._vectors_file = index_file(self._folder, self._chunks)
        self._semantic: _Semantic | None = None
        self._notice = ""
        self._loading = asyncio.Lock()
        self._rebuild: threading.Thread | None = None

    @classmethod
    def of(cls, corpus: Corpus, folder: Path | None = None) -> VectorIndex:
        """The index over all chunks of `corpus`."""
        return cls(chunks_of(corpus), folder)

    async def query(self, text: str, top_k: int) -> dict[str, Any]:
        """The `top_k` best chunks for `text`, scores descending: the body of the service's answer."""
        semantic = await self._ready()
        if semantic is None:
            found, method = self._by_words(text, top_k), METHOD_LEXICAL
        else:
            found, method = await asyncio.to_thread(_by_meaning, semantic, text, top_k), METHOD_SEMANTIC
        body: dict[str, Any] = {"chunks": [self._shown(i, score) for i, score in found], "method": method}
        return body | ({"notice": self._notice} if semantic is None else {})

    def health(self) -> dict[str, Any]:
        """What `GET /health` adds: how many chunks there are, how they are ranked, and what is missing for better."""
        loaded = self._semantic is not None
        ready = loaded or (is_prepared(self._folder) and self._vectors_file.is_file() and self._notice != DAMAGED)
        method = METHOD_SEMANTIC if ready else METHOD_LEXICAL
        state: dict[str, Any] = {"chunks": len(self._chunks), "method": method, "loaded": loaded}
        return state if ready else {**state, "notice": self._notice or NOT_PREPARED}

    async def warm(self) -> None:
        """Load the model now, so that the first query need not (0.3 s)."""
        await self._ready()

    async def _ready(self) -> _Semantic | None:
        """What semantic answers need, or None with the reason in `_notice`."""
        if self._semantic is None:
            async with self._loading:
                if self._semantic is None and self._rebuild is None:
                    await asyncio.to_thread(self._load)
        return self._semantic

    def _load(self) -> None:
        if not is_prepared(self._folder):
            self._notice = NOT_PREPARED
            return
        try:
            encoder = Encoder.load(self._folder)
        except ModelDamaged:
            self._notice = DAMAGED
            return
        vectors = load_vectors(self._chunks, self._folder)
        if vectors is not None:
            self._semantic, self._notice = _Semantic(encoder, ExactStore(vectors)), ""
            return
        self._report("", 0, len(self._chunks))
        # A daemon, so that the platform can end in the middle: the file is placed only when it is complete.
        self._rebuild = threading.Thread(target=self._make, args=(encoder,), name="vector-index", daemon=True)
        self._rebuild.start()

    def _make(self, encoder: Encoder) -> None:
        try:
            vectors = save_vectors(encoder, self._chunks, self._folder, self._report)
        except Exception:
            # Whatever went wrong, the service goes on answering by words and says so.
            log.exception("the vector index could not be made")
            self._notice = FAILED
            return
        self._semantic, self._notice = _Semantic(encoder, ExactStore(vectors)), ""

    def _report(self, _: str, done: int, total: int) -> None:
        self._notice = f"{BY_WORDS}the index is being made, {done} of {total} chunks so far. Ask again."

    def _by_words(self, text: str, top_k: int) -> list[tuple[int, float]]:
        hits = self._words.find(parse_query(text), top_k)
        return [(hit.position, hit.score / (hit.score + BM25_HALF)) for hit in hits]

    def _shown(self, position: int, score: float) -> dict[str, Any]:
        chunk = self._chunks[position]
        shown = {"content": chunk.content, "source": chunk.source, "score": round(score, 4)}
        return {**shown, "title": chunk.title, "heading": chunk.heading}


def build(context: ServiceContext, index: VectorIndex) -> ASGIApp:
    """The Vector Index over `index`, as an ASGI app."""
    service = context.contract.services["vector_index"]

    async def query(request: Request) -> Response:
        body = await read_json(request, service)
        if len(body["query"]) > MAX_QUERY_CHARACTERS:
            raise invalid_field("query", f"`query` may have at most {MAX_QUERY_CHARACTERS} characters. Shorten it.")
        return JSONResponse(await index.query(body["query"], body["top_k"]))

    return build_service(service, context, query, health=index.health)


def _by_meaning(semantic: _Semantic, text: str, top_k: int) -> list[tuple[int, float]]:
    vector = semantic.encoder.encode([text])[0]
    return semantic.store.nearest(vector, top_k)
