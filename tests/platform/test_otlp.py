"""Every span reaches an OpenTelemetry collector, where the environment names one: OTLP over real HTTP, as protobuf."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest.mock import Mock

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from janus_platform.runtime import launcher
from tests.platform.conftest import Shell

ARRIVAL_SECONDS = 60.0
TOKEN = "collector-token"
ASK = """
import json, httpx
import janus_platform as janus
platform = janus.up()
with platform.client_span() as call:
    body = {"model": "echo", "messages": [{"role": "user", "content": "a word for nobody else"}]}
    httpx.post(f"{platform.url}/v1/chat/completions", json=body, headers=call.headers, timeout=60)
print(json.dumps(platform.trace(call.trace_id).to_dict()))
"""


class Collector:
    """An OTLP/HTTP endpoint on loopback that keeps what it is sent."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], ExportTraceServiceRequest]] = []
        self.raw: list[bytes] = []
        self._arrived = threading.Condition()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()
                collector.keep(self.path, {name.lower(): value for name, value in self.headers.items()}, body)

            def log_message(self, *_: Any) -> None:
                """Nothing: the test's output is its own."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def keep(self, path: str, headers: dict[str, str], body: bytes) -> None:
        with self._arrived:
            self.requests.append((path, headers, ExportTraceServiceRequest.FromString(body)))
            self.raw.append(body)
            self._arrived.notify_all()

    def spans(self) -> list[Any]:
        """Every span that has arrived."""
        batches = [batch for _, _, request in self.requests for batch in request.resource_spans]
        return [span for batch in batches for scope in batch.scope_spans for span in scope.spans]

    def wait_for(self, trace_id: str, count: int) -> dict[str, Any]:
        """The spans of a trace by name, once there are `count`."""

        def of_trace() -> dict[str, Any]:
            return {span.name: span for span in self.spans() if span.trace_id.hex() == trace_id}

        with self._arrived:
            assert self._arrived.wait_for(lambda: len(of_trace()) >= count, ARRIVAL_SECONDS), sorted(of_trace())
            return of_trace()


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def test_all_spans_reach_the_collector_that_the_environment_names_at_the_latest_when_the_platform_ends(
    shell: Shell, collector: Collector
) -> None:
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_EXPORTER_OTLP_HEADERS": f"x-token={TOKEN}",
        "OTEL_BSP_SCHEDULE_DELAY": "3600000",  # Not before the end.
    }
    started = shell.janus("up", "--detach", "--port", "0", **variables)
    assert started.returncode == 0, started.stderr
    done = shell.python(ASK)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shell.janus("down").returncode == 0
    sent = collector.wait_for(shown["trace_id"], len(shown["spans"]))
    assert [span["name"] for span in shown["spans"]] == ["client", "gateway", "node", "implementation"]
    for span in shown["spans"]:
        arrived = sent[span["name"]]
        assert arrived.span_id.hex() == span["span_id"]
        assert arrived.parent_span_id.hex() == (span["parent_id"] or "")
        assert (arrived.start_time_unix_nano, arrived.end_time_unix_nano) == (span["start_ns"], span["end_ns"])
        assert {a.key for a in arrived.attributes} == set(span["attributes"])
    path, headers, request = collector.requests[0]
    assert (path, headers["content-type"]) == ("/v1/traces", "application/x-protobuf")
    assert headers["x-token"] == TOKEN
    resource = {a.key: a.value.string_value for a in request.resource_spans[0].resource.attributes}
    assert resource["service.name"] == "janus"
    assert b"a word for nobody else" not in b"".join(collector.raw)


def test_a_platform_with_an_impossible_collector_does_not_start_and_says_why(shell: Shell) -> None:
    done = shell.janus("up", "--detach", "--port", "0", OTEL_EXPORTER_OTLP_ENDPOINT="localhost:4318")
    assert done.returncode != 0
    assert "OTEL_EXPORTER_OTLP_ENDPOINT is not an HTTP address" in done.stderr + done.stdout


def test_down_ends_nothing_by_force_while_the_last_spans_may_still_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenTelemetry's processor takes up to 30 s for them, as its `shutdown` says."""
    given: list[float] = []
    monkeypatch.setattr(launcher, "end_tree", lambda process, *, grace_seconds: given.append(grace_seconds))
    launcher.stop(Mock(), Mock())
    assert given[0] > 30
