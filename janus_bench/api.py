"""What notebooks and the command line call: run a suite, load a run, score it again, compare two.

Three words for three things: *grading* gives each answer its score, a *judge* is the model that reads answers which no
program can check, and a *judgement* is what it said of one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from janus_bench.checks import sandbox
from janus_bench.constants import load_scoring
from janus_bench.errors import BenchError
from janus_bench.leaderboard import seeds
from janus_bench.leaderboard.remote import BOARD_VARIABLE, open_board
from janus_bench.report.document import build_document
from janus_bench.report.files import write_files
from janus_bench.report.report import Report
from janus_bench.run import store, target_info
from janus_bench.run.progress import Progress, show_progress
from janus_bench.run.records import Record
from janus_bench.run.runner import DEFAULT_MODEL, Outcome, Settings, run_items
from janus_bench.run.shard import Shard
from janus_bench.scoring import intervals, llm_judge
from janus_bench.scoring.answer_score import measured
from janus_bench.scoring.grading import grade
from janus_bench.scoring.score import score
from janus_bench.suites.loader import load_suite
from janus_bench.suites.model import Item, Suite
from janus_bench.wire.target import Target, parse_target

T = TypeVar("T")
JUDGE_KEY_VARIABLE = "JANUS_BENCH_JUDGE_KEY"
_NOT_A_WHOLE_RUN = "a shard is not a whole run", "Publish what `janus-bench merge` makes of all shards."
_NO_COMMON_SEED = "the shards of a run need one seed", "Give every shard the same --seed; `janus-bench seed` makes one."


@dataclass(frozen=True)
class _Job:
    """What is run: a suite, or a shard of it, asked of a target, with these settings."""

    target: Target
    suite: Suite
    settings: Settings
    shard: Shard | None = None

    @property
    def plan(self) -> store.Plan:
        """The same as JSON, by which a stopped run is found again."""
        return store.plan(self.target, self.suite, self.settings, self.shard)

    def with_seed(self, seed: int) -> _Job:
        return replace(self, settings=replace(self.settings, seed=seed))

    def items(self) -> list[Item]:
        items = self.suite.items(self.settings.seed, self.settings.repeats)
        return self.shard.of(items, self.settings.seed) if self.shard else items


@dataclass(frozen=True)
class CalibratedJudge:
    """The model that reads open answers, and how it graded the gold answers."""

    model: llm_judge.Judge
    calibration: llm_judge.Calibration

    def read(self, records: Sequence[Record], items: Sequence[Item], folder: Path) -> dict[str, Any]:
        """Judge the answers to open questions, keep the judgements beside the records, and sum up for the report."""
        in_a_loop(lambda: llm_judge.judge_all(self.model, records, items))
        with (folder / store.JUDGEMENTS).open("w", encoding="utf-8") as file:
            llm_judge.write_judgements(records, file.write)
        return llm_judge.summary(self.model, self.calibration, records)


def run(
    target: str,
    suite: str = "quick",
    model: str = DEFAULT_MODEL,
    concurrency: int = 4,
    progress: bool | Progress = True,
    *,
    repeats: int = 1,
    warmup: int = 1,
    seed: int | None = None,
    timeout: float = 300.0,
    rate: float | None = None,
    output: str | Path | None = None,
    resume: bool = False,
    shard: str | None = None,
    judge_url: str | None = None,
    judge_model: str = "",
    to_publish: bool = False,
    now: store.WallClock = store.utc_now,
) -> Report:
    """Run `suite` against `target` and return its report; the run is also kept in a folder of its own.

    Works inside Jupyter too, where a loop already runs. Interrupting stops the run and returns what is done. `timeout`
    is in seconds and per request; `rate` starts so many requests a second instead of keeping `concurrency` in flight;
    `resume` goes on with a run that was stopped; `judge_url` is the judge that suites with open questions need (its
    key in `$JANUS_BENCH_JUDGE_KEY`); `progress` shows on stderr how far it is, or is called. Without `seed` a run has a
    fresh one, which the leaderboard gives for a run `to_publish`, a shared one for every run. `shard`, such as "2/4",
    asks one of four parts, all of the same `seed`; `cluster.merge` makes them one run. Raises BenchError with a remedy:
    a target that is down or not OpenAI-compatible, an unknown suite, a folder that cannot be written, a judge refused.
    """
    output_folder = Path(output) if output else None
    job = _Job(
        parse_target(target),
        load_suite(suite),
        Settings(model, concurrency, repeats, warmup, seed or 0, timeout, rate),
        Shard.parse(shard) if shard else None,
    )
    if job.shard and (to_publish or (seed is None and not resume)):
        raise BenchError(*_NOT_A_WHOLE_RUN if to_publish else _NO_COMMON_SEED)
    if seed is None:
        job = job.with_seed(
            store.stopped_seed(job.plan, output=output_folder) if resume else new_seed(model, to_publish)["seed"]
        )
    items = job.items()
    # Open answers of a shard are judged when all are there, by one judge.
    judge = None if job.shard else calibrated_judge(items, judge_url, judge_model)
    if resume:
        folder = store.RunFolder.resumed(job.plan, output=output_folder)
    else:
        folder = store.RunFolder(job.plan, output=output_folder, now=now)
    outcome = _ask_all(job, items, folder, progress)
    judged = judge.read(outcome.records, items, folder.path) if judge else None
    table = load_scoring()
    grade(outcome.records, items, table)
    answered = any(record.ok for record in outcome.records)
    document = build_document(
        run_id=folder.id,
        created=folder.created,
        target=job.target,
        suite=job.suite,
        settings=job.settings,
        outcome=outcome,
        table=table,
        limits=target_info.rate_limits(job.target) if answered else target_info.NOT_REPORTED,
        judge=judged,
        sandbox=sandbox.in_use() if any(item.runs_code for item in items) else None,
        shard=job.shard,
    )
    folder.finish(document, lambda path: write_files(document, outcome.records, path))
    return Report(document, outcome.records, folder.path)


def new_seed(model: str, to_publish: bool) -> seeds.Given:
    """A fresh seed, from the board on which the run will stand where that is known. Raises BenchError."""
    board = open_board() if to_publish or os.environ.get(BOARD_VARIABLE) else None
    if board is None:
        return {"seed": seeds.fresh()}
    try:
        return board.give_seed(model)
    finally:
        board.close()


def calibrated_judge(items: Sequence[Item], url: str | None, model: str) -> CalibratedJudge | None:
    """The judge where one is needed, calibrated before anything else is asked.

    Raises BenchError where it is missing or refused, or where one was named that does not answer.
    """
    needed = any(item.wants_judge for item in items)
    if url is None:
        if needed:
            raise BenchError("this suite has answers that only a judge can read", "Give an address with --judge URL.")
        return None
    judge = llm_judge.Judge(parse_target(url, os.environ.get(JUDGE_KEY_VARIABLE, "")), model or DEFAULT_MODEL)
    if needed:
        return CalibratedJudge(judge, in_a_loop(lambda: judge.calibrate(load_scoring()["judge"])))
    in_a_loop(judge.answers)
    print("janus-bench: this suite has no open questions, so the judge is not needed.", file=sys.stderr)
    return None


def _ask_all(job: _Job, items: list[Item], folder: store.RunFolder, progress: bool | Progress) -> Outcome:
    """Ask every item that the folder does not hold yet; nothing is left behind of a run that never began."""
    try:
        with show_progress(progress) as shown:
            return in_a_loop(
                lambda: run_items(job.target, items, job.settings, keep=folder.keep, progress=shown, done=folder.done)
            )
    except BaseException:
        if not folder.used:
            folder.discard()
        raise


def load(run_id: str) -> Report:
    """A run that was kept, by id, by the beginning of an id, "last", or by folder. Its records are graded anew.

    Records of a suite whose file is gone or has changed come without verdicts. Raises BenchError.
    """
    report = _stored(run_id)
    with contextlib.suppress(BenchError, KeyError):
        _grade_again(report, None)
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
    """Grade and score a run's stored records again, without the target.

    `suite` is the path of the suite file, where the run was not of a bundled suite. Raises BenchError where the suite
    is not the one that was run.
    """
    report = _stored(run_id)
    _grade_again(report, suite)
    scores = score(report.records, load_scoring())
    return Rescored(report.id, scores.composite, report.composite, scores.categories)


def compare(a: str, b: str, suite: str | None = None) -> list[intervals.Difference]:
    """How run `b` differs from run `a`, paired by item: each score's effect, 95 % interval and p.

    Raises BenchError where the two are not of the same suite, or asked its variants by another seed.
    """
    first, second = _stored(a), _stored(b)
    for part, key in (("suite", "hash"), ("settings", "seed")):
        if first.to_dict()[part][key] != second.to_dict()[part][key]:
            raise BenchError(f"the two runs differ in the {part}'s {key}", "Run both with the same --suite and --seed.")
    table = load_scoring()
    for report in (first, second):
        _grade_again(report, suite)
    before, after = ([measured(record, table) for record in report.records] for report in (first, second))
    return intervals.compare(before, after, table)


def _stored(run_id: str) -> Report:
    """A run as its folder holds it: records and judgements, nothing graded."""
    folder = store.find_run(run_id)
    records = store.read_records(folder)
    if (folder / store.JUDGEMENTS).exists():
        llm_judge.read_judgements(records, (folder / store.JUDGEMENTS).read_text(encoding="utf-8").splitlines())
    return Report(store.read_report(folder), records, folder)


def _grade_again(report: Report, suite: str | None) -> None:
    """Grade a stored run's records by its suite. Raises BenchError where that suite is not to be had."""
    document = report.to_dict()
    name, settings = document["suite"]["name"], document["settings"]
    loaded = load_suite(suite or name)
    if loaded.hash != document["suite"]["hash"]:
        what = f"run {report.id} was of suite {name} {document['suite']['hash'][:8]}"
        raise BenchError(f"{what}, not of {loaded.name} {loaded.hash[:8]}", "Give that version's file with --suite.")
    grade(report.records, loaded.items(settings["seed"], settings["repeats"]), load_scoring())


def in_a_loop(work: Callable[[], Coroutine[None, None, T]]) -> T:
    """Run a coroutine to its end, beside a running loop if there is one; Ctrl-C cancels it, its result still counts."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work())
    return _in_a_thread(work)


def _in_a_thread(work: Callable[[], Coroutine[None, None, T]]) -> T:
    """The same in a thread with a loop of its own, for callers whose thread already runs one (Jupyter)."""
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[T]]] = Future()
    finished: Future[T] = Future()

    async def main() -> T:
        task = asyncio.ensure_future(work())
        started.set_result((asyncio.get_running_loop(), task))
        return await task

    def body() -> None:
        try:
            finished.set_result(asyncio.run(main()))
        except BaseException as error:
            finished.set_exception(error)

    threading.Thread(target=body, name="janus-bench", daemon=True).start()
    try:
        return finished.result()
    except KeyboardInterrupt:
        loop, task = started.result()
        loop.call_soon_threadsafe(task.cancel)
        return finished.result()
