"""The contract: every fact of the platform, read from `contract.toml`, checked, handed out as frozen dataclasses."""

from __future__ import annotations

from janus_platform.contract.classroom import RoomRules
from janus_platform.contract.inference import InferenceLimits, Model, UpstreamRules
from janus_platform.contract.model import (
    CONTRACT_FILE,
    Contract,
    Egress,
    Monitoring,
    NodeRules,
    Submission,
    Wire,
    load_contract,
    parse_contract,
)
from janus_platform.contract.parsing import ContractError
from janus_platform.contract.services import (
    JSON,
    DocumentedElsewhere,
    Endpoint,
    LiveEngine,
    Parameter,
    ProblemKind,
    RateLimit,
    ResponseField,
    SandboxBounds,
    Service,
)

__all__ = [
    "CONTRACT_FILE",
    "JSON",
    "Contract",
    "ContractError",
    "DocumentedElsewhere",
    "Egress",
    "Endpoint",
    "InferenceLimits",
    "LiveEngine",
    "Model",
    "Monitoring",
    "NodeRules",
    "Parameter",
    "ProblemKind",
    "RateLimit",
    "ResponseField",
    "RoomRules",
    "SandboxBounds",
    "Service",
    "Submission",
    "UpstreamRules",
    "Wire",
    "load_contract",
    "parse_contract",
]
