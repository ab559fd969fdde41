"""What a program answers better than a model: rules, what was said before, sums, texts to change, dates, small
documents.

Each skill reads the whole question, and stands back where it does not understand all of it. What only moves letters
about is done here; whatever calculates is a program for the code sandbox.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import short
from composing import composed
from dates import dated
from functions import write_function
from questions import Question
from reading import NUMBER
from recall import recalled
from rewriting import rewritten
from rules import ruled
from seeing import READER, answer, measurements, pictures_of
from sequences import with_helpers
from shapes import plan_drawing
from wordproblems import work_out


@dataclass(frozen=True)
class Solution:
    """An answer: the `value`, or what `read` makes of what the program `code` prints; `thought` says how it is found.

    `said` is a sentence around it, for a question that does not want the bare value; with `exact`, there is none. A
    `picture` is what the program draws, with the value as its caption. A program that fails, or of whose output `read`
    makes None, leaves the question to search and model.
    """

    thought: str
    value: str = ""
    code: str = ""
    files: Sequence[dict[str, str]] = ()
    read: Callable[[str], str | None] = lambda stdout: stdout.strip()[:2_000]
    said: str = "{}"
    exact: bool = False
    picture: bool = False


def find_solution(question: Question) -> Solution | None:
    """The first skill's answer to `question`; None where it is for search or for the model."""
    if question.has_picture:
        return _seen(question)
    if rule := ruled(question.messages):
        return Solution("The system message says what to answer here.\n", rule, exact=True)
    if drawing := plan_drawing(question.text):
        return Solution("Drawing it in the code sandbox.\n", "Here is the picture.", drawing, picture=True)
    if written := write_function(question.text):
        code = written.source.rstrip()
        return Solution(
            "Writing the function, and trying it in the code sandbox.\n",
            code=written.check(),
            read=lambda _: f"```python\n{code}\n```",
            exact=True,
        )
    if question.wants_plot or question.program or question.calculation:
        return None
    return _from_words(question) or _calculated(question)


def _seen(question: Question) -> Solution | None:
    """What the measurement of the pictures says."""
    files = pictures_of(question.messages)
    if not files:
        return None
    return Solution(
        "Measuring the picture in the code sandbox.\n",
        code=READER.read_text("utf-8"),
        files=files,
        read=lambda stdout: answer(question.form.core, measurements(stdout)),
        exact=True,
    )


def _from_words(question: Question) -> Solution | None:
    """What only moves words and letters about: no program needs to run for it."""
    form = question.form
    if said := recalled(question.messages, form.core):
        return Solution("You told me this earlier in the conversation.\n", _bare(said, form.wishes), exact=True)
    skills: tuple[tuple[str, Callable[[], str | None]], ...] = (
        ("Writing it as it is described.\n", lambda: composed(question.text)),
        ("Reading the date.\n", lambda: dated(form.core)),
        ("Changing the text step by step.\n", lambda: rewritten(question.text, form.wishes)),
    )
    for doing, skill in skills:
        if made := skill():
            return Solution(doing, made, exact=True)
    return None


def _calculated(question: Question) -> Solution | None:
    """A word problem, as a program that prints its result."""
    if _WANTS_SOURCE.search(question.text) or not (worked := work_out(question.form.core)):
        return None
    decimals = question.form.decimals
    code = f"{with_helpers(worked.expression)}result = {worked.expression}\n{_PRINT.format(decimals=decimals)}"
    unit = f" {worked.unit}" if worked.unit else ""
    return Solution(
        f"Calculating {_short(worked.expression)} in the code sandbox.\n", code=code, said="It comes to {}" + unit + "."
    )


_WANTS_SOURCE = short.compile(r"\b(?:sources?|cite|urls?)\b", re.I)
_PRINT = """\
if isinstance(result, (list, tuple)):
    result = ", ".join(map(str, result))
elif isinstance(result, float):
    result = format(result, ".{decimals}f") if {decimals} is not None else format(round(result, 9), ".15g")
print(result)
"""


def _bare(said: str, wishes: str) -> str:
    """Only the number of what was said, where only the number is wanted."""
    found = short.search(NUMBER, said)
    return found[0] if found and short.search(r"\bnumber\b", wishes, re.I) else said


def _short(expression: str) -> str:
    return expression if len(expression) < 90 else expression[:80] + " …"
