"""A run on a Dask cluster of four real worker processes, one killed in the middle, is as one process makes it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, LocalCluster
from typer.testing import CliRunner

import janus_bench
from janus_bench.cli import app
from janus_bench.cluster import scheduler
from janus_bench.cluster.scheduler import run_on_cluster
from janus_bench.errors import BenchError
from janus_bench.suites.loader import load_suite
from janus_bench.suites.model import Item
from tests.bench.answers import Implementation
from tests.bench.ground_truth import Reply, refused_port, serving
from tests.bench.test_shards import timeless

SEED, WORKERS, PATIENCE = 5, 4, 120
SUITE = "chat"


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A scheduler and four workers, each a process of its own with one thread."""
    running = LocalCluster(
        n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    )
    with running:
        yield running.scheduler_address


class SilentOnce(Implementation):
    """Answers rightly, but leaves the first request for one item without an answer."""

    def __init__(self) -> None:
        suite = load_suite(SUITE)
        super().__init__(suite, SEED)
        self._item = suite.items(SEED)[0].id
        self.waiting = threading.Event()

    def reply(self, item: Item) -> Reply:
        if item.id == self._item and not self.waiting.is_set():
            self.waiting.set()
            return Reply([], hang=True)
        return super().reply(item)


def test_four_workers_make_the_report_that_one_process_makes(cluster: str, tmp_path: Path) -> None:
    with serving(Implementation(load_suite(SUITE), SEED)) as server:
        how: dict[str, Any] = {"seed": SEED, "progress": False}
        whole = janus_bench.run(server.url, SUITE, output=tmp_path / "whole", **how)
        shared = run_on_cluster(cluster, server.url, SUITE, output=tmp_path / "shared", **how)
    assert timeless(shared.to_dict()) == timeless(whole.to_dict())
    assert [shard["index"] for shard in shared.to_dict()["shards"]] == [1, 2, 3, 4]


def kill_the_last_one_at_work(address: str, waiting: threading.Event, killed: list[int]) -> None:
    """Once one worker alone still waits for its target, kill that process."""
    assert waiting.wait(PATIENCE)
    with Client(address, set_as_default=False) as client:
        pids = client.run(os.getpid)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            busy = [worker for worker, tasks in client.processing().items() if tasks]
            if len(busy) == 1:
                os.kill(pids[busy[0]], signal.SIGKILL)
                killed.append(pids[busy[0]])
                return
            time.sleep(0.05)


def test_a_shard_whose_worker_is_killed_is_asked_again_elsewhere(cluster: str, tmp_path: Path) -> None:
    target = SilentOnce()
    with serving(target) as server:
        killed: list[int] = []
        killing = threading.Thread(target=kill_the_last_one_at_work, args=(cluster, target.waiting, killed))
        killing.start()
        counts: list[tuple[int, int, int]] = []
        shared = run_on_cluster(
            cluster, server.url, SUITE, seed=SEED, output=tmp_path / "shared",
            progress=lambda *count: counts.append(count),
        )  # fmt: skip
        killing.join()
        assert len(killed) == 1
        whole = janus_bench.run(server.url, SUITE, seed=SEED, progress=False, output=tmp_path / "whole")
    assert timeless(shared.to_dict()) == timeless(whole.to_dict())
    size = load_suite(SUITE).size
    assert counts[-1] == (size, size, 0)


def test_a_target_that_is_down_ends_the_run_with_what_to_do(cluster: str) -> None:
    with pytest.raises(BenchError, match="Start the target first"):
        run_on_cluster(cluster, f"http://localhost:{refused_port()}", SUITE, seed=SEED, progress=False)


def test_a_worker_with_another_version_of_the_suite_is_named(cluster: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    item = (
        '[[items]]\nid = "{id}"\ncategory = "chat"\nprompt = "Hi."\nchecks = [{{kind = "exact", answers = ["so"]}}]\n'
    )
    file.write_text("".join(item.format(id=f"a{number}") for number in range(4)))
    with serving(Implementation(load_suite(SUITE), SEED)) as server:
        suite = load_suite(str(file))
        file.write_text("".join(item.format(id=f"b{number}") for number in range(4)))
        with Client(cluster, set_as_default=False) as client:
            task = client.submit(scheduler.ask_shard, server.url, str(file), suite.hash, {}, "1/4", "topic", pure=False)
            with pytest.raises(BenchError, match=r"another version of suite .* Install the same version"):
                task.result()


def test_a_scheduler_that_is_not_there_or_has_no_worker_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "CONNECT_SECONDS", 0.5)
    with pytest.raises(BenchError, match=r"no Dask scheduler answers .*`dask scheduler`"):
        run_on_cluster(f"tcp://127.0.0.1:{refused_port()}", "http://localhost:1", SUITE)
    with pytest.raises(BenchError, match="no Dask scheduler answers"):
        run_on_cluster("nonsense://x y", "http://localhost:1", SUITE)
    with (
        LocalCluster(n_workers=0, dashboard_address=None, host="127.0.0.1") as empty,
        pytest.raises(BenchError, match=r"no worker has joined .* dask worker"),
    ):
        run_on_cluster(empty.scheduler_address, "http://localhost:1", SUITE)


def test_without_dask_the_command_says_what_to_install() -> None:
    hidden = "import sys; sys.modules['distributed'] = None; sys.argv = ['janus-bench', *sys.argv[1:]]; "
    options = ["run", "--target", "http://localhost:1", "--cluster", "tcp://localhost:1"]
    command = [sys.executable, "-c", hidden + "from janus_bench.cli import main; main()", *options]
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert result.returncode == 3 and "pip install distributed" in result.stderr


def test_a_run_on_a_cluster_is_split_anew() -> None:
    result = CliRunner().invoke(
        app, ["run", "--target", "http://localhost:1", "--cluster", "tcp://x:1", "--shard", "1/2"]
    )
    assert result.exit_code == 2
