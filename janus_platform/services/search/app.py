"""The Search API: `POST /search`, web search with title, URL and snippet of each result (FR-3).

The specification's search is powered by the Brave Search API. Here the same request and response stand before a local
index of the bundled web, so that nothing needs a key; a platform with the live web asks Brave itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from typing import Any

from opentelemetry.trace import get_current_span
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from janus_platform.contract import Contract
from janus_platform.corpus import Corpus
from janus_platform.services.framework.app import ServiceContext, build_service, read_json
from janus_platform.services.search.brave import BraveSearch
from janus_platform.services.search.engine import SearchEngine, SearchResults
from janus_platform.services.search.local import LocalSearch


def engine_named(web: str, corpus: Corpus, contract: Contract, environment: Mapping[str, str]) -> SearchEngine:
    """The engine for `web`: Brave where it is `live`, with the key that `environment` holds, else the bundled web."""
    live = contract.search.live
    return BraveSearch(live, environment.get(live.key_variable)) if web == "live" else LocalSearch.of(corpus)


def build(context: ServiceContext, engine: SearchEngine) -> ASGIApp:
    """The Search API over `engine`, as an ASGI app; its lifespan closes the engine."""
    service = context.contract.search

    async def search(request: Request) -> Response:
        body = await read_json(request, service)
        answer = await engine.search(body["query"], body["num_results"])
        get_current_span().set_attribute("janus.search.results", len(answer.results))
        return JSONResponse(_body(answer))

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await engine.close()

    return build_service(service, context, search, health=engine.health, lifespan=lifespan)


def _body(answer: SearchResults) -> dict[str, Any]:
    body: dict[str, Any] = {"results": [asdict(result) for result in answer.results]}
    return body | ({"corrected_query": answer.corrected_query} if answer.corrected_query else {})
