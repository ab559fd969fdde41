"""The errors of a submission's packages; each message names the package and what to do."""

from __future__ import annotations

from janus_platform.node.errors import NodeError


class PackagesError(NodeError):
    """The packages of a submission cannot be had; the message says which one, why, and the remedy."""


class RequirementsError(PackagesError):
    """A line of requirements.txt is not taken; the message begins with its number."""


class WheelError(PackagesError):
    """A wheel is none, or holds what nothing may install."""
