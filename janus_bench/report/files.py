"""The other forms of a report, written beside it: a self-contained HTML page, Markdown, CSV, and the pictures as SVG.

They say nothing that `report.json` and `records.jsonl` do not. The page needs no script and no other file.
"""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from janus_bench.report.plots import Drawing, gaps_svg, scores_svg, waits_svg
from janus_bench.report.radar import radar_svg
from janus_bench.report.tables import report_html, report_rows, report_title
from janus_bench.run.records import Record

_COLUMNS = (
    "item", "category", "repeat", "score", "error", "first_token_ms", "first_content_ms", "total_ms",
    "tokens_per_second", "longest_gap_ms", "stamped_by",
)  # fmt: skip
_MOST_STREAMS = 40  # rows that a picture can bear
_ITEM_COLUMNS = ("item", "category", "score", "first token", "expected", "given", "what")
_PAGE = Path(__file__).parent / "templates" / "page.html"


def write_files(document: dict[str, Any], records: Sequence[Record], folder: Path) -> list[Path]:
    """Write every form into `folder` and return what was written. Raises OSError."""
    pictures = report_pictures(document, records)
    texts: dict[str, str] = {f"{name}.svg": svg for name, svg in pictures.items()}
    texts |= {
        "report.html": report_page(document, pictures),
        "report.md": report_markdown(document),
        "records.csv": records_csv(records),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def report_pictures(document: dict[str, Any], records: Iterable[Record]) -> dict[str, Drawing]:
    """The pictures of a run by name; those with nothing to show are left out."""
    timed = [record for record in records if record.timing]
    streams = [(record.item, stamps) for record in timed if (stamps := _stamps(record))]
    waits = [record.first_token_ms for record in timed if record.first_token_ms is not None]
    pictures = {
        "scores": scores_svg(document),
        "radar": radar_svg({document["target"]["model"]: document}),
        "first_token": waits_svg("Time to first token", waits),
        "pieces": gaps_svg(streams[:_MOST_STREAMS], len(streams)),
    }
    return {name: svg for name, svg in pictures.items() if svg}


def report_page(document: dict[str, Any], pictures: Mapping[str, str]) -> str:
    """The report as one HTML page that needs nothing else."""
    rows = "".join(_row(item) for item in document["items"])
    head = "".join(f'<th scope="col">{name}</th>' for name in _ITEM_COLUMNS)
    body = (
        _headline(document)
        + f'<div tabindex="0" style="overflow-x:auto">{report_html(document)}</div>'
        + "".join(f'<figure tabindex="0">{svg}</figure>' for svg in pictures.values())
        + f'<h2>Items</h2><div class="wide" tabindex="0"><table class="items"><thead><tr>{head}</tr></thead>'
        + f"<tbody>{rows}</tbody></table></div>"
    )
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(title=html.escape(report_title(document)), body=body)


def report_markdown(document: dict[str, Any]) -> str:
    """The report as a Markdown table."""
    lines = [f"# {_plain(report_title(document))}", "", "| | p50 or score | 95 % interval, spread |", "|---|---:|---|"]
    lines += [f"| {' | '.join(map(_plain, row))} |" for row in report_rows(document)]
    lines += ["", *(f"- {_plain(note)}" for note in document["notes"])]
    return "\n".join(lines).rstrip() + "\n"


def records_csv(records: Iterable[Record]) -> str:
    """One line a request."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for record in records:
        worst = max(record.gaps_ms, default=None)
        figures = (record.first_token_ms, record.first_content_ms, record.total_ms, record.tokens_per_second, worst)
        shown = ["" if value is None else f"{value:.3f}" for value in figures]
        cells = (record.item, record.category, record.repeat, f"{record.score:.4f}", record.error)
        writer.writerow([*cells, *shown, record.stamped_by])
    return out.getvalue()


def _headline(document: dict[str, Any]) -> str:
    """The score that everything else explains, with its interval."""
    bounds = document["intervals"].get("composite")
    between = f", 95 % interval {bounds[0]:.1f} to {bounds[1]:.1f}" if bounds else ""
    if bounds and document["settings"]["repeats"] == 1:
        between += " at most, since each question was asked once"
    early = "" if document["complete"] else "; the run was stopped early"
    return f'<p class="score"><strong>{document["composite"]:.1f}</strong>of 100{between}{early}</p>'


def _row(item: dict[str, Any]) -> str:
    wait = item["first_token_ms"]
    why = item["error"] or "; ".join(f"{check['kind']}: {check['why']}" for check in item["checks"])
    shown = "–" if wait is None else f"{wait:.1f} ms"
    exact = [item.get("expected") or "", item.get("given") or ""]
    cells: Sequence[str] = (item["id"], item["category"], f"{item['score']:.2f}", shown, *exact, why)
    named = zip(_ITEM_COLUMNS, cells, strict=True)
    return "<tr>" + "".join(f'<td data-name="{name}">{html.escape(cell)}</td>' for name, cell in named) + "</tr>"


def _stamps(record: Record) -> list[float]:
    assert record.answer is not None
    return [(delta.at_ns - record.sent_ns) / 1e6 for delta in record.answer.deltas]


def _plain(text: str) -> str:
    """Text that a Markdown table shows as it stands."""
    return html.escape(text.strip(), quote=False).replace("|", "\\|").replace("`", "\\`").replace("\n", " ")
