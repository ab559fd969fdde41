"""The typed view of `contract.toml`, the one place where the platform's facts stand.

Everything the specification states (FR-1 to FR-5) is read from the file that lies beside this module, checked on
load, and handed out as read-only structs. What it says of a service is typed in services.py.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import msgspec

from janus_platform.contract.changes import Change, check_changes, parts
from janus_platform.contract.parsing import ContractError, Number, Table, convert, entry
from janus_platform.contract.services import (
    CodeSandboxService,
    DocumentedElsewhere,
    InferenceService,
    Parameter,
    RateLimit,
    ResponseField,
    SearchService,
    Service,
    WebProxyService,
    read_service,
)

CONTRACT_FILE = Path(__file__).with_name("contract.toml")
_VERSION = re.compile(r"\d+\.\d+\.\d+")
_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_EXTRA = "say `since` when they are there, and are never required"
_JSON_TYPES = {"string", "integer", "number", "boolean", "array", "object"}
_PARAMETER_TYPES = _JSON_TYPES | {"any"}


class Gateway(Table, frozen=True):
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


class Implementation(Table, frozen=True):
    since: str
    chat_path: str
    health_path: str
    models_path: str
    memory_bytes: int
    cores: int
    disk_bytes: int
    request_timeout_seconds: int
    key_variable: str


class Submission(Table, frozen=True):
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


class Wire(Table, frozen=True):
    """The extensions to the OpenAI wire format."""

    since: str
    reasoning_field: str
    content_field: str
    artifacts_field: str
    routing_field: str
    usage_fields: tuple[str, ...]
    end_of_stream: str


class Egress(Table, frozen=True):
    since: str
    allowed_hosts: tuple[str, ...]
    allowed_port: int
    max_head_bytes: int
    head_seconds: Number
    max_tunnels_per_caller: int
    max_waiting_tunnels_per_caller: int
    tunnel_wait_seconds: Number
    max_unfinished_heads: int


class NodeRules(Table, frozen=True):
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


class PackageRules(Table, frozen=True):
    """What may be installed for one submission, and for all of them together."""

    since: str
    max_requirements: int
    max_requirements_bytes: int
    max_wheel_bytes: int
    max_files: int
    max_bytes: int
    max_together_bytes: int
    install_seconds: int


class ClassroomRules(Table, frozen=True):
    """One shared platform for a class: its port, what one learner may do at a time, how much runs at once."""

    since: str
    port: int
    max_learners: int
    connections_per_learner: int
    requests_in_flight: int
    calls_in_flight: int
    calls_together: int
    implementations_per_learner: int
    submission_bytes: int
    submission_files: int
    trials_at_once: int
    implementations_awake: int
    board_path: str


class FlowStep(Table, frozen=True):
    number: int
    name: str
    summary: str


class RequestFlow(Table, frozen=True):
    since: str
    steps: tuple[FlowStep, ...]


class Security(Table, frozen=True):
    since: str
    tee_properties: tuple[str, ...]
    whitelist_rules: tuple[str, ...]
    secrets: tuple[str, ...]
    monitoring: tuple[str, ...]
    documented_elsewhere: tuple[DocumentedElsewhere, ...] = ()


class Secrets(Table, frozen=True):
    since: str
    key_grace_seconds: int
    key_rotation_seconds: int


class Attestation(Table, frozen=True):
    """Simulated: the keys are software."""

    since: str
    evidence_path: str
    profile: str
    nonce_bytes: int
    valid_seconds: int
    clock_skew_seconds: int
    registers: tuple[str, ...]
    rate_limit: RateLimit


class Monitoring(Table, frozen=True):
    since: str
    window_seconds: int
    history_windows: int
    min_samples: int
    alarm_score: float
    kept_requests: int


class Suite(Table, frozen=True):
    name: str
    kind: str = "suite"
    duration_seconds: int | None = None


class Bench(Table, frozen=True):
    since: str
    package: str
    command: str
    weights: Mapping[str, float]
    quality_categories: tuple[str, ...]
    flow: tuple[str, ...]
    suites: tuple[Suite, ...]


class Contract(Table, frozen=True):
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
    packages: PackageRules
    classroom: ClassroomRules
    services: Mapping[str, Service]
    request_flow: tuple[FlowStep, ...]
    secrets: Secrets
    attestation: Attestation
    monitoring: Monitoring
    security: Security
    bench: Bench
    changes: tuple[Change, ...] = ()

    @property
    def web_proxy(self) -> WebProxyService:
        """The service that fetches pages."""
        return cast(WebProxyService, self.services["web_proxy"])

    @property
    def search(self) -> SearchService:
        """The service that searches the web."""
        return cast(SearchService, self.services["search"])

    @property
    def code_sandbox(self) -> CodeSandboxService:
        """The service that runs programs."""
        return cast(CodeSandboxService, self.services["code_sandbox"])

    @property
    def inference(self) -> InferenceService:
        """The service that calls models."""
        return cast(InferenceService, self.services["inference"])

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
    services = {name: read_service(name, table) for name, table in entry(raw, "services", "$").items()}
    flow = convert(entry(raw, "request_flow", "$"), RequestFlow, "$.request_flow")
    contract = convert({**raw, "services": {}, "request_flow": ()}, Contract, "$")
    contract = msgspec.structs.replace(contract, services=MappingProxyType(services), request_flow=flow.steps)
    _check(contract)
    return contract


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
        _require(parts(since) <= parts(contract.version), f"{where}.since is newer than the contract")
    for service in contract.services.values():
        _check_service(service)
    check_changes(contract.changes, contract.version, contract)


def _check_service(service: Service) -> None:
    where = f"services.{service.name}"
    for endpoint in service.endpoints:
        _require(endpoint.method in {"GET", "POST"}, f"{where}: method {endpoint.method}")
        _require(endpoint.path.startswith("/"), f"{where}: path {endpoint.path}")
        typed: list[Parameter | ResponseField] = [*endpoint.parameters, *endpoint.response_fields]
        for item in typed:
            kinds = _PARAMETER_TYPES if isinstance(item, Parameter) else _JSON_TYPES
            _require(item.type in kinds, f"{where}.{item.name}: type {item.type} is not a JSON type")
        for names in ([p.name for p in endpoint.parameters], [f.name for f in endpoint.response_fields]):
            _require(len(set(names)) == len(names), f"{where}: {endpoint.path} names a parameter or field twice")
    _require(service.error_shape in {"problem", "openai"}, f"{where}.error_shape: {service.error_shape}")
    _require(all(p.since and not p.required for p in service.extra_parameters), f"{where}: extra_parameters {_EXTRA}")
    _require(all(f.since for f in service.extra_response_fields), f"{where}: extra_response_fields {_EXTRA}")
    if service.rate_limit:
        limit = service.rate_limit
        _require(limit.requests > 0 and limit.per_seconds > 0, f"{where}.rate_limit must be positive")


def _sinces(contract: Contract) -> list[tuple[str, str]]:
    sections = [(name, getattr(contract, name)) for name in contract.__struct_fields__]
    found = [(name, section.since) for name, section in sections if hasattr(section, "since")]
    for service in contract.services.values():
        found += [(f"services.{service.name}", endpoint.since) for endpoint in service.endpoints]
        extras: list[Parameter | ResponseField] = [*service.extra_parameters, *service.extra_response_fields]
        found += [(f"services.{service.name}.{extra.name}", extra.since) for extra in extras if extra.since]
    return found


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ContractError(message)
