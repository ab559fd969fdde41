"""The Search API: `POST /search`, full-text search over the bundled web (FR-3).

The specification's search is powered by the Brave Search API; here the same request and response stand before a local
index, so that nothing needs a key.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from janus_platform.corpus import Corpus, Page, article_text
from janus_platform.services.problem import invalid_field
from janus_platform.services.search_index import Document, TextIndex
from janus_platform.services.search_query import parse_query
from janus_platform.services.service import ServiceContext, build_service, read_json

# Brave's own limit for `q`: https://api-dashboard.search.brave.com/app/documentation/web-search/query
MAX_QUERY_CHARACTERS = 400


class SearchIndex:
    """Every page of the bundled web, ready to be searched. Building it takes some 10 ms for 100 pages."""

    def __init__(self, corpus: Corpus) -> None:
        pages = corpus.pages
        self._shown = [(page.title, page.url) for page in pages]
        self._index = TextIndex(Document(page.title, _text_of(page), page.url) for page in pages)

    def search(self, query: str, num_results: int) -> list[dict[str, str]]:
        """The best `num_results` pages for `query`: title, url and a plain-text snippet around the match.

        Raises Problem 422 when the query is too long or has nothing to search for.
        """
        if len(query) > MAX_QUERY_CHARACTERS:
            raise invalid_field("query", f"`query` may have at most {MAX_QUERY_CHARACTERS} characters. Shorten it.")
        parsed = parse_query(query)
        if parsed.empty:
            raise invalid_field("query", "`query` has no word to search for. Name one that the page should hold.")
        found = []
        for hit in self._index.find(parsed, num_results):
            title, url = self._shown[hit.position]
            found.append({"title": title, "url": url, "snippet": hit.snippet})
        return found

    def health(self) -> dict[str, Any]:
        """What `GET /health` adds: how many pages there are."""
        return {"engine": "local", "pages": len(self._shown)}


def _text_of(page: Page) -> str:
    """The article's text. A heading that repeats the title is left out: it would begin every snippet.

    The others end like sentences: a snippet is one line, in which they would run into what follows.
    """
    lines = []
    for section in article_text(page):
        heading = section.heading if section.heading[-1:] in ".?!:" else f"{section.heading}."
        lines += [section.text] if section.heading == page.title else [heading, section.text]
    return "\n".join(lines)


def build(context: ServiceContext, index: SearchIndex) -> ASGIApp:
    """The Search API over `index`, as an ASGI app."""
    service = context.contract.services["search"]

    async def search(request: Request) -> Response:
        body = await read_json(request, service)
        # A query takes well under a millisecond: a thread would cost more than it.
        return JSONResponse({"results": index.search(body["query"], body["num_results"])})

    return build_service(service, context, search, health=index.health)
