"""From question to answer by looking up: search, read, let the model answer from what was found (FR-2, step 4)."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

from citations import Citations
from conversation import topic_of
from drawing import execute, shown
from finding import Finding, Findings
from opening import Opening
from pages import declines, prompt
from plotting import Plot, plan_plot
from questions import Question
from refusals import refusal
from services import MODEL, Delta, Execution, ServiceError, Services
from steps import Step, Text, Thought, Usage, say

SYSTEM = (
    "Answer the question from the numbered passages and from nothing else. Refer to a passage as [1]. "
    "If the passages do not cover the question, say so."
)
NO_PLOT = "\n\nI found neither a function nor a table of numbers to plot for this."


class LookUp:
    """Answers from the web and the vector index, with the help of `services`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._finding = Finding(services)

    async def answer(self, question: Question, usage: Usage) -> AsyncIterator[Step]:
        """The steps of answering `question`. Raises ServiceError. Adds to `usage` on the way."""
        findings = Findings()
        async for thought in self.gather(question, findings):
            yield thought
        plot = plan_plot(question.text, findings.page_title, findings.page) if question.wants_plot else None
        if plot:
            yield Thought("There is something to plot; the code sandbox will draw it.\n")
        opening: Opening | None = None
        if findings.passages:
            yield Thought(f"Asking {MODEL} to answer from {_counted(len(findings.passages), 'passage')}.\n")
            opening = self._asked(question, findings)
            if findings.searched and await opening.declines() and await self._finding.look_again(question, findings):
                yield Thought("They do not cover it; looking for passages that are near in meaning.\n")
                usage.add(opening.usage)
                opening = self._asked(question, findings)
        if opening is None or await opening.declines():
            own = Opening(self._infer(question, question.messages)) if opening else None
            if opening is None or own is None or await own.declines():
                usage.add(opening.usage if opening else {})
                async for step in say(refusal(topic_of(question.spoken()), findings.near)):
                    yield step
                return
            yield Thought(f"Nothing that was found covers it. Asking {MODEL} alone: what it says is its own.\n")
            usage.add(opening.usage)
            opening, findings = own, Findings(page=findings.page, page_title=findings.page_title)
        async for step in self._write(question, findings, opening, plot, usage):
            yield step

    def gather(self, question: Question, findings: Findings) -> AsyncIterator[Step]:
        """Search, read, and fill `findings`; the steps say what was asked for and what came from memory."""
        return self._finding.gather(question, findings)

    def _asked(self, question: Question, findings: Findings) -> Opening:
        """The model's answer from what was found, about to come."""
        wishes = f" What the user wishes of its form: {question.form.wishes}" if question.form.wishes else ""
        messages = [
            {"role": "system", "content": SYSTEM + wishes},
            *_said_before(question),
            {"role": "user", "content": prompt(question.spoken(), findings.passages)},
        ]
        return Opening(self._infer(question, messages))

    def _infer(self, question: Question, messages: Sequence[dict[str, Any]]) -> AsyncIterator[Delta]:
        return self._services.infer(messages, **question.settings.model)

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
                async for step in say(_sources(citations.sources)):
                    yield step
        finally:
            if drawing is not None and not drawing.done():
                drawing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await drawing


def _said_before(question: Question) -> list[dict[str, Any]]:
    """What was answered last, for a question that goes on from there: the model need not say it again."""
    asked = [" ".join(str(m.get("content")).split()).casefold() for m in question.messages if m.get("role") == "user"]
    if asked[-1:] and asked[-1] in asked[:-1]:
        return []  # Asked again, it is answered again.
    answers = [m for m in question.messages if m.get("role") == "assistant" and isinstance(m.get("content"), str)]
    return [{"role": "assistant", "content": str(m["content"])[:4_000]} for m in answers[-3:]]


def _sources(passages: list[tuple[str, Any]]) -> str:
    lines = [f"- {mark}[{re.sub(r'[][]', '', p.title) or p.url}]({p.url})" for mark, p in passages]
    return "\n\nSources:\n" + "\n".join(lines)


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


__all__ = ["Findings", "LookUp", "ServiceError"]
