"""A leaderboard at an address, shared by many: `$JANUS_LEADERBOARD` names it, and it takes the place of one's own.

`GET` gives `{"rows": [...]}`. `POST` of `{"seed_for": MODEL}` gives the seed of the next run (seeds.py), one of
`{"implementation", "report", "records"}` publishes a run and gives its row: the report without its scores, and the
records compressed (verification.py), from which the board works the scores out itself. Standard library only; no proxy
stands between, because such an address lies on this machine or next to it.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from dataclasses import fields
from pathlib import Path
from typing import Any

from janus_bench.errors import BenchError
from janus_bench.leaderboard.database import POSTGRES
from janus_bench.leaderboard.local import Leaderboard
from janus_bench.leaderboard.rules import check_names
from janus_bench.leaderboard.seeds import Given
from janus_bench.leaderboard.standings import Published, Row

BOARD_VARIABLE = "JANUS_LEADERBOARD"
MAX_ANSWER_BYTES = 5_000_000
_SECONDS = 30.0
_PUBLISHING_SECONDS = 600.0  # a whole class may wait for its runs to be worked out again, one after the other


class SharedBoard:
    """The leaderboard at `url`, with the two calls of `Leaderboard` that readers make."""

    def __init__(self, url: str) -> None:
        self.url = url
        if not url.startswith(("http://", "https://")):
            raise BenchError(
                f"${BOARD_VARIABLE} is neither a web address nor one of PostgreSQL",
                "Unset it to use your own leaderboard.",
            )

    def publish(self, report: dict[str, Any], records: bytes, *, implementation: str, hotkey: str | None = None) -> Row:
        """Publish a run: its records leave this machine, and the signed statement stays beside the run.

        `records` are the lines of its file. Raises BenchError with the board's own words.
        """
        from janus_bench.leaderboard.verification import compact

        check_names(implementation, hotkey)
        sent = {"implementation": implementation, **compact(report, records)}
        return _row(self._ask(sent, seconds=_PUBLISHING_SECONDS))

    def give_seed(self, model: str) -> Given:
        """The seed for the next run of `model` that is published there. Raises BenchError."""
        given = self._ask({"seed_for": model})
        if not isinstance(given, dict) or type(given.get("seed")) is not int:
            raise BenchError("the leaderboard gave no seed", "Is this the right address?")
        return given

    def standings(self) -> list[Row]:
        """The standings, best first. Raises BenchError."""
        return [_row(row) for row in self._ask(None)["rows"]]

    def history(self) -> list[Published]:
        """Raises BenchError: a shared leaderboard shows its standings alone."""
        raise BenchError("a shared leaderboard does not show its history", f"Unset ${BOARD_VARIABLE} to see your own.")

    def statement(self, run: str) -> None:
        """None: what was signed stands beside the run."""
        return

    def close(self) -> None:
        """There is nothing to close."""

    def _ask(self, body: dict[str, Any] | None, *, seconds: float = _SECONDS) -> Any:
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url, content, {"Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=seconds) as answer:
                return json.loads(answer.read(MAX_ANSWER_BYTES))
        except urllib.error.HTTPError as error:
            raise BenchError(f"the leaderboard says: {_detail(error)}", "Correct that, and publish again.") from None
        except (OSError, ValueError) as error:
            what = f"the leaderboard at {self.url} does not answer: {error}"
            raise BenchError(what, f"Join the classroom again, or unset ${BOARD_VARIABLE}.") from None


def open_board() -> Leaderboard | SharedBoard:
    """The leaderboard that this process publishes on: the shared one that the environment names, else one's own."""
    url = os.environ.get(BOARD_VARIABLE)
    if url and url.startswith(POSTGRES):
        return Leaderboard(url)
    return SharedBoard(url) if url else Leaderboard()


def leaderboard(path: Path | str | None = None) -> list[Row]:
    """The standings, best first: of the leaderboard in the file `path`, else of the one that `open_board` opens."""
    board = Leaderboard(path) if path is not None else open_board()
    try:
        return board.standings()
    finally:
        board.close()


def _row(raw: Any) -> Row:
    try:
        return Row(**{field.name: raw[field.name] for field in fields(Row)} | {"interval": _bounds(raw["interval"])})
    except (LookupError, TypeError, ValueError) as error:
        raise BenchError("the leaderboard's answer is not a row", "Is this the right address?") from error


def _bounds(raw: Any) -> tuple[float, float] | None:
    return None if raw is None else (float(raw[0]), float(raw[1]))


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read(MAX_ANSWER_BYTES))["detail"])[:500]
    except (ValueError, KeyError, TypeError):
        return f"{error.code} {error.reason}"
