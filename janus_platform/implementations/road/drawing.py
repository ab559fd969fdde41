"""Pictures: functions are plotted, coloured parts painted, and pictures measured."""

import base64
import re
import struct
from collections.abc import AsyncIterator
from typing import Any

from form import read_form
from saying import say
from services import run

PLOT = re.compile(
    r"\bplot (?:[a-z]+ )*(?:\w+\((\w+)\) = |y = )?([^\s=].{0,120}?)"
    r"(?: (?:for|of) [a-z ]{1,60})?"
    r" from (-?[\d.]+) to (-?[\d.]*\d)( degrees)?",
    re.I,
)
AT = re.compile(r"\bvalue (?:at|for) (?:\w+ = )?(-?[\d.]*\d)")
SIZE = re.compile(r"\b(\d+) (?:pixels wide and|by|x|×) (\d+)")
PART = re.compile(
    r"\b((?:upper|lower|left|right)(?: (?:left|right))?)\b[a-z ]*"
    r"rgb\((\d+), (\d+), (\d+)\)"
)
SAVE = """
import base64, io
file = io.BytesIO()
{save}
print(base64.b64encode(file.getvalue()).decode())
"""
PLOTTED = """
from numpy import *
import matplotlib.pyplot as plt
f = lambda {name}: {source} + 0 * {name}
x = linspace({low}, {high}, 400)
figure, axes = plt.subplots(dpi=90)
axes.plot(x, f(x * {unit}))
axes.set(title={source!r}, xlabel={name!r})
""" + SAVE.format(save='figure.savefig(file, format="png")')
PAINTED = """
from PIL import Image, ImageDraw
picture = Image.new("RGB", {size}, "white")
draw = ImageDraw.Draw(picture)
for box, colour in {parts}:
    draw.rectangle(box, fill=colour)
for colour in {diagonals}:
    draw.line((0, 0, picture.width - 1, picture.height - 1), fill=colour)
""" + SAVE.format(save='picture.save(file, "PNG")')


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


def painted(question: str) -> str:
    """A program that prints a picture of coloured parts."""
    size, parts = SIZE.search(question), PART.findall(question)
    if not size or not parts:
        return ""
    width, height = int(size[1]), int(size[2])
    boxes = []
    for place, *colour in parts:
        left, right = (
            width // 2 * ("right" in place),
            width // (1 + ("left" in place)),
        )
        top, bottom = (
            height // 2 * ("lower" in place),
            height // (1 + ("upper" in place)),
        )
        boxes.append(((left, top, right - 1, bottom - 1), tuple(map(int, colour))))
    diagonals = re.findall(r"\bdiagonal (\w+) line", question)
    return PAINTED.format(size=(width, height), parts=boxes, diagonals=diagonals)


def size_of(request: dict[str, Any]) -> str:
    """Width and height of the PNG that came with the question, as its header says."""
    content = request["messages"][-1].get("content")
    for part in content if isinstance(content, list) else []:
        head, _, data = str((part.get("image_url") or {}).get("url")).partition(",")
        if head == "data:image/png;base64" and len(data) > 44:
            return "{}x{}".format(
                *struct.unpack(">II", base64.b64decode(data[:32])[16:24])
            )
    return ""


async def answer(
    question: str, request: dict[str, Any]
) -> AsyncIterator[tuple[str, Any]]:
    """A picture that is asked for, or the size of one that came."""
    if re.search(r"\b(pixels|size|wide|width)\b", question) and (
        size := size_of(request)
    ):
        async for piece in say(size, "The picture's header says how large it is."):
            yield piece
    elif program := plotted(question) or painted(question):
        yield "reasoning_content", "Drawing in the sandbox.\n"
        printed, seconds = await run(program)
        picture, _, value = printed.partition("\n")
        yield (
            "artifacts",
            [{"type": "image/png", "name": "picture.png", "data": picture}],
        )
        text = (
            read_form(question).shown(value, f"Here it is. {value}")
            if value
            else "Here it is."
        )
        async for piece in say(text, sandbox_seconds=seconds):
            yield piece
