"""Attestation, simulated: what a node measured, signed so that a verifier can check it (RFC 9334, RFC 9711).

The cryptography is real; the root of trust is not: every key is software in the user's home, and no hardware vouches
for anything. Whoever owns the machine can make any evidence. So nothing here is ever called trustworthy; it reports
which checks passed, failed, or could not be made.
"""

from janus_platform.attestation.registers import START, Event, EventLog, extend

__all__ = ["START", "Event", "EventLog", "extend"]
