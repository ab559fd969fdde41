"""The typed view of `contract.toml`, the one place where the platform's facts stand.

Everything the specification states (FR-1 to FR-5) is read from the file that lies beside this module, checked on
load, and handed out as frozen dataclasses. This module imports nothing else of the platform.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from janus_platform.typed_entries import ContractError as ContractError
from janus_platform.typed_entries import build, check_type, known, take

CONTRACT_FILE = Path(__file__).with_name("contract.toml")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_JSON_TYPES = {"string", "integer", "number", "boolean", "array", "object"}


@dataclass(frozen=True)
class RateLimit:
    """At most `requests` requests of one caller in any window of `per_seconds` seconds."""

    requests: int
    per_seconds: int


@dataclass(frozen=True)
class Parameter:
    """One request parameter: JSON type, default and bounds as the specification states them."""

    name: str
    type: str
    required: bool
    default: Any = None
    minimum: int | None = None
    maximum: int | None = None
    enum: tuple[str, ...] = ()


@dataclass(frozen=True)
class ResponseField:
    """One field of a response; `items` names the fields of each element when `type` is "array"."""

    name: str
    type: str
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class DocumentedElsewhere:
    """What another public source says today about a field, where it differs from the contract."""

    field: str
    value: str
    source: str
    dated: dt.date
    note: str


@dataclass(frozen=True)
class Service:
    """One of the five platform services (FR-3). Fields that a service does not have are None or empty."""

    name: str
    since: str
    title: str
    host: str
    summary: str
    method: str
    path: str
    parameters: tuple[Parameter, ...]
    response_fields: tuple[ResponseField, ...]
    features: tuple[str, ...] = ()
    future_features: tuple[str, ...] = ()
    rate_limit: RateLimit | None = None
    documented_elsewhere: tuple[DocumentedElsewhere, ...] = ()
    max_page_bytes: int | None = None
    languages: tuple[str, ...] = ()
    max_timeout_seconds: int | None = None
    max_memory_bytes: int | None = None
    network_access: bool | None = None
    base_path: str | None = None
    catalog_url: str | None = None
    model_families: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """The service's origin, such as `https://search.janus.rodeo`."""
        return f"https://{self.host}"

    @property
    def url(self) -> str:
        """The full address of the service's endpoint."""
        return self.origin + self.path

    def parameter(self, name: str) -> Parameter:
        """The parameter of that name; KeyError when the contract has none."""
        return {p.name: p for p in self.parameters}[name]


@dataclass(frozen=True)
class Gateway:
    since: str
    host: str
    port: int
    chat_path: str
    models_path: str
    health_path: str
    default_model: str
    max_body_bytes: int


@dataclass(frozen=True)
class Implementation:
    since: str
    chat_path: str
    health_path: str
    models_path: str
    memory_bytes: int
    cores: int
    disk_bytes: int
    request_timeout_seconds: int
    key_variable: str


@dataclass(frozen=True)
class Wire:
    """The extensions to the OpenAI wire format."""

    since: str
    reasoning_field: str
    content_field: str
    artifacts_field: str
    routing_field: str
    usage_fields: tuple[str, ...]
    end_of_stream: str


@dataclass(frozen=True)
class Egress:
    since: str
    allowed_hosts: tuple[str, ...]
    allowed_port: int


@dataclass(frozen=True)
class FlowStep:
    number: int
    name: str
    summary: str


@dataclass(frozen=True)
class Security:
    since: str
    tee_properties: tuple[str, ...]
    whitelist_rules: tuple[str, ...]
    secrets: tuple[str, ...]
    monitoring: tuple[str, ...]
    documented_elsewhere: tuple[DocumentedElsewhere, ...] = ()


@dataclass(frozen=True)
class Suite:
    name: str
    kind: str = "suite"
    duration_seconds: int | None = None


@dataclass(frozen=True)
class Bench:
    since: str
    package: str
    command: str
    weights: Mapping[str, float]
    quality_categories: tuple[str, ...]
    flow: tuple[str, ...]
    suites: tuple[Suite, ...]


@dataclass(frozen=True)
class Contract:
    """Everything the specification states, versioned."""

    version: str
    dated: dt.date
    source: str
    repository: str
    gateway: Gateway
    implementation: Implementation
    wire: Wire
    egress: Egress
    services: Mapping[str, Service]
    request_flow: tuple[FlowStep, ...]
    security: Security
    bench: Bench

    def service_at(self, host: str) -> Service | None:
        """The service that answers at `host`, or None."""
        return next((s for s in self.services.values() if s.host == host), None)


@cache
def load_contract(path: Path = CONTRACT_FILE) -> Contract:
    """Read and check the contract.

    Raises ContractError when an entry is missing, unknown, of the wrong type, or contradicts another.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ContractError(f"{path.name} is not valid TOML: {error}") from error
    return parse_contract(raw)


def parse_contract(raw: Mapping[str, Any]) -> Contract:
    """Type and check what `tomllib` gave. Raises ContractError; see load_contract."""
    raw = dict(raw)
    known(raw, {f.name for f in fields(Contract)}, "top level")
    services = {name: _service(name, entry) for name, entry in take(raw, "services", "top level").items()}
    flow = take(raw, "request_flow", "top level")
    bench = dict(take(raw, "bench", "top level"))
    bench["suites"] = tuple(build(Suite, s, "bench.suites") for s in take(bench, "suites", "bench"))
    contract = Contract(
        version=take(raw, "version", "top level"),
        dated=take(raw, "dated", "top level"),
        source=take(raw, "source", "top level"),
        repository=take(raw, "repository", "top level"),
        gateway=build(Gateway, take(raw, "gateway", "top level"), "gateway"),
        implementation=build(Implementation, take(raw, "implementation", "top level"), "implementation"),
        wire=build(Wire, take(raw, "wire", "top level"), "wire"),
        egress=build(Egress, take(raw, "egress", "top level"), "egress"),
        services=MappingProxyType(services),
        request_flow=tuple(build(FlowStep, s, "request_flow.steps") for s in take(flow, "steps", "request_flow")),
        security=build(Security, _elsewhere(take(raw, "security", "top level"), "security"), "security"),
        bench=build(Bench, bench, "bench"),
    )
    for name in ("version", "dated", "source", "repository"):
        check_type(Contract, name, raw[name], "top level")
    _check(contract)
    return contract


def _service(name: str, raw: Mapping[str, Any]) -> Service:
    where = f"services.{name}"
    entry = dict(_elsewhere(raw, where))
    known(entry, {f.name for f in fields(Service)} - {"name", "method", "path"} | {"endpoint"}, where)
    endpoint = take(entry, "endpoint", where)
    del entry["endpoint"]
    entry["method"], entry["path"] = take(endpoint, "method", where), take(endpoint, "path", where)
    entry["parameters"] = tuple(build(Parameter, p, f"{where}.parameters") for p in take(entry, "parameters", where))
    entry["response_fields"] = tuple(
        build(ResponseField, f, f"{where}.response_fields") for f in take(entry, "response_fields", where)
    )
    if "rate_limit" in entry:
        entry["rate_limit"] = build(RateLimit, entry["rate_limit"], f"{where}.rate_limit")
    if "model_families" in entry:
        entry["model_families"] = MappingProxyType({f["name"]: tuple(f["models"]) for f in entry["model_families"]})
    return build(Service, {"name": name, **entry}, where)


def _elsewhere(raw: Mapping[str, Any], where: str) -> dict[str, Any]:
    entry = dict(raw)
    if "documented_elsewhere" in entry:
        entry["documented_elsewhere"] = tuple(
            build(DocumentedElsewhere, e, f"{where}.documented_elsewhere") for e in entry["documented_elsewhere"]
        )
    return entry


def _check(contract: Contract) -> None:
    hosts = [s.host for s in contract.services.values()]
    _require(len(set(hosts)) == len(hosts), "services: two services share a host")
    _require(set(hosts) == set(contract.egress.allowed_hosts), "egress.allowed_hosts differs from the services' hosts")
    _require(all(_HOST.fullmatch(h) for h in hosts), "services: a host is not a host name")
    weights = contract.bench.weights
    _require(abs(sum(weights.values()) - 1) < 1e-9, "bench.weights do not add up to 1")
    numbers = [step.number for step in contract.request_flow]
    _require(numbers == list(range(1, len(numbers) + 1)), "request_flow.steps are not numbered 1, 2, 3 …")
    for where, since in _sinces(contract):
        _require(bool(_VERSION.fullmatch(since)), f"{where}.since is not a version such as 1.0.0")
        _require(_parts(since) <= _parts(contract.version), f"{where}.since is newer than the contract")
    for service in contract.services.values():
        _check_service(service)


def _check_service(service: Service) -> None:
    where = f"services.{service.name}"
    _require(service.method in {"GET", "POST"}, f"{where}: method {service.method}")
    _require(service.path.startswith("/"), f"{where}: path {service.path}")
    typed: list[Parameter | ResponseField] = [*service.parameters, *service.response_fields]
    for entry in typed:
        _require(entry.type in _JSON_TYPES, f"{where}.{entry.name}: type {entry.type} is not a JSON type")
    if service.rate_limit:
        limit = service.rate_limit
        _require(limit.requests > 0 and limit.per_seconds > 0, f"{where}.rate_limit must be positive")


def _sinces(contract: Contract) -> list[tuple[str, str]]:
    rooms = ("gateway", "implementation", "wire", "egress", "security", "bench")
    own = [(room, getattr(contract, room).since) for room in rooms]
    return own + [(f"services.{s.name}", s.since) for s in contract.services.values()]


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ContractError(message)
