"""Plotting programs for the code sandbox, chosen from the question and the page that was read.

A plot shows a function that the question names, the correlation that quantum theory gives for an entangled pair, or the
numbers of a table in the page. Where there is none of these, there is no plot.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from formulas import Formula, find_formula, named_curve

MARK, POINT = "PNG:", "POINT:"
MAX_ROWS = 24
_CORRELATION = re.compile(r"\bcorrelat", re.I)
_SPINS = re.compile(r"\b(angle|spin|photon|particle)", re.I)
_ENTANGLED = re.compile(r"\b(entangle|singlet|bell(?!\s+curve)|chsh)", re.I)
_NUMBER = re.compile(r"[-−]?\d[\d,]*(?:\.\d+)?")
_DIVIDER = re.compile(r"^\|?\s*:?-{2,}")

_HEAD = """\
import base64, io
import numpy as np
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
figure, axes = plt.subplots(figsize=(6.4, 4), dpi=110)
"""
_TAIL = f"""
figure.tight_layout()
picture = io.BytesIO()
figure.savefig(picture, format="png")
print("{MARK}" + base64.b64encode(picture.getvalue()).decode())
"""
_FUNCTION = """\
from numpy import sin, cos, tan, exp, log, sqrt, abs, sinh, cosh, tanh, arctan, pi, e
def f(at):
    x = np.asarray({units}(at), dtype=float)
    with np.errstate(all="ignore"):
        y = ({source}) + 0 * x
    return np.where(np.isfinite(y), y, np.nan)
at = np.linspace({low!r}, {high!r}, 1001)
axes.plot(at, f(at))
axes.axhline(0, color="0.7", linewidth=0.8)
axes.set(title={title!r}, xlabel={xlabel!r}, ylabel={ylabel!r})
"""
_TABLE = """\
labels, values = {labels!r}, {values!r}
axes.{kind}(labels, values)
axes.set(title={title!r}, xlabel={xlabel!r}, ylabel={ylabel!r})
if {rotate!r}:
    plt.setp(axes.get_xticklabels(), rotation=40, ha="right")
"""


@dataclass(frozen=True)
class Plot:
    """A program that prints a PNG, and one sentence on what it draws; `at` is the place whose value it prints too."""

    code: str
    caption: str
    at: str = ""


def plan_plot(question: str, page_title: str, page: str) -> Plot | None:
    """The program that draws for `question`, having read `page` (Markdown; may be empty); None for nothing."""
    if formula := find_formula(question) or named_curve(question):
        return _formula_plot(formula)
    if _CORRELATION.search(question) and (_SPINS.search(question) or _ENTANGLED.search(question)):
        return _entangled_pair()
    plot = _table_plot(page_title, page)
    return plot or (_entangled_pair() if _ENTANGLED.search(question) else None)


def _formula_plot(formula: Formula) -> Plot:
    shown, unit = f"y = {formula.shown}", " degrees" if formula.degrees else ""
    caption = f"The plot shows {shown} for x from {formula.low:.4g} to {formula.high:.4g}{unit}."
    code = _function(formula, shown, "x (degrees)" if unit else "x", "y")
    if formula.point is None:
        return Plot(code, caption)
    # seventeen digits give a double back as it was
    return Plot(
        f'{code}print("{POINT}" + format(float(f({formula.point!r})), ".17g"))\n', caption, f"{formula.point:g}{unit}"
    )


def _entangled_pair() -> Plot:
    title, angle = "Correlation of an entangled pair in the singlet state", "angle θ between the analysers (rad)"
    code = _function(Formula("-cos(x)", "", 0.0, 6.283185307179586), title, angle, "E(θ) = −cos θ")
    return Plot(code, "The plot shows what quantum theory gives for a pair in the singlet state: E(θ) = −cos θ.")


def png_of(stdout: str) -> str | None:
    """The picture that a program printed, in base64, or None."""
    for line in stdout.splitlines():
        if line.startswith(MARK + "iVBORw0KGgo"):  # The PNG signature in base64.
            return line.removeprefix(MARK)
    return None


def value_of(stdout: str) -> float | None:
    """The value at the place that was asked for, which a program printed, or None."""
    return next((float(line.removeprefix(POINT)) for line in stdout.splitlines() if line.startswith(POINT)), None)


def _function(formula: Formula, title: str, xlabel: str, ylabel: str) -> str:
    body = _FUNCTION.format(
        source=formula.source,
        low=formula.low,
        high=formula.high,
        units="np.radians" if formula.degrees else "",
        title=_plain(title),
        xlabel=xlabel,
        ylabel=ylabel,
    )
    return _HEAD + body + _TAIL


def _table_plot(page_title: str, page: str) -> Plot | None:
    for header, rows in _tables(page):
        column = next((c for c in range(1, len(header)) if all(_value(row[c]) is not None for row in rows)), None)
        if column is None or len(rows) < 2:
            continue
        values = [_value(row[column]) for row in rows]
        numbers = [_value(row[0]) for row in rows]
        is_line = all(n is not None for n in numbers) and len(rows) > 3
        labels: list[object] = list(numbers) if is_line else [_plain(row[0])[:30] for row in rows]
        code = _TABLE.format(
            labels=labels,
            values=values,
            kind="plot" if is_line else "bar",
            title=_plain(page_title),
            xlabel=_plain(header[0]),
            ylabel=_plain(header[column]),
            rotate=not is_line,
        )
        shown = f"{_plain(header[column])} by {_plain(header[0])}"
        caption = f"The plot shows {shown}, from a table in “{_plain(page_title)}”."
        return Plot(_HEAD + code + _TAIL, caption)
    return None


def _tables(page: str) -> list[tuple[list[str], list[list[str]]]]:
    lines = page.splitlines()
    found: list[tuple[list[str], list[list[str]]]] = []
    for number, line in enumerate(lines[1:], 1):
        if not (_DIVIDER.match(line.strip()) and "|" in line and "|" in lines[number - 1]):
            continue
        header = _cells(lines[number - 1])
        rows: list[list[str]] = []
        for row in lines[number + 1 :]:
            if "|" not in row or len(rows) == MAX_ROWS:
                break
            cells = _cells(row)
            if len(cells) == len(header):
                rows.append(cells)
        found.append((header, rows))
    return found


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _value(cell: str) -> float | None:
    match = _NUMBER.match(cell.strip(" ~≈$€£"))
    return float(match[0].replace(",", "").replace("−", "-")) if match else None


def _plain(text: str) -> str:
    # matplotlib reads "$" as the start of a formula.
    return re.sub(r"[*_`$\\]|\[([^\]\[]*+)\]\([^)\[]*+\)", lambda m: m[1] or "", text).strip()[:120]


def calculation_program(expression: str, decimals: int | None = None) -> str:
    """A program that prints the value of an arithmetic `expression`, which `questions` has checked."""
    return f"print({expression})\n" if decimals is None else f"print(format({expression}, '.{decimals}f'))\n"
