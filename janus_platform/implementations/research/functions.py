"""Python functions from a description, where it is of a kind that can be read whole; else none.

`def name(parameters)` comes from the question. Its body is read by one of these, in turn:
- a description of numbers, words or characters (sequences.py): "returns how many numbers of the list are even";
- a formula of its one parameter: "returns 3·x² − 2·x";
- examples: "f([3, 1]) gives [6, 2]" (synthesis.py).
There is no library of known answers: what none of them reads is left to the model, and the offline one writes no code.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import short
from expressions import one_variable
from sequences import describe, with_helpers
from synthesis import find_examples, synthesise

_ASKED = short.compile(r"\bPython\s+function\b[^`(]*`?(?P<name>[A-Za-z_]\w*)\((?P<given>[\w\s,]*)\)`?", re.I)
_FORM = short.compile(
    r"\b(?:reply|respond|answer)\b[^.]*\bcode\s+block\b[^.]*\.?|\bcode\s+block\s+only\.?|\bplease\b", re.I
)


@dataclass(frozen=True)
class _Task:
    """What is asked: the function's name, its parameters, and the sentences that say what it does."""

    name: str
    given: tuple[str, ...]
    text: str

    @property
    def first(self) -> str:
        return self.given[0] if self.given else "n"


@dataclass(frozen=True)
class Written:
    """A function as source, and calls with results that the question itself gives, to try it on."""

    source: str
    name: str
    examples: tuple[tuple[str, str], ...] = ()

    def check(self) -> str:
        """A program that fails where the function is wrong on an example of the question, or does not run at all."""
        tests = "".join(f"assert {call} == {result}, {call!r}\n" for call, result in self.examples)
        return f"{self.source}\n{tests}print('ok')\n"


def write_function(question: str) -> Written | None:
    """The function that `question` describes; None where its description is not read whole."""
    found = _ASKED.search(question)
    if not found:
        return None
    given = tuple(name.strip() for name in found["given"].split(",") if name.strip())
    text = " ".join(_FORM.sub(" ", question[found.end() :]).replace("−", "-").split())
    examples = tuple(find_examples(text, found["name"]))
    task = _Task(found["name"], given, text)
    for body in BODIES:
        if lines := body(task):
            return Written(_source(task, lines), found["name"], examples)
    if examples and (expression := synthesise(task.name, given, examples)):
        return Written(_source(task, f"return {expression}"), found["name"], examples)
    return None


def _source(task: _Task, lines: str) -> str:
    body = "".join(f"    {line}\n" for line in lines.splitlines())
    return f"{with_helpers(lines)}def {task.name}({', '.join(task.given)}):\n{body}"


def _described(task: _Task) -> str | None:
    """One expression over the parameters."""
    said = short.sub(r"^\W*(?:that|which|to)\s+|\bfor\s+whole\s+numbers\b:?", " ", task.text).strip(" .")
    if len(short.findall(r"[.;](?:\s|$)", said)):
        return None
    truth = short.fullmatch(
        r"(?:returns?|tells?|says?|checks?)\s+(?:whether|if)\s+(?:a|the|an)?\s*(?:text|word|string|number|"
        + re.escape(task.first)
        + r")\s+(?:is\s+)?(.+)",
        said,
        re.I,
    )
    if truth and (found := describe(f"which numbers between 0 and 1 {truth[1]}")):
        condition = found.partition(" if ")[2].removesuffix("]")
        return f"return {short.sub(chr(92) + 'bx' + chr(92) + 'b', task.first, condition)}" if condition else None
    said = short.sub(
        r"\b(?:the\s+)?(?:first|last)\s+of\s+them\s+(?:if|where|when)\s+there\s+are\s+(?:several|more)\b", " ", said
    )
    expression = describe(said, task.given)
    return f"return {expression}" if expression else None


def _formula(task: _Task) -> str | None:
    """A formula of the one parameter: "returns 3·x² − 2·x"."""
    found = short.search(r"\breturns?\s+(?:the\s+value\s+of\s+)?(.+?)\.?\s*$", task.text, re.I)
    formula = one_variable(found[1], task.first) if found and len(task.given) == 1 else None
    return f"return {formula}" if formula else None


BODIES: tuple[Callable[[_Task], str | None], ...] = (
    _formula,
    _described,
)
