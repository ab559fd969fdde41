"""`janus top` as a table that redraws itself: what each implementation uses and does, and what is unusual about it.

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

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
    table = Table(title=f"Implementations at {view['at']}")
    for column in ("name", "state", "isolation", "CPU %", "memory MB", "processes"):
        table.add_column(column, justify="left" if column in ("name", "state", "isolation") else "right")
    for column in ("open", "requests", "errors", "latency ms", "egress", "blocked"):
        table.add_column(column, justify="right")
    for one in view["implementations"]:
        asked = one["requests"] or {}
        table.add_row(
            one["name"],
            one["state"],
            one["isolation"],
            f"{one['cpu_percent']:.1f}",
            f"{one['memory_bytes'] / _MB:.1f}",
            str(one["processes"]),
            str(one["open_requests"]),
            str(asked.get("requests", 0)),
            str(asked.get("errors", 0)),
            "" if asked.get("latency_ms") is None else str(asked["latency_ms"]),
            str(one["egress"]["allowed"]),
            str(one["egress"]["blocked"]),
        )
    return table


def _requests(view: dict[str, Any]) -> Table:
    table = Table(title="Latest requests, content redacted")
    columns = ("implementation", "status", "ms", "first_token_ms", "request", "response", "completion_tokens")
    for column in columns:
        table.add_column(column.replace("_", " "))
    for one in view["requests"][-SHOWN_REQUESTS:]:
        # As Text: brackets would be read as Rich's markup.
        table.add_row(*(Text("" if one[column] is None else str(one[column])) for column in columns))
    return table


def _anomalies(view: dict[str, Any]) -> Table | Text:
    rules = view["statistic"]
    if not view["anomalies"]:
        return Text(f"No anomalies: no score above {rules['alarm_score']:g} (after {rules['min_samples']} windows).")
    table = Table(title="Latest anomalies")
    for column in ("at", "implementation", "signal", "value", "typical", "score"):
        table.add_column(column)
    for one in view["anomalies"][-SHOWN_ANOMALIES:]:
        table.add_row(*(str(one[key]) for key in ("at", "implementation", "signal", "value", "typical", "score")))
    return table
