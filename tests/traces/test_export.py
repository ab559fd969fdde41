"""Where spans are sent: what the `OTEL_…` variables ask for, and what is said when they ask for the impossible."""

from __future__ import annotations

import socket
import sys

import pytest

from janus_platform.errors import PlatformError
from janus_platform.traces.export import ENDPOINT, TRACES_ENDPOINT, exporter_from
from janus_platform.traces.tracing import Tracing

HERE = "http://localhost:4318"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {ENDPOINT: ""},
        {ENDPOINT: "  "},
        {ENDPOINT: HERE, "OTEL_SDK_DISABLED": "TRUE"},
        {ENDPOINT: HERE, "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_nothing_is_sent_unless_a_collector_is_named(environment: dict[str, str]) -> None:
    assert exporter_from(environment) is None


@pytest.mark.parametrize("variable", [ENDPOINT, TRACES_ENDPOINT])
@pytest.mark.parametrize("address", ["localhost:4318", "ftp://x", "http://", "http://[::1", "http://x:99999"])
def test_what_is_no_http_address_is_refused_without_repeating_it(variable: str, address: str) -> None:
    with pytest.raises(PlatformError, match=f"{variable} is not an HTTP address") as raised:
        exporter_from({variable: address.replace("x", "user:password@x")})
    assert "password" not in str(raised.value)


@pytest.mark.parametrize("variable", ["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"])
def test_another_protocol_is_refused_with_the_one_that_is_spoken(variable: str) -> None:
    with pytest.raises(PlatformError, match="Traces are sent as http/protobuf, not grpc"):
        exporter_from({ENDPOINT: HERE, variable: "grpc"})


def test_a_missing_exporter_is_named_with_its_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(PlatformError, match=r"pip install opentelemetry-exporter-otlp-proto-http"):
        exporter_from({ENDPOINT: HERE})


def test_a_collector_that_is_not_there_costs_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for name, value in ((ENDPOINT, f"http://127.0.0.1:{port}"), ("OTEL_EXPORTER_OTLP_TIMEOUT", "1")):
        monkeypatch.setenv(name, value)
    tracing = Tracing.recording(exporter_from({ENDPOINT: f"http://127.0.0.1:{port}"}))
    with tracing.tracer.start_as_current_span("gateway"):
        pass
    assert tracing.store.latest() is not None
    tracing.close()
