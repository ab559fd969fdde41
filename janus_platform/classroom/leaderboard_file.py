"""The leaderboard's file, opened by the platform or a room, and begun anew where it is damaged."""

from __future__ import annotations

from pathlib import Path

from janus_bench.errors import BenchError
from janus_bench.leaderboard.local import Leaderboard
from janus_platform.damaged_files import Warn, is_damaged, set_aside
from janus_platform.errors import PlatformError


def open_leaderboard(path: Path, warn: Warn, suite_hash: str | None = None) -> Leaderboard:
    """The leaderboard in the file at `path`, begun anew where that is damaged. Raises PlatformError."""
    for last in (False, True):
        board = None
        try:
            board = Leaderboard(path, suite_hash=suite_hash)
            board.leader()
            return board
        except BenchError as error:
            if board is not None:
                board.close()
            if last or not is_damaged(path):
                raise PlatformError(str(error)) from error
            set_aside(path, "the leaderboard begins anew", warn)
    raise AssertionError("it was opened or refused")
