"""Questions about pictures that a measurement answers: size, colours, places, printed numbers and words.

`picture_reader.py` measures each picture in the code sandbox; what the question asks of the measurement is read here.
Anything else is for a model that sees.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import short

READER = Path(__file__).parent / "picture_reader.py"
MOST_PICTURES, MOST_BYTES = 4, 2_000_000
_DATA_URL = short.compile(r"data:image/[\w.+-]{1,40};base64,", re.I)
COLOURS = {
    "white": (255, 255, 255), "black": (0, 0, 0), "grey": (128, 128, 128), "red": (215, 40, 40), "green": (40, 160, 50),
    "blue": (35, 70, 210), "yellow": (250, 220, 40), "orange": (255, 130, 20), "purple": (140, 50, 170),
    "pink": (250, 150, 190), "brown": (130, 80, 40), "turquoise": (60, 200, 200),
}  # fmt: skip
_NAMES = "|".join(COLOURS)
Seen = dict[str, Any]


def pictures_of(messages: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """The pictures of the last user message as files for the sandbox; none where one is not Base64 in the message."""
    last = next((m.get("content") for m in reversed(messages) if m.get("role") == "user"), None)
    urls = [
        str((part.get("image_url") or {}).get("url", "")) if isinstance(part.get("image_url"), dict) else ""
        for part in (last if isinstance(last, list) else [])
        if isinstance(part, dict) and part.get("type") == "image_url"
    ]
    if not 0 < len(urls) <= MOST_PICTURES:
        return []
    files = []
    for place, url in enumerate(urls, 1):
        head = _DATA_URL.match(url)
        if not head or len(url) > MOST_BYTES:
            return []
        try:
            base64.b64decode(url[head.end() :], validate=True)
        except (binascii.Error, ValueError):
            return []
        files.append({"name": f"picture-{place}", "data": url[head.end() :]})
    return files


def measurements(stdout: str) -> list[Seen]:
    """What the reader printed: one object for each picture."""
    return [json.loads(line) for line in stdout.splitlines() if line.startswith("{")]


def answer(question: str, seen: Sequence[Seen]) -> str | None:
    """What the measurements say to `question`; None where they say nothing."""
    if not seen:
        return None
    for kind in (_size, _place, _colour, _numbers, _text, _count):
        if found := kind(question, seen):
            return found
    return None


def _size(question: str, seen: Sequence[Seen]) -> str | None:
    if not short.search(r"\bpixels?\b|\b(?:size|dimensions|resolution)\b", question, re.I):
        return None
    picture = seen[0]
    if short.search(r"\bmiddle\b|\bcentre\b|\bcenter\b", question, re.I) and short.search(
        r"\b(?:rgb|red|colou?r)\b", question, re.I
    ):
        return ", ".join(map(str, picture["middle"]))
    wide, high = (short.search(rf"\b(?:{said})\b", question, re.I) for said in ("wide|width", "high|height|tall"))
    if wide and not high:
        return str(picture["width"])
    if high and not wide:
        return str(picture["height"]) if not short.search(r"\bbars?\b", question, re.I) else None
    return (
        f"{picture['width']}x{picture['height']}"
        if wide or short.search(r"\b(?:size|dimensions|resolution)\b", question, re.I)
        else None
    )


def _numbers(question: str, seen: Sequence[Seen]) -> str | None:
    """Numbers that are written in the pictures: one of them, their sum, their difference, a sum to work out."""
    if not short.search(r"\b(?:numbers?|sum|prices?|total|result|digits?|written|calculation)\b", question, re.I):
        return None
    lines = [line for picture in seen for line in picture["lines"]]
    named = short.search(rf"\bis\s+({_NAMES})\b|\b({_NAMES})\s+number\b", question, re.I)
    if named:
        lines = [line for line in lines if colour_name(line["colour"]) == (named[1] or named[2]).lower()]
    texts = [
        short.sub(r"O", "0", line["text"]) if short.search(r"\d", line["text"]) else line["text"] for line in lines
    ]
    if (
        len(texts) == 1
        and (terms := short.fullmatch(r"\s*(\d+)\s*([-+])\s*(\d+)\s*", texts[0]))
        and short.search(r"\b(?:sum|result|calculation|come)\b", question, re.I)
    ):
        return str(int(terms[1]) + int(terms[3]) * (1 if terms[2] == "+" else -1))
    found = [int(number) for text in texts for number in short.findall(r"\d+", text)]
    if not found:
        return None
    if short.search(r"\b(?:minus|differ\w*|less)\b", question, re.I) and len(found) == 2:
        return str(max(found) - min(found))
    if len(found) > 1 and short.search(r"\b(?:sum|total|together|altogether|add|come\s+to)\b", question, re.I):
        return str(sum(found))
    if short.search(r"\b(?:largest|larger|highest|biggest)\b", question, re.I):
        return str(max(found))
    if short.search(r"\b(?:smallest|smaller|lowest)\b", question, re.I):
        return str(min(found))
    return str(found[0]) if len(found) == 1 else ", ".join(map(str, found))


def _text(question: str, seen: Sequence[Seen]) -> str | None:
    if not short.search(r"\b(?:word|text|written|letters?|read|say)\b", question, re.I):
        return None
    return " ".join(line["text"].strip() for picture in seen for line in picture["lines"]) or None


def _count(question: str, seen: Sequence[Seen]) -> str | None:
    wanted = short.search(rf"\bhow\s+many\s+({_NAMES})?", question, re.I)
    if not wanted or short.search(r"\b(?:high|wide|tall)\b", question, re.I):
        return None
    shapes = [
        shape for shape in seen[0]["shapes"] if not wanted[1] or colour_name(shape["colour"]) == wanted[1].lower()
    ]
    return str(len(shapes))


def _place(question: str, seen: Sequence[Seen]) -> str | None:
    """Where the shape of a colour is."""
    wanted = short.search(
        rf"\b(?:is|where|which\s+corner)\b.*?\bthe\s+({_NAMES})\b|\bthe\s+({_NAMES})\s+\w+\s*(?:[:,]|on|in|\?)",
        question,
        re.I,
    )
    if not wanted or not short.search(r"\b(?:left|right|corner|where|upper|lower|above|below)\b", question, re.I):
        return None
    name = (wanted[1] or wanted[2]).lower()
    shapes = [shape for shape in seen[0]["shapes"] if colour_name(shape["colour"]) == name]
    if not shapes:
        return None
    shape, width, height = shapes[0], seen[0]["width"], seen[0]["height"]
    across = "left" if shape["left"] + shape["right"] < width else "right"
    down = "upper" if shape["top"] + shape["bottom"] < height else "lower"
    return f"{down} {across}" if short.search(r"\b(?:corner|upper|lower)\b", question, re.I) else across


def _colour(question: str, seen: Sequence[Seen]) -> str | None:
    if not short.search(r"\b(?:what|which)\s+colou?rs?\b|\bcolou?r\s+(?:is|of|has)\b", question, re.I):
        return None
    picture = seen[0]
    ground = colour_name(picture["ground"])
    if short.search(r"\b(?:ground|background)\b", question, re.I) or not picture["shapes"]:
        return ground
    if short.search(r"\bcolou?rs\b", question, re.I):
        return ", ".join(dict.fromkeys([ground, *(colour_name(shape["colour"]) for shape in picture["shapes"])]))
    largest = max(picture["shapes"], key=lambda s: (s["right"] - s["left"]) * (s["bottom"] - s["top"]))
    return colour_name(largest["colour"])


def colour_name(rgb: Sequence[int]) -> str:
    """The name of the colour that lies nearest."""
    return min(COLOURS, key=lambda name: sum((a - b) ** 2 for a, b in zip(COLOURS[name], rgb, strict=True)))
