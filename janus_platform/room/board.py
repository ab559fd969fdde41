"""The room's leaderboard: `GET` gives the standings, `POST` publishes a run of the learner's own.

A learner's row stands under the implementation's full name in a file of the room's own, and is shown with the learner's
name in the miner's place. What is posted is checked for its form; that the numbers were measured honestly is not.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from janus_bench.errors import BenchError
from janus_bench.leaderboard import Leaderboard
from janus_platform.room.names import is_own, own, owner, short
from janus_platform.room.reading import BadBody, read_object
from janus_platform.room.roster import Roster

if TYPE_CHECKING:
    from janus_bench.suites.loader import Suite

MAX_BODY_BYTES = 200_000
MAX_PUBLICATIONS = 500
_SCORES = ("quality", "speed", "cost", "streaming", "modality")
_TEXT = re.compile(r"[A-Za-z0-9._:+ /-]{1,100}")


class Board:
    """The standings of one room, by runs of `suite`.

    `names` gives the implementations that run here, `bundled` are those that came with the platform.
    """

    def __init__(
        self,
        leaderboard: Leaderboard,
        roster: Callable[[], Roster],
        names: Callable[[], Collection[str]],
        bundled: Collection[str],
        suite: Suite,
    ) -> None:
        self._suite = suite
        self._leaderboard, self._roster, self._names, self._bundled = leaderboard, roster, names, bundled
        self._published: Counter[str] = Counter()

    def leader(self) -> str | None:
        """The full name of #1, as the gateway can route to it."""
        name = self._leaderboard.leader()
        return name and self._routed(name)

    async def __call__(self, learner: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of `learner`, as an ASGI app."""
        request = Request(scope, receive)
        try:
            if request.method == "POST":
                answer: Response = JSONResponse(self.publish(learner, await read_object(request, MAX_BODY_BYTES)))
            elif request.method in ("GET", "HEAD"):
                answer = JSONResponse({"rows": self.rows(learner)})
            else:
                answer = _problem(405, "The board takes GET and POST.")
        except BadBody as error:
            answer = _problem(error.status, str(error))
        except BenchError as error:
            answer = _problem(422, str(error))
        await answer(scope, receive, send)

    def rows(self, learner: str | None = None) -> list[dict[str, Any]]:
        """The standings, best first; the names as `learner` knows them, or, for the teacher, full ones."""
        rows = []
        for row in self._leaderboard.standings():
            whose, name = owner(row.implementation), self._routed(row.implementation)
            shown = short(learner, name) if learner else name
            rows.append(asdict(row) | {"implementation": shown, "miner": self._roster().name(whose) if whose else ""})
        return rows

    def publish(self, learner: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Add a run of one of the learner's implementations, or of a bundled one. Raises BenchError."""
        report, name = _checked(body.get("report")), body.get("implementation")
        if not isinstance(name, str) or not (name in self._bundled or own(learner, name) in self._names()):
            raise BenchError("you have no implementation of that name here", "Submit it first, then publish its run.")
        if report["suite"]["hash"] != self._suite.hash:
            raise BenchError(f"this board ranks another suite: {self._suite.name}", "Run that one, and publish it.")
        if self._published[learner] >= MAX_PUBLICATIONS:
            raise BenchError(f"you have published {MAX_PUBLICATIONS} runs", "That is enough for one class.")
        self._published[learner] += 1
        full = own(learner, name)
        # Another learner's run may have the same id, by chance or on purpose.
        self._leaderboard.publish({**report, "id": own(learner, report["id"])}, implementation=full)
        return next(row for row in self.rows(learner) if is_own(learner, row["run"]) and row["implementation"] == name)

    def _routed(self, name: str) -> str:
        """The implementation behind a row: a bundled one that a learner measured is still the bundled one."""
        whose = owner(name)
        plain = short(whose, name) if whose else name
        return plain if plain in self._bundled and name not in self._names() else name


def _checked(report: Any) -> dict[str, Any]:
    """The parts of a report that the board keeps, each of its type and range. Raises BenchError."""
    try:
        scores = report["scores"]
        found = {
            "id": _text(report["id"]),
            "complete": report["complete"] is True,
            "composite": _score(report["composite"]),
            "scores": {name: None if scores.get(name) is None else _score(scores[name]) for name in _SCORES},
            "suite": {"name": _text(report["suite"]["name"]), "hash": _text(report["suite"]["hash"])},
            "scoring": {"hash": _text(report["scoring"]["hash"])},
        }
    except (KeyError, TypeError, AttributeError, ValueError):
        raise BenchError("that is no report of a bench run", "Publish what janus_bench.run returned.") from None
    return found


def _score(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError
    if not 0 <= value <= 100:
        raise ValueError
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not _TEXT.fullmatch(value):
        raise ValueError
    return value


def _problem(status: int, detail: str) -> Response:
    return JSONResponse({"status": status, "detail": detail}, status)
