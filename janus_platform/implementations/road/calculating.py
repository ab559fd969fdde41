"""Sums and Python expressions in a question, worked out in the code sandbox."""

import ast
import builtins
import re
from collections.abc import AsyncIterator
from typing import Any

from form import Form, read_form
from saying import say
from services import run

SPOKEN = {
    r"\bremainder (?:when|of) (\d+) (?:is )?divided by (\d+)": r"\1 % \2",
    r"\bgreatest common divisor of (\d+) and (\d+)": r"math.gcd(\1, \2)",
    r"\b(\d{1,15}) ?(?:%|per ?cent) of (?=\d)": r"\1 / 100 * ",
    r"\bhalf of (?=\d)": "1 / 2 * ",
    r"\btimes\b|\bmultiplied by\b|×": "*",
    r"\bdivided by\b|÷": "/",
    r"\bplus\b": "+",
    r"\bminus\b|−": "-",
    r"\bto the power of\b|\^": "**",
    r"(?<=\d),(?=\d{3}\b)": "",
}
# Words around a sum whose value is asked for. Other words ask for something else.
AROUND = set(
    "a and answer are calculate code compute decimals does evaluate for how in is it "
    "make much of out print python result run sandbox sum tell the three to two use "
    "value what with work yourself".split()
)


def expression_in(question: str) -> str:
    """The Python expression whose value is asked for; empty without one."""
    text = question[:400].replace("?", " ")
    for spoken, symbol in SPOKEN.items():
        text = re.sub(spoken, symbol, text)
    starts = [found.start() for found in re.finditer(r"(?<![\w.])[\w(-]", text)]
    ends = [found.end() for found in re.finditer(r"[\d)]", text)]
    for start in starts:
        for end in reversed(ends):
            if end > start and calculates(text[start:end]):
                rest = text[:start] + " " + text[end:]
                is_all = set(re.findall(r"\w+", rest.lower())) <= AROUND
                return text[start:end] if is_all else ""
    return ""


def calculates(source: str) -> bool:
    """Whether `source` is an expression that calculates with known names."""
    try:
        tree = ast.parse(source, mode="eval")
    except (SyntaxError, ValueError):
        return False
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    made = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    known = {"math", *dir(builtins)} | made
    works = isinstance(tree.body, ast.BinOp | ast.Call)
    return works and all(node.id in known for node in names)


async def worked_out(source: str, form: Form) -> AsyncIterator[tuple[str, Any]]:
    """The value of a Python expression, said in the form that was asked for."""
    yield "reasoning_content", f"In the sandbox: {source}\n"
    shown = "x" if form.decimals is None else f"format(x, '.{form.decimals}f')"
    value, seconds = await run(f"import math\nx = {source}\nprint({shown})")
    value = value.removesuffix(".0")
    text = form.shown(value, f"{source} = {value}")
    async for piece in say(text, sandbox_seconds=seconds):
        yield piece


async def answer(
    question: str, request: dict[str, Any]
) -> AsyncIterator[tuple[str, Any]]:
    """The value of a sum that the question spells out."""
    form = read_form(question)
    if source := expression_in(form.core):
        async for piece in worked_out(source, form):
            yield piece
