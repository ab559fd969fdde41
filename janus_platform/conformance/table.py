"""The report of `janus check` for a terminal: what differs and what was not compared first, what agrees as a count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from janus_platform.conformance.report import (
    DIFFERS,
    KNOWN,
    MEANINGS,
    SAME,
    SKIPPED,
    STATED,
    UNCHECKED,
    UNREACHABLE,
    Report,
    Row,
)

_STYLES = {DIFFERS: "bold red", UNREACHABLE: "yellow", UNCHECKED: "yellow", KNOWN: "cyan", SKIPPED: "dim"}
_COMPARED = (DIFFERS, KNOWN, SAME)
_NOT_COMPARED = (UNREACHABLE, UNCHECKED, SKIPPED)


def show(report: Report, console: Console, *, everything: bool = False) -> None:
    """Print the report. Without `everything`, fields that agree or cannot be measured are only counted."""
    wanted = _COMPARED if everything else _COMPARED[:2]
    if rows := sorted((row for row in report.rows if row.result in wanted), key=lambda r: _COMPARED.index(r.result)):
        console.print(_differences(report, rows))
    console.print(_sections(report))
    not_compared = (*_NOT_COMPARED, STATED) if everything else _NOT_COMPARED
    for result in not_compared:
        for note, fields in _by_note(report, result).items():
            console.print(Text(_plain(f"{result}: {', '.join(fields)}"), style=_STYLES.get(result, "")))
            console.print(Text(_plain(f"    {note}")))
    for line in summary(report):
        console.print(Text(line))


def _differences(report: Report, rows: list[Row]) -> Table:
    table = Table(title=f"janus check, {report.mode}, contract {report.contract}")
    for column in ("field", "how", "contract", "found", "result"):
        table.add_column(column, overflow="fold")
    for row in rows:
        found = f"{row.found}\n{row.note}".strip()
        # As text: what a host says is no markup, and no escape sequence reaches the terminal.
        cells = (row.field, row.how, row.expected, found, row.result)
        table.add_row(*(Text(_plain(cell)) for cell in cells), style=_STYLES.get(row.result, ""))
    return table


def _by_note(report: Report, result: str) -> dict[str, list[str]]:
    """The fields of one result, by the reason that they share."""
    fields: dict[str, list[str]] = {}
    for row in report.rows:
        if row.result == result:
            fields.setdefault(row.note, []).append(row.field)
    return fields


def _sections(report: Report) -> Table:
    table = Table(title=f"fields compared, {report.mode}, contract {report.contract}")
    for column in ("room", *report.counts):
        table.add_column(column, justify="left" if column == "room" else "right")
    counts: dict[str, Counter[str]] = {}
    for row in report.rows:
        counts.setdefault(section_of(row.field), Counter())[row.result] += 1
    for section, numbers in counts.items():
        table.add_row(Text(_plain(section)), *(str(numbers[result] or "") for result in report.counts))
    return table


def section_of(field: str) -> str:
    """`services.search` for `services.search.host`; `gateway` for `gateway.port`."""
    parts = field.split(".")
    return ".".join(parts[:2]) if parts[0] == "services" else parts[0]


def summary(report: Report) -> Iterator[str]:
    """What the numbers mean, and the verdict."""
    for result, count in report.counts.items():
        yield f"{count:>5}  {result}: {MEANINGS[result]}"
    if report.drifted:
        yield "The contract and the platform differ."
    elif not report.compared:
        yield "Nothing could be compared."
    elif report.counts.get(UNREACHABLE):
        yield "Everything that could be compared agrees; unreachable hosts were not compared."
    elif report.counts.get(KNOWN):
        yield "Everything that was compared agrees, or differs in a known way."
    else:
        yield "Everything that was compared agrees."


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)
