"""Each request can be followed: its id, its trace, its timing header, the counters of all, one line in the log."""

from __future__ import annotations

import asyncio
import logging
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from janus_platform.gateway.directory import Upstream
from janus_platform.gateway.metrics import MAX_NAMES, OTHER, Metrics
from janus_platform.gateway.request_record import RequestRecord
from janus_platform.runtime.log import PlatformLog
from janus_platform.traces.sampling import WithinMeans
from tests.gateway.rig import DONE, Directory, Exchange, Served, chunk, gateway, in_loop, upstream

STREAM = (chunk(reasoning_content="Hm."), chunk(content="Hello"), chunk("stop"), DONE)
NOWHERE = Upstream("impl", ("127.0.0.1", 1))


def streams(exchange: Exchange) -> None:
    exchange.start_stream()
    for data in STREAM:
        exchange.chunk(data)
    exchange.end()


async def samples(served: Served) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Everything that `/metrics` says, by name and labels."""
    response = await served.client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(response.text)
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def of(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return f"janus_gateway_{name}", frozenset(labels.items())


@in_loop
async def test_metrics_count_what_happened() -> None:
    async with upstream(streams) as up, gateway(Directory({"impl": up, "gone": NOWHERE})) as served:
        for _ in range(3):
            await served.chat(stream=True)
        await served.chat(model="gone")
        await served.chat(model="nobody")
        await served.chat(temperature=9)
        found = await samples(served)
    assert found[of("requests_total", implementation="impl", status="200")] == 3
    assert found[of("requests_total", implementation="gone", status="502")] == 1
    assert found[of("requests_total", implementation="none", status="404")] == 1
    assert found[of("requests_total", implementation="none", status="400")] == 1
    assert found[of("stream_events_total", implementation="impl")] == 3 * len(STREAM)
    assert found[of("first_token_seconds_count", implementation="impl")] == 3
    assert found[of("request_seconds_count", implementation="impl")] == 3
    assert found[of("open_requests", implementation="impl")] == 0
    assert found[of("node_failures_total", implementation="gone")] == 1
    assert found[of("nodes", implementation="impl", state="serving")] == 1
    assert any(name == "process_resident_memory_bytes" for name, _ in found)


@in_loop
async def test_a_client_cannot_make_labels() -> None:
    async with gateway(NOWHERE) as served:
        before = len(await samples(served))
        await served.chat(model="nobody")
        once = len(await samples(served))
        for number in range(50):
            await served.chat(model=f"nobody-{number}")
            await served.client.get(f"/path-{number}")
        assert len(await samples(served)) == once >= before


def test_the_names_of_implementations_are_bounded_too() -> None:
    metrics = Metrics(lambda: [(f"n{number}", 1, 0) for number in range(3 * MAX_NAMES)])
    for number in range(3 * MAX_NAMES):
        metrics.of(f"n{number}").answered(200)
    families = {family.name: family for family in text_string_to_metric_families(metrics.page().decode())}
    requests = {s.labels["implementation"]: s.value for s in families["janus_gateway_requests"].samples}
    assert len(requests) == MAX_NAMES + 1 and requests[OTHER] == 2 * MAX_NAMES
    nodes = [s.value for s in families["janus_gateway_nodes"].samples if s.labels["implementation"] == OTHER]
    assert sorted(nodes) == [0, 2 * MAX_NAMES]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("req-of_mine-01", True),
        ("a" * 64, True),
        ("short", False),
        ("a" * 65, False),
        ("with space", False),
        ("x" * 9 + ";", False),
    ],
)
@in_loop
async def test_a_well_formed_request_id_is_kept_and_another_replaced(given: str, kept: bool) -> None:
    seen: list[str] = []

    def notes(exchange: Exchange) -> None:
        seen.append(exchange.headers["x-request-id"])
        exchange.answer(200, b"{}")

    async with upstream(notes) as up, gateway(up) as served:
        answer = await served.chat(headers={"x-request-id": given})
        error = await served.client.get("/nowhere", headers={"x-request-id": given})
    for response in (answer, error):
        found = response.headers["x-request-id"]
        assert found == given if kept else re.fullmatch(r"req_[0-9a-f]{24}", found)
    assert seen == [answer.headers["x-request-id"]]


@in_loop
async def test_the_trace_state_of_the_client_passes_and_a_malformed_parent_starts_a_new_trace() -> None:
    seen: list[dict[str, str]] = []

    def notes(exchange: Exchange) -> None:
        seen.append(exchange.headers)
        exchange.answer(200, b"{}")

    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with upstream(notes) as up, gateway(up) as served:
        await served.chat(headers={"traceparent": parent, "tracestate": "vendor=value"})
        answer = await served.chat(headers={"traceparent": "00-zz-11-01", "tracestate": "vendor=value"})
    assert seen[0]["tracestate"] == "vendor=value" and parent.split("-")[1] in seen[0]["traceparent"]
    assert "tracestate" not in seen[1]
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]", answer.headers["traceparent"])


@pytest.mark.parametrize("stream", [False, True])
@in_loop
async def test_server_timing_says_where_the_time_went(stream: bool) -> None:
    script = streams if stream else (lambda exchange: exchange.answer(200, b"{}"))
    async with upstream(script) as up, gateway(up) as served:
        timing = (await served.chat(stream=stream)).headers["server-timing"]
    parts = re.fullmatch(r"gateway;dur=(\d+\.\d\d), implementation;dur=(\d+\.\d\d)", timing)
    assert parts and all(0 <= float(part) < 60_000 for part in parts.groups())


@in_loop
async def test_the_record_of_a_request_says_whether_it_streamed_and_what_it_took() -> None:
    records: list[RequestRecord] = []
    async with upstream(streams) as up, gateway(up, on_finished=records.append) as served:
        await served.chat(stream=True)
        await served.chat(model="nobody")
    first, second = records
    assert (first.implementation, first.status, first.stream) == ("impl", 200, True)
    assert first.first_token is not None and first.response_bytes == sum(map(len, STREAM))
    assert (second.implementation, second.status, second.stream) == ("none", 404, False)


@in_loop
async def test_one_line_a_request_without_its_content(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "janus")
    secret = [{"role": "user", "content": "my diary"}]
    async with upstream(streams) as up, gateway(up) as served:
        response = await served.chat(stream=True, messages=secret, headers={"x-request-id": "req-of-mine"})
        assert response.status_code == 200
        while not (lines := [r.getMessage() for r in caplog.records if "req-of-mine" in r.getMessage()]):
            await asyncio.sleep(0.001)
    assert len(lines) == 1 and "status=200" in lines[0] and "implementation=impl" in lines[0]
    assert "diary" not in caplog.text and "Hello" not in caplog.text


def test_traces_are_recorded_up_to_a_burst_and_then_at_a_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr("janus_platform.traces.sampling.time.monotonic", lambda: now[0])
    sampler = WithinMeans(burst=5, per_second=2)

    def recorded(requests: int) -> int:
        return sum(sampler.should_sample(None, 1, "gateway").decision.is_sampled() for _ in range(requests))

    assert recorded(20) == 5
    now[0] += 1
    assert recorded(20) == 2
    now[0] += 3_600
    assert recorded(20) == 5


def test_the_platforms_log_starts_anew_before_it_grows_too_large(tmp_path) -> None:
    path = tmp_path / "platform.log"
    log = PlatformLog(path, max_bytes=1_000)
    for number in range(100):
        log.emit(logging.LogRecord("janus", logging.INFO, "", 0, "line %d with an ä", (number,), None))
    log.close()
    older = path.with_name("platform.log.1")
    assert path.stat().st_size <= 1_000 and older.stat().st_size <= 1_000
    lines = (older.read_text("utf-8") + path.read_text("utf-8")).splitlines()
    assert lines == [f"line {number} with an ä" for number in range(100 - len(lines), 100)]
