"""The Vector Index: `POST /query`, semantic search over the knowledge base (FR-3).

With the embedding model prepared, a chunk's score is the cosine between query and chunk. The order is by more than that
(`ranking`), so scores need not descend. Without the model, or while its index is made, chunks are ranked by
BM25 and the score is BM25 / (BM25 + 5), between 0 and 1; every answer names its `method`, and a lexical one says in
`notice` what to run. Uploading an index of one's own is a future feature of the specification: `POST /upload` says so
with 501.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from janus_platform.contract import load_contract
from janus_platform.corpus import Corpus
from janus_platform.services.embedding.encoder import Encoder, ModelDamagedError, is_prepared
from janus_platform.services.framework.app import ServiceContext, build_service, read_json
from janus_platform.services.framework.problem import Problem
from janus_platform.services.vector_index.build import build_in_background
from janus_platform.services.vector_index.chunks import BOOK, Chunk, chunks_of
from janus_platform.services.vector_index.knowledge import NO_BOOK, Knowledge, current_key, head, kept_keys, load
from janus_platform.services.vector_index.prepare import METHOD_LEXICAL, METHOD_SEMANTIC, Build, model_folder
from janus_platform.services.vector_index.queries import QueryEncoder
from janus_platform.services.vector_index.ranking import View
from janus_platform.services.vector_index.store import ExactStore, StoreMaker, source_filter
from janus_platform.services.vector_index.vectors import load_vectors, vectors_file

log = logging.getLogger("janus.services.vector_index")

# The specification names the feature and no path; this one only says that it is not there yet.
UPLOAD_PATH = "/upload"

NO_SUCH_SOURCE = "No chunk has a source like that. The sources of an answer without `source` show what there is."


BY_WORDS = "Ranked by words, not by meaning: "


class Status(StrEnum):
    """What keeps the index from answering by meaning; the value is the notice for the caller."""

    READY = ""  # nothing, as far as is known before the first query
    NOT_PREPARED = BY_WORDS + "the embedding model is not set up. Run `janus prepare` once, with a network."
    DAMAGED = BY_WORDS + "the cached embedding model is damaged. Run `janus prepare` to fetch it again."
    NOT_MADE = BY_WORDS + "the index is not made yet. The first query starts that, or run `janus prepare`."
    BUILDING = BY_WORDS + "the index is being made ({step}, {done} of {total}). Ask again."
    FAILED = BY_WORDS + "the index could not be made; `janus logs` has the details, and `janus prepare` tries again."


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
        self._status = Status.READY
        self._loading = asyncio.Lock()
        self._building: asyncio.Task[None] | None = None
        self._progress: tuple[str, int, int] | None = None

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
        ranked = await view.find(text, top_k, matches)
        body: dict[str, Any] = {
            "chunks": [_shown(view.knowledge.chunks[number], score) for number, score in ranked],
            "method": view.method,
        }
        notices = [self._notice(self._status)] if view.method == METHOD_LEXICAL else []
        if matches and not any(matches(chunk.source) for chunk in view.knowledge.chunks):
            notices.append(NO_SUCH_SOURCE)
        return body | ({"notice": " ".join(notices)} if notices else {})

    def health(self) -> dict[str, Any]:
        """What `GET /health` adds: chunks by where they are from, how they are ranked, what is under way or missing."""
        loaded = self._view.method == METHOD_SEMANTIC
        kept = "" if loaded else next((key for key in kept_keys(self._folder)), "")
        prepared = is_prepared(self._folder) and vectors_file(self._folder, kept).is_file()
        prepared = prepared and self._status is Status.READY
        ready = loaded or prepared
        groups = dict(head(self._folder, kept).get("groups", {})) if prepared else self._view.knowledge.groups
        state = {
            "chunks": sum(groups.values()),
            "groups": groups,
            "method": METHOD_SEMANTIC if ready else METHOD_LEXICAL,
            "loaded": loaded,
        }
        if self._progress is not None:
            _, done, total = self._progress
            state["encoded"] = {"done": done, "of": total}
        notices = [] if ready else [self._notice(self._missing())]
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
                if self._building is None and not self._is_current(self._view) and self._status is not Status.DAMAGED:
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
                self._view, self._status = _indexed(View(knowledge, QueryEncoder(encoder), store)), Status.READY
                return
            if self._view.knowledge.key != key and self._view.method == METHOD_LEXICAL:
                self._view = _indexed(View(knowledge))
            if not encoder:
                return
        if encoder and self._status is not Status.FAILED:
            self._status = Status.NOT_MADE

    def _encoder(self) -> Encoder | None:
        if not is_prepared(self._folder):
            self._status = Status.NOT_PREPARED
            return None
        try:
            return Encoder.load(self._folder)
        except ModelDamagedError:
            self._status = Status.DAMAGED
            return None

    async def _make(self) -> None:
        try:
            await self._build(self._folder, self._report)
        except Exception:
            # Whatever went wrong, the service goes on answering from what it has, and says so.
            log.exception("the vector index could not be made")
            self._status = self._status if self._status is Status.NOT_PREPARED else Status.FAILED
        else:
            await asyncio.to_thread(self._load)
        finally:
            self._progress = None

    def _report(self, step: str, done: int, total: int) -> None:
        self._progress = (step, done, total)
        if self._status is not Status.NOT_PREPARED:
            self._status = Status.BUILDING

    def _missing(self) -> Status:
        """What keeps it from answering by meaning, also before anything was loaded."""
        if self._status is not Status.READY:
            return self._status
        return Status.NOT_MADE if is_prepared(self._folder) else Status.NOT_PREPARED

    def _notice(self, status: Status) -> str:
        step, done, total = self._progress or ("", 0, 0)
        return status.value.format(step=step, done=done, total=total) if status is Status.BUILDING else status.value


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


def _indexed(view: View) -> View:
    """`view` with its words indexed here, in a thread, rather than on the event loop."""
    _ = view.words
    return view


def _shown(chunk: Chunk, score: float) -> dict[str, Any]:
    shown = {"content": chunk.content, "source": chunk.source, "score": round(score, 4)}
    return {**shown, "title": chunk.title, "heading": chunk.heading}
