"""`janus top` as a table that redraws itself: what each implementation uses and does, and what is unusual about it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

SHOWN_ANOMALIES = 5
SHOWN_REQUESTS = 8
_MB = 1_000_000


def follow(view: Callable[[], dict[str, Any]], *, seconds: float) -> None:
    """Redraw the table every so many `seconds` until the user interrupts."""
    with Live(drawn(view()), refresh_per_second=4, screen=False) as live:
        try:
            while True:
                time.sleep(seconds)
                live.update(drawn(view()))
        except KeyboardInterrupt:
            return


def show(view: dict[str, Any]) -> None:
    """Print the table once."""
    Console().print(drawn(view))


def drawn(view: dict[str, Any]) -> Group:
    """The implementations, the latest requests with their content redacted, and the latest anomalies."""
    return Group(_implementations(view), _requests(view), _anomalies(view))


def _implementations(view: dict[str, Any]) -> Table:
    table = Table(title=f"Implementations at {view['at']}", box=box.SIMPLE, pad_edge=False, collapse_padding=True)
    for column in ("name", "state"):
        table.add_column(column)
    for column in ("CPU %", "MB", "open", "asked", "errors", "ms", "egress", "blocked"):
        table.add_column(column, justify="right")
    for one in view["implementations"]:
        requests = one["requests"] or {}
        table.add_row(
            one["name"],
            one["state"],
            f"{one['cpu_percent']:.1f}",
            f"{one['memory_bytes'] / _MB:.1f}",
            str(one["open_requests"]),
            str(requests.get("requests", 0)),
            str(requests.get("errors", 0)),
            _number(requests.get("latency_ms")),
            str(one["egress"]["allowed"]),
            str(one["egress"]["blocked"]),
        )
    return table


def _requests(view: dict[str, Any]) -> Table:
    table = Table(title="Latest requests, content redacted", box=box.SIMPLE, pad_edge=False, collapse_padding=True)
    for column in ("implementation", "status", "ms", "first", "tokens", "request", "response"):
        table.add_column(column)
    for one in view["requests"][-SHOWN_REQUESTS:]:
        times = (_number(one["ms"]), _number(one["first_token_ms"]), _number(one["completion_tokens"]))
        # As Text: brackets would be read as Rich's markup.
        table.add_row(one["implementation"], str(one["status"]), *times, Text(one["request"]), Text(one["response"]))
    return table


def _anomalies(view: dict[str, Any]) -> Table | Text:
    rules = view["statistic"]
    if not view["anomalies"]:
        return Text(f"No anomalies: no score above {rules['alarm_score']:g} (after {rules['min_samples']} windows).")
    table = Table(title="Latest anomalies", box=box.SIMPLE, pad_edge=False, collapse_padding=True)
    for column in ("at", "implementation", "signal", "value", "typical", "score"):
        table.add_column(column)
    for one in view["anomalies"][-SHOWN_ANOMALIES:]:
        table.add_row(*(str(one[key]) for key in ("at", "implementation", "signal", "value", "typical", "score")))
    return table


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"
