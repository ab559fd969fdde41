"""Pictures of coloured parts, painted in the sandbox; and how large a picture is."""

import base64
import re
import struct
from collections.abc import AsyncIterator
from typing import Any

from plotting import shown
from saying import say

SIZE = re.compile(r"\b(\d+) (?:pixels wide and|by|x|×) (\d+)")
PART = re.compile(
    r"\b((?:upper|lower|left|right)(?: (?:left|right))?)\b[a-z ]{0,30}"
    r"rgb\((\d+), (\d+), (\d+)\)"
)
PAINTED = """
import base64, io
from PIL import Image, ImageDraw
picture = Image.new("RGB", {size}, "white")
draw = ImageDraw.Draw(picture)
for box, colour in {parts}:
    draw.rectangle(box, fill=colour)
for colour in {diagonals}:
    draw.line((0, 0, picture.width - 1, picture.height - 1), fill=colour)
file = io.BytesIO()
picture.save(file, "PNG")
print(base64.b64encode(file.getvalue()).decode())
"""


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
    wants_size = re.search(r"\b(pixels|size|wide|width)\b", question)
    if wants_size and (size := size_of(request)):
        async for piece in say(size, "The picture's header says how large it is."):
            yield piece
    elif program := painted(question):
        async for piece in shown(program, question):
            yield piece
