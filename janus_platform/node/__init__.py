"""The node: runs implementations, each in its own process with the platform services as its only way out (FR-4)."""

from janus_platform.node.checks import SubmissionRefused
from janus_platform.node.deployments import Deployments
from janus_platform.node.node import EgressAccess, Node
from janus_platform.node.registry import Registry

__all__ = ["Deployments", "EgressAccess", "Node", "Registry", "SubmissionRefused"]
