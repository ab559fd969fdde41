"""janus-bench: benchmark any OpenAI-compatible target.

    import janus_bench
    report = janus_bench.run("http://localhost:8000", suite="quick")
    report.composite, report.scores, report.records[0].first_token_ms

The command line is `janus-bench`. Importing this package loads nothing heavy: each name is fetched when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from janus_bench.api import run
    from janus_bench.errors import BenchError
    from janus_bench.leaderboard.local import Leaderboard
    from janus_bench.leaderboard.publish import publish
    from janus_bench.leaderboard.remote import leaderboard
    from janus_bench.report.report import Report

__all__ = ["BenchError", "Leaderboard", "Report", "leaderboard", "publish", "run"]

_HOMES = {
    "BenchError": "errors",
    "Leaderboard": "leaderboard.local",
    "Report": "report.report",
    "leaderboard": "leaderboard.remote",
    "publish": "leaderboard.publish",
    "run": "api",
}
# Python binds a package's name in its parent when it is first imported. Two functions have the name of their package:
# here that happens before anybody can ask, so that the name stays theirs.
for _name in ("leaderboard", "run"):
    import_module(f"janus_bench.{_name}")
    del globals()[_name]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'janus_bench' has no attribute {name!r}")
    return getattr(import_module(f"janus_bench.{_HOMES[name]}"), name)
