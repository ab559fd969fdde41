"""What notebooks and the command line call: run a suite, load a run, score it again, compare two."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TypeVar

from janus_bench.checks import sandbox
from janus_bench.errors import BenchError
from janus_bench.leaderboard import seeds
from janus_bench.leaderboard.remote import BOARD_VARIABLE, open_board
from janus_bench.report.report import Report, build_document
from janus_bench.run import store as runs
from janus_bench.run import target_info
from janus_bench.run.progress import Progress, show_progress
from janus_bench.run.runner import ROUTED, Outcome, Settings, run_items
from janus_bench.run.target import Target, parse_target
from janus_bench.scoring import llm_judge as judging
from janus_bench.scoring.constants import load_scoring
from janus_bench.scoring.grading import judge
from janus_bench.scoring.intervals import Difference
from janus_bench.scoring.intervals import compare as difference
from janus_bench.scoring.score import measured, score
from janus_bench.suites.loader import Item, Suite, load_suite

T = TypeVar("T")


def run(
    target: str,
    suite: str = "quick",
    model: str = ROUTED,
    concurrency: int = 4,
    progress: bool = True,
    *,
    repeats: int = 1,
    warmup: int = 1,
    seed: int | None = None,
    timeout: float = 300.0,
    rate: float | None = None,
    output: str | Path | None = None,
    resume: bool = False,
    judge_url: str | None = None,
    judge_model: str = "",
    to_publish: bool = False,
    now: runs.WallClock = runs.utc_now,
) -> Report:
    """Run `suite` against `target` and return its report; the run is also kept in a folder of its own.

    Works inside Jupyter too, where a loop already runs. Interrupting stops the run and returns what is done. `timeout`
    is in seconds and per request; `rate` starts so many requests a second instead of keeping `concurrency` in flight;
    `resume` goes on with a run that was stopped; `judge_url` is the judge that suites with open questions need (its
    key in `$JANUS_BENCH_JUDGE_KEY`); `progress` shows on stderr how far it is. Without `seed` each run has a fresh one,
    which the leaderboard gives for a run `to_publish`, a shared one for every run. Raises BenchError with a remedy: a
    target that is down or not OpenAI-compatible, an unknown suite, a folder that cannot be written, a judge refused.
    """
    where = parse_target(target)
    chosen = load_suite(suite)
    place = Path(output) if output else None
    settings = Settings(model, concurrency, repeats, warmup, seed or 0, timeout, rate)
    given: seeds.Given = {}
    if seed is None and resume:
        settings = replace(settings, seed=runs.stopped_seed(_plan(where, chosen, settings), output=place))
    elif seed is None:
        given = _seed(model, to_publish)
        settings = replace(settings, seed=given["seed"])
    items = chosen.items(settings.seed, settings.repeats)
    reader, calibration = _judge_for(items, judge_url, judge_model) or (None, None)
    folder = _folder(where, chosen, settings, place, resume, now)
    try:
        with show_progress(progress) as shown:
            outcome = _in_a_loop(lambda: _ask_all(where, items, settings, folder, shown))
    except BaseException:
        if not folder.used:
            folder.discard()
        raise
    table = load_scoring()
    if reader:
        _in_a_loop(lambda: judging.judge_all(reader, outcome.records, items))
        with (folder.path / runs.JUDGEMENTS).open("w", encoding="utf-8") as kept:
            judging.keep(outcome.records, kept.write)
    judge(outcome.records, items, table)
    answered = any(record.ok for record in outcome.records)
    document = build_document(
        run_id=folder.id,
        created=folder.created,
        target=where,
        suite=chosen,
        settings=settings,
        outcome=outcome,
        table=table,
        limits=target_info.rate_limits(where) if answered else target_info.NOT_REPORTED,
        judged=judging.told(reader, calibration, outcome.records) if reader and calibration else None,
        walls=sandbox.in_use() if any(item.runs_code for item in items) else None,
    )
    report = Report(document, outcome.records, folder.path)
    folder.finish(report)
    return report


def _seed(model: str, to_publish: bool) -> seeds.Given:
    """A fresh seed, from the board on which the run will stand where that is known. Raises BenchError."""
    board = open_board() if to_publish or os.environ.get(BOARD_VARIABLE) else None
    if board is None:
        return {"seed": seeds.fresh()}
    try:
        return board.give_seed(model)
    finally:
        board.close()


def _judge_for(items: list[Item], url: str | None, model: str) -> tuple[judging.Judge, judging.Calibration] | None:
    """The judge where one is needed, and how it was calibrated, before anything else is asked.

    Raises BenchError where it is missing or refused, or where one was named that does not answer.
    """
    wanted = any(item.wants_judge for item in items)
    if url is None:
        if wanted:
            raise BenchError("this suite has answers that only a judge can read", "Give an address with --judge URL.")
        return None
    where = parse_target(url, os.environ.get("JANUS_BENCH_JUDGE_KEY", ""))
    reader = judging.Judge(where, model or ROUTED)
    if wanted:
        return reader, _in_a_loop(lambda: reader.calibrate(load_scoring()["judge"]))
    _in_a_loop(reader.answers)
    print("janus-bench: this suite has no open questions, the judge is not needed.", file=sys.stderr)
    return None


def load(run_id: str) -> Report:
    """A run that was kept, by id, by the beginning of an id, "last", or by folder. Its records are judged anew.

    Records of a suite whose file is gone or has changed come without verdicts. Raises BenchError.
    """
    report = _stored(run_id)
    with contextlib.suppress(BenchError, KeyError):
        _judge(report, None)
    return report


@dataclass(frozen=True)
class Rescored:
    """The scores that a run's stored records give now, beside those that its report holds."""

    run: str
    composite: float
    reported: float
    scores: dict[str, float | None]

    @property
    def same(self) -> bool:
        """Whether the report can be reproduced. Reports are rounded to four digits."""
        return abs(self.composite - self.reported) < 1e-3


def rescore(run_id: str, suite: str | None = None) -> Rescored:
    """Judge and score a run's stored records again, without the target.

    `suite` is the path of the suite file, where the run was not of a bundled suite. Raises BenchError where the suite
    is not the one that was run.
    """
    report = _stored(run_id)
    _judge(report, suite)
    scores = score(report.records, load_scoring())
    return Rescored(report.id, scores.composite, report.composite, scores.categories)


def compare(a: str, b: str, suite: str | None = None) -> list[Difference]:
    """How run `b` differs from run `a`, paired by item: each score's effect, 95 % interval and p.

    Raises BenchError where the two are not of the same suite, or asked its variants by another seed.
    """
    first, second = _stored(a), _stored(b)
    for what in ("suite", "settings"):
        key = "hash" if what == "suite" else "seed"
        if first.to_dict()[what][key] != second.to_dict()[what][key]:
            raise BenchError(f"the two runs differ in the {what}'s {key}", "Run both with the same --suite and --seed.")
    table = load_scoring()
    rows = []
    for report in (first, second):
        _judge(report, suite)
        rows.append([measured(record, table) for record in report.records])
    return difference(rows[0], rows[1], table)


def _stored(run_id: str) -> Report:
    folder = runs.find_run(run_id)
    records = runs.read_records(folder)
    if (folder / runs.JUDGEMENTS).exists():
        judging.bring_back(records, (folder / runs.JUDGEMENTS).read_text(encoding="utf-8").splitlines())
    return Report(runs.read_report(folder), records, folder)


def _judge(report: Report, suite: str | None) -> None:
    """Judge a stored run's records by its suite. Raises BenchError where that is not to be had."""
    document = report.to_dict()
    chosen = load_suite(suite or document["suite"]["name"])
    if chosen.hash != document["suite"]["hash"]:
        what = f"run {report.id} was of suite {document['suite']['name']} {document['suite']['hash'][:8]}"
        raise BenchError(f"{what}, not of {chosen.name} {chosen.hash[:8]}", "Give that version's file with --suite.")
    settings = document["settings"]
    judge(report.records, chosen.items(settings["seed"], settings["repeats"]), load_scoring())


def _folder(
    target: Target, suite: Suite, settings: Settings, output: Path | None, resume: bool, now: runs.WallClock
) -> runs.RunFolder:
    plan = _plan(target, suite, settings)
    return runs.RunFolder.resumed(plan, output=output) if resume else runs.RunFolder(plan, output=output, now=now)


def _plan(target: Target, suite: Suite, settings: Settings) -> runs.Plan:
    return {
        "target": target.url,
        "suite": {"name": suite.name, "hash": suite.hash},
        "settings": asdict(settings),
    }


async def _ask_all(
    target: Target, items: list[Item], settings: Settings, folder: runs.RunFolder, progress: Progress
) -> Outcome:
    return await run_items(target, items, settings, keep=folder.keep, progress=progress, done=folder.done)


def _in_a_loop(work: Callable[[], Coroutine[None, None, T]]) -> T:
    """Run a coroutine to its end, beside a running loop if there is one; Ctrl-C cancels it, its result still counts."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work())
    return _in_a_thread(work)


def _in_a_thread(work: Callable[[], Coroutine[None, None, T]]) -> T:
    """The same in a thread with a loop of its own, for callers whose thread already runs one (Jupyter)."""
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[T]]] = Future()
    ended: Future[T] = Future()

    async def main() -> T:
        task = asyncio.ensure_future(work())
        begun.set_result((asyncio.get_running_loop(), task))
        return await task

    def body() -> None:
        try:
            ended.set_result(asyncio.run(main()))
        except BaseException as error:
            ended.set_exception(error)

    threading.Thread(target=body, name="janus-bench", daemon=True).start()
    try:
        return ended.result()
    except KeyboardInterrupt:
        loop, task = begun.result()
        loop.call_soon_threadsafe(task.cancel)
        return ended.result()
