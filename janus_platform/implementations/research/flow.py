"""From question to answer: search, read one page, let the model answer from it, draw if asked (FR-2, step 4).

Each step is reported as a thought while it runs; the answer follows, piece by piece as the model streams it. A service
that fails becomes a sentence of the answer, never a broken stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from citations import Citations
from formulas import find_formula
from opening import Opening
from pages import MAX_PASSAGES, Passage, declines, most_relevant, prompt, whole_sentences, words
from plotting import Plot, calculation_program, plan_plot, png_of, value_of
from questions import Question
from services import MODEL, Delta, Execution, RateLimitedError, Result, ServiceError, Services
from skills import Solution, find_solution
from steps import Picture, Step, Text, Thought, ToolCalls, Usage, say

SYSTEM = (
    "Answer the question from the numbered passages and from nothing else. Refer to a passage as [1]. "
    "If the passages do not cover the question, say so."
)
INTRODUCTION = (
    "Hello! I answer questions by looking them up: I search, read a page, and tell you what it says and where. "
    "I can also calculate, and plot a function or the numbers of a table. What would you like to know?"
)
NOTHING_FOUND = "My search found no page about this, so I cannot answer it."
NO_PLOT = "\n\nI found neither a function nor a table of numbers to plot for this."
PAGE_ATTEMPTS = 2
_DRAWING_WORDS = set(
    "function show please curve versus between from range interval over picture image value decimals degrees".split()
)
MAX_PICTURE_CHARACTERS = 8_000_000


@dataclass
class Findings:
    """The result of the research: the passages for the model, and a sentence on what is missing."""

    passages: list[Passage] = field(default_factory=list)
    page_title: str = ""
    page: str = ""
    caveat: str = ""
    searched: bool = False


class Research:
    """Answers questions with the help of `services`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def answer(self, question: Question, usage: Usage) -> AsyncIterator[Step]:
        """The steps of answering `question`; thoughts come before the first text. Adds to `usage` on the way."""
        begun, text = False, ""
        try:
            async for step in self._steps(question, usage):
                begun = begun or not isinstance(step, Thought)
                text += step.text if isinstance(step, Text) else ""
                yield step
            usage.without_a_model(text)
        except ServiceError as error:
            excuse = f"I cannot answer this now: {error}. Please ask again."
            async for step in say(f"\n\nThe answer breaks off here: {error}." if begun else excuse):
                yield step

    async def _steps(self, question: Question, usage: Usage) -> AsyncIterator[Step]:
        if question.tools:
            called = False
            async for step in self._with_tools(question, usage):
                called = True
                yield step
            if called:
                return
        async for step in self._own_way(question, usage):
            yield step

    def _own_way(self, question: Question, usage: Usage) -> AsyncIterator[Step]:
        """The way to answer a question without the caller's tools, chosen by its kind."""
        if question.settings.response_format:
            return self._structured(question, usage)
        if solution := find_solution(question):
            return self._solve(question, solution, usage)
        return self._without_a_skill(question, usage)

    def _without_a_skill(self, question: Question, usage: Usage) -> AsyncIterator[Step]:
        if question.has_picture:
            return self._look_at(question, usage)
        if question.is_small_talk:
            return say(INTRODUCTION)
        if expression := question.calculation:
            return self._calculate(question, expression, usage)
        if program := question.program:
            return self._run(question, program, usage)
        return self._draw(question, usage) if _is_only_a_plot(question) else self._look_up(question, usage)

    async def _with_tools(self, question: Question, usage: Usage) -> AsyncIterator[Step]:
        """The caller's tools, where the model calls one, or has an answer of its own; else nothing at all."""
        form = question.settings.response_format
        more = {**question.tools, **({"response_format": form} if form else {})}
        opening = Opening(self._infer(question, question.messages, **more))
        if not question.follows_a_tool and await opening.declines():
            usage.add(opening.usage)
            return
        async for step in self._steps_of(opening, usage):
            yield step

    async def _look_at(self, question: Question, usage: Usage) -> AsyncIterator[Step]:
        yield Thought(f"Showing the picture to {MODEL}.\n")
        async for step in self._steps_of(self._infer(question, question.messages), usage):
            yield step

    async def _steps_of(self, deltas: AsyncIterable[Delta], usage: Usage) -> AsyncIterator[Step]:
        """The steps of a model's answer, as it is streamed."""
        async for delta in deltas:
            if delta.reasoning:
                yield Thought(delta.reasoning)
            if delta.content:
                yield Text(delta.content)
            if delta.tool_calls:
                yield ToolCalls(delta.tool_calls)
            usage.add(delta.usage or {})

    async def _calculate(self, question: Question, expression: str, usage: Usage) -> AsyncIterator[Step]:
        yield Thought(f"Calculating {expression} in the code sandbox.\n")
        done = await self._execute(calculation_program(expression, question.form.decimals), usage)
        value = done.stdout.strip()[:2_000]
        sentence = question.form.shown(f"{expression} = {value}", value)
        if done.exit_code != 0:
            sentence = f"The code sandbox could not calculate {expression}: {_last_line(done)}"
        async for step in say(sentence):
            yield step

    async def _solve(self, question: Question, solution: Solution, usage: Usage) -> AsyncIterator[Step]:
        """What one of the skills found, by its program where it has one; where that fails, the question goes on."""
        yield Thought(solution.thought)
        value: str | None = solution.value
        if solution.picture:
            plot = Plot(solution.code, solution.value)
            async for step in self._shown(question, plot, self._execute(plot.code, usage), ""):
                yield step
            return
        if solution.code:
            done = await self._execute(solution.code, usage, solution.files)
            value = solution.read(done.stdout) if done.exit_code == 0 else None
        if value is None:
            yield Thought("That did not work out.\n")
            async for step in self._without_a_skill(question, usage):
                yield step
            return
        async for step in say(value if solution.exact else question.form.shown(solution.said.format(value), value)):
            yield step

    async def _run(self, question: Question, program: str, usage: Usage) -> AsyncIterator[Step]:
        yield Thought("Running the program in the code sandbox.\n")
        done = await self._execute(program, usage)
        value = done.stdout.strip()[:2_000]
        sentence = question.form.shown(f"The program printed {value}", value)
        if done.exit_code != 0:
            sentence = f"The program failed in the code sandbox: {_last_line(done)}"
        async for step in say(sentence):
            yield step

    async def _draw(self, question: Question, usage: Usage) -> AsyncIterator[Step]:
        plot = plan_plot(question.text, "", "")
        assert plot is not None
        yield Thought("Drawing it in the code sandbox.\n")
        async for step in self._shown(question, plot, self._execute(plot.code, usage), ""):
            yield step

    async def _look_up(self, question: Question, usage: Usage) -> AsyncIterator[Step]:
        findings = Findings()
        async for thought in self._gather(question, findings):
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

    async def _gather(self, question: Question, findings: Findings) -> AsyncIterator[Step]:
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

    async def _structured(self, question: Question, usage: Usage) -> AsyncIterator[Step]:
        """An answer in the form that the request asks for: the model's alone, since nothing may stand beside it."""
        findings, given = Findings(), ""
        if program := question.program or (question.calculation and calculation_program(question.calculation, None)):
            yield Thought("Running the program in the code sandbox.\n")
            done = await self._execute(program, usage)
            result = done.stdout.strip()[:2_000] if done.exit_code == 0 else f"unknown: {_last_line(done)}"
            given = f"The result is {result}. {question.form.wishes}".strip()
        elif question.can_be_looked_up and not question.has_picture:
            async for step in self._gather(question, findings):
                yield step
        yield Thought(f"Asking {MODEL} for an answer in the form that was asked for.\n")
        if findings.passages:
            given = prompt(" ".join(question.text.split()), findings.passages)
        messages = list(question.messages)
        if given:
            rules = [m for m in messages if m.get("role") in ("system", "developer")]
            messages = [*rules, {"role": "user", "content": given}]
        deltas = self._infer(question, messages, response_format=question.settings.response_format)
        async for step in self._steps_of(deltas, usage):
            yield step

    def _asked(self, question: Question, findings: Findings) -> Opening:
        """The model's answer from what was found, about to come."""
        wishes = f" What the user wishes of its form: {question.form.wishes}" if question.form.wishes else ""
        messages = [
            {"role": "system", "content": SYSTEM + wishes},
            {"role": "user", "content": prompt(question.spoken(), findings.passages)},
        ]
        return Opening(self._infer(question, messages))

    def _infer(self, question: Question, messages: Sequence[dict[str, Any]], **more: Any) -> AsyncIterator[Delta]:
        """The model's answer, under the settings of the request."""
        return self._services.infer(messages, **question.settings.model, **more)

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
                    drawing = asyncio.create_task(self._execute(plot.code, usage))
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
                async for step in self._shown(question, plot, drawing, "\n\n"):
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

    async def _shown(self, question: Question, plot: Plot, drawing: Any, before: str) -> AsyncIterator[Step]:
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
        if (value := value_of(done.stdout)) is not None:
            shown = f"{value:.6g}" if question.form.decimals is None else f"{value:.{question.form.decimals}f}"
            yield Text(f" {question.form.shown(f'At {plot.at}, y = {shown}.', shown)}")

    async def _execute(self, code: str, usage: Usage, files: Sequence[dict[str, str]] = ()) -> Execution:
        done = await self._services.execute(code, files)
        usage.add({"sandbox_seconds": done.seconds})
        return done


def _is_only_a_plot(question: Question) -> bool:
    """Whether the question names a function to plot and asks for nothing besides."""
    if not question.wants_plot or find_formula(question.text) is None:
        return False
    left = [w for w in words(question.query()) if w.isalpha() and len(w) > 3 and w not in _DRAWING_WORDS]
    return len(left) <= 1


def _sources(passages: list[tuple[str, Passage]]) -> str:
    lines = [f"- {mark}[{re.sub(r'[][]', '', p.title) or p.url}]({p.url})" for mark, p in passages]
    return "\n\nSources:\n" + "\n".join(lines)


def _last_line(done: Execution) -> str:
    lines = done.stderr.strip().splitlines()
    return lines[-1][:300] if lines else f"the program ended with exit code {done.exit_code}"


def _none(error: RateLimitedError) -> list[Passage]:
    raise error
