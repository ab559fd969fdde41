"""The score radar: one axis a category, one outline a run. Made for shapes; the numbers stand in its description.

An axis that a run has no score for is drawn at 0 in no outline: the run's outline leaves it out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from janus_bench.report.plots import Drawing, drawing, line, text

SIZE, HEIGHT = 640, 400
_CENTRE, _RADIUS = (230.0, 210.0), 140.0
_LEGEND_X = 440.0
# Colours that read on white and on black; the dashes tell the outlines apart without them.
_OUTLINES = (("#3b82c4", ""), ("#d97706", "7 4"), ("#16a085", "2 3"), ("#b0529a", "9 3 2 3"), ("#7a7f87", "1 4"))
MOST_RUNS = len(_OUTLINES)


def radar_svg(documents: Mapping[str, dict[str, Any]], title: str = "Scores by category") -> Drawing:
    """The category scores of up to five runs, by name, as outlines over common axes from 0 to 100.

    Raises ValueError for more runs than outlines can be told apart.
    """
    if len(documents) > MOST_RUNS:
        raise ValueError(f"a radar chart can show {MOST_RUNS} runs, not {len(documents)}: choose the ones to compare")
    axes = _axes(documents)
    parts = _web(axes)
    for number, (name, document) in enumerate(documents.items()):
        colour, dashes = _OUTLINES[number]
        parts += _outline(axes, document["scores"], colour, dashes)
        parts += _legend(number, name, document["composite"], colour, dashes)
    return drawing(HEIGHT, title, _described(documents, axes), parts)


def _axes(documents: Mapping[str, dict[str, Any]]) -> list[str]:
    """The categories that at least one run has a score for, in the order of the reports."""
    names = dict.fromkeys(name for document in documents.values() for name in document["scores"])
    return [name for name in names if any(one["scores"].get(name) is not None for one in documents.values())]


def _at(axis: int, axes: int, value: float) -> tuple[float, float]:
    """Where `value`, 0 to 100, lies on an axis. The first points up, the others follow clockwise."""
    angle = 2 * math.pi * axis / max(1, axes) - math.pi / 2
    reach = _RADIUS * value / 100
    return _CENTRE[0] + reach * math.cos(angle), _CENTRE[1] + reach * math.sin(angle)


def _web(axes: Sequence[str]) -> list[str]:
    parts = []
    for level in (25, 50, 75, 100):
        corners = " ".join("{:.1f},{:.1f}".format(*_at(number, len(axes), level)) for number in range(len(axes)))
        parts.append(f'<polygon points="{corners}" fill="none" stroke="currentColor" stroke-width="0.3"/>')
    for number, name in enumerate(axes):
        parts.append(line(*_CENTRE, *_at(number, len(axes), 100), 0.3))
        x, y = _at(number, len(axes), 112)
        side = "middle" if abs(x - _CENTRE[0]) < 1 else "start" if x > _CENTRE[0] else "end"
        parts.append(text(x, y + 4, name, side))
    return parts


def _outline(axes: Sequence[str], scores: Mapping[str, float | None], colour: str, dashes: str) -> list[str]:
    known = [(number, scores[name]) for number, name in enumerate(axes) if scores.get(name) is not None]
    corners = [_at(number, len(axes), value or 0.0) for number, value in known]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    style = f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"'
    filled = f'<polygon points="{points}" fill="{colour}" fill-opacity="0.12" {style}/>'
    return [filled, *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in corners)]


def _legend(number: int, name: str, composite: float, colour: str, dashes: str) -> list[str]:
    y = 60 + 24 * number
    style = f'stroke="{colour}" stroke-width="3" stroke-dasharray="{dashes}"'
    shown = name if len(name) <= 14 else f"{name[:13]}…"
    return [
        f'<path d="M{_LEGEND_X} {y}h32" {style}/>',
        text(_LEGEND_X + 42, y + 4, f"{shown}  {composite:.1f}"),
    ]


def _described(documents: Mapping[str, dict[str, Any]], axes: Sequence[str]) -> str:
    """The same numbers in words."""
    said = []
    for name, document in documents.items():
        scores = document["scores"]
        values = [f"{axis} {scores[axis]:.1f}" for axis in axes if scores.get(axis) is not None]
        said.append(f"{name}: composite {document['composite']:.1f}, {', '.join(values)}.")
    return " ".join(said)
