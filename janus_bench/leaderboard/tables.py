"""The standings and the publications of a leaderboard as Rich tables for the terminal."""

from __future__ import annotations

from collections.abc import Iterable

from rich.markup import escape
from rich.table import Table

from janus_bench.leaderboard.rules import NOT_APART, NOT_APART_MEANS
from janus_bench.leaderboard.standings import Published, Row
from janus_bench.report.tables import score_cell

_STANDINGS = (
    "rank", "implementation", "miner", "composite", "quality", "speed", "cost", "streaming", "modality", "submitted",
    "days at #1",
)  # fmt: skip
WIDE = 110


def standings_cells(rows: Iterable[Row]) -> list[tuple[str, ...]]:
    """The leaderboard's columns as text, one tuple a row; a rank marked ≈ cannot be told from the one above."""
    return [
        (
            f"{NOT_APART}{row.rank}" if row.apart is False else str(row.rank),
            row.implementation,
            row.miner or "–",
            *(score_cell(getattr(row, name)) for name in _STANDINGS[3:9]),
            row.submitted[:10],
            f"{row.days_at_1:.1f}",
        )
        for row in rows
    ]


def standings_table(rows: Iterable[Row], width: int = WIDE) -> Table:
    """The leaderboard as a Rich table. Below `WIDE` characters miner and day of submission are left out."""
    rows = list(rows)
    table = Table(
        title="Leaderboard",
        caption=NOT_APART_MEANS if any(row.apart is False for row in rows) else None,
        box=None,
        padding=(0, 1, 0, 0),
        header_style="bold underline",
    )
    shown = [name for name in _STANDINGS if width >= WIDE or name not in ("miner", "submitted")]
    for name in shown:
        left = name in ("implementation", "miner", "submitted")
        table.add_column(name, justify="left" if left else "right", overflow="fold")
    for cells in standings_cells(rows):
        named = dict(zip(_STANDINGS, cells, strict=True))
        table.add_row(*(escape(named[name]) for name in shown))
    return table


def history_table(published: Iterable[Published]) -> Table:
    """Every publication of the season, in its order."""
    table = Table(title="Publications", box=None, padding=(0, 1, 0, 0), header_style="bold underline")
    for name in ("published", "implementation", "composite", "#1 after it", "run"):
        table.add_column(name, justify="right" if name == "composite" else "left", overflow="fold")
    for one in published:
        cells = (one.published, one.implementation, score_cell(one.composite), one.leader, one.run)
        table.add_row(*map(escape, cells))
    return table
