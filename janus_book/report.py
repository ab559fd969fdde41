"""What `janus progress` shows: every exercise of the book, and when it was solved."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from janus_book import progress
from janus_book.catalogue import load, names

if TYPE_CHECKING:
    from rich.table import Table

_CAPTION = "janus solution NOTEBOOK.EXERCISE prints a solution."
_BAR = 24  # characters


@dataclass(frozen=True)
class Row:
    """One exercise; `solved` is when it was first solved (ISO 8601, UTC), or None."""

    name: str
    notebook: str
    title: str
    solved: str | None


@dataclass(frozen=True)
class Report:
    """All exercises, and what the reader should know about the file that progress is kept in."""

    rows: list[Row]
    problems: list[str]

    @property
    def solved(self) -> int:
        """How many of the exercises are solved."""
        return sum(row.solved is not None for row in self.rows)

    @property
    def following(self) -> Row | None:
        """The first exercise in the order of the course that is not solved; None when all are."""
        return next((row for row in self.rows if row.solved is None), None)

    def as_json(self) -> dict[str, Any]:
        """The report for programs: counts, exercises, problems."""
        rows = [asdict(row) for row in self.rows]
        following = self.following.name if self.following else None
        counts = {"solved": self.solved, "total": len(rows), "next": following}
        return {**counts, "exercises": rows, "problems": self.problems}

    def table(self) -> Table:
        """The report for people."""
        from rich.table import Table
        from rich.text import Text

        done = round(_BAR * self.solved / max(1, len(self.rows)))
        bar = "█" * done + "░" * (_BAR - done)
        ahead = f"Next: {self.following.name}. " if self.following else "All of them. "
        table = Table(title=f"{bar} {self.solved} of {len(self.rows)} exercises solved", caption=ahead + _CAPTION)
        table.add_column("exercise", no_wrap=True)
        table.add_column("what to do")
        table.add_column("solved", no_wrap=True)
        for notebook, grouped in groupby(self.rows, key=lambda row: row.notebook):
            rows = list(grouped)
            count = sum(row.solved is not None for row in rows)
            table.add_section()
            table.add_row(notebook, "", f"{count} of {len(rows)}", style="bold")
            for row in rows:
                table.add_row(f"  {row.name.partition('.')[2]}", Text(row.title), _shown(row.solved))
        return table


def report() -> Report:
    """Look up every exercise of this version of the book in the reader's progress."""
    found, problems = progress.solved()
    exercises = [load(name) for name in names()]
    rows = [Row(one.name, one.notebook, one.title, found.get(one.name)) for one in exercises]
    return Report(rows, problems)


def _shown(moment: str | None) -> str:
    """A moment in the reader's own time zone."""
    return f"✓ {datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}" if moment else ""
