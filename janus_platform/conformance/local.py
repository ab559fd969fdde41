"""The contract against the platform that runs here: every service, the gateway and the walls, at the same time."""

from __future__ import annotations

import os
import secrets
import ssl
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from janus_platform.conformance import limit_probes, service_probes, walls_probes
from janus_platform.conformance.bench_probes import bench
from janus_platform.conformance.gateway_probes import GatewayDoor, gateway
from janus_platform.conformance.http_client import Door, Unreachable
from janus_platform.conformance.openapi_check import described
from janus_platform.conformance.report import DIFFERS, UNREACHABLE, Report, Row, compare, unseen
from janus_platform.conformance.response_check import answered
from janus_platform.conformance.unmeasured import rest
from janus_platform.contract import CodeSandboxService, Contract, InferenceService, Service, WebProxyService
from janus_platform.gateway.access import KEYS_VARIABLE
from janus_platform.runtime.control_client import ControlClient
from janus_platform.services.framework.openapi import HEALTH_PATH
from janus_platform.services.framework.openapi import PATH as OPENAPI_PATH

Probe = Callable[[], Iterable[Row]]


class LocalPlace:
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

    def door(self, *, with_keys: bool = True, **more: Any) -> Door:
        """A door through the egress proxy; the key goes only to services that take one."""
        keys = {s.host: self.key for s in self.contract.services.values() if s.bearer_key} if with_keys else {}
        return Door(self.context, proxy=self.environment["HTTPS_PROXY"], keys=keys, **more)

    def more_time(self, seconds: float) -> None:
        """Move this caller's clock on."""
        self.control.post("/clock", caller=self.caller, seconds=seconds)

    def gateway(self) -> GatewayDoor:
        """A door to the gateway; a key for it comes from $JANUS_API_KEYS, where clients need one."""
        key = os.environ.get(KEYS_VARIABLE, "").split(",")[0].strip() or None
        return GatewayDoor(Door(ssl.create_default_context()), self.status["gateway"]["url"], key)


def check_local(control: ControlClient, contract: Contract) -> Report:
    """Compare the platform behind `control` with the contract. Raises NotRunningError."""
    place = LocalPlace(control, contract)
    probes: dict[str, Probe] = {
        f"services.{s.name}": _service(LocalPlace(control, contract), s) for s in contract.services.values()
    }
    probes["gateway"] = lambda: gateway(place.gateway(), contract)
    probes["egress"] = lambda: _walls(place)
    probes["bench"] = lambda: bench(contract)
    with ThreadPoolExecutor(len(probes)) as pool:
        rows = [row for found in pool.map(lambda item: _tried(*item), probes.items()) for row in found]
    rows.append(compare("version", "status", contract.version, place.status.get("contract_version")))
    tokens = [place.key, place.environment["HTTPS_PROXY"]]
    return Report.of("local", contract.version, [*rows, *rest(contract, rows)], tokens)


def _tried(field: str, probe: Probe) -> list[Row]:
    """The rows of a probe; where it breaks off, what it found until then and why it did."""
    rows: list[Row] = []
    try:
        for row in probe():
            rows.append(row)
    except Unreachable as error:
        rows.append(unseen(field, "probe", UNREACHABLE, f"Nothing answers: {error}. See `janus status`."))
    except Exception as error:  # An answer of any shape may come; one that cannot be read is a difference.
        note = f"The answer could not be read ({type(error).__name__})."
        rows.append(Row(field, "probe", "", "", DIFFERS, note))
    return rows


def _service(place: LocalPlace, service: Service) -> Probe:
    def probe() -> Iterator[Row]:
        door = place.door()
        contract, where = place.contract, f"services.{service.name}"
        health = door.ask(service.host, "GET", HEALTH_PATH)
        yield compare(f"{where}.host", "through egress", 200, health.status)
        yield compare(f"{where}.name", "/health", service.name, health.at("service"))
        yield from described(contract, service, door.ask(service.host, "GET", OPENAPI_PATH).json)
        yield from answered(where, service.endpoints[0], limit_probes.send(door, service, dict(service.example)))
        yield from limit_probes.error_shape(door, service)
        yield from limit_probes.parameters_held(door, service, place.more_time)
        yield from limit_probes.rate_held(door, service, place.more_time, place.status["limits"])
        yield from _own(place, service, door)

    return probe


def _own(place: LocalPlace, service: Service, door: Door) -> Iterator[Row]:
    if isinstance(service, WebProxyService):
        yield from service_probes.web_proxy(door, service, place.more_time, place.status["web"])
    if isinstance(service, CodeSandboxService):
        yield from service_probes.code_sandbox(door, service)
    if isinstance(service, InferenceService):
        yield from service_probes.inference(door, place.door(with_keys=False), service)


def _walls(place: LocalPlace) -> Iterator[Row]:
    def through(host: str, port: int) -> Door:
        return place.door(with_keys=False, connect={host: (host, port)}, seconds=10.0)

    control, contract = place.control, place.contract
    yield from walls_probes.egress(control, place.caller, contract, through)
    yield from walls_probes.keys(control, contract, place.environment)
    yield from walls_probes.monitoring(control, contract)
    yield from walls_probes.implementations(control, place.gateway(), contract)
