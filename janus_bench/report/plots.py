"""Pictures of a run, as SVG text: scores with their intervals, time to first token, and the gaps of the streams.

SVG needs no library, scales, and can stand in an HTML page; in a notebook a picture shows itself. Colours are taken
from the page around it (`currentColor`) but for the marks, which are chosen to read on white and on black alike. Each
picture has a title and a description, which screen readers say.
"""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

WIDTH, ROW = 640, 26
_LEFT, _RIGHT, _TOP, _BOTTOM = 150, 60, 34, 34
_MARK = "#3b82c4"
_FONT = "font-family:system-ui,sans-serif;font-size:13px;fill:currentColor"


class Drawing(str):
    """A picture as SVG text, which notebooks show inline: an image file would not take the page's colours."""

    def _repr_html_(self) -> str:
        return str(self)


def scores_svg(document: dict[str, Any]) -> Drawing:
    """Composite and categories as bars from 0 to 100, with their 95 % intervals."""
    rows = [("composite", document["composite"])]
    rows += [(name, value) for name, value in document["scores"].items() if value is not None]
    height = _TOP + ROW * len(rows) + _BOTTOM
    parts, ranges = list(_axis(height, 0, 100, [0, 25, 50, 75, 100], "{:g}")), document.get("intervals", {})
    for number, (name, value) in enumerate(rows):
        middle = _TOP + ROW * number + ROW / 2
        parts.append(text(_LEFT - 8, middle + 4, name, "end"))
        width = _x(value, 0, 100) - _LEFT
        parts.append(f'<rect x="{_LEFT}" y="{middle - 7:.1f}" width="{width:.1f}" height="14" fill="{_MARK}"/>')
        parts.append(text(WIDTH - _RIGHT + 8, middle + 4, f"{value:.1f}"))
        if name in ranges:
            low, high = (_x(bound, 0, 100) for bound in ranges[name])
            parts.append(line(low, middle, high, middle, 2))
            parts += [line(x, middle - 5, x, middle + 5, 2) for x in (low, high)]
    said = ", ".join(f"{name} {value:.1f}" for name, value in rows)
    return drawing(height, "Scores, with 95 % intervals", f"Scores from 0 to 100: {said}.", parts)


def waits_svg(title: str, milliseconds: Sequence[float]) -> Drawing:
    """Which share of the requests waited at most how long: a cumulative distribution over a logarithmic axis."""
    known = sorted(max(value, 0.01) for value in milliseconds)
    if not known:
        return Drawing()
    height = 260
    low = 10 ** math.floor(math.log10(known[0]))
    high = max(10 ** math.ceil(math.log10(known[-1])), low * 10)
    ticks = [10.0**power for power in range(round(math.log10(low)), round(math.log10(high)) + 1)]
    parts = list(_axis(height, math.log10(low), math.log10(high), [math.log10(tick) for tick in ticks], "ms"))
    floor, ceiling = height - _BOTTOM, _TOP
    for share in (0.0, 0.5, 1.0):
        y = floor - (floor - ceiling) * share
        parts += [text(_LEFT - 8, y + 4, f"{share:.0%}", "end"), line(_LEFT, y, WIDTH - _RIGHT, y, 0.3)]
    points: list[tuple[float, float]] = [(_LEFT, floor)]
    for number, value in enumerate(known, 1):
        x = _x(math.log10(value), math.log10(low), math.log10(high))
        points += [(x, points[-1][1]), (x, floor - (floor - ceiling) * number / len(known))]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts.append(f'<polyline points="{path}" fill="none" stroke="{_MARK}" stroke-width="2"/>')
    middle = known[len(known) // 2]
    described = f"{len(known)} requests, from {known[0]:.3g} to {known[-1]:.3g} ms, half of them within {middle:.3g}."
    return drawing(height, title, described, parts)


def gaps_svg(streams: Sequence[tuple[str, Sequence[float]]], of: int | None = None) -> Drawing:
    """When each piece of each stream came: a row a stream, a mark a piece, seconds after the request.

    `streams` are (name, milliseconds after the request's last byte, one a piece); `of` is how many there are in all.
    """
    shown = [(name, stamps) for name, stamps in streams if stamps]
    if not shown:
        return Drawing()
    row, end = 12, max(max(stamps) for _, stamps in shown) / 1e3 or 1e-3
    height = _TOP + row * len(shown) + _BOTTOM
    parts = list(_axis(height, 0, end, _ticks(end), "s"))
    for number, (name, stamps) in enumerate(shown):
        y = _TOP + row * number + row / 2
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 3:.1f}" text-anchor="end" font-size="9">{_escaped(name)}</text>')
        marks = "".join(f"M{_x(stamp / 1e3, 0, end):.1f} {y - 4:.1f}v8" for stamp in stamps)
        parts.append(f'<path d="{marks}" stroke="{_MARK}" stroke-width="1"/>')
    counted = f"{len(shown)} of {of} streams" if of and of > len(shown) else f"{len(shown)} streams"
    said = f"{counted} over {end:.3g} seconds, one mark for each piece."
    return drawing(height, f"When each piece came: {counted}", said, parts)


def drawing(height: float, title: str, described: str, parts: Sequence[str]) -> Drawing:
    """The picture around its parts, with the title above them."""
    return Drawing(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" role="img" '
        f'style="{_FONT};max-width:100%;height:auto"><title>{_escaped(title)}</title>'
        f"<desc>{_escaped(described)}</desc>{text(_LEFT, 18, title)}{''.join(parts)}</svg>"
    )


def _axis(height: float, low: float, high: float, ticks: Sequence[float], unit: str) -> list[str]:
    """Ticks below the picture. `unit` is a format; "ms" takes ticks as powers of ten, "s" as seconds."""
    parts = []
    for tick in ticks:
        x = _x(tick, low, high)
        label = f"{10**tick:g} ms" if unit == "ms" else f"{tick:g} s" if unit == "s" else unit.format(tick)
        parts += [line(x, _TOP, x, height - _BOTTOM, 0.3), text(x, height - _BOTTOM + 18, label, "middle")]
    return parts


def _ticks(end: float) -> list[float]:
    """Round numbers from 0 to `end`, at most six intervals: steps of 1, 2 or 5 times a power of ten."""
    power: float = 10.0 ** math.floor(math.log10(end / 6))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= end / 6 * (1 - 1e-9))
    return [number * step for number in range(int(end / step + 1e-9) + 1)]


def _x(value: float, low: float, high: float) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * (value - low) / (high - low)


def line(x1: float, y1: float, x2: float, y2: float, width: float) -> str:
    """A straight line in the colour of the text."""
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="currentColor" stroke-width="{width}"/>'


def text(x: float, y: float, said: str, anchor: str = "start") -> str:
    """A line of text that begins, ends, or has its middle at x."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{_escaped(said)}</text>'


def _escaped(text: str) -> str:
    """Text for XML, which has no way to write most control characters (XML 1.0, section 2.2)."""
    return html.escape("".join(letter if letter.isprintable() else " " for letter in text))
