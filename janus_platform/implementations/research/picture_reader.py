"""What stands in a picture, measured: its size, its ground, its shapes with their colours, its lines of text.

This program runs in the code sandbox, beside the files `picture-1`, `picture-2` and so on, and prints one JSON object
for each. Letters are told by comparing each with letters of known fonts, drawn to the same size: it reads printed
digits and capital letters on an even ground, and neither handwriting nor text in a photograph.
"""

from __future__ import annotations

import importlib.util
import json
import pathlib
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Shape = dict[str, Any]  # left, top, right, bottom, colour, filled
    Known = tuple[str, Array, float]  # a letter, its grid, its width by its height

GRID = (10, 14)
MOST_SHAPES, MOST_SIDE = 200, 1600
NEAR = 40  # how far two colours may lie apart, 0 to 255 a channel, to count as one
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# The 5 by 7 letters of character displays, a row for each number, for pictures that draw letters of dots.
DOTS = """
0 14 17 19 21 25 17 14;1 4 12 4 4 4 4 14;2 14 17 1 2 4 8 31;3 31 2 4 2 1 17 14;4 2 6 10 18 31 2 2;5 31 16 30 1 1 17 14
6 6 8 16 30 17 17 14;7 31 1 2 4 8 8 8;8 14 17 17 14 17 17 14;9 14 17 17 15 1 2 12;A 14 17 17 17 31 17 17
A 14 17 17 31 17 17 17;B 30 17 17 30 17 17 30;C 14 17 16 16 16 17 14;D 28 18 17 17 17 18 28;E 31 16 16 30 16 16 31
F 31 16 16 30 16 16 16;G 14 17 16 23 17 17 15;H 17 17 17 31 17 17 17;I 14 4 4 4 4 4 14;J 7 2 2 2 2 18 12
K 17 18 20 24 20 18 17;L 16 16 16 16 16 16 31;M 17 27 21 21 17 17 17;N 17 17 25 21 19 17 17;O 14 17 17 17 17 17 14
P 30 17 17 30 16 16 16;Q 14 17 17 17 21 18 13;R 30 17 17 30 20 18 17;S 15 16 16 14 1 1 30;T 31 4 4 4 4 4 4
U 17 17 17 17 17 17 14;V 17 17 17 17 17 10 4;W 17 17 17 21 21 21 10;X 17 17 10 4 10 17 17;Y 17 17 17 10 4 4 4
Z 31 1 2 4 8 16 31
"""


def pieces_of(mask: Array) -> list[Array]:
    """Connected pieces of a mask, diagonals included: arrays of (row, column), the largest pictures' first 200."""
    left = mask.copy()
    pieces: list[Array] = []
    for start in zip(*np.nonzero(mask), strict=True):
        if not left[start] or len(pieces) == MOST_SHAPES:
            continue
        left[start], stack, piece = False, [start], []
        while stack:
            row, column = stack.pop()
            piece.append((row, column))
            for r in range(max(0, row - 1), min(mask.shape[0], row + 2)):
                for c in range(max(0, column - 1), min(mask.shape[1], column + 2)):
                    if left[r, c]:
                        left[r, c] = False
                        stack.append((r, c))
        pieces.append(np.array(piece))
    return pieces


def shape_of(piece: Array, pixels: Array) -> Shape:
    """A piece in numbers: its box, its middle colour, how much of the box it fills."""
    top, left = piece.min(axis=0)
    bottom, right = piece.max(axis=0) + 1
    colour = np.median(pixels[piece[:, 0], piece[:, 1]], axis=0)
    area = (bottom - top) * (right - left)
    box = {"left": left, "top": top, "right": right, "bottom": bottom}
    return {name: int(at) for name, at in box.items()} | {
        "colour": [int(level) for level in colour],
        "filled": round(len(piece) / area, 3),
    }


def glyph(mask: Array) -> tuple[Array, float]:
    """A mask of one letter, cut to its box and brought to the grid, with the shape of the box."""
    rows, columns = np.nonzero(mask)
    cut = mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    image = Image.fromarray((cut * 255).astype("uint8")).resize(GRID, Image.Resampling.BOX)
    return np.asarray(image, dtype=float) / 255, cut.shape[1] / cut.shape[0]


def known_letters() -> list[Known]:
    """Letters of a few fonts as glyphs: (letter, grid, width by height)."""
    known: list[Known] = []
    for entry in DOTS.replace("\n", ";").split(";"):
        if entry.strip():
            letter, *rows = entry.split()
            dots = np.array([[int(row) >> (4 - bit) & 1 for bit in range(5)] for row in rows], dtype=bool)
            known.append((letter, *glyph(np.kron(dots, np.ones((4, 4), dtype=bool)))))
    for font in fonts():
        for letter in LETTERS:
            image = Image.new("L", (90, 90))
            ImageDraw.Draw(image).text((20, 10), letter, fill=255, font=font)
            known.append((letter, *glyph(np.asarray(image) > 127)))
    return known


def fonts() -> list[ImageFont.FreeTypeFont]:
    """The fonts that matplotlib brings along, where it is there."""
    found = importlib.util.find_spec("matplotlib")  # its files, without the second that importing it takes
    if found is None or found.origin is None:
        return []
    folder = pathlib.Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
    names = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf", "DejaVuSerif.ttf")
    return [ImageFont.truetype(str(folder / name), 48) for name in names if (folder / name).exists()]


def letter_of(mask: Array, line_height: float, known: list[Known]) -> str:
    """The known letter nearest to a mask; signs are told by their proportions."""
    rows, columns = np.nonzero(mask)
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    grid, proportion = glyph(mask)
    if height < 0.35 * line_height:
        return "-" if width > 1.5 * height else "."
    if (
        height < 0.85 * line_height
        and 0.75 < proportion < 1.35
        and grid[:3, :2].mean() < 0.3
        and grid[5:9].mean() > 0.5
    ):
        return "+"
    return min(known, key=lambda entry: np.abs(entry[1] - grid).mean() + 0.4 * abs(np.log(entry[2] / proportion)))[0]


def lines_of(
    pieces: list[Array], shapes: list[Shape], known: list[Known], shape: tuple[int, ...]
) -> list[dict[str, Any]]:
    """The pieces that look like letters, read line by line, from left to right."""
    letters = [
        (box, piece)
        for box, piece in zip(shapes, pieces, strict=True)
        if max(box["bottom"] - box["top"], box["right"] - box["left"]) >= 5
        and box["bottom"] - box["top"] <= shape[0] * 0.9
        and len(piece) >= 4
    ]
    lines: list[list[tuple[Shape, Array]]] = []
    for box, piece in sorted(letters, key=lambda found: found[0]["bottom"] - found[0]["top"], reverse=True):
        middle = (box["top"] + box["bottom"]) / 2
        line = next((line for line in lines if line[0][0]["top"] <= middle < line[0][0]["bottom"]), None)
        if line is None:
            lines.append(line := [])
        line.append((box, piece))
    read = []
    for line in sorted(lines, key=lambda found: found[0][0]["top"]):
        height = line[0][0]["bottom"] - line[0][0]["top"]
        text, end = "", None
        for box, piece in sorted(line, key=lambda found: found[0]["left"]):
            mask = np.zeros((box["bottom"] - box["top"], box["right"] - box["left"]), dtype=bool)
            mask[piece[:, 0] - box["top"], piece[:, 1] - box["left"]] = True
            text += " " if end is not None and box["left"] - end > 0.6 * height else ""
            text += letter_of(mask, height, known)
            end = box["right"]
        read.append({"text": text, "colour": line[0][0]["colour"], "top": line[0][0]["top"]})
    return read


def measured(path: pathlib.Path) -> dict[str, Any]:
    """One picture as a JSON object."""
    opened = Image.open(path)
    width, height = opened.size
    image = opened.convert("RGB")
    image.thumbnail((MOST_SIDE, MOST_SIDE))
    pixels = np.asarray(image).astype(int)
    rim = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    colours, counts = np.unique(rim, axis=0, return_counts=True)
    ground = colours[counts.argmax()]
    away = np.abs(pixels - ground).max(axis=2) > NEAR
    pieces = []
    if 0 < away.mean() < 0.9:
        inks, sizes = np.unique(pixels[away] // 24, axis=0, return_counts=True)
        for ink in inks[np.argsort(-sizes)][:8]:
            pieces += [piece for piece in pieces_of(away & (pixels // 24 == ink).all(axis=2)) if len(piece) > 3]
    shapes = [shape_of(piece, pixels) for piece in pieces]
    # letters of any colour, without the pale edges that smooth them
    contrast = np.abs(pixels - ground).max(axis=2)
    inked = pieces_of(away) if pieces else []
    letters = [piece[(level := contrast[piece[:, 0], piece[:, 1]]) >= level.max() / 2] for piece in inked]
    letters = [piece for piece in letters if len(piece) > 3]
    boxes = [shape_of(piece, pixels) for piece in letters]
    middle = pixels[pixels.shape[0] // 2, pixels.shape[1] // 2]
    return {
        "width": width,
        "height": height,
        "ground": ground.tolist(),
        "middle": middle.tolist(),
        "shapes": shapes,
        "lines": lines_of(letters, boxes, known_letters(), pixels.shape) if letters else [],
    }


if __name__ == "__main__":
    for path in sorted(pathlib.Path().glob("picture-*")):
        print(json.dumps(measured(path)))
