"""Passages for a question: pages that search and the vector index agree on, the best of them read.

Search knows words, the index meanings. Where the best result's title says all that is asked for, search is enough; for
any other question the index is asked as well, and both orders are joined by reciprocal rank fusion (Cormack, Clarke
and Büttcher, 2009).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from pages import MAX_PASSAGES, Passage, most_relevant, section, whole_sentences, words
from questions import Question
from services import RateLimitedError, Result, ServiceError, Services
from steps import Step, Thought

PAGE_ATTEMPTS = 2
# 1 / (RANK_OFFSET + rank): the first places count most.
RANK_OFFSET = 3
# What the index finds counts this much of what search finds.
MEANING_WEIGHT = 1.5
# Titles of pages that are named in a refusal.
NEAR = 2
BOOK = "/blob/main/"
# Names of modules and functions that are words of every day: a question that has one need not mean Python's.
_ORDINARY = frozenset(
    """all any bin bool bytes calendar chain client code copy count date decimal email error event exception fail filter
    float format get group handle hash hash id index input int items iter job join key kill length list lock log map max
    message min mock name next node number object open operator order page path pattern platform pool print process
    property queue random range read record request response result run secrets select send server set shape sign signal
    size sleep sort start state statistics status stop stream string sum template test text thread time token trace
    traceback type update url uuid value version warnings write zip""".split()
)


@dataclass
class Findings:
    """The result of the research: the passages for the model, and a sentence on what is missing."""

    passages: list[Passage] = field(default_factory=list)
    page_title: str = ""
    page: str = ""
    caveat: str = ""
    searched: bool = False
    asked_index: bool = False
    near: list[str] = field(default_factory=list)


class Finding:
    """Looks for passages with the help of `services`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def gather(self, question: Question, findings: Findings) -> AsyncIterator[Step]:
        """Search, ask the index where that helps, read the best page, and fill `findings`."""
        query = question.query()
        remembered = self._services.has_search(query)
        yield Thought(f"Searched for “{query}” before: from memory.\n" if remembered else f"Searching for “{query}”.\n")
        results: list[Result] = []
        try:
            results = await self._services.search(query)
        except RateLimitedError as error:
            yield Thought(f"Not searched: {error}. Asking the vector index.\n")
            chunks = _fitting(await self._services.chunks(question.spoken()), question.spoken())
            findings.asked_index = True
            findings.passages = _passages_of(chunks)
            findings.near = _titles(chunks)
            findings.caveat = f"Note: {error}, so this answer rests on the vector index only.\n\n"
            if not chunks:
                raise
            return
        findings.searched = True
        if results:
            found = f"Found {_pages(len(results))}" if not remembered else f"It found {_pages(len(results))}"
            yield Thought(f"{found}; the best match is “{results[0].title}”.\n")
        chunks = []
        if not results or not _is_clear(query, results[0]):
            yield Thought("Asking the vector index what is near in meaning.\n")
            chunks = await self._near(question.spoken(), findings)
        async for thought in self._read(question, _fused(results, chunks), results, chunks, findings):
            yield thought

    async def look_again(self, question: Question, findings: Findings) -> bool:
        """Take the index's passages instead, where it was not asked yet and has some."""
        if findings.asked_index:
            return False
        chunks = await self._near(question.spoken(), findings)
        if chunks:
            findings.passages = _passages_of(chunks)
        return bool(chunks)

    async def _near(self, query: str, findings: Findings) -> list[Result]:
        """Chunks of the vector index, none where it cannot be asked: it is a second look."""
        findings.asked_index = True
        with contextlib.suppress(ServiceError):
            return _fitting(await self._services.chunks(query), query)
        return []

    async def _read(
        self,
        question: Question,
        order: Sequence[Result],
        results: Sequence[Result],
        chunks: Sequence[Result],
        findings: Findings,
    ) -> AsyncIterator[Step]:
        """Read the best page, and fill `findings` with it, and with chunks or snippets of the others."""
        titles = {r.url: r.title for r in results}
        findings.near = _titles(chunks)
        read = ""
        for result in [r for r in order if r.url in titles or not _is_documentation(r.url)][:PAGE_ATTEMPTS]:
            known = self._services.has_page(result.url)
            yield Thought(f"{result.url} is in memory.\n" if known else f"Reading {result.url}.\n")
            try:
                findings.page, read = await self._services.fetch(result.url), result.url
                break
            except ServiceError as error:
                if not chunks:  # The index holds the text of what it found, a search result's snippet does not.
                    findings.caveat = f"Note: {error}, so this answer rests on search snippets only.\n\n"
                yield Thought(f"Not read: {error}.\n")
                if isinstance(error, RateLimitedError):
                    break
        if read:
            findings.caveat, findings.page_title = "", titles.get(read) or _title_in(findings.page) or read
            text = most_relevant(findings.page, question.spoken())
            answers = [c for c in chunks if c.url == read and c.heading.endswith("?") and c.heading not in text]
            text = "\n\n".join([text, *(section(c.heading, c.snippet) for c in answers)])
            findings.passages.append(Passage(findings.page_title, read, text))
        others = [p for p in _passages_of(chunks) if p.url.partition("#")[0] != read]
        if not others:
            others = [Passage(r.title, r.url, whole_sentences(r.snippet)) for r in results if r.url != read]
        findings.passages += others[: MAX_PASSAGES - len(findings.passages)]


def _is_clear(query: str, best: Result) -> bool:
    """Whether the title of the best result says all that is asked for, and little else."""
    asked, title = set(words(query)), set(words(best.title))
    return bool(asked) and asked <= title and 2 * len(asked) >= len(title)


def _fused(results: Sequence[Result], chunks: Sequence[Result]) -> list[Result]:
    """Pages in the order that search and index agree on."""
    values: dict[str, float] = {}
    pages: dict[str, Result] = {}
    for weight, found in ((1.0, results), (MEANING_WEIGHT, chunks)):
        seen: list[str] = []
        for result in found:
            url = result.url.partition("#")[0]
            if url not in seen:
                seen.append(url)
                values[url] = values.get(url, 0.0) + weight / (RANK_OFFSET + len(seen))
                pages.setdefault(url, Result(result.title, url, result.snippet))
    return [pages[url] for url in sorted(values, key=lambda url: (-round(values[url], 6), list(values).index(url)))]


def _is_documentation(url: str) -> bool:
    """Whether a page is this book's, or a package's documentation: the index knows them, the web proxy may not."""
    return BOOK in url or "#" in url


def _fitting(chunks: Sequence[Result], question: str) -> list[Result]:
    """`chunks` without the documentation of functions that `question` neither names nor, by asking of Python, means."""
    if re.search(r"\bpython\b|\(\)", question, re.I):
        return list(chunks)
    named = {word for word in re.findall(r"\w+", question) if word.lower() not in _ORDINARY}
    return [c for c in chunks if "#" not in c.url or named & set(re.findall(r"\w+", c.url.partition("#")[2]))]


def _passages_of(chunks: Sequence[Result]) -> list[Passage]:
    """Chunks as passages, those of one page joined."""
    pages: dict[str, list[Result]] = {}
    for chunk in chunks:
        pages.setdefault(chunk.url, []).append(chunk)
    # Pages explain; documentation of a function mentions.
    urls = sorted(pages, key=lambda url: "#" in url)
    return [
        Passage(pages[url][0].title or url, url, "\n\n".join(section(c.heading, c.snippet) for c in pages[url]))
        for url in urls
    ]


def _titles(chunks: Sequence[Result]) -> list[str]:
    return list(dict.fromkeys(chunk.title or chunk.url for chunk in chunks))[:NEAR]


def _title_in(page: str) -> str:
    heading = re.match(r"\s*#\s+(.{1,200})", page)
    return heading[1].strip() if heading else ""


def _pages(number: int) -> str:
    return "1 page" if number == 1 else f"{number} pages"
