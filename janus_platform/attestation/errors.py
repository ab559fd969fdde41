"""The errors of attestation, each with what to do about it."""

from __future__ import annotations

from janus_platform.errors import PlatformError


class AttestationError(PlatformError):
    """Evidence cannot be made or read; the message says why and what to do."""


class NonceError(AttestationError):
    """The nonce is not what the contract asks for."""


class EvidenceRateError(AttestationError):
    """More evidence was asked for than the contract allows; `retry_after` is in whole seconds."""

    def __init__(self, name: str, retry_after: int) -> None:
        super().__init__(f"Evidence of {name} is asked for too often. Ask again in {retry_after} s.")
        self.retry_after = retry_after


class NotMeasuredError(AttestationError):
    """The implementation runs where this node measures nothing."""
