"""The interface of a search engine behind the Search API: the bundled web, or Brave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Result:
    """One found page. Title and snippet are plain text."""

    title: str
    url: str
    snippet: str


@dataclass(frozen=True)
class SearchResults:
    """Results, best first; `corrected_query` is what was searched for where the query seemed misspelled."""

    results: tuple[Result, ...]
    corrected_query: str | None = None


class SearchEngine(Protocol):
    """Something that can be searched."""

    async def search(self, query: str, num_results: int) -> SearchResults:
        """The best `num_results` pages for `query`. Raises Problem, which says what to do."""

    def health(self) -> Mapping[str, Any]:
        """What `GET /health` says about it: its name as `engine`, and whatever keeps it from answering."""

    async def close(self) -> None:
        """Close what is open."""
