"""Sends every recorded span to an OpenTelemetry collector, where the environment names one (OTLP over HTTP).

`OTEL_EXPORTER_OTLP_ENDPOINT` is the collector's address, `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` the full URL for traces
alone; headers, timeout, certificate and the other `OTEL_…` variables mean what the OpenTelemetry specification says
(Protocol Exporter). Without an address nothing is sent. The exporter is the extra `[otlp]`.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from opentelemetry.sdk.trace.export import SpanExporter

from janus_platform.errors import PlatformError

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACES_ENDPOINT = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
# The variable for one signal wins over the one for all (OpenTelemetry specification, Protocol Exporter).
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_PACKAGE = "opentelemetry-exporter-otlp-proto-http"  # of the extra [otlp]
_SPOKEN = "http/protobuf"


def exporter_from(environment: Mapping[str, str]) -> SpanExporter | None:
    """The exporter that `environment` asks for, or None.

    Raises PlatformError with the remedy when the address is no HTTP URL, another protocol is asked for, or the package
    is missing.
    """
    variable = next((name for name in (TRACES_ENDPOINT, ENDPOINT) if environment.get(name, "").strip()), None)
    if variable is None or _is_off(environment):
        return None
    _check_address(variable, environment[variable].strip())
    protocol = next((value for name in _PROTOCOLS if (value := environment.get(name, "").strip())), _SPOKEN)
    if protocol != _SPOKEN:
        raise PlatformError(f"Traces are sent as {_SPOKEN}, not {protocol}. Set {_PROTOCOLS[0]}={_SPOKEN}.")
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError:
        raise PlatformError(
            f"{variable} is set, but the exporter is not installed. Install it with `pip install {_PACKAGE}`, "
            f"or start without the variable: `env -u {variable} janus up`."
        ) from None
    # It reads the address and all the other variables by itself.
    return OTLPSpanExporter()


def _is_off(environment: Mapping[str, str]) -> bool:
    return (
        environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
        or environment.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "none"
    )


def _check_address(variable: str, address: str) -> None:
    try:
        parts = urlsplit(address)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        valid = False
    if not valid:
        # Not repeated: an address may hold a password.
        raise PlatformError(f"{variable} is not an HTTP address. Such is one: http://localhost:4318.")
