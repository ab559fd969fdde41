"""The node's errors; what an implementation cannot do now is the gateway's `NotReadyError`."""

from __future__ import annotations

from janus_platform.errors import PlatformError


class NodeError(PlatformError):
    """The base of everything that the node raises; the message says what to do."""


class RegistryError(NodeError):
    """The registry's file cannot be used; the message says why and what to do."""


class SnapshotError(NodeError):
    """The submitted folder cannot be copied; the message says why."""


class UnusableAnswerError(NodeError):
    """An answer in the acceptance test is not what the interface asks for; the message says how."""
