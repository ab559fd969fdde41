"""Open-loop runs, and runs that were stopped and go on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import janus_bench
from janus_bench.errors import BenchError
from janus_bench.run import store as runs
from janus_bench.suites.loader import load_suite
from tests.bench.answers import Implementation
from tests.bench.ground_truth import serving
from tests.bench.test_run import bench, checked


def test_an_open_loop_starts_requests_however_slow_the_target_is() -> None:
    items = len(load_suite("chat").raw_items)
    # Nothing is answered before all have arrived: a loop that waits for answers would never end.
    together = Implementation(load_suite("chat"))
    with serving(lambda request: replace(together(request), together=items)) as server:
        report = janus_bench.run(server.url, "chat", rate=200, concurrency=1, warmup=0, progress=False)
    document = checked(report)
    assert document["settings"]["rate"] == 200
    assert document["start_late_ms"]["n"] == items
    assert document["requests"]["answered"] == items


def test_a_closed_loop_reports_no_late_starts() -> None:
    assert checked(bench(Implementation(load_suite("chat")), "chat"))["start_late_ms"]["n"] == 0


@pytest.mark.parametrize("rate", [0, -1, 1e6, float("nan")])
def test_a_rate_that_cannot_be_kept_is_refused(rate: float) -> None:
    with pytest.raises(BenchError, match="rate"):
        janus_bench.run("http://localhost:1", "chat", rate=rate, progress=False)


def test_a_stopped_run_is_resumed_where_it_stopped(tmp_path: Path) -> None:
    suite, place = load_suite("chat"), tmp_path / "run"
    with serving(Implementation(suite)) as server:
        whole = janus_bench.run(server.url, "chat", output=place, progress=False)
        lines = (place / runs.RECORDS).read_text().splitlines(keepends=True)
        # Stopped after two records, in the middle of writing the third.
        (place / runs.RECORDS).write_text("".join(lines[:2]) + lines[2][:40])
        (place / runs.REPORT).unlink()
        asked = len(server.requests)
        report = janus_bench.run(server.url, "chat", output=place, resume=True, warmup=1, progress=False)
    assert len(server.requests) == asked + 1 + len(lines) - 2  # one of them to warm up
    assert report.id == whole.id
    assert report.to_dict()["complete"]
    assert sorted(r.item for r in report.records) == sorted(item["id"] for item in suite.raw_items)
    assert report.scores["quality"] == 100
    assert len((place / runs.RECORDS).read_text().splitlines()) == len(lines)


def test_the_newest_stopped_run_of_the_same_options_is_found() -> None:
    with serving(Implementation(load_suite("chat"))) as server:
        first = janus_bench.run(server.url, "chat", progress=False)
        assert first.folder is not None
        (first.folder / runs.REPORT).unlink()
        with pytest.raises(BenchError, match="no run with these options"):
            janus_bench.run(server.url, "chat", seed=9, resume=True, progress=False)
        assert janus_bench.run(server.url, "chat", resume=True, progress=False).id == first.id
        with pytest.raises(BenchError, match="no run with these options"):
            janus_bench.run(server.url, "chat", resume=True, progress=False)


def test_a_run_is_not_resumed_with_other_options(tmp_path: Path) -> None:
    with serving(Implementation(load_suite("chat"))) as server:
        janus_bench.run(server.url, "chat", output=tmp_path / "run", progress=False)
        with pytest.raises(BenchError, match="another settings"):
            janus_bench.run(server.url, "chat", seed=9, output=tmp_path / "run", resume=True, progress=False)
        with pytest.raises(BenchError, match="is complete"):
            janus_bench.run(server.url, "chat", output=tmp_path / "run", resume=True, progress=False)
        with pytest.raises(BenchError, match="no run that was started"):
            janus_bench.run(server.url, "chat", output=tmp_path / "none", resume=True, progress=False)
