"""From question to answer by looking up: search, read, let the model answer from what was found (FR-2, step 4)."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from citations import Citations
from drawing import execute, shown
from opening import Opening
from pages import MAX_PASSAGES, Passage, declines, most_relevant, prompt, whole_sentences
from plotting import Plot, plan_plot
from questions import Question
from services import MODEL, Delta, Execution, RateLimitedError, Result, ServiceError, Services
from steps import Step, Text, Thought, Usage, say

SYSTEM = (
    "Answer the question from the numbered passages and from nothing else. Refer to a passage as [1]. "
    "If the passages do not cover the question, say so."
)
NOTHING_FOUND = "My search found no page about this, so I cannot answer it."
NO_PLOT = "\n\nI found neither a function nor a table of numbers to plot for this."
PAGE_ATTEMPTS = 2


@dataclass
class Findings:
    """The result of the research: the passages for the model, and a sentence on what is missing."""

    passages: list[Passage] = field(default_factory=list)
    page_title: str = ""
    page: str = ""
    caveat: str = ""
    searched: bool = False


class LookUp:
    """Answers from the web and the vector index, with the help of `services`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def answer(self, question: Question, usage: Usage) -> AsyncIterator[Step]:
        """The steps of answering `question`. Raises ServiceError. Adds to `usage` on the way."""
        findings = Findings()
        async for thought in self.gather(question, findings):
            yield thought
        if not findings.passages:
            async for step in say(NOTHING_FOUND):
                yield step
            return
        plot = plan_plot(question.text, findings.page_title, findings.page) if question.wants_plot else None
        if plot:
            yield Thought("There is something to plot; the code sandbox will draw it.\n")
        yield Thought(f"Asking {MODEL} to answer from {len(findings.passages)} passages.\n")
        opening = self._asked(question, findings)
        declined = findings.searched and await opening.declines()
        if declined and (nearest := await self._nearest_if_free(question.query())):
            yield Thought("They do not cover it; looking for passages that are near in meaning.\n")
            usage.add(opening.usage)
            findings.passages = nearest
            opening = self._asked(question, findings)
        if await opening.declines() and not await (own := Opening(self._infer(question, question.messages))).declines():
            yield Thought(f"Nothing that was found covers it. Asking {MODEL} alone: what it says is its own.\n")
            usage.add(opening.usage)
            opening, findings = own, Findings(page=findings.page, page_title=findings.page_title)
        async for step in self._write(question, findings, opening, plot, usage):
            yield step

    async def gather(self, question: Question, findings: Findings) -> AsyncIterator[Step]:
        """Search, read, and fill `findings`; it says of each step whether a service was asked or memory."""
        query = question.query()
        remembered = self._services.has_search(query)
        yield Thought(f"Searched for “{query}” before: from memory.\n" if remembered else f"Searching for “{query}”.\n")
        results: list[Result] = []
        try:
            results = await self._services.search(query)
        except RateLimitedError as error:
            yield Thought(f"Not searched: {error}. Asking the vector index.\n")
            findings.passages = await self._nearest(query) or _none(error)
            findings.caveat = f"Note: {error}, so this answer rests on the vector index only.\n\n"
        findings.searched = bool(results)
        if results:
            pages = "1 page" if len(results) == 1 else f"{len(results)} pages"
            yield Thought(
                f"{'Found' if not remembered else 'It found'} {pages}; the best match is “{results[0].title}”.\n"
            )
            async for thought in self._read(question, results, findings):
                yield thought

    def _asked(self, question: Question, findings: Findings) -> Opening:
        """The model's answer from what was found, about to come."""
        wishes = f" What the user wishes of its form: {question.form.wishes}" if question.form.wishes else ""
        messages = [
            {"role": "system", "content": SYSTEM + wishes},
            {"role": "user", "content": prompt(question.spoken(), findings.passages)},
        ]
        return Opening(self._infer(question, messages))

    def _infer(self, question: Question, messages: Sequence[dict[str, Any]]) -> AsyncIterator[Delta]:
        return self._services.infer(messages, **question.settings.model)

    async def _nearest(self, query: str) -> list[Passage]:
        """Passages of the vector index. Raises RateLimitedError or ServiceError."""
        return [Passage(r.title, r.url, r.snippet) for r in await self._services.chunks(query)]

    async def _nearest_if_free(self, query: str) -> list[Passage]:
        """The same, none where the index cannot be asked: it was a second look."""
        with contextlib.suppress(ServiceError):
            return await self._nearest(query)
        return []

    async def _read(self, question: Question, results: list[Result], findings: Findings) -> AsyncIterator[Step]:
        """Read one page, and fill `findings` with it and the snippets of the other results."""
        chosen: Result | None = None
        for result in results[:PAGE_ATTEMPTS]:
            yield Thought(
                f"{result.url} is in memory.\n" if self._services.has_page(result.url) else f"Reading {result.url}.\n"
            )
            try:
                findings.page, chosen = await self._services.fetch(result.url), result
                break
            except RateLimitedError as error:
                findings.caveat = f"Note: {error}, so this answer rests on search snippets only.\n\n"
                yield Thought(f"Not read: {error}. The search snippets must do.\n")
                break
            except ServiceError as error:
                findings.caveat = f"Note: {error}, so this answer rests on search snippets only.\n\n"
                yield Thought(f"Not read: {error}.\n")
        if chosen:
            findings.caveat, findings.page_title = "", chosen.title
            text = most_relevant(findings.page, question.spoken())
            findings.passages.append(Passage(chosen.title, chosen.url, text))
        others = [Passage(r.title, r.url, whole_sentences(r.snippet)) for r in results if r is not chosen]
        findings.passages += others[: MAX_PASSAGES - len(findings.passages)]

    async def _write(
        self, question: Question, findings: Findings, opening: Opening, plot: Plot | None, usage: Usage
    ) -> AsyncIterator[Step]:
        answer, citations = "", Citations(findings.passages)
        drawing: asyncio.Task[Execution] | None = None
        try:
            async for delta in opening:
                if plot and drawing is None:
                    # While the model writes, so that the picture is there when its last word is.
                    drawing = asyncio.create_task(execute(self._services, plot.code, usage))
                if delta.reasoning and not answer:
                    yield Thought(delta.reasoning)
                if delta.content:
                    if not answer and findings.caveat:
                        yield Text(findings.caveat)
                    answer += delta.content
                    if text := citations.feed(delta.content):
                        yield Text(text)
                if delta.usage:
                    usage.add(delta.usage)
            if text := citations.rest():
                yield Text(text)
            if plot and drawing:
                async for step in shown(question, plot, drawing, "\n\n"):
                    yield step
            elif question.wants_plot:
                yield Text(NO_PLOT)
            if findings.passages and not declines(answer):
                yield Text(_sources(citations.sources))
        finally:
            if drawing is not None and not drawing.done():
                drawing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await drawing


def _sources(passages: list[tuple[str, Passage]]) -> str:
    lines = [f"- {mark}[{re.sub(r'[][]', '', p.title) or p.url}]({p.url})" for mark, p in passages]
    return "\n\nSources:\n" + "\n".join(lines)


def _none(error: RateLimitedError) -> list[Passage]:
    raise error
