"""The Vector Index: `POST /query`, semantic search over the knowledge base (FR-3).

With the embedding model prepared, a chunk's score is the cosine between query and chunk. The order is by more than that
(`vector_index_order`), so scores need not descend. Without the model, or while its index is made, chunks are ranked by
BM25 and the score is BM25 / (BM25 + 5), between 0 and 1; every answer names its `method`, and a lexical one says in
`notice` what to run. Uploading an index of one's own is a future feature of the
specification: `POST /upload` says so with 501.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from janus_platform.contract import load_contract
from janus_platform.corpus import Corpus
from janus_platform.services.embedding.encoder import Encoder, ModelDamaged, is_prepared
from janus_platform.services.framework.app import ServiceContext, build_service, read_json
from janus_platform.services.framework.problem import Problem
from janus_platform.services.search.index import Hit
from janus_platform.services.search.query import Query, parse_query
from janus_platform.services.vector_index.build import build_in_background
from janus_platform.services.vector_index.chunks import BOOK, Chunk, chunks_of
from janus_platform.services.vector_index.knowledge import NO_BOOK, Knowledge, current_key, head, kept_keys, load
from janus_platform.services.vector_index.order import CANDIDATES, WORDS_DEPTH, in_order
from janus_platform.services.vector_index.prepare import METHOD_LEXICAL, METHOD_SEMANTIC, Build, model_folder
from janus_platform.services.vector_index.queries import QueryEncoder
from janus_platform.services.vector_index.source import Matches, source_filter
from janus_platform.services.vector_index.store import ExactStore, StoreMaker, VectorStore
from janus_platform.services.vector_index.vectors import load_vectors, vectors_file
from janus_platform.services.vector_index.words import ChunkWords

log = logging.getLogger("janus.services.vector_index")

# BM25 has no upper end. At this score, a few telling words found, the lexical score is 0.5.
BM25_HALF = 5.0

# The specification names the feature and no path; this one only says that it is not there yet.
UPLOAD_PATH = "/upload"

BY_WORDS = "Ranked by words, not by meaning: "
NOT_PREPARED = BY_WORDS + "the embedding model is not set up. Run `janus prepare` once, with a network."
DAMAGED = BY_WORDS + "the cached embedding model is damaged. Run `janus prepare` to fetch it again."
FAILED = BY_WORDS + "the index could not be made; `janus logs` has the details, and `janus prepare` tries again."
NOT_MADE = BY_WORDS + "the index is not made yet. The first query starts that, or run `janus prepare`."
NO_SUCH_SOURCE = "No chunk has a source like that. The sources of an answer without `source` show what there is."


class View:
    """What is answered from at one time: chunks, and vectors where there are any. It is replaced, never changed."""

    def __init__(
        self, knowledge: Knowledge, encoder: QueryEncoder | None = None, store: VectorStore | None = None
    ) -> None:
        self.knowledge, self.encoder, self.store = knowledge, encoder, store

    @property
    def method(self) -> str:
        return METHOD_LEXICAL if self.encoder is None else METHOD_SEMANTIC

    @cached_property
    def words(self) -> ChunkWords:
        """The chunks by their words; made when first asked for, which takes up to a second."""
        return ChunkWords(self.knowledge.chunks)

    async def find(self, text: str, top_k: int, matches: Matches | None) -> list[tuple[int, float]]:
        """The numbers of the best chunks and their scores, best first; see `vector_index_order`."""
        if self.encoder is None or self.store is None:
            hits = self._by_words(parse_query(text), top_k, matches)
            return [(hit.position, hit.score / (hit.score + BM25_HALF)) for hit in hits]
        vector = await self.encoder.encode(text)
        # Two milliseconds: a thread would cost as much.
        near = self.store.nearest(vector, max(top_k, CANDIDATES), matches)
        # Only its words: a minus or quotation marks are no commands to a search by meaning.
        alike = self._by_words(Query(words=parse_query(text).words), WORDS_DEPTH, matches)
        return in_order(near, [hit.position for hit in alike], self.knowledge.chunks)[:top_k]

    def _by_words(self, query: Query, limit: int, matches: Matches | None) -> list[Hit]:
        chunks = self.knowledge.chunks
        hits = self.words.find(query, limit if matches is None else len(chunks))
        return [hit for hit in hits if matches is None or matches(chunks[hit.position].source)][:limit]


class VectorIndex:
    """The knowledge base, answering by meaning where it can and by words where it cannot.

    Making one reads no model and imports no numpy: the first query does, in a thread. It answers from the newest index
    that was ever made; when that is not the one that would be made now, a child process makes it meanwhile. A model
    that `janus prepare` brings later is found by the next query.
    """

    def __init__(
        self,
        first: Sequence[Chunk],
        folder: Path | None = None,
        *,
        key: Callable[[], str],
        build: Build = build_in_background,
        make_store: StoreMaker = ExactStore,
    ) -> None:
        """`first` is answered from until an index is there; `key` says which index would be made now."""
        self._folder = folder or model_folder()
        self._current_key, self._build, self._make_store = key, build, make_store
        self._key = ""
        self._view = View(Knowledge("", tuple(first)))
        self._notice = ""
        self._loading = asyncio.Lock()
        self._building: asyncio.Task[None] | None = None
        self._progress: tuple[int, int] | None = None

    @classmethod
    def of(cls, corpus: Corpus, folder: Path | None = None) -> VectorIndex:
        """The index over `corpus`, this book and the documentation of installed packages."""
        return cls(chunks_of(corpus), folder, key=partial(current_key, corpus, load_contract().repository))

    async def query(self, text: str, top_k: int, source: str | None = None) -> dict[str, Any]:
        """The `top_k` best chunks for `text`, best first: the body of the service's answer.

        Raises Problem 422 when `source` is no filter.
        """
        matches = None if source is None else source_filter(source)
        view = await self._ready()
        found = await view.find(text, top_k, matches)
        body: dict[str, Any] = {
            "chunks": [_shown(view.knowledge.chunks[i], s) for i, s in found],
            "method": view.method,
        }
        notices = [self._notice] if view.method == METHOD_LEXICAL else []
        if matches and not any(matches(chunk.source) for chunk in view.knowledge.chunks):
            notices.append(NO_SUCH_SOURCE)
        return body | ({"notice": " ".join(notices)} if notices else {})

    def health(self) -> dict[str, Any]:
        """What `GET /health` adds: chunks by where they are from, how they are ranked, what is under way or missing."""
        loaded = self._view.method == METHOD_SEMANTIC
        kept = "" if loaded else next((key for key in kept_keys(self._folder)), "")
        prepared = is_prepared(self._folder) and vectors_file(self._folder, kept).is_file() and not self._notice
        ready = loaded or prepared
        groups = dict(head(self._folder, kept).get("groups", {})) if prepared else self._view.knowledge.groups
        state = {
            "chunks": sum(groups.values()),
            "groups": groups,
            "method": METHOD_SEMANTIC if ready else METHOD_LEXICAL,
            "loaded": loaded,
        }
        if self._progress is not None:
            state["encoded"] = {"done": self._progress[0], "of": self._progress[1]}
        notices = [] if ready else [self._notice or (NOT_MADE if is_prepared(self._folder) else NOT_PREPARED)]
        notices += [] if groups.get(BOOK) or not self._view.knowledge.key else [NO_BOOK]
        return state | ({"notice": " ".join(notices)} if notices else {})

    async def warm(self) -> None:
        """Load the model now, so that the first query need not (a second)."""
        await self._ready()

    async def close(self) -> None:
        """End a build that is under way."""
        if self._building is not None:
            self._building.cancel()
            await asyncio.gather(self._building, return_exceptions=True)

    async def _ready(self) -> View:
        """The best view there is; what is missing for a better one is started."""
        if self._is_current(self._view) or self._is_building():
            return self._view
        async with self._loading:
            if not self._is_current(self._view) and not self._is_building():
                await asyncio.to_thread(self._load)
                # Once: when what is read changes while it is read, the next platform makes the newer index.
                if self._building is None and not self._is_current(self._view) and self._notice != DAMAGED:
                    self._building = asyncio.create_task(self._make())
        return self._view

    def _is_current(self, view: View) -> bool:
        return view.method == METHOD_SEMANTIC and (view.knowledge.key == self._key or self._is_made())

    def _is_building(self) -> bool:
        return self._building is not None and not self._building.done()

    def _is_made(self) -> bool:
        return self._building is not None and self._building.done()

    def _load(self) -> None:
        """Take the index that would be made now, else the newest; without a model only its words."""
        self._key = self._key or self._current_key()
        keys = list(dict.fromkeys((self._key, *kept_keys(self._folder))))
        encoder = self._encoder()
        for key in keys:
            knowledge = load(self._folder, key)
            if knowledge is None:
                continue
            vectors = load_vectors(self._folder, key, len(knowledge.chunks)) if encoder else None
            if encoder and vectors is not None:
                store = self._make_store(vectors, [chunk.source for chunk in knowledge.chunks])
                self._view, self._notice = _made(View(knowledge, QueryEncoder(encoder), store)), ""
                return
            if self._view.knowledge.key != key and self._view.method == METHOD_LEXICAL:
                self._view = _made(View(knowledge))
            if not encoder:
                return
        if encoder and self._notice != FAILED:
            self._notice = NOT_MADE

    def _encoder(self) -> Encoder | None:
        if not is_prepared(self._folder):
            self._notice = NOT_PREPARED
            return None
        try:
            return Encoder.load(self._folder)
        except ModelDamaged:
            self._notice = DAMAGED
            return None

    async def _make(self) -> None:
        try:
            await self._build(self._folder, self._report)
        except Exception:
            # Whatever went wrong, the service goes on answering from what it has, and says so.
            log.exception("the vector index could not be made")
            self._notice = self._notice if self._notice == NOT_PREPARED else FAILED
            return
        finally:
            self._progress = None
        await asyncio.to_thread(self._load)

    def _report(self, step: str, done: int, total: int) -> None:
        self._progress = (done, total)
        if self._notice != NOT_PREPARED:
            self._notice = f"{BY_WORDS}the index is being made ({step}, {done} of {total}). Ask again."


def build(context: ServiceContext, index: VectorIndex) -> ASGIApp:
    """The Vector Index over `index`, as an ASGI app."""
    service = context.contract.services["vector_index"]

    async def query(request: Request) -> Response:
        body = await read_json(request, service)
        return JSONResponse(await index.query(body["query"], body["top_k"], body["source"]))

    async def refuse_upload(_: Request) -> Response:
        raise Problem(
            501,
            "future-feature",
            "Not there yet",
            f"The specification names {service.future_features[0]} as a future feature. Until it is there, keep "
            "vectors of your own inside your implementation: the inference service makes embeddings.",
        )

    routes = [Route(UPLOAD_PATH, refuse_upload, methods=["POST"])]
    return build_service(service, context, query, health=index.health, extra_routes=routes)


def _made(view: View) -> View:
    """`view` with its words indexed here, in a thread, rather than on the event loop."""
    _ = view.words
    return view


def _shown(chunk: Chunk, score: float) -> dict[str, Any]:
    shown = {"content": chunk.content, "source": chunk.source, "score": round(score, 4)}
    return {**shown, "title": chunk.title, "heading": chunk.heading}
