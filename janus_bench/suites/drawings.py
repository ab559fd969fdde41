"""Draws the pictures that questions show: a few shapes and letters on a plain ground, as PNG.

A picture is a table: `width`, `height`, `background`, and `shapes`, each with a `shape`: rect (x, y, width, height),
disc (x, y, radius), or text (x, y, text, size). Everything is in pixels, colours go by name. The suite's hash covers
the table, not the bytes: two versions of Pillow may compress one picture differently. The letters are our own, so that
every machine draws the same ones.
"""

from __future__ import annotations

import base64
from io import BytesIO
from typing import TYPE_CHECKING, Any

from janus_bench.checks.pictures import need_pillow

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

COLOURS = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "grey": (128, 128, 128),
    "red": (214, 39, 40),
    "green": (44, 160, 44),
    "blue": (31, 71, 200),
    "yellow": (250, 220, 30),
    "orange": (255, 127, 14),
    "purple": (140, 50, 170),
}
MAX_SIDE = 512
MAX_SHAPES = 64
# 5 columns by 7 rows a letter; each number is a row, its lowest bit the rightmost column.
_FONT = {
    " ": (0, 0, 0, 0, 0, 0, 0),
    "0": (14, 17, 19, 21, 25, 17, 14),
    "1": (4, 12, 4, 4, 4, 4, 14),
    "2": (14, 17, 1, 2, 4, 8, 31),
    "3": (31, 2, 4, 2, 1, 17, 14),
    "4": (2, 6, 10, 18, 31, 2, 2),
    "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14),
    "7": (31, 1, 2, 4, 8, 8, 8),
    "8": (14, 17, 17, 14, 17, 17, 14),
    "9": (14, 17, 17, 15, 1, 2, 12),
    "+": (0, 4, 4, 31, 4, 4, 0),
    "-": (0, 0, 0, 31, 0, 0, 0),
    "A": (14, 17, 17, 31, 17, 17, 17),
    "C": (14, 17, 16, 16, 16, 17, 14),
    "E": (31, 16, 16, 30, 16, 16, 31),
    "H": (17, 17, 17, 31, 17, 17, 17),
    "K": (17, 18, 20, 24, 20, 18, 17),
    "L": (16, 16, 16, 16, 16, 16, 31),
    "M": (17, 27, 21, 21, 17, 17, 17),
    "N": (17, 17, 25, 21, 19, 17, 17),
    "O": (14, 17, 17, 17, 17, 17, 14),
    "P": (30, 17, 17, 30, 16, 16, 16),
    "R": (30, 17, 17, 30, 20, 18, 17),
    "S": (15, 16, 16, 14, 1, 1, 30),
    "T": (31, 4, 4, 4, 4, 4, 4),
    "U": (17, 17, 17, 17, 17, 17, 14),
    "X": (17, 17, 10, 4, 10, 17, 17),
}
_NEEDS = {"rect": ("x", "y", "width", "height"), "disc": ("x", "y", "radius"), "text": ("x", "y", "size")}


def data_url(picture: dict[str, Any]) -> str:
    """The picture as a `data:image/png` address. Raises ValueError naming the field."""
    return "data:image/png;base64," + base64.b64encode(png(picture)).decode()


def png(picture: dict[str, Any]) -> bytes:
    """The picture as PNG, 8 bits a channel, red green blue. Raises ValueError naming the field; BenchError."""
    need_pillow()
    from PIL import Image, ImageDraw

    width, height = (_whole(picture, name, MAX_SIDE, "picture") for name in ("width", "height"))
    if not (width and height):
        raise ValueError("picture: width and height must be at least 1")
    image = Image.new("RGB", (width, height), _colour(picture.get("background", "white")))
    shapes = picture.get("shapes", [])
    if not isinstance(shapes, list) or len(shapes) > MAX_SHAPES:
        raise ValueError(f"picture.shapes: must be a list of at most {MAX_SHAPES}")
    for shape in shapes:
        _draw(ImageDraw.Draw(image), shape)
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _draw(canvas: ImageDraw, shape: Any) -> None:
    kind = shape.get("shape") if isinstance(shape, dict) else None
    if kind not in _NEEDS:
        raise ValueError(f"picture.shapes: shape must be one of {', '.join(_NEEDS)}")
    colour = _colour(shape.get("colour", "black"))
    x, y, *sizes = (_whole(shape, name, MAX_SIDE, f"picture.shapes.{kind}") for name in _NEEDS[kind])
    if kind == "disc":
        radius = sizes[0]
        canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    elif kind == "text":
        _text(canvas, x, y, str(shape.get("text", "")), sizes[0], colour)
    elif all(sizes):
        canvas.rectangle((x, y, x + sizes[0] - 1, y + sizes[1] - 1), fill=colour)


def _text(canvas: ImageDraw, x: int, y: int, text: str, size: int, colour: tuple[int, int, int]) -> None:
    for letter in text:
        if letter not in _FONT:
            raise ValueError(f"picture.shapes.text: there is no {letter!r} to draw with")
        for row, bits in enumerate(_FONT[letter]):
            for column in range(5):
                if size and bits >> (4 - column) & 1:
                    left, top = x + column * size, y + row * size
                    canvas.rectangle((left, top, left + size - 1, top + size - 1), fill=colour)
        x += 6 * size


def _whole(table: dict[str, Any], name: str, most: int, where: str) -> int:
    value = table.get(name)
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError(f"{where}.{name}: must be a whole number from 0 to {most}")
    return value


def _colour(name: Any) -> tuple[int, int, int]:
    if name not in COLOURS:
        raise ValueError(f"picture: {name!r} is not one of {', '.join(COLOURS)}")
    return COLOURS[name]
