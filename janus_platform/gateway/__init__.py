"""The gateway: one OpenAI-compatible address in front of every implementation (FR-2, steps 1, 2 and 6)."""

from janus_platform.gateway.access import Access
from janus_platform.gateway.app import GatewayApp, build_gateway, canonical
from janus_platform.gateway.directory import Directory, Load, NotDeployed, NotReady, Upstream

__all__ = [
    "Access",
    "Directory",
    "GatewayApp",
    "Load",
    "NotDeployed",
    "NotReady",
    "Upstream",
    "build_gateway",
    "canonical",
]
