"""A run on a Dask cluster: each shard is a task, and Dask starts it again elsewhere when its worker dies.

Dask sends tasks as pickles, so whoever reaches the scheduler runs code on every worker: it belongs on a network of its
own, or behind TLS (Dask's documentation, "TLS/SSL"). The target's key is never sent: each worker has it in its own
`$JANUS_BENCH_API_KEY`.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from janus_bench import api
from janus_bench.cluster.merge import Part, assemble
from janus_bench.errors import BenchError
from janus_bench.report.report import Report
from janus_bench.run import store
from janus_bench.run.progress import Progress, show_progress
from janus_bench.run.records import Record
from janus_bench.run.runner import DEFAULT_MODEL, Settings
from janus_bench.run.shard import MAX_SHARDS, Shard
from janus_bench.suites.loader import load_suite
from janus_bench.suites.model import Suite
from janus_bench.wire.target import parse_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distributed import Client

CONNECT_SECONDS = 10.0


def run_on_cluster(
    scheduler: str,
    target: str,
    suite: str = "quick",
    model: str = DEFAULT_MODEL,
    concurrency: int = 4,
    progress: bool | Progress = True,
    *,
    shards: int | None = None,
    repeats: int = 1,
    warmup: int = 1,
    seed: int | None = None,
    timeout: float = 300.0,
    rate: float | None = None,
    output: str | Path | None = None,
    judge_url: str | None = None,
    judge_model: str = "",
    to_publish: bool = False,
) -> Report:
    """Run `suite` against `target` from the workers of the Dask scheduler at `scheduler`, one shard a worker.

    Everything else as in `api.run`; `concurrency` and `rate` hold for each shard. Raises BenchError: no Dask here, no
    scheduler or worker there, a worker with another version, and whatever a run raises.
    """
    parse_target(target)
    settings, loaded = Settings(model, concurrency, repeats, warmup, 0, timeout, rate), load_suite(suite)
    with _connected(scheduler) as client:
        count = shards or min(len(client.scheduler_info()["workers"]), MAX_SHARDS)
        if not count:
            raise BenchError(
                f"no worker has joined the scheduler at {scheduler}", f"Start some: dask worker {scheduler}"
            )
        planned = [Shard.parse(f"{index}/{count}") for index in range(1, count + 1)]
        settings = replace(settings, seed=api.new_seed(model, to_publish)["seed"] if seed is None else seed)
        planned[0].of(loaded.items(settings.seed, repeats), settings.seed)  # too few items are refused here
        with show_progress(progress) as shown:
            parts = _ask(client, target, suite, loaded, settings, planned, shown)
    return assemble(parts, loaded, output=output, judge_url=judge_url, judge_model=judge_model)


def ask_shard(
    target: str, suite: str, suite_hash: str, settings: Mapping[str, Any], shard: str, topic: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """On a worker: ask a shard; its report and its raw records. Raises BenchError."""
    from distributed import get_worker

    worker = get_worker()
    if load_suite(suite).hash != suite_hash:
        what = f"the worker at {worker.address} has another version of suite {suite}"
        raise BenchError(what, "Install the same version of janus-bench on every worker.")

    def progress(done: int, planned: int, failed: int) -> None:
        worker.log_event(topic, {"shard": shard, "counts": (done, planned, failed)})

    with tempfile.TemporaryDirectory() as folder:
        report = api.run(target, suite, **settings, shard=shard, output=Path(folder) / "run", progress=progress)
        raw = [record.to_json() for record in report.records]
    return report.to_dict(), raw


def _ask(
    client: Client,
    target: str,
    suite: str,
    loaded: Suite,
    settings: Settings,
    planned: list[Shard],
    shown: Progress,
) -> list[Part]:
    """Every shard as a task, until the last has ended. The first failure ends the run. Raises BenchError."""
    from distributed import as_completed
    from distributed.scheduler import KilledWorker

    topic = f"janus-bench-{store.utc_now().timestamp():.6f}"
    client.subscribe_topic(topic, _counter(planned, shown))
    arguments = asdict(settings)
    futures = [
        client.submit(ask_shard, target, suite, loaded.hash, arguments, str(shard), topic, pure=False)
        for shard in planned
    ]
    try:
        answers = [future.result() for future in as_completed(futures, loop=client.loop)]
    except ModuleNotFoundError as error:
        raise BenchError(f"a worker cannot import {error.name}", "Install janus-bench on every worker.") from None
    except KilledWorker as error:
        raise BenchError(f"a shard's workers kept failing: {error}", "Look into the workers' logs.") from None
    finally:
        client.cancel(futures)
        client.unsubscribe_topic(topic)
    return [Part(document, [Record.from_json(line) for line in raw]) for document, raw in answers]


def _counter(planned: list[Shard], shown: Progress) -> Callable[[tuple[float, dict[str, Any]]], None]:
    """Takes in each worker's counts, and shows their sums."""
    counts: dict[str, tuple[int, int, int]] = {}
    lock = threading.Lock()

    def take(event: tuple[float, dict[str, Any]]) -> None:
        said = event[1]
        with lock:
            counts[said["shard"]] = tuple(said["counts"])
            if len(counts) == len(planned):  # before, the sum of the plans would grow
                shown(*(sum(column) for column in zip(*counts.values(), strict=True)))

    return take


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    """A client of the scheduler. Raises BenchError."""
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise BenchError("--cluster needs Dask", "Install it: pip install distributed") from None
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        remedy = "Start one (`dask scheduler`), and give its address, such as tcp://scheduler:8786."
        raise BenchError(f"no Dask scheduler answers at {address}: {error}", remedy) from None
    with client:
        yield client
