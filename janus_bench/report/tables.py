"""Reports as people read them: Rich tables for the terminal, plain HTML for notebooks.

The HTML names no colour, so it reads on light and dark pages alike; everything from outside is escaped.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from janus_bench.scoring.intervals import Difference

SURE = 0.05
_CELL = ' style="text-align:left;padding:0.15em 1em 0.15em 0"'


def report_rows(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(what, value, remark) for each line of a report."""
    weights, scores = document["weights"], document["scores"]
    ranges = {name: f"{low:.1f}–{high:.1f}" for name, (low, high) in document.get("intervals", {}).items()}
    remark = ranges.get("composite", "") + ("" if document["complete"] else ", stopped early")
    rows = [("composite", score_cell(document["composite"]), remark.removeprefix(", "))]
    if again := document.get("rerun_intervals", {}).get("composite"):
        rows.append(("  the same questions again", "", f"{again[0]:.1f}–{again[1]:.1f}"))
    for name, value in scores.items():
        remark = f"weight {weights[name]:.0%}" if name in weights else "no items in this suite"
        rows.append((name, score_cell(value), ", ".join(filter(None, (ranges.get(name), remark)))))
        if name == "quality":
            parts = document["quality"].items()
            rows += [(f"  {part}", score_cell(score), ranges.get(f"quality.{part}", "")) for part, score in parts]
    timing = document["timing"]
    for label, key, unit in (
        ("time to first token", "first_token_ms", "ms"),
        ("time to first content", "first_content_ms", "ms"),
        ("gap between chunks", "gap_ms", "ms"),
        ("gap between tokens", "token_gap_ms", "ms"),
        ("tokens per second", "tokens_per_second", ""),
    ):
        spread = timing.get(key)
        if not spread or (key == "token_gap_ms" and not spread["n"]):
            continue  # chunks that carry no counts say nothing of tokens
        remark = f"p95 {_figure(spread['p95'])} {unit}".rstrip()
        rows.append((label, f"{_figure(spread['p50'])} {unit}".rstrip(), f"{remark}, n = {spread['n']}"))
    requests = document["requests"]
    right = f"{requests['right_enough']} right enough"
    if again := requests.get("asked_again"):
        rows.append(("asked again after a 429", str(again), "after the waits it asked for"))
    rows.append(("requests answered", f"{requests['answered']} of {requests['planned']}", right))
    rows.append(("rate limits of the target", document["target"].get("limits", "not reported"), "as it reported"))
    if judge := document.get("judge"):
        resisted = f"{judge['injections_resisted']} of {judge['injections']} injections resisted"
        rows.append(("judge's agreement", f"{judge['agreement']:.0%}", f"on {judge['gold']} gold answers, {resisted}"))
        rows += [(f"judge failed: {kind}", str(count), "left out") for kind, count in judge["failures"].items()]
    rows += [(f"error: {kind}", str(count), "scored 0") for kind, count in document["errors"].items()]
    rows += [(f"violation: {kind}", str(count), "") for kind, count in document["violations"].items()]
    return rows


def report_title(document: dict[str, Any]) -> str:
    """One line that says what was benched, with what."""
    suite, target = document["suite"], document["target"]
    seen = ", ".join(target["models_seen"]) or "no model named"
    return f"{target['model']} ({seen}) at {target['url']}, suite {suite['name']} {suite['hash'][:8]}"


def report_table(document: dict[str, Any]) -> Table:
    """The report as a Rich table; notes stand below it."""
    table = Table(title=escape(report_title(document)), caption=escape(" ".join(document["notes"])) or None)
    table.add_column("")
    table.add_column("p50 or score", justify="right")
    table.add_column("95 % interval, spread")
    for what, value, remark in report_rows(document):
        style = "bold" if what == "composite" else "red" if what.startswith("error") else ""
        table.add_row(escape(what), escape(value), escape(remark), style=style)
    return table


def report_html(document: dict[str, Any]) -> str:
    """The report as an HTML table."""
    notes = "".join(f"<p>{html.escape(note)}</p>" for note in document["notes"])
    # HTML folds leading spaces; an em space keeps the parts of quality below it.
    rows = [(what.replace("  ", "\u2003"), value, remark) for what, value, remark in report_rows(document)]
    return _html(report_title(document), ("", "p50 or score", "95 % interval, spread"), rows) + notes


def calibration_table(calibration: dict[str, Any]) -> Table:
    """What a calibration found, as a Rich table; `calibration` is a Calibration's `to_dict()`."""
    lag, first = calibration["receive_lag_us"], calibration["first_token_error_ms"]
    missed = calibration["faults_missed"]
    named = f"{len(calibration['faults']) - len(missed)} of {len(calibration['faults'])} named"
    rows = [
        ("stamps by", calibration["stamped_by"], ""),
        ("receive lag", f"{lag['p50']:.1f} µs", f"p95 {lag['p95']:.1f} µs, p99 {lag['p99']:.1f} µs"),
        ("error of time to first token", f"{first['p50']:.3f} ms", f"p95 {first['p95']:.3f} ms"),
        ("error of a 500 ms stall", f"{calibration['stall_error_ms']:.3f} ms", "the largest of all streams"),
        ("CPU a piece, paced", f"{calibration['cpu_us_per_chunk_paced']:.1f} µs", "reading and parsing"),
        (
            "CPU a piece, already in the buffer",
            f"{calibration['cpu_us_per_chunk_buffered']:.1f} µs",
            "reading and parsing",
        ),
        ("pieces lost", str(calibration["lost"]), f"of {calibration['streams'] * calibration['pieces']}"),
        ("planted faults", named, f"not: {', '.join(missed)}" if missed else ""),
    ]
    table = Table(title=f"The bench's own error here, at {calibration['streams']} streams")
    for name in ("", "p50", ""):
        table.add_column(name, justify="right" if name else "left")
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def comparison_table(differences: Iterable[Difference]) -> Table:
    """How one run differs from another, as a Rich table."""
    table = Table(title="B beside A, paired by item", caption="p: share of random swaps of the two that differ as much")
    for name in ("", "A", "B", "B − A", "95 % interval", "p"):
        table.add_column(name, justify="right" if name else "left")
    for one in differences:
        interval = f"{one.low:+.1f} … {one.high:+.1f}"
        cells = (one.name, f"{one.a:.1f}", f"{one.b:.1f}", f"{one.effect:+.1f}", interval, f"{one.p:.3f}")
        table.add_row(*map(escape, cells), style="bold" if one.p < SURE else "")
    return table


def _html(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def cell(text: str, header: bool = False) -> str:
        # A header that names nothing is none: a screen reader would announce it at every cell below.
        tag = "th" if header and text else "td"
        return f"<{tag}{_CELL}>{html.escape(text)}</{tag}>"

    return (
        f"<table><caption>{html.escape(title)}</caption>"
        f"<thead><tr>{''.join(cell(name, header=True) for name in head)}</tr></thead>"
        f"<tbody>{''.join('<tr>' + ''.join(map(cell, row)) + '</tr>' for row in rows)}</tbody></table>"
    )


def score_cell(value: float | None) -> str:
    """A score with one digit; a dash where there is none."""
    return "–" if value is None else f"{value:.1f}"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}" if value < 1000 else f"{value:,.0f}"
