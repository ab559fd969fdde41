"""What goes wrong in this room, with what to do about it."""

from __future__ import annotations

from janus_platform.errors import PlatformError


class AttestationError(PlatformError):
    """Evidence cannot be made or read; the message says why and what to do."""


class NonceError(AttestationError):
    """The nonce is not what the contract asks for."""
