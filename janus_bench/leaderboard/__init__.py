"""The leaderboard: published runs, who is first, and what a board asks before it takes a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from janus_bench.leaderboard.local import Leaderboard

__all__ = ["Leaderboard"]


def __getattr__(name: str) -> Any:
    if name == "Leaderboard":  # SQLite, which the package's other parts need not load
        from janus_bench.leaderboard.local import Leaderboard

        return Leaderboard
    raise AttributeError(f"module 'janus_bench.leaderboard' has no attribute {name!r}")
