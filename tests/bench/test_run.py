"""Whole runs: honest, dishonest and broken targets, interrupted runs, and what is left on the disk."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

import janus_bench
from janus_bench import api
from janus_bench.errors import BenchError, SuiteError, TargetError
from janus_bench.leaderboard.publish import implementation_of
from janus_bench.report.document import SCHEMA_FILE
from janus_bench.report.report import Report
from janus_bench.run import store as runs
from janus_bench.suites.loader import load_suite
from tests.bench.answers import Constant, Echo, Implementation
from tests.bench.ground_truth import Reply, chunk, event, plain, refused_port, serving, stream

CHAT = load_suite("chat").size
SCHEMA = json.loads(SCHEMA_FILE.read_text())


def bench(respond, suite: str = "quick", **settings) -> Report:  # type: ignore[no-untyped-def]
    with serving(respond) as server:
        return janus_bench.run(server.url, suite, progress=False, **settings)


def checked(report: Report) -> dict:
    document = report.to_dict()
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return document


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """One run of the quick suite against a target that answers everything rightly."""
    return bench(Implementation(load_suite("quick")), seed=0, output=tmp_path_factory.mktemp("honest") / "run")


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_right_answers_score_full_quality_and_modality(honest: Report) -> None:
    document = checked(honest)
    assert document["scores"]["quality"] == 100
    assert document["scores"]["modality"] == 100
    assert document["errors"] == {}
    assert document["complete"]
    assert document["not_measured"] == []
    assert 75 < honest.composite <= 100  # how fast it was is this machine's affair
    assert document["target"]["models_seen"] == ["honest"]


def test_the_composite_is_the_weighted_sum_of_the_scores_shown(honest: Report) -> None:
    document = honest.to_dict()
    total = sum(weight * document["scores"][name] for name, weight in document["weights"].items())
    assert honest.composite == pytest.approx(total, abs=0.001)


def test_every_record_has_its_times(honest: Report) -> None:
    assert len(honest.records) == load_suite("quick").size
    for record in honest.records:
        assert record.first_token_ms is not None
        assert record.total_ms is not None
        assert 0 <= record.first_token_ms <= record.total_ms
        assert all(gap >= 0 for gap in record.gaps_ms)
        assert record.started_ns <= record.connected_ns <= record.sent_ns


def test_a_run_is_kept_and_read_back_the_same(honest: Report) -> None:
    assert honest.folder is not None
    again = api.load(str(honest.folder))
    assert again.to_dict() == honest.to_dict()
    for kept, made in zip(again.records, honest.records, strict=True):
        assert (kept.item, kept.score, kept.verdicts) == (made.item, made.score, made.verdicts)
        assert kept.timing == made.timing


def test_the_request_asks_for_a_stream_with_usage() -> None:
    with serving(Implementation(load_suite("chat"))) as server:
        janus_bench.run(server.url, "chat", model="mine", progress=False)
    assert all(request["stream"] and request["model"] == "mine" for request in server.requests)
    assert all(request["stream_options"] == {"include_usage": True} for request in server.requests)


def test_errors_are_counted_by_kind_and_score_zero() -> None:
    faults = [
        plain("502 Bad Gateway", {}),
        plain("500 Internal Server Error", {}),
        Reply([(0, event(chunk(content="Half")))], cut=True),
        Reply([(0, b"data: {oops\n\n")]),
        *[stream(["never right"], done=False)] * (CHAT - 4),
    ]
    waiting = iter(faults)
    report = bench(lambda request: next(waiting), "chat", concurrency=1, warmup=0)
    document = checked(report)
    assert document["errors"] == {"cut_stream": 1, "http_500": 1, "http_502": 1, "malformed_event": 1}
    assert document["violations"] == {"missing_done": CHAT - 4}
    assert document["requests"]["answered"] == CHAT - 4
    assert report.composite == 0


def test_a_suite_without_pictures_leaves_modality_out_and_says_so() -> None:
    document = checked(bench(Implementation(load_suite("coding")), "coding"))
    assert document["scores"]["modality"] is None
    assert "modality" not in document["weights"]
    assert "modality" in document["not_measured"]
    assert "quality.chat" in document["not_measured"]
    assert any("modality" in note for note in document["notes"])


def test_usage_that_is_not_reported_scores_zero_for_cost_and_is_said() -> None:
    implementation = Implementation(load_suite("chat"))
    implementation.usage = None  # type: ignore[assignment]
    document = checked(bench(implementation, "chat"))
    assert document["scores"]["cost"] == 0
    assert document["cost"]["usd"] is None
    assert document["tokens"]["sources"] == {"not told": CHAT}
    assert any("neither cost_usd nor tokens" in note for note in document["notes"])


def test_repeats_ask_again_and_the_seed_decides_the_order() -> None:
    def asked(seed: int) -> list[str]:
        with serving(Implementation(load_suite("chat"), seed)) as server:
            janus_bench.run(server.url, "chat", progress=False, repeats=2, warmup=0, concurrency=1, seed=seed)
        return [request["messages"][-1]["content"] for request in server.requests]

    assert len(asked(0)) == 2 * CHAT
    assert asked(0) == asked(0)
    assert asked(0) != asked(1)


@pytest.mark.parametrize("concurrency", [1, 3, 8])
def test_as_many_requests_are_in_flight_as_asked_for_and_no_more(concurrency: int) -> None:
    """No reply starts before that many requests have been seen at once, so a runner with fewer would time out."""
    with serving(lambda request: replace(stream(["Hello."]), together=concurrency)) as server:
        report = janus_bench.run(server.url, "knowledge", progress=False, concurrency=concurrency, warmup=0, timeout=30)
    assert report.to_dict()["errors"] == {}
    assert server.most_flying == concurrency


def test_an_unanswerable_item_counts_only_where_its_twin_was_answered() -> None:
    honest = bench(Implementation(load_suite("full/research")), "full/research")
    silent = bench(Constant(load_suite("full/research")), "full/research")
    assert honest.scores["quality"] == 100
    by_id = {item["id"]: item for item in silent.to_dict()["items"]}
    assert by_id["research-unknown-person"]["checks"][0]["score"] == 1
    assert by_id["research-unknown-person"]["score"] == 0


def test_a_target_that_is_down_is_told_before_anything_is_written(own_home: Path) -> None:
    with pytest.raises(TargetError, match="janus up"):
        janus_bench.run(f"http://localhost:{refused_port()}", progress=False)
    assert list((own_home / "runs").iterdir()) == []


def test_a_target_that_is_not_openai_compatible_is_told() -> None:
    with pytest.raises(TargetError, match="not_openai"):
        bench(lambda request: plain("200 OK", b"<html>", "text/html"))
    with pytest.raises(TargetError, match="Check the address"):
        bench(lambda request: plain("404 Not Found", {"error": {"message": "no route"}}))


@pytest.mark.parametrize("status", ["301 Moved Permanently", "415 Unsupported Media Type", "501 Not Implemented"])
def test_a_status_that_no_waiting_changes_ends_the_run_before_its_first_request(status: str, own_home: Path) -> None:
    with pytest.raises(TargetError, match="cannot be benched"):
        bench(lambda request: plain(status, b"<html>", "text/html"))
    assert list((own_home / "runs").iterdir()) == []


def test_a_busy_target_is_no_reason_to_give_up() -> None:
    report = bench(lambda request: plain("429 Too Many Requests", {}), "chat")
    assert report.to_dict()["errors"] == {"http_429": CHAT}


def test_a_folder_that_cannot_be_written_is_told_before_the_first_request(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with serving(Implementation(load_suite("chat"))) as server:
        with pytest.raises(BenchError, match="cannot write"):
            janus_bench.run(server.url, "chat", progress=False, output=blocked / "run")
    assert server.requests == []


def test_a_folder_that_cannot_be_looked_into_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(path: Path, **_: object) -> None:  # Root may look everywhere, so permissions alone show nothing.
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", closed)
    with pytest.raises(BenchError, match="Permission denied"):
        runs.RunFolder({"suite": {"name": "chat"}}, output=tmp_path / "private" / "run")


def test_a_full_disk_is_told_before_the_first_request(monkeypatch: pytest.MonkeyPatch, own_home: Path) -> None:
    monkeypatch.setattr(runs, "MIN_FREE_BYTES", 1 << 62)
    with pytest.raises(BenchError, match="full"):
        janus_bench.run("http://localhost:1", "chat", progress=False)
    assert list((own_home / "runs").iterdir()) == []


def test_a_run_is_never_written_over(tmp_path: Path) -> None:
    bench(Implementation(load_suite("chat")), "chat", output=tmp_path / "out")
    assert (tmp_path / "out" / "records.jsonl").read_text().count("\n") == CHAT
    with pytest.raises(BenchError, match="already contains a run"):
        bench(Implementation(load_suite("chat")), "chat", output=tmp_path / "out")


def test_an_unknown_suite_and_a_wrong_setting_are_told() -> None:
    with pytest.raises(SuiteError, match="Known: quick"):
        janus_bench.run("http://localhost:1", "nope")
    with pytest.raises(BenchError, match="concurrency is 0"):
        janus_bench.run("http://localhost:1", concurrency=0)


def test_a_run_works_inside_a_running_loop_as_in_jupyter() -> None:
    async def cell() -> Report:
        with serving(Implementation(load_suite("chat"))) as server:
            return janus_bench.run(server.url, "chat", progress=False)

    assert asyncio.run(cell()).scores["quality"] == 100


def test_errors_come_out_of_a_running_loop_too() -> None:
    async def cell() -> None:
        janus_bench.run(f"http://localhost:{refused_port()}", "chat", progress=False)

    with pytest.raises(TargetError):
        asyncio.run(cell())


def test_a_report_shows_itself_as_a_table_and_as_escaped_html() -> None:
    evil = Implementation(load_suite("chat"), model="<script>alert(1)</script>[bold]")
    report = bench(evil, "chat")
    page = report._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "color" not in page
    document = {**report.to_dict(), "errors": {"<b>": 1}, "notes": ["<i>"]}
    assert not {"<b>", "<i>"} & set(re.findall(r"<\w+>", Report(document)._repr_html_()))
    assert report.table().row_count > 10
    assert repr(report).startswith("Report('2")


def test_the_name_for_the_leaderboard_comes_from_the_answers_or_is_refused(honest: Report) -> None:
    assert implementation_of(honest) == "honest"
    row = janus_bench.publish(honest)
    assert (row.implementation, row.rank) == ("honest", 1)
    assert [entry.implementation for entry in janus_bench.leaderboard()] == ["honest"]
    seen = honest.to_dict()["target"]
    for models in ([], ["janus"], ["a", "b"]):
        unclear = Report({**honest.to_dict(), "target": {**seen, "models_seen": models}})
        with pytest.raises(BenchError, match="--model NAME"):
            janus_bench.publish(unclear)
    other = Report({**honest.to_dict(), "target": {**seen, "model": "mine"}})
    assert implementation_of(other) == "mine"


def test_the_package_hands_on_six_names_and_imports_nothing_heavy() -> None:
    assert len(janus_bench.__all__) <= 6
    heavy = ("typer", "rich", "asyncio", "sqlite3", "ssl")
    code = f"import sys, janus_bench; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
    with pytest.raises(AttributeError):
        janus_bench.nothing  # noqa: B018


def test_home_is_where_the_system_keeps_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from janus_bench.home import home

    assert home() == Path(os.environ["JANUS_HOME"])
    monkeypatch.delenv("JANUS_HOME")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert home() == tmp_path / "janus"
    monkeypatch.setenv("XDG_DATA_HOME", "relative/is/ignored")
    assert home() == Path.home() / ".local/share/janus"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert home() == Path.home() / "Library/Application Support/janus"


def test_a_stored_run_scores_the_same_again_without_the_target(honest: Report) -> None:
    found = api.rescore(str(honest.folder))
    assert found.same
    assert found.composite == pytest.approx(honest.composite, abs=1e-3)


def test_a_report_that_its_records_do_not_bear_out_is_found(honest: Report, tmp_path: Path) -> None:
    folder = shutil.copytree(honest.folder, tmp_path / "run")  # type: ignore[arg-type]
    document = json.loads((folder / runs.REPORT).read_text())
    (folder / runs.REPORT).write_text(json.dumps(document | {"composite": document["composite"] - 1}))
    assert not api.rescore(str(folder)).same


def test_a_run_of_another_suite_is_not_rescored(honest: Report, tmp_path: Path) -> None:
    folder = shutil.copytree(honest.folder, tmp_path / "run")  # type: ignore[arg-type]
    document = json.loads((folder / runs.REPORT).read_text())
    document["suite"]["hash"] = "0" * 64
    (folder / runs.REPORT).write_text(json.dumps(document))
    with pytest.raises(BenchError, match=r"--suite"):
        api.rescore(str(folder))


def test_every_score_has_an_interval_around_it(honest: Report) -> None:
    document = bench(Implementation(load_suite("research")), "research").to_dict()
    for name, (low, high) in document["intervals"].items():
        value = document["composite"] if name == "composite" else document["scores"].get(name)
        value = document["quality"][name.removeprefix("quality.")] if value is None else value
        assert low - 1e-3 <= value <= high + 1e-3
    assert document["intervals"].keys() == {"composite", "quality", "speed", "cost", "streaming", "quality.research"}


def test_a_worse_run_differs_and_the_same_run_does_not(honest: Report, tmp_path: Path) -> None:
    worse = bench(Echo(load_suite("quick")), output=tmp_path / "echo")
    by_name = {one.name: one for one in api.compare(str(honest.folder), str(worse.folder))}
    assert by_name["composite"].effect < -80
    assert by_name["composite"].high < 0
    assert by_name["composite"].p < 0.01
    same = api.compare(str(honest.folder), str(honest.folder))
    assert all((one.effect, one.low, one.high, one.p) == (0, 0, 0, 1) for one in same)


def test_runs_of_different_seeds_are_not_compared(honest: Report, tmp_path: Path) -> None:
    other = bench(Implementation(load_suite("quick")), seed=1, output=tmp_path / "seeded")
    with pytest.raises(BenchError, match="seed"):
        api.compare(str(honest.folder), str(other.folder))


def test_each_repeat_is_judged_by_what_it_asked_and_brings_evidence() -> None:
    once, twice = (
        checked(bench(Implementation(load_suite("reasoning")), "reasoning", repeats=repeats)) for repeats in (1, 2)
    )
    assert once["quality"]["reasoning"] == twice["quality"]["reasoning"] == 100
    assert twice["requests"]["done"] == 2 * once["requests"]["done"]
    low, high = once["intervals"]["quality.reasoning"]
    assert twice["intervals"]["quality.reasoning"][0] > low and high == 100
    assert once["rerun_intervals"].keys() == {"composite", "speed"}  # too short for a stream
