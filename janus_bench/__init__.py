"""janus-bench: benchmark any OpenAI-compatible target.

    import janus_bench
    report = janus_bench.run("http://localhost:8000", suite="quick")
    report.composite, report.scores, report.records[0].first_token_ms

The command line is `janus-bench`. Importing this package loads nothing heavy: each name is fetched when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from janus_bench import leaderboard
    from janus_bench.api import run
    from janus_bench.errors import BenchError
    from janus_bench.publishing import publish
    from janus_bench.report import Report

__all__ = ["BenchError", "Report", "leaderboard", "publish", "run"]

_HOMES = {"BenchError": "errors", "Report": "report", "publish": "publishing", "run": "api"}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "leaderboard":  # the module itself, which can be called
        return import_module("janus_bench.leaderboard")
    if name not in _HOMES:
        raise AttributeError(f"module 'janus_bench' has no attribute {name!r}")
    return getattr(import_module(f"janus_bench.{_HOMES[name]}"), name)
