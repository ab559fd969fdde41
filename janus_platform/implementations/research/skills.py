"""What a program answers better than a model: rules, what was said before, sums, texts to change, dates, small documents.

Each skill reads the whole question, and stands back where it does not understand all of it. What only moves letters about
is done here; whatever calculates is a program for the code sandbox.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from composing import composed
from dates import dated
from questions import Question
from reading import NUMBER
from recall import recalled
from rewriting import rewritten
from rules import ruled
from sequences import with_helpers
from wordproblems import work_out


@dataclass(frozen=True)
class Solution:
    """An answer: `thought` says how it is found; it is the `value`, or what the program `code` prints.

    `said` is a sentence around it, for a question that does not want the bare value.
    """

    thought: str
    value: str = ""
    code: str = ""
    said: str = "{}"
    exact: bool = False


def find_solution(question: Question) -> Solution | None:
    """The first skill's answer to `question`; None where it is for search or for the model."""
    if question.has_picture or question.wants_plot:
        return None
    if rule := ruled(question.messages):
        return Solution("The system message says what to answer here.\n", rule, exact=True)
    form = question.form
    if said := recalled(question.messages, form.core):
        return Solution("You told me this earlier in the conversation.\n", _bare(said, form.wishes), exact=form.bare)
    for doing, skill in (
        ("Writing it as it is described.\n", lambda: composed(question.text)),
        ("Reading the date.\n", lambda: dated(form.core)),
        ("Changing the text step by step.\n", lambda: rewritten(question.text, form.wishes)),
    ):
        if made := skill():
            return Solution(doing, made, exact=True)
    return _calculated(question)


def _calculated(question: Question) -> Solution | None:
    """A word problem, as a program that prints its result."""
    worked = work_out(question.form.core)
    if worked is None:
        return None
    decimals = question.form.decimals
    code = f"{with_helpers(worked.expression)}result = {worked.expression}\n{_PRINT.format(decimals=decimals)}"
    unit = f" {worked.unit}" if worked.unit else ""
    return Solution(
        f"Calculating {_short(worked.expression)} in the code sandbox.\n", code=code, said="It comes to {}" + unit + "."
    )


_PRINT = """\
if isinstance(result, (list, tuple)):
    result = ", ".join(map(str, result))
elif isinstance(result, float):
    result = format(result, ".{decimals}f") if {decimals} is not None else format(round(result, 9), ".15g")
print(result)
"""


def _bare(said: str, wishes: str) -> str:
    """Only the number of what was said, where only the number is wanted."""
    found = re.search(NUMBER, said)
    return found[0] if found and re.search(r"\bnumber\b", wishes, re.I) else said


def _short(expression: str) -> str:
    return expression if len(expression) < 90 else expression[:80] + " …"
