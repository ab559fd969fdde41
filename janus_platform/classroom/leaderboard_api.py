"""The classroom's leaderboard: `GET` gives the standings, `POST` publishes a run of the learner's own.

A learner's row stands under the implementation's full name in the classroom's own file, and is shown with the learner's
name in the miner's place. What is posted are a run's records: the scores are worked out here, one run at a time, in a
process with a time limit (verification.py of the bench says what that can know and what not).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from janus_bench.errors import BenchError
from janus_bench.leaderboard.local import Leaderboard
from janus_bench.leaderboard.rules import NOT_APART, NOT_APART_MEANS, THE_RUNNERS_WORD
from janus_platform.classroom.namespaces import is_own, own, owner, short
from janus_platform.classroom.roster import Roster
from janus_platform.implementations import BASELINE
from janus_platform.processes.child import Child
from janus_platform.runtime.control_base import problem, read_object

if TYPE_CHECKING:
    from janus_bench.suites.model import Suite

MAX_BODY_BYTES = 2_000_000
MAX_PUBLICATIONS = 500
# A quick run takes 2 to 5 s; answers whose code runs to its limit take 10 s each.
RECOMPUTING_SECONDS = 240.0
_ID = re.compile(r"[A-Za-z0-9._:+-]{1,100}")


class LeaderboardApi:
    """The standings of one classroom, by runs of `suite`, which `suite_name` (or a path) loads.

    `names` gives the implementations that run here, `bundled` are those that came with the platform.
    """

    def __init__(
        self,
        leaderboard: Leaderboard,
        roster: Callable[[], Roster],
        names: Callable[[], Collection[str]],
        bundled: Collection[str],
        suite: Suite,
        suite_name: str,
    ) -> None:
        self._suite, self._suite_name = suite, suite_name
        self._leaderboard, self._roster, self._names, self._bundled = leaderboard, roster, names, bundled
        self._published: Counter[str] = Counter()
        self._turn = asyncio.Semaphore(1)
        self._busy: set[str] = set()

    def leader(self) -> str | None:
        """The full name of #1, as the gateway can route to it; None while it has not beaten the baseline."""
        name = self._leaderboard.leader(lambda row: self._routed(row) == BASELINE)
        return name and self._routed(name)

    async def __call__(self, learner: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of `learner`, as an ASGI app."""
        request = Request(scope, receive)
        try:
            if request.method == "POST":
                answer: Response = JSONResponse(await self._posted(learner, await read_object(request, MAX_BODY_BYTES)))
            elif request.method in ("GET", "HEAD"):
                answer = JSONResponse(self.shown(learner))
            else:
                answer = problem(405, "The board takes GET and POST.")
        except HTTPException as error:
            answer = problem(error.status_code, error.detail)
        except BenchError as error:
            answer = problem(422, str(error))
        await answer(scope, receive, send)

    async def _posted(self, learner: str, body: Mapping[str, Any]) -> dict[str, Any]:
        if "seed_for" not in body:
            return await self.publish(learner, body)
        if not isinstance(body["seed_for"], str):
            raise BenchError("seed_for is not the name of a model", "Give --model NAME.")
        return await asyncio.to_thread(self._leaderboard.give_seed, body["seed_for"], learner)

    def shown(self, learner: str | None = None) -> dict[str, Any]:
        """The standings, and what of them nobody but the runner knows."""
        marks = {"not_apart": NOT_APART, "not_apart_means": NOT_APART_MEANS}
        return {"rows": self.rows(learner), "unverified": THE_RUNNERS_WORD, **marks}

    def rows(self, learner: str | None = None) -> list[dict[str, Any]]:
        """The standings, best first; the names as `learner` knows them, or, for the teacher, full ones."""
        rows = []
        for row in self._leaderboard.standings():
            whose, name = owner(row.implementation), self._routed(row.implementation)
            shown = short(learner, name) if learner else name
            rows.append(asdict(row) | {"implementation": shown, "miner": self._roster().name(whose) if whose else ""})
        return rows

    async def publish(self, learner: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Add a run of one of the learner's implementations, or of a bundled one. Raises BenchError."""
        name = body.get("implementation")
        if not isinstance(name, str) or not (name in self._bundled or own(learner, name) in self._names()):
            raise BenchError("you have no implementation of that name here", "Submit it first, then publish its run.")
        if self._published[learner] >= MAX_PUBLICATIONS:
            raise BenchError(f"you have published {MAX_PUBLICATIONS} runs", "That is the limit for one class.")
        if learner in self._busy:
            raise BenchError("another of your runs is being scored", "Publish this one when that one is on the board.")
        self._check_form(body)
        self._published[learner] += 1
        self._busy.add(learner)
        try:
            async with self._turn:
                report = await _recomputed(self._suite_name, {name: body[name] for name in ("report", "records")})
        finally:
            self._busy.discard(learner)
        if await asyncio.to_thread(self._leaderboard.take_seed, report, learner) is None:
            remedy = "Run the suite again without --seed: the board gives one."
            raise BenchError("this board did not give the run's seed", remedy)
        # Another learner's run may have the same id, by chance or on purpose.
        report["id"] = own(learner, report["id"])
        await asyncio.to_thread(self._leaderboard.publish, report, implementation=own(learner, name))
        return next(row for row in self.rows(learner) if is_own(learner, row["run"]) and row["implementation"] == name)

    def _check_form(self, body: Mapping[str, Any]) -> None:
        """Refuse what no work has to be done for. Raises BenchError."""
        report = body.get("report")
        if not isinstance(report, dict) or not isinstance(body.get("records"), str):
            raise BenchError("that is not a run of the bench", "Publish what janus_bench.run returned.")
        if not isinstance(report.get("id"), str) or not _ID.fullmatch(report["id"]):
            raise BenchError("that is not a run of the bench", "Publish what janus_bench.run returned.")
        if not isinstance(report.get("suite"), dict) or report["suite"].get("hash") != self._suite.hash:
            raise BenchError(f"this board ranks another suite: {self._suite.name}", "Run that one, and publish it.")

    def _routed(self, name: str) -> str:
        """The implementation behind a row: a bundled one that a learner measured is still the bundled one."""
        whose = owner(name)
        plain = short(whose, name) if whose else name
        return plain if plain in self._bundled and name not in self._names() else name


async def _recomputed(suite: str, job: dict[str, Any]) -> dict[str, Any]:
    """The report that follows from a run's records, from a process of its own. Raises BenchError."""
    with tempfile.TemporaryFile() as job_file, tempfile.TemporaryFile() as report_file:
        await asyncio.to_thread(job_file.write, json.dumps(job).encode())
        job_file.seek(0)
        child = await Child.start(
            [sys.executable, "-I", "-m", "janus_bench.leaderboard.verification", suite],
            env=_environment(),
            stdin=job_file,
            stdout=report_file,
        )
        try:
            async with asyncio.timeout(RECOMPUTING_SECONDS):
                await child.wait()
        except TimeoutError:
            raise BenchError(
                "computing the scores of this run takes too long", "Code in its answers may never end."
            ) from None
        finally:
            child.kill()
        report_file.seek(0)
        output = await asyncio.to_thread(report_file.read)
    try:
        answer = await asyncio.to_thread(json.loads, output)
    except ValueError:
        raise BenchError(
            "the scores of this run cannot be computed", "Run the suite again, and publish that run."
        ) from None
    if "refused" in answer:
        raise BenchError(*answer["refused"])
    report: dict[str, Any] = answer["report"]
    return report


def _environment() -> dict[str, str]:
    """What the bench needs to know of its surroundings; no key and no address of ours."""
    return {name: os.environ[name] for name in ("PATH", "LC_ALL", "TMPDIR", "SYSTEMROOT") if name in os.environ}
