"""Plots: a function of the question, drawn in the sandbox, with a value of it."""

import re
from collections.abc import AsyncIterator
from typing import Any

from form import read_form
from saying import say
from services import run

PLOT = re.compile(
    r"\bplot (?:[a-z]{1,20} ){0,4}(?:\w{1,20}\((\w{1,20})\) = |y = )?([^\s=].{0,60}?)"
    r"(?: (?:for|of) [a-z ]{1,30})?"
    r" from (-?[\d.]{1,20}) to (-?[\d.]{0,20}\d)( degrees)?",
    re.I,
)
AT = re.compile(r"\bvalue (?:at|for) (?:\w+ = )?(-?[\d.]*\d)")
PLOTTED = """
import base64, io
from numpy import *
import matplotlib.pyplot as plt
f = lambda {name}: {source} + 0 * {name}
x = linspace({low}, {high}, 400)
figure, axes = plt.subplots(dpi=90)
axes.plot(x, f(x * {unit}))
axes.set(title={source!r}, xlabel={name!r})
file = io.BytesIO()
figure.savefig(file, format="png")
print(base64.b64encode(file.getvalue()).decode())
"""


def plotted(question: str) -> str:
    """A program that prints a plot, and below it the value that is asked for."""
    asked, at = PLOT.search(question), AT.search(question)
    if not asked:
        return ""
    name, unit = asked[1] or "x", "pi / 180" if asked[5] else "1"
    program = PLOTTED.format(
        name=name, source=asked[2], low=asked[3], high=asked[4], unit=unit
    )
    value = f"f({at[1]} * {unit})" if at else ""
    decimals = read_form(question).decimals
    return (
        program + f"print(format({value}, '.{decimals or 3}f'))\n" if at else program
    )


async def shown(program: str, question: str) -> AsyncIterator[tuple[str, Any]]:
    """The picture that a program prints, and the value in the line below it."""
    yield "reasoning_content", "Drawing in the sandbox.\n"
    printed, seconds = await run(program)
    picture, _, value = printed.partition("\n")
    yield "artifacts", [{"type": "image/png", "name": "picture.png", "data": picture}]
    text = (
        read_form(question).shown(value, f"Here it is. {value}")
        if value
        else "Here it is."
    )
    async for piece in say(text, sandbox_seconds=seconds):
        yield piece


async def answer(
    question: str, request: dict[str, Any]
) -> AsyncIterator[tuple[str, Any]]:
    """The plot that is asked for."""
    if program := plotted(question):
        async for piece in shown(program, question):
            yield piece
