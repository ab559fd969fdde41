"""Pictures that a question describes by size and areas, as a program that draws them.

"90 by 60 pixels, the left half red, the right half white": areas come from a small table of words. Positions are
fractions of the picture, so any size works. Where a colour is named for no place that is known here, nothing is drawn.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import short
from reading import Reading
from seeing import COLOURS

MOST_SIDE = 2_000
_COLOUR = rf"(?:rgb\s*\(\s*\d+\s*,\s*\d+\s*,\s*\d+\s*\)|\#[0-9a-fA-F]{{6}}|\b(?:{'|'.join(COLOURS)})\b)"
_SIZE = short.compile(
    r"\b(\d{1,4})\s*(?:pixels?\s+)?(?:wide\s*(?:and|by|,)\s*(?:is\s+)?|by\s+|x\s*|×\s*)(\d{1,4})\s*(?:pixels?)?(?:\s*(?:high|tall))?",
    re.I,
)
# Areas by name: left, top, right and bottom as fractions of the picture.
_AREAS = {
    r"(?:upper|top)\s+left(?:\s+quarter)?": (0, 0, 0.5, 0.5),
    r"(?:upper|top)\s+right(?:\s+quarter)?": (0.5, 0, 1, 0.5),
    r"(?:lower|bottom)\s+left(?:\s+quarter)?": (0, 0.5, 0.5, 1),
    r"(?:lower|bottom)\s+right(?:\s+quarter)?": (0.5, 0.5, 1, 1),
    r"(?:upper|top)\s+half": (0, 0, 1, 0.5),
    r"(?:lower|bottom)\s+half": (0, 0.5, 1, 1),
    r"left\s+half": (0, 0, 0.5, 1),
    r"right\s+half": (0.5, 0, 1, 1),
    r"(?:upper|top)\s+third": (0, 0, 1, 1 / 3),
    r"middle\s+third": (0, 1 / 3, 1, 2 / 3),
    r"(?:lower|bottom)\s+third": (0, 2 / 3, 1, 1),
    r"left\s+third": (0, 0, 1 / 3, 1),
    r"right\s+third": (2 / 3, 0, 1, 1),
}
_HEAD = """\
import base64, io
from PIL import Image, ImageDraw
width, height = {width}, {height}
image = Image.new("RGB", (width, height), {ground})
canvas = ImageDraw.Draw(image)
def area(left, top, right, bottom, colour):
    box = round(left * width), round(top * height), round(right * width) - 1, round(bottom * height) - 1
    canvas.rectangle(box, fill=colour)
"""
_TAIL = """
picture = io.BytesIO()
image.save(picture, "PNG")
print("PNG:" + base64.b64encode(picture.getvalue()).decode())
"""


def plan_drawing(question: str) -> str | None:
    """A program that prints the picture that `question` describes; None where these words are not enough."""
    if not short.search(r"\b(?:picture|image|png|flag|pixels?)\b", question, re.I) or not (
        size := _SIZE.search(question)
    ):
        return None
    width, height = int(size[1]), int(size[2])
    if not (0 < width <= MOST_SIDE and 0 < height <= MOST_SIDE):
        return None
    reading = Reading(question[: size.start()] + " ; " + question[size.end() :])
    areas = list(_areas(reading))
    ground = reading.take(
        rf"\b(?:ground|background)\b[^.;]*?({_COLOUR})|({_COLOUR})\s+(?:ground|background)|\b(?:filled\s+with|entirely|all)\s+({_COLOUR})"
    )
    if short.search(_COLOUR, reading.rest, re.I) or not (areas or ground):
        return None  # a colour is left over: something was described that is not known here
    begin = _HEAD.format(
        width=width, height=height, ground=_rgb(next(filter(None, ground.groups()))) if ground else (255, 255, 255)
    )
    return begin + "\n".join(areas) + _TAIL


def _areas(reading: Reading) -> Iterator[str]:
    for names, box in _AREAS.items():
        if found := reading.take(
            rf"\b(?:{names})\b\s*(?:is|in|:|=|being)?\s*(?:filled\s+with\s+)?({_COLOUR})|({_COLOUR})\s+(?:in|for|on)\s+the\s+(?:{names})\b"
        ):
            yield f"area({', '.join(f'{edge:.9g}' for edge in box)}, {_rgb(found[1] or found[2])})"


def _rgb(said: str) -> tuple[int, int, int]:
    lower = said.strip().lower()
    if lower in COLOURS:
        return COLOURS[lower]
    if lower.startswith("#"):
        return int(lower[1:3], 16), int(lower[3:5], 16), int(lower[5:7], 16)
    red, green, blue = (min(255, int(level)) for level in short.findall(r"\d+", lower))
    return red, green, blue
