"""The contract: every fact of the platform, read from `contract.toml`, checked, handed out as read-only structs."""

from __future__ import annotations

from janus_platform.contract.inference import InferenceLimits, Model, ModelEngineRules, UpstreamRules
from janus_platform.contract.model import (
    CONTRACT_FILE,
    ClassroomRules,
    Contract,
    Egress,
    Monitoring,
    NodeRules,
    PackageRules,
    Submission,
    Wire,
    load_contract,
    parse_contract,
)
from janus_platform.contract.parsing import ContractError
from janus_platform.contract.services import (
    JSON,
    CodeSandboxService,
    DocumentedElsewhere,
    Endpoint,
    InferenceService,
    LiveEngine,
    Parameter,
    ProblemKind,
    RateLimit,
    ResponseField,
    SandboxBounds,
    SearchService,
    Service,
    WebProxyService,
)

__all__ = [
    "CONTRACT_FILE",
    "JSON",
    "ClassroomRules",
    "CodeSandboxService",
    "Contract",
    "ContractError",
    "DocumentedElsewhere",
    "Egress",
    "Endpoint",
    "InferenceLimits",
    "InferenceService",
    "LiveEngine",
    "Model",
    "ModelEngineRules",
    "Monitoring",
    "NodeRules",
    "PackageRules",
    "Parameter",
    "ProblemKind",
    "RateLimit",
    "ResponseField",
    "SandboxBounds",
    "SearchService",
    "Service",
    "Submission",
    "UpstreamRules",
    "WebProxyService",
    "Wire",
    "load_contract",
    "parse_contract",
]
