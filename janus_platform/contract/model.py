"""The typed view of `contract.toml`, the one place where the platform's facts stand.

Everything the specification states (FR-1 to FR-5) is read from the file that lies beside this module, checked on
load, and handed out as frozen dataclasses. What it says of a service is typed in services.py.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from janus_platform.contract.changes import Change, check_changes
from janus_platform.contract.classroom import RoomRules
from janus_platform.contract.parsing import ContractError, build, check_type, known, take
from janus_platform.contract.services import (
    DocumentedElsewhere,
    Parameter,
    RateLimit,
    ResponseField,
    Service,
    read_service,
    with_elsewhere,
)

CONTRACT_FILE = Path(__file__).with_name("contract.toml")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_EXTRA = "say `since` when they are there, and are never required"
_JSON_TYPES = {"string", "integer", "number", "boolean", "array", "object"}
_PARAMETER_TYPES = _JSON_TYPES | {"any"}


@dataclass(frozen=True)
class Gateway:
    since: str
    host: str
    port: int
    chat_path: str
    models_path: str
    health_path: str
    metrics_path: str
    traces_path: str
    page_path: str
    web_path: str
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
class Submission:
    """The submission form; lengths are in characters."""

    since: str
    ss58_format: int
    hotkey_starts_with: str
    description_least: int
    description_most: int
    changelog_most: int
    contact_most: int
    source_most: int
    review: tuple[str, ...]


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
    max_head_bytes: int
    head_seconds: float
    max_tunnels_per_caller: int
    max_waiting_tunnels_per_caller: int
    tunnel_wait_seconds: float
    max_unfinished_heads: int


@dataclass(frozen=True)
class NodeRules:
    """How the node bounds, restarts and watches an implementation."""

    since: str
    max_processes: int
    memory_share: float
    restart_seconds: int
    max_restart_seconds: int
    steady_seconds: int
    wait_for_restart_seconds: int
    health_check_seconds: int
    health_failures: int
    health_failures_at_work: int


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
class Secrets:
    since: str
    key_grace_seconds: int
    key_rotation_seconds: int


@dataclass(frozen=True)
class Attestation:
    """Simulated: the keys are software."""

    since: str
    evidence_path: str
    profile: str
    nonce_bytes: int
    valid_seconds: int
    clock_skew_seconds: int
    registers: tuple[str, ...]
    rate_limit: RateLimit


@dataclass(frozen=True)
class Monitoring:
    since: str
    window_seconds: int
    history_windows: int
    min_samples: int
    alarm_score: float
    kept_requests: int


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
    submission: Submission
    wire: Wire
    egress: Egress
    node: NodeRules
    room: RoomRules
    services: Mapping[str, Service]
    request_flow: tuple[FlowStep, ...]
    secrets: Secrets
    attestation: Attestation
    monitoring: Monitoring
    security: Security
    bench: Bench
    changes: tuple[Change, ...] = ()

    @property
    def is_published(self) -> bool:
        """Whether `repository` is a real address; until then it holds the placeholder OWNER."""
        return "/OWNER/" not in self.repository


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
    services = {name: read_service(name, entry) for name, entry in take(raw, "services", "top level").items()}
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
        submission=build(Submission, take(raw, "submission", "top level"), "submission"),
        wire=build(Wire, take(raw, "wire", "top level"), "wire"),
        egress=build(Egress, take(raw, "egress", "top level"), "egress"),
        node=build(NodeRules, take(raw, "node", "top level"), "node"),
        room=build(RoomRules, take(raw, "room", "top level"), "room"),
        services=MappingProxyType(services),
        request_flow=tuple(build(FlowStep, s, "request_flow.steps") for s in take(flow, "steps", "request_flow")),
        secrets=build(Secrets, take(raw, "secrets", "top level"), "secrets"),
        attestation=_attestation(take(raw, "attestation", "top level")),
        monitoring=build(Monitoring, take(raw, "monitoring", "top level"), "monitoring"),
        security=build(Security, with_elsewhere(take(raw, "security", "top level"), "security"), "security"),
        bench=build(Bench, bench, "bench"),
        changes=tuple(build(Change, change, "changes") for change in raw.get("changes", ())),
    )
    for name in ("version", "dated", "source", "repository"):
        check_type(Contract, name, raw[name], "top level")
    _check(contract)
    return contract


def _attestation(raw: Mapping[str, Any]) -> Attestation:
    limit = build(RateLimit, take(raw, "rate_limit", "attestation"), "attestation.rate_limit")
    return build(Attestation, {**raw, "rate_limit": limit}, "attestation")


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
    check_changes(contract.changes, contract.version, contract)


def _check_service(service: Service) -> None:
    where = f"services.{service.name}"
    for endpoint in service.endpoints:
        _require(endpoint.method in {"GET", "POST"}, f"{where}: method {endpoint.method}")
        _require(endpoint.path.startswith("/"), f"{where}: path {endpoint.path}")
        typed: list[Parameter | ResponseField] = [*endpoint.parameters, *endpoint.response_fields]
        for entry in typed:
            kinds = _PARAMETER_TYPES if isinstance(entry, Parameter) else _JSON_TYPES
            _require(entry.type in kinds, f"{where}.{entry.name}: type {entry.type} is not a JSON type")
        for names in ([p.name for p in endpoint.parameters], [f.name for f in endpoint.response_fields]):
            _require(len(set(names)) == len(names), f"{where}: {endpoint.path} names a parameter or field twice")
    _require(service.error_shape in {"problem", "openai"}, f"{where}.error_shape: {service.error_shape}")
    _require(all(p.since and not p.required for p in service.extra_parameters), f"{where}: extra_parameters {_EXTRA}")
    _require(all(f.since for f in service.extra_response_fields), f"{where}: extra_response_fields {_EXTRA}")
    if service.rate_limit:
        limit = service.rate_limit
        _require(limit.requests > 0 and limit.per_seconds > 0, f"{where}.rate_limit must be positive")


def _sinces(contract: Contract) -> list[tuple[str, str]]:
    rooms = "gateway implementation submission wire egress node room secrets attestation monitoring security bench"
    found = [(room, getattr(contract, room).since) for room in rooms.split()]
    for service in contract.services.values():
        found += [(f"services.{service.name}", endpoint.since) for endpoint in service.endpoints]
        extras: list[Parameter | ResponseField] = [*service.extra_parameters, *service.extra_response_fields]
        found += [(f"services.{service.name}.{extra.name}", extra.since) for extra in extras if extra.since]
    return found


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ContractError(message)
