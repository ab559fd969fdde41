"""How long a page takes: what is on it, counted, times what one of each takes. `make minutes` writes it into the pages.

Nobody's guess stands on a page. Words, lines of code, cells to run, figures and exercises are counted; the rates are
below, with their sources where there is one. What a cell needs to run is not added: readers read on meanwhile, and the
page *Execution* says it. This needs nothing but the standard library, since pre-commit runs it too.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

# Silent reading of English non-fiction, the mean of 190 studies: Brysbaert 2019, "How many words do we read per
# minute?", Journal of Memory and Language 109, 104047.
WORDS_A_MINUTE = 238
# Ours, and only that: code is read more slowly than prose, a cell is run and its output looked at, a figure needs a
# look, and an exercise is thought about, typed, checked and mended.
SECONDS_A_CODE_LINE = 3
SECONDS_A_CELL = 8
SECONDS_A_FIGURE = 12
MINUTES_AN_EXERCISE = 5
# A page may say what it said before while it is this near: not every edit should change its third line.
TOLERANCE_MINUTES, TOLERANCE_SHARE = 1.0, 0.1

LINE = re.compile(r"\*\*Minutes:\*\* (?P<reading>\d+)(?:, and (?P<exercises>\d+) for the exercises?)?(?= · )")
_FENCE = re.compile(r"^(?P<mark>`{3,})(?P<info>[^\n]*)\n(?P<body>.*?)^(?P=mark)\s*$", re.M | re.S)
_PICTURE = re.compile(r"\{(?:mermaid|image|figure)\}|^mermaid\b")
_NO_PROSE = re.compile(r"\A---\n.*?^---\n|<!--.*?-->|\]\([^)]*\)|\{[\w-]+\}|^:\w[\w-]*:.*$|\|[-:| ]+\|", re.M | re.S)
_WORD = re.compile(r"[^\W_][\w’'./-]*")


@dataclass(frozen=True)
class Amounts:
    """What a reader of one page has before them."""

    words: int = 0
    code_lines: int = 0
    cells: int = 0
    figures: int = 0
    exercises: int = 0

    @property
    def reading_minutes(self) -> float:
        """Minutes to read the page and run its cells, exercises left out."""
        seconds = (
            self.code_lines * SECONDS_A_CODE_LINE
            + self.cells * SECONDS_A_CELL
            + self.figures * SECONDS_A_FIGURE
            + 60 * self.words / WORDS_A_MINUTE
        )
        return seconds / 60

    @property
    def exercise_minutes(self) -> int:
        """Minutes for the exercises alone."""
        return self.exercises * MINUTES_AN_EXERCISE

    @property
    def line(self) -> str:
        """How a page says it, up to the prerequisites."""
        said = f"**Minutes:** {max(1, round(self.reading_minutes))}"
        if not self.exercises:
            return said
        return f"{said}, and {self.exercise_minutes} for the exercise{'s' if self.exercises > 1 else ''}"

    def agrees_with(self, text: str) -> bool:
        """Whether the minutes that a page states are these, give or take the tolerance."""
        said = stated(text)
        if said is None or said[1] != self.exercise_minutes:
            return False
        near = max(TOLERANCE_MINUTES, TOLERANCE_SHARE * self.reading_minutes)
        return abs(said[0] - self.reading_minutes) <= near


def stated(text: str) -> tuple[int, int] | None:
    """The minutes that a page states, for reading and for its exercises; None where it states none."""
    said = LINE.search(" ".join(text.split()))
    return (int(said["reading"]), int(said["exercises"] or 0)) if said else None


def amounts_in(file: Path) -> Amounts:
    """What is on the page in a file, a notebook or Markdown."""
    text = file.read_text(encoding="utf-8")
    return amounts_of_notebook(json.loads(text)) if file.suffix == ".ipynb" else amounts_of_prose(text)


def amounts_of_notebook(notebook: dict[str, list[dict[str, object]]]) -> Amounts:
    """What is in a notebook's prose, and in those of its code cells that the book shows."""
    cells = [(cell, "".join(cell["source"])) for cell in notebook["cells"]]  # type: ignore[arg-type]
    prose = amounts_of_prose("\n\n".join(source for cell, source in cells if cell["cell_type"] == "markdown"))
    code = [(_tags(cell), source) for cell, source in cells if cell["cell_type"] == "code"]
    shown = [(tags, source) for tags, source in code if not tags & {"remove-cell", "remove-input"}]
    return Amounts(
        words=prose.words,
        code_lines=prose.code_lines + sum(_lines(source) for _, source in shown),
        cells=len(shown),
        figures=prose.figures,
        exercises=sum("exercise" in tags for tags, _ in shown),
    )


def amounts_of_prose(text: str) -> Amounts:
    """What is in a Markdown text: words outside code, lines of code blocks, figures."""
    fences = list(_FENCE.finditer(text))
    pictures = [fence for fence in fences if _PICTURE.search(fence["info"])]
    code = [fence for fence in fences if fence not in pictures]
    bare = _NO_PROSE.sub(" ", _FENCE.sub("", text))
    return Amounts(
        words=len(_WORD.findall(bare)),
        code_lines=sum(_lines(fence["body"]) for fence in code),
        figures=len(pictures),
    )


def rewritten(text: str, amounts: Amounts) -> str:
    """The page's text with its line of minutes as counted; unchanged when it is near enough."""
    return text if amounts.agrees_with(text) else LINE.sub(amounts.line, text, count=1)


def _lines(code: str) -> int:
    return sum(bool(line.strip()) for line in code.splitlines())


def _tags(cell: dict[str, object]) -> set[str]:
    return set(cell["metadata"].get("tags", []))  # type: ignore[attr-defined]
