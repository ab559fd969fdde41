"""The command `janus-bench`. Every command writes its result to stdout and everything else to stderr.

Exit codes: 0 done · 1 the composite lies below --fail-under, a suite file has problems, a run cannot be reproduced or
is not what was published, or a calibration missed something · 2 wrong usage · 3 it could not be done, such as a run in
which nothing was answered (the message says what to do) · 130 stopped by Ctrl-C (what was done is kept).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from janus_bench.report.report import Report

app = typer.Typer(
    name="janus-bench",
    help="Benchmark any OpenAI-compatible target.",
    epilog="Exit codes: 0 done, 1 below --fail-under or a bad suite file, 2 wrong usage, 3 failed, 130 stopped.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
BELOW, FAILED, STOPPED = 1, 3, 130

AsJson = Annotated[bool, typer.Option("--json", help="Print only JSON on stdout.")]
Name = Annotated[str | None, typer.Option(help="Publish under this name instead of the one in the answers.")]
SuiteFile = Annotated[str | None, typer.Option(help="The suite's file, if it is not a bundled one.")]
Hotkey = Annotated[str | None, typer.Option(help="The miner's SS58 hotkey, for the leaderboard.")]


def main() -> None:
    """Entry point of the console script."""
    from janus_bench.errors import BenchError

    try:
        app()
    except BenchError as error:
        _fail(error)


@app.command()
def run(
    target: Annotated[str, typer.Option(help="Base address, such as http://localhost:8000 (or one ending in /v1).")],
    suite: Annotated[str, typer.Option(help="quick, full, a category, a public benchmark, or a suite file.")] = "quick",
    model: Annotated[str, typer.Option(help="The model to ask; janus is the platform's current #1.")] = "janus",
    concurrency: Annotated[int, typer.Option(help="Number of requests in flight at a time.")] = 4,
    repeats: Annotated[int, typer.Option(help="How often to ask each item, with newly drawn values each time.")] = 1,
    warmup: Annotated[int, typer.Option(help="Number of warm-up requests, which do not count.")] = 1,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Ask the same questions as an earlier run with this seed; by default each run gets a new one."
        ),
    ] = None,
    timeout: Annotated[float, typer.Option(help="Time limit per request, in seconds.")] = 300.0,
    rate: Annotated[float | None, typer.Option(help="Open loop: start this many requests per second.")] = None,
    output: Annotated[Path | None, typer.Option(help="Folder for the results, instead of a new one.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue a run that was stopped.")] = False,
    shard: Annotated[str | None, typer.Option(metavar="I/N", help="Ask one of N parts; `merge` joins them.")] = None,
    cluster: Annotated[str | None, typer.Option(help="Ask from the workers of this Dask scheduler.")] = None,
    shards: Annotated[
        int | None, typer.Option(help="With --cluster: the number of parts, instead of one per worker.")
    ] = None,
    judge: Annotated[str | None, typer.Option(help="The address of a judge, for suites with open questions.")] = None,
    judge_model: Annotated[str, typer.Option(help="The judge's model.")] = "janus",
    publish: Annotated[bool, typer.Option("--publish", help="Put the result on the leaderboard.")] = False,
    name: Name = None,
    hotkey: Hotkey = None,
    as_json: AsJson = False,
    fail_under: Annotated[float | None, typer.Option(help="Exit with 1 if the composite is below this.")] = None,
) -> None:
    """Run a suite against a target.

    If the target needs a key, put it into $JANUS_BENCH_API_KEY.
    """
    from janus_bench import api

    if publish:
        from janus_bench.leaderboard.rules import check_names

        check_names(name, hotkey)  # refused before the run, not after it
    how: dict[str, Any] = {"repeats": repeats, "warmup": warmup, "seed": seed, "timeout": timeout, "rate": rate}
    how |= {"output": output, "judge_url": judge, "judge_model": judge_model, "to_publish": publish}
    if cluster:
        from janus_bench.cluster.scheduler import run_on_cluster

        if resume or shard:
            raise typer.BadParameter("a run on a cluster is always split again: leave out --resume and --shard")
        report = run_on_cluster(cluster, target, suite, model, concurrency, shards=shards, **how)
    else:
        report = api.run(target, suite, model, concurrency, resume=resume, shard=shard, **how)
    _show(report, as_json)
    print(f"Seed: {report.to_dict()['settings']['seed']} (--seed asks the same again)", file=sys.stderr)
    print(f"Results: {report.folder}", file=sys.stderr)
    if not report.to_dict()["complete"]:
        raise typer.Exit(STOPPED)
    if reason := report.why_unanswered():
        print(f"janus-bench: {reason}", file=sys.stderr)
        raise typer.Exit(FAILED)
    if publish:
        from janus_bench.leaderboard.publish import publish as put

        row = put(report, name=name, hotkey=hotkey)
        print(f"Published: {row.implementation} is #{row.rank}.", file=sys.stderr)
    if fail_under is not None and report.composite < fail_under:
        print(f"The composite {report.composite:.2f} is below {fail_under:g}.", file=sys.stderr)
        raise typer.Exit(BELOW)


@app.command()
def merge(
    runs: Annotated[list[str], typer.Argument(help="The shards of one run: ids or the beginnings of ids, or folders.")],
    suite: SuiteFile = None,
    output: Annotated[Path | None, typer.Option(help="Folder for the results, instead of a new one.")] = None,
    judge: Annotated[str | None, typer.Option(help="The address of a judge, for suites with open questions.")] = None,
    judge_model: Annotated[str, typer.Option(help="The judge's model.")] = "janus",
    as_json: AsJson = False,
) -> None:
    """Merge the shards of a run (`run --shard i/n`) into one run, with one report from all records."""
    from janus_bench.cluster import merge as merging

    report = merging.merge(runs, suite=suite, output=output, judge_url=judge, judge_model=judge_model)
    _show(report, as_json)
    print(f"Results: {report.folder}", file=sys.stderr)


@app.command("seed")
def give_seed(
    model: Annotated[str, typer.Option(help="The model that will be asked.")] = "janus",
    publish: Annotated[
        bool, typer.Option("--publish", help="Take it from the leaderboard, for a published run.")
    ] = False,
) -> None:
    """Print a new seed, to use for every shard of a run."""
    from janus_bench import api

    print(api.new_seed(model, publish)["seed"])


@app.command("list")
def list_runs(as_json: AsJson = False) -> None:
    """List the stored runs, oldest first."""
    from janus_bench.run import store as runs

    reports = [runs.read_report(runs.runs_folder() / run_id) for run_id in runs.list_ids()]
    if as_json:
        keys = ("id", "created", "composite", "complete", "target", "suite")
        return _print_json([{key: report[key] for key in keys} for report in reports])
    from rich.markup import escape
    from rich.table import Table

    table = Table("run", "target", "model", "suite", "composite")
    table.columns[0].no_wrap = True
    for report in reports:
        benched, score = report["target"], f"{report['composite']:.1f}"
        table.add_row(*map(escape, (report["id"], benched["url"], benched["model"], report["suite"]["name"], score)))
    _print_table(table)


@app.command()
def show(
    run: Annotated[str, typer.Argument(help="A run's id or the beginning of it, `last`, or the run's folder.")],
    as_json: AsJson = False,
) -> None:
    """Show the report of a run. If it was published, also check the signature and everything it covers.

    Exit with 1 if the published run does not match; stderr says what differs, and where.
    """
    from janus_bench.leaderboard.publish import check_publication
    from janus_bench.report.report import Report
    from janus_bench.run import store as runs

    folder = runs.find_run(run)
    publication = check_publication(folder)
    _show(Report(runs.read_report(folder), folder=folder), as_json)
    print(publication.line() if publication else "Not published.", file=sys.stderr)
    if publication and publication.problems:
        raise typer.Exit(BELOW)


@app.command()
def rescore(
    run: Annotated[str, typer.Argument(help="A run's id or the beginning of it, `last`, or the run's folder.")],
    suite: SuiteFile = None,
    as_json: AsJson = False,
) -> None:
    """Score a run's stored records again, without the target. Exit with 1 if the result differs from the report."""
    from dataclasses import asdict

    from janus_bench import api

    rescored = api.rescore(run, suite)
    if as_json:
        _print_json(asdict(rescored) | {"same": rescored.same})
    else:
        verdict = "the same as reported" if rescored.same else f"but the report says {rescored.reported:.4f}"
        print(f"{rescored.run}: composite {rescored.composite:.4f}, {verdict}.")
    if not rescored.same:
        raise typer.Exit(BELOW)


@app.command()
def compare(
    a: Annotated[str, typer.Argument(help="The run to compare with.")],
    b: Annotated[str, typer.Argument(help="The run to compare.")],
    suite: SuiteFile = None,
    as_json: AsJson = False,
) -> None:
    """Compare run B with run A, item by item: effect, 95 % interval and p."""
    from dataclasses import asdict

    from janus_bench import api
    from janus_bench.report.tables import comparison_table

    differences = api.compare(a, b, suite)
    if as_json:
        return _print_json([asdict(one) for one in differences])
    _print_table(comparison_table(differences))


@app.command()
def leaderboard(
    as_json: AsJson = False,
    publish: Annotated[str | None, typer.Option(metavar="RUN", help="Publish this run first.")] = None,
    name: Name = None,
    hotkey: Hotkey = None,
    history: Annotated[bool, typer.Option("--history", help="Show every publication instead, and who was #1.")] = False,
) -> None:
    """Show the leaderboard: each implementation's best run of the quick suite. It is empty until a run is published."""
    from dataclasses import asdict

    from janus_bench.leaderboard.publish import publish as put
    from janus_bench.leaderboard.remote import open_board
    from janus_bench.report.report import Report
    from janus_bench.run import store as runs

    if publish is not None:
        folder = runs.find_run(publish)
        put(Report(runs.read_report(folder), folder=folder), name=name, hotkey=hotkey)
    board = open_board()
    rows = board.standings()
    if as_json:
        return _print_json([asdict(row) for row in (board.history() if history else rows)])
    from janus_bench.leaderboard.tables import history_table, standings_table

    _print_table(history_table(board.history()) if history else standings_table(rows, _console().width))
    if rows:
        from janus_bench.leaderboard.rules import THE_RUNNERS_WORD

        print(THE_RUNNERS_WORD, file=sys.stderr)
    if not rows:
        print("Nothing is published yet: janus-bench run --target URL --model NAME --publish", file=sys.stderr)


@app.command()
def validate(suite_file: Annotated[Path, typer.Argument(help="A .toml or .jsonl suite file.")]) -> None:
    """Check a suite file: its format, and that no item gives points to an empty or copied answer."""
    from janus_bench.suites.problems import inspect

    issues = inspect(suite_file)
    for problem in issues:
        print(problem)
    if issues:
        print(f"{len(issues)} problem(s).", file=sys.stderr)
        raise typer.Exit(BELOW)
    print("No problems.", file=sys.stderr)


@app.command()
def calibrate(
    streams: Annotated[int, typer.Option(help="Number of streams at the same time.", min=1, max=256)] = 64,
    as_json: AsJson = False,
) -> None:
    """Measure the bench's own timing error on this machine, against a server whose timing is known."""
    from janus_bench.calibration.calibrate import calibrate as measure_clock
    from janus_bench.report.tables import calibration_table

    print(f"janus-bench: {streams} paced streams, a stall in each, then planted faults …", file=sys.stderr)
    calibration = measure_clock(streams=streams)
    if as_json:
        _print_json(calibration.to_dict())
    else:
        _print_table(calibration_table(calibration.to_dict()))
    if calibration.faults_missed or calibration.lost:
        raise typer.Exit(BELOW)


def _show(report: Report, as_json: bool) -> None:
    if as_json:
        return _print_json(report.to_dict())
    _print_table(report.table())


def _print_json(value: Any) -> None:
    import json

    print(json.dumps(value, indent=2))


def _print_table(table: Any) -> None:
    _console().print(table)


def _console() -> Any:
    from rich.console import Console

    # in a pipe or a log nothing has to fit into 80 columns
    return Console(width=None if sys.stdout.isatty() else 140)


def _fail(error: Exception) -> NoReturn:
    print(f"janus-bench: {error}", file=sys.stderr)
    sys.exit(FAILED)


if __name__ == "__main__":
    main()
