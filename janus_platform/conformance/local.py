"""The contract against the platform that runs here: every service, the gateway and what isolates, at the same time."""

from __future__ import annotations

import os
import secrets
import ssl
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from janus_platform.conformance import endpoint_probes, security_probes, service_probes
from janus_platform.conformance.bench_probes import bench
from janus_platform.conformance.endpoint_probes import check_answer
from janus_platform.conformance.fields import unmeasured
from janus_platform.conformance.gateway_probes import GatewayClient, gateway
from janus_platform.conformance.http_client import HttpClient, UnreachableError
from janus_platform.conformance.openapi_check import check_openapi
from janus_platform.conformance.report import DIFFERS, UNREACHABLE, Report, Row, compare, unseen
from janus_platform.contract import CodeSandboxService, Contract, InferenceService, Service, WebProxyService
from janus_platform.gateway.access import KEYS_VARIABLE
from janus_platform.runtime.control_client import ControlClient
from janus_platform.services.framework.openapi import HEALTH_PATH
from janus_platform.services.framework.openapi import PATH as OPENAPI_PATH

Probe = Callable[[], Iterable[Row]]


class CheckedPlatform:
    """The running platform, as one caller of the check's own sees it; each has a clock and limits of its own."""

    def __init__(self, control: ControlClient, contract: Contract) -> None:
        self.control, self.contract = control, contract
        self.status: dict[str, Any] = control.get("/status")
        self.caller = f"check-{secrets.token_hex(4)}"
        self.environment: dict[str, str] = control.get("/environment", caller=self.caller)
        self.context = ssl.create_default_context(cafile=self.environment["SSL_CERT_FILE"])

    @property
    def key(self) -> str:
        """This caller's key for inference."""
        return self.environment[self.contract.implementation.key_variable]

    def client(self, *, with_keys: bool = True, **more: Any) -> HttpClient:
        """A client that goes through the egress proxy; the key goes only to services that take one."""
        keys = {s.host: self.key for s in self.contract.services.values() if s.bearer_key} if with_keys else {}
        return HttpClient(self.context, proxy=self.environment["HTTPS_PROXY"], keys=keys, **more)

    def more_time(self, seconds: float) -> None:
        """Move this caller's clock on."""
        self.control.post("/clock", caller=self.caller, seconds=seconds)

    def gateway(self) -> GatewayClient:
        """A client of the gateway; a key for it comes from $JANUS_API_KEYS, where clients need one."""
        key = os.environ.get(KEYS_VARIABLE, "").split(",")[0].strip() or None
        return GatewayClient(HttpClient(ssl.create_default_context()), self.status["gateway"]["url"], key)


def check_local(control: ControlClient, contract: Contract) -> Report:
    """Compare the platform behind `control` with the contract. Raises NotRunningError."""
    platform = CheckedPlatform(control, contract)
    probes: dict[str, Probe] = {
        f"services.{s.name}": _service(CheckedPlatform(control, contract), s) for s in contract.services.values()
    }
    probes["gateway"] = lambda: gateway(platform.gateway(), contract)
    probes["egress"] = lambda: _security(platform)
    probes["bench"] = lambda: bench(contract)
    with ThreadPoolExecutor(len(probes)) as pool:
        rows = [row for found in pool.map(lambda item: _tried(*item), probes.items()) for row in found]
    rows.append(compare("version", "status", contract.version, platform.status.get("contract_version")))
    tokens = [platform.key, platform.environment["HTTPS_PROXY"]]
    return Report.of("local", contract.version, [*rows, *unmeasured(contract, rows)], tokens)


def _tried(field: str, probe: Probe) -> list[Row]:
    """The rows of a probe; where it breaks off, what it found until then and why it did."""
    rows: list[Row] = []
    try:
        for row in probe():
            rows.append(row)
    except UnreachableError as error:
        rows.append(unseen(field, "probe", UNREACHABLE, f"Nothing answers: {error}. See `janus status`."))
    except Exception as error:  # An answer of any shape may come; one that cannot be read is a difference.
        note = f"The answer could not be read ({type(error).__name__})."
        rows.append(Row(field, "probe", "", "", DIFFERS, note))
    return rows


def _service(platform: CheckedPlatform, service: Service) -> Probe:
    def probe() -> Iterator[Row]:
        client = platform.client()
        contract, where = platform.contract, f"services.{service.name}"
        health = client.ask(service.host, "GET", HEALTH_PATH)
        yield compare(f"{where}.host", "through egress", 200, health.status)
        yield compare(f"{where}.name", "/health", service.name, health.at("service"))
        yield from check_openapi(contract, service, client.ask(service.host, "GET", OPENAPI_PATH).json)
        yield from check_answer(
            where, service.endpoints[0], endpoint_probes.send(client, service, dict(service.example))
        )
        yield from endpoint_probes.error_shape(client, service)
        yield from endpoint_probes.parameter_bounds(client, service, platform.more_time)
        yield from endpoint_probes.rate_limit(client, service, platform.more_time, platform.status["limits"])
        yield from _own(platform, service, client)

    return probe


def _own(platform: CheckedPlatform, service: Service, client: HttpClient) -> Iterator[Row]:
    if isinstance(service, WebProxyService):
        yield from service_probes.web_proxy(client, service, platform.more_time, platform.status["web"])
    if isinstance(service, CodeSandboxService):
        yield from service_probes.code_sandbox(client, service)
    if isinstance(service, InferenceService):
        yield from service_probes.inference(client, platform.client(with_keys=False), service)


def _security(platform: CheckedPlatform) -> Iterator[Row]:
    def through(host: str, port: int) -> HttpClient:
        return platform.client(with_keys=False, connect={host: (host, port)}, seconds=10.0)

    control, contract = platform.control, platform.contract
    yield from security_probes.egress(control, platform.caller, contract, through)
    yield from security_probes.keys(control, contract, platform.environment)
    yield from security_probes.monitoring(control, contract)
    yield from security_probes.implementations(control, platform.gateway(), contract)
