"""From question to answer: search, read one page, let the model answer from it, draw if asked (FR-2, step 4).

What happens is told while it happens, as thoughts; the answer follows, piece by piece as the model says it. A service
that fails becomes a sentence of the answer, never a broken stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

from formulas import find_formula
from pages import MAX_PASSAGES, Passage, cited, declines, most_relevant, prompt, whole_sentences, words
from plotting import Plot, calculation_program, plan_plot, png_of
from questions import Question
from services import MODEL, Execution, RateLimited, Result, ServiceError, Services

SYSTEM = (
    "Answer the question from the numbered passages and from nothing else. Refer to a passage as [1]. "
    "If the passages do not cover the question, say so."
)
INTRODUCTION = (
    "Hello! I answer questions by looking them up: I search, read a page, and tell you what it says and where. "
    "I can also calculate, and plot a function or the numbers of a table. What would you like to know?"
)
NO_PICTURES = "I cannot look at pictures, so this answer rests on your words alone.\n\n"
NOTHING_FOUND = "My search found no page about this, so I cannot answer it."
NO_PLOT = "\n\nI found neither a function nor a table of numbers to plot for this."
PAGE_ATTEMPTS = 2
_DRAWING_WORDS = {"function", "show", "please", "curve", "versus", "between", "from", "range", "interval", "over"}
MAX_PICTURE_CHARACTERS = 8_000_000


@dataclass(frozen=True)
class Thought:
    """A piece of reasoning."""

    text: str


@dataclass(frozen=True)
class Text:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True)
class Picture:
    """A picture in base64 PNG."""

    name: str
    data: str


@dataclass
class Usage:
    """What answering has cost so far."""

    totals: dict[str, int | float] = field(
        default_factory=lambda: {
            "prompt_tokens": 0,
            "completion_tokens": 0,
            "total_tokens": 0,
            "cost_usd": 0.0,
            "sandbox_seconds": 0.0,
        }
    )

    def add(self, more: dict[str, Any]) -> None:
        """Add the numbers that `more` has under the same names."""
        for name in self.totals:
            if isinstance(more.get(name), int | float):
                self.totals[name] = round(self.totals[name] + more[name], 9)


Step = Thought | Text | Picture


@dataclass
class Findings:
    """What research brought: the passages for the model, and a sentence on what is missing."""

    passages: list[Passage] = field(default_factory=list)
    page_title: str = ""
    page: str = ""
    caveat: str = ""


class Research:
    """Answers questions with the help of `services`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def answer(self, question: Question, usage: Usage) -> AsyncIterator[Step]:
        """The steps of answering `question`; thoughts come before the first text. Adds to `usage` on the way."""
        if not question.has_picture and question.is_small_talk:
            steps = _say(INTRODUCTION)
        elif expression := question.calculation:
            steps = self._calculate(expression, usage)
        elif _is_only_a_plot(question):
            steps = self._draw(question, usage)
        else:
            steps = self._look_up(question, usage)
        try:
            async for step in steps:
                yield step
        except ServiceError as error:
            async for step in _say(f"I cannot answer this now: {error}. Please ask again."):
                yield step

    async def _calculate(self, expression: str, usage: Usage) -> AsyncIterator[Step]:
        yield Thought(f"Calculating {expression} in the code sandbox.\n")
        done = await self._execute(calculation_program(expression), usage)
        if done.exit_code == 0:
            said = f"{expression} = {done.stdout.strip()[:2_000]}"
        else:
            said = f"The code sandbox could not calculate {expression}: {_last_line(done)}"
        async for step in _say(said):
            yield step

    async def _draw(self, question: Question, usage: Usage) -> AsyncIterator[Step]:
        plot = plan_plot(question.text, "", "")
        assert plot is not None
        yield Thought("Drawing it in the code sandbox.\n")
        async for step in self._shown(plot, self._execute(plot.code, usage), ""):
            yield step

    async def _look_up(self, question: Question, usage: Usage) -> AsyncIterator[Step]:
        query = question.query()
        yield Thought(f"Searching for “{query}”.\n")
        results = await self._services.search(query)
        if not results:
            async for step in _say(NOTHING_FOUND):
                yield step
            return
        yield Thought(f"Found {len(results)} pages; the best match is “{results[0].title}”.\n")
        findings = Findings()
        async for thought in self._read(question, results, findings):
            yield thought
        plot = plan_plot(question.text, findings.page_title, findings.page) if question.wants_plot else None
        if plot:
            yield Thought("There is something to plot; the code sandbox will draw it.\n")
        yield Thought(f"Asking {MODEL} to answer from {len(findings.passages)} passages.\n")
        async for step in self._write(question, findings, plot, usage):
            yield step

    async def _read(self, question: Question, results: list[Result], findings: Findings) -> AsyncIterator[Step]:
        """Read one page, and fill `findings` with it and the snippets of the other results."""
        chosen: Result | None = None
        for result in results[:PAGE_ATTEMPTS]:
            yield Thought(f"Reading {result.url}.\n")
            try:
                findings.page, chosen = await self._services.fetch(result.url), result
                break
            except RateLimited as error:
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
        self, question: Question, findings: Findings, plot: Plot | None, usage: Usage
    ) -> AsyncIterator[Step]:
        answer = ""
        drawing: asyncio.Task[Execution] | None = None
        preface = (NO_PICTURES if question.has_picture else "") + findings.caveat
        try:
            async for delta in self._services.infer(SYSTEM, prompt(question.spoken(), findings.passages)):
                if plot and drawing is None:
                    # While the model writes, so that the picture is there when its last word is.
                    drawing = asyncio.create_task(self._execute(plot.code, usage))
                if delta.reasoning and not answer:
                    yield Thought(delta.reasoning)
                if delta.content:
                    if not answer and preface:
                        yield Text(preface)
                    answer += delta.content
                    yield Text(delta.content)
                if delta.usage:
                    usage.add(delta.usage)
            if plot and drawing:
                async for step in self._shown(plot, drawing, "\n\n"):
                    yield step
            elif question.wants_plot:
                yield Text(NO_PLOT)
            if not declines(answer):
                yield Text(_sources(cited(answer, findings.passages)))
        except ServiceError as error:
            if not answer:
                raise
            yield Text(f"\n\nThe answer breaks off here: {error}.")
        finally:
            if drawing is not None and not drawing.done():
                drawing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await drawing

    async def _shown(self, plot: Plot, drawing: Any, before: str) -> AsyncIterator[Step]:
        try:
            done: Execution = await drawing
        except ServiceError as error:
            yield Text(f"{before}I could not draw the plot: {error}.")
            return
        picture = png_of(done.stdout) if done.exit_code == 0 else None
        if picture is None or len(picture) > MAX_PICTURE_CHARACTERS:
            yield Text(f"{before}I could not draw the plot: {_last_line(done)}")
            return
        yield Picture("plot.png", picture)
        yield Text(before + plot.caption)

    async def _execute(self, code: str, usage: Usage) -> Execution:
        done = await self._services.execute(code)
        usage.add({"sandbox_seconds": done.seconds})
        return done


def _is_only_a_plot(question: Question) -> bool:
    """Whether the question names a function to plot and asks for nothing besides."""
    if not question.wants_plot or find_formula(question.text) is None:
        return False
    left = [w for w in words(question.query()) if w.isalpha() and len(w) > 3 and w not in _DRAWING_WORDS]
    return len(left) <= 1


def _sources(passages: list[Passage]) -> str:
    lines = [f"- [{re.sub(r'[][]', '', p.title) or p.url}]({p.url})" for p in passages]
    return "\n\nSources:\n" + "\n".join(lines)


def _last_line(done: Execution) -> str:
    lines = done.stderr.strip().splitlines()
    return lines[-1][:300] if lines else f"the program ended with exit code {done.exit_code}"


async def _say(text: str) -> AsyncIterator[Step]:
    for token in _tokens(text):
        yield Text(token)


def _tokens(text: str) -> Iterator[str]:
    yield from re.findall(r"\s*\S+", text)
