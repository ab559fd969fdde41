"""What `janus progress` shows: every exercise of the book, and when it was solved."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from janus_book import progress
from janus_book.catalogue import load, names

if TYPE_CHECKING:
    from rich.table import Table


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

    def as_json(self) -> dict[str, Any]:
        """The report for programs: counts, exercises, problems."""
        rows = [asdict(row) for row in self.rows]
        return {"solved": self.solved, "total": len(rows), "exercises": rows, "problems": self.problems}

    def table(self) -> Table:
        """The report for people."""
        from rich.table import Table

        table = Table(title=f"{self.solved} of {len(self.rows)} exercises solved")
        for column in ("notebook", "exercise", "name", "solved"):
            table.add_column(column)
        for number, row in enumerate(self.rows):
            first = number == 0 or self.rows[number - 1].notebook != row.notebook
            if first and number:
                table.add_section()
            notebook = f"{row.notebook} ({self._count(row.notebook)})" if first else ""
            table.add_row(notebook, row.title, row.name, _shown(row.solved))
        return table

    def _count(self, notebook: str) -> str:
        rows = [row for row in self.rows if row.notebook == notebook]
        return f"{sum(row.solved is not None for row in rows)} of {len(rows)}"


def report() -> Report:
    """Look up every exercise of this version of the book in the reader's progress."""
    found, problems = progress.solved()
    exercises = [load(name) for name in names()]
    rows = [Row(one.name, one.notebook, one.title, found.get(one.name)) for one in exercises]
    return Report(rows, problems)


def _shown(moment: str | None) -> str:
    """A moment in the reader's own time zone."""
    return f"✓ {datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}" if moment else ""
