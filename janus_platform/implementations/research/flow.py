"""From question to answer: the way that suits its kind, chosen here and gone step by step (FR-2, step 4).

Each step is reported as a thought while it runs; the answer follows, piece by piece as the model streams it. A service
that fails becomes a sentence of the answer, never a broken stream.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from typing import Any

from drawing import execute, last_line, shown
from formulas import find_formula
from lengths import most_sentences, within
from lookup import Findings, LookUp
from opening import Opening
from pages import prompt
from plotting import Plot, calculation_program, plan_plot
from questions import Question
from services import MODEL, Delta, ServiceError, Services
from skills import Solution, find_solution
from small_talk import reply_to
from steps import Step, Text, Thought, ToolCalls, Usage, say
from toolcalls import plan_calls, refuses_tools

_ALSO_ASKS = re.compile(
    r"\b(?:explain|describe|why|who|when|how|tell\s+me|what\s+(?:is|are|does|do)|compare|discuss)\b", re.I
)


class Research:
    """Answers questions with the help of `services`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lookup = LookUp(services)

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
        if reply := reply_to(question.said):
            return say(reply)
        if expression := question.calculation:
            return self._calculate(question, expression, usage)
        if program := question.program:
            return self._run(question, program, usage)
        if _is_only_a_plot(question):
            return self._draw(question, usage)
        sentences = most_sentences(question.said)
        answer = self._lookup.answer(question, usage)
        return answer if sentences is None else within(answer, sentences)

    async def _with_tools(self, question: Question, usage: Usage) -> AsyncIterator[Step]:
        """A call of the caller's tools, which the request says whole or the model makes; else nothing at all."""
        if not question.follows_a_tool and question.settings.response_format is None:
            if refuses_tools(question.said):
                return
            if calls := plan_calls(question.tools, question.said):
                names = ", ".join(dict.fromkeys(call["function"]["name"] for call in calls))
                yield Thought(f"The request says all that {names} needs.\n")
                yield ToolCalls(calls)
                return
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
        done = await execute(self._services, calculation_program(expression, question.form.decimals), usage)
        value = done.stdout.strip()[:2_000]
        sentence = question.form.shown(f"{expression} = {value}", value)
        if done.exit_code != 0:
            sentence = f"The code sandbox could not calculate {expression}: {last_line(done)}"
        async for step in say(sentence):
            yield step

    async def _solve(self, question: Question, solution: Solution, usage: Usage) -> AsyncIterator[Step]:
        """What one of the skills found, by its program where it has one; where that fails, the question goes on."""
        yield Thought(solution.thought)
        value: str | None = solution.value
        if solution.picture:
            plot = Plot(solution.code, solution.value)
            async for step in shown(question, plot, execute(self._services, plot.code, usage), ""):
                yield step
            return
        if solution.code:
            done = await execute(self._services, solution.code, usage, solution.files)
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
        done = await execute(self._services, program, usage)
        value = done.stdout.strip()[:2_000]
        sentence = question.form.shown(f"The program printed {value}", value)
        if done.exit_code != 0:
            sentence = f"The program failed in the code sandbox: {last_line(done)}"
        async for step in say(sentence):
            yield step

    async def _draw(self, question: Question, usage: Usage) -> AsyncIterator[Step]:
        plot = plan_plot(question.text, "", "")
        assert plot is not None
        yield Thought(f"Drawing it in the code sandbox: {plot.caption.removeprefix('The plot shows ')}\n")
        async for step in shown(question, plot, execute(self._services, plot.code, usage), ""):
            yield step

    async def _structured(self, question: Question, usage: Usage) -> AsyncIterator[Step]:
        """An answer in the form that the request asks for: the model's alone, since nothing may stand beside it."""
        findings, given = Findings(), ""
        if program := question.program or (question.calculation and calculation_program(question.calculation, None)):
            yield Thought("Running the program in the code sandbox.\n")
            done = await execute(self._services, program, usage)
            result = done.stdout.strip()[:2_000] if done.exit_code == 0 else f"unknown: {last_line(done)}"
            given = f"The result is {result}. {question.form.wishes}".strip()
        elif question.can_be_looked_up and not question.has_picture:
            async for step in self._lookup.gather(question, findings):
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

    def _infer(self, question: Question, messages: Sequence[dict[str, Any]], **more: Any) -> AsyncIterator[Delta]:
        """The model's answer, under the settings of the request."""
        return self._services.infer(messages, **question.settings.model, **more)


def _is_only_a_plot(question: Question) -> bool:
    """Whether the question names a function to plot and asks for nothing besides."""
    if not question.wants_plot or find_formula(question.text) is None:
        return False
    return not _ALSO_ASKS.search(question.text)
