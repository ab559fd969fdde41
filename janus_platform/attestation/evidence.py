"""The evidence that a node gives of what runs on it: an Entity Attestation Token, and the event logs beside it.

As with a TDX quote, the token carries the registers and the verifier's nonce; the event logs stand beside it, unsigned.
Every answer says that it is simulated.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from typing import Any

from janus_platform.attestation.errors import NonceError
from janus_platform.attestation.identity import Identity
from janus_platform.attestation.registers import EventLog
from janus_platform.attestation.token import b64url, sign
from janus_platform.contract import Contract

NOTICE = (
    "Simulated: a software key under a teaching root signed this. No hardware vouches for it, no memory is encrypted, "
    "and anyone who operates this machine can produce any evidence."
)
# RFC 9711, 4.2.3.1: 16 random bytes, drawn once for everything that this project makes.
OEM_ID = bytes.fromhex("9b1f2c64d7e84c0aa35e07d1b86f4293")
HARDWARE = b"software, no TEE"
COAP_JSON = 50  # The CoAP Content-Format of application/json (RFC 7252, 12.3).


def check_nonce(nonce: object, contract: Contract) -> str:
    """`nonce`, if it is as many bytes in lower-case hexadecimal as the contract asks for. Raises NonceError."""
    digits = 2 * contract.attestation.nonce_bytes
    if not isinstance(nonce, str) or not re.fullmatch(rf"[0-9a-f]{{{digits}}}", nonce):
        raise NonceError(
            f"nonce must be {digits} lower-case hexadecimal digits, new for every request: "
            f"`secrets.token_hex({contract.attestation.nonce_bytes})` in Python, "
            f"`openssl rand -hex {contract.attestation.nonce_bytes}` in a shell."
        )
    return nonce


def make_evidence(
    name: str, nonce: str, logs: Mapping[str, EventLog], identity: Identity, contract: Contract, now: dt.datetime
) -> dict[str, Any]:
    """The evidence of implementation `name` for `nonce`; `logs` are the event logs of its nodes."""
    return {
        "simulated": True,
        "notice": NOTICE,
        "implementation": name,
        "token": sign(claims_of(name, nonce, logs, identity, contract, now), identity),
        "event_logs": {node: log.plain() for node, log in logs.items()},
    }


def claims_of(
    name: str, nonce: str, logs: Mapping[str, EventLog], identity: Identity, contract: Contract, now: dt.datetime
) -> dict[str, Any]:
    """The token's claims (RFC 9711, section 4; RFC 7519, section 4.1). Each node is a submodule."""
    issued = int(now.timestamp())
    return {
        "eat_profile": contract.attestation.profile,
        "eat_nonce": nonce,
        "sub": name,
        "iat": issued,
        "nbf": issued,
        "exp": issued + contract.attestation.valid_seconds,
        "ueid": b64url(identity.ueid),
        "oemid": b64url(OEM_ID),
        "hwmodel": b64url(HARDWARE),
        # Nothing keeps the machine's operator from reading the memory, which is what this claim is about (4.2.9).
        "dbgstat": "enabled",
        "simulated": True,
        "submods": {node: _submodule(name, log) for node, log in logs.items()},
    }


def _submodule(name: str, log: EventLog) -> dict[str, Any]:
    measured = json.dumps({"algorithm": "sha384", "registers": log.registers()}, separators=(",", ":"))
    return {"swname": name, "measurements": [[COAP_JSON, b64url(measured.encode())]]}
